"""Truth: roots, derivatives and closed forms of a market whose smile is a formula, found by SciPy on the formula."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from pricing import measures
from pricing.curve import Curve
from pricing.dividends import Schedule
from pricing.positioning import Activity
from pricing.reasons import Cause, Level
from pricing.settings import Base, Settings
from pricing.surface import Reading, Scenario
from pricing.take import take
from tests.pricing.known_market import FAR, NEAR, TENOR, Market, black, years

NO_DIVIDENDS = Schedule(continuous=0.0)
SKEWED = Market(level=0.22, slope=-0.35, curvature=0.8, term=0.1)
FLAT = Market(slope=0.0, curvature=0.0)


def quoted(market):
    """Whether a strike beyond each target is listed, so that every measure has a value."""
    return all(market.price(day, strike, strike > 100) > market.faintest for day in (NEAR, FAR) for strike in (89, 112))


markets = st.builds(
    Market,
    spot=st.just(100.0),
    rate=st.floats(-0.01, 0.08),
    level=st.floats(0.18, 0.5),
    slope=st.floats(-0.6, 0.2),
    curvature=st.floats(-0.2, 1.0),
    term=st.floats(-0.1, 0.3),
).filter(quoted)


def snapshot(market, options=Settings(), **changes):  # noqa: B008 - frozen
    return take(market.chain(**changes), Curve.flat(market.rate), Schedule(continuous=market.dividend_yield), options)


def value(market, name, options=Settings()):  # noqa: B008
    return snapshot(market, options).measures[name].value


@settings(max_examples=25)
@given(markets)
def test_the_wings(market):
    found = snapshot(market).measures
    put, call = market.tenor_vol(90.0), market.tenor_vol(110.0)
    assert found["put_vol_30d_90"].value == pytest.approx(put, rel=1e-8)
    assert found["call_vol_30d_110"].value == pytest.approx(call, rel=1e-8)
    assert found["skew_ratio_30d_90_110"].value == pytest.approx(put / call, rel=1e-8)
    assert found["skew_spread_30d_90_110"].value == pytest.approx(100 * (put - call), abs=1e-6)
    near, far = market.tenor_vol(95.0), market.tenor_vol(105.0)
    assert found["skew_ratio_30d_95_105"].value == pytest.approx(near / far, rel=1e-8)
    assert found["skew_spread_30d_95_105"].value == pytest.approx(100 * (near - far), abs=1e-6)
    ratio = market.tenor_price(90.0, is_call=False) / market.tenor_price(110.0, is_call=True)
    assert found["price_ratio_30d_90_110"].value == pytest.approx(ratio, rel=1e-6)


@settings(max_examples=25)
@given(markets)
def test_at_the_forward(market):
    """Each expiry at its own: `level + term T` there."""
    found = snapshot(market).measures
    near, far = ((market.level + market.term * years(day)) ** 2 * years(day) for day in (NEAR, FAR))
    atm = math.sqrt((near + (far - near) * market.late) / TENOR)
    assert found["atm_vol_30d"].value == pytest.approx(atm, rel=1e-8)
    slope = (market.tenor_vol(90.0) - market.tenor_vol(110.0)) / atm
    assert found["skew_slope_30d"].value == pytest.approx(slope, abs=1e-8)
    down, up = (market.tenor_forward * math.exp(sign * atm * math.sqrt(TENOR)) for sign in (-1, 1))
    assert found["skew_ratio_30d_1sd"].value == pytest.approx(market.tenor_vol(down) / market.tenor_vol(up), rel=1e-8)


def delta_strike(market, delta, *, is_call):
    """Strike whose undiscounted forward delta, N(d1) of a call and N(-d1) of a put, is as asked."""

    def excess(k):
        stdev = math.sqrt(market.tenor_variance(market.tenor_forward * math.exp(k)))
        d1 = -k / stdev + stdev / 2
        return ndtr(d1 if is_call else -d1) - delta

    return market.tenor_forward * math.exp(brentq(excess, -0.25, 0.25, xtol=1e-14))


@settings(max_examples=15)
@given(markets)
def test_risk_reversal(market):
    put, call = (market.tenor_vol(delta_strike(market, 0.25, is_call=side)) for side in (False, True))
    middle = market.tenor_vol(delta_strike(market, 0.50, is_call=True))
    assert value(market, "risk_reversal_30d_25") == pytest.approx((put - call) / middle, abs=1e-7)


@settings(max_examples=15)
@given(markets)
def test_zero_cost_collar(market):
    price = market.tenor_price(110.0, is_call=True)
    assume(market.tenor_price(72.0, is_call=False) < price)
    strike = brentq(lambda at: market.tenor_price(at, is_call=False) - price, 72.0, 110.0, xtol=1e-12)
    assert value(market, "zero_cost_collar_30d_110") == pytest.approx(1 - strike / 100, abs=1e-6)


def test_a_collar_far_out():
    """As on recorded evenings: under 80 % of spot, well among the quotes, found in every scenario."""
    market = Market(
        level=0.24, slope=-0.70, half_spread=0.003, faintest=0.01, strikes=tuple(np.arange(50.0, 140.0, 0.5))
    )
    price = market.tenor_price(110.0, is_call=True)
    strike = brentq(lambda at: market.tenor_price(at, is_call=False) - price, 55.0, 105.0, xtol=1e-12)
    assert 70 < strike < 77
    one = snapshot(market).measures["zero_cost_collar_30d_110"]
    assert one.value == pytest.approx(1 - strike / 100, abs=1e-5)
    assert one.low is not None


@settings(max_examples=15)
@given(markets)
def test_tail_probability(market):
    """The slope of the undiscounted put price in its strike is the probability to end below it."""

    def under(strike):
        step = 1e-3
        above, below = (market.tenor_price(strike + sign * step, is_call=False) for sign in (1, -1))
        return (above - below) / (2 * step)

    ratio = under(90.0) / (1 - under(110.0))
    assert value(market, "tail_probability_ratio_30d_90_110") == pytest.approx(ratio, rel=1e-5)


def test_below_is_a_distribution():
    """With its own slope at every strike it rises from 0 to 1, and the forward is its mean: F = int (1 - Q) dK."""
    market = Market(slope=-0.1, curvature=0.05)  # no parabola that steep is a distribution far out
    strike = np.linspace(50.0, 200.0, 15_001)
    total = market.tenor_variance(strike)
    slope = np.gradient(total, np.log(strike))
    q = measures.below(market.tenor_forward, strike, Reading(total, slope, np.zeros(strike.shape, bool)))
    assert (np.diff(q) >= -1e-12).all()
    assert q[0] == pytest.approx(0, abs=1e-6)
    assert q[-1] == pytest.approx(1, abs=1e-6)
    mean = strike[0] + np.trapezoid(1 - q, strike)
    assert mean == pytest.approx(market.tenor_forward, rel=1e-6)


def test_a_flat_smile_by_closed_forms():
    """20 % everywhere: no skew; deltas by the normal quantile; the collar and the tails by Black's formula alone."""
    found = snapshot(FLAT).measures
    values = {name: one.value for name, one in found.items()}
    for name in ("skew_ratio_30d_90_110", "skew_ratio_30d_95_105", "skew_ratio_30d_1sd"):
        assert values[name] == pytest.approx(1.0, abs=1e-9)
    for name in ("skew_spread_30d_90_110", "skew_slope_30d", "risk_reversal_30d_25"):
        assert values[name] == pytest.approx(0.0, abs=1e-7)
    for name in ("put_vol_30d_90", "call_vol_30d_110", "atm_vol_30d"):
        assert values[name] == pytest.approx(0.2, rel=1e-9)
    assert values["variance_swap_vol_30d"] == pytest.approx(0.2, rel=2e-3)  # half-dollar strikes
    assert values["moment_skew_30d"] == pytest.approx(100.0, abs=0.05)
    forward, stdev = FLAT.tenor_forward, 0.2 * math.sqrt(TENOR)
    put, call = black(forward, 90.0, stdev, is_call=False), black(forward, 110.0, stdev, is_call=True)
    assert values["price_ratio_30d_90_110"] == pytest.approx(put / call, rel=1e-6)
    # put-call symmetry of a lognormal: the put at F^2/K costs F/K calls at K, so a strike near F^2/110 = 91.55
    collar = brentq(lambda strike: black(forward, strike, stdev, is_call=False) - call, 80.0, 99.0)
    assert values["zero_cost_collar_30d_110"] == pytest.approx(1 - collar / 100, abs=1e-7)
    d2 = [math.log(forward / strike) / stdev - stdev / 2 for strike in (90.0, 110.0)]
    assert values["tail_probability_ratio_30d_90_110"] == pytest.approx(ndtr(-d2[0]) / ndtr(d2[1]), rel=1e-6)
    assert ndtri(0.25) == pytest.approx(-measures.QUARTER, abs=1e-15)


@settings(max_examples=15)
@given(markets, st.sampled_from([(80, 125), (90, 110), (85, 120)]), st.sampled_from(list(Base)))
def test_any_pair_and_either_base(market, pair, base):
    options = Settings(pairs=(pair,), moneyness=base, wide_spreads=1e9)
    market = replace(market, half_spread=1e-7, faintest=1e-6)
    around = market.spot if base is Base.SPOT else market.tenor_forward
    low, high = (around * percent / 100 for percent in pair)
    found = snapshot(market, options)
    name = f"skew_ratio_30d_{pair[0]}_{pair[1]}"
    assert found.headline == name
    assert found.companion is None
    if found.measures[name].value is not None:
        assert found.measures[name].value == pytest.approx(market.tenor_vol(low) / market.tenor_vol(high), rel=1e-6)
    else:
        assert market.level < 0.3  # too calm for the outer pairs to be listed


def test_another_tenor():
    """45 days lie between the expiries of 38 and 66 days."""
    near, far = years(date(2026, 4, 17)), years(date(2026, 5, 15))
    found = snapshot(SKEWED, Settings(tenor_days=45, max_days=90))
    late = (45 / 365 - near) / (far - near)
    vols = []
    for strike in (90.0, 110.0):
        total = [SKEWED.vol(day, strike) ** 2 * years(day) for day in (date(2026, 4, 17), date(2026, 5, 15))]
        vols.append(math.sqrt((total[0] + late * (total[1] - total[0])) * 365 / 45))
    assert found.measures["skew_ratio_45d_90_110"].value == pytest.approx(vols[0] / vols[1], rel=1e-8)
    assert found.measures["put_vol_45d_90"].value == pytest.approx(vols[0], rel=1e-8)


# the envelope


def test_the_envelope_is_the_quotes_own():
    """A cent to either side of every price: the envelope is Black's formula inverted there."""
    market = Market(level=0.26, half_spread=0.01, faintest=0.03)
    found = snapshot(market).measures

    def side(day, strike, sign, *, is_call):
        price = market.price(day, strike, is_call) + sign * 0.01
        growth = math.exp(market.rate * years(day))
        stdev = brentq(
            lambda s: float(black(market.forward(day), strike, s, is_call)) - price * growth, 1e-4, 2.0, xtol=1e-14
        )
        return stdev / math.sqrt(years(day))

    def tenor(strike, sign, *, is_call):
        near, far = (side(day, strike, sign, is_call=is_call) ** 2 * years(day) for day in (NEAR, FAR))
        return math.sqrt((near + (far - near) * market.late) / TENOR)

    put, call = ([tenor(strike, sign, is_call=strike > 100) for sign in (-1, 1)] for strike in (90.0, 110.0))
    # the smile of bids is no quadratic any more: a local fit smooths it by a little
    assert found["put_vol_30d_90"].low == pytest.approx(put[0], abs=5e-5)
    assert found["put_vol_30d_90"].high == pytest.approx(put[1], abs=5e-5)
    assert found["call_vol_30d_110"].low == pytest.approx(call[0], abs=2e-4)
    assert found["call_vol_30d_110"].high == pytest.approx(call[1], abs=2e-4)
    assert found["skew_ratio_30d_90_110"].low == pytest.approx(put[0] / call[1], rel=1e-3)
    assert found["skew_ratio_30d_90_110"].high == pytest.approx(put[1] / call[0], rel=1e-3)


def each(mid, bid=np.nan, ask=np.nan, cheap=np.nan, rich=np.nan):
    return np.array([mid, bid, ask, cheap, rich])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            measures.Values(each(1.5, cheap=1.48, rich=1.52), "ratio", measures.Envelope.BALANCE),
            (1.5, 1.48, 1.52, "ok"),
        ),
        # the sides may come the other way round
        (
            measures.Values(each(1.5, cheap=1.52, rich=1.48), "ratio", measures.Envelope.BALANCE),
            (1.5, 1.48, 1.52, "ok"),
        ),
        (measures.Values(each(0.2, 0.199, 0.201), "vol", measures.Envelope.LEVEL), (0.2, 0.199, 0.201, "ok")),
        # half the width over 3 % of the value
        (
            measures.Values(each(1.0, cheap=0.97, rich=1.0299), "ratio", measures.Envelope.BALANCE),
            (1, 0.97, 1.0299, "ok"),
        ),
        (
            measures.Values(each(1.0, cheap=0.97, rich=1.0301), "ratio", measures.Envelope.BALANCE),
            (1, 0.97, 1.0301, "noisy"),
        ),
        (measures.Values(each(-1.0, cheap=-1.1, rich=-0.9), "x", measures.Envelope.BALANCE), (-1, -1.1, -0.9, "noisy")),
        # a hair beyond the last quote; noise says more
        (
            measures.Values(each(1.5, cheap=1.48, rich=1.52), "ratio", measures.Envelope.BALANCE, edge=True),
            (1.5, 1.48, 1.52, "edge"),
        ),
        (
            measures.Values(each(1.5, cheap=1.3, rich=1.7), "ratio", measures.Envelope.BALANCE, edge=True),
            (1.5, 1.3, 1.7, "noisy"),
        ),
        # a side is missing
        (measures.Values(each(1.5, cheap=1.48), "ratio", measures.Envelope.BALANCE), (1.5, None, None, "noisy")),
        (
            measures.Values(each(np.nan, cheap=1.4, rich=1.6), "x", measures.Envelope.BALANCE),
            (None, None, None, "missing"),
        ),
    ],
)
def test_judgement(values, expected):
    got = measures.measure(values, Settings(), Cause.NO_BRACKET)
    assert (got.value, got.low, got.high, got.status.value) == expected
    assert got.unit == values.unit
    if got.status is Level.MISSING:
        assert got.reason is Cause.NO_BRACKET


def test_every_measure_of_a_surface_has_a_unit_and_a_place():
    """What `units` promises is what a snapshot holds, headline first."""
    options = Settings(pairs=((90, 110), (95, 105), (80, 120)))
    found = snapshot(SKEWED, options).measures
    activity = ["put_call_oi_10", "put_call_volume_10", "put_call_premium_10"]
    assert list(found) == [*measures.units(options), *activity]
    assert measures.names(options) == ["skew_ratio_30d_90_110", "skew_ratio_30d_95_105", "skew_ratio_30d_80_120"]
    assert {name: one.unit for name, one in found.items()} == measures.units(options) | dict.fromkeys(activity, "ratio")


def test_scenarios_are_the_rows_of_an_envelope():
    assert [int(one) for one in Scenario] == [0, 1, 2, 3, 4]
    assert measures.Envelope.LEVEL.value == (Scenario.BID, Scenario.ASK)


# activity


def activity(oi=np.nan, volume=np.nan, premium=np.nan, bid=np.nan, ask=np.nan):
    return Activity(oi, volume, premium, bid, ask)


def test_activity_of_puts_over_calls():
    found = measures.of_activity(activity(300, 60, 500, 450, 550), activity(200, 30, 250, 200, 300))
    assert found["put_call_oi_10"].value == 1.5
    assert found["put_call_volume_10"].value == 2.0
    premium = found["put_call_premium_10"]
    assert (premium.value, premium.low, premium.high) == (2.0, 1.5, 2.75)
    assert found["put_call_oi_10"].low == found["put_call_oi_10"].high == 1.5
    assert measures.of_activity(activity(3), activity(1))["put_call_oi_10"].value == 3.0


@pytest.mark.parametrize("calls", [activity(0, 0, 0, 0, 0), activity()])
def test_no_calls_no_ratio(calls):
    found = measures.of_activity(activity(300, 60, 500, 450, 550), calls)
    assert all(one.value is None and one.status is Level.MISSING for one in found.values())
    assert found["put_call_oi_10"].reason is Cause.NO_OPEN_INTEREST
    assert found["put_call_volume_10"].reason is found["put_call_premium_10"].reason is Cause.NO_VOLUME


def test_no_puts_are_a_ratio_of_nothing():
    assert (
        measures.of_activity(activity(0, 0, 0, 0, 0), activity(200, 30, 250, 200, 300))["put_call_oi_10"].value == 0.0
    )
    assert measures.of_activity(activity(), activity(200, 30, 250, 200, 300))["put_call_oi_10"].value is None
