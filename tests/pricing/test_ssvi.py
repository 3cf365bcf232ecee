"""Truth: Gatheral and Jacquier's formulas (2014) in their own form, mpmath, and laws held on wide grids of strikes."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricing import black
from pricing.arbitrage import butterfly, violations
from pricing.smile import Smiles
from pricing.ssvi import Essvi, fit
from pricing.svi import Svi

K = np.concatenate([-np.geomspace(300, 1e-4, 300), [0.0], np.geomspace(1e-4, 300, 300)])
YEARS = np.array([0.05, 0.1, 0.3])

THETA, RHO = st.floats(1e-3, 1.0), st.floats(-0.95, 0.95)
SLOPE, RATIO = st.floats(1e-3, 1.99), st.floats(1e-3, 3.0)


def slices(*rows):
    """Surface of rows (call, put, theta/(call + put))."""
    call, put, kappa = np.array(rows).T
    return Essvi(YEARS[: len(rows)], kappa * (call + put), call, put)


def gatheral_jacquier(k, theta, rho, phi):
    """Equation 4.1."""
    return theta / 2 * (1 + rho * phi * k + np.sqrt((phi * k + rho) ** 2 + 1 - rho**2))


def quoted(surface, k):
    vol = np.sqrt(surface.shape(k).variance / surface.years[:, None])
    return Smiles(np.broadcast_to(k, vol.shape).copy(), vol, np.full(vol.shape, 0.005))


@given(THETA, RHO, st.floats(0.05, 10))
def test_is_the_ssvi_of_the_paper(theta, rho, phi):
    surface = Essvi.of(YEARS[:1], np.array([theta]), np.array([rho]), np.array([phi]))
    k = np.linspace(-2, 2, 41)
    np.testing.assert_allclose(surface.shape(k).variance[0], gatheral_jacquier(k, theta, rho, phi), rtol=1e-9)
    assert surface.rho[0] == pytest.approx(rho, abs=1e-12)
    assert surface.phi[0] == pytest.approx(phi)
    assert surface.shape(np.zeros(1)).variance[0, 0] == pytest.approx(theta)


@given(THETA, RHO, st.floats(0.05, 10))
def test_is_a_raw_svi(theta, rho, phi):
    """In raw parameters: a = theta (1 - rho^2)/2, b = theta phi/2, m = -rho/phi, s = sqrt(1 - rho^2)/phi."""
    flat = np.sqrt(1 - rho**2)
    svi = Svi(*(np.array([one]) for one in (theta * flat**2 / 2, theta * phi / 2, rho, -rho / phi, flat / phi)))
    surface = Essvi.of(YEARS[:1], np.array([theta]), np.array([rho]), np.array([phi]))
    k = np.linspace(-1, 1, 21)
    ours, theirs = surface.shape(k), svi.shape(k)
    np.testing.assert_allclose(ours.variance, theirs.variance, rtol=1e-8)
    np.testing.assert_allclose(ours.slope, theirs.slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.curvature, theirs.curvature, rtol=1e-6, atol=1e-9)


@given(SLOPE, SLOPE, RATIO, st.floats(-3, 3))
def test_derivatives(call, put, kappa, k):
    surface = slices((call, put, kappa))

    def w(x):
        theta = mpmath.mpf(kappa) * (mpmath.mpf(call) + put)
        first = theta + (mpmath.mpf(call) - put) * x
        return (first + mpmath.sqrt(first**2 + 4 * mpmath.mpf(call) * put * x**2)) / 2

    shape = surface.shape(np.array([k]))
    with mpmath.workdps(50):
        assert shape.variance[0, 0] == pytest.approx(float(w(mpmath.mpf(k))), rel=1e-12)
        assert shape.slope[0, 0] == pytest.approx(float(mpmath.diff(w, k)), rel=1e-9, abs=1e-12)
        assert shape.curvature[0, 0] == pytest.approx(float(mpmath.diff(w, k, 2)), rel=1e-6, abs=1e-9)


@given(SLOPE, SLOPE, RATIO)
def test_no_butterfly_inside_the_conditions(call, put, kappa):
    surface = slices((call, put, kappa))
    assume(not surface.butterflies()[0])
    shape = surface.shape(K)
    assert butterfly(K, shape.variance[0], shape.slope[0], shape.curvature[0]).min() >= -1e-9


@given(st.lists(st.tuples(SLOPE, SLOPE, RATIO), min_size=2, max_size=3))
def test_no_calendar_inside_the_conditions(rows):
    surface = slices(*rows)
    variance = surface.shape(K).variance
    for near, flagged in enumerate(surface.calendars()):
        if not flagged:
            assert np.all(variance[near + 1] >= variance[near] * (1 - 1e-9))


@given(st.lists(st.tuples(SLOPE, SLOPE, RATIO), min_size=3, max_size=3), st.floats(0, 1), st.floats(0, 1))
def test_neither_between_the_expiries(rows, early, late):
    surface = slices(*np.maximum.accumulate(np.array(rows)))
    assume(not surface.butterflies().any())
    times = np.sort(YEARS[0] + (YEARS[-1] - YEARS[0]) * np.array([early, late]))
    between = surface.at(times)
    assert not between.butterflies().any()
    variance = between.shape(K).variance
    assert np.all(variance[1] >= variance[0] * (1 - 1e-9))


def test_at_the_money_it_is_linear_in_time_and_nothing_is_beyond():
    surface = slices((0.1, 0.2, 0.1), (0.15, 0.2, 0.2), (0.2, 0.3, 0.2))
    got = surface.at(np.array([0.01, 0.2, 0.4]))
    assert np.isnan(got.theta[[0, 2]]).all()
    assert got.theta[1] == pytest.approx((surface.theta[1] + surface.theta[2]) / 2)


def test_a_surface_of_the_power_law_is_found():
    """Section 4.2 of the paper: phi = eta/sqrt(theta (1 + theta)) with eta (1 + |rho|) <= 2 has no arbitrage."""
    years = np.array([0.02, 0.05, 0.1, 0.25, 0.5])
    theta = 0.05 * years**0.9
    truth = Essvi.of(years, theta, np.full(5, -0.6), 1.1 / np.sqrt(theta * (1 + theta)))
    got = fit(quoted(truth, np.linspace(-0.5, 0.3, 41)), years)
    np.testing.assert_allclose(got.theta, theta, rtol=1e-4)
    np.testing.assert_allclose(got.rho, -0.6, atol=1e-3)
    np.testing.assert_allclose(got.phi, truth.phi, rtol=1e-3)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0.05, 0.9), st.floats(-1, 0.6), st.floats(0, 8)), min_size=1, max_size=3))
def test_whatever_is_quoted_there_is_no_arbitrage(rows):
    """Levels that fall with time, smiles too steep: on a grid of strikes and by the conditions."""
    level, skew, bend = np.array(rows).T[..., None]
    k = np.linspace(-0.4, 0.3, 21)
    vol = np.maximum(level + skew * k + bend * k**2, 0.02)
    years = YEARS[: len(rows)]
    got = fit(Smiles(np.broadcast_to(k, vol.shape).copy(), vol, np.full(vol.shape, 0.01)), years)
    assert not got.butterflies().any()
    assert not got.calendars().any()
    found = violations(K, got.shape(K), np.ones(years.size))
    assert all(one.size == 0 for one in (*found.butterfly, *found.calendar))


def test_its_prices_are_those_of_a_law():
    """Calls fall and are convex in strike."""
    surface = fit(quoted(slices((0.05, 0.2, 0.1), (0.06, 0.2, 0.15)), np.linspace(-0.5, 0.3, 31)), YEARS[:2])
    strike = np.linspace(0.2, 3, 400)
    calls = black.price(1.0, strike, np.sqrt(surface.shape(np.log(strike)).variance), is_call=True)
    assert np.diff(calls, axis=1).max() < 0
    assert np.diff(calls, n=2, axis=1).min() > -1e-12
    assert np.diff(calls, axis=0).min() > 0


def test_an_expiry_of_four_quotes_is_left_out():
    full = quoted(slices((0.1, 0.2, 0.1), (0.15, 0.2, 0.2), (0.2, 0.3, 0.2)), np.linspace(-0.4, 0.3, 15))
    k = full.k.copy()
    k[1, 4:] = np.inf
    got = fit(Smiles(k, full.vol, full.half_spread), YEARS)
    assert np.isnan(got.theta).tolist() == [False, True, False]
    assert np.isnan(fit(Smiles(k[1:2], full.vol[1:2], full.half_spread[1:2]), YEARS[:1]).theta).all()


@pytest.mark.parametrize("years", [[0.1, 0.1], [0.2, 0.1], [0.0, 0.1]])
def test_years_must_rise(years):
    smiles = quoted(slices((0.1, 0.2, 0.1), (0.15, 0.2, 0.2)), np.linspace(-0.4, 0.3, 15))
    with pytest.raises(ValueError, match="years that rise"):
        fit(smiles, np.array(years))
