"""What an answer means: sent, tried again after a pause, or dead and told through another channel."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa

from alerts import derived, outbox, rows, tables
from alerts.channel import DeliveryError, Receipt
from alerts.message import Kind
from alerts.outbox import Entry, Outcome, Sending
from alerts.pace import Pace
from alerts.rows import Row
from alerts.values import instant, stamp

__all__ = ["Settler", "stranded"]

LONGEST = 500  # characters of a receipt or a reason that are kept
NO_NOTICE = frozenset((Kind.UNDELIVERED, Kind.TEST))
"""Kinds whose refusal is not told elsewhere: a refusal of a refusal would never end."""


@dataclass(frozen=True, slots=True)
class Settler:
    """Writes how attempts ended.

    Attributes
    ----------
    pace : Pace
    random : Random
        Of the pauses; seeded by the caller.
    fallback : sequence of str
        Channels that are told of what another has refused for good: the first that is another.
    """

    pace: Pace
    random: Random
    fallback: Sequence[str] = ()

    def settle(
        self,
        connection: sa.Connection,
        row: Row,
        answer: Receipt | DeliveryError,
        now: datetime,
        counts: Counter[str],
        *,
        started_at: str,
    ) -> None:
        """Write an answer.

        Parameters
        ----------
        connection : Connection
            Of a writing transaction.
        row : Row
            As it is in the outbox.
        answer : Receipt or DeliveryError
        now : datetime
        counts : Counter of str
        started_at : str
            Of the attempt.
        """
        if isinstance(answer, Receipt):
            said = answer.text[:LONGEST]
            outbox.finish(
                connection, row, Sending.SENT, Outcome.SENT, said, started_at=started_at, next_at=now, now=now
            )
            self._channel(connection, row["channel"], now, None, None)
            counts[Outcome.SENT] += 1
            return
        said = answer.reason[:LONGEST]
        outcome = Outcome.AMBIGUOUS if answer.ambiguous else Outcome.FAILED
        state, pause = Sending.PENDING, self.pace.pause(row["attempts"], answer.retry_after, self.random)
        if answer.permanent:
            state, outcome = Sending.DEAD, Outcome.REFUSED
        elif self.pace.hopeless(instant(row["first_at"]), now, row["attempts"]):
            state, said = Sending.DEAD, f"given up after {row['attempts']} attempts: {said}"
        outbox.finish(connection, row, state, outcome, said, started_at=started_at, next_at=now + pause, now=now)
        self._channel(connection, row["channel"], now, said, None if answer.permanent else answer)
        counts[outcome] += 1
        if state is Sending.DEAD:
            counts["dead"] += 1
            self._tell(connection, row, said, now)

    def strand(self, connection: sa.Connection, channels: Collection[str], now: datetime, counts: Counter[str]) -> None:
        """Give up what waits for channels that are not configured any more."""
        for row in stranded(connection, channels):
            said = f"no channel '{row['channel']}' is configured"
            dead = row | {"state": Sending.DEAD.value, "reason": said, "updated_at": stamp(now)}
            rows.put(connection, tables.outbox, [dead])
            counts["dead"] += 1
            self._tell(connection, row, said, now)

    def _channel(
        self, connection: sa.Connection, name: str, now: datetime, error: str | None, passing: DeliveryError | None
    ) -> None:
        """Note how a channel is doing; after a failure that may pass it rests, whatever waits for it."""
        table = tables.channels
        found = rows.read(connection, table, table.c.name == name)
        before: Row = found[0] if found else {"failures": 0, "sent_at": None}
        failures = 0 if error is None else before["failures"] + 1
        rest: timedelta | None = None
        if passing is not None:
            rest = self.pace.pause(failures, passing.retry_after, self.random)
        state = {
            "name": name,
            "failures": failures,
            "not_before": None if rest is None else stamp(now + rest),
            "updated_at": stamp(now),
            "sent_at": stamp(now) if error is None else before["sent_at"],
            "error": error,
        }
        rows.put(connection, table, [state])

    def _tell(self, connection: sa.Connection, row: Row, reason: str, now: datetime) -> None:
        """Say what was refused through the fallback channel, with all that it would have said."""
        other = next((name for name in self.fallback if name != row["channel"]), None)
        if other is None or row["kind"] in NO_NOTICE:
            return
        message = outbox.message_of(connection, [row["message"]])[row["message"]]
        notice = Entry(
            message=derived.undelivered(message, row["channel"], reason, now),
            channels=(other,),
            alert=f"undelivered:{row['channel']}",
            event=row["dedup"],
            labels=json.loads(row["labels"]),
        )
        outbox.enqueue(connection, [notice], now)


def stranded(connection: sa.Connection, channels: Collection[str]) -> list[Row]:
    """Return what waits for channels other than these."""
    table = tables.outbox
    pending = table.c.state == Sending.PENDING.value
    return rows.read(connection, table, pending, table.c.channel.not_in(sorted(channels)), order=(table.c.place,))
