"""The chart of what followed: a line an episode, their median, what is usual, and where it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.charts.study import study as drawn
from monitor.charts.theme import SERIES, png
from monitor.errors import NoDataError
from monitor.history.episodes import in_a_row
from monitor.history.paths import paths
from monitor.history.series import Series
from monitor.history.study import study
from tests.monitor.history import make


@pytest.fixture
def closes():
    rng = np.random.default_rng(2)
    return Series.of("IWM", "close", make.sessions(500), 100 * np.exp(np.cumsum(rng.normal(0, 0.012, 500))))


def made(closes, number=2, horizons=(5, 21)):
    signal = in_a_row(closes, number, 0.01)
    found = study(signal, closes, horizons=horizons, repeats=100)
    return found, paths(closes, found.starts, max(horizons), usual=signal.sessions[signal.known])


def test_every_episode_with_an_outcome_is_a_line(closes):
    found, ways = made(closes)
    figure = drawn(found, ways, "after them: this")
    axes = figure.axes[0]
    thin = [line for line in axes.get_lines() if line.get_color() == SERIES[0] and len(line.get_xdata()) == 22]
    assert len(thin) == np.isfinite(ways.after[:, 1:]).any(axis=1).sum() > 3
    (bold,) = [line for line in axes.get_lines() if line.get_color() == SERIES[1]]
    np.testing.assert_allclose(bold.get_ydata(), np.nanmedian(ways.after, axis=0))
    words = "\n".join(text.get_text() for text in figure.texts)
    assert f"IWM after {len(thin)} earlier episodes" in words
    assert "After them: this." in words
    assert "without dividends" in words
    assert "2 gains in a row of 1 % or more" in words
    assert png(figure).startswith(b"\x89PNG\r\n\x1a\n")


def test_nothing_known_is_nothing_to_draw(closes):
    found, ways = made(closes, number=30)
    with pytest.raises(NoDataError, match="no episode"):
        drawn(found, ways, "nothing")
