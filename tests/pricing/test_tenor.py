"""Truth: METHOD sections 8 to 10 as tables: which expiries, how far, and what happens where nobody bids."""

from __future__ import annotations

import numpy as np
import pytest

from pricing import black
from pricing.reasons import Cause
from pricing.settings import Base, Settings
from pricing.surface import Scenario
from pricing.tenor import Ladder, ceiling, choose, quoted, scenarios, targets, unreached

SPOT = 100.0
SETTINGS = Settings()


def ladder(days=30.0, strikes=None, *, forward=100.25, silent=(), dropped=(), vol=0.2, expiry=0):
    """Quotes a tenth of a vol point around `vol`; `silent` strikes have an offer and no bid, `dropped` were refused."""
    strike = np.arange(80.0, 121.0) if strikes is None else np.asarray(strikes, float)
    mute, refused = np.isin(strike, silent), np.isin(strike, dropped)
    mid = np.full(strike.size, vol)
    nothing = np.where(mute, np.nan, mid)
    return Ladder(
        expiry=expiry,
        forward=forward,
        years=days / 365,
        rate=0.04,
        rows=np.arange(strike.size),
        strike=strike,
        is_call=strike >= forward,
        bid=nothing - 0.001,
        mid=nothing,
        ask=mid + 0.001,
        premium=np.zeros(strike.size),
        kept=~(mute | refused),
    )


def days(chosen):
    return [round(one.years * 365, 6) for one in chosen]


@pytest.mark.parametrize(
    ("offered_days", "chosen_days"),
    [
        ([9, 16, 23, 37, 44], [23, 37]),
        ([44, 23, 9, 37], [23, 37]),  # in any order
        ([30, 37], [30, 37]),  # on the day itself: all the weight, and the pair is there
        ([30], [30]),
        ([29.2], [29.2]),  # within a day it may stand alone
        ([30.9], [30.9]),
        ([28.9], []),
        ([31.1], []),
        ([31, 38, 45], [31]),
        ([33, 38, 45], []),  # nothing on the near side
        ([7, 60], [7, 60]),
        ([6.9, 29], [29]),
        ([6.9, 40], []),
        ([23, 60.1], []),
        ([], []),
    ],
)
def test_the_nearest_on_either_side_of_thirty_days(offered_days, chosen_days):
    assert days(choose([ladder(one) for one in offered_days], SETTINGS, SPOT)) == chosen_days


def test_an_expiry_that_does_not_reach_is_passed_over():
    """The near one ends at 108: the headline takes the next nearer that reaches 110."""
    short = ladder(23, np.arange(85.0, 109.0))
    assert days(choose([ladder(16), short, ladder(37)], SETTINGS, SPOT)) == [16, 37]


def test_where_the_headline_has_no_pair_the_companion_chooses():
    """No expiry reaches 110; those that reach 105 and 95 serve; the one that does not is passed over."""
    near, far = (ladder(one, np.arange(85.0, 109.0)) for one in (23, 37))
    too_short = ladder(29, np.arange(96.0, 104.0))
    assert days(choose([near, too_short, far], SETTINGS, SPOT)) == [23, 37]


def test_where_no_pair_reaches_the_nearest_with_quotes_stand():
    """For bounds; four quotes are no smile."""
    short = [ladder(one, np.arange(97.0, 104.0)) for one in (23, 37)]
    assert days(choose([*short, ladder(29, np.arange(99.0, 103.0))], SETTINGS, SPOT)) == [23, 37]


def test_moneyness_of_the_forward():
    """110 % of a forward of 102 is 112.2: a ladder that ends at 111 reaches 110 % of spot only."""
    ends_at_111 = [ladder(one, np.arange(80.0, 112.0), forward=102.0) for one in (23, 37)]
    longer = ladder(16, forward=102.0)
    assert days(choose([longer, *ends_at_111], SETTINGS, SPOT)) == [23, 37]
    of_forward = Settings(moneyness=Base.FORWARD, pairs=((90, 110),))
    assert not ends_at_111[0].reaches(0.9 * 102, 1.1 * 102, SPOT)
    assert days(choose([longer, *ends_at_111, ladder(44, forward=102.0)], of_forward, SPOT)) == [16, 44]


def test_targets():
    np.testing.assert_allclose(targets(SETTINGS, 250.0, 260.0), [[225.0, 275.0], [237.5, 262.5]])
    np.testing.assert_allclose(targets(Settings(moneyness=Base.FORWARD), 250.0, 260.0), [[234, 286], [247, 273]])


# never extrapolate, but for a hair


@pytest.mark.parametrize(
    ("last", "step", "target", "reached"),
    [
        (325.0, 1.0, 325.25, True),  # METHOD section 8: recorded on 06-15, spot 295.69
        (325.0, 1.0, 325.0, True),
        (325.0, 5.0, 325.29, True),  # 0.1 % of spot is 0.2957
        (325.0, 5.0, 325.30, False),
        (325.0, 0.5, 325.25, True),  # half a step is less
        (325.0, 0.5, 325.26, False),
        (325.0, 0.4, 325.21, False),
    ],
)
def test_the_edge_rule(last, step, target, reached):
    strikes = np.concatenate([np.arange(250.0, 300.0), last - step * np.arange(9)[::-1]])
    one = ladder(23, strikes, forward=296.0)
    assert one.reaches(266.0, target, 295.69) is reached
    mirrored = ladder(23, np.concatenate([last - strikes[::-1], [400.0]]) + 1, forward=300.0)
    assert mirrored.reaches(last - target + 1, 399.0, 295.69) is reached


def test_the_last_step_that_counts_is_between_kept_quotes():
    """Strikes 118 and 119 were dropped: the last step is three dollars, and a tenth of a per cent of spot the limit."""
    one = ladder(23, dropped=(118.0, 119.0))
    assert one.margin(SPOT) == pytest.approx((0.1, 0.1))
    assert one.ends == (80.0, 120.0)
    assert ladder(23, dropped=(119.0, 120.0)).ends == (80.0, 118.0)
    fine = ladder(23, np.concatenate([np.arange(80.0, 120.0), [119.05, 119.1]]))
    assert fine.margin(SPOT) == pytest.approx((0.1, 0.025))


def test_too_few_quotes_reach_nowhere():
    four = ladder(23, [90.0, 95.0, 105.0, 110.0])
    assert not four.reaches(95.0, 105.0, SPOT)
    assert four.margin(SPOT) == (0.0, 0.0)
    nothing = ladder(23, [])
    assert np.isnan(nothing.ends).all()
    assert not nothing.reaches(99.0, 101.0, SPOT)
    assert not ladder(23).reaches(np.nan, np.nan, SPOT)


def test_why_a_target_is_not_reached():
    whole, silent = ladder(23), ladder(37, silent=range(108, 121))
    short = ladder(37, np.arange(80.0, 109.0))
    assert unreached([whole, whole], 90, 110, SPOT) is None
    assert unreached([whole, silent], 90, 110, SPOT) is Cause.NO_BID
    assert unreached([whole, short], 90, 110, SPOT) is Cause.LADDER_ENDS
    assert unreached([whole, silent], 90, 105, SPOT) is None
    assert unreached([silent, short], 90, 110, SPOT) is Cause.LADDER_ENDS
    # targets at the last strikes listed
    assert unreached([whole, ladder(37, silent=range(80, 85))], 80, 110, SPOT) is Cause.NO_BID
    assert unreached([whole, silent], 90, 120, SPOT) is Cause.NO_BID


# scenarios


def test_each_scenario_reads_its_side():
    one = ladder(30, np.arange(90.0, 111.0))
    mid, bid, ask, cheap, rich = scenarios(one)
    np.testing.assert_allclose(mid, 0.2)
    np.testing.assert_allclose(bid, 0.199)
    np.testing.assert_allclose(ask, 0.201)
    np.testing.assert_allclose(cheap, np.where(one.is_call, 0.201, 0.199))
    np.testing.assert_allclose(rich, np.where(one.is_call, 0.199, 0.201))


def test_a_strike_without_a_bid_stands_among_the_asks_only():
    """105 has no bid and lies among the kept: asks know it. 111 to 120 lie beyond the last kept: nobody does.
    95 was dropped as wide: nobody reads it."""
    one = ladder(30, silent=(105.0, *np.arange(111.0, 121.0)), dropped=(95.0,))
    mid, bid, ask, cheap, rich = (dict(zip(one.strike, row, strict=True)) for row in scenarios(one))
    assert np.isnan([mid[105.0], bid[105.0], rich[105.0]]).all()
    assert ask[105.0] == cheap[105.0] == pytest.approx(0.201)
    assert all(np.isnan(row[strike]) for row in (mid, bid, ask, cheap, rich) for strike in (95.0, 111.0, 120.0))


def test_the_surface_holds_the_quotes_of_its_scenario():
    pair = [ladder(23, silent=(105.0,), vol=0.25), ladder(37, np.arange(85.0, 116.0), vol=0.2)]
    got = quoted(pair, SETTINGS, SPOT)
    assert got.smiles.size.tolist() == [[40, 40, 41, 41, 40], [31] * 5]
    np.testing.assert_allclose(np.diff(np.exp(got.smiles.k[1, 0, :31]) * 100.25), 1.0)
    strikes = np.full((len(Scenario), 1), 100.0)
    expected = (0.25**2 * 23 + 0.2**2 * 37) / 365 / 2
    assert got.read(strikes).variance[Scenario.MID, 0] == pytest.approx(expected, rel=1e-9)


def test_a_quote_without_a_bid_weighs_as_little_as_its_width():
    """A vol anywhere between nothing and the ask: half the ask is its half-spread."""
    got = quoted([ladder(30, silent=(105.0,))], SETTINGS, SPOT).smiles
    at = int(np.argmin(np.abs(got.k[0, Scenario.ASK] - np.log(105 / 100.25))))
    assert got.half_spread[0, Scenario.ASK, at] == pytest.approx(0.201 / 2)
    assert got.half_spread[0, Scenario.ASK, at - 1] == pytest.approx(0.001)


def test_the_ceiling_is_the_line_between_two_offers():
    """Merton's convexity, by the prices of the neighbours."""
    one = ladder(30)
    near = one.strike[one.is_call][[2, 3]]
    target = float(near @ [0.25, 0.75])
    asked = one.ask[one.is_call][[2, 3]] * np.sqrt(one.years)
    worth = black.price(one.forward, near, asked, is_call=True) @ [0.25, 0.75]
    got = ceiling(one, target, is_call=True)
    assert black.price(one.forward, target, np.sqrt(got), is_call=True) == pytest.approx(worth, rel=1e-9)
    assert ceiling(one, float(near[0]), is_call=True) == pytest.approx(asked[0] ** 2, rel=1e-9)


def test_no_ceiling_beyond_the_offers():
    one = ladder(30)
    assert np.isnan(ceiling(one, float(one.strike[-1]) + 1.0, is_call=True))
    assert np.isnan(ceiling(one, float(one.strike[0]) - 1.0, is_call=False))
