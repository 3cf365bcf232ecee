"""Truth: Haug's printed Roll-Geske-Whaley price; QuantLib's finite differences in both of its models of a cash
dividend; our own finite differences; and laws.
"""

import math

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation does
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing import black
from pricing.american import american_implied_vol, american_price, early_exercise_premium
from pricing.cash import Dividends
from pricing.status import Status
from tests.pricing import finite_difference

CALL, PUT = True, False
POINT = 0.01  # of volatility
AS_USUAL = (0, ql.FdmSchemeDesc.Douglas(), False, -ql.nullDouble())  # no damping steps, no local volatility


def quarterly(first, amount, count):
    return first + 0.25 * np.arange(count), np.full(count, amount)


def carried(years, rate, when, amount):
    """Forward of a stock at 100 that pays, and its discount."""
    paid = np.sum(np.where(when < years, amount * np.exp(-rate * when), 0.0))
    return (100.0 - paid) * math.exp(rate * years), math.exp(-rate * years)


def quantlib(strike, days, vol, is_call, rate, dividends, model, grid):
    """QuantLib's finite differences; `dividends` by days from now."""
    today = ql.Date(15, 6, 2026)
    ql.Settings.instance().evaluationDate = today
    day_count = ql.Actual365Fixed()
    curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, level, day_count)) for level in (0.0, rate)]
    black_vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol, day_count))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(100.0)), *curves, black_vol)
    kind = ql.Option.Call if is_call else ql.Option.Put
    option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, strike), ql.AmericanExercise(today, today + days))
    schedule = ql.DividendVector([today + day for day, _ in dividends], [amount for _, amount in dividends])
    engine = ql.FdBlackScholesVanillaEngine(process, schedule, grid, grid, *AS_USUAL, model)
    option.setPricingEngine(engine)
    return option.NPV()


def test_haug_1998():
    """E. G. Haug, Option Pricing Formulas, 1998, Roll-Geske-Whaley: S 80, K 82, T 1/3, t 1/4, D 4, r 6 %, vol 30 %."""
    got = american_price(80.0, 82.0, 1 / 3, 0.3, CALL, rate=0.06, dividends=Dividends(0.25, 4.0, escrowed=True))
    assert got == pytest.approx(4.3860, abs=2e-4)


@pytest.mark.parametrize("escrowed", [False, True])
@pytest.mark.parametrize("is_call", [CALL, PUT])
def test_prices_agree_with_quantlib(is_call, escrowed):
    """Within what its grid of 400 x 400 leaves, a cent in a hundred dollars."""
    engine = ql.FdBlackScholesVanillaEngine
    model = engine.Escrowed if escrowed else engine.Spot
    for strike, days, vol, schedule in [
        (95.0, 30, 0.2, [(12, 0.5)]),
        (105.0, 60, 0.25, [(58, 0.7)]),
        (100.0, 300, 0.3, [(20, 0.4), (111, 0.4), (202, 0.4), (293, 0.4)]),
        (120.0, 200, 0.35, [(70, 1.2), (161, 1.2)]),
    ]:
        dividends = Dividends([day / 365 for day, _ in schedule], [amount for _, amount in schedule], escrowed=escrowed)
        got = american_price(100.0, strike, days / 365, vol, is_call, rate=0.04, dividends=dividends)
        want = quantlib(strike, days, vol, is_call, 0.04, schedule, model, 400)
        assert got == pytest.approx(want, abs=0.012)


CASES = [
    # strike, years, vol, rate, first ex-date, amount: short and long lives, in and out of the money
    (92.0, 0.12, 0.20, 0.04, 0.05, 0.24),
    (110.0, 0.08, 0.22, 0.036, 0.074, 0.24),
    (100.0, 0.25, 0.30, 0.05, 0.12, 0.70),
    (108.0, 0.60, 0.25, 0.05, 0.20, 0.30),
    (85.0, 1.10, 0.35, 0.04, 0.10, 0.50),
    (125.0, 1.00, 0.30, 0.02, 0.15, 0.90),
    (100.0, 0.75, 0.40, 0.00, 0.05, 0.60),
]


@pytest.mark.parametrize("escrowed", [False, True])
@pytest.mark.parametrize("is_call", [CALL, PUT])
@pytest.mark.parametrize("case", CASES)
def test_prices_agree_with_finite_differences(case, is_call, escrowed):
    """Within 0.02 vol points; METHOD asks for 0.05 at the 95th percentile."""
    strike, years, vol, rate, first, amount = case
    when, amounts = quarterly(first, amount, 5)
    dividends = Dividends(when, amounts, escrowed=escrowed)
    got = american_price(100.0, strike, years, vol, is_call, rate=rate, dividends=dividends)
    pairs = tuple(zip(when, amounts, strict=True))
    want = finite_difference.price(
        100.0, strike, years, vol, is_call=is_call, rate=rate, dividends=pairs, escrowed=escrowed
    )
    forward, discount = carried(years, rate, when, amounts)
    vega = black.vega(forward, strike, years, vol, is_call, discount=discount)
    assert got == pytest.approx(want, abs=0.02 * POINT * vega)


def test_a_yield_and_cash_together():
    """A borrow fee beside a dividend: both models agree with finite differences on the stock that has both."""
    when, amount, fee = 0.2, 0.6, 0.015
    for is_call, strike in ((CALL, 100.0), (PUT, 100.0), (PUT, 112.0)):
        terms = {"rate": 0.04, "dividend_yield": fee}
        got = american_price(
            100.0, strike, 0.4, 0.3, is_call, **terms, dividends=Dividends(when, amount, escrowed=True)
        )
        want = finite_difference.price(
            100.0, strike, 0.4, 0.3, is_call=is_call, **terms, dividends=((when, amount),), escrowed=True
        )
        assert got == pytest.approx(want, abs=0.004)


@pytest.mark.parametrize("escrowed", [False, True])
def test_implied_vols_find_the_volatility_of_a_price(escrowed):
    rng = np.random.default_rng(7)
    count = 120
    years, vol = rng.uniform(0.03, 1.0, count), rng.uniform(0.12, 0.6, count)
    is_call = rng.random(count) < 0.5
    strike = 100.0 * np.exp(rng.normal(0.0, 0.8, count) * vol * np.sqrt(years))
    dividends = Dividends(*quarterly(0.06, 0.5, 4), escrowed=escrowed)
    terms = {"rate": 0.04, "dividends": dividends}
    price = american_price(100.0, strike, years, vol, is_call, **terms)
    found = american_implied_vol(price, 100.0, strike, years, is_call, **terms)
    assert np.all(found.ok | (found.status == Status.AT_INTRINSIC))
    again = american_price(100.0, strike, years, found.vol, is_call, **terms)
    assert again[found.ok] == pytest.approx(price[found.ok], abs=1e-3)
    out = found.ok & np.where(is_call, strike > 101.0, strike < 98.0)
    assert found.vol[out] == pytest.approx(vol[out], abs=2e-5)


def test_escrowed_volatility_is_blacks():
    """Where the premium is nothing (a dividend soon, none to wait for, a call far out) the price is Black's."""
    when, amount, rate = np.array([0.02]), np.array([0.5]), 0.03
    forward, discount = carried(0.5, rate, when, amount)
    dividends = Dividends(when, amount, escrowed=True)
    price = black.black_price(forward, 140.0, 0.5, 0.2, CALL, discount=discount)
    assert american_price(100.0, 140.0, 0.5, 0.2, CALL, rate=rate, dividends=dividends) == pytest.approx(
        price, abs=1e-9
    )
    found = american_implied_vol(price, 100.0, 140.0, 0.5, CALL, rate=rate, dividends=dividends)
    assert found.vol == pytest.approx(0.2, abs=1e-7)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(70.0, 140.0),
    st.floats(0.02, 1.5),
    st.floats(0.08, 0.9),
    st.sampled_from([-0.002, 0.0, 0.01, 0.04, 0.07]),
    st.floats(0.001, 0.3),
    st.floats(0.05, 2.5),
    st.booleans(),
    st.booleans(),
)
def test_worth_at_least_the_european_and_its_exercise(strike, years, vol, rate, first, amount, is_call, escrowed):
    dividends = Dividends(*quarterly(first, amount, 6), escrowed=escrowed)
    terms = {"rate": rate, "dividends": dividends}
    price = american_price(100.0, strike, years, vol, is_call, **terms)
    premium = early_exercise_premium(100.0, strike, years, vol, is_call, **terms)
    assert premium >= 0.0
    assert price >= max(100.0 - strike if is_call else strike - 100.0, 0.0) - 1e-12
    if escrowed:
        forward, discount = carried(years, rate, dividends.years, dividends.amounts)
        european = black.black_price(forward, strike, years, vol, is_call, discount=discount)
        assert price == pytest.approx(european + premium, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.floats(70.0, 140.0), st.floats(0.05, 1.2), st.floats(0.1, 0.6), st.floats(0.001, 0.3), st.booleans())
def test_a_dividend_helps_the_put_and_hurts_the_call(strike, years, vol, first, is_call):
    amounts = np.array([0.0, 0.2, 0.6, 1.5])
    dividends = Dividends(np.full((4, 1), first), amounts[:, None])
    price = american_price(100.0, strike, years, vol, is_call, rate=0.04, dividends=dividends)
    rises = np.diff(price) * (-1.0 if is_call else 1.0)
    assert np.all(rises >= -1e-3)


def test_a_dividend_under_the_interest_on_the_strike_is_not_worth_exercising_for():
    """R. C. Merton (1973): while D < K (1 - e^(-r (T - t))) waiting earns more."""
    strike = np.array([60.0, 90.0, 120.0])
    dividends = Dividends(0.1, 0.9)
    premium = early_exercise_premium(100.0, strike, 0.5, 0.3, CALL, rate=0.04, dividends=dividends)
    assert np.all(premium == 0.0)


def test_a_put_is_not_exercised_before_a_dividend_that_beats_the_interest():
    """ln(1 + D/K)/r = 0.245 years before the ex-date there is no exercise: only what follows it is worth anything."""
    now = early_exercise_premium(100.0, 100.0, 0.2001, 0.3, PUT, rate=0.04, dividends=Dividends(0.2, 1.0))
    later = early_exercise_premium(100.0, 100.0, 0.4, 0.3, PUT, rate=0.04, dividends=Dividends(0.2, 1.0))
    assert now < 1e-3
    assert later > 0.05


def test_only_dividends_inside_the_life_count():
    """An ex-date at the instant of expiry, after it, or not after now is not felt."""
    plain = american_price(100.0, 100.0, 0.5, 0.3, [CALL, PUT], rate=0.04)
    outside = Dividends([-0.1, 0.0, 0.5, 0.7], [1.0, 1.0, 1.0, 1.0])
    assert np.array_equal(american_price(100.0, 100.0, 0.5, 0.3, [CALL, PUT], rate=0.04, dividends=outside), plain)
    nothing = Dividends([0.1, 0.2], [0.0, 0.0])
    assert np.array_equal(american_price(100.0, 100.0, 0.5, 0.3, [CALL, PUT], rate=0.04, dividends=nothing), plain)


def test_order_padding_and_splitting_change_nothing():
    def price(when, amounts):
        return american_price(100.0, 95.0, 0.6, 0.3, [CALL, PUT], rate=0.04, dividends=Dividends(when, amounts))

    one = price([0.1, 0.35], [0.8, 0.5])
    assert price([0.35, 0.1], [0.5, 0.8]) == pytest.approx(one, abs=1e-12)
    assert price([0.2, 0.35, 0.1, 0.9], [0.0, 0.5, 0.8, 3.0]) == pytest.approx(one, abs=1e-12)
    assert price([0.1, 0.35, 0.35], [0.8, 0.2, 0.3]) == pytest.approx(one, abs=1e-12)


def test_two_ex_dates_a_day_apart_are_almost_one():
    for is_call in (CALL, PUT):
        terms = {"strike": 90.0, "years": 0.5, "vol": 0.3, "is_call": is_call, "rate": 0.02}
        one = american_price(100.0, **terms, dividends=Dividends(0.3, 1.2))
        two = american_price(100.0, **terms, dividends=Dividends([0.3, 0.3 + 1 / 365], [0.6, 0.6]))
        assert two == pytest.approx(one, abs=0.02)


def test_each_option_may_have_its_own_dividends():
    when, amounts = np.array([[0.1, 0.3], [0.2, 0.0], [0.05, 0.25]]), np.array([[0.5, 0.5], [1.0, 0.0], [0.2, 0.3]])
    strike = np.array([95.0, 100.0, 110.0])
    together = american_price(100.0, strike, 0.4, 0.25, [[CALL], [PUT]], rate=0.04, dividends=Dividends(when, amounts))
    assert together.shape == (2, 3)
    for row, is_call in enumerate((CALL, PUT)):
        for column in range(3):
            own = Dividends(when[column], amounts[column])
            single = american_price(100.0, strike[column], 0.4, 0.25, is_call, rate=0.04, dividends=own)
            assert together[row, column] == pytest.approx(single, abs=1e-6)


def test_a_chain_prices_as_its_options_do():
    rng = np.random.default_rng(9)
    count = 600
    years, vol = rng.choice([0.05, 0.2, 0.6, 1.1], count), rng.uniform(0.12, 0.5, count)
    strike, is_call = 100.0 * np.exp(rng.normal(0.0, 0.15, count)), rng.random(count) < 0.5
    terms = {"rate": 0.04, "dividends": Dividends(*quarterly(0.03, 0.3, 5))}
    together = american_price(100.0, strike, years, vol, is_call, **terms)
    for i in range(0, count, 40):
        assert together[i] == pytest.approx(
            american_price(100.0, strike[i], years[i], vol[i], is_call[i], **terms), abs=1e-3
        )


@pytest.mark.parametrize(
    ("price", "spot", "strike", "is_call", "status"),
    [
        (10.05, 100.0, 90.0, CALL, Status.BELOW_INTRINSIC),  # S - K e^(-rt) just before the ex-date is 10.09
        (9.0, 100.0, 90.0, CALL, Status.BELOW_INTRINSIC),
        (10.8, 100.0, 90.0, CALL, Status.OK),
        (5.0, 0.9, 1.0, PUT, Status.BAD_INPUT),  # the dividend is more than the spot
        (np.nan, 100.0, 90.0, CALL, Status.NOT_A_NUMBER),
        (20.0, 100.0, 120.0, PUT, Status.BELOW_INTRINSIC),  # K e^(-rT) - (S - PV D) is more
        (100.0, 100.0, 120.0, CALL, Status.ABOVE_MAXIMUM),
    ],
)
def test_statuses(price, spot, strike, is_call, status):
    dividends = Dividends(0.02, 1.0)
    years = 0.3 if status is not Status.BELOW_INTRINSIC else 0.1
    found = american_implied_vol(price, spot, strike, years, is_call, rate=0.05, dividends=dividends)
    assert found.status == status


@pytest.mark.parametrize(
    ("when", "amounts", "needed"),
    [
        ([0.1, 0.2], [1.0], "as many amounts"),
        ([0.1], [-1.0], "negative"),
        ([np.nan], [1.0], "finite"),
        ([0.1], [np.inf], "finite"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(when, amounts, needed):
    with pytest.raises(ValueError, match=needed):
        Dividends(when, amounts)


def test_arguments_are_left_alone():
    when, amounts = np.array([0.3, 0.1]), np.array([0.5, 0.4])
    strike = np.linspace(80.0, 120.0, 30)
    for column in (when, amounts, strike):
        column.flags.writeable = False
    price = american_price(100.0, strike, 0.5, 0.3, PUT, rate=0.04, dividends=Dividends(when, amounts))
    american_implied_vol(price, 100.0, strike, 0.5, PUT, rate=0.04, dividends=Dividends(when, amounts))
    assert when.tolist() == [0.3, 0.1]
    assert amounts.tolist() == [0.5, 0.4]
