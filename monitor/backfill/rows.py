"""Rows of option tables as one array, so that a session can be cut out, sent to a process or put on a disk as it is."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPOCH", "ROW", "SAID", "Days", "Rows", "counted", "day_of", "empty"]

EPOCH = date(1970, 1, 1).toordinal()  # days are counted from here

ROW = np.dtype(
    [
        ("day", np.int32),  # days since 1970-01-01
        ("expiry", np.int32),
        ("root", np.int8),  # index into the underlying's roots; -1 where the vendor does not say
        ("is_call", np.bool_),
        ("strike", np.float64),  # [$]
        ("bid", np.float64),  # [$]; of a table of mids the mid, in both columns
        ("ask", np.float64),
        ("volume", np.float64),  # contracts
        ("open_interest", np.float64),
        ("vol", np.float64),  # the vendor's own [1/sqrt(year)]
        ("spot", np.float64),  # the vendor's price of the underlying beside the row [$]
        ("number", np.int64),  # of the row in its file, as the file's own tools count it
        ("file", np.int16),
    ]
)
"""NaN for what a vendor does not say."""

SAID = ("strike", "bid", "ask", "volume", "open_interest", "vol", "spot")  # by the vendor

Rows: TypeAlias = NDArray[Any]  # of ROW
Days: TypeAlias = NDArray[np.int32]  # since 1970-01-01


def empty(size: int) -> Rows:
    """Return rows that say nothing."""
    rows = np.zeros(size, ROW)
    rows["root"] = -1
    for name in SAID:
        rows[name] = np.nan
    return rows


def counted(days: Days) -> list[tuple[int, int]]:
    """Count the rows of each day, by day; days in order cost no sorting."""
    if not days.size:
        return []
    change = np.diff(days)
    if (change < 0).any():
        each, counts = np.unique(days, return_counts=True)
        return list(zip(each.tolist(), counts.tolist(), strict=True))
    starts = np.flatnonzero(change) + 1
    ends = np.append(starts, days.size)
    return list(zip(days[ends - 1].tolist(), np.diff(ends, prepend=0).tolist(), strict=True))


def day_of(number: int) -> date:
    """Return the day of a number of days since 1970-01-01."""
    return date.fromordinal(number + EPOCH)
