"""Which contracts are listed: dailies, weeklies, monthlies, quarterlies and the long ones, and their strikes.

The rules were read off recorded IWM chains of June and July 2026: how long before its end each kind of expiry
is listed, how far its strikes reach and how dense they are. Strikes are added as spot moves, never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import numpy as np

from pricing.arrays import Floats
from pricing.calendar import is_session, previous_session, third_friday

__all__ = ["Breadth", "Kind", "Listed", "ladder", "listed"]


class Kind(StrEnum):
    """Why an expiry exists; the first that applies names it."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"  # the last session of a quarter
    WEEKLY = "weekly"  # the last session of a week
    DAILY = "daily"


class Breadth(StrEnum):
    """How much of the listing to write."""

    FULL = "full"  # about 5,000 contracts
    SMALL = "small"  # about 600: the expiries around a month, every other strike


@dataclass(frozen=True, slots=True)
class Listed:
    """An expiry, and the day on which it was listed."""

    day: date
    kind: Kind
    since: date


FRIDAY = 4
QUARTER = 3
DAILY_DAYS, WEEKLY_DAYS, QUARTERLY_DAYS, MONTHLY_DAYS = 14, 43, 366, 246  # listed so long before the end
LONG_MONTHLY_DAYS = {1: 600, 3: 560, 6: 560, 9: 560, 12: 920}  # by month: the quarters and the LEAPS
FRONT_DAYS, LONG_DAYS = 35, 300
SMALL_DAYS = (8, 50)


@lru_cache(maxsize=512)
def listed(today: date, breadth: Breadth = Breadth.FULL) -> tuple[Listed, ...]:
    """Expiries listed on a session, today's included, by day."""
    found: dict[date, Listed] = {}

    def add(day: date, kind: Kind, days: int) -> None:
        if today <= day <= today + timedelta(days) and day not in found:
            found[day] = Listed(day, kind, day - timedelta(days))

    for ahead in range(max(LONG_MONTHLY_DAYS.values()) // 28):
        year, month = today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1
        add(third_friday(year, month), Kind.MONTHLY, LONG_MONTHLY_DAYS.get(month, MONTHLY_DAYS))
    for ahead in range(QUARTERLY_DAYS // 28):
        year, month = today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1
        if month % QUARTER == 0:
            first = date(year + month // 12, month % 12 + 1, 1)
            add(previous_session(first), Kind.QUARTERLY, QUARTERLY_DAYS)
    for ahead in range(WEEKLY_DAYS + 1):
        day = today + timedelta(ahead)
        if day.weekday() == FRIDAY:
            add(day if is_session(day) else previous_session(day), Kind.WEEKLY, WEEKLY_DAYS)
    for ahead in range(DAILY_DAYS + 1):
        day = today + timedelta(ahead)
        if is_session(day):
            add(day, Kind.DAILY, DAILY_DAYS)
    near, far = SMALL_DAYS
    return tuple(
        found[day]
        for day in sorted(found)
        if breadth is Breadth.FULL
        or (found[day].kind in {Kind.MONTHLY, Kind.WEEKLY} and near <= (day - today).days <= far)
    )


REACH = {  # shares of spot from which and to which strikes are listed
    Kind.DAILY: (0.61, 1.155),
    Kind.WEEKLY: (0.49, 1.125),
    Kind.MONTHLY: (0.47, 1.27),
    Kind.QUARTERLY: (0.56, 1.26),
}
LONG_REACH = (0.31, 1.4)  # of what is listed for more than LONG_DAYS
NEW_REACH = (0.82, 1.155)  # of a daily on its first day
DENSE = {  # shares of spot between which they are densest; monthlies only towards their end
    Kind.DAILY: (0.885, 1.085),
    Kind.WEEKLY: (0.86, 1.07),
    Kind.QUARTERLY: (0.78, 0.90),
}
FRONT_DENSE = {Kind.MONTHLY: (0.765, 1.07), Kind.QUARTERLY: (0.67, 1.07)}
NEW_DENSE = (0.95, 1.02)
JITTER = 0.03  # of spot: how much the ends differ from expiry to expiry
SPARSE_BELOW = 0.68  # of spot: below, dailies list every tenth dollar
HALVES_WITHIN = 0.08  # of spot: strikes a half dollar off lie near the money


def ladder(expiry: Listed, today: date, spots: Floats, breadth: Breadth = Breadth.FULL) -> Floats:
    """Strikes of an expiry, increasing. [$]

    Parameters
    ----------
    expiry : Listed
    today : date
    spots : array, shape (n,), n >= 1
        Closes since the expiry was listed, or those that there are. [$]
    breadth : Breadth
    """
    low, high, unit = float(spots.min()), float(spots.max()), _unit(float(spots[-1]))
    (bottom, top), dense = _reach(expiry, today)
    wander = JITTER * ((expiry.day.toordinal() * 7919) % 101 / 50 - 1)
    coarse = _multiples(5 * unit, low * (bottom + wander), high * (top + wander))
    if expiry.kind is Kind.DAILY:
        coarse = coarse[(coarse > SPARSE_BELOW * low) | (coarse % (10 * unit) == 0)]
    parts = [coarse]
    if dense:
        fine = unit if breadth is Breadth.FULL else 2 * unit
        parts.append(_multiples(fine, low * dense[0], high * dense[1]))
    if breadth is Breadth.FULL and unit >= 1 and expiry.kind in {Kind.DAILY, Kind.WEEKLY}:
        parts.append(_multiples(2.5 * unit, low * (1 - HALVES_WITHIN), high))
    return np.unique(np.concatenate(parts))


def _reach(expiry: Listed, today: date) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Between which shares of spot strikes are listed, and between which they are densest."""
    left, life = (expiry.day - today).days, (expiry.day - expiry.since).days
    if expiry.kind is Kind.DAILY and left >= DAILY_DAYS:
        return NEW_REACH, NEW_DENSE
    ends = LONG_REACH if expiry.kind is Kind.MONTHLY and life > LONG_DAYS else REACH[expiry.kind]
    dense = FRONT_DENSE if left <= FRONT_DAYS and expiry.kind in FRONT_DENSE else DENSE
    return ends, dense.get(expiry.kind)


def _unit(spot: float) -> float:
    """Narrowest step between strikes. [$]"""
    return next(
        unit for limit, unit in ((10.0, 0.1), (80.0, 0.5), (800.0, 1.0), (4000.0, 5.0), (np.inf, 25.0)) if spot < limit
    )


def _multiples(step: float, low: float, high: float) -> Floats:
    """Multiples of a step between two numbers; none where they are the wrong way round."""
    return step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
