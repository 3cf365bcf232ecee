"""Dividends by date: what is announced, and what the same quarters of earlier years suggest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pricing.calendar import is_session, next_session
from pricing.time import NEW_YORK, OPEN, years_between

__all__ = ["Dividend", "Schedule"]

SAME_QUARTER_YEARS = 4  # a projection is the mean of this many earlier payments of its quarter
SAME_WEEKDAY = timedelta(weeks=52)
DRIFT = timedelta(days=22)  # an ex-date may come so much earlier or later than 52 weeks before
LONGEST_PROJECTION = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class Dividend:
    """One cash dividend.

    Attributes
    ----------
    ex_date : date
        First session without it.
    amount : float
        [$ a share]
    projected : bool
        An estimate, not an announcement.
    """

    ex_date: date
    amount: float
    projected: bool = False

    @property
    def instant(self) -> datetime:
        """The open of the ex-date, UTC."""
        return datetime.combine(self.ex_date, OPEN, NEW_YORK).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The dividends of one underlying.

    Attributes
    ----------
    known : tuple of Dividend
        Paid and announced ones, by date.
    continuous : float or None
        For an index: its dividend yield [1/year]. None where nothing is known about the underlying's
        dividends; an empty schedule with 0.0 says that it pays none.
    """

    known: tuple[Dividend, ...] = ()
    continuous: float | None = None

    def __post_init__(self) -> None:
        """Keep the dividends in order."""
        object.__setattr__(self, "known", tuple(sorted(self.known, key=lambda paid: paid.ex_date)))

    @property
    def is_known(self) -> bool:
        """Whether anything is known, so that spot can be had from a forward."""
        return bool(self.known) or self.continuous is not None

    def between(self, start: datetime, end: datetime) -> tuple[Dividend, ...]:
        """Dividends whose ex-date opens after `start` and not after `end`, projected ones included."""
        return tuple(paid for paid in (*self.known, *self._projected(end)) if start < paid.instant <= end)

    def years_and_amounts(self, start: datetime, end: datetime) -> tuple[list[float], list[float]]:
        """Years [year] from `start` to each ex-date until `end`, and the amounts [$]."""
        inside = self.between(start, end)
        return [years_between(start, paid.instant) for paid in inside], [paid.amount for paid in inside]

    def _projected(self, end: datetime) -> list[Dividend]:
        """Continue the last year's payments, each with the mean of its quarter's last four."""
        if not self.known:
            return []
        last = self.known[-1].ex_date
        until = min(end.astimezone(NEW_YORK).date(), last + LONGEST_PROJECTION)
        coming: list[Dividend] = []
        last_year = [paid for paid in self.known if paid.ex_date > last - SAME_WEEKDAY + DRIFT]
        apart = SAME_WEEKDAY / len(last_year) / 2  # nearer than this two ex-dates are one payment: announced, projected
        for paid in last_year:
            day = paid.ex_date + SAME_WEEKDAY
            while day <= until:
                session = day if is_session(day) else next_session(day)
                if session - last > apart:
                    coming.append(Dividend(session, self._usual(paid.ex_date), projected=True))
                day += SAME_WEEKDAY
        return sorted(coming, key=lambda paid: paid.ex_date)

    def _usual(self, day: date) -> float:
        """Mean of the last four payments in the quarter of `day`. [$]"""
        amounts = [paid.amount for paid in self.known if _quarter(paid.ex_date) == _quarter(day)]
        recent = amounts[-SAME_QUARTER_YEARS:]
        return sum(recent) / len(recent)


def _quarter(day: date) -> int:
    return (day.month - 1) // 3
