"""The Mills ratio against mpmath, and against the differential equation it solves."""

import mpmath as mp
import numpy as np

from pricing.mills import HIGHEST, LOWEST, horner, mills_ratio
from tests.reference.mills import mills as exact


def test_mpmath():
    x = np.linspace(LOWEST, HIGHEST, 1501)
    with mp.workdps(40):
        expected = [float(exact(mp.mpf(value))) for value in x]
    np.testing.assert_allclose(mills_ratio(x), expected, rtol=6e-15)


def test_differential_equation():
    """M' = x M - 1, the slope by central differences: the error of the fit is smooth."""
    x = np.linspace(LOWEST + 0.01, HIGHEST - 0.01, 400)
    step = 1e-4
    slope = (mills_ratio(x + step) - mills_ratio(x - step)) / (2.0 * step)
    np.testing.assert_allclose(slope, x * mills_ratio(x) - 1.0, rtol=1e-7, atol=1e-10)


def test_horner_keeps_precision_and_input():
    x = np.array([0.5, 2.0], np.float32)
    total = horner((1.0, -3.0, 2.0), x)
    assert total.dtype == np.float32
    np.testing.assert_array_equal(total, [0.0, 3.0])
    np.testing.assert_array_equal(x, [0.5, 2.0])
