"""Truth: Cboe's formulas in plain loops as published; laws whose moments have closed forms; SciPy's quadrature."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from pricing.moments import skewness, strip_variance
from tests.pricing.known_market import black

F, GROWTH, T = 100.3, math.exp(0.04 * 30 / 365), 30 / 365


def whitepaper(strikes, puts, calls, forward, growth):
    """Cboe, Volatility Index Methodology, equation 1 without its 1/T: sum of dK/K^2 Q(K), Q(K0) the average."""
    under = max(strike for strike in strikes if strike <= forward)
    total = 0.0
    for i, strike in enumerate(strikes):
        if i == 0:
            width = strikes[1] - strikes[0]
        elif i == len(strikes) - 1:
            width = strikes[-1] - strikes[-2]
        else:
            width = (strikes[i + 1] - strikes[i - 1]) / 2
        quote = puts[i] if strike < under else calls[i] if strike > under else (puts[i] + calls[i]) / 2
        total += width / strike**2 * growth * quote
    return 2 * total - (forward / under - 1) ** 2


@settings(max_examples=40)
@given(st.lists(st.integers(60, 140), min_size=4, max_size=40, unique=True), st.floats(0.1, 0.6), st.floats(-0.5, 0.5))
def test_strip_against_the_white_paper(strikes, vol, slope):
    strikes = sorted(strikes)
    if not strikes[0] < F < strikes[-1]:
        strikes = [59, *strikes, 141]
    k = np.array(strikes, float)
    stdev = np.maximum(vol + slope * np.log(k / F), 0.05) * math.sqrt(T)
    puts, calls = (black(F, k, stdev, side) / GROWTH for side in (False, True))
    expected = whitepaper(strikes, puts, calls, F, GROWTH)
    is_call = k >= F
    got = strip_variance(F, k, is_call, np.where(is_call, calls, puts)[None], GROWTH)
    assert got[0] == pytest.approx(expected, rel=1e-10)


def test_a_fine_strip_under_flat_volatility_is_the_variance():
    k = np.arange(40.0, 250.0, 0.05)
    stdev = 0.2 * math.sqrt(T)
    is_call = k >= F
    price = black(F, k, stdev, is_call) / GROWTH
    assert strip_variance(F, k, is_call, price[None], GROWTH)[0] == pytest.approx(0.04 * T, rel=1e-4)


def test_a_scenario_knows_its_own_strikes():
    """Strikes that a scenario lacks widen the steps of their neighbours, as if they were not listed."""
    k = np.arange(80.0, 121.0)
    is_call = k >= F
    price = black(F, k, 0.06, is_call) / GROWTH
    part = np.where(np.isin(k, [85.0, 86.0, 115.0, 120.0]), np.nan, price)
    there = np.isfinite(part)
    whole, less = strip_variance(F, k, is_call, np.stack([price, part]), GROWTH)
    assert less == strip_variance(F, k[there], is_call[there], price[there][None], GROWTH)[0]
    assert whole != less


def test_puts_alone_or_calls_alone_are_no_strip():
    k = np.arange(80.0, 121.0)
    is_call = k >= F
    price = black(F, k, 0.06, is_call)
    table = np.stack([np.where(is_call, np.nan, price), np.where(is_call, price, np.nan), np.full(k.size, np.nan)])
    assert np.isnan(strip_variance(F, k, is_call, table, GROWTH)).all()


def test_arguments_stay_as_they_were():
    k = np.arange(80.0, 121.0)
    is_call = k >= F
    price = black(F, k, 0.06, is_call)[None]
    before = price.copy()
    strip_variance(F, k, is_call, price, GROWTH)
    np.testing.assert_array_equal(price, before)
    skewness(k - 100, before[0])
    np.testing.assert_array_equal(price, before)


# the third moment


def mixture(weights, means, deviations):
    """A mixture of normals for ln(S_T/F), shifted so that E[S_T] = F, with its skewness in closed form."""
    w, m, s = (np.array(one, float) for one in (weights, means, deviations))
    m = m - math.log(np.sum(w * np.exp(m + s**2 / 2)))
    mean = np.sum(w * m)
    off = m - mean
    variance = np.sum(w * (off**2 + s**2))
    third = np.sum(w * (off**3 + 3 * off * s**2))
    return (w, m, s), third / variance**1.5


def implied_variance(law, k):
    """Total variance at which Black gives the mixture's price, at one log-strike, with F = 1."""
    w, m, s = law
    strike, call = math.exp(k), k >= 0
    price = sum(
        wi * float(black(math.exp(mi + si**2 / 2), strike, si, call)) for wi, mi, si in zip(w, m, s, strict=True)
    )
    return brentq(lambda v: float(black(1.0, strike, math.sqrt(v), call)) - price, 1e-6, 4.0, xtol=1e-16, rtol=1e-14)


@pytest.mark.parametrize(
    ("weights", "means", "deviations"),
    [
        ((1.0,), (0.0,), (0.06,)),  # a lognormal has none
        ((0.85, 0.15), (0.01, -0.06), (0.045, 0.09)),  # a crash now and then: about -1.3
        ((0.7, 0.3), (0.0, 0.04), (0.06, 0.09)),  # and the other way
        ((0.9, 0.1), (0.01, -0.1), (0.05, 0.07)),
    ],
)
def test_skewness_of_a_known_law(weights, means, deviations):
    law, expected = mixture(weights, means, deviations)
    k = np.linspace(-0.42, 0.42, 169)
    variance = np.array([implied_variance(law, at) for at in k])
    assert skewness(k, variance) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.2])
@pytest.mark.parametrize(("first", "last"), [(-0.25, 0.2), (-0.1, 0.05)])
def test_skewness_of_a_short_strip(slope, first, last):
    """The definition by quadrature: SciPy's monotone cubic in w, flat beyond the quotes, to +-1 in ln(K/F)."""
    k = np.linspace(first, last, 23)
    w = (0.2 + slope * k) ** 2 * T
    curve = PchipInterpolator(k, w)

    def price(x):
        stdev = math.sqrt(float(curve(min(max(x, first), last))))
        return float(black(1.0, math.exp(x), stdev, x >= 0))

    def integral(f):
        """Over strikes, dK = K dx, split at the forward and at the ends of the quotes."""
        points = [-1.0, first, 0.0, last, 1.0]
        pieces = pairwise(points)
        return sum(quad(lambda x: f(x) * price(x) * math.exp(-x), a, b, epsabs=1e-13, limit=200)[0] for a, b in pieces)

    p1 = integral(lambda _: -1.0)
    p2 = integral(lambda x: 2 * (1 - x))
    p3 = integral(lambda x: 3 * (2 * x - x * x))
    expected = (p3 - 3 * p1 * p2 + 2 * p1**3) / (p2 - p1**2) ** 1.5
    assert skewness(k, w) == pytest.approx(expected, abs=0.01)


def test_skewness_of_many_at_once():
    """Padded rows of different lengths, each as if alone; fewer than three quotes give nothing."""
    sizes, k, w = (30, 17, 2, 0), np.full((2, 2, 30), np.inf), np.zeros((2, 2, 30))
    alone = []
    for at, size in enumerate(sizes):
        own = np.linspace(-0.2, 0.15, size) if size else np.zeros(0)
        k[at // 2, at % 2, :size], w[at // 2, at % 2, :size] = own, (0.2 - 0.3 * own) ** 2 * T
        alone.append(skewness(own, (0.2 - 0.3 * own) ** 2 * T) if size > 2 else np.nan)
    np.testing.assert_allclose(skewness(k, w).ravel(), alone, rtol=1e-12)
