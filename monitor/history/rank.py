"""Where a value lies among others: percentile, robust z, range rank. Rows of pasts at once; NaN is no point."""

from __future__ import annotations

import numpy as np

from pricing.arrays import Floats, Ints

__all__ = ["NORMAL", "count", "median", "percentile", "range_rank", "robust_z"]

NORMAL = 1.4826  # of a normal law's MAD to its standard deviation: 1 / N^-1(3/4)


def count(past: Floats) -> Ints:
    """Points in each row, shape (...)."""
    number: Ints = np.isfinite(past).sum(axis=-1)
    return number


def percentile(past: Floats, value: Floats) -> Floats:
    """Share of a past that lies under a value, ties counted half. [%]

    Parameters
    ----------
    past : array, shape (..., n)
        NaN is no point. The value itself is not among them.
    value : array, shape (...)

    Returns
    -------
    array, shape (...)
        100 (#{x_i < x} + #{x_i = x} / 2) / N, the mid-rank; NaN where the value or the whole past is.
    """
    x = np.asarray(value)[..., None]
    under = (past < x).sum(axis=-1) + (past == x).sum(axis=-1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Floats = 100 * under / count(past)
    return np.where(np.isfinite(value), share, np.nan)


def median(past: Floats) -> Floats:
    """Median of each row's points, shape (...); NaN for a row without any."""
    if not past.shape[-1]:
        return np.full(past.shape[:-1], np.nan)
    rising, n = np.sort(past, axis=-1), count(past)  # NaN sorts last
    low, high = np.maximum(n - 1, 0) // 2, n // 2
    high = np.minimum(high, past.shape[-1] - 1)
    middle = [np.take_along_axis(rising, at[..., None], axis=-1)[..., 0] for at in (low, high)]
    return np.where(n > 0, (middle[0] + middle[1]) / 2, np.nan)


def robust_z(past: Floats, value: Floats) -> Floats:
    """Distance from the median in robust standard deviations, shape (...).

    (x - median) / (1.4826 MAD), MAD the median absolute deviation from the median. Where more than half of the
    past is one number the MAD is 0 and there is no scale: the z of that number is 0, of any other NaN.
    """
    centre = median(past)
    scale = NORMAL * median(np.abs(past - centre[..., None]))
    away = np.asarray(value) - centre
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(scale > 0, away / scale, np.nan)
    return np.where((scale == 0) & (away == 0), 0.0, z)


def range_rank(past: Floats, value: Floats) -> Floats:
    """Place between the lowest and the highest of a past, shape (...): 0 and 1 are those, a new extreme lies beyond.

    For display only: one spike compresses it for a year. NaN where the past is one number or none.
    """
    there = np.isfinite(past)
    low = np.where(there, past, np.inf).min(axis=-1, initial=np.inf)
    high = np.where(there, past, -np.inf).max(axis=-1, initial=-np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = (np.asarray(value) - low) / (high - low)
    return np.where(high > low, share, np.nan)
