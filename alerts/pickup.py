"""Pick up what a channel sends next: choose, keep back what is gated, gather what belongs together, note the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from alerts import derived, outbox, rows, tables
from alerts.gates import gates, labels_of
from alerts.message import Kind, Message, Severity
from alerts.pace import Pace
from alerts.queue import Choice, Move, choose
from alerts.rows import Row
from alerts.values import digest, instant, stamp

__all__ = ["Picked", "look", "pick"]

SEVERITIES = [severity.value for severity in reversed(Severity)]
KINDS = [Kind.FIRED.value, Kind.ESCALATED.value, *(kind.value for kind in derived.WORDS)]


@dataclass(frozen=True, slots=True)
class Picked:
    """What is sent: its row, as the start of the attempt left it, and its words."""

    row: Row
    message: Message


def look(connection: sa.Connection, channel: str, now: datetime, pace: Pace, *, settled: bool) -> Choice:
    """Say what a channel would do, without doing it."""
    table = tables.channels
    state = rows.read(connection, table, table.c.name == channel)
    if state and state[0]["not_before"] and state[0]["updated_at"] <= stamp(now) < state[0]["not_before"]:
        waits = outbox.waiting(connection, channel, limit=1)
        return Choice(Move.WAIT, until=instant(state[0]["not_before"]) if waits else None)
    waits = outbox.waiting(connection, channel)
    held = outbox.held(connection, channel) if waits else ()
    return choose(waits, held, now, pace, settled=settled)


def pick(
    connection: sa.Connection, channel: str, now: datetime, pace: Pace, counts: Counter[str], *, settled: bool
) -> Picked | None:
    """Take the next message of a channel and note that an attempt begins; None where there is none.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction, which the caller commits before anything is sent.
    channel : str
    now : datetime
    pace : Pace
    counts : Counter of str
        Gets what was suppressed and digested on the way.
    settled : bool
        See `alerts.queue.choose`.
    """
    while True:
        choice = look(connection, channel, now, pace, settled=settled)
        if choice.move is Move.WAIT:
            return None
        holding = gates(connection, choice.rows, now)
        kept = [(row, reason) for row in choice.rows if (reason := holding.reason(row)) is not None]
        if kept:
            counts["suppressed"] += outbox.suppress(connection, kept, now)
            continue
        row = choice.rows[0]
        if choice.move is not Move.SEND:
            counts["digested"] += len(choice.rows)
            row = outbox.gather(connection, choice.rows, _one_of(connection, choice), now)
        started = outbox.start(connection, row, now)
        message = outbox.message_of(connection, [row["message"]])[row["message"]]
        if (now - message.created_at).total_seconds() >= pace.late:
            message = derived.late(message, now, pace.zone)
        return Picked(started, replace(message, dedup=row["dedup"]))


def _one_of(connection: sa.Connection, choice: Choice) -> Message:
    """Make one message of those chosen."""
    if choice.move is Move.COMBINE:
        found = outbox.message_of(connection, [row["message"] for row in choice.rows])
        return derived.combined([found[row["message"]] for row in choice.rows])
    labels = [labels_of(row) for row in choice.rows]
    shown = _foremost(choice.rows, labels)
    found = outbox.message_of(connection, [row["message"] for row in shown])
    return derived.digested(
        "a-" + digest("digest", *(row["dedup"] for row in choice.rows)),
        [found[row["message"]] for row in shown],
        Counter(row["kind"] for row in choice.rows),
        sorted({each["symbol"] for each in labels if each.get("symbol")}),
    )


def _foremost(parts: Sequence[Row], labels: Sequence[dict[str, str]]) -> list[Row]:
    """Return those that a digest shows: the most severe and the new ones before the rest."""

    def rank(pair: tuple[Row, dict[str, str]]) -> tuple[int, int, int]:
        row, told = pair
        severity = told.get("severity", "")
        place = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
        return place, KINDS.index(row["kind"]) if row["kind"] in KINDS else len(KINDS), row["place"]

    return [row for row, _ in sorted(zip(parts, labels, strict=True), key=rank)[: derived.LINES]]
