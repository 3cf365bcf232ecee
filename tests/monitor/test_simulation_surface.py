"""The true smile: no arbitrage, and every measure against an independent calculation."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from monitor.simulation.states import Dynamics, State
from monitor.simulation.surface import Smile, black
from monitor.simulation.truth import Month, Term, Truth
from pricing.chain import Expiry

shapes = st.tuples(st.floats(-0.94, 0.94), st.floats(0.05, 1.0)).map(lambda s: Smile(s[0], s[1] * 2 / (1 + abs(s[0]))))
thetas = st.floats(1e-6, 1.5)


@given(shapes, thetas)
def test_no_butterfly_arbitrage(smile, theta):
    """Durrleman's condition, for every shape that the class accepts."""
    k = np.linspace(-12, 12, 2001) * np.sqrt(theta)
    assert smile.density_factor(k, theta).min() >= -1e-9


@given(shapes, st.floats(1e-4, 0.5))
def test_call_prices_are_convex_and_falling_in_strike(smile, theta):
    """The law itself, without a formula for it."""
    strike = np.linspace(0.5, 1.6, 400)
    price = black(1.0, strike, smile.total_variance(np.log(strike), theta), is_call=True)
    assert np.diff(price, 2).min() > -1e-13
    assert np.diff(price).max() < 1e-15


@given(shapes, thetas, st.floats(1.0, 3.0))
def test_no_calendar_arbitrage(smile, theta, longer):
    k = np.linspace(-3, 3, 301)
    assert (smile.total_variance(k, theta * longer) - smile.total_variance(k, theta)).min() >= -1e-14


@given(
    st.builds(State, st.just(100.0), *[st.floats(-3, 3)] * 2, *[st.floats(-9, 9)] * 2),
    st.floats(0.05, 1.0),
)
def test_every_state_has_a_surface_whose_variance_rises_with_time(state, level):
    dynamics = Dynamics(level=level)
    Smile(*state.shape(dynamics))  # raises where it would admit arbitrage
    theta = state.theta(dynamics, np.linspace(0.0, 3.0, 2000))
    assert theta[0] == 0.0
    assert np.diff(theta).min() > 0


@pytest.mark.parametrize(("rho", "eta"), [(-1.0, 0.5), (0.0, 0.0), (-0.5, 1.34), (0.9, 1.06), (np.nan, 0.5)])
def test_a_shape_that_admits_arbitrage_is_refused(rho, eta):
    with pytest.raises(ValueError, match="eta"):
        Smile(rho, eta)


@given(shapes, st.floats(1e-4, 0.5))
def test_wings_stay_under_lees_bound(smile, theta):
    """R. Lee, "The moment formula for implied volatility at extreme strikes," Math. Finance, 2004: slope <= 2."""
    assert np.abs(smile.slope(np.array([-50.0, 50.0]), theta)).max() <= 2


def test_black_haug_1998():
    """E. G. Haug, Option Pricing Formulas, 1998: F=K=19, T=0.75, r=10 %, vol=28 %."""
    value = np.exp(-0.10 * 0.75) * black(19.0, 19.0, 0.28**2 * 0.75, np.array([True, False]))
    assert value == pytest.approx([1.7011, 1.7011], abs=5e-5)


# A month between two expiries, written out again with raw SVI, scipy's root finder and quadrature.

SMILE = Smile(-0.45, 0.75)
SPOT = 295.0
TERMS = (
    Term(Expiry(date(2026, 7, 10), "IWM"), 24.2 / 365, 295.7, 0.037, 0.20**2 * 24.2 / 365, SMILE),
    Term(Expiry(date(2026, 7, 17), "IWM"), 31.2 / 365, 295.9, 0.037, 0.21**2 * 31.2 / 365, SMILE),
)
TRUTH = Truth(datetime(2026, 6, 16, 15, 12, tzinfo=UTC), SPOT, TERMS)
LATE = (30 - 24.2) / 7.0
TENOR = 30 / 365
FORWARD = 295.7 ** (1 - LATE) * 295.9**LATE


def raw_svi(k, theta, rho=-0.45, eta=0.75):
    """w = a + b (r (k - m) + sqrt((k - m)^2 + s^2)): Gatheral and Jacquier 2014, section 3.1, of this SSVI slice."""
    phi = eta / np.sqrt(theta * (1 + theta))
    a, b, m, s = theta / 2 * (1 - rho**2), theta * phi / 2, -rho / phi, np.sqrt(1 - rho**2) / phi
    return a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + s**2))


def month_variance(strike):
    near, far = (raw_svi(np.log(strike / term.forward), term.theta) for term in TERMS)
    return near + (far - near) * LATE


def month_vol(strike):
    return np.sqrt(month_variance(strike) / TENOR)


def month_put(strike):
    s = np.sqrt(month_variance(strike))
    d1 = np.log(FORWARD / strike) / s + s / 2
    return strike * norm.cdf(s - d1) - FORWARD * norm.cdf(-d1)


def delta(strike):
    s = np.sqrt(month_variance(strike))
    return norm.cdf(np.log(FORWARD / strike) / s + s / 2)


@pytest.fixture(scope="module")
def measures():
    return TRUTH.measures()


def test_ratios_are_read_off_the_smile(measures):
    put, call = month_vol(0.9 * SPOT), month_vol(1.1 * SPOT)
    assert measures["skew_ratio_30d_90_110"] == pytest.approx(put / call, rel=1e-12)
    assert measures["skew_spread_30d_90_110"] == pytest.approx(100 * (put - call), rel=1e-12)
    near_ratio = month_vol(0.95 * SPOT) / month_vol(1.05 * SPOT)
    assert measures["skew_ratio_30d_95_105"] == pytest.approx(near_ratio, rel=1e-12)
    assert (measures["put_vol_30d_90"], measures["call_vol_30d_110"]) == pytest.approx((put, call), rel=1e-12)
    assert TRUTH.ratio() == measures["skew_ratio_30d_90_110"]
    atm = np.sqrt((TERMS[0].theta + (TERMS[1].theta - TERMS[0].theta) * LATE) / TENOR)
    assert measures["atm_vol_30d"] == pytest.approx(atm, rel=1e-12)
    assert measures["skew_slope_30d"] == pytest.approx((put - call) / atm, rel=1e-12)
    out = FORWARD * np.exp(np.array([-1, 1]) * atm * np.sqrt(TENOR))
    assert measures["skew_ratio_30d_1sd"] == pytest.approx(np.divide(*month_vol(out)), rel=1e-12)


def test_risk_reversal(measures):
    """Strikes of the deltas by Brent's method instead of bisection; the 50-delta one where d1 = 0."""
    put, call = (brentq(lambda x, d=d: delta(x) - d, 200, 400, xtol=1e-11) for d in (0.75, 0.25))
    middle = brentq(lambda x: x - FORWARD * np.exp(month_variance(x) / 2), 280, 310, xtol=1e-11)
    expected = (month_vol(put) - month_vol(call)) / month_vol(middle)
    assert measures["risk_reversal_30d_25"] == pytest.approx(expected, rel=1e-9)


def test_prices_tail_and_collar(measures):
    put, call = month_put(0.9 * SPOT), month_put(1.1 * SPOT) + FORWARD - 1.1 * SPOT
    assert measures["price_ratio_30d_90_110"] == pytest.approx(put / call, rel=1e-10)
    collar = brentq(lambda x: month_put(x) - call, 150, SPOT, xtol=1e-11)
    assert measures["zero_cost_collar_30d_110"] == pytest.approx(1 - collar / SPOT, rel=1e-9)
    below, under = ((month_put(x * SPOT + 1e-3) - month_put(x * SPOT - 1e-3)) / 2e-3 for x in (0.9, 1.1))
    assert measures["tail_probability_ratio_30d_90_110"] == pytest.approx(below / (1 - under), rel=1e-7)


def test_variance_swap_is_gatherals_average_over_the_smile(measures):
    """J. Gatheral, The Volatility Surface, 2006, equation 11.5: w = integral of n(z) w(k(z)) with z = d2."""

    def whole(term):
        def k_of(z):
            return brentq(lambda k: -k / np.sqrt(w := raw_svi(k, term.theta)) - np.sqrt(w) / 2 - z, -6, 6, xtol=1e-14)

        return quad(lambda z: norm.pdf(z) * raw_svi(k_of(z), term.theta), -8, 8, epsabs=1e-12)[0]

    near, far = (whole(term) for term in TERMS)
    expected = np.sqrt((near + (far - near) * LATE) / TENOR)
    assert measures["variance_swap_vol_30d"] == pytest.approx(expected, rel=1e-6)


def test_moment_skew_is_the_third_moment_of_the_density(measures):
    """The density is the second derivative of the put's price (Breeden and Litzenberger 1978)."""

    def skewness(term):
        k = np.linspace(-1.2, 1.0, 8001)
        strike = np.exp(k)
        put = black(1.0, strike, raw_svi(k, term.theta), is_call=False)
        weight = np.gradient(np.gradient(put, strike), strike) * strike
        weight /= np.trapezoid(weight, k)
        mean = np.trapezoid(k * weight, k)
        second, third = (np.trapezoid((k - mean) ** n * weight, k) for n in (2, 3))
        return third / second**1.5

    near, far = (skewness(term) for term in TERMS)
    assert measures["moment_skew_30d"] == pytest.approx(100 - 10 * (near + (far - near) * LATE), abs=0.02)


def test_quoted_ranges_cut_the_strip_and_flatten_the_moments(measures):
    quoted = {term.expiry.day: (240.0, 330.0) for term in TERMS}
    cut = TRUTH.measures(quoted=quoted)
    assert cut["variance_swap_vol_30d"] < measures["variance_swap_vol_30d"]
    assert 100 < cut["moment_skew_30d"] < measures["moment_skew_30d"]
    same = set(measures) - {"variance_swap_vol_30d", "moment_skew_30d"}
    assert {name: cut[name] for name in same} == {name: measures[name] for name in same}


def test_an_estimator_names_its_own_pair():
    first, second = (term.expiry.day for term in TERMS)
    assert TRUTH.pair() == (first, second)
    assert TRUTH.ratio((first, second)) == TRUTH.ratio()
    alone = TRUTH.month((second,))
    assert alone.vol(0.9 * SPOT) == pytest.approx(TERMS[1].vol(0.9 * SPOT), rel=1e-12)
    assert alone.forward == pytest.approx(295.9 * np.exp(-0.037 * 1.2 / 365), rel=1e-12)
    with pytest.raises(KeyError):
        TRUTH.ratio((first, date(2026, 7, 24)))


def test_without_a_bracket_one_expiry_within_a_day_stands_alone_and_none_further_off():
    near, far = TERMS
    beside = Term(far.expiry, 30.9 / 365, far.forward, far.rate, far.theta, SMILE)
    assert Truth(TRUTH.as_of, SPOT, (beside,)).pair() == (far.expiry.day,)
    assert Truth(TRUTH.as_of, SPOT, (near,)).pair() == ()
    with pytest.raises(ValueError, match="30 days"):
        Truth(TRUTH.as_of, SPOT, (near,)).month()


@settings(max_examples=30)
@given(st.floats(0.05, 0.95))
def test_strike_of_delta(wanted):
    month = Month(TERMS, SPOT)
    assert delta(month.strike_of_delta(wanted)) == pytest.approx(wanted, abs=1e-12)
