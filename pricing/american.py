"""American options: prices, early-exercise premiums and implied volatilities.

A price is the European one plus the premium of exercising early (`pricing.early`). Calls and puts, scalars and
arrays, a yield and cash dividends, rates of either sign.
"""

from __future__ import annotations

import math

import numpy as np

from pricing.arrays import ArrayLike, Bools, Codes, Floats
from pricing.boundary import Scheme
from pricing.cash import Dividends
from pricing.early import Early, never_early, unsupported
from pricing.implied import implied_stdev
from pricing.options import Options, options
from pricing.premium import for_so_many
from pricing.status import Implied, Status

__all__ = ["Dividends", "american_implied_vol", "american_price", "early_exercise_premium"]

PART = 32768  # options in work at once: the memory of a million stays that of one part

RESOLVED = 64 * 2.0**-52
"""Least share of a price that is told from rounding. [1]"""

TIME_VALUE, TIME_VALUE_WITH_CASH = 4e-6, 1e-5
"""Least share of the strike by which a price must exceed what exercise brings to have a volatility: below it the
error of the premium decides. [1]"""

CURVED = 2e-6
"""Product of the last two steps, over vol, under which a secant has converged: it leaves at most a tenth of that."""

WIDEST = 6.0  # total volatility tried where the European price alone cannot explain a price
SECANTS = 4  # steps at most on the boundaries solved at the first volatility
ABOVE = 1.01  # times the first volatility, the highest that is tried: the first has the errors of shared boundaries
CLOSE = 1e-6  # relative step of a secant after which the next would be of rounding
STEPS = 60  # evaluations at most; bisection alone would need 30
NARROW = 1e-9  # relative width of a bracket that is a volatility


def american_price(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
    dividends: Dividends | None = None,
) -> Floats:
    """Price of an American option. [$]

    Parameters
    ----------
    spot, strike : array, broadcastable
        [$]
    years : array, broadcastable
        Time to expiry, actual/365. [year]
    vol : array, broadcastable
        [1/sqrt(year)]
    is_call : bool array, broadcastable
        False is a put.
    rate, dividend_yield : array, broadcastable
        Continuously compounded, of either sign. [1/year]
    dividends : Dividends, optional
        Cash amounts; its leading axes broadcast with the options. It also says what `vol` is the volatility of.

    Returns
    -------
    array
        Of the broadcast shape. What exercise brings where `years` is 0, the best of a certain path where `vol`
        is 0. NaN where either is negative, a spot (or what dividends leave of it) or strike is not positive, any
        input is NaN, or the exercise region has two boundaries (a put with q < r < 0, a call with r < q < 0).

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Notes
    -----
    Without cash dividends it is right to 1e-5 of the strike, and to 1e-6 for 99 listed options in 100 (against
    QuantLib's highest precision). With them it is right to 0.001 vol points at the 95th percentile, in either of
    the two models of `Dividends`; a yield of its own beside the cash is then an approximation for calls, which
    are worth the better of exercising for the yield and for the dividends.

    References
    ----------
    .. [1] L. Andersen, M. Lake and D. Offengenden, "High-performance American option pricing," J. Comput.
       Finance, vol. 20, no. 1, pp. 39-87, 2016.
    """
    book, at, shape = options(spot, strike, years, is_call, rate, dividend_yield, dividends, vol)
    value = np.empty(at.size)
    with np.errstate(all="ignore"):
        for rows, part in book.parts(PART):
            value[rows] = _price(part, at[rows])
    return value.reshape(shape)


def early_exercise_premium(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
    dividends: Dividends | None = None,
) -> Floats:
    """Value the right to exercise early: American less European price. [$]

    Arguments, NaN and errors as in `american_price`.
    """
    book, at, shape = options(spot, strike, years, is_call, rate, dividend_yield, dividends, vol)
    premium = np.empty(at.size)
    with np.errstate(all="ignore"):
        for rows, part in book.parts(PART):
            premium[rows] = _premium(part, at[rows])
    return premium.reshape(shape)


def american_implied_vol(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
    dividends: Dividends | None = None,
) -> Implied:
    """Volatility at which the price of an American option is `price`.

    Parameters
    ----------
    price, spot, strike : array, broadcastable
        [$]
    years, is_call, rate, dividend_yield, dividends
        As in `american_price`.

    Returns
    -------
    Implied
        `vol` and `status` of the broadcast shape. `vol` is NaN wherever `status` is not `Status.OK`; no market
        condition raises. A price at its exercise value is `AT_INTRINSIC` (every volatility up to some level
        gives it), one under it `BELOW_INTRINSIC`.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Notes
    -----
    Black's inverse of the price, then of the price less the premium at that volatility, then one step of Newton
    with the secant slope of the premium: out of the money that leaves 1e-8. What has not settled by then (mostly
    deep in the money, where the premium is most of the time value) is bracketed and solved to the end.
    """
    book, paid, shape = options(spot, strike, years, is_call, rate, dividend_yield, dividends, price)
    vol, status = np.full(paid.size, np.nan), np.empty(paid.size, np.int8)
    with np.errstate(all="ignore"):
        for rows, part in book.parts(PART):
            status[rows] = _refused(part, paid[rows])
            some = np.flatnonzero(status[rows] == Status.OK)
            if some.size:
                at = some + rows.start
                vol[at], status[at] = _solve(part if some.size == paid[rows].size else part[some], paid[at])
    return Implied(vol.reshape(shape), status.reshape(shape))


def _price(book: Options, vol: Floats, *, alone: Scheme | None = None) -> Floats:
    """Price; `alone` solves every boundary by itself, so that each price depends on its own volatility only."""
    value = book.european(book.variance(vol)[1]) + Early(book, vol, alone=alone)(vol)
    floor = book.floor()
    value = np.maximum(value, floor)  # NaN stays
    still = _still(book, vol)
    if still.any():
        value[still] = floor[still]
    return value


def _premium(book: Options, vol: Floats) -> Floats:
    premium = Early(book, vol)(vol)
    floor = book.floor()
    rows = np.flatnonzero(floor > 0.0)  # out of the money the premium is never all of the price
    inside = book[rows]
    european = inside.european(inside.variance(vol[rows])[1])
    premium[rows] = np.maximum(premium[rows], floor[rows] - european)
    still = _still(book, vol)
    if still.any():
        premium[still] = (floor - book.european(np.zeros_like(vol)))[still]
    return premium


def _still(book: Options, vol: Floats) -> Bools:
    """Tell where nothing can happen any more: no volatility or no time."""
    still: Bools = ((vol == 0.0) & (book.years >= 0.0)) | ((book.years == 0.0) & (vol >= 0.0))
    if still.any():
        still &= np.isfinite(book.escrow + book.strike + book.rate + book.dividend_yield)
        still &= (book.escrow > 0.0) & (book.strike > 0.0) & ~unsupported(book)
    return still


def _refused(book: Options, price: Floats) -> Codes:
    """Why a price has no volatility, before any is looked for."""
    numbers = price + book.spot + book.strike + book.years + book.rate + book.dividend_yield
    floor = book.floor()
    rounding = RESOLVED * np.abs(price)
    noise = np.full(price.shape, TIME_VALUE)
    noise[book.paying] = TIME_VALUE_WITH_CASH
    noise[(floor == 0.0) | never_early(book)] = 0.0
    most = np.where(book.is_call, book.spot, book.strike)
    growth = -np.where(book.is_call, book.dividend_yield, book.rate) * book.years
    conditions = {
        Status.NOT_A_NUMBER: ~np.isfinite(numbers),
        Status.BAD_INPUT: ~((book.escrow > 0.0) & (book.strike > 0.0)),
        Status.EXPIRED: ~(book.years > 0.0),
        Status.UNSUPPORTED: unsupported(book),
        Status.ABOVE_MAXIMUM: price >= most * np.exp(np.maximum(growth, 0.0)),
        Status.BELOW_INTRINSIC: price < floor - rounding,
        Status.AT_INTRINSIC: price <= floor + np.maximum(noise * book.strike, np.where(floor > 0.0, rounding, 0.0)),
    }
    reasons = [np.int8(reason) for reason in conditions]
    codes: Codes = np.select(list(conditions.values()), reasons, np.int8(Status.OK))
    return codes


def _solve(book: Options, price: Floats) -> tuple[Floats, Codes]:
    """Volatility of each price; NaN with `NO_CONVERGENCE` where it ended without one."""
    forward, discount = book.forward, book.discount

    def black_vol(european: Floats) -> Floats:
        return book.vol(implied_stdev(european / discount, forward, book.strike, book.is_call)[0])

    first = black_vol(price)  # too high: it takes the premium for time value
    early = Early(book, first)
    premium = early(first)
    second = black_vol(price - premium)
    excess = early(second) - premium  # of the American price at `second` over `price`
    slope = _vega(book, second) + np.where(excess == 0.0, 0.0, excess / (second - first))
    vol, guess, slope = _follow(book, price, early, first, second, excess, slope)
    status = np.zeros(vol.shape, np.int8)
    rows = np.flatnonzero(~np.isfinite(vol))
    if rows.size:
        vol[rows], status[rows] = _finish(book[rows], price[rows], first[rows], guess[rows], slope[rows])
    return vol, status


def _follow(
    book: Options, price: Floats, early: Early, first: Floats, vol: Floats, excess: Floats, slope: Floats
) -> tuple[Floats, Floats, Floats]:
    """Secants on the boundaries solved at `first`.

    Returns
    -------
    vol, guess, slope : array, shape (n,)
        `vol` is NaN where they lead too far from `first`; then `guess` is where to, and `slope` that of the price.
    """
    out, guess, slopes = np.full(vol.shape, np.nan), vol.copy(), slope.copy()
    rows, before = np.arange(vol.size), first
    for _ in range(SECANTS):
        step = np.where(excess == 0.0, 0.0, -excess / slope)
        then = vol + step
        guess[rows], slopes[rows] = then, slope
        near = (np.abs(then - first) <= early.reach * then) & (then > 0.0)
        done = near & (np.abs(step * (vol - before)) <= CURVED * then)
        out[rows[done]] = then[done]
        left = np.flatnonzero(near & ~done)
        if not left.size:
            break
        rows, book, price, early, first = rows[left], book[left], price[left], early[left], first[left]
        before, vol, excess_before = vol[left], then[left], excess[left]
        excess = book.european(book.variance(vol)[1]) + early(vol) - price
        slope = (excess - excess_before) / (vol - before)
    return out, guess, slopes


def _vega(book: Options, vol: Floats) -> Floats:
    """Change of the European price with `vol`. [$ sqrt(year)]"""
    stdev = np.sqrt(book.variance(vol)[1])
    d1 = np.log(book.forward / book.strike) / stdev + 0.5 * stdev
    density = np.exp(-0.5 * np.square(d1)) / math.sqrt(2.0 * math.pi)
    vega: Floats = book.discount * book.forward * density * stdev / vol
    return vega


def _finish(book: Options, price: Floats, high: Floats, vol: Floats, slope: Floats) -> tuple[Floats, Codes]:
    """Volatility between 0 and `high` by Dekker's method: secants kept in a bracket, which is halved when one leaves.

    Every boundary is solved anew at every step. `high` is NaN where no European price is so large; `vol` is where
    to look first and `slope` that of the price there, NaN where they are not known.
    """
    out, alone = np.full(vol.shape, np.nan), for_so_many(vol.size)
    unknown = np.flatnonzero(~np.isfinite(high))
    high = np.where(np.isfinite(high), ABOVE * high, WIDEST / np.sqrt(book.years))
    reached = np.ones(vol.size, np.bool_)
    if unknown.size:
        reached[unknown] = _price(book[unknown], high[unknown], alone=alone) >= price[unknown]
    rows = np.flatnonzero(reached)
    book, price, high, vol, slope = book[rows], price[rows], high[rows], vol[rows], slope[rows]
    low = np.zeros(rows.size)
    vol = np.where((vol > low) & (vol < high), vol, 0.5 * high)
    before, excess_before = np.full((2, vol.size), np.nan)
    for _ in range(STEPS):
        excess = _price(book, vol, alone=alone) - price
        secant = (excess - excess_before) / (vol - before)
        slope = np.where(np.isfinite(secant), secant, slope)
        low, high = np.where(excess < 0.0, vol, low), np.where(excess < 0.0, high, vol)
        step = -excess / slope
        inside = (vol + step > low) & (vol + step < high)
        step = np.where(inside, step, 0.5 * (low + high) - vol)
        close = (excess == 0.0) | (inside & (np.abs(step) < CLOSE * vol))
        narrow = high - low < NARROW * high
        hit = close | (narrow & (np.abs(excess) <= TIME_VALUE_WITH_CASH * book.strike))
        out[rows[hit]] = np.where(excess == 0.0, vol, vol + step)[hit]
        left = np.flatnonzero(~(close | narrow) & np.isfinite(excess))
        if not left.size:
            break
        rows, book, price, low, high = rows[left], book[left], price[left], low[left], high[left]
        before, excess_before, vol, slope = vol[left], excess[left], (vol + step)[left], slope[left]
    status: Codes = np.where(np.isfinite(out), np.int8(Status.OK), np.int8(Status.NO_CONVERGENCE))
    return out, status
