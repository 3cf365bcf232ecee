"""Highest since, lowest since: cases by hand and a loop that looks back day by day."""

import numpy as np
import pytest

from monitor.history.extremes import Side, record, records
from monitor.history.series import Series
from monitor.history.sessions import day
from tests.monitor.history import make, real

RATIO = "skew_ratio_30d_90_110"


def looking_back(series, usable, x, position, side):
    """Walk from the session before to the first, one at a time."""
    sign = 1 if side is Side.HIGH else -1
    seen = 0
    for asked, at in enumerate(range(min(position, series.sessions.size) - 1, -1, -1)):
        value, low, high = (float(sign * column[at]) for column in (series.value, series.low, series.high))
        least, most = (low, high) if sign > 0 else (high, low)
        if not usable[at]:
            value = np.nan
        if value >= x * sign or (np.isnan(value) and least >= x * sign):
            tail = position - series.sessions.size if position > series.sessions.size else 0
            between = asked + tail
            return at, position - at, (seen / between if between else 1.0), False
        seen += bool(value < x * sign or (np.isnan(value) and most < x * sign))
    known = [
        at
        for at in range(min(position, series.sessions.size))
        if usable[at] or np.isfinite(series.low[at]) or np.isfinite(series.high[at])
    ]
    if not known:
        return None
    return known[0], position - known[0], seen / (position - known[0]), True


def plain(values, **bounds):
    series = Series.of("IWM", "put_vol", make.sessions(len(values)), values, **bounds)
    return series, series.usable(0.06)


def test_by_hand():
    series, usable = plain([3.0, 1.0, 2.0, np.nan, 1.5])
    found = record(series, usable, 1.8, 5, Side.HIGH)
    assert (found.since, found.sessions, found.coverage) == (series.sessions[2], 3, 0.5)  # one of two in between
    assert not found.on_record
    tie = record(series, usable, 1.5, 5, Side.HIGH)
    assert (tie.since, tie.sessions, tie.coverage) == (series.sessions[4], 1, 1.0)  # at least as high: a tie ends it
    top = record(series, usable, 3.5, 5, Side.HIGH)
    assert (top.on_record, top.since, top.sessions, top.coverage) == (True, series.sessions[0], 5, 0.8)
    bottom = record(series, usable, 1.2, 5, Side.LOW)
    assert (bottom.since, bottom.sessions) == (series.sessions[1], 4)


def test_a_bound_at_or_over_the_value_ends_the_span():
    series, usable = plain([3.0, np.nan, 1.0], low=[np.nan, 2.0, np.nan])
    found = record(series, usable, 2.0, 3, Side.HIGH)
    assert (found.sessions, found.bounded, found.coverage) == (2, True, 1.0)
    beyond = record(series, usable, 2.1, 3, Side.HIGH)
    assert (beyond.sessions, beyond.bounded, beyond.coverage) == (3, False, 0.5)  # not observed in between


def test_downwards_a_lower_bound_tells_that_a_session_was_not_lower():
    series, usable = plain([1.0, np.nan, 3.0], low=[np.nan, 2.0, np.nan])
    seen = record(series, usable, 1.5, 3, Side.LOW)
    unseen = record(series, usable, 2.5, 3, Side.LOW)
    assert (seen.sessions, seen.coverage) == (3, 1.0)
    assert (unseen.sessions, unseen.coverage) == (3, 0.5)


def test_an_upper_bound_under_the_value_counts_as_seen():
    series, usable = plain([3.0, np.nan, 1.0], low=[np.nan, 1.2, np.nan], high=[np.nan, 1.9, np.nan])
    assert record(series, usable, 2.0, 3, Side.HIGH).coverage == 1.0


def test_nothing_before():
    series, usable = plain([np.nan, np.nan])
    assert record(series, usable, 2.0, 2, Side.HIGH) is None
    series, usable = plain([1.0, 2.0])
    assert record(series, usable, 2.0, 0, Side.HIGH) is None
    assert record(series, usable, np.nan, 2, Side.HIGH) is None
    assert records(*plain([np.nan, np.nan]), Side.LOW).since.tolist() == [-1, -1]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("size", "seed"), [(1, 0), (2, 1), (30, 2), (300, 3), (500, 4)])
def test_every_day_against_looking_back(size, seed, side):
    series = make.rough(size, seed)
    usable = series.usable(0.06)
    through = records(series, usable, side)
    for at in range(size):
        expected = looking_back(series, usable, series.value[at], at, side) if usable[at] else None
        one = record(series, usable, series.value[at] if usable[at] else np.nan, at, side)
        if expected is None:
            assert one is None
            assert (through.since[at], through.sessions[at]) == (-1, 0)
            continue
        since, number, coverage, on_record = expected
        assert (one.since, one.sessions, one.on_record) == (series.sessions[since], number, on_record)
        assert one.coverage == pytest.approx(coverage)
        assert (through.since[at], through.sessions[at], through.on_record[at]) == (since, number, on_record)
        assert through.coverage[at] == pytest.approx(coverage)


@pytest.mark.realdata
def test_the_ten_highest_days_of_the_dealers_series():
    """Each against a loop over the dealer's own rows, day by day, in pandas."""
    ratio = real.dealer()
    series = Series.of("SPX", RATIO, ratio.index.to_numpy(), ratio.to_numpy())
    usable = series.usable(0.06)
    on_record = 0
    for when, x in ratio.nlargest(10).items():
        at = series.position(day(when.date()))
        found = record(series, usable, x, at, Side.HIGH)
        since = None
        for earlier in reversed(ratio.index[ratio.index < when]):
            if ratio[earlier] >= x:
                since = earlier
                break
        calendar = [when_ for when_ in series.sessions.tolist() if when_ < when.date()]
        if since is None:
            on_record += 1
            assert found.on_record
            assert found.since == series.sessions[0]
            assert found.coverage == pytest.approx(len(ratio[ratio.index < when]) / len(calendar))
        else:
            between = [each for each in calendar if each > since.date()]
            rows = ratio[(ratio.index > since) & (ratio.index < when)]
            assert str(found.since) == str(since.date())
            assert found.sessions == len(between) + 1
            assert found.coverage == pytest.approx(len(rows) / len(between) if between else 1.0)
    assert on_record >= 1
