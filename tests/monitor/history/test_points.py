"""Which stored points make a series: cases worked by hand."""

import numpy as np
import pytest

from monitor.history.points import Points, compare, select
from monitor.history.series import Omission, Series

NONE = np.nan


def points(*rows):
    """Rows of (session, value, source, method, origin[, low])."""
    columns = list(zip(*[(*row, NONE)[:6] for row in rows], strict=True))
    session, value, source, method, origin, low = columns
    n = len(rows)
    return Points(
        symbol="IWM",
        measure="skew_ratio_30d_90_110",
        session=np.array(session, "datetime64[D]"),
        value=np.array(value, float),
        low=np.array(low, float),
        high=np.full(n, NONE),
        status=np.where(np.isnan(np.array(value, float)), "bounded", "ok"),
        source=np.array(source),
        method=np.array(method),
        origin=np.array(origin),
    )


STORED = points(
    ("2026-06-18", 1.52, "cboe", "2", "live"),
    ("2026-06-16", 1.50, "cboe", "2", "live"),
    ("2026-06-15", 1.49, "hist", "2", "backfilled"),
    ("2026-06-16", 1.53, "hist", "2", "backfilled"),
    ("2026-06-17", 1.55, "hist", "2", "backfilled"),
    ("2026-06-18", 1.40, "cboe", "1", "live"),
    ("2026-06-18", 1.51, "cboe", "2", "backfilled"),
    ("2026-06-19", 1.52, "cboe", "2", "live"),  # Juneteenth repeats the evening before
)


def test_one_source_and_one_method_are_chosen_and_the_rest_is_counted():
    series = select(STORED)
    assert series.method == "2"
    assert series.sessions.astype(str).tolist() == ["2026-06-16", "2026-06-17", "2026-06-18"]
    assert series.value[[0, 2]].tolist() == [1.50, 1.52]  # live before backfilled
    assert np.isnan(series.value[1])
    assert series.source.tolist() == ["cboe", "", "cboe"]
    assert series.left_out == {
        Omission.NOT_A_SESSION: 1,
        Omission.OTHER_METHOD: 1,
        Omission.OTHER_SOURCE: 3,
        Omission.SUPERSEDED: 1,
    }


def test_sources_mix_only_when_named_and_publish_how_far_they_are_apart():
    series = select(STORED, sources=("cboe", "hist"))
    assert series.value.tolist() == [1.49, 1.50, 1.55, 1.52]
    assert series.source.tolist() == ["hist", "cboe", "hist", "cboe"]
    assert series.origin.tolist() == ["backfilled", "live", "backfilled", "live"]
    overlap = next(each for each in series.overlaps if {each.one, each.other} == {"cboe live", "hist backfilled"})
    assert (overlap.n, overlap.worst_on) == (1, np.datetime64("2026-06-16"))
    assert abs(overlap.worst) == pytest.approx(0.03)
    assert abs(overlap.mean) == pytest.approx(0.03)
    own = next(each for each in series.overlaps if {each.one, each.other} == {"cboe live", "cboe backfilled"})
    assert abs(own.worst) == pytest.approx(0.01)


def test_the_order_of_sources_decides():
    assert select(STORED, sources=("hist", "cboe")).value.tolist() == [1.49, 1.53, 1.55, 1.52]


def test_another_method_on_request():
    series = select(STORED, method="1")
    assert series.value.tolist() == [1.40]
    assert series.left_out[Omission.OTHER_METHOD] == 6


def test_what_was_known_before_a_session():
    series = select(STORED, before=np.datetime64("2026-06-18"))
    assert series.sessions.astype(str).tolist() == ["2026-06-15", "2026-06-16", "2026-06-17"]
    assert set(series.source.tolist()) == {"hist"}  # the source of the latest session then
    assert Omission.OTHER_METHOD not in series.left_out


def test_a_value_stands_before_none_of_a_preferred_source():
    stored = points(
        ("2026-06-16", NONE, "cboe", "2", "live", 1.4),
        ("2026-06-16", 1.50, "hist", "2", "backfilled"),
        ("2026-06-17", NONE, "cboe", "2", "live", 1.4),
    )
    series = select(stored, sources=("cboe", "hist"))
    assert series.value[0] == 1.50
    assert series.source.tolist() == ["hist", "cboe"]
    assert series.low[1] == 1.4


def test_the_order_of_rows_does_not_matter():
    shuffled = STORED.rows(np.random.default_rng(1).permutation(8))
    one, other = select(STORED, sources=("cboe", "hist")), select(shuffled, sources=("cboe", "hist"))
    assert one.value.tolist() == other.value.tolist()
    assert one.source.tolist() == other.source.tolist()


def test_nothing_stored_is_an_empty_series():
    series = select(Points.none("IWM", "skew_ratio_30d_90_110"))
    assert series.sessions.size == 0
    assert series.left_out == {}
    assert series.position(np.datetime64("2026-06-18")) == 0


def test_points_that_never_meet_have_no_overlap():
    early, late = STORED.rows(np.array([1])), STORED.rows(np.array([2]))
    assert compare(early, late, ("a", "b")).n == 0


def test_columns_of_one_length():
    with pytest.raises(ValueError, match="one length"):
        Points(**{name: getattr(STORED, name) for name in Points.__slots__} | {"value": np.zeros(3)})


def test_a_session_without_a_row_is_known_to_be_missing():
    series = Series.of("SPX", "m", np.array(["2024-01-05", "2024-01-02"], "datetime64[D]"), [2.0, 1.0])
    assert series.sessions.size == 4
    assert series.value[[0, 3]].tolist() == [1.0, 2.0]
    assert np.isnan(series.value[1:3]).all()
    assert series.position(np.datetime64("2024-01-08")) == 4  # the Monday after
    assert series.position(np.datetime64("2024-01-10")) == 6
    assert series.position(np.datetime64("2024-01-05")) == 3


def test_a_series_refuses_a_day_twice_and_leaves_out_what_is_no_session():
    days = np.array(["2024-01-06", "2024-01-05"], "datetime64[D]")
    series = Series.of("SPX", "m", days, [1.0, 2.0])
    assert series.value.tolist() == [2.0]
    assert series.left_out == {Omission.NOT_A_SESSION: 1}
    with pytest.raises(ValueError, match="once"):
        Series.of("SPX", "m", days[[1, 1]], [1.0, 2.0])
