"""Black's formula against Haug's printed tables, mpmath, QuantLib and vollib, and the laws of the market."""

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its users' name for it
from hypothesis import given
from hypothesis import strategies as st
from vollib.black import black as vollib_black

from pricing import black
from pricing.arrays import Floats
from tests.reference import tables

CALL, PUT = True, False
BOTH = np.array([CALL, PUT])
forwards = st.floats(1e-3, 1e5)
moneyness = st.floats(0.2, 5.0)
stdevs = st.floats(0.0, 5.0)


def cost_of_carry(spot, strike, years, rate, carry):
    """Haug's inputs (S, X, T, r, b) as ours: forward, strike, years and a discount factor."""
    return (spot * np.exp(carry * years), strike, years), np.exp(-rate * years)


@pytest.mark.parametrize(
    ("spot", "strike", "years", "rate", "carry", "vol", "is_call", "printed"),
    [
        (60.0, 65.0, 0.25, 0.08, 0.08, 0.30, CALL, 2.1334),
        (100.0, 95.0, 0.50, 0.10, 0.05, 0.20, PUT, 2.4648),
        (19.0, 19.0, 0.75, 0.10, 0.00, 0.28, CALL, 1.7011),
        (19.0, 19.0, 0.75, 0.10, 0.00, 0.28, PUT, 1.7011),
        (1.56, 1.60, 0.50, 0.06, -0.02, 0.12, CALL, 0.0291),
    ],
    ids=["stock", "index put", "future", "future put", "currency"],
)
def test_price_haug(spot, strike, years, rate, carry, vol, is_call, printed):
    """E. G. Haug, The Complete Guide to Option Pricing Formulas, McGraw-Hill 1998, pp. 2-8."""
    terms, discount = cost_of_carry(spot, strike, years, rate, carry)
    assert black.black_price(*terms, vol, is_call, discount=discount) == pytest.approx(printed, abs=5e-5)


def test_delta_haug():
    """Haug 1998, p. 11: a future at 105, X=100, T=0.5, r=10 %, vol=36 %."""
    got = black.delta(105.0, 100.0, 0.5, 0.36, BOTH, discount=np.exp(-0.1 * 0.5))
    assert got == pytest.approx([0.5946, -0.3566], abs=5e-5)


def test_gamma_haug():
    """Haug 1998, p. 13: S=55, X=60, T=0.75, r=b=10 %, vol=30 %; to spot, (dF/dS)^2 times ours."""
    (forward, *terms), discount = cost_of_carry(55.0, 60.0, 0.75, 0.10, 0.10)
    got = black.gamma(forward, *terms, 0.30, BOTH, discount=discount) * (forward / 55.0) ** 2
    assert got == pytest.approx([0.0278, 0.0278], abs=5e-5)


def test_vega_haug():
    """Haug 1998, p. 14: S=55, X=60, T=0.75, r=b=10 %, vol=30 %."""
    terms, discount = cost_of_carry(55.0, 60.0, 0.75, 0.10, 0.10)
    assert black.vega(*terms, 0.30, BOTH, discount=discount) == pytest.approx([18.9358, 18.9358], abs=5e-5)


def test_theta_haug():
    """Haug 1998, p. 15: put, S=430, X=405, T=1/12, r=7 %, b=2 %, vol=20 %.

    Haug holds the spot; there the forward S exp(b T) falls by b F a year, worth delta times that.
    """
    terms, discount = cost_of_carry(430.0, 405.0, 1.0 / 12.0, 0.07, 0.02)
    rolling = -0.02 * terms[0] * black.delta(*terms, 0.20, PUT, discount=discount)
    got = black.theta(*terms, 0.20, PUT, discount=discount) + rolling
    assert got == pytest.approx(-31.1924, abs=5e-5)


def test_price_mpmath():
    """tests/reference/european.csv: twelve digits everywhere, down to 1e-295."""
    table = tables.european()
    got = black.price(table["forward"], table["strike"], table["stdev"], table["is_call"] == 1.0)
    assert table["price"].min() < 1e-290
    np.testing.assert_allclose(got, table["price"], rtol=5e-13)


def market(n: int) -> tuple[Floats, ...]:
    """Options over a wide market: forward, strike, years, vol, is_call, discount."""
    rng = np.random.default_rng(11)
    forward, years, vol = rng.uniform(5.0, 5000.0, n), rng.uniform(0.003, 3.0, n), rng.uniform(0.05, 1.2, n)
    strike = forward * np.exp(rng.normal(0.0, 1.5, n) * vol * np.sqrt(years))
    return forward, strike, years, vol, rng.random(n) < 0.5, np.exp(-0.04 * years)


def test_price_quantlib_and_vollib():
    forward, strike, years, vol, is_call, discount = market(300)
    got = black.black_price(forward, strike, years, vol, is_call, discount=discount)
    for i, price in enumerate(got):
        kind = ql.Option.Call if is_call[i] else ql.Option.Put
        stdev = vol[i] * np.sqrt(years[i])
        theirs = ql.blackFormula(kind, strike[i], forward[i], stdev, discount[i])
        flag = "c" if is_call[i] else "p"
        rate = -np.log(discount[i]) / years[i]
        assert price == pytest.approx(theirs, rel=1e-11, abs=1e-12 * forward[i])
        assert price == pytest.approx(vollib_black(flag, forward[i], strike[i], years[i], rate, vol[i]), rel=1e-11)


@pytest.mark.parametrize("is_call", [CALL, PUT])
def test_greeks_are_derivatives_of_the_price(is_call):
    """Central differences with steps where truncation and rounding balance."""
    forward, strike, years, vol, _, discount = market(200)
    terms = (strike, years, vol, is_call)
    up, down = forward * (1.0 + 1e-4), forward * (1.0 - 1e-4)
    slope = (black.black_price(up, *terms, discount=discount) - black.black_price(down, *terms, discount=discount)) / (
        up - down
    )
    assert black.delta(forward, *terms, discount=discount) == pytest.approx(slope, abs=1e-5)
    bend = (black.delta(up, *terms, discount=discount) - black.delta(down, *terms, discount=discount)) / (up - down)
    assert black.gamma(forward, *terms, discount=discount) * forward == pytest.approx(
        bend * forward, rel=1e-3, abs=1e-8
    )
    more, less = (black.black_price(forward, strike, years, vol + e, is_call, discount=discount) for e in (1e-5, -1e-5))
    assert black.vega(forward, *terms, discount=discount) == pytest.approx(
        (more - less) / 2e-5, rel=1e-5, abs=1e-6 * forward.max()
    )
    rate, step = -np.log(discount) / years, 1e-5 * years
    later, sooner = (
        black.black_price(forward, strike, years - e, vol, is_call, discount=np.exp(-rate * (years - e)))
        for e in (step, -step)
    )
    assert black.theta(forward, *terms, discount=discount) == pytest.approx(
        (later - sooner) / (2.0 * step), rel=1e-5, abs=1e-6 * forward.max()
    )


@given(forwards, moneyness, stdevs)
def test_put_call_parity(forward, ratio, stdev):
    strike = ratio * forward
    call, put = black.price(forward, strike, stdev, BOTH)
    assert call - put == pytest.approx(forward - strike, rel=1e-12, abs=1e-12 * forward)


@given(forwards, moneyness, stdevs)
def test_bounds(forward, ratio, stdev):
    """No price under the intrinsic value or over what is bought: the forward for a call, the strike for a put."""
    strike = ratio * forward
    call, put = black.price(forward, strike, stdev, BOTH)
    assert max(forward - strike, 0.0) <= call <= forward
    assert max(strike - forward, 0.0) <= put <= strike


@given(forwards, moneyness, st.lists(st.floats(0.001, 5.0), min_size=2, max_size=8), st.booleans())
def test_rises_with_volatility(forward, ratio, stdevs, is_call):
    prices = black.price(forward, ratio * forward, np.sort(stdevs), is_call)
    assert np.all(np.diff(prices) >= -4e-15 * forward)


@given(forwards, st.floats(0.02, 2.0), st.booleans())
def test_convex_in_the_strike(forward, stdev, is_call):
    strikes = forward * np.linspace(0.2, 3.0, 57)
    assert np.all(np.diff(black.price(forward, strikes, stdev, is_call), n=2) >= -1e-14 * forward)


@given(forwards, moneyness, stdevs, st.integers(-60, 60), st.booleans())
def test_scale_invariance(forward, ratio, stdev, power, is_call):
    """A currency twice as strong halves every price: exactly so for powers of two."""
    scale = 2.0**power
    there = black.price(scale * forward, scale * (ratio * forward), stdev, is_call)
    here = black.price(forward, ratio * forward, stdev, is_call)
    assert there == pytest.approx(scale * here, rel=0.0, abs=1e-290)  # under that digits are missing


@given(forwards, moneyness, st.floats(0.0, 3.0))
def test_put_call_symmetry(forward, ratio, stdev):
    """A call struck at K on F is a put struck at F on K."""
    strike = ratio * forward
    assert black.price(forward, strike, stdev, CALL) == black.price(strike, forward, stdev, PUT)


@pytest.mark.parametrize(
    ("forward", "strike", "stdev", "is_call", "expected"),
    [
        (100.0, 90.0, 0.0, CALL, 10.0),
        (100.0, 90.0, 0.0, PUT, 0.0),
        (100.0, 100.0, 0.0, CALL, 0.0),
        (100.0, 90.0, np.inf, CALL, 100.0),
        (100.0, 90.0, np.inf, PUT, 90.0),
        (100.0, 90.0, -0.1, CALL, np.nan),
        (100.0, 90.0, np.nan, CALL, np.nan),
        (np.nan, 90.0, 0.1, CALL, np.nan),
        (100.0, 0.0, 0.1, CALL, np.nan),
        (-100.0, 90.0, 0.1, CALL, np.nan),
        (np.inf, 90.0, 0.1, CALL, np.nan),
    ],
)
def test_limits(forward, strike, stdev, is_call, expected):
    got = black.price(forward, strike, stdev, is_call)
    assert got.shape == ()
    np.testing.assert_equal(got, expected)


def test_no_time_and_no_volatility():
    np.testing.assert_array_equal(black.black_price(100.0, [90.0, 110.0], 0.0, 0.2, CALL, discount=0.5), [5.0, 0.0])
    np.testing.assert_array_equal(black.black_price(100.0, [90.0, 110.0], 1.0, 0.0, CALL), [10.0, 0.0])
    assert np.isnan(black.black_price(100.0, 90.0, -1.0, 0.2, CALL))
    assert np.isnan(black.black_price(100.0, 90.0, 1.0, -0.2, CALL))


def test_greeks_at_expiry():
    strikes = [90.0, 100.0, 110.0]
    np.testing.assert_array_equal(black.delta(100.0, strikes, 0.0, 0.2, CALL), [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(black.vega(100.0, strikes, 0.0, 0.2, CALL), 0.0)
    np.testing.assert_array_equal(black.gamma(100.0, strikes, 0.0, 0.2, CALL), np.nan)
    np.testing.assert_array_equal(black.theta(100.0, strikes, 0.0, 0.2, CALL), np.nan)


@pytest.mark.parametrize("greek", [black.black_price, black.delta, black.gamma, black.vega, black.theta])
def test_shapes_and_inputs_stay(greek):
    forward = np.full((3, 1), 100.0)
    strike = np.linspace(80.0, 120.0, 5)
    arguments = (forward, strike, 0.5, np.array(0.2), BOTH[:, None, None])
    before = [np.array(argument) for argument in arguments]
    assert np.shape(greek(*arguments, discount=0.99)) == (2, 3, 5)
    for argument, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(argument, copy)
    assert np.shape(greek(np.empty(0), 100.0, 0.5, 0.2, CALL)) == (0,)
    assert np.isnan(greek(np.nan, 100.0, 0.5, 0.2, CALL))
    assert np.isnan(greek(-1.0, 100.0, 0.5, 0.2, CALL)) or greek is black.vega
