"""Truth: pandas on the same closes."""

import numpy as np
import pandas as pd
import pytest

from monitor.history.paths import paths
from monitor.history.series import Series
from tests.monitor.history import make


@pytest.fixture
def closes():
    value = make.persistent(400, 7)
    value[[50, 51, 200]] = np.nan
    return Series.of("IWM", "close", make.sessions(400), value)


def test_each_path_and_what_is_usual(closes):
    plain = pd.Series(closes.value, index=closes.sessions)
    days = closes.sessions[[10, 49, 50, 390]]
    found = paths(closes, days, 21)
    assert found.after.shape == (4, 22)
    for row, day in zip(found.after, days, strict=True):
        expected = [plain.shift(-ahead)[day] / plain[day] - 1 for ahead in range(22)]
        np.testing.assert_allclose(row, expected, rtol=0, atol=1e-12)
    for ahead in (0, 5, 21):
        every = (plain.shift(-ahead) / plain - 1).dropna()
        np.testing.assert_allclose(found.all_days[:, ahead], every.quantile([0.1, 0.5, 0.9]), atol=1e-12)


def test_only_days_that_could_have_been_are_usual(closes):
    few = closes.sessions[100:110]
    found = paths(closes, closes.sessions[:1], 5, usual=few)
    plain = pd.Series(closes.value, index=closes.sessions)
    every = (plain.shift(-5) / plain - 1)[few]
    np.testing.assert_allclose(found.all_days[:, 5], every.quantile([0.1, 0.5, 0.9]), atol=1e-12)


def test_days_without_a_close_and_no_closes_at_all(closes):
    other = np.array(["1999-01-04", "2029-01-02"], "datetime64[D]")
    assert np.isnan(paths(closes, other, 5).after).all()
    empty = Series.of("IWM", "close", closes.sessions[:0], closes.value[:0])
    assert paths(empty, other, 5).after.shape == (2, 6)
    assert np.isnan(paths(empty, other, 5).all_days).all()
