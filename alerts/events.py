"""What happened to an alert: a fact with the numbers that made it, before anyone puts it into words."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from alerts.judge import REGIME, Frozen
from alerts.message import Kind, Severity
from alerts.reading import Reading
from alerts.rules import Side
from alerts.values import digest

__all__ = ["CLOSING", "Cause", "Event", "Measured", "event_id", "measured"]


class Cause(StrEnum):
    """Why an event of its kind happened, where a kind has several reasons."""

    REPEAT = "repeat"  # reminders: a repeat was due
    REOPENED = "reopened"  # ... the value came back within days
    UNSILENCED = "unsilenced"  # ... a silence, or what else muted it, has ended
    LEFT = "left"  # resolved: the value left the extreme
    NEW_LEVEL = "new_level"  # ... it has been there for so long that it is no extreme any more
    CHANGED = "changed"  # rule changed: it means something else now
    REMOVED = "removed"  # ... it is gone, or does not watch the symbol any more


CLOSING = frozenset((Kind.RESOLVED, Kind.EXPIRED, Kind.RULE_CHANGED, Kind.RECOVERED))
"""Kinds that end an episode."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the reading that made an event. None where there is none.

    Attributes
    ----------
    value, low, high : float or None
    status : str
    percentile, percentile_low, percentile_high : float or None
        Of value and envelope against the reference of the episode. [%]
    n : int
        Closes of that reference.
    reference_session : date or None
        The last session that could be in it.
    percentile_now : float or None
        Against the reference of the day: what the page shows. [%]
    regime_percentile : float or None
        With the level of volatility taken out. [%]
    z : float or None
    record : int
        Sessions in which it is the most extreme on the alert's side; 0 for none.
    since : date or None
        The last earlier session at least as extreme.
    on_record : bool
    coverage : float or None
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    status: str = "missing"
    percentile: float | None = None
    percentile_low: float | None = None
    percentile_high: float | None = None
    n: int = 0
    reference_session: date | None = None
    percentile_now: float | None = None
    regime_percentile: float | None = None
    z: float | None = None
    record: int = 0
    since: date | None = None
    on_record: bool = False
    coverage: float | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One transition that people hear of.

    Attributes
    ----------
    id : str
        ``a-`` and twelve hexadecimal digits of alert, episode and number: the same however often it is computed.
    kind : Kind
    cause : Cause or None
    alert : str
        Key of the alert; of data health ``symbol:IWM`` or ``vendor:cboe``.
    rule, title : str
    symbol, measure : str
    side : Side or None
    severity : Severity
    episode : str
    number : int
        Of the event within its episode, from 1.
    observed_at, created_at : datetime
        Of the quotes, or of the slot where there are none; of the event.
    session : date
    official : bool
    confirmed : bool
        The near end of the quote envelope passes too; otherwise the wording is "indicative".
    measured : Measured
    peak : float or None
        The most extreme value of the episode.
    peak_at, began_at : datetime or None
    sessions, slots : int
        Since the episode began; valid looks among them.
    reason : str
        Of data health: what is wrong.
    source, snapshot : str
        The vendor; the saved snapshot.
    """

    id: str
    kind: Kind
    cause: Cause | None = None
    alert: str
    rule: str
    title: str
    symbol: str
    measure: str = ""
    side: Side | None = None
    severity: Severity
    episode: str
    number: int
    observed_at: datetime
    created_at: datetime
    session: date
    official: bool = False
    confirmed: bool = True
    measured: Measured = Measured()
    peak: float | None = None
    peak_at: datetime | None = None
    began_at: datetime | None = None
    sessions: int = 0
    slots: int = 0
    reason: str = ""
    source: str = ""
    snapshot: str = ""

    def to_json(self) -> str:
        """Write it as JSON, the same content always as the same text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Event:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)


def event_id(alert: str, episode: str, number: int) -> str:
    """Name an event by what it is."""
    return "a-" + digest(alert, episode, str(number))


def measured(reading: Reading, measure: str, side: Side, frozen: Frozen) -> Measured:
    """Lay out the numbers of a reading for one alert.

    Parameters
    ----------
    reading : Reading
    measure : str
    side : Side
    frozen : Frozen
        The references of the episode; where the measure has none there, the reading's own stands in.
    """
    value = reading.value(measure)
    if value is None:
        return Measured()
    own = frozen.get(measure, value.reference)
    regime = frozen.get(measure + REGIME, value.regime)
    span = value.highest if side is Side.HIGH else value.lowest
    ends = (value.value, value.low, value.high)
    ranks = [None if own is None else own.percentile(end) for end in ends]
    return Measured(
        value=value.value,
        low=value.low,
        high=value.high,
        status=value.status,
        percentile=ranks[0],
        percentile_low=ranks[1],
        percentile_high=ranks[2],
        n=0 if own is None else own.n,
        reference_session=None if own is None else own.session,
        percentile_now=None if value.reference is None else value.reference.percentile(value.value),
        regime_percentile=None if regime is None else regime.percentile(value.value, value.level),
        z=None if own is None else own.z(value.value),
        record=0 if span is None else span.sessions,
        since=None if span is None else span.since,
        on_record=span is not None and span.on_record,
        coverage=None if span is None else span.coverage,
    )
