"""Standing: cases by hand, a second calculation in pandas written otherwise, and laws."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitor.history.extremes import Side
from monitor.history.points import Points, select
from monitor.history.series import Series
from monitor.history.sessions import sessions_between
from monitor.history.settings import Settings
from monitor.history.standing import Refusal, standing
from tests.monitor.history import make, real

RATIO = "skew_ratio_30d_90_110"
LOW_BAR = Settings(minimum=1)


def by_hand(values, x, **changes):
    days = make.sessions(len(values) + 1)
    series = Series.of("IWM", "put_vol", days[:-1], values)
    return standing(series, x, None, None, days[-1], Settings(minimum=1, **changes))


def second_opinion(series: Series, x: float, session, window: int | None, useless: float = 0.06):
    """The same from pandas: ranks of the value joined to its past, rolling back by a reindexed calendar."""
    frame = pd.DataFrame(
        {"v": series.value, "l": series.low, "h": series.high}, index=pd.DatetimeIndex(series.sessions)
    )
    if series.measure.startswith("skew_ratio"):
        frame.loc[(frame.h - frame.l).div(2).div(frame.v.abs()) > useless, "v"] = np.nan
    last = pd.Timestamp(session)
    calendar = pd.DatetimeIndex(sessions_between(series.sessions[0], np.datetime64(last, "D")))
    past = frame.reindex(calendar).v.loc[: last - pd.Timedelta(days=1)]
    if window:
        past = past.tail(window)
    past = past.dropna()
    joined = pd.concat([past, pd.Series([x])])
    middle = past.median()
    scale = past.sub(middle).abs().median() * 1.4826
    return {
        "n": len(past),
        "percentile": (joined.rank(method="average").iloc[-1] - 1) / len(past) * 100,
        "z": (x - middle) / scale if scale else (0.0 if x == middle else None),
        "range": (x - past.min()) / (past.max() - past.min()),
    }


def test_the_mid_rank_by_hand():
    found = by_hand([1.0, 2.0, 2.0, 3.0], 2.0)
    assert (found.percentile, found.n) == (50.0, 4)  # one under, two ties: (1 + 2/2) / 4
    assert by_hand([1.0, 2.0, 2.0, 3.0], 2.5).percentile == 75.0
    assert by_hand([1.0, 2.0, 2.0, 3.0], 4.0).percentile == 100.0
    assert by_hand([1.0, 2.0, 2.0, 3.0], 0.5).percentile == 0.0


def test_robust_z_and_range_rank_by_hand():
    place = by_hand([1.0, 2.0, 3.0, 4.0, 9.0], 6.0).place
    assert place.median == 3.0
    assert place.z == pytest.approx((6 - 3) / 1.4826)  # deviations 2, 1, 0, 1, 6: their median is 1
    assert place.range_rank == pytest.approx(5 / 8)


def test_a_past_of_one_number_has_no_scale():
    same = by_hand([2.0, 2.0, 2.0, 5.0], 2.0).place
    other = by_hand([2.0, 2.0, 2.0, 5.0], 3.0).place
    assert (same.z, other.z) == (0.0, None)
    assert by_hand([2.0, 2.0], 2.0).place.range_rank is None


def test_windows_count_sessions_not_points():
    values = np.full(300, np.nan)
    values[::2] = np.arange(150)
    found = by_hand(values, 1000.0)
    assert (found.places["252"].sessions, found.places["252"].n) == (252, 126)
    assert (found.places["504"].sessions, found.places["all"].n) == (300, 150)


def test_sessions_after_the_end_of_the_record_belong_to_the_window():
    days = make.sessions(260)
    series = Series.of("IWM", "put_vol", days[:200], np.arange(200.0))
    found = standing(series, 1000.0, None, None, days[259], LOW_BAR)
    assert (found.place.sessions, found.n) == (252, 193)  # 59 sessions passed without a point
    assert found.highest.sessions == 259
    assert found.highest.coverage == pytest.approx(200 / 259)


def test_too_short_says_how_many_are_missing():
    days = make.sessions(44)
    series = Series.of("IWM", RATIO, days[:43], make.persistent(43, 1))
    found = standing(series, 1.6, 1.58, 1.62, days[43])
    assert (found.percentile, found.reason, found.n, found.missing) == (None, Refusal.TOO_SHORT, 43, 77)
    assert found.place.z is None
    lowered = standing(series, 1.6, 1.58, 1.62, days[43], Settings(minimum=20))
    assert lowered.reason is None
    assert lowered.percentile is not None


def test_the_bar_is_at_120():
    days = make.sessions(130)
    for number, expected in ((119, Refusal.TOO_SHORT), (120, None)):
        series = Series.of("IWM", RATIO, days[:number], make.persistent(number, 1))
        assert standing(series, 1.6, None, None, days[number]).reason is expected


def test_nothing_stored_is_the_contract_of_json():
    found = standing(select(Points.none("IWM", RATIO)), 1.5, 1.4, 1.6, "2026-07-24").to_dict()
    assert {"percentile": None, "n": 0, "reason": "no_history"}.items() <= found.items()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_contract_of_json():
    series = make.rough(400, 3)
    found = standing(series, 1.9, 1.88, 1.92, make.sessions(401)[-1], provisional=True).to_dict()
    assert {"percentile", "n", "z", "since", "direction", "coverage", "reason", "windows", "sources"} <= set(found)
    assert found["direction"] == "high"
    assert found["provisional"] is True
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_bounded_value_is_ranked_by_its_bound():
    days = make.sessions(201)
    series = Series.of("IWM", RATIO, days[:200], np.arange(200.0))
    found = standing(series, None, 180.0, None, days[200])
    assert (found.reason, found.percentile) == (Refusal.BOUNDED, None)
    assert found.place.percentile_low == pytest.approx(90.25)
    assert found.direction is Side.HIGH
    assert str(found.highest.since) == str(days[199])
    assert standing(series, None, None, None, days[200]).reason is Refusal.NO_VALUE
    assert standing(series, None, None, None, days[200]).direction is None


def test_a_value_between_wide_quotes_is_no_data_and_its_ends_are_ranked():
    days = make.sessions(201)
    series = Series.of("IWM", RATIO, days[:200], np.arange(200.0) + 100)
    found = standing(series, 250.0, 230.0, 270.0, days[200])
    assert (found.reason, found.percentile) == (Refusal.TOO_WIDE, None)
    assert (found.place.percentile_low, found.place.percentile_high) == (65.25, 85.25)
    other = standing(replace(series, measure="risk_reversal_30d_25"), 250.0, 230.0, 270.0, days[200])
    assert other.percentile == 75.25  # only skew ratios have a companion to speak for them


def test_sessions_quoted_too_wide_are_not_ranked_and_are_counted():
    days = make.sessions(201)
    value = np.arange(200.0) + 100
    low = np.where(np.arange(200) % 4 == 0, value * 0.9, value * 0.99)
    series = Series.of("IWM", RATIO, days[:200], value, low=low, high=2 * value - low, source="x")
    found = standing(series, 250.0, None, None, days[200])
    assert (found.n, found.provenance.too_wide) == (150, 50)
    assert found.provenance.sources == {"x": 150}


def test_the_direction_is_the_side_of_the_median():
    values = [1.0, 5.0, 2.0, 4.0, 3.0]
    assert by_hand(values, 4.5).direction is Side.HIGH
    assert by_hand(values, 1.5).direction is Side.LOW
    middle = by_hand([*values, 2.5, 3.5], 3.0)  # highest since yesterday but two, lowest for one session
    assert middle.percentile == 50.0
    assert middle.direction is (Side.HIGH if middle.highest.sessions >= middle.lowest.sessions else Side.LOW)


def test_a_frozen_reference_ends_the_window_early_and_leaves_records_alone():
    days = make.sessions(401)
    series = Series.of("IWM", RATIO, days[:400], make.persistent(400, 5))
    frozen = standing(series, 1.6, None, None, days[400], reference=days[380])
    then = standing(series, 1.6, None, None, days[380])
    now = standing(series, 1.6, None, None, days[400])
    assert frozen.places == then.places
    assert (frozen.highest, frozen.lowest) == (now.highest, now.lowest)


def test_what_a_window_rests_on_is_said():
    days = make.sessions(300)
    n = days.size - 1
    stored = Points(
        symbol="IWM",
        measure=RATIO,
        session=days[:n],
        value=make.persistent(n, 2),
        low=np.full(n, np.nan),
        high=np.full(n, np.nan),
        status=np.full(n, "ok"),
        source=np.where(np.arange(n) < 250, "hist", "cboe"),
        method=np.full(n, "1-abc"),
        origin=np.where(np.arange(n) < 250, "backfilled", "live"),
    )
    alone = standing(select(stored), 1.5, None, None, days[n])
    assert alone.reason is Refusal.TOO_SHORT
    assert alone.provenance.left_out == {"other_source": 250}
    mixed = standing(select(stored, sources=("cboe", "hist")), 1.5, None, None, days[n])
    assert mixed.n == 252
    assert mixed.provenance.sources == {"hist": 203, "cboe": 49}
    assert mixed.provenance.overlaps[0].n == 0
    assert mixed.to_dict()["overlaps"] == [
        {"one": "hist backfilled", "other": "cboe live", "n": 0, "mean": None, "worst": None, "worst_on": None}
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("window", ["252", "504", "1260", "all"])
def test_against_pandas_on_random_series(seed, window):
    size = [5, 60, 130, 260, 400, 700, 1300, 1500][seed]
    series = make.rough(size, seed)
    at = make.sessions(size + 4)[size + 3 * (seed % 2)]
    x = float(np.round(1.5 + 0.05 * seed, 2))
    expected = second_opinion(series, x, at, None if window == "all" else int(window))
    place = standing(series, x, None, None, at, LOW_BAR).places[window]
    assert place.n == expected["n"]
    assert place.percentile == pytest.approx(expected["percentile"], abs=1e-9)
    assert place.range_rank == pytest.approx(expected["range"], rel=1e-12)
    if expected["z"] is None:
        assert place.z is None
    else:
        assert place.z == pytest.approx(expected["z"], rel=1e-9)


@pytest.mark.realdata
def test_against_pandas_on_the_dealers_series():
    ratio = real.dealer()
    series = Series.of("SPX", "skew_ratio_30d_90_110", ratio.index.to_numpy(), ratio.to_numpy(), source="dealer")
    for at in (200, 430, 700, 952):
        day = ratio.index[at]
        found = standing(series, ratio.iloc[at], None, None, np.datetime64(day, "D"), LOW_BAR)
        for name, window in (("252", 252), ("504", 504), ("all", None)):
            expected = second_opinion(series, ratio.iloc[at], day, window)
            assert found.places[name].n == expected["n"]
            assert found.places[name].percentile == pytest.approx(expected["percentile"], abs=1e-9)
            assert found.places[name].z == pytest.approx(expected["z"], rel=1e-9)


@pytest.mark.realdata
def test_against_pandas_on_a_volatility_index():
    closes = real.index("RVX")
    series = Series.of("RVX", "close", closes.index.to_numpy(), closes.to_numpy())
    on_sessions = closes[closes.index.isin(pd.DatetimeIndex(series.sessions))]
    for at in (500, 2000, 3900):
        day, x = on_sessions.index[at], on_sessions.iloc[at]
        expected = second_opinion(series, x, day, 252)
        place = standing(series, x, None, None, np.datetime64(day, "D")).place
        assert place.n == expected["n"]
        assert place.percentile == pytest.approx(expected["percentile"], abs=1e-9)


# laws

numbers = st.floats(0.5, 4.0).map(lambda x: round(x, 2))
pasts = hnp.arrays(float, st.integers(3, 60), elements=st.one_of(numbers, st.just(np.nan)))


@given(pasts, numbers)
@settings(max_examples=60, deadline=None)
def test_a_percentile_is_between_0_and_100_and_its_mirror_is_the_rest(past, x):
    up, down = by_hand(past, x), by_hand(-past, -x)
    if up.n:
        assert 0 <= up.percentile <= 100
        assert up.percentile + down.percentile == pytest.approx(100)
        assert up.highest is None or up.highest.sessions == down.lowest.sessions


@given(pasts, numbers, st.sampled_from([0.25, 0.5, 2.0, 8.0]), st.integers(-8, 8))
@settings(max_examples=60, deadline=None)
def test_scale_and_shift_change_nothing(past, x, scale, shift):
    """Powers of two and integers: the arithmetic of the values stays exact, so ties stay ties."""
    past, x = np.round(past * 64) / 64, round(x * 64) / 64
    one, other = by_hand(past, x), by_hand(past * scale + shift, x * scale + shift)
    assert one.percentile == other.percentile
    assert one.highest is None or one.highest == other.highest
    if one.place.z is not None:
        assert one.place.z == pytest.approx(other.place.z, abs=1e-9)


@given(pasts, numbers, numbers)
@settings(max_examples=60, deadline=None)
def test_a_higher_value_stands_no_lower(past, x, y):
    low, high = by_hand(past, min(x, y)), by_hand(past, max(x, y))
    if low.n:
        assert low.percentile <= high.percentile
        assert low.highest.sessions <= high.highest.sessions
        assert low.lowest.sessions >= high.lowest.sessions


@given(st.integers(0, 10_000), st.integers(0, 299), st.sampled_from(["truncated", "altered"]))
@settings(max_examples=60, deadline=None)
def test_the_future_never_matters(seed, at, what):
    """Whatever stands at the session itself and later, or nothing: the same standing."""
    whole = make.rough(300, seed % 7)
    day = make.sessions(300)[at]
    rng = np.random.default_rng(seed)
    if what == "truncated":
        known = np.arange(300) < at
        other = Series.of(
            "IWM", RATIO, whole.sessions[known], whole.value[known], low=whole.low[known], high=whole.high[known]
        )
        other = replace(other, source=np.where(whole.source[: other.source.size] != "", "test", ""))
    else:
        columns = {name: getattr(whole, name).copy() for name in ("value", "low", "high")}
        for column in columns.values():
            column[at:] = rng.uniform(0, 9, 300 - at)
        other = replace(whole, **columns)
    vol = Series.of("IWM", "atm_vol_30d", make.sessions(300), 0.2 / make.persistent(300, seed % 5))
    future = vol.value.copy()
    future[at:] = rng.uniform(0.1, 0.9, 300 - at)
    vol_now = float(vol.value[at])
    bar = Settings(minimum=30)
    one = standing(whole, 1.55, 1.54, 1.56, day, bar, atm=vol, atm_vol=vol_now)
    two = standing(other, 1.55, 1.54, 1.56, day, bar, atm=replace(vol, value=future), atm_vol=vol_now)
    assert one.to_dict() == two.to_dict()


@given(st.integers(0, 250), st.floats(0.1, 9))
@settings(max_examples=40, deadline=None)
def test_a_value_is_never_in_its_own_reference(at, x):
    series = make.rough(251, 4)
    day = series.sessions[at]
    value = series.value.copy()
    value[at] = x
    one = standing(series, x, None, None, day, LOW_BAR)
    two = standing(replace(series, value=value), x, None, None, day, LOW_BAR)
    assert one.to_dict() == two.to_dict()
