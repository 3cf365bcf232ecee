"""Fair prices of listed contracts: Black on the true forward, plus what early exercise is worth.

The price of an American contract is *defined* as European price + early-exercise premium, both at the smile's
volatility for its strike. The premium is computed on the spot that carries to the true forward over the clock's
time, S' = F e^{-rT} + PV(D). Days of settlement make S' a few cents more than spot; so that exercising is never
worth more than holding, a contract is worth at least what exercise pays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.simulation.surface import Smile, black
from pricing.american import Dividends, early_exercise_premium
from pricing.arrays import Bools, Floats, Ints
from pricing.pchip import pchip

__all__ = ["Board", "Terms", "fair_prices"]

MEASURED, NEAR = 62 / 365, 2.5  # [year], standard deviations: within both every premium is computed
EVERY = 28  # an expiry of no more strikes has all its premiums computed
NODES = np.sinh(np.linspace(-2.2, 2.2, EVERY))  # elsewhere those nearest so many standard deviations; between, PCHIP


@dataclass(frozen=True, slots=True)
class Terms:
    """The expiries of a chain as columns, arrays of shape (expiries,).

    Attributes
    ----------
    years, forward, rate, theta : float array
        As in `Term`.
    paid : float array
        Today's worth of the dividends before each. [$]
    """

    years: Floats
    forward: Floats
    rate: Floats
    theta: Floats
    paid: Floats

    @property
    def discount(self) -> Floats:
        """Value today of a dollar at each end. [1]"""
        value: Floats = np.exp(-self.rate * self.years)
        return value


@dataclass(frozen=True, slots=True)
class Board:
    """The contracts of a chain, arrays of shape (n,), and what they are worth.

    Attributes
    ----------
    expiry : int array
        Index into the expiries.
    is_call : bool array
    strike : float array
        [$]
    vol : float array
        True European volatility. [1/sqrt(year)]
    fair : float array
        [$]
    """

    expiry: Ints
    is_call: Bools
    strike: Floats
    vol: Floats
    fair: Floats


def fair_prices(
    ladders: list[Floats], terms: Terms, smile: Smile, spot: float, dividends: Dividends | None, *, american: bool
) -> Board:
    """Price a call and a put at every strike of every expiry.

    Parameters
    ----------
    ladders : list of array
        Strikes of each expiry, rising. [$]
    terms : Terms
    smile : Smile
    spot : float
        [$]
    dividends : Dividends or None
        By years from now.
    american : bool

    Returns
    -------
    Board
        By expiry and strike, the call before the put. An expiry that has ended is worth its exercise.
    """
    sizes = [ladder.size for ladder in ladders]
    expiry = np.repeat(np.arange(len(ladders)), sizes)
    strike = np.concatenate(ladders)
    forward, alive = terms.forward[expiry], terms.years[expiry] > 0
    theta = np.where(alive, terms.theta[expiry], np.nan)
    variance = smile.total_variance(np.log(strike / forward), theta)
    vol = np.sqrt(variance / np.where(alive, terms.years[expiry], np.nan))
    sides = np.array([True, False])
    value = terms.discount[expiry, None] * black(forward[:, None], strike[:, None], variance[:, None], sides)
    exercise = np.maximum(np.where(sides, 1.0, -1.0) * (spot - strike[:, None]), 0.0)
    if american:
        value += _premiums(ladders, sizes, vol, terms, dividends)
        value = np.maximum(value, exercise)
    value = np.where(alive[:, None], value, exercise)
    twice = np.repeat(np.arange(strike.size), 2)
    return Board(expiry[twice], np.tile(sides, strike.size), strike[twice], vol[twice], value.ravel())


def _premiums(
    ladders: list[Floats], sizes: list[int], vol: Floats, terms: Terms, dividends: Dividends | None
) -> Floats:
    """Early-exercise premium of call and put at every strike, shape (strikes, 2). [$]"""
    starts = np.concatenate([[0], np.cumsum(sizes)])
    picks = [_picks(*each) for each in zip(ladders, terms.forward, terms.theta, terms.years, strict=True)]
    rows = np.concatenate([start + pick for start, pick in zip(starts, picks, strict=False)])
    strike = np.concatenate(ladders)
    expiry = np.repeat(np.arange(len(ladders)), [pick.size for pick in picks])
    carried = terms.forward * terms.discount + terms.paid
    at_nodes = early_exercise_premium(
        carried[expiry, None],
        strike[rows, None],
        np.maximum(terms.years, 0.0)[expiry, None],
        vol[rows, None],
        np.array([True, False]),
        rate=terms.rate[expiry, None],
        dividends=dividends,
    )
    at_nodes = np.nan_to_num(at_nodes)  # expiries that have ended
    widest, most = max(sizes), max(pick.size for pick in picks)
    x = np.full((len(ladders), 1, most), np.inf)
    y = np.zeros((len(ladders), 2, most))
    at = np.ones((len(ladders), 1, widest))
    row = 0
    for i, (ladder, pick) in enumerate(zip(ladders, picks, strict=True)):
        x[i, 0, : pick.size], at[i, 0, : ladder.size] = ladder[pick], ladder
        y[i, :, : pick.size] = at_nodes[row : row + pick.size].T
        row += pick.size
    dense = pchip(np.broadcast_to(x, y.shape), y, np.broadcast_to(at, (len(ladders), 2, widest)))
    return np.concatenate([dense[i, :, :size].T for i, size in enumerate(sizes)])


def _picks(ladder: Floats, forward: float, theta: float, years: float) -> Ints:
    """Choose the strikes of an expiry at which its premiums are computed."""
    if ladder.size <= EVERY:
        return np.arange(ladder.size)
    stdev = np.sqrt(max(theta, 0.0))
    near = NEAR * stdev if years <= MEASURED else 0.0
    first, last = np.searchsorted(ladder, forward * np.exp([-near, near]))
    spread = np.minimum(np.searchsorted(ladder, forward * np.exp(NODES * stdev)), ladder.size - 1)
    return np.unique(np.concatenate([[0], spread, np.arange(first, last), [ladder.size - 1]]))
