"""Variance swap and third moment of one expiry, in the forms that Cboe publishes for the VIX and for SKEW."""

from __future__ import annotations

import numpy as np

from pricing import black
from pricing.arrays import Bools, Floats
from pricing.pchip import pchip

__all__ = ["skewness", "strip_variance"]

REACH = 1.0  # of ln(K/F) to which the third moment is integrated
STEPS = 400  # even: the middle point is the forward


def strip_variance(forward: float, strike: Floats, is_call: Bools, price: Floats, growth: float) -> Floats:
    """Total variance of a strip of out-of-the-money options, Cboe's VIX formula. [1]

    Parameters
    ----------
    forward : float
        [$]
    strike : array, shape (n,)
        Out of the money at `forward`, rising. [$]
    is_call : bool array, shape (n,)
    price : array, shape (scenarios, n)
        European, today's dollars; NaN leaves a strike out of a scenario.
    growth : float
        e^{rT}.

    Returns
    -------
    array, shape (scenarios,)
        NaN where the strip lacks a put or a call.

    References
    ----------
    .. [1] Cboe, "Volatility Index Methodology: Cboe Volatility Index," equation 1. K0 is the first strike under
       the forward; the average of put and call there is the put plus half of e^{-rT} (F - K0), by parity.
    """
    total = np.full(price.shape[0], np.nan)
    for scenario, row in enumerate(price):
        there = np.isfinite(row)
        k, q, call = strike[there], row[there].copy(), is_call[there]
        puts = int(np.count_nonzero(~call))
        if puts in {0, k.size}:
            continue
        under = k[puts - 1]
        q[puts - 1] += (forward - under) / growth / 2
        width = np.empty(k.size)
        width[1:-1] = (k[2:] - k[:-2]) / 2
        width[0], width[-1] = k[1] - k[0], k[-1] - k[-2]
        total[scenario] = 2 * growth * np.sum(width / k**2 * q) - (forward / under - 1) ** 2
    return total


def skewness(k: Floats, variance: Floats) -> Floats:
    """Risk-neutral skewness of ln(S_T/F), Cboe's S. [1]

    Parameters
    ----------
    k : array, shape (..., n)
        Log-moneyness of the quotes, rising; `inf` pads.
    variance : array, shape (..., n)
        Total variance at each.

    Returns
    -------
    array, shape (...)
        NaN where there are fewer than three quotes.

    Notes
    -----
    The strip is not the listed strikes but a fine one through a shape-preserving interpolant of total variance,
    flat beyond the quotes, to +-1 in ln(K/F): the wings' truncation would otherwise drive the third moment. With
    K0 = F the correction terms vanish.

    References
    ----------
    .. [1] Cboe, "The CBOE Skew Index," 2010; P1, P2, P3 as in METHOD section 11.
    """
    size = np.isfinite(k).sum(axis=-1, keepdims=True)
    grid = np.linspace(-REACH, REACH, STEPS + 1)
    last = np.take_along_axis(k, np.maximum(size - 1, 0), axis=-1)
    at = np.clip(np.broadcast_to(grid, (*k.shape[:-1], grid.size)), k[..., :1], last)
    stdev = np.sqrt(pchip(k, variance, at))
    strike = np.exp(grid)
    price = black.price(1.0, strike, stdev, grid >= 0)
    width = np.gradient(strike)
    density = price * width / strike**2
    p1 = -np.sum(density, axis=-1)
    p2 = np.sum(2 * (1 - grid) * density, axis=-1)
    p3 = np.sum(3 * (2 * grid - grid**2) * density, axis=-1)
    with np.errstate(invalid="ignore"):
        skew: Floats = (p3 - 3 * p1 * p2 + 2 * p1**3) / (p2 - p1**2) ** 1.5
    return skew
