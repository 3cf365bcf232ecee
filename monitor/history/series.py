"""One measure through time: a point a session where there is one, and every session where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from monitor.history.sessions import Day, Days, Names, are_sessions, sessions_after, sessions_between
from pricing.arrays import ArrayLike, Bools, Floats

__all__ = ["JUDGED", "Omission", "Overlap", "Series", "counted", "wide"]

JUDGED = "skew_ratio_"  # the measures whose companion speaks where their quotes are too wide (METHOD section 10)
COLUMNS = ("sessions", "value", "low", "high", "status", "source", "origin")


class Omission(StrEnum):
    """Why a stored point is not in a series."""

    OTHER_METHOD = "other_method"
    OTHER_SOURCE = "other_source"
    SUPERSEDED = "superseded"  # another point of the same session stands before it
    NOT_A_SESSION = "not_a_session"  # a holiday or weekend that repeats the last close


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far two sources, or live and backfilled points, are apart on the sessions that both have.

    Attributes
    ----------
    one, other : str
    n : int
        Sessions on which both have a value.
    mean, worst : float or None
        Of `other` less `one`, in the measure's unit; None where no session has both.
    worst_on : datetime64[D] or None
    """

    one: str
    other: str
    n: int
    mean: float | None
    worst: float | None
    worst_on: Day | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Series:
    """One measure on every session from its first point to its last.

    Attributes
    ----------
    symbol, measure : str
    sessions : datetime64[D] array, shape (n,)
        Rising, without a gap: a session without a point has a row of NaN and empty names.
    value, low, high : float array, shape (n,)
        NaN for none; a bounded session has a bound and no value.
    status, source, origin : str array, shape (n,)
    method : str
        The one method of all points; "" where none is known.
    left_out : mapping of Omission to int
        Stored points that are not in the series, counted by reason.
    overlaps : tuple of Overlap
        Between the sources that are mixed here, and between live and backfilled points.
    """

    symbol: str
    measure: str
    sessions: Days
    value: Floats
    low: Floats
    high: Floats
    status: Names
    source: Names
    origin: Names
    method: str = ""
    left_out: Mapping[Omission, int] = field(default_factory=dict)
    overlaps: tuple[Overlap, ...] = ()

    @classmethod
    def of(
        cls,
        symbol: str,
        measure: str,
        days: Days,
        value: ArrayLike,
        *,
        low: ArrayLike = np.nan,
        high: ArrayLike = np.nan,
        source: str = "",
        calendar: Days | None = None,
    ) -> Series:
        """Make a series of one source from plain columns: prices, an index, a vendor's own measure.

        Parameters
        ----------
        symbol, measure : str
        days : datetime64[D] array, shape (m,)
            In any order, each once.
        value, low, high : array, shape (m,)
        source : str
        calendar : datetime64[D] array, optional
            Sessions to go by, rising; without it the exchange's by rule. Days outside it are left out and counted.

        Raises
        ------
        ValueError
            Where a day is there twice.
        """
        days = np.asarray(days, "datetime64[D]")
        inside = are_sessions(days) if calendar is None else np.isin(days, calendar)
        kept = days[inside]
        if np.unique(kept).size < kept.size:
            raise ValueError(f"a series needs each session once, got {kept.size - np.unique(kept).size} repeated")
        if calendar is None:
            calendar = sessions_between(kept.min(), kept.max()) if kept.size else kept
        at = np.searchsorted(calendar, kept)
        columns = [np.full(calendar.size, np.nan) for _ in range(3)]
        for column, given in zip(columns, (value, low, high), strict=True):
            column[at] = np.broadcast_to(np.asarray(given, float), days.shape)[inside]
        named = np.zeros(calendar.size, bool)
        named[at] = True
        return cls(
            symbol=symbol,
            measure=measure,
            sessions=calendar,
            value=columns[0],
            low=columns[1],
            high=columns[2],
            status=np.where(np.isfinite(columns[0]), "ok", ""),
            source=np.where(named, source, ""),
            origin=np.full(calendar.size, "", "<U1"),
            left_out=counted({Omission.NOT_A_SESSION: int(np.count_nonzero(~inside))}),
        )

    def position(self, session: Day) -> int:
        """Count the sessions of the record before a day, those since its end included. 0: nothing is before it."""
        at = int(np.searchsorted(self.sessions, session))
        if at < self.sessions.size or not self.sessions.size:
            return at
        return at - 1 + int(sessions_after(self.sessions[-1], session))

    def until(self, session: Day) -> Series:
        """Return the series up to and with a session."""
        upto = slice(int(np.searchsorted(self.sessions, session, side="right")))
        columns = {name: getattr(self, name)[upto] for name in COLUMNS}
        return replace(self, **columns)

    def usable(self, useless: float) -> Bools:
        """Which sessions have a value that can be ranked, shape (n,).

        A skew ratio whose quote envelope is wider than `useless`, a half-width as a share of the value, is no
        data for the rules and the companion speaks in its place: it is no data for a percentile either. Its
        bounds still tell whether it was above or below another value.
        """
        there = np.isfinite(self.value)
        if self.measure.startswith(JUDGED):
            there &= ~wide(self.value, self.low, self.high, useless)
        return there

    def on(self, days: Days) -> Floats:
        """Read the value on given days; NaN where there is none."""
        found = np.full(days.shape, np.nan)
        if self.sessions.size:
            at = np.minimum(np.searchsorted(self.sessions, days), self.sessions.size - 1)
            there = self.sessions[at] == days
            found[there] = self.value[at[there]]
        return found

    def names_on(self, days: Days) -> Names:
        """Read the source on given days; empty where there is no point."""
        found = np.zeros(days.shape, self.source.dtype)
        _, here, there = np.intersect1d(days, self.sessions, assume_unique=True, return_indices=True)
        found[here] = self.source[there]
        return found


def wide(value: ArrayLike, low: ArrayLike, high: ArrayLike, useless: float) -> Bools:
    """Whether an envelope is too wide to say more than its ends; one that is unknown is not."""
    half = (np.asarray(high, float) - np.asarray(low, float)) / 2
    return np.asarray(half > useless * np.abs(np.asarray(value, float)))


def counted(numbers: Mapping[Omission, int]) -> Mapping[Omission, int]:
    """Keep the reasons that occur."""
    return {reason: number for reason, number in numbers.items() if number}
