"""A reference says the same as the page: percentiles, z and regime against `monitor.history`, which is another code."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.reference import Reference, known
from monitor.history import rank
from monitor.history.regime import against_vol

DAY = date(2026, 7, 1)
finite = st.floats(-1e6, 1e6).map(lambda x: round(x, 2) + 0.0)  # ties occur
pasts = st.lists(finite, min_size=1, max_size=40)


@given(pasts, finite)
def test_percentile_and_z_are_those_of_the_page(past, x):
    made = Reference.of(past, DAY)
    assert made.percentile(x) == pytest.approx(float(rank.percentile(np.array([past]), np.array([x]))[0]))
    z = float(rank.robust_z(np.array(past), np.array(x)))
    assert (made.z(x) is None) if np.isnan(z) else (made.z(x) == pytest.approx(z))


def test_the_regime_is_that_of_the_page():
    random = np.random.default_rng(5)
    level = random.normal(np.log(0.2), 0.3, 250)
    past = 1.5 - 0.2 * level + random.normal(0, 0.05, 250)
    past[::17], level[::23] = np.nan, np.nan
    made = Reference.of([float(x) for x in past], DAY, levels=[float(x) for x in level])
    for x, vol in ((1.9, 0.15), (1.7, 0.4), (1.85, 0.22)):
        page = against_vol(past, np.exp(level), np.asarray(x), np.asarray(vol))
        assert made.percentile(x, np.log(vol)) == pytest.approx(float(page.percentile))
        assert made.slope == pytest.approx(float(page.slope))
        assert made.n == int(page.n)
    assert made.percentile(1.9, None) is None


def test_levels_without_spread_leave_nothing_to_take_out():
    assert Reference.of([1.0, 2.0], DAY, levels=[0.3, 0.3]) is None
    assert Reference.of([None, 2.0], DAY, levels=[0.3, None]) is None


@given(pasts)
def test_what_is_packed_comes_back_to_the_last_bit(past):
    made = Reference.of(past, DAY, "m")
    assert Reference.unpack(made.pack()) == made.values
    assert made.id == Reference.of(list(reversed(past)), DAY, "m").id
    assert made.id != Reference.of([*past, 0.5], DAY, "m").id
    assert made.id != Reference.of(past, DAY, "other").id


def test_what_is_no_number_has_no_standing():
    made = Reference.of([1.0, None, float("nan"), 2.0], DAY)
    assert made.n == 2
    assert [made.percentile(x) for x in (None, float("nan"), float("inf"), 1.5)] == [None, None, None, 50.0]
    assert Reference.of([], DAY).percentile(1.0) is None
    assert Reference.of([], DAY).z(1.0) is None
    assert not known(None)
