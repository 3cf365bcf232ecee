"""Truth: the independent calendar of `exchange_calendars`, and counting one by one."""

import datetime as dt

import exchange_calendars
import numpy as np
import pytest

from monitor.history.sessions import are_sessions, day, sessions_after, sessions_between
from pricing.calendar import is_session


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # inside exchange_calendars
def test_every_session_of_eighteen_years():
    xnys = exchange_calendars.get_calendar("XNYS", start="2008-01-02", end="2025-12-31")
    ours = sessions_between(dt.date(2008, 1, 2), dt.date(2025, 12, 31))
    assert (ours == xnys.sessions.to_numpy().astype("datetime64[D]")).all()


def test_ends_that_are_no_sessions():
    ours = sessions_between("2026-07-03", "2026-07-06")  # the third of July 2026 is a holiday observed
    assert ours.tolist() == [dt.date(2026, 7, 6)]


@pytest.mark.parametrize(("first", "last"), [("2026-07-06", "2026-07-02"), ("2026-07-03", "2026-07-05")])
def test_none(first, last):
    assert sessions_between(first, last).size == 0


def test_a_day_that_is_missing_is_no_session():
    assert are_sessions(np.array(["2026-07-02", "2026-07-03", "NaT"], "datetime64[D]")).tolist() == [True, False, False]
    assert are_sessions(np.array(["NaT"], "datetime64[D]")).tolist() == [False]


@pytest.mark.parametrize("start", ["2026-07-02", "2026-07-03", "2026-07-04", "2019-12-31", "2001-09-10"])
def test_counting_sessions_one_by_one(start):
    origin = dt.date.fromisoformat(start)
    counted = 0
    assert sessions_after(origin, origin) == 0
    for step in range(1, 40):
        end = origin + dt.timedelta(step)
        counted += is_session(end)
        assert sessions_after(origin, end) == counted


def test_counting_backwards_undoes_counting_forwards():
    ends = sessions_between("2024-01-02", "2024-12-31")
    there = sessions_after("2024-06-03", ends)
    back = sessions_after(ends, "2024-06-03")
    assert (there == -back).all()
    assert (np.diff(there) == 1).all()
    assert sessions_after("2024-06-03", ends[:0]).size == 0


def test_a_day_is_a_day_however_it_is_written():
    assert day("2026-07-02") == day(dt.date(2026, 7, 2)) == day(np.datetime64("2026-07-02"))
