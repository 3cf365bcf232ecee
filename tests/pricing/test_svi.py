"""Truth: the printed examples of Gatheral and Jacquier (2014), mpmath, scipy's optimizers, convexity of prices."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from pricing import black
from pricing.smile import Smiles
from pricing.svi import JumpWings, Svi, fit

YEAR = np.array([1.0])
ROUNDING = 1e-10  # of second differences of prices a thousandth apart in ln K, prices good to 1e-16


def raw(a, b, rho, m, s):
    return Svi(*(np.atleast_1d(np.asarray(one, float)) for one in (a, b, rho, m, s)))


def wings(*five):
    return JumpWings(*(np.array([one]) for one in five))


def quoted(svi, k, years=YEAR, half_spread=0.005):
    """Smiles that lie on an SVI curve."""
    vol = np.sqrt(svi.shape(k).variance / years[:, None])
    return Smiles(np.broadcast_to(k, vol.shape).copy(), vol, np.full(vol.shape, half_spread))


def convex(svi, low=-4.0, high=4.0, points=8001):
    """Least second difference of Black calls on a fine ladder; an arbitrageable smile's is a thousand times that."""
    k = np.linspace(low, high, points)
    strike = np.exp(k)
    call = black.price(1.0, strike, np.sqrt(svi.shape(k).variance[0]), is_call=True)
    return np.diff(np.diff(call) / np.diff(strike)).min()


VOGT = raw(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)  # Gatheral & Jacquier (2014), example 3.1, after A. Vogt
SKEW, PUT = -0.1752111, 0.6997381
PLAUSIBLE = st.builds(
    lambda least, b, rho, m, s: raw(least + b * s * (1 - np.sqrt(1 - rho**2)), b, rho, m, s),
    st.floats(1e-3, 0.05),
    st.floats(0.02, 0.5),
    st.floats(-0.9, 0.9),
    st.floats(-0.1, 0.1),
    st.floats(0.05, 0.3),
)


def test_jump_wings_of_the_vogt_smile():
    """Example 5.1 prints (0.01742625, -0.1752111, 0.6997381, 1.316798, 0.0116249)."""
    got = VOGT.jump_wings(YEAR)
    assert got.variance[0] == pytest.approx(0.01742625, abs=5e-9)
    assert got.skew[0] == pytest.approx(SKEW, abs=5e-8)
    assert got.put[0] == pytest.approx(PUT, abs=5e-8)
    assert got.call[0] == pytest.approx(1.316798, abs=5e-7)
    assert got.least[0] == pytest.approx(0.0116249, abs=5e-8)


def test_the_vogt_smile_has_a_butterfly():
    """Figure 2 of the paper: g goes under zero between k = 0.6 and 1.2."""
    g, k = VOGT.worst()
    assert g[0] < 0
    assert 0.6 < k[0] < 1.2
    assert convex(VOGT) < -100 * ROUNDING


@pytest.mark.parametrize(("call", "least"), [(0.3493158, 0.01548182), (0.8564763, 0.0116249)])
def test_its_printed_repairs_have_none(call, least):
    """Example 5.1: the first is sure to have none, the second was found by the authors' optimizer."""
    repaired = wings(0.01742625, SKEW, PUT, call, least).raw(YEAR)
    assert repaired.worst()[0][0] > -1e-6  # six printed digits
    assert convex(repaired) > -ROUNDING


@given(PLAUSIBLE, st.floats(0.02, 2.0))
def test_raw_to_jump_wings_and_back(svi, years):
    wide = np.abs(svi.rho - svi.m / np.hypot(svi.m, svi.s))[0] > 0.01  # else the vertex is at the money: no telling m
    back = svi.jump_wings(np.array([years])).raw(np.array([years]))
    k = np.linspace(-1, 1, 21)
    if wide:
        np.testing.assert_allclose(back.shape(k).variance, svi.shape(k).variance, rtol=1e-6)


@given(PLAUSIBLE, st.floats(-2.0, 2.0))
def test_derivatives(svi, k):
    a, b, rho, m, s = (mpmath.mpf(float(one[0])) for one in (svi.a, svi.b, svi.rho, svi.m, svi.s))

    def w(x):
        return a + b * (rho * (x - m) + mpmath.sqrt((x - m) ** 2 + s**2))

    shape = svi.shape(np.array([k]))
    with mpmath.workdps(40):
        assert shape.variance[0, 0] == pytest.approx(float(w(mpmath.mpf(k))), rel=1e-12)
        assert shape.slope[0, 0] == pytest.approx(float(mpmath.diff(w, k)), rel=1e-9, abs=1e-14)
        assert shape.curvature[0, 0] == pytest.approx(float(mpmath.diff(w, k, 2)), rel=1e-9)


@settings(max_examples=60)
@given(PLAUSIBLE)
def test_a_smile_that_is_svi_is_found(svi):
    k = np.linspace(-0.5, 0.4, 61)
    smiles = quoted(svi, k)
    got = fit(smiles, YEAR)
    np.testing.assert_allclose(np.sqrt(got.shape(k).variance), smiles.vol, atol=1e-4)


def test_no_better_than_scipy_with_many_starts():
    """Noisy quotes: least squares by scipy's trust region from forty starts is not better by 0.1 %."""
    rng = np.random.default_rng(7)
    k = np.linspace(-0.6, 0.3, 80)
    smiles = quoted(raw(0.002, 0.08, -0.5, 0.02, 0.06), k)
    vol = smiles.vol + 0.003 * rng.standard_normal(smiles.vol.shape)
    spread = rng.uniform(0.001, 0.01, vol.shape)
    weight = np.sqrt(1 / spread[0]) / (2 * vol[0])

    def missed(x):
        a, p, b, m, s = x
        return weight * (a + p * (k - m) + b * np.hypot(k - m, s) - vol[0] ** 2)

    bounds = ([-1, -1, 0, -1, 1e-3], [1, 1, 1, 1, 2])
    starts = rng.uniform([0, -0.1, 0.02, -0.3, 0.02], [0.05, 0.1, 0.2, 0.3, 0.3], (40, 5))
    best = min(2 * least_squares(missed, one, bounds=bounds, x_scale=[0.01, 0.1, 0.1, 0.1, 0.1]).cost for one in starts)
    got = fit(Smiles(smiles.k, vol, spread), YEAR)
    ours = missed([got.a[0], got.rho[0] * got.b[0], got.b[0], got.m[0], got.s[0]])
    assert ours @ ours <= best * 1.001


@settings(max_examples=80)
@given(st.lists(st.floats(0.05, 1.5), min_size=5, max_size=25), st.floats(0.01, 2.0))
def test_whatever_is_quoted_the_constraints_hold(vols, years):
    vol = np.array([vols])
    smiles = Smiles(np.linspace(-0.4, 0.3, vol.size)[None], vol, np.full(vol.shape, 0.01))
    got = fit(smiles, np.array([years]))
    put, call = got.wings
    assert -1e-9 <= put[0] <= 2 + 1e-9
    assert -1e-9 <= call[0] <= 2 + 1e-9
    assert got.least[0] >= -1e-12
    assert np.abs(got.rho[0]) <= 1 + 1e-12
    assert got.s[0] > 0


@pytest.mark.parametrize("svi", [VOGT, raw(0.004, 0.14, -0.2, 0.05, 0.08), raw(0.0015, 0.11, -0.6, 0.03, 0.02)])
def test_without_butterflies(svi):
    """Prices are convex in strike on ladders that the fit never saw, and the smile stays near its quotes."""
    k = np.linspace(-0.6, 1.0, 81)
    smiles = quoted(svi, k)
    got = fit(smiles, YEAR, butterflies=False)
    assert got.worst()[0][0] > 0
    assert convex(got) > -ROUNDING
    assert convex(got, -0.2, 0.2) > -ROUNDING
    assert np.sqrt(np.mean((np.sqrt(got.shape(k).variance) - smiles.vol) ** 2)) < 0.012


@settings(max_examples=25)
@given(PLAUSIBLE, st.integers(0, 99))
def test_without_butterflies_from_noise(svi, seed):
    k = np.linspace(-0.5, 0.4, 41)
    smiles = quoted(svi, k)
    vol = smiles.vol * (1 + 0.1 * np.random.default_rng(seed).uniform(-1, 1, k.size))
    assert fit(Smiles(smiles.k, vol, smiles.half_spread), YEAR, butterflies=False).worst()[0][0] > 0


def test_many_at_once_are_the_same_as_one_by_one():
    k = np.linspace(-0.5, 0.3, 40)
    family = [raw(0.003 * n, 0.05 + 0.02 * n, -0.1 * n, 0.02, 0.05 + 0.02 * n) for n in range(1, 7)]
    years = np.linspace(0.05, 1.0, len(family))
    smiles = [quoted(one, k[n:], years[n : n + 1]) for n, one in enumerate(family)]
    padded = [np.array([np.pad(one[0], (0, n), constant_values=pad) for n, one in enumerate(columns)])
              for columns, pad in ((([s.k for s in smiles]), np.inf), ([s.vol for s in smiles], 1.0),
                                   ([s.half_spread for s in smiles], 1.0))]  # fmt: skip
    together = fit(Smiles(*padded), years)
    for n, smile in enumerate(smiles):
        alone = fit(smile, years[n : n + 1])
        np.testing.assert_allclose(together.shape(k).variance[n], alone.shape(k).variance[0], rtol=1e-6)


def test_a_wide_quote_has_little_say():
    k = np.linspace(-0.4, 0.3, 41)
    smiles = quoted(raw(0.003, 0.1, -0.4, 0.02, 0.08), k)
    vol, spread = smiles.vol.copy(), smiles.half_spread.copy()
    vol[0, 10], spread[0, 10] = vol[0, 10] * 1.5, 1e6
    got = fit(Smiles(smiles.k, vol, spread), YEAR)
    np.testing.assert_allclose(np.sqrt(got.shape(k).variance), smiles.vol, atol=1e-4)


def test_four_quotes_make_none():
    k = np.array([[-0.1, 0.0, 0.1, 0.2, np.inf]])
    got = fit(Smiles(k, np.full(k.shape, 0.2), np.full(k.shape, 0.01)), YEAR)
    assert np.isnan([got.a, got.b, got.rho, got.m, got.s]).all()
