"""Episodes: hand-worked days, a loop written from the words of ALERTS.md, and the rate it measures there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.history.episodes import (
    Signal,
    at_extreme,
    at_level,
    at_record,
    episodes,
    in_a_row,
    run_lengths,
)
from monitor.history.extremes import Side
from monitor.history.rolling import rolling
from monitor.history.series import Series
from monitor.history.settings import Settings
from tests.monitor.history import make

DAYS = {"E": (True, False), "L": (False, True), "-": (False, False), "?": (False, False)}


def signal(days: str) -> Signal:
    """E enters, L leaves, - neither, ? not known."""
    enter, leave = zip(*(DAYS[each] for each in days), strict=True)
    return Signal(
        what="x",
        sessions=make.sessions(len(days)),
        enter=np.array(enter),
        leave=np.array(leave),
        known=np.array([each != "?" for each in days]),
    )


@pytest.mark.parametrize(
    ("days", "hold", "reopen", "start", "end"),
    [
        ("LLEE-LL", 1, 0, [2], [5]),  # what neither enters nor leaves stays
        ("EEE", 1, 0, [0], [3]),  # not ended
        ("ELE", 1, 0, [0, 2], [1, 3]),
        ("ELE", 1, 1, [0], [3]),  # re-entered within a session: the same episode
        ("ELLE", 1, 1, [0, 3], [1, 4]),
        ("E-EE", 2, 0, [3], [4]),  # two in a row
        ("E?EL", 2, 0, [2], [3]),  # an unknown day neither breaks a run nor counts
        ("E?L", 1, 0, [0], [2]),
        ("????", 1, 0, [], []),
        ("LLLL", 1, 0, [], []),
    ],
)
def test_by_hand(days, hold, reopen, start, end):
    found = episodes(signal(days), hold=hold, reopen=reopen)
    assert (found.start.tolist(), found.end.tolist()) == (start, end)


@given(st.text("EL-?", max_size=80), st.integers(1, 3), st.integers(0, 6), st.integers(0, 80))
@settings(max_examples=100, deadline=None)
def test_later_days_change_no_earlier_start(days, hold, reopen, cut):
    if not days:
        return
    whole = episodes(signal(days), hold=hold, reopen=reopen)
    if days[:cut]:
        early = episodes(signal(days[:cut]), hold=hold, reopen=reopen)
        assert early.start.tolist() == [at for at in whole.start.tolist() if at < cut]
    assert (whole.start < whole.end).all()
    assert (whole.end[:-1] <= whole.start[1:]).all()


def test_an_extreme_is_a_percentile_among_what_came_before():
    series = Series.of("IWM", "m", make.sessions(900), make.persistent(900, 3))
    rank = rolling(series).percentile
    high, low = at_extreme(series), at_extreme(series, Side.LOW)
    assert (high.known == np.isfinite(rank)).all()
    assert (high.enter == (rank >= 95)).all()
    assert (high.leave == (rank < 80)).all()
    assert (low.enter == (rank <= 5)).all()
    assert (low.leave == (rank > 20)).all()
    assert "95th" in high.what
    assert "5th" in low.what


def test_a_record_is_so_many_sessions_long():
    series = Series.of("IWM", "m", make.sessions(600), make.persistent(600, 4))
    found = at_record(series, sessions=120)
    for at in np.flatnonzero(found.known):
        expected = (series.value[max(at - 119, 0) : at] < series.value[at]).all()
        assert found.enter[at] == expected


def test_the_level_of_volatility_can_be_taken_out():
    series = Series.of("IWM", "m", make.sessions(500), make.persistent(500, 4))
    atm = Series.of("IWM", "atm_vol_30d", make.sessions(500), 0.2 / make.persistent(500, 5))
    through = rolling(series, atm=atm)
    assert (at_extreme(series, atm=atm).enter == (through.regime >= 95)).all()


def test_levels_over_and_under():
    series = Series.of("IWM", "m", make.sessions(6), [1.0, 2.0, np.nan, 1.5, 0.5, 3.0])
    over = at_level(series, 2.0, 1.0)
    assert over.enter.tolist() == [False, True, False, False, False, True]
    assert over.leave.tolist() == [False, False, False, False, True, False]
    assert over.known.tolist() == [True, True, False, True, True, True]
    under = at_level(series, 1.0, 1.8)
    assert under.enter.tolist() == [True, False, False, False, True, False]
    assert under.leave.tolist() == [False, True, False, False, False, True]
    assert episodes(under, reopen=0).start.tolist() == [0, 4]


def test_runs_by_hand():
    close = np.array([100, 101, 102.1, 103.2, 103.3, 102, 100.9, np.nan, 99, 98, 97])
    assert run_lengths(close, 0.01).tolist() == [0, 1, 2, 3, 0, -1, -2, 0, 0, -1, -2]


def test_five_gains_in_a_row_are_one_episode():
    moves = [0.011] * 7 + [0.0] + [0.012] * 5 + [-0.02] * 3
    closes = Series.of("IWM", "close", make.sessions(17), 100 * np.cumprod([1, *(1 + np.array(moves))]))
    gains = episodes(in_a_row(closes, 5, 0.01), reopen=0)
    assert (gains.start.tolist(), gains.end.tolist()) == ([5, 13], [8, 14])
    losses = episodes(in_a_row(closes, 3, -0.02), reopen=0)
    assert losses.start.tolist() == [16]
    assert "3 losses" in in_a_row(closes, 3, -0.02).what


@pytest.mark.parametrize(("days", "size"), [(0, 0.01), (3, 0.0)])
def test_a_run_needs_a_day_and_a_size(days, size):
    closes = Series.of("IWM", "close", make.sessions(3), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="run"):
        in_a_row(closes, days, size)


def test_thresholds_in_order():
    with pytest.raises(ValueError, match="leave"):
        at_extreme(make.rough(10, 1), enter=80, leave=95)


def test_the_rate_that_alerts_publishes():
    """ALERTS.md: on an AR(1) of 0.95 the first rule (two in a row) fires 2.0 times a year, 1.2 to 2.8 over seeds.

    Its reference is frozen while it fires and this one is not, so only the neighbourhood is asked for.
    """
    years = 6
    rates = []
    for seed in range(12):
        series = Series.of("X", "m", make.sessions(252 * years), make.persistent(252 * years, seed))
        found = at_extreme(series, settings=Settings(windows=(252,)))
        rates.append(episodes(found, hold=2).start.size / (found.known.sum() / 252))
    assert 1.6 < np.mean(rates) < 2.4
    assert min(rates) > 0.5
    assert max(rates) < 3.3
