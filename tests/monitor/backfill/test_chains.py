"""Chains of rows that are no quotes: what they give against what the quotes themselves give."""

from __future__ import annotations

from datetime import date, time

import numpy as np
import pytest

from monitor.backfill.chains import build, expiry_of
from monitor.backfill.protocol import Kind
from monitor.backfill.rows import EPOCH, empty
from monitor.backfill.surroundings import RateHistory, Surroundings
from monitor.config.model import Rates
from monitor.simulation.surface import black
from monitor.underlyings import underlying
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.settings import Settings
from pricing.time import years_between
from tests.monitor.backfill import market
from tests.monitor.backfill.market import DAYS, MARKET

IWM = underlying("IWM")
CLOSE = market.as_of(DAYS[0], time(16, 15))
RATIO = "skew_ratio_30d_90_110"


def surroundings(dividends: Schedule | None = None) -> Surroundings:
    section = Rates.model_validate({"source": "configured", "curve": _curve(MARKET.curve)})
    return Surroundings(Settings(), RateHistory.of(section, {}), dividends or MARKET.dividends(DAYS[0]))


def _curve(curve: Curve):
    return [{"years": years, "rate": rate} for years, rate in zip(curve.years, curve.rates, strict=True)]


def rows(*, vol=None, mid=False):
    """The simulated close as rows, of quotes or of what is asked for."""
    given = market.contracts(DAYS[0])
    found = empty(len(given))
    for name in ("strike", "is_call", "volume", "open_interest", "bid", "ask"):
        found[name] = [getattr(each, name) for each in given]
    found["day"], found["expiry"] = DAYS[0].toordinal() - EPOCH, [each.expiry.toordinal() - EPOCH for each in given]
    if mid:
        found["bid"] = found["ask"] = (found["bid"] + found["ask"]) / 2
    if vol is not None:
        found["bid"] = found["ask"] = np.nan
        found["vol"] = vol
    return found


def read(found, kind, spot):
    inputs = surroundings().inputs(CLOSE)
    return inputs.take(build(found, kind, IWM, "x", CLOSE, inputs, spot))


@pytest.fixture(scope="module")
def truth():
    return MARKET.truth_at(CLOSE)


def test_mids_give_the_values_of_the_quotes_that_they_are_of():
    """The middle of a quote is what the values are made of: only the weights of the smile can differ."""
    quoted, middle = read(rows(), Kind.QUOTES, 213.0), read(rows(mid=True), Kind.MIDS, 213.0)
    for name in (RATIO, "put_vol_30d_90", "call_vol_30d_110", "atm_vol_30d", "skew_ratio_30d_95_105"):
        assert middle.measures[name].value == pytest.approx(quoted.measures[name].value, rel=3e-3)
    assert middle.spot_sync == pytest.approx(quoted.spot_sync, rel=2e-5)


def test_true_volatilities_give_the_true_measures(truth):
    """The simulator's volatilities are European on the true forward: read back, they give its own measures."""
    chain = MARKET.chain_at(CLOSE)
    found = read(rows(vol=chain.board.vol), Kind.VOLS, truth.spot)
    want = truth.measures()
    for name in (RATIO, "put_vol_30d_90", "call_vol_30d_110", "atm_vol_30d", "risk_reversal_30d_25"):
        assert found.measures[name].value == pytest.approx(want[name], rel=3e-3), name
    assert found.spot_sync == pytest.approx(truth.spot, rel=1e-6)


@pytest.mark.parametrize("stale", [0.999, 1.0005])
def test_volatilities_made_with_a_price_of_another_moment_are_set_right(truth, stale):
    """A vendor who inverts quotes on a price 10 bp off gives puts and calls volatilities that disagree.

    Read as they are they would shift the ratio by 1.6 % (METHOD section 3); the prices that they mean still hold
    parity, and so the forward that the quotes were made on.
    """
    chain = MARKET.chain_at(CLOSE)
    board, inputs = chain.board, surroundings().inputs(CLOSE)
    years = np.array([years_between(CLOSE, expiry.instant) for expiry in chain.expiries])[board.expiry]
    true = np.array([term.forward for term in truth.terms])[board.expiry]
    rate = inputs.curve.rate(years)
    paid = inputs.dividends.years_and_amounts(CLOSE, chain.expiries[-1].instant)
    worth = sum(np.where(when < years, amount * np.exp(-rate * when), 0.0) for when, amount in zip(*paid, strict=True))
    wrong = true + (stale - 1) * truth.spot * true / (truth.spot - worth)  # the forward carried from the wrong price
    vendor = _vols(_prices(true, board, years), wrong, board, years)
    found = read(rows(vol=vendor), Kind.VOLS, stale * truth.spot)
    assert found.spot_sync == pytest.approx(truth.spot, rel=2e-5)
    assert found.measures[RATIO].value == pytest.approx(truth.measures()[RATIO], rel=1.5e-3)


def _prices(forward, board, years):
    return black(forward, board.strike, board.vol**2 * years, board.is_call)


def _vols(price, forward, board, years):
    """Invert by bisection, owing nothing to the pricing that is tested."""
    low, high = np.full(price.size, 1e-4), np.full(price.size, 5.0)
    for _ in range(60):
        middle = (low + high) / 2
        over = black(forward, board.strike, middle**2 * years, board.is_call) > price
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    found = (low + high) / 2
    return np.where((found > 2e-4) & (found < 4.9), found, 0.0)


def test_a_strike_without_a_volatility_is_left_out(truth):
    chain = MARKET.chain_at(CLOSE)
    found = read(rows(vol=np.where(chain.board.strike < 200, 0.0, chain.board.vol)), Kind.VOLS, truth.spot)
    assert found.measures["put_vol_30d_90"].value is None


ROOTS = tuple(underlying("SPX").roots.items())


@pytest.mark.parametrize(
    ("day", "root", "last", "name", "am_settled"),
    [
        (date(2011, 12, 16), -1, date(2011, 12, 16), "SPX", True),  # a third Friday: settled on the open
        (date(2011, 12, 17), -1, date(2011, 12, 16), "SPX", True),  # its Saturday, as names were until 2015
        (date(2008, 3, 22), -1, date(2008, 3, 20), "SPX", True),  # the Friday was Good Friday
        (date(2018, 1, 31), -1, date(2018, 1, 31), "SPXW", False),
        (date(2018, 1, 19), 1, date(2018, 1, 19), "SPXW", False),  # the vendor says that it is the weekly
        (date(2018, 1, 19), 0, date(2018, 1, 19), "SPX", True),
    ],
)
def test_expiries_of_an_index(day, root, last, name, am_settled):
    found = expiry_of(day, root, "SPX", ROOTS)
    assert (found.day, found.root, found.am_settled) == (last, name, am_settled)


def test_expiries_of_a_fund():
    assert expiry_of(date(2012, 1, 21), -1, "IWM", (("IWM", False),)).day == date(2012, 1, 20)


def test_a_dividend_within_the_life_moves_the_forward():
    paid = Schedule((Dividend(date(2025, 6, 10), 2.0), Dividend(date(2026, 6, 9), 2.0)))
    inputs = surroundings(paid).inputs(CLOSE)
    vol = MARKET.chain_at(CLOSE).board.vol
    with_it = inputs.take(build(rows(vol=vol), Kind.VOLS, IWM, "x", CLOSE, inputs, 213.0))
    none = surroundings(Schedule(continuous=0.0)).inputs(CLOSE)
    without = none.take(build(rows(vol=vol), Kind.VOLS, IWM, "x", CLOSE, none, 213.0))
    assert without.forward - with_it.forward == pytest.approx(2.0, abs=0.02)
