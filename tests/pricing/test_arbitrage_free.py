"""Truth: scipy's solvers, numerical integration, smiles of known laws, and prices held against the laws of markets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import nnls

from pricing import arbitrage, black, density
from pricing.arbitrage import Shape, violations
from pricing.interior_point import Program, minimise
from pricing.smile import Smiles
from pricing.ssvi import Essvi
from pricing.surface import Scenario, Surface

YEARS = np.array([30, 37]) / 365
K = np.sort(np.concatenate([np.linspace(-0.45, -0.2, 11), np.linspace(-0.19, 0.07, 70), np.linspace(0.08, 0.16, 6)]))
NEIGHBOURS = 11


def ssvi(years, level=0.2, rho=-0.5, eta=1.2):
    """A known surface without arbitrage: the power law of Gatheral and Jacquier (2014), section 4.2."""
    theta = level**2 * years
    return Essvi.of(years, theta, np.full(years.size, rho), eta / np.sqrt(theta * (1 + theta)))


def quoted(vol, k=K, half_spread=0.002):
    vol = np.atleast_2d(vol)
    return Smiles(np.broadcast_to(k, vol.shape).copy(), vol, np.full(vol.shape, half_spread))


def vols(surface, k=K):
    return np.sqrt(surface.shape(k).variance / surface.years[:, None])


def fit(smiles, years=YEARS, **kwargs):
    return density.fit(smiles, years, neighbours=NEIGHBOURS, **kwargs)


def calls(law, strike):
    """Undiscounted calls over the forward, puts turned by parity."""
    price = law.price(np.log(strike))
    return np.where(strike < 1, price + 1 - strike, price)


# --- quadratic programs -----------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(1, 12), st.integers(0, 10**6))
def test_nonnegative_least_squares(n, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n + 5, n)), rng.standard_normal(n + 5)
    none = np.zeros((0, n))
    got = minimise(Program((a.T @ a,), a.T @ b, none, np.zeros(0), (none,), np.zeros(0)), np.ones(n))
    assert got.solved
    np.testing.assert_allclose(got.x, nnls(a, b)[0], atol=1e-6)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 10**6))
def test_nobody_in_the_set_is_better(sizes, seed):
    """Points of the set, drawn at random, cost no less; and blocks are solved as one would be."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    roots = [rng.standard_normal((size + 2, size)) for size in sizes]
    before = [0, *sizes[:-1]]
    inside = rng.uniform(0.5, 2, n)
    above = [rng.standard_normal((2, left + size)) for left, size in zip(before, sizes, strict=True)]
    ends = np.cumsum(sizes)
    spans = [slice(end - size - left, end) for left, size, end in zip(before, sizes, ends, strict=True)]
    bound = np.concatenate([g @ inside[at] - rng.uniform(0.1, 1, 2) for g, at in zip(above, spans, strict=True)])
    equal = np.ones((1, n))
    h, f = tuple(root.T @ root for root in roots), rng.standard_normal(n) * 3
    got = minimise(Program(h, f, equal, equal @ inside, tuple(above), bound), np.ones(n))

    whole, wide = np.zeros((n, n)), np.zeros((2 * len(sizes), n))
    for row, (g, block, at, end) in enumerate(zip(above, h, spans, ends, strict=True)):
        whole[end - len(block) : end, end - len(block) : end] = block
        wide[2 * row : 2 * row + 2, at] = g
    dense = minimise(Program((whole,), f, equal, equal @ inside, (wide,), bound), np.ones(n))
    assert got.solved
    np.testing.assert_allclose(got.x, dense.x, atol=1e-5)
    assert got.x.min() > 0
    assert (wide @ got.x - bound).min() > -1e-8
    assert got.x.sum() == pytest.approx(inside.sum())

    def cost(x):
        return x @ whole @ x / 2 - f @ x

    for other in rng.dirichlet(np.ones(n), 200) * inside.sum():
        if (wide @ other >= bound).all():
            assert cost(other) >= cost(got.x) - 1e-7


def test_an_empty_set_is_said_to_be_one():
    """x >= 0 and x1 + x2 = 1 leave no room for x1 >= 2."""
    got = minimise(
        Program((np.eye(2),), np.zeros(2), np.ones((1, 2)), np.ones(1), (np.array([[1.0, 0.0]]),), np.array([2.0])),
        np.ones(2),
    )
    assert not got.solved
    assert np.isnan(got.x).all()


# --- the nearest law --------------------------------------------------------------------------------------------------


def test_mass_is_one_the_mean_is_the_forward_and_prices_are_integrals():
    law = fit(quoted(vols(ssvi(YEARS))))[0]

    def moment(of, low, high):
        inside = np.linspace(low, high, 9)[1:-1].tolist()
        return quad(lambda x: of(np.exp(x)) * law.density(np.array([x]))[0], low, high, points=inside, limit=400)[0]

    low, high = law.node[0] - 9 * law.width, law.node[-1] + 9 * law.width
    assert moment(lambda _: 1.0, low, high) == pytest.approx(1, abs=1e-8)
    assert moment(lambda x: x, low, high) == pytest.approx(1, abs=1e-8)
    for k in (-0.1, 0.05):
        strike = np.exp(k)
        paid = moment(lambda x, strike=strike: max(x - strike, 0.0), k, high)
        assert calls(law, np.array([strike]))[0] == pytest.approx(paid, abs=1e-8)
        assert law.below(np.array([k]))[0] == pytest.approx(moment(lambda _: 1.0, low, k), abs=1e-8)


@pytest.mark.parametrize("level", [0.12, 0.2, 0.6])
def test_a_flat_smile_stays_flat(level):
    """Within four standard deviations; past five the price is under a ten-millionth and left out."""
    law = fit(quoted(np.full((2, K.size), level)))[0]
    k = K[np.abs(K) < 4 * level * np.sqrt(YEARS[0])]
    np.testing.assert_allclose(law.vol(k), level, rtol=5e-4)


@pytest.mark.parametrize(("level", "points"), [(0.15, 0.05), (0.25, 0.03), (0.5, 0.03)])
def test_a_known_law_is_found(level, points):
    """Vols within a few hundredths of a point between the quotes, the probability of ending lower with them."""
    surface = ssvi(YEARS, level)
    at = np.linspace(-0.12, 0.1, 45)
    shape = surface.shape(at)
    for row, law in enumerate(fit(quoted(vols(surface)))):
        assert law.solved
        np.testing.assert_allclose(law.vol(at), vols(surface, at)[row], atol=points / 100)
        root = np.sqrt(shape.variance[row])
        d2 = -at / root - root / 2
        digital = (
            black.price(1.0, np.exp(at + 1e-5), np.sqrt(surface.shape(at + 1e-5).variance[row]), is_call=False)
            - black.price(1.0, np.exp(at - 1e-5), np.sqrt(surface.shape(at - 1e-5).variance[row]), is_call=False)
        ) / (np.exp(at + 1e-5) - np.exp(at - 1e-5))
        assert np.isfinite(d2).all()
        np.testing.assert_allclose(law.below(at), digital, atol=4e-3)


def test_its_shape_is_that_of_its_vols():
    """Derivatives from probability and density against differences of the volatility."""
    law = fit(quoted(vols(ssvi(YEARS))))[0]
    at, step = np.linspace(-0.2, 0.12, 33), 1e-4

    def w(x):
        return law.vol(x) ** 2 * law.years

    shape = law.shape(at)
    np.testing.assert_allclose(shape.variance, w(at))
    np.testing.assert_allclose(shape.slope, (w(at + step) - w(at - step)) / (2 * step), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(shape.curvature, (w(at + step) - 2 * w(at) + w(at - step)) / step**2, atol=2e-4)


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.2]), st.sampled_from([0.8, 1.0, 1.3]))
def test_whatever_is_quoted_no_strategy_wins(seed, noise, ratio):
    """Calls fall, are convex, lie between intrinsic value and one, and rise with time, on ladders at random."""
    rng = np.random.default_rng(seed)
    vol = vols(ssvi(YEARS)) * (1 + noise * rng.uniform(-1, 1, (2, K.size)))
    vol[1] *= ratio
    laws = fit(quoted(vol))
    strike = np.sort(np.exp(rng.uniform(-1.5, 1.0, 400)))
    table = np.array([calls(law, strike) for law in laws])
    assert all(law.solved for law in laws)
    assert table.max() <= 1
    assert (table - np.maximum(1 - strike, 0)).min() >= -1e-15
    slope = np.diff(table, axis=1) / np.diff(strike)
    rounding = 1e-14 / np.diff(strike)
    assert np.all(slope <= rounding)
    assert np.all(slope >= -1 - rounding)
    assert np.all(np.diff(slope, axis=1) >= -rounding[1:] - rounding[:-1])
    assert np.all(table[1] >= table[0] - 1e-11)


def test_quotes_that_cross_in_time_are_parted_and_only_then():
    vol = vols(ssvi(YEARS)) * np.array([[1.0], [0.85]])  # 0.85^2 x 37/30 < 1
    apart = [law.price(K) for law in fit(quoted(vol), calendar=False)]
    together = [law.price(K) for law in fit(quoted(vol))]
    assert np.all(apart[1] < apart[0])
    assert np.all(together[1] >= together[0] - 1e-11)
    between = (np.sqrt(together[0] * together[1]) > apart[1]) & (np.sqrt(together[0] * together[1]) < apart[0])
    assert between.all()


def test_a_whole_chain_at_once():
    years = np.array([8, 15, 22, 30, 44, 58]) / 365
    surface = ssvi(years)
    laws = fit(quoted(vols(surface)), years)
    prices = np.array([law.price(K) for law in laws])
    assert all(law.solved for law in laws)
    assert np.diff(prices, axis=0).min() > -1e-11
    near = np.abs(K) < 2 * 0.2 * np.sqrt(years[:, None])
    apart = np.array([law.vol(K) for law in laws]) - vols(surface)
    assert np.abs(apart[near]).max() < 1e-3


def test_an_expiry_of_four_quotes_has_no_law():
    smiles = quoted(vols(ssvi(YEARS)))
    k = smiles.k.copy()
    k[0, 4:] = np.inf
    none, law = fit(Smiles(k, smiles.vol, smiles.half_spread))
    assert not none.solved
    assert law.solved
    for reading in (none.price, none.vol, none.below, none.density):
        assert np.isnan(reading(K)).all()
    assert np.isnan(none.shape(K).slope).all()


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0.01, 0.3), st.floats(1e-3, 5), st.floats(0, 2)), min_size=5, max_size=20),
    st.floats(-0.5, 0.2),
    st.floats(1e-3, 3),
)
def test_garbage_gives_a_law_or_none_and_no_warning(rows, first, years):
    step, vol, half_spread = np.array(rows).T
    k = first + np.cumsum(step)
    (law,) = fit(Smiles(k[None], vol[None], half_spread[None] + 1e-9), np.array([years]))
    if law.solved:
        strike = np.exp(np.linspace(k[0], k[-1], 60))
        assert np.diff(calls(law, strike)).max() <= 1e-12
        assert law.weight.min() > 0


@pytest.mark.parametrize("years", [[0.1, 0.1], [0.2, 0.1], [0.0, 0.1]])
def test_years_must_rise(years):
    with pytest.raises(ValueError, match="years that rise"):
        fit(quoted(vols(ssvi(YEARS))), np.array(years))


# --- what is reported -------------------------------------------------------------------------------------------------


def test_butterflies_are_found_where_prices_are_not_convex():
    """The smile of A. Vogt, Gatheral & Jacquier (2014), example 3.1."""
    k = np.linspace(-1.5, 1.5, 601)
    x = k - 0.3586
    root = np.hypot(x, 0.4153)
    w = -0.0410 + 0.1331 * (0.3060 * x + root)
    shape = Shape(w, 0.1331 * (0.3060 + x / root), 0.1331 * 0.4153**2 / root**3)
    found = violations(
        k, Shape(*(one[None] for one in (shape.variance, shape.slope, shape.curvature))), np.array([50.0])
    )
    strike = np.exp(k)
    second = np.diff(np.diff(black.price(1.0, strike, np.sqrt(w), is_call=True)) / np.diff(strike))
    there = 50 * strike[1:-1][second < 0]
    assert found.calendar == ()
    assert found.butterfly[0].min() == pytest.approx(there.min(), rel=0.006)
    assert found.butterfly[0].max() == pytest.approx(there.max(), rel=0.006)


def test_calendars_are_found_at_equal_log_moneyness_in_strikes_of_the_nearer():
    """0.04 - 0.1 k against a flat 0.05: the second is less where k < -0.1."""
    k = np.linspace(-0.2, 0.2, 41)
    near, far = 0.04 - 0.1 * k, np.full(k.size, 0.05)
    nothing = np.zeros((2, k.size))
    found = violations(k, Shape(np.stack([near, far]), nothing, nothing), np.array([100.0, 101.0]))
    np.testing.assert_allclose(found.calendar[0], 100 * np.exp(k[k < -0.1 - 1e-9]))
    same = violations(k, Shape(np.stack([near, near]), nothing, nothing), np.array([100.0, 101.0]))
    assert same.calendar[0].size == 0


def surface_of(vol, forward=(100.0, 100.5)):
    """A snapshot's surface whose every scenario is the same smile."""
    table = np.repeat(np.atleast_2d(vol)[:, None], len(Scenario), axis=1)
    k = np.broadcast_to(K, table.shape).copy()
    return Surface.between(
        Smiles(k, table, np.full(table.shape, 0.002)), np.array(forward), YEARS, 0.09,
        rate=0.04, margin=np.zeros((2, 2)), neighbours=NEIGHBOURS,
    )  # fmt: skip


def test_a_sound_surface_has_none():
    found = arbitrage.of_surface(surface_of(vols(ssvi(YEARS))), 60.0, 130.0)
    assert [one.size for one in (*found.butterfly, *found.calendar)] == [0, 0, 0]


def test_a_bump_and_a_crossing_are_named_with_their_strikes():
    """A peak of two points, 1 % of strike wide, is too concave at its top; a month lifted by six crosses the next."""
    vol = vols(ssvi(YEARS))
    vol[1] += 0.02 * np.exp(-(((K - 0.03) / 0.01) ** 2))
    vol[0] += 0.06 * np.exp(-(((K + 0.1) / 0.04) ** 2))
    found = arbitrage.of_surface(surface_of(vol), 80.0, 115.0)
    assert found.butterfly[1].size > 0
    assert np.abs(np.log(found.butterfly[1] / 100.5) - 0.03).max() < 0.03
    assert found.calendar[0].size > 0
    assert np.abs(np.log(found.calendar[0] / 100.0) + 0.1).max() < 0.05


def test_nothing_is_found_beyond_the_quotes():
    inside = arbitrage.of_surface(surface_of(vols(ssvi(YEARS))), 100 * np.exp(K[0]), 100 * np.exp(K[-1]))
    beyond = arbitrage.of_surface(surface_of(vols(ssvi(YEARS))), 1.0, 1000.0)
    assert [one.size for one in (*inside.butterfly, *beyond.butterfly, *beyond.calendar)] == [0, 0, 0, 0, 0]
