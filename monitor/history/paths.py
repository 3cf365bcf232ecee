"""The way a price took after given days, beside the ways it took after all days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.history.series import Series
from monitor.history.sessions import Days
from monitor.history.study import forward_returns
from pricing.arrays import Floats

__all__ = ["Paths", "paths"]

QUANTILES = (0.10, 0.50, 0.90)


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Returns from a day's close to each close after it. [1]

    Attributes
    ----------
    days : datetime64[D] array, shape (m,)
    after : float array, shape (m, ahead + 1)
        Following each of the days: 0 on itself, NaN where it is not known.
    all_days : float array, shape (3, ahead + 1)
        10th percentile, median and 90th percentile following all days that count as usual.
    """

    days: Days
    after: Floats
    all_days: Floats


def paths(closes: Series, days: Days, ahead: int, *, usual: Days | None = None) -> Paths:
    """Follow a price from given days.

    Parameters
    ----------
    closes : Series
    days : datetime64[D] array, shape (m,)
        Those without a close have a row of NaN.
    ahead : int
        Sessions.
    usual : datetime64[D] array, optional
        Days on which one of `days` could have been; without it every day that has a close.
    """
    now = np.where(np.isfinite(closes.value), 0.0, np.nan)
    whole = np.stack([now, *(forward_returns(closes, each) for each in range(1, ahead + 1))])
    among = whole if usual is None else whole[:, np.isin(closes.sessions, usual)]
    quantiles = np.full((len(QUANTILES), ahead + 1), np.nan)
    for each, column in enumerate(among):
        known = column[np.isfinite(column)]
        if known.size:
            quantiles[:, each] = np.quantile(known, QUANTILES)
    after = np.full((days.size, ahead + 1), np.nan)
    if closes.sessions.size:
        at = np.minimum(np.searchsorted(closes.sessions, days), closes.sessions.size - 1)
        there = closes.sessions[at] == days
        after[there] = whole[:, at[there]].T
    return Paths(days, after, quantiles)
