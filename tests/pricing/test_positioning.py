"""Truth: METHOD section 11's rule in pandas, and sums by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.chain import Chain, Expiry
from pricing.positioning import activity

AS_OF = datetime(2026, 3, 12, 20, tzinfo=UTC)  # 16:00 New York, as expiries end: days are whole
TO_EXPIRY = [0, 13, 14, 29, 60, 61]  # on sessions all
DAYS = [AS_OF.date() + timedelta(days) for days in TO_EXPIRY]


def chain(rows, as_of=AS_OF):
    columns = ("expiry", "is_call", "strike", "bid", "ask", "volume", "open_interest")
    table = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(columns, ())
    expiries = [Expiry(day, "IWM") for day in DAYS]
    return Chain.build(symbol="IWM", source="t", as_of=as_of, fetched_at=as_of, expiries=expiries, **table)


def sides(rows, spot=100.0, quoted=None):
    built = chain(rows)
    return activity(built, spot, np.ones(len(built), bool) if quoted is None else quoted)


@pytest.mark.parametrize(
    ("strike", "is_call", "counts"),
    [
        (85.0, False, True),  # the ends of the bands belong to them
        (95.0, False, True),
        (84.9, False, False),
        (95.1, False, False),
        (90.0, True, False),  # a call there is no bet on a fall
        (105.0, True, True),
        (115.0, True, True),
        (104.9, True, False),
        (115.1, True, False),
        (110.0, False, False),
    ],
)
def test_bands(strike, is_call, counts):
    puts, calls = sides([(3, is_call, strike, 1.0, 1.2, 7.0, 5.0)])
    side, other = (calls, puts) if is_call else (puts, calls)
    assert (side.volume == 7.0) is counts
    assert math.isnan(other.volume)


def test_the_ends_of_a_band_are_found_on_any_spot():
    """0.95 x 297.3 = 282.435 is no exact double over 297.3."""
    for spot in np.arange(250.0, 320.0, 0.1):
        ends = ((False, 0.85), (False, 0.95), (True, 1.05), (True, 1.15))
        puts, calls = sides([(3, is_call, share * spot, 1, 2, 1, 1) for is_call, share in ends], spot)
        assert (puts.volume, calls.volume) == (2.0, 2.0)


@pytest.mark.parametrize(("expiry", "counts"), list(enumerate([False, False, True, True, True, False])))
def test_days(expiry, counts):
    """14 to 60 days, ends included; the expiry of the day never."""
    puts, _ = sides([(expiry, False, 90.0, 1.0, 1.2, 7.0, 5.0)])
    assert (puts.open_interest == 5.0) is counts


def test_premium_is_dollars_of_quoted_contracts():
    """7 x 100 x 1.10; the second has no two-sided quote, the third did not trade."""
    rows = [
        (3, False, 90.0, 1.0, 1.2, 7.0, 5.0),
        (3, False, 91.0, 0.0, 1.0, 9.0, 5.0),
        (3, False, 92.0, 2.0, 2.2, 0.0, 5),
    ]
    puts, _ = sides(rows, quoted=np.array([True, False, True]))
    assert puts.volume == 16.0
    assert puts.premium == pytest.approx(770.0)
    assert (puts.premium_bid, puts.premium_ask) == pytest.approx((700.0, 840.0))


def test_what_the_feed_does_not_say_is_nan():
    rows = [(3, False, 90.0, 1.0, 1.2, math.nan, 5.0), (3, False, 91.0, 1.0, 1.2, math.nan, math.nan)]
    puts, calls = sides(rows)
    assert math.isnan(puts.volume)
    assert math.isnan(puts.premium)
    assert puts.open_interest == 5.0
    assert math.isnan(calls.open_interest)


def test_without_a_spot_there_are_no_bands():
    puts, calls = sides([(3, False, 90.0, 1.0, 1.2, 7.0, 5.0)], spot=math.nan)
    assert all(math.isnan(side.volume) for side in (puts, calls))


def test_an_empty_chain():
    puts, _ = sides([])
    assert math.isnan(puts.open_interest)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.booleans(),
            st.sampled_from([80.0, 85.0, 90.0, 95.0, 100.0, 105.0, 110.0, 115.0, 120.0]),
            st.integers(1, 50),
            st.integers(1, 50),
            st.one_of(st.integers(0, 100), st.just(math.nan)),
            st.one_of(st.integers(0, 100), st.just(math.nan)),
            st.booleans(),
        ),
        max_size=40,
        unique_by=lambda row: row[:3],
    )
)
def test_against_pandas(rows):
    rows = sorted(rows, key=lambda row: row[:3])
    rows = [(e, c, k, float(b), float(b + w), float(v), float(o), q) for e, c, k, b, w, v, o, q in rows]
    table = pd.DataFrame(rows, columns=["e", "c", "k", "bid", "ask", "v", "o", "q"])
    days = table["e"].map(dict(enumerate(TO_EXPIRY)))
    puts, calls = sides([row[:-1] for row in rows], quoted=np.array([row[-1] for row in rows], bool))
    for got, is_call, low, high in ((puts, False, 85, 95), (calls, True, 105, 115)):
        inside = table[days.between(14, 60) & table["k"].between(low, high) & (table["c"].astype(bool) == is_call)]
        expected = [inside["o"].sum(min_count=1), inside["v"].sum(min_count=1)]
        traded = inside[inside["q"].astype(bool)]
        for price in ((traded["bid"] + traded["ask"]) / 2, traded["bid"], traded["ask"]):
            worth = (price * traded["v"] * 100).sum()
            expected.append(worth if inside["v"].notna().any() else math.nan)
        found = [got.open_interest, got.volume, got.premium, got.premium_bid, got.premium_ask]
        np.testing.assert_allclose(found, np.array(expected, float))
