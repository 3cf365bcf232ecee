"""Charts: what must be seen is drawn, with its uncertainty, its units and its source."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from monitor.charts.smiles import smiles
from monitor.charts.theme import DPI, SERIES, SIZE, png
from monitor.errors import NoDataError
from pricing.reasons import Cause, Flag
from pricing.settings import Base
from tests.monitor.snapshots import SPOT, bounded, missing, snapshot

PNG = b"\x89PNG\r\n\x1a\n"


def texts(figure) -> str:
    axes = figure.axes[0]
    return "\n".join(text.get_text() for text in [*figure.texts, *axes.texts, *axes.get_legend().get_texts()])


def vertical_lines(axes) -> list[float]:
    return [
        float(np.asarray(line.get_xdata())[0])
        for line in axes.get_lines()
        if len(line.get_xdata()) == 2
        and np.ptp(np.asarray(line.get_xdata(), float)) == 0  # from floor to ceiling
        and list(line.get_ydata()) == [0, 1]
    ]


def test_both_smiles_are_drawn_with_their_quotes():
    one = snapshot()
    axes = smiles(one).axes[0]
    bars = [each for each in axes.collections if isinstance(each, LineCollection)]
    by_colour = {each.get_color()[0][:3].tobytes(): each for each in bars if len(each.get_segments()) > 2}
    assert len(by_colour) == len(one.smiles)
    for smile, each in zip(one.smiles, by_colour.values(), strict=True):
        shown = {round(float(segment[0][0]), 6) for segment in each.get_segments()}
        bid_for = smile.strike[np.isfinite(smile.bid_vol)]
        left, right = axes.get_xlim()
        assert shown == {k for k in bid_for.tolist() if left <= k <= right}
        reach = [abs(float(segment[1][1] - segment[0][1])) for segment in each.get_segments()]
        assert reach == pytest.approx([0.008] * len(reach))
    colours = [line.get_color() for line in axes.get_lines()]
    assert all(colour in colours for colour in SERIES[:2])


def test_targets_are_marked_with_what_was_read_off():
    figure = smiles(snapshot())
    assert vertical_lines(figure.axes[0]) == pytest.approx([0.9 * SPOT, 1.1 * SPOT])
    words = texts(figure)
    assert "90 % of spot\n27.55 %\n27.46 to 27.64 %" in words
    assert "110 % of spot\n18.27 %\n18.15 to 18.39 %" in words


def test_targets_of_forward_moneyness_are_shares_of_the_forward():
    figure = smiles(snapshot(), base=Base.FORWARD)
    assert vertical_lines(figure.axes[0]) == pytest.approx([0.9 * (SPOT + 0.5), 1.1 * (SPOT + 0.5)])
    assert "90 % of forward" in texts(figure)


def test_axes_have_their_units_and_the_foot_its_source():
    figure = smiles(snapshot(flags=(Flag.MARKET_CLOSED,)))
    axes = figure.axes[0]
    assert axes.get_ylabel() == "implied volatility, per cent a year"
    assert axes.get_xlabel() == "strike, dollars"
    words = texts(figure)
    assert "IWM one-month 90/110 skew ratio 1.51 (1.49 to 1.52)" in words
    assert "Quotes of 2026-06-18 16:15 New York (20:15 UTC), cboe, method 1-0a1b2c3d." in words
    assert "Flags: market_closed." in words
    assert "2026-07-10, in 21.8 days" in words


def test_a_target_without_a_value_says_so():
    vols = {**snapshot().measures, "call_vol_30d_110": missing(Cause.NO_BID, "vol")}
    assert "110 % of spot\nno value: no bid" in texts(smiles(snapshot(bounded(1.38), measures=vols)))


def test_an_offer_without_a_bid_is_marked_below_which_nothing_is_known():
    axes = smiles(snapshot()).axes[0]
    offers = [line for line in axes.get_lines() if line.get_marker() == "v"]
    assert len(offers) == 2
    strikes = np.concatenate([np.asarray(line.get_xdata(), float) for line in offers])
    assert strikes.tolist() == [170.0, 170.0]


def test_nothing_to_draw_is_said():
    with pytest.raises(NoDataError, match="IWM: no smile to draw"):
        smiles(snapshot(smiles=()))
    with pytest.raises(NoDataError, match="IWM: no smile to draw"):
        smiles(snapshot(spot_sync=None))


def test_one_smile_alone_can_be_drawn():
    one = snapshot()
    assert len(smiles(replace(one, smiles=one.smiles[:1])).axes[0].get_legend().get_texts()) == 1


def test_it_is_a_png_of_its_size():
    content = png(smiles(snapshot()))
    assert content.startswith(PNG)
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (round(SIZE[0] * DPI), round(SIZE[1] * DPI))


def test_drawing_needs_no_display_no_home_and_says_nothing():
    code = "import sys, monitor.charts.smiles; assert 'matplotlib.pyplot' not in sys.modules"
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, check=True, env={"PATH": "/usr/bin", "HOME": "/dev/null"}
    )
    assert (done.stdout, done.stderr) == (b"", b"")
