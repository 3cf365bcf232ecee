"""Truth: METHOD section 9 by hand on smiles that are formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.smile import Smiles
from pricing.surface import Scenario, Surface

FORWARD, YEARS, TENOR = np.array([100.2, 100.7]), np.array([23.0, 37.0]) / 365, 30 / 365
STRIKES = np.arange(80.0, 121.0)
NEAR_VOL, FAR_VOL = (0.22, -0.3, 0.9), (0.20, -0.2, 0.4)


def quadratic(terms, k):
    return terms[0] + terms[1] * k + terms[2] * k**2


SHIFT = np.array([0.0, -0.01, 0.01, 0.0, 0.0])  # of each scenario: bids a vol point under the mids, asks one over


def surface(strikes=STRIKES, margin=0.0):
    """Two expiries in every scenario."""
    k = np.log(strikes / FORWARD[:, None])
    vol = np.stack([quadratic(NEAR_VOL, k[0]), quadratic(FAR_VOL, k[1])])
    each = vol[:, None, :] + SHIFT[:, None]
    smiles = Smiles(np.repeat(k[:, None, :], SHIFT.size, axis=1), each, np.full(each.shape, 0.01))
    return Surface.between(smiles, FORWARD, YEARS, TENOR, rate=0.04, margin=np.full((2, 2), margin), neighbours=9)


def at(strike):
    return np.tile(np.atleast_1d(np.asarray(strike, float)), (SHIFT.size, 1))


def total_variance(strike, shift=0.0):
    """Half way between 23 and 37 days."""
    near = (quadratic(NEAR_VOL, math.log(strike / 100.2)) + shift) ** 2 * 23 / 365
    far = (quadratic(FAR_VOL, math.log(strike / 100.7)) + shift) ** 2 * 37 / 365
    return (near + far) / 2


@given(st.floats(80.5, 119.5))
def test_total_variance_is_linear_in_time_at_the_same_strike(strike):
    got = surface().read(at(strike))
    assert got.variance[Scenario.MID, 0] == pytest.approx(total_variance(strike), rel=1e-9)
    assert got.variance[Scenario.BID, 0] == pytest.approx(total_variance(strike, -0.01), rel=1e-9)
    assert got.variance[Scenario.ASK, 0] == pytest.approx(total_variance(strike, 0.01), rel=1e-9)
    assert not got.edge.any()


@given(st.floats(82.0, 118.0))
def test_the_slope_is_in_the_logarithm_of_the_strike(strike):
    step = 1e-5
    slope = (total_variance(strike * math.exp(step)) - total_variance(strike * math.exp(-step))) / (2 * step)
    assert surface().read(at(strike)).slope[Scenario.MID, 0] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_the_forward_is_log_linear_in_time():
    assert surface().tenor_forward == pytest.approx(math.sqrt(100.2 * 100.7), rel=1e-14)


def test_one_expiry_keeps_its_volatility_and_its_forward_is_carried():
    k = np.log(STRIKES / 100.0)
    smiles = Smiles(k[None, None], (0.2 - 0.3 * k)[None, None], np.full((1, 1, k.size), 0.01))
    alone = Surface.between(
        smiles,
        np.array([100.0]),
        np.array([29.5 / 365]),
        TENOR,
        rate=0.04,
        margin=np.zeros((2, 1)),
        neighbours=9,
    )
    read = alone.read(np.array([[90.0]]))
    assert math.sqrt(read.variance[0, 0] / TENOR) == pytest.approx(0.2 - 0.3 * math.log(0.9), rel=1e-9)
    assert alone.tenor_forward == pytest.approx(100 * math.exp(0.04 * 0.5 / 365), rel=1e-14)


def test_at_the_forward_each_expiry_stands_at_its_own():
    got = surface().at_forward()
    assert got[Scenario.MID] == pytest.approx((0.22**2 * 23 + 0.20**2 * 37) / 365 / 2, rel=1e-9)
    assert got[Scenario.ASK] == pytest.approx((0.23**2 * 23 + 0.21**2 * 37) / 365 / 2, rel=1e-9)


@pytest.mark.parametrize("strikes", [np.arange(60.0, 99.0), np.arange(103.0, 130.0)], ids=["puts alone", "calls alone"])
def test_the_forward_outside_the_quotes_is_not_read(strikes):
    """METHOD section 8: never extrapolate."""
    assert np.isnan(surface(strikes=strikes).at_forward()).all()


@pytest.mark.parametrize(
    ("strike", "margin", "there", "edge"),
    [
        (80.0, 0.0, True, False),  # the ends themselves belong to the quotes
        (120.0, 0.0, True, False),
        (79.8, 0.3, True, True),
        (120.2, 0.3, True, True),
        (79.6, 0.3, False, None),
        (120.4, 0.3, False, None),
        (79.9, 0.0, False, None),
        (math.nan, 0.3, False, False),
    ],
)
def test_never_beyond_the_quotes_but_by_the_margin(strike, margin, there, edge):
    got = surface(margin=margin).read(at(strike))
    assert np.isfinite(got.variance).all() == there
    assert np.isfinite(got.variance).any() == there
    if edge is not None:
        assert got.edge.all() == got.edge.any() == edge


def test_both_expiries_must_reach():
    """The far one ends at 110: at 112 there is nothing, though the near one knows."""
    k = np.log(STRIKES / FORWARD[:, None])[:, None, :].repeat(len(Scenario), axis=1)
    k[1, :, STRIKES > 110] = np.inf
    vol = np.full(k.shape, 0.2)
    shorter = Surface.between(
        Smiles(k, vol, vol / 100), FORWARD, YEARS, TENOR, rate=0.04, margin=np.zeros((2, 2)), neighbours=9
    )
    assert np.isfinite(shorter.read(at(109.0)).variance).all()
    assert np.isnan(shorter.read(at(112.0)).variance).all()
    first, last = shorter.quoted
    np.testing.assert_allclose(first, 80.0)
    np.testing.assert_allclose(last, [[120.0] * 5, [110.0] * 5])


def test_a_scenario_without_quotes_gives_nothing():
    found = surface()
    k = found.smiles.k.copy()
    k[:, Scenario.BID] = np.inf
    empty = Surface.between(
        Smiles(k, found.smiles.vol, found.smiles.half_spread),
        FORWARD,
        YEARS,
        TENOR,
        rate=0.04,
        margin=np.zeros((2, 2)),
        neighbours=9,
    )
    read = empty.read(at([90.0, 110.0]))
    assert np.isnan(read.variance[Scenario.BID]).all()
    assert np.isfinite(np.delete(read.variance, Scenario.BID, axis=0)).all()


def test_a_fit_under_zero_is_no_volatility():
    """Junk quotes can bend a quadratic under zero; its square would look like a variance."""
    k = np.log(STRIKES / FORWARD[:, None])[:, None, :].repeat(len(Scenario), axis=1)
    vol = np.where(k < 0, 2.0, 0.01)  # a cliff at the forward, and parabolas that overshoot it
    bent = Surface.between(
        Smiles(k, vol, np.ones(k.shape)), FORWARD, YEARS, TENOR, rate=0.04, margin=np.zeros((2, 2)), neighbours=9
    )
    strikes = np.linspace(95.0, 105.0, 201)
    fit = bent.smiles.read(np.log(at(strikes)[None] / FORWARD[:, None, None]), neighbours=9)
    under = (fit.vol <= 0).any(axis=0)
    assert under.any()  # the case under test
    assert np.isnan(bent.read(at(strikes)).variance[under]).all()
