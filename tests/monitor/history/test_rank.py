"""Rows at once: each as NumPy's own median and as a count by hand; empty pasts have no place."""

import numpy as np
import pytest

from monitor.history.rank import count, median, percentile, range_rank, robust_z
from monitor.history.settings import Settings


def test_medians_of_rows_with_holes():
    rng = np.random.default_rng(1)
    table = np.where(rng.random((50, 31)) < 0.4, np.nan, rng.normal(size=(50, 31)))
    table[0] = np.nan
    found = median(table)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(np.nanmedian(table[1:], axis=1))
    assert (count(table) == (~np.isnan(table)).sum(axis=1)).all()


def test_an_empty_past_has_no_place():
    nothing = np.empty((2, 0))
    for rank in (percentile, robust_z, range_rank):
        assert np.isnan(rank(nothing, np.array([1.0, 2.0]))).all()
    assert np.isnan(percentile(np.ones((1, 3)), np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "wrong",
    [{"windows": ()}, {"windows": (252, 252)}, {"windows": (0,)}, {"minimum": 0}, {"useless": 0.0}, {"thin": 1.5}],
)
def test_settings_that_mean_nothing(wrong):
    with pytest.raises(ValueError, match="need"):
        Settings(**wrong)
