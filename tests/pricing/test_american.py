import math

import numpy as np
import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing import black
from pricing.american import american_implied_vol, american_price, early_exercise_premium
from pricing.implied import implied_vol
from pricing.status import Status
from tests.pricing import finite_difference

CALL, PUT = True, False
RATES = st.sampled_from([-0.01, 0.0, 0.002, 0.02, 0.05, 0.1])
YIELDS = st.sampled_from([-0.02, 0.0, 0.004, 0.02, 0.05, 0.12])
SPOTS = st.floats(40.0, 250.0)
YEARS = st.floats(3 / 365, 3.0)
VOLS = st.floats(0.06, 1.5)


def european(spot, strike, years, vol, is_call, rate, dividend_yield=0.0):
    forward = spot * np.exp((rate - dividend_yield) * years)
    return black.black_price(forward, strike, years, vol, is_call, discount=np.exp(-rate * years))


def two_boundaries(is_call, rate, dividend_yield):
    r, q = (dividend_yield, rate) if is_call else (rate, dividend_yield)
    return q < r < 0


def quantlib(spot, strike, days, vol, is_call, rate, dividend_yield):
    """QuantLib's own Andersen-Lake-Offengenden, at its highest precision."""
    today = QuantLib.Date(15, 6, 2026)
    day_count = QuantLib.Actual365Fixed()

    def flat(level):
        return QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, level, day_count))

    QuantLib.Settings.instance().evaluationDate = today
    black_vol = QuantLib.BlackVolTermStructureHandle(
        QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), vol, day_count)
    )
    process = QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(spot)), flat(dividend_yield), flat(rate), black_vol
    )
    kind = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    option = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(kind, strike), QuantLib.AmericanExercise(today, today + days)
    )
    option.setPricingEngine(QuantLib.QdFpAmericanEngine(process, QuantLib.QdFpAmericanEngine.highPrecisionScheme()))
    return option.NPV()


# --- printed tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vol", "table"),
    [
        (0.2, [[0.0062, 0.2004, 0.4328], [0.8522, 1.5798, 1.9904], [5.0000, 5.0883, 5.2670]]),
        (0.3, [[0.0774, 0.6975, 1.2198], [1.3099, 2.4825, 3.1696], [5.0597, 5.7056, 6.2436]]),
        (0.4, [[0.2466, 1.3460, 2.1549], [1.7681, 3.3874, 4.3526], [5.2868, 6.5099, 7.3830]]),
    ],
)
def test_puts_of_geske_and_johnson(vol, table):
    """Puts of R. Geske and H. E. Johnson, J. Finance 39 (1984), table I: S = 40, K = 35, 40, 45, r = 4.88 %.

    Values: binomial with 10,000 steps, N. Ju, Rev. Financ. Stud. 11 (1998), table 1.
    """
    strikes, years = np.array([35.0, 40.0, 45.0])[:, None], np.array([0.0833, 0.3333, 0.5833])
    got = american_price(40.0, strikes, years, vol, PUT, rate=0.0488)
    assert got == pytest.approx(np.array(table), abs=1.5e-4)


@pytest.mark.parametrize(
    ("rate", "dividend_yield", "vol", "years", "calls"),
    [
        (0.03, 0.07, 0.2, 0.5, [0.2194, 1.3864, 4.7825, 11.0978, 20.0004]),
        (0.03, 0.07, 0.4, 0.5, [2.6889, 5.7223, 10.2385, 16.1812, 23.3598]),
        (0.00, 0.07, 0.3, 0.5, [1.0373, 3.1233, 7.0354, 12.9552, 20.7173]),
        (0.07, 0.03, 0.3, 0.5, [1.6644, 4.4947, 9.2504, 15.7977, 23.7061]),
        (0.03, 0.07, 0.2, 3.0, [2.5800, 5.1670, 9.0660, 14.4430, 21.4140]),
    ],
)
def test_calls_of_ju_and_zhong(rate, dividend_yield, vol, years, calls):
    """N. Ju and R. Zhong, J. Derivatives 7 (1999), "true" (binomial) values: K = 100, S = 80, 90, ..., 120."""
    got = american_price(
        np.arange(80.0, 121.0, 10.0), 100.0, years, vol, CALL, rate=rate, dividend_yield=dividend_yield
    )
    assert got == pytest.approx(np.array(calls), abs=5e-4)


def test_calls_of_barone_adesi_and_whaley():
    """G. Barone-Adesi and R. E. Whaley, J. Finance 42 (1987), table I, finite differences: b = -4 %, r = 8 %."""
    got = american_price(np.arange(80.0, 121.0, 10.0), 100.0, 0.25, 0.2, CALL, rate=0.08, dividend_yield=0.12)
    assert got == pytest.approx(np.array([0.03, 0.58, 3.52, 10.35, 20.00]), abs=0.008)


def test_a_put_of_long_life_is_perpetual():
    """R. C. Merton, Bell J. Econ. 4 (1973), section 8: a put for ever, without a yield."""
    rate, vol, strike = 0.08, 0.3, 100.0
    power = 2.0 * rate / vol**2
    spot = np.array([90.0, 100.0, 130.0])
    forever = strike / (1.0 + power) * ((1.0 + power) * spot / (power * strike)) ** -power
    assert american_price(spot, strike, 100.0, vol, PUT, rate=rate) == pytest.approx(forever, rel=4e-3)


# --- other methods ---------------------------------------------------------------------------------------------------


def market(seed, count):
    """Listed options of every kind: days, strikes within 2.5 standard deviations, rates and yields of both signs."""
    rng = np.random.default_rng(seed)
    days = np.exp(rng.uniform(np.log(4), np.log(800), count)).astype(int)
    vol = np.exp(rng.uniform(np.log(0.08), np.log(0.9), count))
    rate, dividend_yield = rng.choice([0.0, 0.01, 0.03, 0.05], count), rng.choice([0.0, 0.0, 0.013, 0.06, -0.01], count)
    strike = 100.0 * np.exp(rng.normal(0.0, 1.0, count).clip(-2.5, 2.5) * vol * np.sqrt(days / 365))
    is_call = rng.random(count) < 0.5
    keep = ~np.array([two_boundaries(*terms) for terms in zip(is_call, rate, dividend_yield, strict=True)])
    return tuple(column[keep] for column in (strike, days, vol, is_call, rate, dividend_yield))


def test_prices_agree_with_quantlib():
    strike, days, vol, is_call, rate, dividend_yield = market(1, 250)
    got = american_price(100.0, strike, days / 365, vol, is_call, rate=rate, dividend_yield=dividend_yield)
    terms = zip(strike, days, vol, is_call, rate, dividend_yield, strict=True)
    want = np.array([quantlib(100.0, k, int(d), s, bool(c), r, q) for k, d, s, c, r, q in terms])
    miss = np.abs(got - want) / strike
    assert miss.max() < 2e-5
    assert np.quantile(miss, 0.95) < 3e-6


def test_implied_vols_out_of_the_money_are_right_to_a_thousandth_of_a_point():
    strike, days, vol, is_call, rate, dividend_yield = market(2, 500)
    forward = 100.0 * np.exp((rate - dividend_yield) * days / 365)
    out = np.where(is_call, strike >= forward, strike <= forward)
    strike, days, vol, is_call, rate, dividend_yield = (
        column[out] for column in (strike, days, vol, is_call, rate, dividend_yield)
    )
    terms = zip(strike, days, vol, is_call, rate, dividend_yield, strict=True)
    price = np.array([quantlib(100.0, k, int(d), s, bool(c), r, q) for k, d, s, c, r, q in terms])
    got = american_implied_vol(price, 100.0, strike, days / 365, is_call, rate=rate, dividend_yield=dividend_yield)
    assert got.ok.all()
    assert np.abs(got.vol - vol).max() < 1e-5


@pytest.mark.parametrize(
    ("strike", "years", "vol", "is_call", "rate", "dividend_yield"),
    [
        (100.0, 0.5, 0.2, PUT, 0.05, 0.0),
        (110.0, 1.0, 0.3, CALL, 0.03, 0.06),
        (90.0, 0.1, 0.25, PUT, 0.04, 0.0),
        (125.0, 0.75, 0.35, PUT, 0.06, 0.02),
        (85.0, 0.5, 0.4, CALL, 0.01, 0.04),
        (100.0, 1.5, 0.15, PUT, 0.0, -0.04),
        (100.0, 1.0, 0.3, CALL, -0.02, 0.01),
    ],
)
def test_prices_agree_with_finite_differences(strike, years, vol, is_call, rate, dividend_yield):
    want = finite_difference.price(100.0, strike, years, vol, is_call=is_call, rate=rate, dividend_yield=dividend_yield)
    got = american_price(100.0, strike, years, vol, is_call, rate=rate, dividend_yield=dividend_yield)
    assert got == pytest.approx(want, abs=6e-4)


def test_sharing_boundaries_changes_no_price():
    """A whole chain reads its boundaries off a table; a single option solves its own."""
    rng = np.random.default_rng(3)
    count = 800
    years, vol = rng.choice([0.02, 0.1, 0.4, 1.3], count), rng.uniform(0.1, 0.9, count)
    strike = 100.0 * np.exp(rng.normal(0.0, 0.2, count))
    is_call = rng.random(count) < 0.5
    together = american_price(100.0, strike, years, vol, is_call, rate=0.04, dividend_yield=0.02)
    some = np.arange(0, count, 40)
    single = [
        american_price(100.0, strike[i], years[i], vol[i], is_call[i], rate=0.04, dividend_yield=0.02) for i in some
    ]
    assert together[some] == pytest.approx(np.array(single), abs=1e-3)


def test_one_strange_volatility_spoils_no_other():
    years, strike = np.full(300, 0.25), np.linspace(80.0, 120.0, 300)
    vol = np.full(300, 0.2)
    usual = american_price(100.0, strike, years, vol, PUT, rate=0.05)
    vol[150], vol[151] = 6.0, 0.003
    assert np.delete(american_price(100.0, strike, years, vol, PUT, rate=0.05), [150, 151]) == pytest.approx(
        np.delete(usual, [150, 151]), abs=2e-4
    )


# --- laws ------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(SPOTS, YEARS, VOLS, RATES, YIELDS, st.booleans())
def test_worth_at_least_the_european_and_its_exercise(spot, years, vol, rate, dividend_yield, is_call):
    price = american_price(spot, 100.0, years, vol, is_call, rate=rate, dividend_yield=dividend_yield)
    if two_boundaries(is_call, rate, dividend_yield):
        assert np.isnan(price)
        return
    plain = european(spot, 100.0, years, vol, is_call, rate, dividend_yield)
    premium = early_exercise_premium(spot, 100.0, years, vol, is_call, rate=rate, dividend_yield=dividend_yield)
    assert price >= plain - 1e-9
    assert price >= max(spot - 100.0 if is_call else 100.0 - spot, 0.0)
    assert price - plain == pytest.approx(premium, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(SPOTS, YEARS, VOLS, RATES, YIELDS, st.booleans(), st.floats(1.02, 2.0))
def test_worth_more_for_more_time_or_volatility(spot, years, vol, rate, dividend_yield, is_call, more):
    if two_boundaries(is_call, rate, dividend_yield):
        return
    price, longer, wilder = american_price(
        spot,
        100.0,
        years * np.array([1.0, more, 1.0]),
        vol * np.array([1.0, 1.0, more]),
        is_call,
        rate=rate,
        dividend_yield=dividend_yield,
    )
    assert longer >= price - 1.5e-3
    assert wilder >= price - 1.5e-3


@settings(deadline=None, max_examples=40)
@given(SPOTS, YEARS, VOLS, RATES, YIELDS)
def test_a_call_is_a_put_on_the_strike(spot, years, vol, rate, dividend_yield):
    """McDonald & Schroder (1998): C(S, K, r, q) = P(K, S, q, r)."""
    call = american_price(spot, 100.0, years, vol, CALL, rate=rate, dividend_yield=dividend_yield)
    put = american_price(100.0, spot, years, vol, PUT, rate=dividend_yield, dividend_yield=rate)
    assert call == pytest.approx(put, abs=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=30)
@given(SPOTS, YEARS, VOLS, RATES, YIELDS, st.booleans(), st.floats(0.01, 100.0))
def test_worth_is_in_proportion_to_spot_and_strike(spot, years, vol, rate, dividend_yield, is_call, scale):
    terms = {"rate": rate, "dividend_yield": dividend_yield}
    one = american_price(spot, 100.0, years, vol, is_call, **terms)
    many = american_price(scale * spot, scale * 100.0, years, vol, is_call, **terms)
    assert many == pytest.approx(scale * one, rel=1e-9, abs=1e-12, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(SPOTS, YEARS, VOLS, RATES, YIELDS, st.booleans())
def test_the_implied_volatility_of_a_price_gives_that_price(spot, years, vol, rate, dividend_yield, is_call):
    terms = {"rate": rate, "dividend_yield": dividend_yield}
    price = american_price(spot, 100.0, years, vol, is_call, **terms)
    found = american_implied_vol(price, spot, 100.0, years, is_call, **terms)
    if two_boundaries(is_call, rate, dividend_yield):
        assert found.status == Status.NOT_A_NUMBER
    elif found.ok:
        assert american_price(spot, 100.0, years, found.vol, is_call, **terms) == pytest.approx(price, abs=1e-3)
    else:
        assert found.status == Status.AT_INTRINSIC
        assert price <= max(spot - 100.0, 100.0 - spot, 0.0) + abs(rate - dividend_yield) * years * 400.0 + 4.1e-4


@pytest.mark.parametrize(
    ("is_call", "rate", "dividend_yield"),
    [
        (True, 0.05, 0.0),
        (True, 0.0, 0.0),
        (True, 0.03, -0.02),
        (False, 0.0, 0.0),
        (False, -0.01, 0.02),
        (False, 0.0, 0.05),
    ],
)
def test_where_exercise_gains_nothing_there_is_no_premium(is_call, rate, dividend_yield):
    strike = np.linspace(60.0, 160.0, 21)
    terms = {"rate": rate, "dividend_yield": dividend_yield}
    assert np.all(early_exercise_premium(100.0, strike, 0.7, 0.3, is_call, **terms) == 0.0)
    price = european(100.0, strike, 0.7, 0.3, is_call, rate, dividend_yield)
    discount = math.exp(-rate * 0.7)
    plain = implied_vol(price, 100.0 * math.exp((rate - dividend_yield) * 0.7), strike, 0.7, is_call, discount=discount)
    assert american_implied_vol(price, 100.0, strike, 0.7, is_call, **terms).vol == pytest.approx(plain.vol, rel=1e-12)


def test_at_the_boundary_a_put_is_worth_its_exercise():
    deep = american_price(np.array([50.0, 60.0, 70.0]), 100.0, 0.5, 0.15, PUT, rate=0.06)
    assert deep == pytest.approx(np.array([50.0, 40.0, 30.0]), abs=1e-5)


# --- edges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "spot", "strike", "years", "is_call", "rate", "dividend_yield", "status"),
    [
        (np.nan, 100.0, 100.0, 1.0, True, 0.03, 0.0, Status.NOT_A_NUMBER),
        (5.0, np.inf, 100.0, 1.0, True, 0.03, 0.0, Status.NOT_A_NUMBER),
        (5.0, 100.0, 100.0, 1.0, True, np.nan, 0.0, Status.NOT_A_NUMBER),
        (5.0, 0.0, 100.0, 1.0, True, 0.03, 0.0, Status.BAD_INPUT),
        (5.0, 100.0, -1.0, 1.0, True, 0.03, 0.0, Status.BAD_INPUT),
        (5.0, 100.0, 100.0, 0.0, True, 0.03, 0.0, Status.EXPIRED),
        (5.0, 100.0, 100.0, -0.1, True, 0.03, 0.0, Status.EXPIRED),
        (9.99, 90.0, 100.0, 1.0, False, 0.03, 0.0, Status.BELOW_INTRINSIC),
        (-0.01, 100.0, 90.0, 1.0, False, 0.03, 0.0, Status.BELOW_INTRINSIC),
        (12.0, 100.0, 90.0, 1.0, True, 0.03, 0.0, Status.BELOW_INTRINSIC),  # under S - K e^(-rT), not under S - K
        (10.0, 90.0, 100.0, 1.0, False, 0.03, 0.0, Status.AT_INTRINSIC),
        (0.0, 100.0, 90.0, 1.0, False, 0.03, 0.0, Status.AT_INTRINSIC),
        (100.0, 90.0, 100.0, 1.0, False, 0.03, 0.0, Status.ABOVE_MAXIMUM),
        (90.0, 90.0, 100.0, 1.0, True, 0.03, 0.0, Status.ABOVE_MAXIMUM),
        (12.0, 90.0, 100.0, 1.0, False, -0.01, -0.03, Status.UNSUPPORTED),
        (12.0, 90.0, 100.0, 1.0, True, -0.03, -0.01, Status.UNSUPPORTED),
        (12.0, 90.0, 100.0, 1.0, False, 0.03, 0.0, Status.OK),
        (98.5, 90.0, 100.0, 1.0, False, 0.03, 0.0, Status.OK),  # beyond what a European put can cost
    ],
)
def test_statuses(price, spot, strike, years, is_call, rate, dividend_yield, status):
    found = american_implied_vol(price, spot, strike, years, is_call, rate=rate, dividend_yield=dividend_yield)
    assert found.status == status
    assert np.isfinite(found.vol) == (status == Status.OK)


@pytest.mark.parametrize(
    "broken", [{"spot": np.nan}, {"strike": -1.0}, {"years": -0.1}, {"vol": -0.2}, {"rate": np.nan}]
)
def test_what_cannot_be_priced_is_nan(broken):
    terms = {"spot": 100.0, "strike": 100.0, "years": 0.5, "vol": 0.2, "is_call": False, "rate": 0.03} | broken
    assert np.isnan(american_price(**terms))
    assert np.isnan(early_exercise_premium(**terms))


def test_without_time_or_volatility_the_best_of_a_certain_path():
    assert american_price(90.0, 100.0, 0.0, 0.2, [True, False], rate=0.05).tolist() == [0.0, 10.0]
    forward_worth = 110.0 - 100.0 * math.exp(-0.05)
    assert american_price(110.0, 100.0, 1.0, 0.0, CALL, rate=0.05) == pytest.approx(forward_worth)
    # K e^(-rt) - S e^(-qt) is largest in between, where e^((r - q) t) = rK/(qS).
    years = math.log(0.02 * 100.0 / (0.06 * 90.0)) / (0.02 - 0.06)
    best = 100.0 * math.exp(-0.02 * years) - 90.0 * math.exp(-0.06 * years)
    assert american_price(90.0, 100.0, 40.0, 0.0, PUT, rate=0.02, dividend_yield=0.06) == pytest.approx(best)
    assert early_exercise_premium(90.0, 100.0, 1.0, 0.0, PUT, rate=0.05) == pytest.approx(
        10.0 - (100.0 * math.exp(-0.05) - 90.0)
    )


def test_shapes():
    assert american_price(100.0, 100.0, 0.5, 0.2, CALL, rate=0.03).shape == ()
    assert american_price(100.0, np.ones((3, 1)), np.ones(4), 0.2, CALL, rate=np.zeros((2, 1, 1))).shape == (2, 3, 4)
    empty = american_implied_vol(np.empty(0), 100.0, 100.0, 0.5, CALL, rate=0.03)
    assert empty.vol.shape == empty.status.shape == (0,)
    assert american_price(np.empty((0, 2)), 100.0, 0.5, 0.2, PUT, rate=0.03).shape == (0, 2)
    with pytest.raises(ValueError, match="broadcast"):
        american_price(np.ones(2), np.ones(3), 0.5, 0.2, CALL, rate=0.03)


def test_arguments_are_left_alone():
    rng = np.random.default_rng(4)
    columns = [rng.uniform(80.0, 120.0, 50), rng.uniform(0.1, 1.0, 50), rng.uniform(0.1, 0.5, 50), rng.random(50) < 0.5]
    before = [column.copy() for column in columns]
    for column in columns:
        column.flags.writeable = False
    strike, years, vol, is_call = columns
    price = american_price(100.0, strike, years, vol, is_call, rate=0.03, dividend_yield=0.01)
    price.flags.writeable = False
    american_implied_vol(price, 100.0, strike, years, is_call, rate=0.03, dividend_yield=0.01)
    assert all(np.array_equal(now, then) for now, then in zip(columns, before, strict=True))


def test_more_options_than_one_part_holds():
    strike = np.linspace(60.0, 140.0, 70_000)
    price = american_price(100.0, strike, 0.3, 0.25, PUT, rate=0.04)
    assert np.all(np.diff(price) > -2e-4)
    few = american_price(100.0, strike[::10_000], 0.3, 0.25, PUT, rate=0.04)
    assert price[::10_000] == pytest.approx(few, abs=5e-4)
