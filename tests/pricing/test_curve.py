"""Truth: compounding written out, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.curve import Curve


def test_bills_are_simple_interest():
    """A three-month yield of 4 %: a dollar becomes 1.01 in a quarter."""
    curve = Curve.from_treasury([0.25, 0.5], [0.04, 0.05])
    assert math.exp(curve.rate(0.25) * 0.25) == pytest.approx(1.01, rel=1e-14)
    assert math.exp(curve.rate(0.5) * 0.5) == pytest.approx(1.025, rel=1e-14)
    assert curve.discount(0.25) == pytest.approx(1 / 1.01, rel=1e-14)


def test_notes_compound_twice_a_year():
    """A two-year yield of 4 %: 1.02 four times over."""
    curve = Curve.from_treasury([1.0, 2.0], [0.03, 0.04])
    assert math.exp(curve.rate(2.0) * 2.0) == pytest.approx(1.02**4, rel=1e-14)
    assert math.exp(curve.rate(1.0)) == pytest.approx(1.015**2, rel=1e-14)


def test_linear_between_and_flat_outside():
    curve = Curve((0.1, 0.5), (0.02, 0.04))
    assert curve.rate([0.0, 0.1, 0.2, 0.3, 0.5, 9.0]).tolist() == pytest.approx([0.02, 0.02, 0.025, 0.03, 0.04, 0.04])


def test_flat():
    assert Curve.flat(0.0365).rate([-1.0, 0.0, 0.01, 5.0]).tolist() == [0.0365] * 4


def test_negative_yields_are_rates_too():
    curve = Curve.from_treasury([0.25, 1.0], [-0.004, -0.002])
    assert math.exp(curve.rate(0.25) / 4) == pytest.approx(0.999, rel=1e-14)


@given(st.lists(st.floats(-0.02, 0.2), min_size=3, max_size=3), st.floats(0.0, 3.0))
def test_rates_lie_between_the_pillars(yields, years):
    curve = Curve.from_treasury([0.25, 0.5, 2.0], yields)
    rate = float(curve.rate(years))
    assert min(curve.rates) - 1e-15 <= rate <= max(curve.rates) + 1e-15
    assert curve.discount(years) == pytest.approx(math.exp(-rate * years), rel=1e-14)


@pytest.mark.parametrize(
    ("years", "rates", "says"),
    [
        ((), (), "as many rates"),
        ((1.0,), (0.01, 0.02), "as many rates"),
        ((1.0, 1.0), (0.01, 0.02), "must increase"),
        ((2.0, 1.0), (0.01, 0.02), "must increase"),
        ((1.0,), (math.nan,), "finite"),
        ((math.inf,), (0.01,), "finite"),
        ((math.nan,), (0.01,), "finite"),
    ],
)
def test_a_curve_that_cannot_be_read(years, rates, says):
    with pytest.raises(ValueError, match=says):
        Curve(years, rates)


def test_arguments_stay_as_they_were():
    years, yields = np.array([0.25, 2.0]), np.array([0.04, 0.03])
    Curve.from_treasury(years, yields).rate(years)
    assert years.tolist() == [0.25, 2.0]
    assert yields.tolist() == [0.04, 0.03]
