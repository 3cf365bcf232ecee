"""The text for people: every name has its words, and it fits a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from monitor.view import table, words
from pricing import report
from pricing.reasons import Cause, Flag, Reason
from tests.monitor.snapshots import FLAGGED, bounded, snapshot

ODD = [
    snapshot(),
    snapshot(bounded(1.38), **FLAGGED),
    snapshot(flags=tuple(Flag)),
    snapshot(expiries=(), smiles=(), spot=None, spot_sync=None, spot_gap=None, forward=None),
]


def shown(one, width: int, **options: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, markup=False, **options).print(table.render(one))
    return out.getvalue()


def test_every_name_has_words():
    assert words.FLAGS.keys() == set(Flag)
    assert words.CAUSES.keys() == set(Cause)
    assert words.REASONS.keys() == set(Reason)


def test_doubts_are_what_degrades_and_is_not_seen_in_the_number():
    assert set(words.DOUBTS) == report.DEGRADING - {Flag.NOISY, Flag.BOUNDED}


@pytest.mark.parametrize("one", ODD)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits(one, width):
    assert max(len(line.rstrip()) for line in shown(one, width).splitlines()) <= width


def test_names_of_measures_stand_whole_at_80_columns():
    text = shown(snapshot(), 80)
    assert all(name in text for name in snapshot().measures)


def test_what_is_shown():
    text = shown(snapshot(**FLAGGED), 100)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0].startswith("IWM: one-month 10 % downside protection costs 1.51 times")
    assert "Quotes of 2026-06-18 16:15 New York (20:15 UTC), cboe, method 1-0a1b2c3d." in lines
    assert "Spot 200.03 by the feed, 200.00 by the quotes, +0.03 apart." in lines
    assert "skew_ratio_30d_90_110 1.508 1.493 to 1.523" in lines
    assert "put_vol_30d_90 27.55 % 27.46 to 27.64 %" in lines
    assert "call_vol_30d_110 18.27 % 18.15 to 18.39 % noisy" in lines
    assert "zero_cost_collar_30d_110 - no solution" in lines
    assert "2026-07-10 21.8 200.500 0.004 3.75 % -6 bp 90" in lines
    assert not any(line.startswith("2026-08-07") for line in lines)
    assert "Quotes: 412 kept of 5,012 rows; dropped 3,800 of other expiries, 800 without a bid." in lines
    assert "Standing: no history is recorded yet, so no percentile." in lines
    assert "market_closed: the quotes are those of the last close" in lines


def test_a_bound_is_written_as_one():
    assert "at least 1.380" in shown(snapshot(bounded(1.38)), 100)


def test_no_expiry_says_why():
    spoilt = snapshot(expiries=(snapshot().expiries[2],))
    assert "No expiry can be used of 1: calls and puts give no forward." in shown(spoilt, 100)


def test_colour_only_on_a_terminal():
    assert "\x1b[" not in shown(snapshot(**FLAGGED), 80)
    assert "\x1b[" in shown(snapshot(**FLAGGED), 80, force_terminal=True, color_system="standard")


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 6, 18, 20, 15, tzinfo=UTC), "2026-06-18 16:15 New York (20:15 UTC)"),
        (datetime(2026, 1, 6, 2, 0, tzinfo=UTC), "2026-01-05 21:00 New York (2026-01-06 02:00 UTC)"),
    ],
)
def test_instants_are_shown_in_new_york_and_in_utc(when, text):
    assert words.instant(when) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.5081, "ratio", "1.508"),
        (0.27554, "vol", "27.55 %"),
        (0.1389, "share", "13.89 %"),
        (8.126, "vol points", "8.13 pts"),
        (118.353, "index", "118.4"),
        (None, "ratio", "-"),
        (float("nan"), "vol", "-"),
    ],
)
def test_numbers_are_written_in_their_unit(value, unit, text):
    assert words.amount(value, unit) == text
