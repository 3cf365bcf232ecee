"""Truth: SciPy's PchipInterpolator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from pricing.pchip import pchip

curves = st.lists(
    st.tuples(st.integers(-300, 300), st.integers(-40, 40)), min_size=3, max_size=12, unique_by=lambda point: point[0]
)


def padded(x, y, length):
    pad = length - x.size
    return np.pad(x, (0, pad), constant_values=np.inf), np.pad(y, (0, pad), constant_values=7.0)


@given(st.lists(curves, min_size=1, max_size=4), st.lists(st.floats(-3.5, 3.5), min_size=1, max_size=9))
def test_against_scipy(tables, at):
    """Curves of several lengths in one table, read at and beyond their ends; whole hundredths make flat runs, turns
    and ties."""
    length = max(len(one) for one in tables)
    rows = [padded(*(np.array(column) / 100 for column in zip(*sorted(one), strict=True)), length) for one in tables]
    x, y = (np.stack(column) for column in zip(*rows, strict=True))
    at = np.concatenate([at, x[0][np.isfinite(x[0])]])
    got = pchip(x, y, np.broadcast_to(at, (len(tables), at.size)))
    for row, one in enumerate(tables):
        n = len(one)
        expected = PchipInterpolator(x[row, :n], y[row, :n], extrapolate=False)(at)
        np.testing.assert_allclose(got[row], expected, rtol=0, atol=1e-12)


@given(curves)
def test_no_wiggle(points):
    """Between two points the curve stays between their values."""
    x, y = (np.array(column) / 100 for column in zip(*sorted(points), strict=True))
    for left in range(x.size - 1):
        between = pchip(x, y, np.linspace(x[left], x[left + 1], 9))
        assert between.min() >= min(y[left : left + 2]) - 1e-12
        assert between.max() <= max(y[left : left + 2]) + 1e-12


@pytest.mark.parametrize("n", [1, 2, 3, 6])
@pytest.mark.parametrize("points", [0, 1, 2])
def test_fewer_than_three_points_are_no_curve(n, points):
    x = np.full(n, np.inf)
    x[: min(points, n)] = np.arange(min(points, n))
    assert np.isnan(pchip(x, np.ones(n), np.array([0.0, 0.5]))).all()


def test_beyond_the_ends_and_at_nan_there_is_nothing():
    got = pchip(np.arange(4.0), np.arange(4.0), np.array([-1e-9, 0.0, 3.0, 3.0 + 1e-9, np.nan, np.inf, -np.inf]))
    assert np.isnan(got).tolist() == [True, False, False, True, True, True, True]


def test_arguments_stay_as_they_were():
    x, y, at = np.arange(5.0), np.arange(5.0) ** 2, np.array([1.5])
    pchip(x, y, at)
    assert x.tolist() == [0, 1, 2, 3, 4]
    assert y.tolist() == [0, 1, 4, 9, 16]
    assert at.tolist() == [1.5]
