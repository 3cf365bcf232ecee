"""Data health, orthogonal to every alert: can a symbol be seen, does a vendor answer?

An outage is told once, after several looks without data, and its end once. What it mutes is decided where messages
are sent (`alerts.gates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from alerts.events import Event, event_id
from alerts.message import Kind, Severity
from alerts.reading import Reading, Verdict
from alerts.values import digest, stamp

__all__ = ["AFTER", "RULE", "Health", "Look", "Sight", "look", "step"]

AFTER = 3  # looks without data in a row: one may be the vendor's hiccup
RULE = "data-health"


class Sight(StrEnum):
    """Whether a subject can be seen."""

    OK = "ok"
    FAILING = "failing"  # not yet for long enough to be told
    LOST = "lost"  # and told


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a subject, as far as its health goes.

    Attributes
    ----------
    subject : str
        ``symbol:IWM`` or ``vendor:cboe``.
    symbol, source : str
        "" and the vendor for a vendor.
    slot : datetime
    session : date
    fine : bool
    reason : str
    """

    subject: str
    symbol: str
    source: str
    slot: datetime
    session: date
    fine: bool
    reason: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a subject.

    Attributes
    ----------
    subject : str
    phase : Sight
    bad : int
        Looks without data in a row.
    since : datetime or None
        The first of them.
    slot : datetime or None
        The last look: an earlier or the same one again changes nothing.
    episode : str
    number : int
        Of the last event of the episode.
    reason : str
    version : int
    """

    subject: str
    phase: Sight = Sight.OK
    bad: int = 0
    since: datetime | None = None
    slot: datetime | None = None
    episode: str = ""
    number: int = 0
    reason: str = ""
    version: int = 0


def look(reading: Reading) -> Look:
    """Return what a reading says about its symbol's health."""
    return Look(
        subject=f"symbol:{reading.symbol}",
        symbol=reading.symbol,
        source=reading.source,
        slot=reading.slot,
        session=reading.session,
        fine=reading.verdict is Verdict.OK,
        reason=reading.reason,
    )


def step(health: Health, seen: Look, now: datetime, after: int = AFTER) -> tuple[Health, tuple[Event, ...]]:
    """Take one look; an outage is told when it is `after` looks long."""
    if health.slot is not None and seen.slot <= health.slot:
        return health, ()
    if seen.fine:
        if health.phase is Sight.OK:
            return health, ()
        better = replace(health, phase=Sight.OK, bad=0, since=None, slot=seen.slot, reason="")
        if health.phase is Sight.FAILING:
            return better, ()
        better = replace(better, number=health.number + 1)
        return better, (_event(better, seen, now, Kind.RECOVERED, health),)
    worse = replace(
        health,
        phase=Sight.LOST if health.phase is Sight.LOST else Sight.FAILING,
        bad=health.bad + 1,
        since=health.since or seen.slot,
        slot=seen.slot,
        reason=seen.reason,
    )
    if worse.phase is Sight.LOST or worse.bad < after:
        return worse, ()
    worse = replace(worse, phase=Sight.LOST, episode="e-" + digest(worse.subject, stamp(seen.slot)), number=1)
    return worse, (_event(worse, seen, now, Kind.DATA_HEALTH, worse),)


def _event(health: Health, seen: Look, now: datetime, kind: Kind, outage: Health) -> Event:
    return Event(
        id=event_id(health.subject, health.episode, health.number),
        kind=kind,
        alert=health.subject,
        rule=RULE,
        title=f"{seen.symbol or seen.source} cannot be seen"
        if kind is Kind.DATA_HEALTH
        else f"{seen.symbol or seen.source} can be seen again",
        symbol=seen.symbol,
        severity=Severity.WARNING if kind is Kind.DATA_HEALTH else Severity.INFO,
        episode=health.episode,
        number=health.number,
        observed_at=seen.slot,
        created_at=now,
        session=seen.session,
        began_at=outage.since,
        slots=outage.bad,
        reason=outage.reason,
        source=seen.source,
    )
