"""The chart of a history: today and earlier extremes marked, envelopes as bands, gaps as gaps."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection

from monitor.charts.history import SHOWN, Today, history
from monitor.charts.theme import DPI, SIZE, png
from monitor.errors import NoDataError
from monitor.history.series import Series
from monitor.history.settings import Settings
from tests.monitor.history.make import persistent, rough, sessions

NAME = "skew_ratio_30d_90_110"


def series(number: int, **columns: object) -> Series:
    value = persistent(number, 5)
    known = {"low": 0.985 * value, "high": 1.015 * value} | columns
    return Series.of("IWM", NAME, sessions(number), known.pop("value", value), source="cboe", **known)


def today(number: int, value: float | None = 2.0) -> Today:
    low, high = (None, None) if value is None else (0.98 * value, 1.02 * value)
    return Today(sessions(number + 1)[-1], value, low, high, "99th percentile of 252 closes")


def lines(figure, label):
    return next(each for each in figure.axes[0].get_lines() if each.get_label() == label)


def words(figure) -> str:
    axes = figure.axes[0]
    return "\n".join(each.get_text() for each in [*figure.texts, *axes.texts, *axes.get_legend().get_texts()])


def test_what_must_be_seen():
    starts = sessions(600)[[300, 450, 590]]
    figure = history(series(600), today(600), starts)
    axes = figure.axes[0]
    drawn = lines(figure, "official closes")
    assert len(drawn.get_xdata()) == SHOWN
    marked = lines(figure, "earlier extremes")
    assert np.asarray(marked.get_xdata()).tolist() == starts.tolist()
    said = words(figure)
    assert "IWM 30-day 90/110 skew ratio 2.00 (1.96 to 2.04)" in said
    assert "99th percentile of 252 closes." in said
    assert "now, " in said
    assert "2.00" in [each.get_text() for each in axes.texts]
    assert "5th to 95th and 20th to 80th percentile of 252 closes in 252 sessions before" in said
    assert "Closes of cboe." in said
    assert axes.get_ylabel() == "30-day 90/110 skew ratio"


def test_bands_are_the_percentiles_of_the_reference():
    """Against NumPy's own quantiles of the last 252 closes, and of those before an episode's beginning."""
    whole = series(600)
    for reference, last in ((None, 600), (whole.sessions[500], 500)):
        axes = history(whole, today(600), reference=reference).axes[0]
        bands = [each for each in axes.collections if isinstance(each, FillBetweenPolyCollection)][:2]
        past = whole.value[last - 252 : last]
        for band, ends in zip(bands, ((5, 95), (20, 80)), strict=True):
            heights = band.get_paths()[0].vertices[:, 1]
            assert [heights.min(), heights.max()] == pytest.approx(np.percentile(past, ends))


def test_the_envelope_is_a_band_and_a_gap_stays_one():
    value = persistent(300, 5)
    value[100:120] = np.nan
    whole = series(300, value=value, low=0.98 * value, high=1.02 * value)
    figure = history(whole, today(300))
    drawn = np.asarray(lines(figure, "official closes").get_ydata(), float)
    assert np.isnan(drawn[100:120]).all()
    envelope = next(each for each in figure.axes[0].collections if each.get_label() == "quote envelope")
    assert len(envelope.get_paths()) == 2


def test_a_bound_is_marked_and_a_value_with_wide_quotes_is_no_value():
    value = persistent(300, 5)
    low, high = 0.99 * value, 1.01 * value
    value[50], high[50] = np.nan, np.nan
    low[60], high[60] = 0.8 * value[60], 1.2 * value[60]
    figure = history(series(300, value=value, low=low, high=high), today(300))
    bounds = lines(figure, "at least")
    assert np.asarray(bounds.get_ydata(), float).tolist() == [low[50]]
    drawn = np.asarray(lines(figure, "official closes").get_ydata(), float)
    assert np.isnan(drawn[[50, 60]]).all()


def test_the_future_is_not_drawn():
    whole = series(400)
    figure = history(whole, Today(whole.sessions[300], 1.5, 1.49, 1.51))
    days = np.asarray(lines(figure, "official closes").get_xdata())
    assert days.max() == whole.sessions[299]
    assert max(figure.axes[0].get_xticks()) <= (whole.sessions[300] - np.datetime64("1970-01-01", "D")).astype(int)


def test_too_short_a_history_has_no_bands_and_does_not_speak_of_them():
    figure = history(series(60), today(60))
    assert "percentile of" not in words(figure).replace("99th percentile of", "")
    lowered = history(series(60), today(60), settings=Settings(minimum=50))
    assert "percentile of 60 closes" in words(lowered)


def test_a_session_without_a_value_of_its_own():
    figure = history(series(300), today(300, None))
    assert "IWM 30-day 90/110 skew ratio: none" in words(figure)
    bounded = history(series(300), Today(sessions(301)[-1], None, 1.4, None))
    assert "at least 1.40" in words(bounded)


def test_nothing_to_draw():
    nothing = Series.of("IWM", NAME, sessions(0), np.empty(0))
    with pytest.raises(NoDataError, match="no earlier close of skew_ratio_30d_90_110"):
        history(nothing, today(10))


def test_a_small_one_for_a_phone():
    """Letters of 12 points on 6.4 inches: twice as high, on a narrow screen, as those of the page's chart."""
    small, page = (history(rough(600, 3), today(600), small=each) for each in (True, False))
    assert small.get_size_inches()[0] < 0.7 * page.get_size_inches()[0]
    letters = [each.axes[0].xaxis.get_ticklabels()[0].get_fontsize() for each in (small, page)]
    assert letters[0] / small.get_size_inches()[0] > 1.8 * letters[1] / page.get_size_inches()[0]
    assert png(small).startswith(b"\x89PNG")


@pytest.mark.parametrize("number", [2, 3, 130, 700])
@pytest.mark.parametrize("small", [True, False])
def test_histories_of_any_length(number, small):
    content = png(history(rough(number, 9), today(number), sessions(number)[::60], small=small))
    if not small:
        width, height = (round(DPI * each) for each in SIZE)
        assert content[16:24] == width.to_bytes(4) + height.to_bytes(4)


def test_volatilities_have_ticks_in_per_cent():
    whole = Series.of("IWM", "atm_vol_30d", sessions(200), np.linspace(0.15, 0.3, 200), source="cboe")
    axes = history(whole, Today(sessions(201)[-1], 0.31, 0.309, 0.311)).axes[0]
    assert axes.yaxis.get_major_formatter()(0.25, None) == "25 %"
