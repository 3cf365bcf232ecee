"""Truth: exchange_calendars' XNYS for sessions, QuantLib's joint NYSE and Federal Reserve calendar for settlement,
dateutil for Easter, and days looked up by hand."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from itertools import pairwise

import exchange_calendars
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation does
from dateutil.easter import easter

from pricing import calendar

FIRST, LAST = date(1990, 1, 1), date(2027, 12, 31)
EVERY_DAY = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]


@pytest.fixture(scope="module")
def exchange():
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its own, of pandas
        return exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())


def test_every_session_since_1990(exchange):
    sessions = {day.date() for day in exchange.sessions}
    assert {day for day in EVERY_DAY if calendar.is_session(day)} == sessions


def test_every_half_day_since_1990(exchange):
    half = {day.date() for day in exchange.early_closes}
    assert {day for day in EVERY_DAY if calendar.is_half_day(day)} == half


def test_half_days_are_sessions():
    assert all(calendar.is_session(day) for day in EVERY_DAY if calendar.is_half_day(day))


def test_next_and_previous_session(exchange):
    sessions = [day.date() for day in exchange.sessions]
    for before, after in pairwise(sessions):
        day = before
        while day < after:  # from the session itself and from every closed day that follows it
            assert calendar.next_session(day) == after
            day += timedelta(1)
            assert calendar.previous_session(day) == before


def test_easter():
    """Two hundred years around the epoch of the data."""
    assert all(calendar._easter(year) == easter(year) for year in range(1900, 2200))


@pytest.mark.parametrize(
    ("traded", "settled"),
    [
        # a business day later since 2024-05-28
        (date(2026, 6, 17), date(2026, 6, 18)),
        (date(2026, 6, 18), date(2026, 6, 22)),  # Juneteenth and a weekend
        (date(2026, 7, 2), date(2026, 7, 6)),  # Independence Day kept on Friday the 3rd
        (date(2025, 10, 10), date(2025, 10, 14)),  # Columbus Day: a session, banks closed
        (date(2025, 10, 13), date(2025, 10, 14)),  # traded on it
        (date(2025, 11, 10), date(2025, 11, 12)),  # Veterans Day, a Tuesday
        (date(2024, 5, 28), date(2024, 5, 29)),
        # two from 2017-09-05
        (date(2024, 5, 24), date(2024, 5, 29)),  # Memorial Day on Monday
        (date(2017, 9, 5), date(2017, 9, 7)),
        (date(2023, 11, 8), date(2023, 11, 10)),  # Veterans Day on a Saturday: Federal Reserve Banks open on Friday
        (date(2018, 11, 8), date(2018, 11, 13)),  # on a Sunday: closed on Monday
        # three before
        (date(2017, 9, 1), date(2017, 9, 7)),  # Labor Day
        (date(2012, 10, 5), date(2012, 10, 11)),  # Columbus Day
        (date(2012, 10, 26), date(2012, 11, 2)),  # hurricane Sandy
        (date(1998, 1, 15), date(1998, 1, 21)),  # Martin Luther King Day, the first that closed the exchange
        (date(1997, 1, 16), date(1997, 1, 22)),  # the year before: a session, banks closed
        (date(1995, 6, 7), date(1995, 6, 12)),
        # five before
        (date(1995, 6, 6), date(1995, 6, 13)),
    ],
)
def test_settlement_by_hand(traded, settled):
    assert calendar.settlement(traded) == settled


def test_settlement_since_1990():
    """Both the exchange and the banks must be open."""
    both = ql.JointCalendar(ql.UnitedStates(ql.UnitedStates.NYSE), ql.UnitedStates(ql.UnitedStates.FederalReserve))
    for day in EVERY_DAY[:-10]:
        changes = ((date(2024, 5, 28), 1), (date(2017, 9, 5), 2), (date(1995, 6, 7), 3), (FIRST, 5))
        lag = next(lag for since, lag in changes if day >= since)
        truth = both.advance(ql.Date(day.day, day.month, day.year), lag, ql.Days)
        assert calendar.settlement(day) == date(truth.year(), truth.month(), truth.dayOfMonth()), day


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (2026, 7, date(2026, 7, 17)),
        (2026, 5, date(2026, 5, 15)),  # the month begins on a Friday
        (2026, 6, date(2026, 6, 18)),  # Juneteenth
        (2025, 4, date(2025, 4, 17)),  # Good Friday
        (2008, 3, date(2008, 3, 20)),  # Good Friday
        (2027, 6, date(2027, 6, 17)),  # Juneteenth on a Saturday, kept on the Friday
    ],
)
def test_third_friday(year, month, day):
    assert calendar.third_friday(year, month) == day
