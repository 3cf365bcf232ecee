"""Options side by side: what each of them promises, in flat columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pricing import black
from pricing.arrays import ArrayLike, Bools, Floats, Ints
from pricing.cash import Dividends, Payments, payments

__all__ = ["Options", "options"]

BRIDGE_STEPS = 3  # each takes the error of the vol behind a Black volatility down by a factor of 50


@dataclass(frozen=True, slots=True)
class Options:
    """American options on spots that pay a yield and cash, arrays of shape (n,).

    Attributes
    ----------
    spot, strike, years, rate, dividend_yield : float array
        [$], [$], [year], [1/year], [1/year]
    is_call : bool array
    escrow : float array
        Spot less the present value of the cash to come. [$]
    paying : int array, shape (p,)
        Those with cash inside their life, increasing.
    cash : Payments
        Theirs, shape (p, m).
    """

    spot: Floats
    strike: Floats
    years: Floats
    rate: Floats
    dividend_yield: Floats
    is_call: Bools
    escrow: Floats
    paying: Ints
    cash: Payments

    def __getitem__(self, rows: Ints) -> Options:
        """Pick some of them; `rows` increases."""
        pays = np.isin(rows, self.paying, assume_unique=True) if self.paying.size else np.zeros(rows.size, np.bool_)
        return Options(
            self.spot[rows],
            self.strike[rows],
            self.years[rows],
            self.rate[rows],
            self.dividend_yield[rows],
            self.is_call[rows],
            self.escrow[rows],
            np.flatnonzero(pays),
            self.cash[np.searchsorted(self.paying, rows[pays])],
        )

    def parts(self, size: int) -> Iterator[tuple[slice, Options]]:
        """Consecutive parts of at most `size` options."""
        count = self.spot.size
        if count <= size:
            yield slice(0, count), self
            return
        for start in range(0, count, size):
            stop = min(start + size, count)
            yield slice(start, stop), self[np.arange(start, stop)]

    @property
    def discount(self) -> Floats:
        """Value today of a dollar at expiry. [1]"""
        value: Floats = np.exp(-self.rate * self.years)
        return value

    @property
    def forward(self) -> Floats:
        """Forward to expiry. [$]"""
        value: Floats = self.escrow * np.exp((self.rate - self.dividend_yield) * self.years)
        return value

    @property
    def exercise(self) -> Floats:
        """What exercise brings now. [$]"""
        return self._gain(self.spot, self.strike)

    def variance(self, vol: Floats) -> tuple[Floats, Floats]:
        """Variance of the log of the escrowed spot to the paying ones' ex-dates, (p, m), and to expiry, (n,). [1]"""
        total = np.square(vol) * self.years
        i = self.paying
        if not i.size:
            return self.cash.when, total
        until, total[i] = self.cash.variance(
            self.escrow[i], self.forward[i], self.strike[i], self.years[i], self.rate[i], vol[i]
        )
        return until, total

    def vol(self, stdev: Floats) -> Floats:
        """Volatility whose variance to expiry is `stdev` squared: the inverse of `variance`. [1/sqrt(year)]"""
        vol: Floats = stdev / np.sqrt(self.years)
        if self.paying.size and not self.cash.escrowed:
            for _ in range(BRIDGE_STEPS):
                vol = vol * stdev / np.sqrt(self.variance(vol)[1])
        return vol

    def european(self, total_variance: Floats) -> Floats:
        """Price without early exercise. [$]"""
        value: Floats = self.discount * black.price(self.forward, self.strike, np.sqrt(total_variance), self.is_call)
        return value

    def floor(self) -> Floats:
        """Price without volatility: exercise at the best instant of a certain path. [$]

        That is now, expiry, where the interest on the strike and the yield on the stock balance, or a side of an
        ex-date.
        """
        r, q = self.rate, self.dividend_yield
        with np.errstate(divide="ignore", invalid="ignore"):
            balance = np.log(r * self.strike / (q * self.escrow)) / (r - q)
        between = (balance > 0.0) & (balance < self.years)
        between[self.paying] = False
        best = self.exercise
        for when in (self.years, np.where(between, balance, self.years)):
            best = np.maximum(best, self._gain(self.escrow * np.exp(-q * when), self.strike * np.exp(-r * when)))
        i = self.paying
        to_come = self.cash.to_come(r[i])
        for date in range(to_come.shape[1]):
            when = self.cash.when[:, date]
            later = to_come[:, date + 1] if date + 1 < to_come.shape[1] else 0.0
            cash = np.where(self.is_call[i], to_come[:, date], later)  # a call is exercised before, a put after
            stock, owed = self.escrow[i] * np.exp(-q[i] * when) + cash, self.strike[i] * np.exp(-r[i] * when)
            best[i] = np.maximum(best[i], np.where(self.is_call[i], stock - owed, owed - stock))
        return best

    def _gain(self, stock: Floats, owed: Floats) -> Floats:
        gain: Floats = np.maximum(np.where(self.is_call, stock - owed, owed - stock), 0.0)
        return gain


def options(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    is_call: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    dividends: Dividends | None,
    other: ArrayLike,
) -> tuple[Options, Floats, tuple[int, ...]]:
    """Broadcast and flatten: the options, `other` beside them, and the shape they came in.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    numbers = [np.asarray(a, np.float64) for a in (spot, strike, years, rate, dividend_yield, other)]
    calls = np.asarray(is_call, np.bool_)
    leading = () if dividends is None else dividends.years.shape[:-1]
    shape = np.broadcast_shapes(*(a.shape for a in numbers), calls.shape, leading)
    s, k, t, r, q, value = (np.broadcast_to(a, shape).reshape(-1) for a in numbers)
    if dividends is None:
        paying, cash = np.empty(0, np.int64), Payments(np.empty((0, 1)), np.empty((0, 1)), escrowed=False)
        escrow = s
    else:
        paying, cash = payments(dividends, t.reshape(shape))
        escrow = s.copy()
        if paying.size:
            escrow[paying] -= cash.to_come(r[paying])[:, 0]
    return Options(s, k, t, r, q, np.broadcast_to(calls, shape).reshape(-1), escrow, paying, cash), value, shape
