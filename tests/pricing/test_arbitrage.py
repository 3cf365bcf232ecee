"""Truth: the density as the second difference of Black prices along the smile; the example in the literature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pricing.arbitrage import butterfly, calendar
from tests.pricing.known_market import black


def svi(k, a, b, rho, m, s):
    root = np.sqrt((k - m) ** 2 + s**2)
    w = a + b * (rho * (k - m) + root)
    return w, b * (rho + (k - m) / root), b * s**2 / root**3


VOGT = {"a": -0.0410, "b": 0.1331, "m": 0.3586, "rho": 0.3060, "s": 0.4153}


def test_vogts_smile_admits_a_butterfly():
    """J. Gatheral and A. Jacquier, Quant. Finance 14 (2014), example 3.1: negative about k = 0.8, positive inside."""
    k = np.linspace(-1.5, 1.5, 301)
    g = butterfly(k, *svi(k, **VOGT))
    assert g[np.abs(k - 0.8) < 0.05].max() < 0
    assert g[np.abs(k) < 0.5].min() > 0


@pytest.mark.parametrize("smile", [VOGT, {"a": 0.005, "b": 0.03, "m": 0.0, "rho": -0.5, "s": 0.1}])
def test_g_is_the_density(smile):
    """Equation 2.1's density of ln(S/F): g / sqrt(2 pi w) exp(-d2^2/2); e^{-k} times the second difference in K."""
    k = np.linspace(-0.4, 1.0, 57)
    step = 1e-4

    def call(strike):
        w = svi(np.log(strike), **smile)[0]
        return black(1.0, strike, np.sqrt(w), is_call=True)

    strike = np.exp(k)
    curve = (call(strike + step) - 2 * call(strike) + call(strike - step)) / step**2
    w, slope, curvature = svi(k, **smile)
    d2 = -k / np.sqrt(w) - np.sqrt(w) / 2
    density = butterfly(k, w, slope, curvature) / np.sqrt(2 * math.pi * w) * np.exp(-(d2**2) / 2)
    np.testing.assert_allclose(density, curve * strike, atol=2e-6)


def test_flat_volatility_has_a_density_everywhere():
    k = np.linspace(-1, 1, 11)
    assert butterfly(k, np.full(11, 0.04), np.zeros(11), np.zeros(11)).tolist() == [1.0] * 11


def test_calendar():
    near, far = np.array([0.01, 0.02, 0.03, np.nan]), np.array([0.02, 0.02, 0.029, 0.03])
    assert calendar(near, far).tolist() == [False, False, True, False]
