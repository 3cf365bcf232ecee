"""Sessions as columns: which days the market opened, and how many of them lie between two."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pricing.arrays import Bools, Ints
from pricing.calendar import holidays

__all__ = ["Day", "Days", "Names", "are_sessions", "day", "sessions_after", "sessions_between"]

Day: TypeAlias = np.datetime64  # of unit D
Days: TypeAlias = NDArray[np.datetime64]
Names: TypeAlias = NDArray[np.str_]

DECADE = 10


@cache
def _calendar(first_decade: int, last_decade: int) -> np.busdaycalendar:
    years = range(first_decade * DECADE, (last_decade + 1) * DECADE)
    closed = sorted(holiday for year in years for holiday in holidays(year))
    return np.busdaycalendar("1111100", np.array(closed, "datetime64[D]"))


def _spanning(*days: Day) -> np.busdaycalendar:
    years = [int(each.astype("datetime64[Y]").astype(int)) + 1970 for each in days]
    return _calendar((min(years) - 1) // DECADE, (max(years) + 1) // DECADE)


def day(when: date | Day | str) -> Day:
    """Write a date as NumPy does."""
    return np.datetime64(str(when), "D")


def sessions_between(first: date | Day, last: date | Day) -> Days:
    """Return every session from `first` to `last`, both included where they are sessions."""
    start, end = day(first), day(last)
    if end < start:
        return np.empty(0, "datetime64[D]")
    every = np.arange(start, end + 1)
    return every[np.is_busday(every, busdaycal=_spanning(start, end))]


def are_sessions(days: Days) -> Bools:
    """Whether the market opened on each day; a missing one (NaT) is none, shape as `days`."""
    known = ~np.isnat(days)
    answer = np.zeros(days.shape, bool)
    if known.any():
        calendar = _spanning(days[known].min(), days[known].max())
        answer[known] = np.is_busday(days[known].astype("datetime64[D]"), busdaycal=calendar)
    return answer


def sessions_after(start: Days | date | Day, end: Days | date | Day) -> Ints:
    """Count the sessions after each `start` up to and with `end`: 1 for the next session; negative backwards."""
    origin, until = np.broadcast_arrays(np.asarray(start, "datetime64[D]"), np.asarray(end, "datetime64[D]"))
    if not until.size:
        return np.zeros(until.shape, np.int64)
    early, late = np.minimum(origin, until), np.maximum(origin, until)
    number: Ints = np.busday_count(early + 1, late + 1, busdaycal=_spanning(early.min(), late.max()))
    signed: Ints = np.where(until < origin, -number, number)
    return signed
