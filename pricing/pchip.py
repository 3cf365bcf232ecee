"""Monotone piecewise cubic interpolation of many curves at once: no wiggle that the data do not have."""

from __future__ import annotations

import numpy as np

from pricing.arrays import Floats, Ints

__all__ = ["pchip"]

FEWEST = 3  # points: an end's slope is read off three


def pchip(x: Floats, y: Floats, at: Floats) -> Floats:
    """Interpolate each row by shape-preserving cubics.

    Parameters
    ----------
    x : array, shape (..., n)
        Rising; `inf` pads rows to one length.
    y : array, shape (..., n)
    at : array, shape (..., m)
        Where to read; leading axes as those of `x`.

    Returns
    -------
    array, shape (..., m)
        NaN outside a row's range and for rows of fewer than three points.

    References
    ----------
    .. [1] F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic interpolants,"
       SIAM J. Sci. Stat. Comput., vol. 5, pp. 300-304, 1984; end slopes after C. Moler, Numerical Computing
       with MATLAB, 2004, section 3.6.
    """
    if x.shape[-1] < FEWEST:
        return np.full(at.shape, np.nan)
    size = np.isfinite(x).sum(axis=-1, keepdims=True)
    last = np.maximum(size - 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.diff(x, axis=-1)
        rise = np.diff(y, axis=-1) / step
        inner = _inner(step, rise)
        slope = np.empty_like(x)
        slope[..., 1:-1] = inner
        slope[..., :1] = _end(step[..., :1], step[..., 1:2], rise[..., :1], rise[..., 1:2])
        near, far = np.maximum(last - 1, 0), np.maximum(last - 2, 0)
        ends = [np.take_along_axis(table, at_end, axis=-1) for table in (step, rise) for at_end in (near, far)]
        np.put_along_axis(slope, last, _end(*ends), axis=-1)

        left = _interval(x, at)
        inside = (left >= 0) & (at <= np.take_along_axis(x, last, axis=-1)) & (size >= FEWEST)
        left = np.clip(left, 0, np.maximum(last - 1, 0))
        h, x0, y0, y1, d0, d1 = (
            np.take_along_axis(table, index, axis=-1)
            for table, index in ((step, left), (x, left), (y, left), (y, left + 1), (slope, left), (slope, left + 1))
        )
        u = (at - x0) / h
        value = y0 + u * (h * d0 + u * (3 * (y1 - y0) - h * (2 * d0 + d1) + u * (2 * (y0 - y1) + h * (d0 + d1))))
    return np.where(inside, value, np.nan)


def _interval(x: Floats, at: Floats) -> Ints:
    """Find the last point at or left of each place, row by row; -1 before the first."""
    shape = (*np.broadcast_shapes(x.shape[:-1], at.shape[:-1]), at.shape[-1])
    rows = np.broadcast_to(x, (*shape[:-1], x.shape[-1])).reshape(-1, x.shape[-1])
    places = np.broadcast_to(at, shape).reshape(-1, at.shape[-1])
    found = [np.searchsorted(row, place, side="right") for row, place in zip(rows, places, strict=True)]
    return np.reshape(found, shape) - 1


def _inner(step: Floats, rise: Floats) -> Floats:
    """Weighted harmonic mean of the neighbouring rises; zero where they turn."""
    before, after = rise[..., :-1], rise[..., 1:]
    heavy, light = 2 * step[..., 1:] + step[..., :-1], step[..., 1:] + 2 * step[..., :-1]
    mean = (heavy + light) / (heavy / before + light / after)
    return np.where(before * after > 0, mean, 0.0)


def _end(h0: Floats, h1: Floats, rise0: Floats, rise1: Floats) -> Floats:
    """One-sided three-point slope, held back where it would break the shape."""
    slope = ((2 * h0 + h1) * rise0 - h0 * rise1) / (h0 + h1)
    slope = np.where(slope * rise0 <= 0, 0.0, slope)
    return np.where((rise0 * rise1 <= 0) & (np.abs(slope) > 3 * np.abs(rise0)), 3 * rise0, slope)
