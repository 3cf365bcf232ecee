"""The normal distribution function, fast where eight digits are enough.

scipy.special.ndtr is exact and takes another branch from one number to the next: 8 to 14 ns each. Here the log
odds, ln(N(x)/N(-x))/2, are an odd polynomial and the rest is one hyperbolic tangent, which NumPy vectorises: 5 ns
in blocks of thousands. Meant for integrands that are multiplied by an interest rate times a time.
"""

from __future__ import annotations

import numpy as np

from pricing.arrays import Floats

__all__ = ["ERROR", "rough_cdf"]

ERROR = 3e-8
"""Largest absolute error; found by comparison with ndtr, and kept by a test."""

FLAT = 5.6  # beyond it N(x) is 0 or 1 within the error

# Weighted least squares of the log odds on [0, FLAT], reweighted towards the smallest largest error of N(x).
LOG_ODDS = (
    0.7978849415,
    0.03633308436,
    -3.259468482e-05,
    -5.530634505e-05,
    3.96477892e-06,
    -1.322667841e-07,
    1.756292781e-09,
)


def rough_cdf(x: Floats) -> Floats:
    """Distribution function of the standard normal within `ERROR`, NaN where x is NaN. [1]"""
    x = np.clip(x, -FLAT, FLAT)
    square = np.square(x)
    value = square * LOG_ODDS[-1]
    for coefficient in LOG_ODDS[-2:0:-1]:
        value += coefficient
        value *= square
    value += LOG_ODDS[0]
    value *= x
    np.tanh(value, out=value)
    value *= 0.5
    value += 0.5
    return value
