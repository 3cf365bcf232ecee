"""European options on a forward: Black (1976) prices and greeks, accurate into the far wings.

Everything is written on three quantities: ``k = |ln(K/F)|``, the standardised moneyness ``h = k/stdev``
and half the total volatility ``t = stdev/2``. The out-of-the-money option of the pair is then worth

    min(F, K) * [N(t - h) - e^k N(-t - h)]

and the in-the-money one is worth ``|F - K|`` more (put-call parity). In a far wing, and where `stdev` is so
small that the bracket is a difference of near equals, the bracket is

    exp(-(h - t)^2/2)/2 * [erfcx((h - t)/sqrt 2) - erfcx((h + t)/sqrt 2)]

The exponential that makes the price small stands outside, and 1e-295 keeps its digits.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, ndtr

from pricing.arrays import ArrayLike, Floats

__all__ = ["black_price", "delta", "erfcx_gap", "gamma", "price", "theta", "vega"]

_SQRT_2 = math.sqrt(2.0)
_SQRT_2PI = math.sqrt(2.0 * math.pi)
_VANISHED = 40.0  # h/sqrt 2 at which a price is zero in doubles, whatever the strike
_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)

SMALL = 0.02
"""Half-gap under which `erfcx_gap` sums a Taylor series: the difference would lose 1e-16/0.02. [1]"""

WING = 3.0
"""Standardised moneyness past which the price is taken from `erfcx_gap`: N's relative error grows as h^2. [1]"""


def erfcx_gap(centre: Floats, half_gap: Floats) -> Floats:
    """Difference ``erfcx(centre - half_gap) - erfcx(centre + half_gap)`` with every digit.

    A small one is summed from the odd derivatives of erfcx at `centre`, ``Y1 = 2 x Y0 - 2/sqrt(pi)`` and
    ``Y[n+1] = 2 x Y[n] + 2 n Y[n-1]``; the first four leave out a relative 1e-17 up to `SMALL`.

    Parameters
    ----------
    centre, half_gap : array, the same shape
        Both >= 0. [1]
    """
    gap: Floats = erfcx(centre - half_gap) - erfcx(centre + half_gap)
    small = half_gap < SMALL
    if small.any():
        x, tau = centre[small], half_gap[small]
        y0 = erfcx(x)
        y1 = 2.0 * x * y0 - _TWO_OVER_SQRT_PI
        y2 = 2.0 * (x * y1 + y0)
        y3 = 2.0 * (x * y2 + 2.0 * y1)
        y4 = 2.0 * (x * y3 + 3.0 * y2)
        y5 = 2.0 * (x * y4 + 4.0 * y3)
        y6 = 2.0 * (x * y5 + 5.0 * y4)
        y7 = 2.0 * (x * y6 + 6.0 * y5)
        square = tau * tau
        gap[small] = -2.0 * tau * (y1 + square / 6.0 * (y3 + square / 20.0 * (y5 + square / 42.0 * y7)))
    return gap


def price(forward: ArrayLike, strike: ArrayLike, stdev: ArrayLike, is_call: ArrayLike) -> Floats:
    """Undiscounted Black price of a European option. [$]

    Parameters
    ----------
    forward, strike : array, broadcastable
        [$]
    stdev : array, broadcastable
        Total volatility, sigma * sqrt(T). [1]
    is_call : bool array, broadcastable
        False is a put.

    Returns
    -------
    array
        Intrinsic value where `stdev` is 0; NaN where it is negative, where `forward` or `strike` is not
        positive and finite, and where any input is NaN.

    References
    ----------
    .. [1] F. Black, "The pricing of commodity contracts," J. Financ. Econ.,
       vol. 3, pp. 167-179, 1976.
    .. [2] P. Jaeckel, "Let's be rational," Wilmott, vol. 2015, no. 75, pp. 40-53, 2015
       (regions, and the price as a difference of two erfcx).
    """
    forward, strike, stdev = _floats(forward, strike, stdev)
    low = np.minimum(forward, strike)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        distance = np.abs(forward - strike)
        in_the_money = (forward > strike) == np.asarray(is_call, np.bool_)
        value = low * _out_of_the_money(distance / low, stdev) + np.where(in_the_money, distance, 0.0)
        quoted = (low > 0.0) & (distance < np.inf)
    priced: Floats = np.where(quoted, value, np.nan)
    return priced


def _out_of_the_money(ratio_less_1: Floats, stdev: Floats) -> Floats:
    """Price of the out-of-the-money option in units of min(F, K), of which the other is 1 + `ratio_less_1`."""
    k = np.log1p(ratio_less_1)
    h, t = np.where(k == 0.0, 0.0, k / stdev), 0.5 * stdev
    other = ndtr(-h - t)
    value = ndtr(t - h) - other - ratio_less_1 * other
    delicate = (t < _SQRT_2 * SMALL) | ((h > WING) & (h > t))
    if delicate.any():
        h, t, value = np.broadcast_arrays(h, t, value)
        value = value.copy()
        x, tau = h[delicate] / _SQRT_2, t[delicate] / _SQRT_2
        value[delicate] = 0.5 * np.exp(-np.square(x - tau)) * erfcx_gap(np.minimum(x, _VANISHED), tau)
    priced: Floats = np.where(stdev >= 0.0, value, np.nan)
    return priced


def black_price(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Black price of a European option. [$]

    Parameters
    ----------
    forward, strike : array, broadcastable
        [$]
    years : array, broadcastable
        Time to expiry, actual/365. [year]
    vol : array, broadcastable
        [1/sqrt(year)]
    is_call : bool array, broadcastable
        False is a put.
    discount : array, broadcastable, optional
        Price today of 1 $ paid at expiry, exp(-r T). [1]

    Returns
    -------
    array
        Discounted intrinsic value where `years` or `vol` is 0; NaN where either is negative, where
        `forward` or `strike` is not positive and finite, and where any input is NaN.

    See Also
    --------
    price : the same, undiscounted and on total volatility, with its references.
    """
    years, vol, discount = _floats(years, vol, discount)
    with np.errstate(invalid="ignore"):
        stdev = np.where(vol >= 0.0, vol, np.nan) * np.sqrt(years)
    value: Floats = discount * price(forward, strike, stdev, is_call)
    return value


def _floats(*columns: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(column, np.float64) for column in columns)


def _d1(forward: Floats, strike: Floats, years: Floats, vol: Floats) -> tuple[Floats, Floats]:
    """Return d1 and the total volatility; at the money d1 = 0 is the limit for no volatility."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        stdev = np.where(vol >= 0.0, vol, np.nan) * np.sqrt(years)
        low = np.minimum(forward, strike)
        k = np.log1p(np.abs(forward - strike) / np.where(low > 0.0, low, np.nan))
        h = np.where(k == 0.0, 0.0, k / stdev)
        d1 = np.copysign(h, forward - strike) + 0.5 * stdev
    return d1, stdev


def _normal_density(x: Floats) -> Floats:
    with np.errstate(under="ignore", over="ignore"):
        density: Floats = np.exp(-0.5 * np.square(x)) / _SQRT_2PI
    return density


def delta(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Forward delta, dV/dF = +-discount * N(+-d1). [1]

    A put's is negative. With the default `discount` it is the undiscounted forward delta in which
    risk reversals are quoted; the delta to spot is this times dF/dS. Arguments as in `black_price`;
    NaN where an input is NaN or out of its range. At expiry it is 0 or 1 (0.5 at the money).
    """
    forward, strike, years, vol, discount = _floats(forward, strike, years, vol, discount)
    d1, _ = _d1(forward, strike, years, vol)
    sign = np.where(is_call, 1.0, -1.0)
    value: Floats = sign * discount * ndtr(sign * d1)
    return value


def gamma(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Forward gamma, d2V/dF2 = discount * n(d1) / (F * stdev). [1/$]

    The same for call and put (`is_call` only takes part in the shape). Arguments as in `black_price`;
    NaN where an input is NaN or out of its range, and at expiry, where the second derivative does not exist.
    """
    forward, strike, years, vol, discount = _floats(forward, strike, years, vol, discount)
    d1, stdev = _d1(forward, strike, years, vol)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(stdev > 0.0, discount * _normal_density(d1) / (forward * stdev), np.nan)
    value, _ = np.broadcast_arrays(value, np.asarray(is_call))
    return value.copy()


def vega(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Vega, dV/dvol = discount * F * n(d1) * sqrt(years). [$ sqrt(year)]

    For a change of vol of 1.00, that is 100 vol points: divide by 100 for one point. The same for call
    and put (`is_call` only takes part in the shape). Arguments as in `black_price`; NaN where an input is
    NaN or out of its range.
    """
    forward, strike, years, vol, discount = _floats(forward, strike, years, vol, discount)
    d1, _ = _d1(forward, strike, years, vol)
    with np.errstate(invalid="ignore"):
        value = discount * forward * _normal_density(d1) * np.sqrt(years)
    value, _ = np.broadcast_arrays(value, np.asarray(is_call))
    return value.copy()


def theta(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Theta, the change of the price with calendar time at a fixed forward. [$/year]

    ``-dV/dT = r V - discount * F * n(d1) * vol / (2 sqrt(T))`` where F and vol stay as they are and the
    discount factor accretes at its own rate, ``r = -ln(discount)/T``. Divide by 365 for a day. The carry
    of the spot into the forward is not in it: a theta at fixed *spot* has it added by the caller.
    Arguments as in `black_price`; NaN where an input is NaN or out of its range, and at expiry.
    """
    forward, strike, years, vol, discount = _floats(forward, strike, years, vol, discount)
    d1, _ = _d1(forward, strike, years, vol)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = -np.log(discount) / years
        decay = forward * _normal_density(d1) * vol / (2.0 * np.sqrt(years))
        value = rate * black_price(forward, strike, years, vol, is_call, discount=discount) - discount * decay
        existing: Floats = np.where(years > 0.0, value, np.nan)
    return existing
