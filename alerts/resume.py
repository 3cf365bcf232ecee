"""Tell again what still holds when a silence, or an outage that explained it, has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from alerts import derived, outbox, rows, tables
from alerts.events import Cause
from alerts.gates import MUTED, OPEN, labels_of
from alerts.message import Kind
from alerts.outbox import Entry, Sending
from alerts.persist import lost
from alerts.rows import Row
from alerts.silences import Silence, answered, silences
from alerts.state import Phase
from alerts.values import digest

__all__ = ["Ended", "ended", "resume"]

TELLING = OPEN | {Kind.DATA_HEALTH}


@dataclass(frozen=True, slots=True)
class Ended:
    """What has ended since anybody looked.

    Attributes
    ----------
    silences : sequence of Silence
    muted : sequence of Row
        Kept back by an outage that is over.
    """

    silences: Sequence[Silence]
    muted: Sequence[Row]

    def __bool__(self) -> bool:
        return bool(self.silences or self.muted)


def ended(connection: sa.Connection, now: datetime) -> Ended:
    """Look for what has ended; nothing is changed."""
    over = [each for each in silences(connection, open_only=True) if each.ends_at <= now]
    table = tables.outbox
    suppressed = table.c.state == Sending.SUPPRESSED.value
    kept = rows.read(connection, table, suppressed, table.c.reason.startswith(MUTED), order=(table.c.place,))
    outages = {each.subject for each in lost(connection)} if kept else set()
    return Ended(over, [row for row in kept if row["reason"].removeprefix(MUTED) not in outages])


def resume(connection: sa.Connection, now: datetime) -> int:
    """Put one reminder for each channel and open episode into the outbox, and note that it was done.

    What still waits to be sent needs none, and what another silence covers gets it when that one ends.
    """
    over = ended(connection, now)
    covering = [each for each in silences(connection, open_only=True) if each.covers(now)]
    muted = {row["dedup"]: row for row in over.muted}
    entries = []
    for row in _latest(connection):
        labels = labels_of(row)
        silence = next((each for each in over.silences if each.matches(labels)), None)
        waits = row["state"] in {Sending.PENDING.value, Sending.SENDING.value}
        if waits or (silence is None and row["dedup"] not in muted) or any(each.matches(labels) for each in covering):
            continue
        why = (
            f"{muted[row['dedup']]['reason'].removeprefix(MUTED)} is over"
            if silence is None
            else f"the silence of {silence.who} is over"
        )
        name = digest(row["dedup"], "again" if silence is None else silence.id)
        message = outbox.message_of(connection, [row["message"]])[row["message"]]
        entries.append(
            Entry(
                message=derived.reminded(message, why, now, f"a-{name}"),
                channels=(row["channel"],),
                alert=row["alert"],
                episode=row["episode"],
                event=name,
                labels=labels | {"cause": Cause.UNSILENCED.value},
            )
        )
    outbox.enqueue(connection, entries, now)
    answered(connection, over.silences)
    rows.put(connection, tables.outbox, (row | {"reason": f"was {row['reason']}"} for row in over.muted))
    return len(entries)


def _latest(connection: sa.Connection) -> list[Row]:
    """Return the last row of each channel and open episode that says that it holds."""
    states, table = tables.states, tables.outbox
    firing = sa.select(states.c.episode).where(states.c.phase.in_([Phase.FIRING.value, Phase.RECOVERING.value]))
    episodes = set(connection.execute(firing).scalars().all()) | {each.episode for each in lost(connection)}
    last: dict[tuple[str, str], Row] = {}
    for row in sorted(rows.among(connection, table, table.c.episode, episodes), key=lambda row: row["place"]):
        if row["kind"] in TELLING:
            last[row["channel"], row["episode"]] = row
    return list(last.values())
