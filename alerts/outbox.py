"""What is to be sent, and what became of it: one row a message and channel, written with what caused it.

``pending -> sending -> sent | pending | dead``, and ``suppressed`` and ``digested``. A row is never deleted; every
attempt stays on record. All functions take the caller's connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from alerts import crash, rows, tables
from alerts.message import Kind, Message
from alerts.rows import Row
from alerts.slot import Notice
from alerts.values import digest, stamp

__all__ = [
    "Entry",
    "Outcome",
    "Sending",
    "enqueue",
    "find",
    "finish",
    "gather",
    "held",
    "message_of",
    "post",
    "recover",
    "start",
    "suppress",
    "waiting",
]


class Sending(StrEnum):
    """Where a row stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"
    DIGESTED = "digested"  # it went out with its parent


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"  # for good
    AMBIGUOUS = "ambiguous"  # it may have arrived


PARENT = tables.outbox.alias()
HELD = (
    sa.select(tables.outbox.c.alert)
    .distinct()
    .join(PARENT, tables.outbox.c.parent == PARENT.c.dedup)
    .where(
        PARENT.c.channel == sa.bindparam("of"),
        PARENT.c.state.in_([Sending.PENDING.value, Sending.SENDING.value]),
        PARENT.c.alert != tables.outbox.c.alert,
    )
)
"""Alerts with a part in something that is not sent yet and not of that alert itself: a digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message for some channels.

    Attributes
    ----------
    message : Message
    channels : sequence of str
    alert : str
        First in, first out within it.
    episode : str
    event : str
        With alert, episode and channel it names the delivery: a second one of the same name is the same.
    labels : mapping of str to str
        What silences match.
    not_before : datetime or None
    """

    message: Message
    channels: Sequence[str]
    alert: str
    episode: str = ""
    event: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    not_before: datetime | None = None


def post(
    connection: sa.Connection, letters: Iterable[tuple[Notice, Message]], channels: Sequence[str], now: datetime
) -> int:
    """Put what a slot has to say into the outbox, in the slot's transaction.

    Parameters
    ----------
    connection : Connection
    letters : iterable of (Notice, Message)
        As `alerts.slot.evaluate` gave them, each with its words.
    channels : sequence of str
        All that are configured; a notice that names its own goes to those of them.
    now : datetime

    Returns
    -------
    int
        Deliveries asked for; those that were there already are not doubled.
    """
    number = enqueue(
        connection,
        (
            Entry(
                message=message,
                channels=notice.channels or channels,
                alert=notice.event.alert,
                episode=notice.event.episode,
                event=notice.event.id,
                labels=labels(notice),
                not_before=notice.not_before,
            )
            for notice, message in letters
        ),
        now,
    )
    crash.point("slot.posted")
    return number


def labels(notice: Notice) -> dict[str, str]:
    """Return what silences and outages match in an event."""
    event = notice.event
    return {
        "rule": event.rule,
        "symbol": event.symbol,
        "measure": event.measure,
        "side": "" if event.side is None else event.side.value,
        "severity": event.severity.value,
        "cause": "" if event.cause is None else event.cause.value,
        "vendor": event.source,
    }


def enqueue(connection: sa.Connection, entries: Iterable[Entry], now: datetime) -> int:
    """Put messages into the outbox; a delivery that is there already stays as it is."""
    place = _places(connection)
    at = stamp(now)
    messages: dict[str, Row] = {}
    content: list[Row] = []
    for entry in entries:
        message = entry.message
        messages[message.id] = {"id": message.id, "content": message.to_json()}
        told = msgspec.json.encode(entry.labels, order="sorted").decode()
        for channel in entry.channels:
            place += 1
            content.append(
                {
                    "dedup": digest(entry.alert, entry.episode, entry.event or message.id, channel, length=32),
                    "place": place,
                    "channel": channel,
                    "message": message.id,
                    "alert": entry.alert,
                    "episode": entry.episode,
                    "kind": message.kind.value,
                    "labels": told,
                    "state": Sending.PENDING.value,
                    "reason": "",
                    "parent": None,
                    "attempts": 0,
                    "ambiguous": 0,
                    "observed_at": stamp(message.observed_at),
                    "created_at": at,
                    "next_at": at if entry.not_before is None else max(at, stamp(entry.not_before)),
                    "updated_at": at,
                    "first_at": None,
                }
            )
    rows.insert(connection, tables.messages, messages.values())
    rows.insert(connection, tables.outbox, content)
    return len(content)


def find(connection: sa.Connection, dedup: str) -> Row:
    """Return a row by its key, which must be there."""
    (row,) = rows.read(connection, tables.outbox, tables.outbox.c.dedup == dedup)
    return row


def waiting(connection: sa.Connection, channel: str, limit: int | None = None) -> list[Row]:
    """Return what waits for a channel, in the order of sending."""
    table = tables.outbox
    mine = (table.c.state == Sending.PENDING.value, table.c.channel == channel)
    return rows.read(connection, table, *mine, order=(table.c.place, table.c.dedup), limit=limit)


def held(connection: sa.Connection, channel: str) -> set[str]:
    """Return the alerts with a part in a digest that a channel has not sent yet: their later messages wait for it."""
    return set(connection.execute(HELD, {"of": channel}).scalars().all())


def message_of(connection: sa.Connection, names: Sequence[str]) -> dict[str, Message]:
    """Return messages by their ids."""
    table = tables.messages
    return {row["id"]: Message.from_json(row["content"]) for row in rows.among(connection, table, table.c.id, names)}


def suppress(connection: sa.Connection, reasons: Iterable[tuple[Row, str]], now: datetime) -> int:
    """Keep messages back for good, each with its reason."""
    changed = [
        row | {"state": Sending.SUPPRESSED.value, "reason": reason, "updated_at": stamp(now)} for row, reason in reasons
    ]
    rows.put(connection, tables.outbox, changed)
    return len(changed)


def gather(connection: sa.Connection, parts: Sequence[Row], message: Message, now: datetime) -> Row:
    """Put a message into the outbox that stands for several of one channel; return its row.

    It takes the first one's place. Where all are of one episode it is of that episode too.
    """
    first = parts[0]
    same = {(row["alert"], row["episode"]) for row in parts} == {(first["alert"], first["episode"])}
    alone = message.kind is not Kind.DIGEST and same
    dedup = digest("gathered", *(row["dedup"] for row in parts), length=32)
    parent = first | {
        "dedup": dedup,
        "message": message.id,
        "alert": first["alert"] if alone else f"digest:{dedup}",
        "episode": first["episode"] if alone else "",
        "kind": message.kind.value,
        "labels": parts[-1]["labels"] if alone else "{}",
        "reason": "",
        "attempts": 0,
        "ambiguous": 0,
        "observed_at": stamp(message.observed_at),
        "created_at": min(row["created_at"] for row in parts),
        "next_at": stamp(now),
        "updated_at": stamp(now),
        "first_at": None,
    }
    into = {"state": Sending.DIGESTED.value, "parent": dedup, "updated_at": stamp(now)}
    rows.insert(connection, tables.messages, [{"id": message.id, "content": message.to_json()}])
    rows.put(connection, tables.outbox, [parent, *(row | into for row in parts)])
    return parent


def start(connection: sa.Connection, row: Row, now: datetime) -> Row:
    """Note that an attempt begins; return the row as it is then."""
    at = stamp(now)
    started = row | {
        "state": Sending.SENDING.value,
        "attempts": row["attempts"] + 1,
        "updated_at": at,
        "first_at": row["first_at"] or at,
    }
    rows.put(connection, tables.outbox, [started])
    rows.put(connection, tables.attempts, [_attempt(started, at)])
    return started


def finish(
    connection: sa.Connection,
    row: Row,
    state: Sending,
    outcome: Outcome,
    reason: str,
    *,
    started_at: str,
    next_at: datetime,
    now: datetime,
) -> Row:
    """Note how an attempt ended; return the row as it is then.

    Parameters
    ----------
    connection : Connection
    row : Row
        As it was when the attempt began, or as it is now where its answer came late.
    state : Sending
    outcome : Outcome
    reason : str
        The receipt, or why not.
    started_at : str
        Of the attempt.
    next_at, now : datetime
    """
    ended = row | {
        "state": state.value,
        "reason": reason,
        "ambiguous": row["ambiguous"] + (outcome is Outcome.AMBIGUOUS),
        "next_at": stamp(next_at),
        "updated_at": stamp(now),
    }
    rows.put(connection, tables.outbox, [ended])
    attempt = _attempt(row, started_at) | {"ended_at": stamp(now), "outcome": outcome.value, "detail": reason}
    rows.put(connection, tables.attempts, [attempt])
    return ended


def recover(connection: sa.Connection, now: datetime) -> int:
    """Take back what was in flight when the last deliverer ended: nobody knows whether it arrived. Return how many."""
    table = tables.outbox
    lost = rows.read(connection, table, table.c.state == Sending.SENDING.value)
    for row in lost:
        why, began = "the process ended meanwhile", row["updated_at"]
        finish(connection, row, Sending.PENDING, Outcome.AMBIGUOUS, why, started_at=began, next_at=now, now=now)
    return len(lost)


def _attempt(row: Row, started_at: str) -> Row:
    return {
        "dedup": row["dedup"],
        "number": row["attempts"],
        "started_at": started_at,
        "ended_at": None,
        "outcome": None,
        "detail": None,
    }


def _places(connection: sa.Connection) -> int:
    last = connection.execute(sa.select(sa.func.max(tables.outbox.c.place))).scalar()
    return last or 0
