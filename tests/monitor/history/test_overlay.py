"""Overlays: a session sees what was published by then and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.history.overlay import Overlay, align, known_next_session, official_instants, relative
from monitor.history.series import Omission, Series
from monitor.history.standing import standing
from tests.monitor.history import make


def overlay(*rows):
    of, known_at, value = zip(*rows, strict=True)
    return Overlay(
        symbol="IWM",
        name="sentiment",
        of=np.array(of, "datetime64[D]"),
        known_at=np.array(known_at, "datetime64[s]"),
        value=np.array(value, float),
    )


def test_the_official_point_is_at_1545_new_york():
    days = np.array(["2026-01-05", "2026-07-06", "2026-11-27"], "datetime64[D]")  # winter, summer, half day
    assert official_instants(days).astype(str).tolist() == [
        "2026-01-05T20:45:00",
        "2026-07-06T19:45:00",
        "2026-11-27T17:45:00",
    ]


def test_a_value_is_seen_from_the_session_on_which_it_was_known():
    days = np.array(["2026-07-06", "2026-07-07", "2026-07-08"], "datetime64[D]")
    early = overlay(("2026-06-30", "2026-07-07T19:45:00", 1.0))
    late = overlay(("2026-06-30", "2026-07-07T19:45:01", 1.0))
    assert align(early, days).value[1:].tolist() == [1.0, 1.0]
    assert np.isnan(align(early, days).value[0])
    assert np.isnan(align(late, days).value[:2]).all()
    assert align(late, days).value[2] == 1.0


def test_a_date_alone_is_known_on_the_next_session():
    days = np.array(["2026-07-02", "2026-07-06"], "datetime64[D]")
    of = np.array(["2026-07-02"], "datetime64[D]")
    plain = Overlay(symbol="IWM", name="flows", of=of, known_at=known_next_session(of), value=np.array([5.0]))
    found = align(plain, days).value
    assert np.isnan(found[0])
    assert found[1] == 5.0


def test_a_revision_replaces_and_an_older_period_does_not():
    days = np.array(["2026-07-06", "2026-07-07", "2026-07-08", "2026-07-09"], "datetime64[D]")
    found = align(
        overlay(
            ("2026-06-30", "2026-07-06T12:00:00", 1.0),
            ("2026-06-30", "2026-07-07T12:00:00", 2.0),  # a revision
            ("2026-03-31", "2026-07-08T12:00:00", 9.0),  # of an older quarter
            ("2026-06-30", "2026-07-09T12:00:00", np.nan),  # withdrawn
        ),
        days,
    )
    assert found.value[:3].tolist() == [1.0, 2.0, 2.0]
    assert np.isnan(found.value[3])


def test_an_old_value_ends():
    days = make.sessions(30)
    found = align(overlay((days[0], f"{days[0]}T12:00:00", 1.0)), days, longest=21)
    assert np.isfinite(found.value).sum() == 22  # its own session and 21 more
    assert np.isfinite(align(overlay((days[0], f"{days[0]}T12:00:00", 1.0)), days).value).all()


def test_nothing_known():
    nothing = Overlay(
        symbol="IWM",
        name="flows",
        of=np.empty(0, "datetime64[D]"),
        known_at=np.empty(0, "datetime64[s]"),
        value=np.empty(0),
    )
    assert np.isnan(align(nothing, make.sessions(3), longest=5).value).all()
    assert align(nothing, make.sessions(3)[:0]).value.size == 0


rows = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 80), st.integers(0, 5)), min_size=1, max_size=12)


@given(rows, st.integers(0, 59))
@settings(max_examples=80, deadline=None)
def test_against_asking_each_session_by_itself(table, cut):
    """Among the rows published by then, the latest period's last publication; rows published later change nothing."""
    days = make.sessions(60)
    start = days[0].astype("datetime64[s]")
    given_rows = [
        (days[0] - 10 + of, start + np.timedelta64(hours * 17, "h"), float(value)) for of, hours, value in table
    ]
    found = align(overlay(*given_rows), days).value
    instants = official_instants(days)
    for at in range(60):
        known = [row for row in given_rows if row[1] <= instants[at]]
        if not known:
            assert np.isnan(found[at])
            continue
        newest = max(row[0] for row in known)
        last = max(row[1] for row in known if row[0] == newest)
        assert found[at] in [row[2] for row in known if row[0] == newest and row[1] == last]
    early = [row for row in given_rows if row[1] <= instants[cut]]
    if early:
        assert align(overlay(*early), days).value[: cut + 1] == pytest.approx(found[: cut + 1], nan_ok=True)


def test_an_overlay_has_a_standing_like_any_measure():
    days = make.sessions(300)
    known = days.astype("datetime64[s]") + np.timedelta64(12, "h")
    series = align(
        Overlay(symbol="IWM", name="sentiment", of=days, known_at=known, value=make.persistent(300, 1)), days
    )
    assert series.measure == "sentiment"
    assert standing(series, 9.0, None, None, make.sessions(301)[-1]).percentile == 100.0


def test_one_series_against_another():
    days = make.sessions(4)
    one = Series.of("IWM", "skew_ratio_30d_90_110", days, [1.5, 1.6, np.nan, 1.8], low=1.4, high=1.9, source="cboe")
    other = Series.of("SPY", "skew_ratio_30d_90_110", days[1:], [2.0, 2.0, 2.5], low=1.9, high=2.6, source="hist")
    found = relative(one, other)
    assert found.symbol == "IWM/SPY"
    assert found.value[[1, 3]].tolist() == [0.8, 0.72]
    assert np.isnan(found.value[[0, 2]]).all()
    assert found.low[1] == pytest.approx(1.4 / 2.6)
    assert found.high[1] == pytest.approx(1.9 / 1.9)
    assert found.source.tolist() == ["", "cboe/hist", "", "cboe/hist"]
    same = relative(one, Series.of("SPY", "m", [*days, np.datetime64("2010-01-09")], np.ones(5), source="cboe"))
    assert same.source[0] == "cboe"
    assert same.left_out == {Omission.NOT_A_SESSION: 1}
