"""The standing of every session of a series at once, each against the sessions before it only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from monitor.history.extremes import Records, Side, records
from monitor.history.rank import count, percentile, robust_z
from monitor.history.regime import against_vol
from monitor.history.series import Series
from monitor.history.sessions import Days
from monitor.history.settings import Settings
from pricing.arrays import Floats, Ints

__all__ = ["Rolling", "rolling"]

BLOCK = 256  # sessions at a time: a block of windows stays in the cache


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rolling:
    """Standings through time, arrays of shape (n,), one element a session.

    Attributes
    ----------
    sessions : datetime64[D] array
    value : float array
        NaN where there is none that can be used; so is all that rests on it.
    n : int array
        Closes among the sessions looked back over.
    percentile, percentile_low, percentile_high : float array
        Of the value and of its envelope's ends; NaN where `n` is under the minimum. [%]
    z : float array
    highest, lowest : Records
        Over all earlier sessions, whatever the window.
    regime : float array
        Percentile with the level of volatility taken out; NaN where no volatility was given. [%]
    """

    sessions: Days
    value: Floats
    n: Ints
    percentile: Floats
    percentile_low: Floats
    percentile_high: Floats
    z: Floats
    highest: Records
    lowest: Records
    regime: Floats


def rolling(
    series: Series,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    window: int | None = None,
    atm: Series | None = None,
) -> Rolling:
    """Take the standing of every session.

    Parameters
    ----------
    series : Series
    settings : Settings
    window : int, optional
        Sessions looked back over; without it the first of the settings. As many as the series has: all.
    atm : Series, optional
        At-the-money volatility.

    Returns
    -------
    Rolling
        Element by element what `monitor.history.standing.standing` gives for that session's point.
    """
    size = settings.windows[0] if window is None else window
    usable = series.usable(settings.useless)
    value = np.where(usable, series.value, np.nan)
    vol = np.full(value.shape, np.nan) if atm is None else atm.on(series.sessions)
    pasts, vols = _windows(value, size), _windows(vol, size)
    n = np.zeros(value.size, np.int64)
    found = {name: np.full(value.size, np.nan) for name in ("percentile", "low", "high", "z", "regime")}
    for begin in range(0, value.size, BLOCK):
        rows = slice(begin, begin + BLOCK)
        past = pasts[rows]
        n[rows] = count(past)
        enough = n[rows] >= settings.minimum
        for name, each in (("percentile", value), ("low", series.low), ("high", series.high)):
            found[name][rows] = np.where(enough, percentile(past, each[rows]), np.nan)
        found["z"][rows] = np.where(enough, robust_z(past, value[rows]), np.nan)
        if atm is not None:
            fits = against_vol(past, vols[rows], value[rows], vol[rows])
            found["regime"][rows] = np.where(fits.n >= settings.minimum, fits.percentile, np.nan)
    return Rolling(
        sessions=series.sessions,
        value=value,
        n=n,
        percentile=found["percentile"],
        percentile_low=found["low"],
        percentile_high=found["high"],
        z=found["z"],
        highest=records(series, usable, Side.HIGH),
        lowest=records(series, usable, Side.LOW),
        regime=found["regime"],
    )


def _windows(column: Floats, size: int) -> Floats:
    """Return the `size` elements before each element, NaN where the column has not begun; a view, shape (n, size)."""
    padded = np.concatenate([np.full(size, np.nan), column])
    return sliding_window_view(padded, size)[: column.size]
