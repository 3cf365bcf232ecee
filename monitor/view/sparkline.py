"""A series in one line of a terminal."""

from __future__ import annotations

import numpy as np

from pricing.arrays import Floats

__all__ = ["ASCII", "BLOCKS", "sparkline"]

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-~=+*#"  # from low to high, where a terminal has no blocks
FLAT = 0.5  # height of a series that does not move


def sparkline(values: Floats, width: int, levels: str = BLOCKS) -> str:
    """Draw values as one character for each stretch of equal length, at most `width` of them.

    A stretch is shown by its value that is farthest from the median of all: a spike is what one looks for, and a mean
    would hide it. One without a value is blank.

    Parameters
    ----------
    values : array, shape (n,)
        By time; NaN for none.
    width : int
        Characters.
    levels : str
        From the lowest to the highest.
    """
    there = np.isfinite(values)
    if width < 1 or not there.any():
        return ""
    middle, low, high = np.median(values[there]), values[there].min(), values[there].max()
    drawn = []
    for part in np.array_split(values, min(width, values.size)):
        own = part[np.isfinite(part)]
        if not own.size:
            drawn.append(" ")
            continue
        farthest = own[np.argmax(np.abs(own - middle))]
        share = (farthest - low) / (high - low) if high > low else FLAT
        drawn.append(levels[min(int(share * len(levels)), len(levels) - 1)])
    return "".join(drawn)
