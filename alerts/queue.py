"""What a channel sends next: a pure choice among the rows that wait for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from alerts.events import CLOSING
from alerts.message import Kind
from alerts.pace import Pace
from alerts.rows import Row
from alerts.values import instant, stamp

__all__ = ["Choice", "Move", "choose"]

ALONE = frozenset((Kind.DIGEST, Kind.TEST, Kind.SUMMARY))
"""Kinds that are never part of a digest."""


class Move(Enum):
    """What is to be done."""

    WAIT = auto()
    SEND = auto()
    COMBINE = auto()  # an episode that was closed before anyone heard of it: one message of both
    DIGEST = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a channel does next.

    Attributes
    ----------
    move : Move
    rows : tuple of Row
        What is sent, in order; empty for WAIT.
    until : datetime or None
        For WAIT: when there is something to choose again; None where nothing waits.
    """

    move: Move
    rows: tuple[Row, ...] = ()
    until: datetime | None = None


def choose(waiting: Sequence[Row], held: Collection[str], now: datetime, pace: Pace, *, settled: bool) -> Choice:
    """Choose among the rows that wait for one channel.

    First in, first out for each alert; among alerts the least tried goes first, so that a message which always fails
    keeps no other back. More than a few become one digest, with those that are waiting out a pause: after an outage
    people get one message, not all that piled up.

    Parameters
    ----------
    waiting : sequence of Row
        Of state pending, in the order of their places.
    held : collection of str
        Alerts with a part in a digest that is not sent yet: what comes after it waits.
    now : datetime
    pace : Pace
    settled : bool
        Nothing more is coming soon: the grace is waived.
    """
    at = stamp(now)
    fresh = stamp(now - timedelta(seconds=pace.grace))
    heads: dict[str, Row] = {}
    ready: list[Row] = []
    stopped = set(held)
    for row in waiting:
        alert = row["alert"]
        if alert not in held:
            heads.setdefault(alert, row)
        if alert in stopped or not (row["attempts"] or _due(row, at, fresh, settled=settled)):
            stopped.add(alert)
        else:
            ready.append(row)
    due = [row for row in heads.values() if _due(row, at, fresh, settled=settled)]
    if not due:
        return Choice(Move.WAIT, until=min((_when(row, pace, settled=settled) for row in heads.values()), default=None))
    first = min(due, key=lambda row: (row["attempts"], row["place"]))
    if first["kind"] in ALONE:
        return Choice(Move.SEND, (first,))
    several = [row for row in ready if row["kind"] not in ALONE]
    if len(several) > pace.few:
        return Choice(Move.DIGEST, tuple(several))
    episode = [row for row in several if (row["alert"], row["episode"]) == (first["alert"], first["episode"])]
    end = next((place for place, row in enumerate(episode) if row["kind"] in CLOSING), 0)
    if end:
        return Choice(Move.COMBINE, tuple(episode[: end + 1]))
    return Choice(Move.SEND, (first,))


def _due(row: Row, at: str, fresh: str, *, settled: bool) -> bool:
    """Whether a row may be sent; all of them are text whose order is that of time.

    One that was written after now was written before the clock was set back: its pause means nothing any more.
    """
    if row["updated_at"] > at:
        return True
    return row["next_at"] <= at and (settled or row["attempts"] > 0 or row["created_at"] <= fresh)


def _when(row: Row, pace: Pace, *, settled: bool) -> datetime:
    at = instant(row["next_at"])
    if settled or row["attempts"]:
        return at
    return max(at, instant(row["created_at"]) + timedelta(seconds=pace.grace))
