"""Business time: how much of a year's variance passes between two instants.

Variance does not accrue by the clock: a weekend brings little, a session most of its day, a day of announced
news more than its share. The weights below reproduce the sawtooth in the at-the-money term structure of
recorded chains, where a weekend day is worth about a fifth of a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np

from pricing.arrays import Floats
from pricing.calendar import is_half_day, is_session
from pricing.time import NEW_YORK

__all__ = ["OVERNIGHT", "business_years", "is_event", "session_share"]

SESSION_WEIGHT, IDLE_WEIGHT, EVENT_EXTRA = 1.0, 0.2, 0.8  # of a session's variance
YEAR_WEIGHT = 281.0  # about 252 sessions, 113 idle days and 8 events
MORNING, EVENING = 0.15, 0.10  # shares of a session day before 9:30 and after 16:00
OVERNIGHT = MORNING + EVENING
OPEN_HOUR, CLOSE_HOUR, HALF_DAY_HOUR, DAY_HOURS = 9.5, 16.0, 13.0, 24.0
EVENT_MONTHS = {1: 4, 3: 3, 5: 1, 6: 3, 7: 4, 9: 3, 11: 1, 12: 2}  # month: which Wednesday, eight a year
WEDNESDAY = 2
EPOCH = date(1999, 1, 1)


def is_event(day: date) -> bool:
    """Whether a session is one of the eight a year whose news is announced beforehand."""
    return day.weekday() == WEDNESDAY and EVENT_MONTHS.get(day.month) == (day.day + 6) // 7 and is_session(day)


@cache
def _weights(year: int) -> Floats:
    """Weigh each day of a year, in sessions."""
    first = date(year, 1, 1)
    days = [first + timedelta(i) for i in range((date(year + 1, 1, 1) - first).days)]
    return np.array([(SESSION_WEIGHT + EVENT_EXTRA * is_event(d)) if is_session(d) else IDLE_WEIGHT for d in days])


@cache
def _cumulative(last_year: int) -> Floats:
    """Add up business time from the epoch to each following midnight of New York, in sessions."""
    return np.concatenate([[0.0], *(_weights(year) for year in range(EPOCH.year, last_year + 1))]).cumsum()


def session_share(hour: float, *, half_day: bool) -> float:
    """Share of a session day's business time that has passed at an hour of New York's clock."""
    close = HALF_DAY_HOUR if half_day else CLOSE_HOUR
    return float(np.interp(hour, [0.0, OPEN_HOUR, close, DAY_HOURS], [0.0, MORNING, 1 - EVENING, 1.0]))


def _position(instant: datetime) -> float:
    local = instant.astimezone(NEW_YORK)
    day, table = local.date(), _cumulative(local.year)
    index = (day - EPOCH).days
    hour = (local - datetime.combine(day, time(), NEW_YORK)) / timedelta(hours=1)
    share = session_share(hour, half_day=is_half_day(day)) if is_session(day) else hour / DAY_HOURS
    return float(table[index] + share * (table[index + 1] - table[index]))


def business_years(start: datetime, ends: Sequence[datetime]) -> Floats:
    """Measure business time from an instant to others; never less to a later one. [year]"""
    begin = _position(start)
    return (np.array([_position(end) for end in ends]) - begin) / YEAR_WEIGHT
