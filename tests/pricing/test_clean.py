"""Truth: each rule as it is written (METHOD section 4; Cboe's VIX methodology for the zero bids), in plain loops and
in pandas."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing import clean
from pricing.reasons import Reason

NUMBERS = st.sampled_from([0.0, 0.01, 0.05, 0.06, 1.0, 2.5, -0.01, math.nan, math.inf, -math.inf])


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        (1.0, 1.1, Reason.KEPT),
        (0.01, 0.02, Reason.KEPT),
        (math.nan, 1.0, Reason.NOT_A_NUMBER),
        (1.0, math.nan, Reason.NOT_A_NUMBER),
        (1.0, math.inf, Reason.NOT_A_NUMBER),
        (-0.01, 1.0, Reason.NEGATIVE),
        (0.0, -1.0, Reason.NEGATIVE),
        (0.0, 0.0, Reason.NO_ASK),  # nobody at all: the ask is what is missing first
        (1.0, 0.0, Reason.NO_ASK),
        (0.0, 0.05, Reason.NO_BID),
        (1.1, 1.0, Reason.CROSSED),
        (1.0, 1.0, Reason.LOCKED),
    ],
)
def test_faults(bid, ask, reason):
    assert clean.faults(np.array([bid]), np.array([ask])).tolist() == [reason]


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30))
def test_only_a_two_sided_quote_is_kept(quotes):
    bid, ask = (np.array([quote[side] for quote in quotes]) for side in (0, 1))
    kept = clean.faults(bid, ask) == Reason.KEPT
    assert kept.tolist() == [0 < low < high < math.inf for low, high in quotes]


ladders = st.lists(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 60)), min_size=1, max_size=25), min_size=0, max_size=4
)


@given(ladders, st.sampled_from([2.0, 4.0]), st.sampled_from([0.5, 1.5, 1e9]))
def test_wide_against_a_rolling_median(listed, spreads, share):
    """Quotes in cents. pandas' centred window of seven; at the ends of a ladder the last full window stands."""
    number = np.repeat(np.arange(len(listed)), [len(one) for one in listed]).astype(np.int64) * 3
    cents = np.array([quote for one in listed for quote in one], float).reshape(-1, 2)
    bid, ask = cents[:, 0], cents.sum(axis=1)
    expected = []
    for one in listed:
        spread = pd.Series([float(wide) for _, wide in one])
        typical = spread.rolling(7, center=True).median().bfill().ffill()
        if len(one) < 7:
            typical[:] = spread.median()
        mid = pd.Series([low + wide / 2 for low, wide in one])
        expected += ((spread > spreads * typical) | (spread > share * mid)).tolist()
    assert clean.wide(number, bid, ask, spreads=spreads, share=share).tolist() == expected


def test_wide_by_hand():
    """Eight cents among twos is four times the median: not over it. Nine cents is. A ladder knows only its own."""
    spread = np.array([2.0, 2, 2, 8, 2, 2, 2, 2, 9, 40, 41, 42])
    ladder = np.array([0] * 9 + [1] * 3)
    found = clean.wide(ladder, np.full(12, 1000.0), 1000 + spread, spreads=4, share=1.5)
    assert np.flatnonzero(found).tolist() == [8]


def test_wide_share_of_the_mid():
    """0.01 bid, 0.08 asked: seven cents over a mid of 4.5 is 156 %; 0.01 to 0.07 is 150 %, not over it."""
    bid, ask = np.array([1.0, 1.0, 1.0]), np.array([8.0, 7.0, 6.0])
    assert clean.wide(np.zeros(3, np.int64), bid, ask, spreads=4, share=1.5).tolist() == [True, False, False]


def beyond_by_loop(ladder, is_call, strike, bid, forward):
    """Walk from the forward outwards; after two consecutive zero bids nothing counts (Cboe's methodology)."""
    beyond = [False] * len(strike)
    for one in set(ladder):
        rows = [i for i in range(len(strike)) if ladder[i] == one]
        outside = [i for i in rows if (strike[i] >= forward[i] if is_call[i] else strike[i] < forward[i])]
        outward = sorted(outside, key=lambda i: strike[i] if is_call[i] else -strike[i])
        for n, i in enumerate(outward):
            after = outward[n + 1] if n + 1 < len(outward) else None
            if bid[i] == 0 and after is not None and bid[after] == 0:
                for further in outward[n:]:
                    beyond[further] = True
                break
    return beyond


@given(
    st.lists(
        st.tuples(
            st.sampled_from([90.0, 100.0, 100.5, math.nan]),
            st.lists(st.sampled_from([0.0, 0.01, 1.0, math.nan]), max_size=12),
            st.lists(st.sampled_from([0.0, 0.01, 1.0, math.nan]), max_size=12),
        ),
        max_size=3,
    )
)
def test_beyond_zero_bids_against_a_walk(expiries):
    """Each expiry has a forward and the bids of its puts and calls at strikes from 95 on."""
    rows = [
        (2 * at + side, bool(side), 95.0 + n, bid, forward)
        for at, (forward, puts, calls) in enumerate(expiries)
        for side, bids in enumerate((puts, calls))
        for n, bid in enumerate(bids)
    ]
    ladder, is_call, strike, bid, forward = (list(column) for column in zip(*rows, strict=True)) if rows else [[]] * 5
    got = clean.beyond_zero_bids(
        np.array(ladder, np.int64), np.array(is_call, bool), *(np.array(c, float) for c in (strike, bid, forward))
    )
    assert got.tolist() == beyond_by_loop(ladder, is_call, strike, bid, forward)


def test_beyond_zero_bids_by_hand():
    """Puts 90 to 99 under a forward of 100: 97 has no bid, 96 has one, 94 and 93 have none: 94 and all below go."""
    strike = np.arange(90.0, 100.0)
    bid = np.array([1.0, 1, 1, 0, 0, 1, 1, 0, 1, 1])
    found = clean.beyond_zero_bids(np.zeros(10, np.int64), np.zeros(10, bool), strike, bid, np.full(10, 100.0))
    assert strike[found].tolist() == [90.0, 91, 92, 93, 94]
    # the same prices of calls, mirrored
    found = clean.beyond_zero_bids(np.ones(10, np.int64), np.ones(10, bool), strike, bid[::-1], np.full(10, 90.0))
    assert strike[found].tolist() == [95.0, 96, 97, 98, 99]
    # in the money nothing is marked, whoever bids
    found = clean.beyond_zero_bids(np.ones(10, np.int64), np.ones(10, bool), strike, bid * 0, np.full(10, 100.0))
    assert not found.any()


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=3, max_size=25))
def test_the_unit_of_money_does_not_matter(quotes):
    """A power of two scales floating-point numbers exactly."""
    bid = np.array([low for low, _ in quotes], float)
    ask = bid + np.array([wide for _, wide in quotes], float)
    ladder = np.zeros(bid.size, np.int64)
    cents, eighths = (clean.wide(ladder, bid * unit, ask * unit, spreads=4, share=1.5) for unit in (1.0, 0.125))
    assert cents.tolist() == eighths.tolist()


def test_the_median_of_an_even_ladder_is_the_mean_of_its_middle():
    spreads = [1.0, 1.0, 3.0, 13.0]
    assert statistics.median(spreads) == 2.0
    bid = np.full(4, 1000.0)
    assert clean.wide(np.zeros(4, np.int64), bid, bid + spreads, spreads=6.4, share=1.5).tolist() == [False] * 3 + [
        True
    ]


def test_arguments_stay_as_they_were():
    bid, ask = np.array([0.0, 1.0, math.nan]), np.array([1.0, 2.0, 3.0])
    ladder, strike = np.zeros(3, np.int64), np.array([90.0, 91.0, 92.0])
    clean.faults(bid, ask)
    clean.wide(ladder, bid, ask, spreads=4, share=1.5)
    clean.beyond_zero_bids(ladder, np.zeros(3, bool), strike, bid, np.full(3, 100.0))
    assert bid[:2].tolist() == [0.0, 1.0]
    assert ask.tolist() == [1.0, 2.0, 3.0]
    assert strike.tolist() == [90.0, 91.0, 92.0]
