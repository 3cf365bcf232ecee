"""Truth: NumPy's least squares on the weights as METHOD section 8 and Cleveland (1979) write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.smile import Smiles

NEIGHBOURS = 9


def reference(k, vol, half_spread, at, neighbours):
    """One point of one smile: sort by distance, weigh by the tricube of the distance over the farthest's."""
    distance = np.abs(k - at)
    nearest = np.sort(np.argsort(distance, kind="stable")[:neighbours])
    x, y = k[nearest] - at, vol[nearest]
    weight = (1 - (np.abs(x) / distance[nearest].max()) ** 3) ** 3 / half_spread[nearest]
    root = np.sqrt(weight)
    (c0, c1, c2), *_ = np.linalg.lstsq(root[:, None] * np.vander(x, 3, increasing=True), root * y, rcond=None)
    return c0, c1, 2 * c2


def a_smile(rng, n):
    k = np.sort(rng.choice(np.arange(-400, 400), n, replace=False)) / 1000 + rng.uniform(0, 1e-4, n)
    return k, 0.2 - 0.3 * k + k**2 + rng.normal(0, 0.002, n), rng.uniform(0.0005, 0.02, n)


@pytest.mark.parametrize("neighbours", [5, 7, 9, 11, 15])
def test_against_least_squares(neighbours):
    rng = np.random.default_rng(neighbours)
    for n in (6, 9, 12, 40, 120):
        k, vol, half_spread = a_smile(rng, n)
        at = rng.uniform(k[0], k[-1], 25)
        fit = Smiles(k, vol, half_spread).read(at, neighbours=neighbours)
        for got, point in zip(zip(fit.vol, fit.slope, fit.curvature, strict=True), at, strict=True):
            expected = reference(k, vol, half_spread, point, neighbours)
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


@given(
    st.floats(0.05, 1.0),
    st.floats(-1.0, 1.0),
    st.floats(-2.0, 2.0),
    st.lists(st.integers(-400, 400), min_size=6, max_size=40, unique=True),
    st.lists(st.floats(1e-4, 0.1), min_size=40, max_size=40),
)
def test_a_quadratic_comes_back_whatever_the_weights(level, slope, curvature, points, spreads):
    k = np.sort(points) / 1000
    vol = level + slope * k + curvature * k**2
    at = np.linspace(k[0], k[-1], 7)[1:-1]
    fit = Smiles(k, vol, np.array(spreads[: k.size])).read(at, neighbours=NEIGHBOURS)
    np.testing.assert_allclose(fit.vol, level + slope * at + curvature * at**2, atol=1e-6)
    np.testing.assert_allclose(fit.slope, slope + 2 * curvature * at, atol=1e-3)


def test_derivatives_of_a_quadratic():
    k = np.linspace(-0.2, 0.2, 41)
    fit = Smiles(k, 0.2 - 0.3 * k + 0.7 * k**2, np.full(41, 0.001)).read(np.array([-0.05, 0.1]), neighbours=NEIGHBOURS)
    np.testing.assert_allclose(fit.slope, [-0.3 - 0.07, -0.3 + 0.14], rtol=1e-9)
    np.testing.assert_allclose(fit.curvature, [1.4, 1.4], rtol=1e-7)


def test_many_smiles_at_once_are_each_its_own():
    """Two expiries of three scenarios, padded to one length, read at different points."""
    rng = np.random.default_rng(3)
    k, vol, half_spread = np.full((2, 3, 30), np.inf), np.ones((2, 3, 30)), np.ones((2, 3, 30))
    at = rng.uniform(-0.2, 0.2, (2, 3, 4))
    for cell in np.ndindex(2, 3):
        n = int(rng.integers(12, 31))
        k[cell][:n], vol[cell][:n], half_spread[cell][:n] = a_smile(rng, n)
    fit = Smiles(k, vol, half_spread).read(at, neighbours=NEIGHBOURS)
    assert fit.vol.shape == (2, 3, 4)
    for cell in np.ndindex(2, 3):
        n = np.isfinite(k[cell]).sum()
        alone = Smiles(k[cell][:n], vol[cell][:n], half_spread[cell][:n]).read(at[cell], neighbours=NEIGHBOURS)
        np.testing.assert_allclose(fit.vol[cell], alone.vol, rtol=1e-12)
        np.testing.assert_allclose(fit.slope[cell], alone.slope, rtol=1e-9)


def test_the_curve_is_continuous_where_neighbours_change():
    """Halfway between a quote and the ninth after it the nine nearest change by one: read a hair to either side."""
    k, vol, half_spread = a_smile(np.random.default_rng(8), 40)
    halfway = (k[:-NEIGHBOURS] + k[NEIGHBOURS:]) / 2
    smile = Smiles(k, vol, half_spread)
    before, after = (smile.read(halfway + hair, neighbours=NEIGHBOURS) for hair in (-1e-10, 1e-10))
    np.testing.assert_allclose(before.vol, after.vol, atol=1e-8)
    assert (vol[:-NEIGHBOURS] != vol[NEIGHBOURS:]).all()


def test_the_farthest_neighbour_has_no_say():
    k = np.arange(10.0) / 100
    vol = 0.2 + 0.1 * k
    bent = vol.copy()
    bent[8] = 9.9  # of the nine nearest to 0.035 it is the farthest
    fits = [Smiles(k, one, np.full(10, 0.001)).read(np.array([0.035]), neighbours=9).vol for one in (vol, bent)]
    assert fits[0] == fits[1]


def test_a_tight_quote_outweighs_a_wide_one():
    """Two quotes at nearly one strike disagree by a vol point: the fit lies nearer the tight one."""
    k = np.array([-0.03, -0.02, -0.01, 0.0, 0.0001, 0.01, 0.02, 0.03, 0.04])
    vol = np.full(9, 0.20)
    vol[4] = 0.21
    half_spread = np.full(9, 0.001)
    half_spread[3] = 0.02
    read = Smiles(k, vol, half_spread).read(np.array([0.0]), neighbours=9).vol[0]
    half_spread[3], half_spread[4] = 0.001, 0.02
    other = Smiles(k, vol, half_spread).read(np.array([0.0]), neighbours=9).vol[0]
    assert 0.2 < other < 0.2005 < read < 0.21


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_quotes_give_nothing(n):
    k = np.full(8, np.inf)
    k[:n] = np.arange(n) / 100
    fit = Smiles(k, np.full(8, 0.2), np.full(8, 0.01)).read(np.array([0.0, 0.01]), neighbours=NEIGHBOURS)
    assert np.isnan(fit.vol).all()
    assert np.isnan(fit.slope).all()
    assert np.isnan(fit.curvature).all()


def test_five_quotes_are_enough():
    k = np.arange(5.0) / 100
    fit = Smiles(k, 0.2 + k - k**2, np.full(5, 0.01)).read(np.array([0.018]), neighbours=NEIGHBOURS)
    np.testing.assert_allclose(fit.vol, 0.2 + 0.018 - 0.018**2, rtol=1e-10)


def test_nowhere_is_nan():
    k = np.arange(9.0) / 100
    fit = Smiles(k, np.full(9, 0.2), np.full(9, 0.01)).read(np.array([np.nan]), neighbours=NEIGHBOURS)
    assert np.isnan(fit.vol).all()


def test_size():
    k = np.array([[0.0, 0.1, np.inf], [np.inf, np.inf, np.inf]])
    assert Smiles(k, k, k).size.tolist() == [2, 0]


def test_arguments_stay_as_they_were():
    k, vol, half_spread = a_smile(np.random.default_rng(1), 20)
    before = [column.copy() for column in (k, vol, half_spread)]
    at = np.array([0.0, 0.01])
    Smiles(k, vol, half_spread).read(at, neighbours=NEIGHBOURS)
    for now, then in zip((k, vol, half_spread), before, strict=True):
        assert (now == then).all()
    assert at.tolist() == [0.0, 0.01]
