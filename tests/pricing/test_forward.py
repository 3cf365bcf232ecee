"""Truth: prices made from a chosen forward; QuantLib for early exercise; plain loops for the choice of strikes;
METHOD section 6 for what early exercise does to parity."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation does
from hypothesis import given
from hypothesis import strategies as st

from pricing import clean
from pricing.anchor import anchor
from pricing.chain import Chain, Expiry, Style
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.forward import nearest_pairs, parity
from pricing.reasons import Reason
from pricing.settings import Settings
from tests.pricing import finite_difference
from tests.pricing.known_market import FAR, NEAR


def one_expiry(strike, put, call):
    """Rows of one expiry in a chain's order, puts first."""
    strike = np.asarray(strike, float)
    n = strike.size
    return (
        np.zeros(2 * n, np.int64),
        np.repeat([False, True], n),
        np.tile(strike, 2),
        np.concatenate([put, call]).astype(float),
    )


def located(strike, put, call, half_spread=0.01, *, growth=1.0, count=10):
    expiry, is_call, strikes, mid = one_expiry(strike, put, call)
    usable = np.isfinite(mid)
    pairs = nearest_pairs(expiry, is_call, strikes, mid, usable, expiries=1, count=count)
    return parity(pairs, strikes, mid, np.broadcast_to(half_spread, mid.shape).astype(float), np.array([growth]))


@given(
    st.floats(90.0, 110.0),
    st.floats(0.9, 1.1),
    st.integers(1, 15),
    st.lists(st.floats(0.0, 9.0), min_size=15, max_size=15),
)
def test_exact_prices_give_the_exact_forward(forward, growth, strikes, time_values):
    """Put and call of a strike share a time value, whatever it is; the discounted forward makes the difference."""
    strike = 100.0 + np.arange(strikes) - strikes // 2
    value = np.array(time_values[:strikes])
    call, put = value + np.maximum(forward - strike, 0) / growth, value + np.maximum(strike - forward, 0) / growth
    got = located(strike, put, call, growth=growth)
    assert got.forward[0] == pytest.approx(forward, abs=1e-11)
    assert got.pairs[0] == min(strikes, 10)
    assert np.nanmax(np.abs(got.residual)) < 1e-11
    assert got.se[0] > 0


def test_the_strikes_nearest_the_forward_are_taken():
    """|C - P| is least there: 96 to 105 about a forward of 100.4."""
    strike = np.arange(80.0, 121.0)
    put, call = 3 + np.maximum(strike - 100.4, 0), 3 + np.maximum(100.4 - strike, 0)
    expiry, is_call, strikes, mid = one_expiry(strike, put, call)
    pairs = nearest_pairs(expiry, is_call, strikes, mid, np.ones(82, bool), expiries=1, count=10)
    assert strikes[pairs.put[0]].tolist() == [100, 101, 99, 102, 98, 103, 97, 104, 96, 105]
    assert (strikes[pairs.put] == strikes[pairs.call]).all()
    assert not is_call[pairs.put].any()
    assert is_call[pairs.call].all()


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.booleans(), st.integers(90, 99), st.integers(1, 60), st.booleans()),
        unique_by=lambda row: row[:3],
        max_size=50,
    ),
    st.integers(1, 6),
)
def test_pairs_against_a_search(rows, count):
    """Prices are whole cents, so that ties are true ties; a tie may go either way."""
    rows = sorted(rows)
    expiry, is_call, strike, mid, usable = (np.array(c) for c in zip(*rows, strict=True)) if rows else [np.zeros(0)] * 5
    pairs = nearest_pairs(
        expiry.astype(np.int64),
        is_call.astype(bool),
        strike.astype(float),
        mid.astype(float),
        usable.astype(bool),
        expiries=3,
        count=count,
    )
    named = {(e, call, k): cents for e, call, k, cents, good in rows if good}
    for at in range(3):
        gaps = sorted(
            abs(named[at, True, k] - named[at, False, k])
            for k in range(90, 100)
            if (at, True, k) in named and (at, False, k) in named
        )
        there = pairs.exists[at]
        puts, calls = pairs.put[at][there], pairs.call[at][there]
        assert np.abs(mid[calls] - mid[puts]).tolist() == gaps[:count]
        assert (strike[puts] == strike[calls]).all()
        assert (expiry[puts] == at).all()
        assert (expiry[calls] == at).all()
        assert usable[puts].all()
        assert usable[calls].all()


def test_half_dollar_strikes_and_mills_are_different_strikes():
    got = located([100.0, 100.5, 100.501], [2.0, 2.3, 2.3], [2.0, 1.8, 1.8])
    assert got.pairs[0] == 3


def test_one_bad_pair_does_not_move_the_forward():
    """Nine pairs agree on 100 within a cent; one is a dollar off. A mean would be 0.10 off."""
    rng = np.random.default_rng(5)
    strike = np.arange(95.0, 105.0)
    call = 3 + np.maximum(100 - strike, 0) + rng.normal(0, 0.005, 10)
    put = 3 + np.maximum(strike - 100, 0)
    call[4] += 1.0
    got = located(strike, put, call)
    assert got.forward[0] == pytest.approx(100.0, abs=0.01)
    assert got.residual[0].max() == pytest.approx(1.0, abs=0.02)


def test_a_tight_pair_outweighs_wide_ones():
    """Equal spreads give the mean of 100.00 and 100.30 where they are two; a tenth of the spread, a hundredth of the
    say: 100 + 0.30/101."""
    got = located([99.0, 100.0], [1.0, 2.0], [2.0, 2.3], half_spread=0.01)
    assert got.forward[0] == pytest.approx(100.15)
    expiry, is_call, strike, mid = one_expiry([99.0, 100.0], [1.0, 2.0], [2.0, 2.3])
    pairs = nearest_pairs(expiry, is_call, strike, mid, np.ones(4, bool), expiries=1, count=10)
    got = parity(pairs, strike, mid, np.array([0.01, 0.1, 0.01, 0.1]), np.ones(1))
    assert got.forward[0] == pytest.approx(100 + 0.30 / 101)


def test_the_standard_error_is_the_scatter_of_repetitions():
    """2,000 chains whose pairs err independently by 5 cents: the forward scatters as much as it says."""
    rng = np.random.default_rng(11)
    strike = np.arange(95.0, 105.0)
    put, call = 3 + np.maximum(strike - 100, 0), 3 + np.maximum(100 - strike, 0)
    found = [located(strike, put, call + rng.normal(0, 0.05, 10), half_spread=0.02) for _ in range(2000)]
    forward, se = np.array([one.forward[0] for one in found]), np.array([one.se[0] for one in found])
    assert forward.mean() == pytest.approx(100.0, abs=4 * 0.05 / math.sqrt(10 * 2000))
    assert se.mean() == pytest.approx(forward.std(), rel=0.15)


def test_two_pairs_make_no_scatter():
    """The error of a lone pair lies anywhere within its spread: a uniform's standard deviation."""
    got = located([100.0], [2.0], [2.0], half_spread=0.03)
    assert got.se[0] == pytest.approx(0.06 / math.sqrt(3))
    assert got.pairs[0] == 1


def test_no_pair_no_forward():
    got = located([100.0, 101.0], [2.0, np.nan], [np.nan, 2.0])
    assert np.isnan(got.forward[0])
    assert np.isnan(got.se[0])
    assert got.pairs[0] == 0


def test_no_rows_no_forward():
    nothing = np.zeros(0)
    pairs = nearest_pairs(
        nothing.astype(np.int64), nothing.astype(bool), nothing, nothing, nothing.astype(bool), expiries=2, count=3
    )
    got = parity(pairs, nothing, nothing, nothing, np.ones(2))
    assert np.isnan(got.forward).all()
    assert got.pairs.tolist() == [0, 0]


def test_a_forward_that_is_not_positive_is_none():
    """A call at 1 and a put at 50 on a strike of 5 say -44: a fault of the feed, not a forward."""
    got = located([5.0], [50.0], [1.0])
    assert np.isnan(got.forward[0])


def test_arguments_stay_as_they_were():
    expiry, is_call, strike, mid = one_expiry([99.0, 100.0], [1.0, 2.0], [2.0, 2.3])
    before = [column.copy() for column in (expiry, is_call, strike, mid)]
    half = np.full(4, 0.01)
    parity(
        nearest_pairs(expiry, is_call, strike, mid, np.ones(4, bool), expiries=1, count=2),
        strike,
        mid,
        half,
        np.ones(1),
    )
    for now, then in zip((expiry, is_call, strike, mid), before, strict=True):
        assert (now == then).all()


# early exercise: Americans priced by others, on an evening so that lives are whole days

EVENING = datetime(2026, 3, 10, 20, tzinfo=UTC)  # 16:00 New York
TODAY = ql.Date(10, 3, 2026)
SHORT = date(2026, 3, 17)
SETTLED_IN = {SHORT: 7, NEAR: 26, FAR: 33}  # settlement on 03-18, on Monday 04-06 and on Monday 04-13


@cache
def quantlib(spot, strike, days, vol, rate, *, is_call):
    """Andersen, Lake and Offengenden's fixed points."""
    ql.Settings.instance().evaluationDate = TODAY
    count = ql.Actual365Fixed()
    interest, none = (ql.YieldTermStructureHandle(ql.FlatForward(TODAY, r, count)) for r in (rate, 0.0))
    flat = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), vol, count))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), none, interest, flat)
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, TODAY + days))
    option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.accurateScheme()))
    return option.NPV()


@pytest.mark.parametrize(("days", "bias"), [(7, -0.4), (30, -2.1), (60, -4.5)])
def test_what_early_exercise_does_to_parity(days, bias):
    """METHOD section 6: K = S, volatility 20 %, rate 3.65 %, in basis points."""
    call, put = (quantlib(100.0, 100.0, days, 0.2, 0.0365, is_call=side) for side in (True, False))
    growth = math.exp(0.0365 * days / 365)
    got = located([100.0], [put], [call], growth=growth)
    assert (got.forward[0] / (100 * growth) - 1) * 1e4 == pytest.approx(bias, abs=0.06)


def evening_chain(price, *, rate, strikes, owed=lambda _: 0.0, noise=0.001):
    """Pairs around a spot of 100, of which each expiry's forward is carried between settlements.

    `price(spot, strike, days, vol, is_call)`; `spot` is what the forward of the expiry is carried from to its end.
    `owed(day)` is today's worth of the dividends before it.
    """
    rows = []
    for at, (day, settled) in enumerate(SETTLED_IN.items()):
        days = (day - date(2026, 3, 10)).days
        spot = (100.0 - owed(day)) * math.exp(rate * (settled - days) / 365) + owed(day)
        for is_call in (False, True):
            for strike in strikes:
                vol = 0.2 - 0.3 * math.log(strike / 100)
                rows.append((at, is_call, strike, price(spot, strike, days, vol, is_call)))
    expiry, is_call, strike, mid = (np.array(column) for column in zip(*rows, strict=True))
    return Chain.build(
        symbol="IWM",
        source="formula",
        as_of=EVENING,
        fetched_at=EVENING,
        expiries=[Expiry(day, "IWM") for day in SETTLED_IN],
        expiry=expiry,
        is_call=is_call,
        strike=strike,
        bid=mid - noise,
        ask=mid + noise,
    )


def anchored(chain, rate, schedule):
    usable = clean.faults(chain.bid, chain.ask) == Reason.KEPT
    return anchor(chain, usable, Curve.flat(rate), schedule, Settings())


def test_the_premium_is_taken_off_both_legs():
    """Without dividends, at 5 %: raw parity is up to 3 bp off at a month, the forward within 0.1."""
    rate = 0.05
    chain = evening_chain(
        lambda spot, strike, days, vol, is_call: quantlib(spot, strike, days, vol, rate, is_call=is_call),
        rate=rate,
        strikes=np.arange(95.0, 106.0),
    )
    found = anchored(chain, rate, Schedule(continuous=0.0))
    truth = np.array([100 * math.exp(rate * settled / 365) for settled in SETTLED_IN.values()])
    assert np.abs(found.forwards.forward / truth - 1).max() * 1e4 < 0.1
    assert found.spot.value == pytest.approx(100.0, rel=1e-5)
    assert np.abs(found.residual).max() < 0.001
    raw = anchored(replace(chain, style=Style.EUROPEAN), rate, Schedule(continuous=0.0))
    assert ((raw.forwards.forward / truth - 1) * 1e4)[1:].max() < -2


@pytest.mark.parametrize(("ex_date", "within"), [(date(2026, 3, 25), 0.5), (date(2026, 4, 9), 1.5)])
def test_a_dividend_in_the_life(ex_date, within):
    """0.695 on 100, mid-life and on the last day but one, priced by finite differences on the escrowed spot.

    In basis points; untreated, parity would be 12 and 29 off. What is left is that premiums are taken on the raw
    forwards.
    """
    rate, amount = 0.04, 0.695
    years = ((ex_date - date(2026, 3, 10)).days - 6.5 / 24) / 365  # the open of the ex-date, 9:30

    def owed(day):
        return amount * math.exp(-rate * years) if ex_date <= day else 0.0

    def price(spot, strike, days, vol, is_call):
        return finite_difference.price(
            spot,
            strike,
            days / 365,
            vol,
            is_call=bool(is_call),
            rate=rate,
            dividends=((years, amount),) if years < days / 365 else (),
            escrowed=True,
            nodes=601,
            steps=200,
        )

    chain = evening_chain(price, rate=rate, strikes=np.arange(96.0, 105.0, 2.0), owed=owed)
    found = anchored(chain, rate, Schedule((Dividend(ex_date, amount),)))
    for at, (day, settled) in enumerate(SETTLED_IN.items()):
        truth = (100 - owed(day)) * math.exp(rate * settled / 365)
        assert abs(found.forwards.forward[at] / truth - 1) * 1e4 < within, day
    assert abs(found.spot.value / 100 - 1) * 1e4 < within
    assert np.abs(found.residual).max() < 0.003  # of financing a year: 2 bp of a forward in a month are 0.002
