"""Implied volatility against mpmath, vollib and QuantLib, the laws of the market, and a table of statuses."""

import inspect

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its users' name for it
from hypothesis import given
from hypothesis import strategies as st
from vollib.black.implied_volatility import implied_volatility as vollib_implied

from pricing import black, implied
from pricing.implied import implied_stdev, implied_vol
from pricing.status import Status
from tests.reference import implied_guess, tables

CALL, PUT = True, False
HALF_ULP = 2.0**-53


def test_mpmath():
    """tests/reference/european.csv: the exact stdev of each price, down to 1e-295.

    Twelve digits, or what the last half digit of the price leaves (it is also what F - K is rounded to).
    """
    table = tables.european()
    stdev, status = implied_stdev(table["price"], table["forward"], table["strike"], table["is_call"] == 1.0)
    assert np.all(status == Status.OK)
    assert table["price"].min() < 1e-290
    error = np.abs(stdev / table["implied"] - 1.0)
    assert np.all(error <= 1e-12 + 2.0 * HALF_ULP / table["elasticity"])
    # out of the money, away from the maximum, nothing is left to the price's conditioning
    sturdy = np.isin(table["kind"], ["market", "wing", "at the money", "tiny stdev"])
    assert error[sturdy].max() < 2e-13


def listed(n):
    """Out-of-the-money options of a listed market: price, forward, strike, years, is_call, discount; vol."""
    rng = np.random.default_rng(3)
    forward, years, vol = rng.uniform(20.0, 600.0, n), rng.uniform(1 / 365, 2.0, n), rng.uniform(0.08, 1.0, n)
    strike = forward * np.exp(rng.normal(0.0, 1.2, n) * vol * np.sqrt(years))
    is_call, discount = strike >= forward, np.exp(-0.04 * years)
    price = black.black_price(forward, strike, years, vol, is_call, discount=discount)
    return (price, forward, strike, years, is_call, discount), vol


def test_vollib():
    """Jaeckel's own algorithm, in vollib's Python port."""
    (price, forward, strike, years, is_call, discount), _ = listed(300)
    got = implied_vol(price, forward, strike, years, is_call, discount=discount)
    rate = -np.log(discount) / years
    theirs = [
        vollib_implied(p, f, k, r, t, "c" if c else "p")
        for p, f, k, r, t, c in zip(price, forward, strike, rate, years, is_call, strict=True)
    ]
    np.testing.assert_allclose(got.vol, theirs, rtol=1e-11)


def test_quantlib():
    (price, forward, strike, years, is_call, discount), _ = listed(300)
    got = implied_vol(price, forward, strike, years, is_call, discount=discount)
    theirs = [
        ql.blackFormulaImpliedStdDevLiRS(
            ql.Option.Call if c else ql.Option.Put, k, f, p, d, 0.0, ql.nullDouble(), 1.0, 1e-12, 100
        )
        for p, f, k, c, d in zip(price, forward, strike, is_call, discount, strict=True)
    ]
    np.testing.assert_allclose(got.vol * np.sqrt(years), theirs, rtol=1e-9)


def test_round_trip_over_several_blocks():
    (price, forward, strike, years, is_call, discount), vol = listed(3 * implied.BLOCK // 2)
    got = implied_vol(price, forward, strike, years, is_call, discount=discount)
    assert got.ok.all()
    np.testing.assert_allclose(got.vol, vol, rtol=5e-13)


def test_guess_is_as_near_as_one_step_needs():
    """The two ways of tests/reference/implied_guess.py to the same option: coordinates, and the guess."""
    stdev, h = implied_guess.grid()
    y, length = implied_guess.coordinates(stdev, h)
    k = h * stdev
    beta = k / np.expm1(length)
    guess = implied._guess(k.astype(np.float32), beta.astype(np.float32))
    inside = y > 0.0
    np.testing.assert_allclose(guess[inside], stdev[inside], rtol=5.1e-4)
    assert implied.TRUSTED > 5.1e-4


def test_a_listed_market_takes_the_quick_way():
    """The speed rests on it: a guess and one step for all but a handful."""
    (price, forward, strike, _, is_call, discount), _ = listed(20_000)
    _, trusted = implied._quick(price / discount, forward, strike, is_call)
    assert trusted.mean() > 0.995


def test_the_two_ways_agree():
    (price, forward, strike, _, is_call, discount), _ = listed(20_000)
    quick, trusted = implied._quick(price / discount, forward, strike, is_call)
    careful, status = implied._careful(price / discount, forward, strike, is_call)
    assert np.all(status == Status.OK)
    np.testing.assert_allclose(quick[trusted], careful[trusted], rtol=5e-13)


def test_every_price_has_a_root():
    """No price between nothing and the maximum is refused for want of convergence, and each is met again."""
    rng = np.random.default_rng(17)
    n = 200_000
    k = np.where(rng.random(n) < 0.5, 10.0 ** rng.uniform(-16.0, 2.5, n), rng.uniform(0.0, 3.0, n))
    k[:2000] = 0.0
    share = np.choose(
        rng.integers(0, 3, n),
        [10.0 ** rng.uniform(-299.0, 0.0, n), rng.random(n), 1.0 - 10.0 ** rng.uniform(-13, 0, n)],
    )
    forward = 10.0 ** rng.uniform(-4.0, 6.0, n)
    strike = forward * np.exp(k)
    price = share * forward
    stdev, status = implied_stdev(price, forward, strike, CALL)
    assert np.all(status == Status.OK)
    again = black.price(forward, strike, stdev, CALL)
    # a wing magnifies a rounding of the stdev by h^2
    h = np.log(strike / forward) / stdev
    assert np.all(np.abs(again / price - 1.0) <= 2e-12 + 4e-13 * np.square(h))


@given(
    st.floats(0.01, 1e5),
    st.floats(-5.0, 5.0),
    st.floats(0.003, 3.0),
    st.floats(0.03, 2.0),
    st.floats(0.5, 1.0),
    st.booleans(),
)
def test_price_to_vol_to_price(forward, h, years, vol, discount, is_call):
    strike = forward * np.exp(h * vol * np.sqrt(years))
    price = black.black_price(forward, strike, years, vol, is_call, discount=discount)
    got = implied_vol(price, forward, strike, years, is_call, discount=discount)
    if got.ok:
        again = black.black_price(forward, strike, years, got.vol, is_call, discount=discount)
        assert again == pytest.approx(price, rel=1e-11)
    else:
        assert got.status in {Status.AT_INTRINSIC, Status.ABOVE_MAXIMUM}


@given(st.floats(50.0, 200.0), st.floats(0.01, 2.0), st.floats(0.1, 0.9), st.floats(1.001, 1.1))
def test_a_dearer_option_has_a_higher_vol(strike, years, share, factor):
    price = share * min(100.0, strike) / factor
    cheap, dear = implied_vol([price, price * factor], 100.0, strike, years, strike >= 100.0).vol
    assert cheap < dear


@given(st.floats(50.0, 200.0), st.floats(0.05, 2.0), st.floats(0.1, 1.0), st.integers(-200, 200))
def test_scale_invariance(strike, years, vol, power):
    """In a currency twice as strong the volatility is the same, to the last digit for powers of two."""
    price, scale = black.black_price(100.0, strike, years, vol, strike >= 100.0), 2.0**power
    here = implied_vol(price, 100.0, strike, years, strike >= 100.0)
    there = implied_vol(scale * price, scale * 100.0, scale * strike, years, strike >= 100.0)
    assert here.vol == pytest.approx(there.vol, rel=2e-13)


@given(st.floats(80.0, 125.0), st.floats(0.1, 1.5), st.floats(0.25, 1.0))
def test_call_and_put_of_a_strike_agree(strike, years, vol):
    """Parity: both hold the same time value, as far as the dearer one resolves it."""
    prices = black.black_price(100.0, strike, years, vol, [CALL, PUT])
    call, put = implied_vol(prices, 100.0, strike, years, [CALL, PUT]).vol
    vega = black.vega(100.0, strike, years, vol, CALL)
    assert call == pytest.approx(put, rel=1e-11, abs=4e-16 * prices.max() / vega)


@pytest.mark.parametrize(
    ("price", "forward", "strike", "years", "is_call", "discount", "expected"),
    [
        (5.0, 100.0, 105.0, 1.0, CALL, 1.0, Status.OK),
        (1e-290, 100.0, 105.0, 1.0, CALL, 1.0, Status.OK),
        (np.nan, 100.0, 105.0, 1.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (np.inf, 100.0, 105.0, 1.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, np.nan, 105.0, 1.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, np.inf, 105.0, 1.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, 100.0, -np.inf, 1.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, 100.0, 105.0, np.nan, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, 100.0, 105.0, np.inf, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, 100.0, 105.0, 1.0, CALL, np.nan, Status.NOT_A_NUMBER),
        (5.0, 100.0, 105.0, 1.0, CALL, np.inf, Status.NOT_A_NUMBER),
        (np.nan, 100.0, 105.0, 0.0, CALL, 1.0, Status.NOT_A_NUMBER),
        (5.0, 0.0, 105.0, 1.0, CALL, 1.0, Status.BAD_INPUT),
        (5.0, -100.0, 105.0, 1.0, CALL, 1.0, Status.BAD_INPUT),
        (-5.0, -100.0, -105.0, 1.0, CALL, 1.0, Status.BAD_INPUT),
        (5.0, 100.0, 0.0, 1.0, PUT, 1.0, Status.BAD_INPUT),
        (5.0, 100.0, 105.0, 1.0, CALL, 0.0, Status.BAD_INPUT),
        (-5.0, 100.0, 105.0, 1.0, CALL, -1.0, Status.BAD_INPUT),
        (5.0, -100.0, 105.0, 0.0, CALL, 1.0, Status.BAD_INPUT),
        (5.0, 100.0, 105.0, 0.0, CALL, 1.0, Status.EXPIRED),
        (5.0, 100.0, 105.0, -1.0, CALL, 1.0, Status.EXPIRED),
        (500.0, 100.0, 105.0, 0.0, CALL, 1.0, Status.EXPIRED),
        (4.0, 105.0, 100.0, 1.0, CALL, 1.0, Status.BELOW_INTRINSIC),
        (4.9, 105.0, 100.0, 1.0, CALL, 0.99, Status.BELOW_INTRINSIC),
        (-1e-9, 100.0, 105.0, 1.0, CALL, 1.0, Status.BELOW_INTRINSIC),
        (5.0, 105.0, 100.0, 1.0, CALL, 1.0, Status.AT_INTRINSIC),
        (5.0 - 1e-15, 105.0, 100.0, 1.0, CALL, 1.0, Status.AT_INTRINSIC),
        (5.0 + 1e-14, 105.0, 100.0, 1.0, CALL, 1.0, Status.AT_INTRINSIC),
        (5.0 * 0.99, 105.0, 100.0, 1.0, CALL, 0.99, Status.AT_INTRINSIC),
        (0.0, 100.0, 105.0, 1.0, CALL, 1.0, Status.AT_INTRINSIC),
        (0.0, 100.0, 100.0, 1.0, PUT, 1.0, Status.AT_INTRINSIC),
        (5e-324, 100.0, 105.0, 1.0, CALL, 1.0, Status.AT_INTRINSIC),
        (100.0, 100.0, 105.0, 1.0, CALL, 1.0, Status.ABOVE_MAXIMUM),
        (100.0 - 1e-14, 100.0, 105.0, 1.0, CALL, 1.0, Status.ABOVE_MAXIMUM),
        (105.0, 100.0, 105.0, 1.0, PUT, 1.0, Status.ABOVE_MAXIMUM),
        (106.0, 105.0, 100.0, 1.0, CALL, 1.0, Status.ABOVE_MAXIMUM),
        (104.5, 100.0, 105.0, 1.0, PUT, 0.99, Status.ABOVE_MAXIMUM),
    ],
)
def test_status(price, forward, strike, years, is_call, discount, expected):
    """Alone, and in the middle of a chain whose other options are sound."""
    alone = implied_vol(price, forward, strike, years, is_call, discount=discount)
    assert Status(alone.status) is expected
    assert np.isnan(alone.vol) == (expected is not Status.OK)
    columns = [np.array([usual, odd, usual]) for usual, odd in zip(SOUND, (price, forward, strike, years), strict=True)]
    chain = implied_vol(*columns, np.array([CALL, is_call, CALL]), discount=np.array([1.0, discount, 1.0]))
    assert list(chain.status) == [Status.OK, expected, Status.OK]
    np.testing.assert_array_equal(chain.ok, ~np.isnan(chain.vol))


SOUND = (5.0, 100.0, 105.0, 1.0)


def test_status_of_stdev():
    """The undiscounted inversion other engines call knows no time."""
    stdev, status = implied_stdev([5.0, 0.0, -1.0, np.nan, 200.0], 100.0, 105.0, CALL)
    assert [Status(code).name for code in status] == [
        "OK",
        "AT_INTRINSIC",
        "BELOW_INTRINSIC",
        "NOT_A_NUMBER",
        "ABOVE_MAXIMUM",
    ]
    np.testing.assert_array_equal(np.isnan(stdev), status != Status.OK)


def test_an_iteration_that_does_not_end_is_refused(monkeypatch):
    monkeypatch.setattr(implied, "STEPS", 1)
    stdev, status = implied_stdev(1e-200, 100.0, 105.0, CALL)
    assert Status(status) is Status.NO_CONVERGENCE
    assert np.isnan(stdev)


def test_shapes():
    scalar = implied_vol(5.0, 100.0, 105.0, 1.0, CALL)
    assert scalar.vol.shape == scalar.status.shape == ()
    assert scalar.status.dtype == np.int8
    grid = implied_vol(
        5.0, 100.0, np.linspace(100.0, 110.0, 4), np.array([[0.5], [1.0], [2.0]]), [CALL, PUT, CALL, PUT]
    )
    assert grid.vol.shape == grid.status.shape == (3, 4)
    # one row of the grid, alone
    row = implied_vol(5.0, 100.0, np.linspace(100.0, 110.0, 4), 1.0, [CALL, PUT, CALL, PUT])
    np.testing.assert_array_equal(grid.vol[1], row.vol)
    empty = implied_vol(np.empty(0), 100.0, 105.0, 1.0, CALL)
    assert empty.vol.shape == empty.status.shape == (0,)
    assert implied_vol(np.empty((2, 0)), 100.0, 105.0, np.ones((2, 1)), CALL).vol.shape == (2, 0)
    with pytest.raises(ValueError, match="broadcast"):
        implied_vol(np.ones(2), np.ones(3), 105.0, 1.0, CALL)


def test_integers_and_lists_are_numbers():
    assert implied_vol(5, 100, 105, 1, CALL).vol == implied_vol(5.0, 100.0, 105.0, 1.0, CALL).vol
    assert implied_vol([5], [100], [105], [1], [CALL]).ok.all()


def test_inputs_stay():
    columns, _ = listed(50)
    arrays = [np.array(column) for column in columns]
    arrays[0][::7] = 0.0
    for array in arrays:
        array.flags.writeable = False
    implied_vol(*arrays[:5], discount=arrays[5])
    implied_stdev(*arrays[:3], arrays[4])


def test_contract():
    """The names the Python face promises."""
    parameters = inspect.signature(implied_vol).parameters
    assert list(parameters) == ["price", "forward", "strike", "years", "is_call", "discount"]
    assert parameters["discount"].kind is inspect.Parameter.KEYWORD_ONLY
