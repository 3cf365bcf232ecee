"""What one look at a symbol says, as far as rules ask: numbers, the past they are compared with, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from alerts.reference import Reference, known

__all__ = ["Reading", "Span", "Value", "Verdict"]


class Verdict(StrEnum):
    """Whether a look can be acted on."""

    OK = "ok"
    NO_DATA = "no_data"  # an answer without numbers that can be trusted: empty, stale, crossed, too wide, asynchronous
    ERROR = "error"  # no answer: the vendor, the network, a payload that cannot be read


@dataclass(frozen=True, slots=True)
class Span:
    """How long a value is the most extreme on one side.

    Attributes
    ----------
    sessions : int
        Back to the last close at least as extreme; 0 where nothing is known before it.
    near : int
        The same of the near end of the quote envelope: of `low` upwards, of `high` downwards.
    since : date or None
        That close's session; on record, the first session of the record.
    on_record : bool
        No earlier close is as extreme.
    coverage : float
        Share of the sessions between that are known to be less extreme. [1]
    """

    sessions: int
    near: int
    since: date | None = None
    on_record: bool = False
    coverage: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One measure with what it is compared with. A number that is not there is None.

    Attributes
    ----------
    value, low, high : float or None
        With the quote envelope, in the measure's unit.
    usable : bool
        False where its quotes are so wide that it is no data for rules.
    status : str
        The snapshot's own word for it: ok, noisy, bounded, edge, missing.
    reference : Reference or None
        Official closes known at the previous session's close, over the first window.
    regime : Reference or None
        The same with the level of volatility taken out.
    level : float or None
        ln(atm_vol_30d) of now, for `regime`.
    highest, lowest : Span or None
    earlier : mapping of int to float
        The official close so many sessions ago, for those numbers that rules ask (`alerts.rules.lookbacks`).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    usable: bool = True
    status: str = "ok"
    reference: Reference | None = None
    regime: Reference | None = None
    level: float | None = None
    highest: Span | None = None
    lowest: Span | None = None
    earlier: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at one symbol.

    Attributes
    ----------
    symbol : str
    slot : datetime
        The instant at which the look was due: with the symbol it names the look.
    session : date
    number : int
        Of the session, counted by the exchange's calendar from any fixed day: "within 5 sessions" is a difference of
        two of them. The day it is counted from must never change.
    verdict : Verdict
    reason : str
        Why it is not ok, in words.
    as_of : datetime or None
        Of the quotes; None where there are none.
    official : bool
        It is its session's official point.
    source : str
        The vendor.
    snapshot : str
        Id of the saved snapshot, "" where there is none.
    measures : mapping of str to Value
    """

    symbol: str
    slot: datetime
    session: date
    number: int
    verdict: Verdict
    reason: str = ""
    as_of: datetime | None = None
    official: bool = False
    source: str = ""
    snapshot: str = ""
    measures: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a reading that says ok without an instant, or has one without a time zone."""
        if self.verdict is Verdict.OK and self.as_of is None:
            raise ValueError(f"a reading of {self.symbol} that is ok needs the instant of its quotes, got none")
        if self.slot.tzinfo is None or (self.as_of is not None and self.as_of.tzinfo is None):
            raise ValueError(f"a reading needs instants with a time zone, got {self.slot} and {self.as_of}")

    def value(self, measure: str) -> Value | None:
        """Return a measure that rules may use; None where it is missing, too wide, or the look is not ok."""
        found = self.measures.get(measure)
        usable = self.verdict is Verdict.OK and found is not None and found.usable and known(found.value)
        return found if usable else None
