"""Truth: forwards carried by hand from a chosen spot; settlement days counted on a calendar of the wall."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.spot import Origin, carry_days, synchronous_spot

RATE = 0.04


@pytest.mark.parametrize(
    ("traded", "expiry", "days"),
    [
        # settlement of the trade, settlement of the expiry's shares
        (date(2026, 6, 16), date(2026, 6, 16), 0),
        (date(2026, 6, 16), date(2026, 6, 17), 1),  # Wednesday to Thursday
        (date(2026, 6, 17), date(2026, 6, 18), 4),  # Thursday the 18th to Monday the 22nd, for the 19th is a holiday
        (date(2026, 6, 18), date(2026, 6, 22), 1),  # Monday to Tuesday: the long weekend is paid with the trade
        (date(2026, 6, 16), date(2026, 6, 26), 12),  # Wednesday the 17th to Monday the 29th: Friday's shares come late
        (date(2026, 7, 1), date(2026, 7, 17), 18),  # Thursday the 2nd to Monday the 20th
        (date(2024, 5, 23), date(2024, 5, 31), 5),  # T+2 to T+1 across 05-28: Tuesday the 28th to Monday 06-03 ...
    ],
)
def test_carry_days(traded, expiry, days):
    if traded == date(2024, 5, 23):
        days = 6  # ... Thursday's trade: Friday 24, Tuesday 28; Friday 31's: Monday 06-03
    assert carry_days(traded, (expiry,)).tolist() == [days]


def spot_of(forward, days, *, se=0.001, years=None, rate=RATE, owed=0.0, feed=100.0, known=True):
    forward, days = np.asarray(forward, float), np.asarray(days)
    shape = np.ones(forward.size)
    years = np.maximum(days, 0.1) / 365 if years is None else np.asarray(years, float)
    return synchronous_spot(forward, se * shape, years, days, rate * shape, owed * shape, feed, dividends_known=known)


def carried(spot, days, *, rate=RATE, owed=0.0):
    return (spot - owed) * np.exp(rate * np.asarray(days) / 365)


@given(st.floats(5.0, 5000.0), st.floats(-0.01, 0.1), st.lists(st.integers(1, 60), min_size=1, max_size=9, unique=True))
def test_the_spot_comes_back(spot, rate, days):
    days = sorted(days)
    got = spot_of(carried(spot, days, rate=rate), days, rate=rate, feed=spot * 1.01)
    assert got.value == pytest.approx(spot, rel=1e-12)
    assert got.origin is Origin.PARITY
    assert not got.disagrees
    assert math.isnan(got.carry)


def test_dividends_before_an_expiry_are_added_back():
    got = spot_of(carried(100.0, [20, 30], owed=0.7), [20, 30], owed=0.7)
    assert got.value == pytest.approx(100.0, rel=1e-14)


def test_the_median_of_the_first_five_later_ones():
    """The sixth is furthest off and does not count; of the five the middle one stands."""
    days = [2, 4, 7, 9, 11, 14]
    spots = np.array([100.00, 100.03, 100.01, 99.99, 100.02, 100.06])
    got = spot_of(spots * np.exp(RATE * np.array(days) / 365), days)
    assert got.value == pytest.approx(100.01, rel=1e-12)
    assert got.apart == pytest.approx(0.04 / 100.01, rel=1e-9)
    assert got.disagrees  # 4 bp: a spread of 0.05 on 294 is 1.7 bp


def test_three_cents_on_three_hundred_do_not_disagree():
    days = np.array([2, 4, 7])
    got = spot_of(np.array([300.0, 300.03, 300.01]) * np.exp(RATE * days / 365), days)
    assert not got.disagrees


def test_the_expiry_of_the_day_carries_nothing():
    got = spot_of([100.05, *carried(100.0, [2, 4, 7])], [0, 2, 4, 7], years=[3 / 8760, 0.01, 0.02, 0.03])
    assert got.origin is Origin.SAME_DAY
    assert got.value == 100.05


@pytest.mark.parametrize(("minutes", "origin"), [(31, Origin.SAME_DAY), (29, Origin.PARITY), (0, Origin.PARITY)])
def test_the_last_half_hour_of_the_expiry_of_the_day_is_not_believed(minutes, origin):
    got = spot_of([100.05, *carried(100.0, [2, 4])], [0, 2, 4], years=[minutes / 525_600, 0.01, 0.02])
    assert got.origin is origin
    assert got.value == pytest.approx(100.05 if origin is Origin.SAME_DAY else 100.0)


def test_an_expiry_of_the_day_that_no_other_bears_out_is_not_believed():
    got = spot_of([101.0, *carried(100.0, [2, 4])], [0, 2, 4], years=[3 / 8760, 0.01, 0.02])
    assert got.origin is Origin.PARITY
    assert got.value == pytest.approx(100.0)


def test_an_expiry_of_the_day_that_is_not_quoted_gives_nothing():
    got = spot_of([np.nan, *carried(100.0, [2, 4])], [0, 2, 4], years=[0.001, 0.01, 0.02])
    assert got.value == pytest.approx(100.0)


def test_an_expiry_that_has_ended_gives_nothing():
    got = spot_of([140.0, *carried(100.0, [2, 4])], [0, 2, 4], years=[-0.001, 0.01, 0.02])
    assert got.value == pytest.approx(100.0)


DAYS = np.array([5, 12, 19, 26, 33, 40])


def test_a_borrow_fee_is_read_off_the_forwards():
    """8 % a year to borrow the shares: every forward lies under the carried spot by as much."""
    got = spot_of(carried(50.0, DAYS, rate=RATE - 0.08), DAYS, feed=50.3)
    assert got.origin is Origin.CARRY
    assert got.value == pytest.approx(50.0, rel=1e-12)
    assert got.carry == pytest.approx(-0.08, rel=1e-9)


def test_an_index_of_unknown_dividends_speaks_for_itself():
    """A yield of 1.3 % would pass for usual financing where dividends are known, and move the spot."""
    forward = carried(5000.0, DAYS, rate=RATE - 0.013)
    got = spot_of(forward, DAYS, known=False)
    assert got.origin is Origin.CARRY
    assert got.value == pytest.approx(5000.0, rel=1e-12)
    assert got.carry == pytest.approx(-0.013, rel=1e-9)
    assert spot_of(forward, DAYS, known=True).origin is Origin.PARITY


@pytest.mark.parametrize(("fee", "origin"), [(0.015, Origin.PARITY), (0.025, Origin.CARRY), (-0.025, Origin.CARRY)])
def test_two_per_cent_a_year_are_unusual(fee, origin):
    assert spot_of(carried(50.0, DAYS, rate=RATE - fee), DAYS).origin is origin


def test_three_expiries_show_the_slope():
    got = spot_of(carried(50.0, DAYS[:3], rate=RATE - 0.08), DAYS[:3])
    assert got.origin is Origin.CARRY
    assert got.value == pytest.approx(50.0, rel=1e-12)


def test_expiries_beyond_two_months_have_no_say_in_the_slope():
    days = np.array([5, 12, 19, 66, 90, 180])
    bent = np.where(days > 65, 1.05, 1.0) * carried(50.0, days)
    assert spot_of(bent, days).origin is Origin.PARITY


def test_two_expiries_show_no_slope():
    got = spot_of(carried(50.0, DAYS[:2], rate=RATE - 0.08), DAYS[:2])
    assert got.origin is Origin.PARITY


def test_expiries_of_one_day_show_no_slope():
    got = spot_of(carried(50.0, [5, 5, 5], rate=RATE - 0.08), [5, 5, 5])
    assert got.origin is Origin.PARITY


def test_one_bad_forward_is_no_borrow_fee():
    """The last of six is 0.3 % off: the median of the first five knows nothing of it."""
    forward = carried(100.0, DAYS)
    forward[-1] *= 1.003
    assert spot_of(forward, DAYS).value == pytest.approx(100.0, rel=1e-6)


def test_the_feed_stands_in_where_parity_gives_none():
    got = spot_of([np.nan, np.nan], [2, 4], feed=100.25)
    assert got.value == 100.25
    assert got.origin is Origin.FEED
    none = spot_of([np.nan, np.nan], [2, 4], feed=np.nan)
    assert math.isnan(none.value)
    assert none.origin is Origin.NONE
    assert not none.disagrees


def test_no_expiry_at_all():
    assert spot_of([], np.zeros(0, np.int64), years=[], feed=7.0).value == 7.0


@given(st.permutations(range(6)))
def test_the_feed_has_no_say_where_parity_has(order):
    """Whatever the feed says, the spot is the forwards'."""
    values = {spot_of(carried(100.0, DAYS), DAYS, feed=feed).value for feed in (1.0, 99.0, np.nan, 100.0 + order[0])}
    assert len(values) == 1
