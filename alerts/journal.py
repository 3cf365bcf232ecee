"""What people ask about alerts: what happened, what became of each message, how each channel is doing. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from alerts import rows, tables
from alerts.events import Event
from alerts.outbox import Outcome, Sending
from alerts.rows import Row
from alerts.values import instant, stamp

__all__ = ["Attempt", "Backlog", "Delivery", "backlog", "deliveries", "event", "events"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery; without an end it is in flight."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message on one channel.

    Attributes
    ----------
    channel : str
    message : str
        Its id; that of the digest where it went out with one.
    state : Sending
    reason : str
        The receipt, or why it was not sent.
    ambiguous : int
        Attempts whose outcome nobody knows.
    created_at, next_at : datetime
    attempts : tuple of Attempt
    """

    channel: str
    message: str
    state: Sending
    reason: str
    ambiguous: int
    created_at: datetime
    next_at: datetime
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How a channel is doing.

    Attributes
    ----------
    channel : str
    waiting, dead : int
        Messages of either state.
    oldest : datetime or None
        Since when the first of them waits.
    failures : int
        In a row.
    error : str
        The last failure, "" where the last attempt was a success.
    sent_at, not_before : datetime or None
        The last success; until when it rests.
    """

    channel: str
    waiting: int
    dead: int
    oldest: datetime | None
    failures: int
    error: str
    sent_at: datetime | None
    not_before: datetime | None


def event(connection: sa.Connection, name: str) -> Event | None:
    """Return the event of an id; None where there is none."""
    found = rows.read(connection, tables.events, tables.events.c.id == name)
    return Event.from_json(found[0]["content"]) if found else None


def events(
    connection: sa.Connection,
    *,
    symbol: str | None = None,
    episode: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Event]:
    """Return what happened, the newest first."""
    table = tables.events
    asked = [table.c[name] == value for name, value in (("symbol", symbol), ("episode", episode)) if value is not None]
    if since is not None:
        asked.append(table.c.created_at >= stamp(since))
    newest = (table.c.created_at.desc(), table.c.number.desc(), table.c.id)
    return [Event.from_json(row["content"]) for row in rows.read(connection, table, *asked, order=newest, limit=limit)]


def deliveries(connection: sa.Connection, told: Event) -> list[Delivery]:
    """Return what became of an event, channel by channel; a message that went out with others, as that one fared."""
    table = tables.outbox
    mine = rows.read(
        connection, table, table.c.episode == told.episode, table.c.message == told.id, order=(table.c.place,)
    )
    return [_delivery(connection, _outermost(connection, row)) for row in mine]


def backlog(connection: sa.Connection, channels: Sequence[str]) -> list[Backlog]:
    """Return how some channels are doing."""
    table, states = tables.outbox, tables.channels
    count = sa.select(table.c.channel, table.c.state, sa.func.count(), sa.func.min(table.c.created_at)).where(
        table.c.state.in_([Sending.PENDING.value, Sending.SENDING.value, Sending.DEAD.value])
    )
    found = [tuple(row) for row in connection.execute(count.group_by(table.c.channel, table.c.state)).all()]
    known = {row["name"]: row for row in rows.read(connection, states)}
    return [_backlog(name, [row for row in found if row[0] == name], known.get(name, {})) for name in channels]


def _outermost(connection: sa.Connection, row: Row) -> Row:
    while row["parent"] is not None:
        (row,) = rows.read(connection, tables.outbox, tables.outbox.c.dedup == row["parent"])
    return row


def _delivery(connection: sa.Connection, row: Row) -> Delivery:
    table = tables.attempts
    tried = rows.read(connection, table, table.c.dedup == row["dedup"], order=(table.c.number,))
    return Delivery(
        channel=row["channel"],
        message=row["message"],
        state=Sending(row["state"]),
        reason=row["reason"],
        ambiguous=row["ambiguous"],
        created_at=instant(row["created_at"]),
        next_at=instant(row["next_at"]),
        attempts=tuple(
            Attempt(
                each["number"],
                instant(each["started_at"]),
                _maybe(each["ended_at"]),
                None if each["outcome"] is None else Outcome(each["outcome"]),
                each["detail"] or "",
            )
            for each in tried
        ),
    )


def _backlog(name: str, counted: Sequence[tuple[str, str, int, str]], state: Row) -> Backlog:
    dead = sum(number for _, kind, number, _ in counted if kind == Sending.DEAD.value)
    waiting = [(number, first) for _, kind, number, first in counted if kind != Sending.DEAD.value]
    return Backlog(
        channel=name,
        waiting=sum(number for number, _ in waiting),
        dead=dead,
        oldest=_maybe(min((first for _, first in waiting), default=None)),
        failures=state.get("failures", 0),
        error=state.get("error") or "",
        sent_at=_maybe(state.get("sent_at")),
        not_before=_maybe(state.get("not_before")),
    )


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else instant(text)
