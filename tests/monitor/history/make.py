"""Series for tests: persistent, with ties, gaps and bounded days, from a seed."""

from __future__ import annotations

import numpy as np

from monitor.history.series import Series
from monitor.history.sessions import Days, sessions_between

START = "2010-01-04"


def sessions(number: int) -> Days:
    return sessions_between(np.datetime64(START, "D"), np.datetime64("2029-12-31", "D"))[:number]


def persistent(number: int, seed: int, *, memory: float = 0.95) -> np.ndarray:
    """AR(1) around 1.5, the process that ALERTS.md measures its rule on."""
    shocks = np.random.default_rng(seed).standard_normal(number)
    level = np.zeros(number)
    for at in range(1, number):
        level[at] = memory * level[at - 1] + shocks[at]
    return 1.5 * np.exp(0.03 * level)


def rough(number: int, seed: int) -> Series:
    """A skew ratio as it comes: rounded so that values tie, with missing, bounded and badly quoted days."""
    rng = np.random.default_rng(seed)
    value = np.round(persistent(number, seed), 2)
    low, high = value * (1 - rng.uniform(0, 0.03, number)), value * (1 + rng.uniform(0, 0.03, number))
    kind = rng.choice(["quoted", "missing", "bounded", "wide", "both"], number, p=[0.8, 0.06, 0.06, 0.04, 0.04])
    low = np.where(kind == "wide", value * 0.9, low)
    high = np.where(kind == "wide", value * 1.1, high)
    value = np.where(np.isin(kind, ["missing", "bounded", "both"]), np.nan, value)
    low = np.where(kind == "missing", np.nan, low)
    high = np.where(np.isin(kind, ["missing", "bounded"]), np.nan, high)
    return Series.of("IWM", "skew_ratio_30d_90_110", sessions(number), value, low=low, high=high, source="test")
