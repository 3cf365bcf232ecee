"""Daily prices of an underlying on every session."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from monitor.history.series import Series
from monitor.history.sessions import Day, Days, sessions_between
from pricing.arrays import ArrayLike, Floats

__all__ = ["Prices"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prices:
    """Daily prices, split-adjusted and without dividends, on every session from the first to the last.

    Attributes
    ----------
    symbol : str
    sessions : datetime64[D] array, shape (n,)
    close, high, low : float array, shape (n,)
        NaN for none. [$]
    """

    symbol: str
    sessions: Days
    close: Floats
    high: Floats
    low: Floats

    @classmethod
    def of(
        cls, symbol: str, days: Days, close: ArrayLike, *, high: ArrayLike = np.nan, low: ArrayLike = np.nan
    ) -> Prices:
        """Put columns of any order on the calendar; a day that trades against the rule becomes a session.

        Raises
        ------
        ValueError
            Where a day is there twice.
        """
        days = np.asarray(days, "datetime64[D]")
        calendar = np.union1d(sessions_between(days.min(), days.max()), days) if days.size else days
        bounds = Series.of(symbol, "close", days, close, low=low, high=high, calendar=calendar)
        return cls(symbol=symbol, sessions=calendar, close=bounds.value, high=bounds.high, low=bounds.low)

    @property
    def closes(self) -> Series:
        """The closes as a series, for a study."""
        return Series.of(self.symbol, "close", self.sessions, self.close, calendar=self.sessions)

    def until(self, session: Day, price: float | None = None) -> Prices:
        """Return the prices up to and with a session.

        Parameters
        ----------
        session : datetime64[D]
        price : float, optional
            An intraday price that stands for the session's close, and for its range so far. [$]
        """
        last = int(np.searchsorted(self.sessions, session, side="right"))
        known = replace(
            self,
            sessions=self.sessions[:last],
            close=self.close[:last],
            high=self.high[:last],
            low=self.low[:last],
        )
        if price is None:
            return known
        before = int(np.searchsorted(self.sessions, session))
        missed = sessions_between(known.sessions[before - 1] + 1, session - 1) if before else known.sessions[:0]
        gap = np.full(missed.size, np.nan)
        close, high, low = (np.concatenate([each[:before], gap, [price]]) for each in (self.close, self.high, self.low))
        sessions = np.concatenate([known.sessions[:before], missed, [session]])
        return Prices(symbol=self.symbol, sessions=sessions, close=close, high=high, low=low)
