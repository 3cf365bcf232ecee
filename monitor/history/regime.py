"""Where a measure is once the level of volatility is taken out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.history.rank import percentile
from pricing.arrays import Floats, Ints

__all__ = ["Fits", "against_vol"]

SAME = 1e-12  # of ln(vol): rounding, no spread


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """Standing of values by their residual on the level of volatility, arrays of shape (...).

    Attributes
    ----------
    percentile : float array
        Of the residual among those of the past [%]; NaN where there is none.
    n : int array
        Sessions of the past that have both.
    slope : float array
        Of the measure on ln(vol), in the measure's unit.
    residual : float array
        Of the value itself, in the measure's unit.
    """

    percentile: Floats
    n: Ints
    slope: Floats
    residual: Floats


def against_vol(past: Floats, past_vol: Floats, value: Floats, vol: Floats) -> Fits:
    """Fit a measure on the logarithm of volatility over each past, and rank the value's residual among the past's.

    Parameters
    ----------
    past, past_vol : array, shape (..., n)
        The measure and the at-the-money volatility of the same sessions. NaN in either leaves the session out.
    value, vol : array, shape (...)
        Not among the past: the fit knows nothing of them.

    Returns
    -------
    Fits
        Least squares with a constant. NaN where the value or its volatility is missing, or where the past has no
        spread of volatility, so that nothing can be taken out.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        level, here = np.log(past_vol), np.log(np.asarray(vol))
        both = np.isfinite(past) & np.isfinite(level)
        n = both.sum(axis=-1)
        x = np.where(both, level, 0.0)
        y = np.where(both, past, 0.0)
        centre_x, centre_y = x.sum(axis=-1) / n, y.sum(axis=-1) / n
        x = np.where(both, level - centre_x[..., None], 0.0)
        y = np.where(both, past - centre_y[..., None], 0.0)
        spread = (x * x).sum(axis=-1)
        flat = np.where(both, np.abs(x), 0.0).max(axis=-1, initial=0.0) <= SAME
        slope = np.where(flat, np.nan, (x * y).sum(axis=-1) / spread)
        residuals = np.where(both, y - slope[..., None] * x, np.nan)
        residual = np.asarray(value) - centre_y - slope * (here - centre_x)
    return Fits(percentile(residuals, residual), n, slope, residual)
