"""Messages made of other messages at delivery: digests, an episode in one, reminders, refusals, the word "late"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.message import Kind, Message, Severity
from alerts.values import digest

__all__ = ["LINES", "WORDS", "combined", "digested", "late", "reminded", "undelivered"]

LINES = 40  # of a digest; the rest is counted
NAMED = 6  # symbols that a digest's subject names
WORDS = {
    Kind.FIRED: "fired",
    Kind.RESOLVED: "resolved",
    Kind.ESCALATED: "escalated",
    Kind.REMINDER: "still firing",
    Kind.EXPIRED: "closed without knowing",
    Kind.RULE_CHANGED: "closed by a change of rules",
    Kind.DATA_HEALTH: "without data",
    Kind.RECOVERED: "with data again",
    Kind.UNDELIVERED: "not delivered elsewhere",
}


def digested(name: str, parts: Sequence[Message], counts: Counter[str], symbols: Sequence[str]) -> Message:
    """Make one message of many.

    Parameters
    ----------
    name : str
        Its id.
    parts : sequence of Message
        Those that are shown, in order: `LINES` at most.
    counts : Counter of str
        Of the kinds of all that it stands for.
    symbols : sequence of str
        All that it is about.
    """
    total = sum(counts.values())
    by_kind = [f"{counts[kind]} {word}" for kind, word in WORDS.items() if counts[kind]]
    names = ", ".join(symbols[:NAMED]) + (f" and {len(symbols) - NAMED} more" if len(symbols) > NAMED else "")
    lines = [f"{part.subject} [{part.id}]" for part in parts]
    if total > len(parts):
        lines.append(f"and {total - len(parts)} more: skewwatch alerts list")
    return Message(
        id=name,
        kind=Kind.DIGEST,
        symbol="",
        severity=max((part.severity for part in parts), key=list(Severity).index),
        subject=f"{total} alerts ({', '.join(by_kind)}): {names}",
        sections=(("", "\n".join(lines)),),
        facts=tuple((word, str(counts[kind])) for kind, word in WORDS.items() if counts[kind]),
        observed_at=min(part.observed_at for part in parts),
        created_at=min(part.created_at for part in parts),
    )


def combined(parts: Sequence[Message]) -> Message:
    """Make one message of an episode that ended before anyone had heard of it: the end first, then what was."""
    *before, last = parts
    earlier = tuple((f"Before, {WORDS.get(part.kind, part.kind)} [{part.id}]", part.subject) for part in before)
    return replace(
        last,
        id="a-" + digest("combined", *(part.id for part in parts)),
        subject=f"{last.subject} (began and ended unsent)",
        sections=(*last.sections, *earlier, *(each for part in before for each in part.sections)),
        facts=(*last.facts, ("stands for", ", ".join(part.id for part in parts))),
        charts=last.charts or before[0].charts,
    )


def reminded(last: Message, cause: str, now: datetime, name: str) -> Message:
    """Tell what still holds after it was kept back."""
    kind = last.kind if last.kind is Kind.DATA_HEALTH else Kind.REMINDER
    return replace(
        last,
        id=name,
        kind=kind,
        subject=f"Still: {last.subject.removeprefix('Still: ')}",
        sections=(("Why now", cause), *(each for each in last.sections if each[0] != "Why now")),
        created_at=now,
    )


def undelivered(message: Message, channel: str, reason: str, now: datetime) -> Message:
    """Tell through another channel what one has refused for good, with all that it would have said."""
    return replace(
        message,
        id="a-" + digest("undelivered", channel, message.id),
        kind=Kind.UNDELIVERED,
        subject=f"Not delivered by {channel}: {message.subject}",
        sections=(("Refused", f"{channel}: {reason}"), *message.sections),
        thread="",
        created_at=now,
    )


def late(message: Message, now: datetime, zone: str) -> Message:
    """Say of a message that is sent late when it was observed."""
    minutes = round((now - message.created_at).total_seconds() / 60)
    delay = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004 - two hours
    local = message.observed_at.astimezone(ZoneInfo(zone))
    day = "" if local.date() == now.astimezone(ZoneInfo(zone)).date() else f"{local:%Y-%m-%d} "
    word = f"observed {day}{local:%H:%M %Z}, delayed {delay}"
    return replace(message, sections=(("Late", word), *message.sections), facts=(*message.facts, ("late", word)))
