"""Highest since, lowest since: how far back one must go to find a value at least as extreme."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor.history.series import Series
from monitor.history.sessions import Day
from pricing.arrays import Bools, Floats, Ints

__all__ = ["Record", "Records", "Side", "record", "records"]


class Side(StrEnum):
    """Which end of its past a value is nearer to."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Record:
    """How long a value is the most extreme on its side.

    Attributes
    ----------
    side : Side
    since : datetime64[D]
        The last earlier session at least as extreme; on record, the first session of the record.
    sessions : int
        From `since` to the value's own: 1 for the session before.
    coverage : float
        Share of the sessions between that are known to be less extreme; on record the first counts too. [1]
    on_record : bool
        No earlier session is as extreme.
    bounded : bool
        Of `since` only a bound is known, and the bound is as extreme.
    """

    side: Side
    since: Day
    sessions: int
    coverage: float
    on_record: bool
    bounded: bool


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """`Record` of every session of a series against those before it, arrays of shape (n,).

    Attributes
    ----------
    since : int array
        Index of the session; -1 where the session has no value or none is before it.
    sessions : int array
        0 where `since` is -1.
    coverage : float array
        NaN where `since` is -1.
    on_record : bool array
    """

    since: Ints
    sessions: Ints
    coverage: Floats
    on_record: Bools


def record(series: Series, usable: Bools, value: float, position: int, side: Side) -> Record | None:
    """Find the last earlier session at least as extreme as a value.

    A session whose value cannot be used, or has none, may still have bounds. Where they put it at or beyond the
    value it ends the span; where they put it short of the value it counts as observed; else it was not seen.

    Parameters
    ----------
    series : Series
    usable : bool array, shape (n,)
    value : float
    position : int
        Sessions of the record before the value's own; what the series has later is not looked at.
    side : Side

    Returns
    -------
    Record or None
        None where the value is NaN or nothing is known before it.
    """
    reach, limit = _bounds(series, usable, side)
    reach, limit = reach[:position], limit[:position]
    x = value if side is Side.HIGH else -value
    points = np.flatnonzero(np.isfinite(reach) | np.isfinite(limit))
    if not points.size or not np.isfinite(x):
        return None
    as_extreme = np.flatnonzero(reach >= x)
    on_record = not as_extreme.size
    since = int(points[0]) if on_record else int(as_extreme[-1])
    between = limit[since + (not on_record) :] < x
    return Record(
        side=side,
        since=series.sessions[since],
        sessions=position - since,
        coverage=_share(int(np.count_nonzero(between)), position - since - (not on_record)),
        on_record=on_record,
        bounded=not on_record and not usable[since],
    )


def records(series: Series, usable: Bools, side: Side) -> Records:
    """Find the record of every session with a usable value, each against the sessions before it only.

    The previous value at least as high is found by a stack of falling values: each session is pushed and popped
    once, so the cost is linear.
    """
    reach, limit = _bounds(series, usable, side)
    x = np.where(usable, reach, np.nan)
    since = np.full(x.size, -1)
    falling: list[tuple[float, int]] = []
    for at, (height, ranked) in enumerate(zip(reach.tolist(), usable.tolist(), strict=True)):
        if height != height:  # noqa: PLR0124 - NaN: nothing is known of this session
            continue
        while falling and falling[-1][0] < height:
            falling.pop()
        if ranked and falling:
            since[at] = falling[-1][1]
        falling.append((height, at))
    known = np.isfinite(reach) | np.isfinite(limit)
    if not known.any():
        return Records(since, np.zeros(x.size, int), np.full(x.size, np.nan), np.zeros(x.size, bool))
    first = int(np.argmax(known))
    here = np.arange(x.size)
    on_record = usable & (since < 0) & (here > first)
    since = np.where(on_record, first, since)
    found = since >= 0
    begin = np.where(found, since + ~on_record, here)
    observed = _seen_between(usable, limit, x, begin, here)
    span = here - begin
    with np.errstate(invalid="ignore", divide="ignore"):
        coverage = np.where(span > 0, observed / span, 1.0)
    return Records(since, np.where(found, here - since, 0), np.where(found, coverage, np.nan), on_record)


def _bounds(series: Series, usable: Bools, side: Side) -> tuple[Floats, Floats]:
    """Return how extreme each session is at least and at most; upwards, so that one comparison serves both sides.

    A usable value is both. Nothing known is NaN, and so is a bound that is missing: no comparison holds for it.
    """
    if side is Side.HIGH:
        return np.where(usable, series.value, series.low), np.where(usable, series.value, series.high)
    return -np.where(usable, series.value, series.high), -np.where(usable, series.value, series.low)


def _seen_between(usable: Bools, limit: Floats, x: Floats, begin: Ints, end: Ints) -> Ints:
    """Count the sessions of each span that are known to be less extreme than its value.

    Usable ones are by construction, else they would have ended the span; of the others those whose upper bound
    says so, which are few: a bounded day seldom has one.
    """
    total = np.concatenate([[0], np.cumsum(usable)])
    seen: Ints = total[end] - total[begin]
    for at in np.flatnonzero(~usable & np.isfinite(limit)).tolist():
        seen += (begin <= at) & (at < end) & (limit[at] < x)
    return seen


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
