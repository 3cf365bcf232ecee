"""Truth: markets that are formulas; a universe read at once is each of its chains read alone."""

from __future__ import annotations

import numpy as np

from pricing.american import Dividends
from pricing.book import Book, invert
from pricing.reasons import Reason
from pricing.settings import Settings
from tests.pricing.known_market import Market, years


def book(*markets, american=False, dividends=None):
    """Rows of several underlyings one after another, their expiries too."""
    chains = [market.chain() for market in markets]
    offsets = np.cumsum([0, *(len(chain.expiries) for chain in chains)])
    return Book(
        expiry=np.concatenate([chain.expiry + offset for chain, offset in zip(chains, offsets, strict=False)]),
        is_call=np.concatenate([chain.is_call for chain in chains]),
        strike=np.concatenate([chain.strike for chain in chains]),
        bid=np.concatenate([chain.bid for chain in chains]),
        ask=np.concatenate([chain.ask for chain in chains]),
        years=np.concatenate([chain.years for chain in chains]),
        rate=np.repeat([market.rate for market in markets], [len(chain.expiries) for chain in chains]),
        borrow=np.zeros(offsets[-1]),
        dividends=dividends,
        american=american,
    )


MARKETS = (Market(), Market(spot=50.0, rate=0.02, level=0.4, slope=-0.1, strikes=tuple(np.arange(30.0, 75.0))))


def test_a_universe_is_each_of_its_chains():
    whole = book(*MARKETS)
    found = invert(whole, Settings())
    assert found.reason.size == whole.strike.size
    at = 0
    for market in MARKETS:
        for day in market.days:
            if 7 <= years(day) * 365 <= 60:
                np.testing.assert_allclose(found.forwards.forward[at], market.forward(day), rtol=1e-10)
                mine = (whole.expiry[found.rows] == at) & (found.reason[found.rows] == Reason.KEPT)
                assert mine.sum() > 10
                strike = whole.strike[found.rows][mine]
                np.testing.assert_allclose(found.vols.mid[mine], market.vol(day, strike), rtol=1e-6)
            at += 1


def test_dividends_of_each_expiry_its_own():
    """American calls of the second underlying lose a dividend, those of the first none: as if each were alone."""
    number = len(MARKETS[0].days)
    when, amount = np.full((2 * number, 1), 0.05), np.zeros((2 * number, 1))
    amount[number:] = 0.4
    whole = invert(book(*MARKETS, american=True, dividends=Dividends(when, amount)), Settings())
    first = invert(book(MARKETS[0], american=True), Settings())
    second = invert(book(MARKETS[1], american=True, dividends=Dividends(np.array([0.05]), np.array([0.4]))), Settings())
    np.testing.assert_allclose(whole.vols.mid, np.concatenate([first.vols.mid, second.vols.mid]), rtol=1e-5)
    forwards = np.concatenate([first.forwards.forward, second.forwards.forward])
    np.testing.assert_allclose(whole.forwards.forward, forwards, rtol=1e-6)
    without = invert(book(MARKETS[1], american=True), Settings())
    assert np.nanmax(np.abs(without.forwards.forward - second.forwards.forward)) > 1e-3
