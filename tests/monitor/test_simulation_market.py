"""The simulated market through time: laws of its path, its listing, its fair prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from monitor.simulation.business_time import business_years, is_event
from monitor.simulation.listing import Breadth, Kind, ladder, listed
from monitor.simulation.market import Market, _history
from monitor.simulation.quotes import Noise
from monitor.simulation.states import Dynamics
from pricing.american import Dividends, american_price
from pricing.calendar import is_session, next_session, third_friday
from pricing.chain import Style
from pricing.dividends import Dividend, Schedule

SMALL = Market(seed=3, start=date(2025, 1, 2), spot=290.0, breadth=Breadth.SMALL)
FULL = Market(seed=3, start=date(2025, 1, 2), spot=290.0)
NOON = datetime(2026, 2, 11, 17, 0, tzinfo=UTC)  # 12:00 New York
LONG = Market(seed=11, start=date(2008, 1, 2), spot=75.0)


def daily(market: Market, first: date, last: date):
    """Logarithm of spot, and log-variance, at the closes."""
    path = _history(market, last.year - market.start.year + 1)
    inside = [first <= day <= last for day in path.days]
    return np.log(path.closes[inside, 0]), path.closes[inside, 1] + path.closes[inside, 2]


# the path


def test_any_instant_is_the_same_whatever_was_asked_before():
    instants = [NOON + timedelta(hours=5 * i) for i in range(8)]
    fresh = replace(SMALL, start=SMALL.start)
    forward = [SMALL.chain_at(instant).body for instant in instants]
    backward = [fresh.chain_at(instant).body for instant in reversed(instants)]
    assert forward == backward[::-1]


def test_a_later_question_does_not_change_an_earlier_answer():
    early, late = datetime(2025, 5, 1, 15, tzinfo=UTC), datetime(2029, 5, 1, 15, tzinfo=UTC)
    one, other = Market(seed=8), Market(seed=8, noise=Noise(spot_bp=0.4))
    alone = one.state_at(early)
    other.state_at(late)
    assert other.state_at(early) == alone


def test_seed_and_symbol_make_another_history():
    spots = {
        replace(SMALL, seed=seed, symbol=symbol).state_at(NOON).spot for seed in (3, 4) for symbol in ("IWM", "SPY")
    }
    assert len(spots) == 4


def test_the_session_joins_the_closes_without_a_step():
    market = Market(seed=2, dynamics=Dynamics(jumps_a_year=0.0), dividend_yield=0.0)
    opening = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
    path = np.log([market.state_at(opening + timedelta(seconds=15 * i)).spot for i in range(4 * 60 * 6)])
    assert np.abs(np.diff(path)).max() < 6 * 0.21 / np.sqrt(252) / np.sqrt(96)
    close = opening + timedelta(hours=6.75)
    assert market.state_at(close + timedelta(hours=3)) == market.state_at(close)


def test_leverage_jumps_and_level():
    """What every index shows: volatility rises as it falls, fat tails, realised under implied volatility."""
    spot, variance = daily(LONG, date(2008, 1, 3), date(2025, 12, 31))
    returns = np.diff(spot)
    standard = (returns - returns.mean()) / returns.std()
    assert -0.95 < np.corrcoef(returns, np.diff(variance))[0, 1] < -0.5
    assert np.mean(standard**4) > 4
    assert np.mean(standard**3) < -0.1
    level = np.sqrt(np.mean(np.exp(variance))) * LONG.dynamics.level
    assert 0.75 < returns.std() * np.sqrt(252) / level < 1.05
    calm = replace(LONG, dynamics=Dynamics.still(0.21))
    quiet = np.diff(daily(calm, date(2008, 1, 3), date(2025, 12, 31))[0])
    assert np.mean(((quiet - quiet.mean()) / quiet.std()) ** 4) < 3.6
    assert quiet.std() * np.sqrt(252) == pytest.approx(0.9 * 0.21, rel=0.06)


def test_volatility_wanders_about_its_level_and_can_be_held_there():
    closes = LONG.closes(date(2010, 1, 1), date(2020, 12, 31))[::60]
    wandering = [LONG.truth_at(close).month().at_forward() for close in closes]
    assert 0.17 < np.median(wandering) < 0.26
    assert np.ptp(np.log(wandering)) > 0.6
    for level in (0.10, 0.60):
        still = replace(SMALL, dynamics=Dynamics.still(level))
        held = [
            still.truth_at(close).month().at_forward() for close in still.closes(NOON.date(), date(2026, 4, 1))[::5]
        ]
        assert held == pytest.approx([level] * len(held), rel=0.09)  # business time is not the clock's


def test_the_skew_moves_and_lies_where_the_recorded_chains_have_it():
    """METHOD sections 1, 12 and 13: IWM's ratio is about 1.3 to 1.9, its median daily move 2 %, within a day 0.8 %."""
    closes = LONG.closes(date(2012, 1, 1), date(2012, 12, 31))
    ratios = np.array([LONG.truth_at(close).ratio() for close in closes])
    assert 1.2 < np.quantile(ratios, 0.05) < np.quantile(ratios, 0.95) < 2.0
    assert 0.01 < np.median(np.abs(np.diff(np.log(ratios)))) < 0.03
    within = [
        np.std(np.log([LONG.truth_at(close - timedelta(minutes=55 * i)).ratio() for i in range(7)]))
        for close in closes[::20]
    ]
    assert 0.003 < np.median(within) < 0.02


def test_an_ex_date_takes_the_dividend_off_the_spot_and_off_the_forward():
    ex = date(2026, 2, 18)
    market = replace(SMALL, dynamics=Dynamics.still(0.002), schedule=Schedule((Dividend(ex, 1.5),), continuous=0.0))
    before, after = (market.state_at(datetime(2026, 2, day, 20, tzinfo=UTC)).spot for day in (17, 18))
    assert before - after == pytest.approx(1.5, abs=0.2)
    with_it, without = (m.truth_at(NOON) for m in (market, replace(market, schedule=Schedule(continuous=0.0))))
    rate, term = 0.0368, with_it.terms[-1]
    carried = (with_it.spot - 1.5 * np.exp(-rate * 6.9 / 365)) / without.spot * without.terms[-1].forward
    assert term.expiry.day > ex
    assert term.forward == pytest.approx(carried, abs=1e-3)


def test_forward_is_carried_between_settlements():
    """Friday 2026-02-13 from Wednesday 02-11: settlements 02-12 and 02-17, as 02-16 is Washington's birthday."""
    market = replace(FULL, dividend_yield=0.0)
    truth = market.truth_at(NOON)
    rate = float(market.curve.rate(0.0))
    assert truth.term(date(2026, 2, 13)).forward == pytest.approx(truth.spot * np.exp(rate * 5 / 365), rel=1e-12)
    assert truth.term(date(2026, 2, 11)).forward == pytest.approx(truth.spot, rel=1e-12)


def test_business_time_is_about_the_clocks_over_a_year_and_weekends_are_short():
    start = datetime(2025, 1, 2, 21, tzinfo=UTC)
    assert business_years(start, [start + timedelta(days=365 * 3)])[0] == pytest.approx(3.0, rel=0.01)
    friday = datetime(2025, 1, 10, 21, tzinfo=UTC)
    steps = np.diff(business_years(friday, [friday + timedelta(days=i) for i in range(5)]))
    assert steps[1] < 0.5 * steps[3]
    assert sum(is_event(date(2025, 1, 1) + timedelta(i)) for i in range(365)) == 8


# the listing


@pytest.mark.parametrize(
    "today", [date(2025, 4, 7), date(2026, 6, 16), date(2026, 7, 2), date(2026, 11, 25), date(2025, 12, 29)]
)
def test_listing_follows_the_calendar(today):
    expiries = {one.day: one for one in listed(today)}
    assert all(is_session(day) for day in expiries)
    assert list(expiries) == sorted(expiries)
    assert all(one.since <= today <= one.day for one in expiries.values())
    assert 28 <= len(expiries) <= 36
    for ahead in range(40):  # every week ends with an expiry, on Thursday where Friday is a holiday
        day = today + timedelta(ahead)
        if is_session(day) and next_session(day).isocalendar()[:2] != day.isocalendar()[:2]:
            assert day in expiries
    for ahead in range(15):  # and every session of the next two weeks is one
        day = today + timedelta(ahead)
        assert (day in expiries) == is_session(day)
    months = [(today.year + (today.month + i) // 12, (today.month + i) % 12 + 1) for i in range(6)]
    assert all(expiries[third_friday(*month)].kind is Kind.MONTHLY for month in months)


def test_holidays_move_expiries_a_session_ahead():
    """Good Friday 2025-04-18, Juneteenth 2026-06-19 and Independence Day observed 2026-07-03 are Fridays."""
    assert {one.day: one.kind for one in listed(date(2025, 4, 7))}[date(2025, 4, 17)] is Kind.MONTHLY
    june = {one.day: one.kind for one in listed(date(2026, 6, 8))}
    assert june[date(2026, 6, 18)] is Kind.MONTHLY
    assert june[date(2026, 7, 2)] is Kind.WEEKLY
    assert june[date(2026, 6, 30)] is Kind.QUARTERLY


@pytest.mark.parametrize("breadth", Breadth)
@pytest.mark.parametrize("spot", [5.0, 19.0, 62.0, 295.0, 2400.0, 6500.0])
def test_strikes_surround_the_spot_in_listed_steps(breadth, spot):
    today = date(2026, 6, 16)
    for one in listed(today, breadth):
        strikes = ladder(one, today, np.array([spot]), breadth)
        assert (np.diff(strikes) > 0).all()
        assert strikes[0] < 0.9 * spot
        assert strikes[-1] > 1.03 * spot
        assert strikes * 10 == pytest.approx(np.rint(strikes * 10))
        assert np.abs(strikes - spot).min() <= (2.5 if spot < 1000 else 25)


def test_strikes_are_added_as_spot_moves():
    today = date(2026, 6, 16)
    one = next(one for one in listed(today) if one.kind is Kind.WEEKLY)
    before = ladder(one, today, np.array([290.0, 295.0]))
    after = ladder(one, today, np.array([290.0, 295.0, 310.0]))
    assert set(before) < set(after)


def test_a_chain_has_the_size_of_a_recorded_one():
    """Recorded chains of an underlying near 295 have 4,772 to 5,096 contracts; spot's wandering makes ours vary."""
    sizes = [
        Market(seed=seed, start=date(2026, 1, 2), spot=290.0).chain_at(NOON).board.strike.size for seed in range(4)
    ]
    assert all(4200 < size < 5600 for size in sizes)
    small = replace(SMALL, start=date(2026, 1, 2), spot=290.0).chain_at(NOON).board.strike.size
    assert 450 < small < 800


# fair prices


@pytest.mark.parametrize("as_of", [NOON, datetime(2026, 3, 5, 20, tzinfo=UTC)])  # the second with an ex-date ahead
def test_fair_prices_are_american_prices_on_the_true_forward(as_of):
    """Exact within 2.5 standard deviations; beyond, premiums are interpolated between strikes."""
    chain = FULL.chain_at(as_of)
    board, terms = chain.board, {term.expiry: term for term in chain.truth.terms}
    when, amounts = FULL.dividends(as_of.date()).years_and_amounts(as_of, as_of + timedelta(days=1200))
    dividends = Dividends(when, amounts, escrowed=True)
    for index, expiry in enumerate(chain.expiries):
        term = terms[expiry]
        if term.years > 62 / 365:
            break
        rows = board.expiry == index
        strike, call = board.strike[rows], board.is_call[rows]
        paid = sum(a * np.exp(-term.rate * t) for t, a in zip(when, amounts, strict=True) if t < term.years)
        spot = term.forward * np.exp(-term.rate * term.years) + paid
        price = american_price(spot, strike, term.years, term.vol(strike), call, rate=term.rate, dividends=dividends)
        sign = np.where(call, 1, -1)
        price = np.maximum(price, sign * (chain.truth.spot - strike))
        error = np.abs(board.fair[rows] - price)
        far = np.abs(np.log(strike / term.forward)) / np.sqrt(term.theta)
        assert error[far < 2.4].max() < 1e-5
        assert error[sign * (strike - term.forward) > 0].max() < 1e-4
        assert error.max() < 0.05


def test_european_prices_obey_parity_and_american_ones_are_worth_more():
    american, european = (replace(SMALL, style=style).chain_at(NOON).board for style in (None, Style.EUROPEAN))
    truth = SMALL.truth_at(NOON)
    call, put = european.fair[european.is_call], european.fair[~european.is_call]
    strike = european.strike[european.is_call]
    term = [truth.terms[i] for i in european.expiry[european.is_call]]
    forward, discount = (
        np.array([f(t) for t in term]) for f in (lambda t: t.forward, lambda t: np.exp(-t.rate * t.years))
    )
    assert call - put == pytest.approx(discount * (forward - strike), abs=1e-10)
    assert (american.fair - european.fair).min() > -1e-12
    assert np.max(american.fair - european.fair) > 0.05


def test_questions_without_an_answer():
    with pytest.raises(ValueError, match="time zone"):
        SMALL.chain_at(datetime(2026, 2, 11, 17))  # noqa: DTZ001 - that is the mistake
    with pytest.raises(ValueError, match="simulated from"):
        SMALL.chain_at(datetime(2024, 12, 31, 17, tzinfo=UTC))
    with pytest.raises(ValueError, match="session"):
        replace(SMALL, start=date(2025, 1, 1)).state_at(NOON)
