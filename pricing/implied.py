"""Implied volatility of European options: the inverse of `pricing.black`, a block of options at a time.

Every option becomes the out-of-the-money one of its pair (an in-the-money price less its intrinsic value is
the time value of the other), written on ``k = |ln(K/F)|``, ``h = k/stdev`` and ``t = stdev/2``. Then

1. **A guess and one step**, for almost every quote of a market. The guess is a rational function of the
   straddle, right to 5e-4, made in single precision because it needs no more. One Householder step of fourth
   order on the *logarithm* of the price leaves at most 0.13 times the fourth power of the guess's error, that
   is 1e-14. Newton's share of the step measures the guess's error, so an option proves for itself that
   the step was enough.
2. **A bound and a few steps** for the rest: prices down to the last double, next to the money, to the
   intrinsic value or to the maximum. They start from Choi, Huh & Su's lower bound [1]_ and iterate on the log
   price or, in the upper half, on the log of its distance to the maximum, as Jaeckel [2]_ does.

An option no double can resolve gets a status and NaN.

References
----------
.. [1] J. Choi, J. Huh and N. Su, "Tighter 'uniform bounds for Black-Scholes implied volatility' and the
   applications to root-finding," Oper. Res. Lett., 2025, arXiv:2302.08758.
.. [2] P. Jaeckel, "Let's be rational," Wilmott, vol. 2015, no. 75, pp. 40-53, 2015.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtri

from pricing.arrays import ArrayLike, Bools, Codes, Floats
from pricing.black import erfcx_gap
from pricing.mills import HIGHEST, horner, mills_ratio
from pricing.status import Implied, Status

__all__ = ["RESOLVED", "implied_stdev", "implied_vol"]

RESOLVED = 64 * 2.0**-52
"""Least time value, as a share of an in-the-money price, that is told from rounding. [1]

A price is right to half a unit in its last place: at 64 units the time value has two digits left.
The same share of the maximum is the least distance to it.
"""

LEAST = 2.0**-1000  # of the smaller of forward and strike: below, numbers lose digits before they are zero

GUESS_NUMERATOR = (
    (1.5702068, 0.12416965, -0.00028316641),
    (0.043469374, 0.0089749958, 0.00014493304),
    (0.045912747, -4.9205991e-05),
    (0.0057240935,),
)
GUESS_DENOMINATOR = (
    (1.0, -0.048672916, -0.020277933),
    (0.018898389, 0.003225357, 0.0028425021),
    (0.2057518, 0.020219686),
    (-0.0036274644,),
    (0.011294221,),
)
"""Guess of stdev^2/y^2: a row a power of l = ln(1 + k/beta), a column a power of y^2, y = 2 beta + k.

Fitted by tests/reference/implied_guess.py: right to 5e-4 of stdev for stdev <= 2, h <= 10 and k <= 4.
"""

BLOCK = 16384  # options worked on at once: the columns of a block stay in the second-level cache
TRUSTED = 8e-4  # largest Newton step after which the fourth-order step is right to 5e-14 (0.13 TRUSTED^4)
QUICK_STDEV = (4e-3, 2.0)  # below, M(h - t) - M(h + t) rounds to 2e-13 of it; above, the guess is not fitted
STEPS = 8  # three are enough for every price tried, from 1e-299 to the maximum; the rest is margin

Singles: TypeAlias = NDArray[np.float32]

_SQRT_2 = math.sqrt(2.0)
_SQRT_2PI = math.sqrt(2.0 * math.pi)
_SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)


def implied_vol(
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    is_call: ArrayLike,
    *,
    discount: ArrayLike = 1.0,
) -> Implied:
    """Volatility at which the Black (1976) price of a European option is `price`.

    Parameters
    ----------
    price, forward, strike : array, broadcastable
        `price` is the price today. [$]
    years : array, broadcastable
        Time to expiry, actual/365. [year]
    is_call : bool array, broadcastable
        False is a put.
    discount : array, broadcastable, optional
        Price today of 1 $ paid at expiry, exp(-r T). [1]

    Returns
    -------
    Implied
        `vol` and `status` of the broadcast shape: 0-d arrays where every input is a scalar. `vol` is NaN
        wherever `status` is not `Status.OK`; no market condition raises.

    Raises
    ------
    ValueError
        If the shapes do not broadcast, or an input is not a number at all.
    """
    years, discount = np.asarray(years, np.float64), np.asarray(discount, np.float64)
    with np.errstate(all="ignore"):
        undiscounted = np.asarray(price, np.float64) / discount
        shape, (undiscounted, forward, strike, when), is_call = _columns(
            undiscounted, forward, strike, years, is_call=is_call
        )
        vol, status = _solve(undiscounted, forward, strike, is_call)
        vol /= np.sqrt(when)
    vol, status = vol.reshape(shape), status.reshape(shape)
    if not (_positive(years).all() and _positive(discount).all()):
        _refuse(vol, status, np.broadcast_to(years, shape), np.broadcast_to(discount, shape))
    return Implied(vol, status)


def implied_stdev(price: ArrayLike, forward: ArrayLike, strike: ArrayLike, is_call: ArrayLike) -> tuple[Floats, Codes]:
    """Total volatility at which the *undiscounted* Black price is `price`, and a status for each.

    Parameters
    ----------
    price, forward, strike : array, broadcastable
        [$]
    is_call : bool array, broadcastable
        False is a put.

    Returns
    -------
    stdev : array
        sigma * sqrt(T), NaN where the status is not `Status.OK`. [1]
    status : int8 array
        Members of `Status`; never `Status.EXPIRED`.
    """
    shape, (price, forward, strike), is_call = _columns(price, forward, strike, is_call=is_call)
    with np.errstate(all="ignore"):
        stdev, status = _solve(price, forward, strike, is_call)
    return stdev.reshape(shape), status.reshape(shape)


def _columns(*numbers: ArrayLike, is_call: ArrayLike) -> tuple[tuple[int, ...], list[Floats], Bools]:
    """Broadcast shape, and every argument as one flat column of it."""
    arrays = [np.asarray(number, np.float64) for number in numbers]
    calls = np.asarray(is_call, np.bool_)
    shape = calls.shape
    if any(array.shape != shape for array in arrays):
        shape = np.broadcast_shapes(shape, *(array.shape for array in arrays))
        arrays = [array if array.shape == shape else np.broadcast_to(array, shape) for array in arrays]
        calls = np.broadcast_to(calls, shape)
    return shape, [array.reshape(-1) for array in arrays], calls.reshape(-1)


def _positive(numbers: Floats) -> Bools:
    return (numbers > 0.0) & (numbers < np.inf)


def _refuse(vol: Floats, status: Codes, years: Floats, discount: Floats) -> None:
    """Take the volatility from options without time or without a discount factor, and say why."""
    sound = (status != Status.NOT_A_NUMBER) & (status != Status.BAD_INPUT)
    status[sound & (years <= 0.0)] = Status.EXPIRED
    status[discount <= 0.0] = Status.BAD_INPUT
    status[~(np.isfinite(years) & np.isfinite(discount))] = Status.NOT_A_NUMBER
    vol[status != Status.OK] = np.nan


def _solve(price: Floats, forward: Floats, strike: Floats, is_call: Bools) -> tuple[Floats, Codes]:
    """`implied_stdev` of flat columns, block by block: the quick way, then the careful one for all it left."""
    n = price.size
    stdev, trusted = np.empty(n), np.empty(n, np.bool_)
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        stdev[block], trusted[block] = _quick(price[block], forward[block], strike[block], is_call[block])
    status = np.zeros(n, np.int8)
    rest = np.flatnonzero(~trusted)
    for start in range(0, rest.size, BLOCK):
        part = rest[start : start + BLOCK]
        stdev[part], status[part] = _careful(price[part], forward[part], strike[part], is_call[part])
    return stdev, status


def _quick(price: Floats, forward: Floats, strike: Floats, is_call: Bools) -> tuple[Floats, Bools]:
    """Guess, take one step, and tell where it is proven to be enough. NaN and infinities prove nothing.

    The price in units of min(F, K) is n(h - t) [M(h - t) - M(h + t)] with the Mills ratio M, and its
    derivative n(h - t): what a step divides by, the elasticity, is stdev over the bracket.
    """
    low = np.minimum(forward, strike)
    distance = np.abs(forward - strike)
    time_value = price - distance * ((forward > strike) == is_call)
    k = np.log1p(distance / low)
    stdev = _guess(k.astype(np.float32), (time_value / np.sqrt(forward * strike)).astype(np.float32))
    h, t = k / stdev, 0.5 * stdev
    ends = np.empty((2, stdev.size))
    near, far = np.subtract(h, t, out=ends[0]), np.add(h, t, out=ends[1])
    trusted = (stdev > QUICK_STDEV[0]) & (stdev < QUICK_STDEV[1]) & (far < HIGHEST)
    trusted &= time_value > RESOLVED * price
    bracket = np.subtract(*mills_ratio(ends))
    elasticity = stdev / bracket
    bracket *= low
    time_value /= bracket
    time_value *= _SQRT_2PI
    near *= near
    near *= 0.5
    newton = np.log(time_value, out=time_value)
    newton += near
    newton /= elasticity
    trusted &= np.abs(newton) < TRUSTED
    newton *= _fourth_order(newton, elasticity, h * h, t * t)
    newton *= stdev
    stdev += newton
    return stdev, trusted


def _guess(k: Singles, beta: Singles) -> Floats:
    """First guess of stdev from the time value beta in units of sqrt(F K), in single precision."""
    length = np.log1p(k / beta)
    straddle = 2.0 * beta + k
    square = straddle * straddle
    ratio = _polynomial(GUESS_NUMERATOR, length, square)
    ratio /= _polynomial(GUESS_DENOMINATOR, length, square)
    return np.asarray(straddle * np.sqrt(ratio), np.float64)


def _polynomial(rows: tuple[tuple[float, ...], ...], x: Singles, y: Singles) -> Singles:
    """Sum of ``rows[i][j] x^i y^j`` by Horner's rule; the last row has one number."""
    total = x * rows[-1][0]
    for row in rows[-2:0:-1]:
        total += row[0] if len(row) == 1 else horner(row, y)
        total *= x
    total += horner(rows[0], y)
    return total


def _fourth_order(newton: Floats, elasticity: Floats, hh: Floats, tt: Floats) -> Floats:
    """Factor by which Householder's fourth-order step exceeds Newton's.

    For f = ln(price) - ln(target), derivatives by stdev in units of stdev: f'' = f' (w - q) and
    f''' = f' [(w - q)(w - 2 q) - (3 h^2 + t^2)] with w = h^2 - t^2 and the elasticity q = f'. They hold
    as well for the log of the distance to the maximum, where q is negative.
    """
    second = hh - tt
    second -= elasticity
    third = second - elasticity
    third *= second
    third -= 3.0 * hh
    third -= tt
    third *= newton
    third *= 1.0 / 6.0
    third += second
    third *= newton
    third += 1.0
    second *= newton
    second *= 0.5
    second += 1.0
    second /= third
    return second


def _careful(price: Floats, forward: Floats, strike: Floats, is_call: Bools) -> tuple[Floats, Codes]:
    """Tell the status of options of any kind, and solve those that have a volatility."""
    low, high = np.minimum(forward, strike), np.maximum(forward, strike)
    in_the_money = (forward > strike) == is_call
    time_value = price - np.where(in_the_money, high - low, 0.0)
    shortfall = np.where(is_call, forward, strike) - price  # of what infinite volatility would give
    rounding = RESOLVED * np.abs(price)
    status = np.full(price.size, Status.OK, np.int8)
    status[time_value <= np.where(in_the_money, rounding, LEAST * low)] = Status.AT_INTRINSIC
    status[time_value < np.where(in_the_money, -rounding, 0.0)] = Status.BELOW_INTRINSIC
    status[shortfall <= rounding] = Status.ABOVE_MAXIMUM
    status[low <= 0.0] = Status.BAD_INPUT
    status[~np.isfinite(price + forward + strike)] = Status.NOT_A_NUMBER
    stdev = np.full(price.size, np.nan)
    solvable = np.flatnonzero(status == Status.OK)
    if solvable.size:
        root = _iterate(low[solvable], high[solvable], time_value[solvable], shortfall[solvable])
        stdev[solvable] = root
        status[solvable[np.isnan(root)]] = Status.NO_CONVERGENCE
    return stdev, status


def _iterate(low: Floats, high: Floats, time_value: Floats, shortfall: Floats) -> Floats:
    """Iterate from the lower bound; NaN where `STEPS` steps do not end."""
    k = np.log1p((high - low) / low)
    upper = shortfall < time_value
    target = np.where(upper, shortfall, time_value) / low
    at_the_money = _SQRT_2PI * np.exp(-0.5 * k) * (time_value / low)  # bounds too, and keeps its digits there
    stdev = np.fmax(_lower_bound(low, high, time_value, shortfall, k), at_the_money)
    root = np.full(stdev.size, np.nan)
    going = np.arange(stdev.size)
    for _ in range(STEPS):
        newton, factor = _step(stdev, k, target, upper)
        stdev = stdev + stdev * newton * factor
        done = np.abs(newton) < TRUSTED / 4.0
        root[going[done]] = stdev[done]
        left = ~done
        if not left.any():
            break
        going, upper = going[left], upper[left]
        stdev, k, target = stdev[left], k[left], target[left]
    return root


def _lower_bound(low: Floats, high: Floats, time_value: Floats, shortfall: Floats, k: Floats) -> Floats:
    """Bound on stdev from below by one on N(d1): Choi, Huh & Su (2025), corollary 5.2.

    With c the price over its maximum, N(d1) >= c (c + e^k)/(2 c + e^k - 1); one less that, which keeps its
    digits near the maximum, is (1 - c)(c + e^k - 1)/(2 c + e^k - 1).
    """
    straddle = 2.0 * time_value + (high - low)
    n_d1 = time_value / low * ((time_value + high) / straddle)
    rest = shortfall / low * ((time_value + (high - low)) / straddle)
    d1 = np.where(n_d1 < rest, ndtri(n_d1), -ndtri(rest))
    root = np.sqrt(d1 * d1 + 2.0 * k)
    bound: Floats = np.where(d1 > 0.0, d1 + root, 2.0 * k / (root - d1))
    return bound


def _step(stdev: Floats, k: Floats, target: Floats, upper: Bools) -> tuple[Floats, Floats]:
    """Newton's relative step on the log of the price, or of its distance to the maximum, and its factor."""
    x, tau = k / (stdev * _SQRT_2), stdev / (2.0 * _SQRT_2)
    hh, tt = 2.0 * x * x, 2.0 * tau * tau
    value = erfcx_gap(x, tau)
    value[upper] = erfcx(tau[upper] - x[upper]) + erfcx(tau[upper] + x[upper])
    elasticity = np.where(upper, -_SQRT_2_OVER_PI, _SQRT_2_OVER_PI) * stdev / value
    newton = (np.log(2.0 * target / value) + np.square(tau - x)) / elasticity
    return newton, _fourth_order(newton, elasticity, hh, tt)
