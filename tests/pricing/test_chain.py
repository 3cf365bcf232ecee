"""Truth: what a vendor's rows say, sorted by the standard library."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.chain import Chain, Expiry, Style
from pricing.reasons import Flag, Reason

AS_OF = datetime(2026, 3, 10, 18, tzinfo=UTC)
MARCH, APRIL = Expiry(date(2026, 3, 20), "SPXW"), Expiry(date(2026, 4, 17), "SPXW")
MORNING = Expiry(date(2026, 4, 17), "SPX", am_settled=True)


def build(**changes):
    facts = {
        "symbol": "SPX",
        "source": "test",
        "as_of": AS_OF,
        "fetched_at": AS_OF,
        "expiries": [MARCH, APRIL],
        "expiry": [0, 0, 1],
        "is_call": [True, False, True],
        "strike": [100.0, 100.0, 105.0],
        "bid": [1.0, 2.0, 3.0],
        "ask": [1.1, 2.1, 3.1],
    }
    return Chain.build(**(facts | changes))


rows = st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(90, 99), st.integers(0, 10**6)), max_size=60)


@given(rows)
def test_rows_are_ordered_and_a_contract_that_comes_twice_is_counted(listed):
    """The first of its kind stays; bids tell the rows apart. Expiries come in another order than time's."""
    expiries = [APRIL, MARCH, MORNING]
    in_time = [MARCH, MORNING, APRIL]  # MORNING ends at 9:30 of the day on which APRIL ends at 16:00
    first = {}
    for at, call, strike, bid in listed:
        first.setdefault((in_time.index(expiries[at]), call, float(strike)), float(bid))
    chain = build(
        expiries=expiries,
        expiry=[at for at, *_ in listed],
        is_call=[call for _, call, *_ in listed],
        strike=[float(strike) for *_, strike, _ in listed],
        bid=[float(bid) for *_, bid in listed],
        ask=np.full(len(listed), 9.0),
    )
    assert chain.expiries == tuple(in_time)
    named = zip(chain.expiry.tolist(), chain.is_call.tolist(), chain.strike.tolist(), strict=True)
    assert list(zip(named, chain.bid.tolist(), strict=True)) == sorted(first.items())
    assert len(chain) == len(first)
    assert chain.refused.get(Reason.DUPLICATE, 0) == len(listed) - len(first)


def test_years_to_each_expiry():
    """12:00 to 18:00 UTC by hand: ends at 20:00, 13:30 and 20:00 UTC."""
    chain = build(expiries=[MARCH, MORNING, APRIL], expiry=[0, 1, 2])
    assert chain.years.tolist() == pytest.approx([(10 + 2 / 24) / 365, (38 - 4.5 / 24) / 365, (38 + 2 / 24) / 365])
    over = build(as_of=datetime(2026, 3, 20, 20, 30, tzinfo=UTC))
    assert over.years[0] == pytest.approx(-0.5 / 24 / 365)


def test_an_empty_chain():
    chain = build(expiries=[], expiry=[], is_call=[], strike=[], bid=[], ask=[])
    assert len(chain) == 0
    assert chain.years.shape == (0,)
    assert chain.expiries == ()


def test_what_the_vendor_did_not_say_is_nan():
    chain = build()
    for column in (chain.volume, chain.open_interest, chain.vendor_vol):
        assert np.isnan(column).all()
    assert np.isnan(chain.spot)
    assert chain.style is Style.AMERICAN
    assert chain.flags == frozenset()


def test_flags_and_refusals_are_kept_and_added_to():
    refused = {Reason.ADJUSTED: 3, Reason.DUPLICATE: 1}
    chain = build(expiry=[0, 0, 0], is_call=[True] * 3, strike=[5.0, 5.0, 5.0], refused=refused, flags=[Flag.STALE])
    assert dict(chain.refused) == {Reason.ADJUSTED: 3, Reason.DUPLICATE: 3}
    assert chain.flags == {Flag.STALE}
    assert refused == {Reason.ADJUSTED: 3, Reason.DUPLICATE: 1}


def test_arguments_stay_as_they_were_and_are_not_shared():
    bid = np.array([1.0, 2.0, 3.0])
    chain = build(bid=bid)
    chain.bid[0] = 9.0
    assert bid.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(FrozenInstanceError):
        chain.spot = 1.0


@pytest.mark.parametrize("strike", [np.nan, np.inf, -np.inf, 0.0, -5.0, 1e300, 1e-300])
def test_a_strike_that_names_no_contract_is_refused(strike):
    """A contract's name carries its strike in whole mills, eight digits (OCC)."""
    chain = build(strike=[100.0, strike, 105.0])
    assert chain.strike.tolist() == [100.0, 105.0]
    assert dict(chain.refused) == {Reason.UNREADABLE: 1}


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e308, -1e308])
@pytest.mark.parametrize("column", ["bid", "ask", "volume", "open_interest", "vendor_vol"])
def test_a_number_that_no_market_shows_is_none(column, number):
    chain = build(**{column: [1.0, number, 2.0]})
    read = getattr(chain, column)
    assert np.isnan(read[chain.strike == 100.0]).sum() == 1
    assert np.isfinite(read).sum() == 2


@pytest.mark.parametrize("column", ["volume", "open_interest", "vendor_vol"])
def test_a_negative_count_is_none(column):
    read = getattr(build(**{column: [1.0, -1.0, 0.0]}), column)
    assert sorted(read[~np.isnan(read)].tolist()) == [0.0, 1.0]


@pytest.mark.parametrize("spot", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, 1e-300])
def test_a_spot_that_is_no_price_is_none(spot):
    assert np.isnan(build(spot=spot).spot)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"as_of": datetime(2026, 3, 10)}, "time zone"),  # noqa: DTZ001 - the fault under test
        ({"fetched_at": datetime(2026, 3, 10)}, "time zone"),  # noqa: DTZ001
        ({"expiry": [0, 0, 2]}, r"0\.\.1, got 0\.\.2"),
        ({"expiry": [0, -1, 1]}, r"got -1\.\.1"),
        ({"bid": [1.0, 2.0]}, "one length"),
        ({"volume": [1.0]}, "one length"),
        ({"expiries": []}, "index"),
    ],
)
def test_a_programmers_mistake_raises(changes, says):
    with pytest.raises(ValueError, match=says):
        build(**changes)
