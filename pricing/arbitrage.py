"""Whether fitted smiles could be traded against: butterflies within one expiry, calendars between two."""

from __future__ import annotations

import numpy as np

from pricing.arrays import Bools, Floats

__all__ = ["butterfly", "calendar"]


def butterfly(k: Floats, variance: Floats, slope: Floats, curvature: Floats) -> Floats:
    """Durrleman's g: negative where the smile's density is. [1]

    Parameters
    ----------
    k : array
        Log-moneyness ln(K/F).
    variance, slope, curvature : array, the same shape
        Total variance and its first two derivatives in `k`.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces," Quant. Finance, vol. 14,
       pp. 59-71, 2014, equation 2.1.
    """
    g: Floats = (1 - k * slope / (2 * variance)) ** 2 - slope**2 / 4 * (1 / variance + 1 / 4) + curvature / 2
    return g


def calendar(near: Floats, far: Floats) -> Bools:
    """Where total variance falls with time at an equal log-moneyness."""
    return np.less(far, near)
