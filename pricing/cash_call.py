"""American calls on a stock that pays cash: exercised, if at all, just before an ex-date.

Backwards over the ex-dates, the premium is the sum over them of the expected gain of exercising there over the
best of waiting. Each ex-date becomes a few quadrature points above its own boundary, and what the later ones
are worth to an earlier one is a sum over their points, weighted by the Gaussian density of getting there. (For
a single dividend, in closed form: R. E. Whaley, "On the valuation of American call options on stocks with known
dividends," J. Financ. Econ., vol. 9, pp. 207-211, 1981.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from pricing.arrays import Floats
from pricing.cash import Stock

__all__ = ["call_premium"]

NEAR, FAR = 5, 12  # Gauss-Legendre points close to the boundary and beyond
REACH = 5.0  # standard deviations of the log spot that are looked at
STEEP = 4.0  # standard deviations to expiry within which the gain rises from 0 to its limit
NEAR_SHARE = 0.3  # of the whole range, the most that the close points cover
NEWTON = 4  # steps towards the boundary: an error there enters the premium squared

_NEAR, _FAR = np.polynomial.legendre.leggauss(NEAR), np.polynomial.legendre.leggauss(FAR)
_SQRT_2PI = np.sqrt(2.0 * np.pi)


@dataclass(frozen=True, slots=True)
class _Ex:
    """Calls just before one ex-date, arrays of shape (n,); `y` is the Brownian part of the log spot."""

    strike: Floats
    middle: Floats  # ln(spot/strike) at y = 0
    rest: Floats  # standard deviation of the log spot from here to expiry
    growth: Floats  # ln of forward over spot, from here to expiry
    owed: Floats  # value here of the strike paid at expiry
    keep: Floats  # share of the stock left after the yield to expiry
    paid: Floats  # dividends from this one on, less the interest on the strike: what exercise brings in
    points: Floats  # y of the later ex-dates' points, shape (n, p)
    spread: Floats  # standard deviation of y from here to them, shape (n, p)
    worth: Floats  # of being there, weighted, shape (n, p)

    def waiting(self, y: Floats) -> tuple[Floats, Floats]:
        """Value what exercise gives up (put, yield, later chances) and its slope in `y`, shape (n, k)."""
        spot = self.strike[:, None] * np.exp(self.middle[:, None] + y)
        rest = self.rest[:, None]
        d = (self.middle[:, None] + y + self.growth[:, None]) / rest - 0.5 * rest
        stock = spot * (self.keep[:, None] * ndtr(-d - rest) + (1.0 - self.keep[:, None]))
        value, slope = self.owed[:, None] * ndtr(-d) - stock, -stock
        if self.points.shape[1]:
            z = (self.points[:, None, :] - y[:, :, None]) / self.spread[:, None, :]
            chance = np.exp(-0.5 * np.square(z)) * self.worth[:, None, :]
            value += chance.sum(axis=2)
            slope += (chance * z / self.spread[:, None, :]).sum(axis=2)
        return value, slope


def call_premium(escrow: Floats, strike: Floats, years: Floats, stock: Stock) -> Floats:
    """American less European call, exercised only just before the ex-dates. [$]

    Parameters
    ----------
    escrow, strike, years : array, shape (n,)
        `escrow` is the spot less the present value of the payments.
    stock : Stock
    """
    rate, dividend_yield, until = stock.rate, stock.dividend_yield, stock.until
    when, amount = stock.cash.when, stock.cash.amount
    count, dates = when.shape
    after = stock.cash.to_come(rate) * np.exp(rate[:, None] * when)
    ahead = np.concatenate([when[:, 1:], years[:, None]], axis=1) - when
    # Waiting for the next date earns the interest until then: a smaller dividend is never worth it (Merton 1973).
    interest = -strike[:, None] * np.expm1(-rate[:, None] * ahead)
    tempting = (amount > 0.0) & ((amount > interest) | (dividend_yield > 0.0)[:, None])
    points = np.zeros((count, dates, NEAR + FAR))
    worth = np.zeros_like(points)
    premium = np.zeros(count)
    for date in range(dates - 1, -1, -1):
        rows = np.flatnonzero(tempting[:, date])
        if not rows.size:
            continue
        here, variance_here = when[rows, date], until[rows, date]
        left = years[rows] - here
        carry = rate[rows] - dividend_yield[rows]
        later = np.flatnonzero(tempting[rows].any(axis=0))
        later = later[later > date]
        spread = np.sqrt(until[rows][:, later] - variance_here[:, None])
        discount = np.exp(-rate[rows, None] * (when[rows][:, later] - here[:, None]))
        owed = strike[rows] * np.exp(-rate[rows] * left)
        ex = _Ex(
            strike=strike[rows],
            middle=np.log(escrow[rows] / strike[rows]) + carry * here - 0.5 * variance_here,
            rest=np.sqrt(stock.total[rows] - variance_here),
            growth=carry * left,
            owed=owed,
            keep=np.exp(-dividend_yield[rows] * left),
            paid=after[rows, date] - (strike[rows] - owed),
            points=points[rows][:, later].reshape(rows.size, -1),
            spread=np.repeat(spread, NEAR + FAR, axis=1),
            worth=(worth[rows][:, later] * (discount / spread)[:, :, None]).reshape(rows.size, -1),
        )
        root = np.sqrt(variance_here)
        at, weight = _points(ex, root)
        gain = weight * np.maximum(ex.paid[:, None] - ex.waiting(at)[0], 0.0)
        points[rows, date], worth[rows, date] = at, gain
        chance = np.exp(-0.5 * np.square(at / root[:, None])) / root[:, None]
        premium[rows] += np.exp(-rate[rows] * here) * (gain * chance).sum(axis=1)
    return premium


def _points(ex: _Ex, root: Floats) -> tuple[Floats, Floats]:
    """Quadrature points of y above the boundary and their weights over sqrt(2 pi), shape (n, NEAR + FAR)."""
    top = REACH * root
    low, high = -top, top
    y = np.clip(-ex.middle, low, high)
    for _ in range(NEWTON):  # on the log of what waiting is worth, nearly a parabola
        value, slope = (column[:, 0] for column in ex.waiting(y[:, None]))
        exercised = value < ex.paid
        low, high = np.where(exercised, low, y), np.where(exercised, y, high)
        step = y - np.log(value / ex.paid) * value / slope
        y = np.where((step > low) & (step < high), step, 0.5 * (low + high))
    turn = y + np.minimum(STEEP * ex.rest, NEAR_SHARE * (top - y))
    parts = ((y, turn, _NEAR), (turn, top, _FAR))
    at = [a[:, None] + 0.5 * (b - a)[:, None] * (1.0 + abscissa) for a, b, (abscissa, _) in parts]
    weight = [0.5 / _SQRT_2PI * (b - a)[:, None] * share for a, b, (_, share) in parts]
    return np.concatenate(at, axis=1), np.concatenate(weight, axis=1)
