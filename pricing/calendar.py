"""Sessions of the US stock market by rule, so that no table runs out: holidays, half days, settlement.

The rules reproduce the New York Stock Exchange's published calendar; the tests compare every day since 1990
with an independent calendar. Closures that no rule foresees (mourning, weather) are listed by date.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

__all__ = ["is_half_day", "is_session", "next_session", "previous_session", "settlement", "third_friday"]

UNFORESEEN_CLOSURES = frozenset(
    {
        date(1994, 4, 27),  # mourning for President Nixon
        date(2001, 9, 11),
        date(2001, 9, 12),
        date(2001, 9, 13),
        date(2001, 9, 14),
        date(2004, 6, 11),  # mourning for President Reagan
        date(2007, 1, 2),  # President Ford
        date(2012, 10, 29),  # hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # President G. H. W. Bush
        date(2025, 1, 9),  # President Carter
    }
)
MARTIN_LUTHER_KING_SINCE = 1998
JUNETEENTH_SINCE = 2022
HALF_DAYS_SINCE = 1992  # before, of these only the day before Christmas
JULY_THIRD_ON_WEDNESDAY_SINCE = 2013  # before, a Thursday holiday shortened the Friday after it
UNFORESEEN_HALF_DAYS = frozenset({date(1997, 12, 26), date(1999, 12, 31), date(2003, 12, 26)})
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    """Day of the nth given weekday of a month, counted from its end when `nth` is negative."""
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
    return last - timedelta((last.weekday() - weekday) % 7 + 7 * (-nth - 1))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (J. Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _observed(day: date) -> date:
    """Move a holiday off the weekend: Saturday to Friday, Sunday to Monday."""
    return day + timedelta({SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


@cache
def holidays(year: int) -> frozenset[date]:
    """Weekdays of a year on which the market does not open."""
    days = {
        _nth(year, 2, MONDAY, 3),
        _easter(year) - timedelta(2),
        _nth(year, 5, MONDAY, -1),
        _observed(date(year, 7, 4)),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 11, THURSDAY, 4),
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:  # the Friday before belongs to the old year's accounts
        days.add(_observed(new_year))
    if year >= MARTIN_LUTHER_KING_SINCE:
        days.add(_nth(year, 1, MONDAY, 3))
    if year >= JUNETEENTH_SINCE:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days) | {day for day in UNFORESEEN_CLOSURES if day.year == year}


@cache
def half_days(year: int) -> frozenset[date]:
    """Sessions of a year that end at 13:00: beside Independence Day, after Thanksgiving, before Christmas."""
    christmas_eve, eve = date(year, 12, 24), date(year, 7, 3)
    days = {christmas_eve} if christmas_eve.weekday() < FRIDAY else set()
    if year >= HALF_DAYS_SINCE:
        days.add(_nth(year, 11, THURSDAY, 4) + timedelta(1))
        if eve.weekday() in {MONDAY, TUESDAY, THURSDAY} or (
            eve.weekday() == WEDNESDAY and year >= JULY_THIRD_ON_WEDNESDAY_SINCE
        ):
            days.add(eve)
        elif eve.weekday() == WEDNESDAY:
            days.add(date(year, 7, 5))
    return frozenset(days) | {day for day in UNFORESEEN_HALF_DAYS if day.year == year}


def is_session(day: date) -> bool:
    """Whether the market opens on a day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def is_half_day(day: date) -> bool:
    """Whether a session ends three hours early."""
    return day in half_days(day.year)


def next_session(day: date) -> date:
    """Return the first session after a day."""
    day += timedelta(1)
    while not is_session(day):
        day += timedelta(1)
    return day


def previous_session(day: date) -> date:
    """Return the last session before a day."""
    day -= timedelta(1)
    while not is_session(day):
        day -= timedelta(1)
    return day


SETTLEMENT_LAG_CHANGES = ((date(2024, 5, 28), 1), (date(2017, 9, 5), 2), (date(1995, 6, 7), 3))
"""Trades on or after a day, in business days."""
SETTLEMENT_LAG_BEFORE = 5


def settlement(day: date) -> date:
    """Return the day on which shares traded on `day` change hands: a business day later since May 2024.

    Two business days from 2017-09-05, three from 1995-06-07 (SEC rule 15c6-1 as amended), five before. Columbus Day,
    Veterans Day and, before 1998, Martin Luther King's are sessions on which banks are closed and nothing settles; a
    Veterans Day on a Saturday closes no bank.
    """
    lag = next((lag for since, lag in SETTLEMENT_LAG_CHANGES if day >= since), SETTLEMENT_LAG_BEFORE)
    while lag:
        day = next_session(day)
        lag -= day not in _bank_holidays(day.year)
    return day


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    """Days of a year on which banks are closed, and the market was or is not."""
    veterans = date(year, 11, 11)  # on a Sunday kept on Monday, on a Saturday not kept: the Federal Reserve's rule
    king = _nth(year, 1, MONDAY, 3)
    return frozenset({king, _nth(year, 10, MONDAY, 2), veterans + timedelta(veterans.weekday() == SUNDAY)})


def third_friday(year: int, month: int) -> date:
    """Return the day of a month's standard expiry, a session earlier where that Friday is a holiday."""
    day = _nth(year, month, FRIDAY, 3)
    return day if is_session(day) else previous_session(day)
