"""What each session is read with: the rates and dividends of its time, looked up without opening a file again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from monitor import rates
from monitor.config.model import Rates
from monitor.inputs import Inputs
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Flag
from pricing.settings import Settings
from pricing.time import trade_date

__all__ = ["RateHistory", "Surroundings", "schedule"]

PAST = timedelta(days=5 * 366)  # of dividends that a projection rests on
AHEAD = timedelta(days=90)  # of dividends that can fall into the life of an expiry that makes a measure
MONTHS, PER_CENT = 12, 100
QUARTER = timedelta(days=100)  # before its first known dividend nothing is known of an underlying's dividends


@dataclass
class RateHistory:
    """Kept yields by day, as `monitor.rates.choose` would give them for each instant.

    Attributes
    ----------
    configured : Curve
        Stands in where none are kept.
    source : str
        "treasury", "fred" or "configured".
    max_age_days : int
    table : mapping of date to mapping of float to float
        `monitor.rates.Table`.
    """

    configured: Curve
    source: str
    max_age_days: int
    table: Mapping[date, Mapping[float, float]] = field(default_factory=dict)
    _days: list[date] = field(default_factory=list)
    _curves: dict[date, Curve] = field(default_factory=dict)

    @classmethod
    def of(cls, section: Rates, table: rates.Table) -> RateHistory:
        """Take what is configured and what is kept."""
        kept = {} if section.source == "configured" else table
        return cls(section.configured, section.source, section.max_age_days, kept, sorted(kept))

    def choose(self, as_of: datetime) -> rates.Chosen:
        """Return the curve for quotes of an instant; see `monitor.rates.choose`."""
        if self.source == "configured":
            return rates.Chosen(self.configured, self.source)
        quoted = trade_date(as_of)
        at = bisect_left(self._days, quoted)
        day = self._days[at - 1] if at else None
        if day is None or (quoted - day).days > self.max_age_days:
            return rates.Chosen(self.configured, "configured", flags=frozenset({Flag.RATES_FALLBACK}))
        if day not in self._curves:
            months = sorted(self.table[day])
            yields = [self.table[day][each] / PER_CENT for each in months]
            self._curves[day] = Curve.from_treasury([each / MONTHS for each in months], yields)
        return rates.Chosen(self._curves[day], self.source, day)


@dataclass(frozen=True)
class Surroundings:
    """Everything beside the quotes that makes the numbers of a symbol's history.

    Attributes
    ----------
    settings : Settings
    rates : RateHistory
    dividends : Schedule
        All that are known; of the time of a session those count that the market then had before it.
    spots : mapping of date to float
        Closes from the store, for tables that have no price of their own. [$]
    """

    settings: Settings
    rates: RateHistory
    dividends: Schedule
    spots: Mapping[date, float] = field(default_factory=dict)

    def inputs(self, as_of: datetime, *, whole: bool = False) -> Inputs:
        """Gather what quotes of an instant are read with.

        Parameters
        ----------
        as_of : datetime
        whole : bool
            With the dividends of all times, as a live snapshot has them. Without those that cannot matter the numbers
            are the same, and sooner there.
        """
        chosen = self.rates.choose(as_of)
        return Inputs(
            settings=self.settings,
            curve=chosen.curve,
            rates_source=chosen.source,
            rates_day=chosen.day,
            dividends=self.dividends if whole else _near(self.dividends, trade_date(as_of)),
            flags=chosen.flags,
        )

    def knows_dividends(self, day: date) -> bool:
        """Whether the schedule says anything about a session's time."""
        known = self.dividends.known
        return self.dividends.continuous is not None or (bool(known) and day >= known[0].ex_date - QUARTER)


def _near(whole: Schedule, day: date) -> Schedule:
    """Leave out dividends that are too far from a session to change its numbers."""
    known = whole.known
    if not known:
        return whole
    if known[-1].ex_date > day + AHEAD:  # nothing within a life is projected
        inside = tuple(paid for paid in known if day <= paid.ex_date <= day + AHEAD)
        return Schedule(inside) if inside else Schedule(continuous=0.0)
    return Schedule(tuple(paid for paid in known if paid.ex_date >= day - PAST))


def schedule(configured: Schedule, *more: Sequence[Dividend]) -> Schedule:
    """Join dividends from several places: of one ex-date the first that names it stands, the configured ones last."""
    if configured.continuous is not None:
        return configured
    found: dict[date, Dividend] = {}
    for given in (*more, configured.known):
        for paid in given:
            found.setdefault(paid.ex_date, paid)
    return Schedule(tuple(found.values()))
