"""Empty the outbox: commit that an attempt begins, send, commit how it ended. Channels do not wait for each other.

One deliverer at a time, under the instance lock of its caller. Everything it has to know is in the store, so that it
may be killed between any two steps; what was in flight then is sent again and counted as ambiguous.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from random import Random
from time import monotonic
from typing import Protocol

import sqlalchemy as sa

from alerts import crash, outbox, pickup, resume
from alerts.channel import Channel, DeliveryError, Receipt
from alerts.flight import Answer, Answers, Flight
from alerts.outbox import Sending
from alerts.pace import Bucket, Pace, Rate
from alerts.queue import Move
from alerts.rows import Row
from alerts.settle import Settler, stranded
from alerts.silences import silences

__all__ = ["Access", "Deliverer", "Drained"]

POLL = 0.25  # how long a new message of one channel waits while another is in the air [s]
ABANDON = 20  # deadlines after which a thread that never came back is left to itself
STRAY = 3  # such threads of one channel; with more it is not used again until one ends


class Access(Protocol):
    """The store, as far as a deliverer needs it."""

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """One transaction that may change things."""
        ...

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """One transaction that sees a single state."""
        ...


@dataclass
class Drained:
    """What one pass did.

    Attributes
    ----------
    outcomes : Counter of str
        Attempts by outcome; "dead", "suppressed", "digested", "reminded" beside them.
    next_due : datetime or None
        When there is something to do again; None: only when something new is posted.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    next_due: datetime | None = None


class Deliverer:
    """Sends what is in the outbox.

    Parameters
    ----------
    store : Access
    channels : sequence of Channel
    now : callable
        The clock that pauses, silences and tokens go by; deadlines go by the real one.
    random : Random
        Of the pauses.
    pace : Pace
    fallback : sequence of str
        Channels that are told, the first that is another, of what one has refused for good.
    """

    def __init__(
        self,
        store: Access,
        channels: Sequence[Channel],
        now: Callable[[], datetime],
        random: Random,
        *,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        fallback: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._channels = {channel.name: channel for channel in channels}
        self._now = now
        self._pace = pace
        self._settler = Settler(pace, random, fallback)
        self._buckets = {name: Bucket(pace.rates.get(name, Rate())) for name in self._channels}
        self._flights: list[Flight] = []
        self._answers: Answers = SimpleQueue()
        self._landed: deque[_Landing] = deque()
        self._recovered = False

    def drain(
        self, *, settled: bool = True, seconds: float = 60.0, stop: Callable[[], bool] = lambda: False
    ) -> Drained:
        """Send what is due, and return when nothing more is, or after a while.

        Parameters
        ----------
        settled : bool
            Nothing more is coming soon: single messages need not wait for others to be one digest with.
        seconds : float
            After which nothing more is begun; what is in the air is waited for, to its deadline. By the real clock.
        stop : callable
            Nothing more is begun once it says so.

        Raises
        ------
        Exception
            Whatever the store raises. What had been answered is remembered and written by the next call.
        """
        drained = Drained()
        self._prepare(drained.outcomes)
        began = monotonic()
        while True:
            self._land(drained.outcomes)
            if not stop() and monotonic() - began < seconds:
                for name in self._channels:
                    self._launch(name, drained.outcomes, settled=settled)
            if all(flight.overdue for flight in self._flights):
                break
            with suppress(Empty):
                self._hear(*self._answers.get(timeout=POLL))
        drained.next_due = self._next_due(settled=settled)
        return drained

    def _prepare(self, counts: Counter[str]) -> None:
        """Take back what a killed process had in the air; tell again what a silence kept back; give up the stranded."""
        now = self._now()
        if not self._recovered:
            with self._store.writing() as connection:
                counts["recovered"] += outbox.recover(connection, now)
                crash.point("recover.before_commit")
            crash.point("recover.after_commit")
            self._recovered = True
        with self._store.reading() as connection:
            over, lost = resume.ended(connection, now), stranded(connection, self._channels)
        if lost:
            with self._store.writing() as connection:
                self._settler.strand(connection, self._channels, now, counts)
        if over:
            with self._store.writing() as connection:
                counts["reminded"] += resume.resume(connection, now)
                crash.point("resume.before_commit")
            crash.point("resume.after_commit")

    def _launch(self, name: str, counts: Counter[str], *, settled: bool) -> None:
        """Begin the next attempt of a channel, if it is free and something is due."""
        now = self._now()
        if self._busy(name) or self._buckets[name].free_at(now) > now:
            return
        with self._store.reading() as connection:
            if pickup.look(connection, name, now, self._pace, settled=settled).move is Move.WAIT:
                return
        with self._store.writing() as connection:
            picked = pickup.pick(connection, name, now, self._pace, counts, settled=settled)
            crash.point("start.before_commit")
        crash.point("start.after_commit")
        if picked is None:
            return
        self._buckets[name].take(now)
        flight = Flight(self._channels[name], picked.row, picked.message, self._answers)
        self._flights.append(flight)
        flight.begin()

    def _land(self, counts: Counter[str]) -> None:
        """Write every answer there is; an attempt over its deadline gets one of ours."""
        with suppress(Empty):
            while True:
                self._hear(*self._answers.get_nowait())
        for flight in self._flights:
            if not flight.overdue and flight.seconds > self._pace.deadline:
                flight.overdue = True
                self._landed.append(_Landing(flight, _overdue(self._pace.deadline), late=False))
        while self._landed:
            self._write(self._landed[0], counts)
            self._landed.popleft()

    def _hear(self, flight: Flight, answer: Answer) -> None:
        self._flights.remove(flight)
        self._landed.append(_Landing(flight, answer, late=flight.overdue))

    def _write(self, landing: _Landing, counts: Counter[str]) -> None:
        began = landing.flight.row
        with self._store.writing() as connection:
            row = outbox.find(connection, began["dedup"])
            if landing.counts(row):
                self._settler.settle(
                    connection, row, landing.answer, self._now(), counts, started_at=began["updated_at"]
                )
            crash.point("outcome.before_commit")
        crash.point("outcome.after_commit")

    def _busy(self, name: str) -> bool:
        """Whether a channel is in the air, or hangs there."""
        mine = [flight for flight in self._flights if flight.channel.name == name]
        patience = ABANDON * self._pace.deadline
        return len(mine) >= STRAY or any(not flight.overdue or flight.seconds < patience for flight in mine)

    def _next_due(self, *, settled: bool) -> datetime | None:
        """Return when a pass will find something to do."""
        now = self._now()
        due = []
        with self._store.reading() as connection:
            for name, bucket in self._buckets.items():
                choice = pickup.look(connection, name, now, self._pace, settled=settled)
                when = now if choice.move is not Move.WAIT else choice.until
                if when is not None:
                    hangs = now + timedelta(seconds=self._pace.deadline) if self._busy(name) else now
                    due.append(max(when, hangs, bucket.free_at(now)))
            due += [max(each.ends_at, now) for each in silences(connection, open_only=True)]
        return min(due, default=None)


@dataclass(frozen=True, slots=True)
class _Landing:
    """An answer on its way into the store; `late` where the attempt had been given up before."""

    flight: Flight
    answer: Answer
    late: bool

    def counts(self, row: Row) -> bool:
        """Whether the answer still decides about a row.

        A late one does where it is a last word and nothing has happened since: then the message is not sent again.
        """
        if row["attempts"] != self.flight.row["attempts"]:
            return False
        if not self.late:
            return bool(row["state"] == Sending.SENDING)
        last_word = isinstance(self.answer, Receipt) or self.answer.permanent
        return last_word and bool(row["state"] == Sending.PENDING)


def _overdue(deadline: float) -> DeliveryError:
    return DeliveryError(f"no answer within {deadline:g} s", ambiguous=True)
