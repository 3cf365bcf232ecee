"""The early-exercise premium of any option: which engine is asked, in which words."""

from __future__ import annotations

import numpy as np

from pricing.arrays import Bools, Floats, Ints
from pricing.boundary import Scheme
from pricing.cash import Stock
from pricing.cash_call import call_premium
from pricing.cash_put import Windows, windows
from pricing.options import Options
from pricing.premium import Boundaries, boundaries, put_premium

__all__ = ["Early", "never_early", "unsupported"]


def unsupported(options: Options) -> Bools:
    """Tell where the exercise region lies between two boundaries: a put with q < r < 0, a call with r < q < 0.

    L. Andersen and M. Lake, "Fast American option pricing: the double-boundary case," Wilmott, 2021, solve it;
    listed US options have not needed it.
    """
    rate, dividend_yield = _as_put(options)
    double: Bools = (dividend_yield < rate) & (rate < 0.0)
    return double


def never_early(options: Options) -> Bools:
    """Tell where exercise gains nothing: no interest on what is received, none saved on what is delivered."""
    rate, dividend_yield = _as_put(options)
    never: Bools = (rate <= 0.0) & (dividend_yield >= rate)
    calls = options.paying[options.is_call[options.paying]]
    never[calls] = False
    return never


def _as_put(options: Options) -> tuple[Floats, Floats]:
    """Rate and yield of the put that each option is: a call is one on the strike, struck at the spot.

    R. L. McDonald and M. D. Schroder, "A parity result for American options," J. Comput. Finance, vol. 1, 1998.
    """
    call, r, q = options.is_call, options.rate, options.dividend_yield
    return np.where(call, q, r), np.where(call, r, q)


class Early:
    """Early-exercise premium of options as a function of volatility, near the volatility it is built for.

    Parameters
    ----------
    options : Options
    vol : array, shape (n,)
        [1/sqrt(year)]; NaN where there is none.
    alone : Scheme, optional
        Solve every boundary by itself, so, however many there are.
    found : Boundaries, optional
        Already solved.
    """

    def __init__(
        self, options: Options, vol: Floats, *, alone: Scheme | None = None, found: Boundaries | None = None
    ) -> None:
        """Sort the options by how they can be exercised, and solve the boundaries."""
        o = self._options = options
        self._vol = vol
        rate, dividend_yield = _as_put(o)
        numbers = o.escrow + o.strike + rate + dividend_yield + vol
        self._valid = np.isfinite(numbers) & (o.escrow > 0.0) & (o.strike > 0.0) & (o.years > 0.0) & (vol > 0.0)
        self._valid &= ~unsupported(o)
        # At any time: all but those that gain nothing by it; a put whose stock pays, after the last ex-date.
        rows = self._rows = np.flatnonzero(self._valid & ((rate > 0.0) | (dividend_yield < rate)))
        put, valid = ~o.is_call[o.paying], self._valid[o.paying]
        self._puts = np.flatnonzero(put & valid & (rate[o.paying] > 0.0))  # before the earlier ex-dates, too
        self._calls = np.flatnonzero(~put & valid)  # just before ex-dates
        self._windows: Windows | None = None
        self._delay = np.zeros(o.years.size)
        self._delay[o.paying[put]] = o.cash.when[put, -1]
        self._rate, self._yield, self._life = rate[rows], dividend_yield[rows], (o.years - self._delay)[rows]
        self._strike = np.where(o.is_call, o.escrow, o.strike)[rows]
        self._log_moneyness = np.log(np.where(o.is_call, o.strike, o.escrow)[rows] / self._strike)
        if found is None:
            found = boundaries(self._rate, self._yield, self._life, vol[rows], alone=alone)
        self._boundaries = found

    def __getitem__(self, rows: Ints) -> Early:
        """Narrow it to some of the options; `rows` increases."""
        solved = np.flatnonzero(np.isin(self._rows, rows, assume_unique=True))
        part = Early(self._options[rows], self._vol[rows], found=self._boundaries[solved])
        if self._windows is not None:
            puts = np.isin(self._options.paying[self._puts], rows, assume_unique=True)
            part._windows = self._windows[np.flatnonzero(puts)]
        return part

    @property
    def reach(self) -> Floats:
        """How far in ln(vol) from the volatilities it was built for it is good, shape (n,)."""
        reach = np.full(self._valid.size, np.inf)
        reach[self._rows] = self._boundaries.reach
        return reach

    def __call__(self, vol: Floats) -> Floats:
        """American less European price at `vol`, NaN where there is no number. [$]"""
        o, rows = self._options, self._rows
        until, total = o.variance(vol)
        before = np.zeros(vol.size)
        before[o.paying] = until[:, -1]
        share, lowest = put_premium(
            self._boundaries,
            self._log_moneyness,
            self._rate,
            self._yield,
            self._life,
            vol[rows],
            self._delay[rows],
            np.where(self._delay[rows] > 0.0, before[rows], 0.0),
        )
        premium = np.where(self._valid, 0.0, np.nan)
        premium[rows] = self._strike * share
        if self._puts.size:
            at = o.paying[self._puts]
            stock = self._stock(self._puts, until, total)
            x = np.log(o.escrow[at] / o.strike[at])
            below = lowest[np.searchsorted(rows, at)]
            self._windows = windows(x, o.strike[at], o.years[at], vol[at], below, stock, self._windows)
            premium[at] += o.strike[at] * self._windows.premium(x, stock, vol[at])
        if self._calls.size:
            at = o.paying[self._calls]
            stock = self._stock(self._calls, until, total)
            premium[at] = np.maximum(premium[at], call_premium(o.escrow[at], o.strike[at], o.years[at], stock))
        return premium

    def _stock(self, paying: Ints, until: Floats, total: Floats) -> Stock:
        o, at = self._options, self._options.paying[paying]
        return Stock(o.rate[at], o.dividend_yield[at], o.cash[paying], until[paying], total[at])
