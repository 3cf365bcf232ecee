"""Cash dividends inside an option's life: what is paid when, and what `vol` is the volatility of.

Two models of the underlying are served.

*Spot* (the default, and QuantLib's): between ex-dates the spot is a geometric Brownian motion of volatility
`vol`; at each it drops by the amount. *Escrowed*: the spot less the present value of the dividends before
expiry is that motion, so `vol` is the volatility of the forward, the one Black's formula takes.

Both are priced as an escrowed spot; in the spot model it moves by ``vol (1 + A(t)/X(t))``, with A the present
value of the dividends to come and X the rest. To first order in A the option sees the average of that local
volatility over the Brownian bridge in ln X from today's X to the strike, a deterministic variance clock.

References
----------
.. [1] E. G. Haug, J. Haug and A. Lewis, "Back to basics: a new approach to the discrete dividend problem,"
   Wilmott, pp. 37-47, September 2003: the two models.
.. [2] J. Gatheral, The Volatility Surface, Wiley, 2006, ch. 3: implied variance as an average of local
   variance over the most likely path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import ArrayLike, Floats, Ints

__all__ = ["Dividends", "Payments", "Stock", "payments"]


@dataclass(frozen=True, slots=True)
class Dividends:
    """Cash dividends by time from now.

    Attributes
    ----------
    years : array, shape (m,) or (..., m)
        Time to each ex-date, in any order. Leading axes broadcast against the options. An option feels those
        with 0 < years < its own life: one that goes ex at the instant of expiry is too late for it. [year]
    amounts : array, the same shape
        0 where an underlying has fewer than m. [$]
    escrowed : bool
        Whether volatilities are of the spot less the present value of the dividends (Black's volatility of
        the forward) instead of the spot between its ex-dates.

    Raises
    ------
    ValueError
        If the shapes differ, a number is not finite or an amount is negative.
    """

    years: Floats
    amounts: Floats
    escrowed: bool = False

    def __init__(self, years: ArrayLike, amounts: ArrayLike, *, escrowed: bool = False) -> None:
        """Check and hold the arrays."""
        when, paid = np.atleast_1d(np.asarray(years, np.float64)), np.atleast_1d(np.asarray(amounts, np.float64))
        if when.shape != paid.shape:
            raise ValueError(f"dividends need as many amounts as ex-dates, got shapes {when.shape} and {paid.shape}")
        if not (np.isfinite(when).all() and np.isfinite(paid).all()):
            raise ValueError("dividends need finite years and amounts")
        if (paid < 0.0).any():
            raise ValueError(f"a dividend cannot be negative, got {paid.min()}")
        object.__setattr__(self, "years", when)
        object.__setattr__(self, "amounts", paid)
        object.__setattr__(self, "escrowed", escrowed)


@dataclass(frozen=True, slots=True)
class Payments:
    """Dividends inside the lives of n options, the last in the last column; columns before the first are 0.

    Attributes
    ----------
    when, amount : array, shape (n, m)
        [year], [$]
    escrowed : bool
    """

    when: Floats
    amount: Floats
    escrowed: bool

    def __getitem__(self, rows: Ints | slice) -> Payments:
        """Pick those of some options."""
        return Payments(self.when[rows], self.amount[rows], self.escrowed)

    def to_come(self, rate: Floats) -> Floats:
        """Present value today of each dividend and all later ones, shape (n, m). [$]"""
        worth = self.amount * np.exp(-rate[:, None] * self.when)
        total: Floats = np.cumsum(worth[:, ::-1], axis=1)[:, ::-1]
        return total

    def variance(
        self, escrow: Floats, forward: Floats, strike: Floats, years: Floats, rate: Floats, vol: Floats
    ) -> tuple[Floats, Floats]:
        """Variance of the log of the escrowed spot until each ex-date, shape (n, m), and until expiry, (n,). [1]"""
        square = np.square(vol)
        if self.escrowed:
            return square[:, None] * self.when, square * years
        start = np.concatenate([np.zeros_like(years)[:, None], self.when[:, :-1]], axis=1)
        share = self.to_come(rate) / escrow[:, None]
        # X along the bridge is its start times exp(k t/T); E[1/X] adds half the bridge's variance t (T - t)/T.
        slope = (np.log(strike / forward) / years)[:, None]
        length = self.when - start
        middle = 0.5 * (self.when + start)
        half_bend = 0.5 * slope * length
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.exp(-slope * middle) * np.where(half_bend == 0.0, 1.0, np.sinh(half_bend) / half_bend)
        life = years[:, None]
        spread = middle - (np.square(middle) + np.square(length) / 12.0) / life
        local = 1.0 + share * mean * np.exp(0.5 * square[:, None] * spread)
        until = np.cumsum(square[:, None] * np.square(local) * length, axis=1)
        return until, until[:, -1] + square * (years - self.when[:, -1])


@dataclass(frozen=True, slots=True)
class Stock:
    """What moves the stocks under n puts, and what they pay.

    Attributes
    ----------
    rate, dividend_yield : array, shape (n,)
        [1/year]
    cash : Payments
        Shape (n, m).
    until, total : array, shapes (n, m) and (n,)
        Variance of the log of the escrowed spot to each ex-date and to expiry. [1]
    """

    rate: Floats
    dividend_yield: Floats
    cash: Payments
    until: Floats
    total: Floats

    def periods(self, rows: Ints) -> tuple[Floats, Floats, Floats]:
        """Start of each dividend's period [year], variance then, and its pace in it [1/year], shape (rows, m)."""
        first = ((0, 0), (1, 0))
        start, before = (np.pad(column[rows, :-1], first) for column in (self.cash.when, self.until))
        length = self.cash.when[rows] - start
        return start, before, np.where(length > 0.0, (self.until[rows] - before) / length, 1.0)


def payments(dividends: Dividends, years: Floats) -> tuple[Ints, Payments]:
    """Options of `years`, any shape, that have a dividend inside their life: flat positions and the payments."""
    years = np.atleast_1d(years)
    shape = (*years.shape, dividends.years.shape[-1])
    when, amount = np.broadcast_to(dividends.years, shape), np.broadcast_to(dividends.amounts, shape)
    inside = (when > 0.0) & (when < years[..., None]) & (amount > 0.0)
    rows = np.flatnonzero(inside.any(axis=-1))
    place = np.unravel_index(rows, years.shape)
    kept = inside[place]
    chosen, paid = np.where(kept, when[place], 0.0), np.where(kept, amount[place], 0.0)
    most = int((chosen > 0.0).sum(axis=1).max(initial=1))
    order = np.argsort(chosen, axis=1, kind="stable")[:, -most:]
    chosen, paid = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(paid, order, axis=1)
    for column in range(most - 1):  # two on the same day are one
        same = chosen[:, column] == chosen[:, column + 1]
        paid[same, column + 1] += paid[same, column]
        paid[same, column] = 0.0
    return rows, Payments(chosen, paid, dividends.escrowed)
