"""The forward of each expiry from put-call parity at the strikes nearest it, with a standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Bools, Floats, Ints

__all__ = ["Forwards", "Pairs", "nearest_pairs", "parity"]

MILLS = 1000  # listed strikes are whole mills (OCC symbols carry them so)
KEY_STRIDE = 10**10  # over any strike in mills: one integer names expiry and strike
HUBER = 1.5  # robust standard deviations from which an outlier's pull stops growing
MAD_TO_SD = 1.4826  # of a normal distribution
REWEIGHTINGS = 3
LUCK = 0.1  # of the spread: pairs that agree better than this do so by chance
UNIFORM = 3.0**0.5  # a half-spread over the standard deviation of an error anywhere inside it
ENOUGH_TO_SCATTER = 3


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of the put and the call at the strikes nearest the forward, nearest first.

    Attributes
    ----------
    put, call : int array, shape (expiries, m)
        Row numbers; -1 where an expiry has fewer pairs.
    """

    put: Ints
    call: Ints

    @property
    def exists(self) -> Bools:
        """True where there is a pair, shape (expiries, m)."""
        return np.greater_equal(self.put, 0)


@dataclass(frozen=True, slots=True)
class Forwards:
    """Parity forwards.

    Attributes
    ----------
    forward, se : float array, shape (expiries,)
        Location and its standard error; NaN where no pair is quoted. [$]
    pairs : int array, shape (expiries,)
        Strikes behind each.
    residual : float array, shape (expiries, m)
        Each strike's own forward less the location; NaN where there is no pair. [$]
    """

    forward: Floats
    se: Floats
    pairs: Ints
    residual: Floats


def nearest_pairs(
    expiry: Ints, is_call: Bools, strike: Floats, mid: Floats, usable: Bools, *, expiries: int, count: int
) -> Pairs:
    """Find the strikes of each expiry where call and put are nearest in price.

    Parameters
    ----------
    expiry, is_call, strike, mid, usable : array, shape (n,)
        Rows of a chain in its order; `usable` rows are two-sided quotes without a fault.
    expiries : int
        How many expiries the chain has.
    count : int
        Strikes to take of each.

    Returns
    -------
    Pairs
        The `count` strikes with the smallest difference of mids.
    """
    key = expiry * KEY_STRIDE + np.rint(strike * MILLS).astype(np.int64)
    puts, calls = np.flatnonzero(usable & ~is_call), np.flatnonzero(usable & is_call)
    _, at_put, at_call = np.intersect1d(key[puts], key[calls], assume_unique=True, return_indices=True)
    puts, calls = puts[at_put], calls[at_call]
    order = np.lexsort((np.abs(mid[calls] - mid[puts]), expiry[puts]))
    puts, calls = puts[order], calls[order]
    rank = np.arange(puts.size) - np.searchsorted(expiry[puts], expiry[puts])
    near = rank < count
    table = np.full((2, expiries, count), -1, np.int64)
    table[:, expiry[puts[near]], rank[near]] = puts[near], calls[near]
    return Pairs(table[0], table[1])


def parity(pairs: Pairs, strike: Floats, european: Floats, half_spread: Floats, growth: Floats) -> Forwards:
    """Locate each expiry's forward: F = K + e^{rT} (C - P), robustly over its pairs.

    Parameters
    ----------
    pairs : Pairs
    strike, european, half_spread : array, shape (n,)
        Of the rows that `pairs` points into: strike, mid less any early-exercise premium, half the spread. [$]
    growth : array, shape (expiries,)
        e^{rT}, what a dollar paid today is worth at the expiry. [1]

    Returns
    -------
    Forwards
        Huber's location (P. J. Huber, "Robust estimation of a location parameter," Ann. Math. Statist., vol. 35,
        1964) by reweighting from the median, each pair weighted by the inverse square of its spread. The
        standard error rests on the scatter of the pairs; on the spreads where fewer than three make no scatter.
    """
    strike, european, half_spread = (np.append(column, np.nan) for column in (strike, european, half_spread))  # row -1
    gap, spread = european[pairs.call] - european[pairs.put], half_spread[pairs.call] + half_spread[pairs.put]
    each = strike[pairs.put] + growth[:, None] * gap
    there = (each > 0) & (spread > 0)  # a forward that is not positive is none
    each = np.where(there, each, np.nan)
    error = np.where(there, growth[:, None] * spread, np.nan)
    number = there.sum(axis=1)
    enough = number >= ENOUGH_TO_SCATTER
    typical = _median(error)
    forward = _median(each)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(REWEIGHTINGS):
            residual = each - forward[:, None]
            distance = np.abs(residual)
            scale = np.maximum(MAD_TO_SD * _median(distance), LUCK * typical)
            pull = np.minimum(1.0, HUBER * scale[:, None] / distance) / error**2
            total = np.nansum(pull, axis=1)
            forward = np.nansum(pull * each, axis=1) / total
        scale = np.where(enough, scale, typical / UNIFORM)
        se = scale * np.sqrt(np.nansum(pull**2, axis=1)) / total
    return Forwards(forward, se, number, each - forward[:, None])


def _median(table: Floats) -> Floats:
    """Median of each row's numbers; NaN for a row of none."""
    ordered = np.sort(table, axis=1)  # NaN last
    number = np.isfinite(table).sum(axis=1)
    rows = np.arange(number.size)
    low, high = (
        ordered[rows, np.maximum(number - 1, 0) // 2],
        ordered[rows, np.minimum(number // 2, table.shape[1] - 1)],
    )
    middle: Floats = (low + high) / 2
    return middle
