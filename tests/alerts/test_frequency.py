"""How often the shipped rules fire on series that are made, not recorded: ALERTS, defaults.

"On a persistent simulated series (AR(1), 0.95) the first rule fires 2.0 times a year (1.2 to 2.8 over seeds)"; an
episode is closed as a new level after 63 sessions, so none is longer; none fires again within 5 sessions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from alerts.defaults import SHIPPED
from alerts.message import Kind
from alerts.parse import parse
from alerts.reading import Reading, Span, Value, Verdict
from alerts.reference import Reference
from alerts.state import fresh, step

WINDOW, MINIMUM, YEAR = 252, 120, 252
YEARS, SEEDS = 5, 12
MEASURE = "skew_ratio_30d_90_110"
BEGIN = datetime(2020, 1, 1, 21, tzinfo=UTC)


def autoregressive(seed, size):
    """x_t = 0.95 x_{t-1} + e_t, begun in its stationary law."""
    noise = np.random.default_rng(seed).standard_normal(size)
    x = np.empty(size)
    x[0] = noise[0] / np.sqrt(1 - 0.95**2)
    for at in range(1, size):
        x[at] = 0.95 * x[at - 1] + noise[at]
    return x


def looks(series):
    """A daily replay: each close against the closes of the 252 sessions before it."""
    window: list[float] = []
    for at, x in enumerate(series.tolist()):
        when = BEGIN + timedelta(days=at)
        past = series[:at]
        over, under = (np.flatnonzero(beyond) for beyond in (past >= x, past <= x))
        highest, lowest = (at - (int(found[-1]) if found.size else 0) for found in (over, under))
        value = Value(
            value=x,
            low=x,
            high=x,
            reference=Reference(tuple(window), when.date(), "m"),
            highest=Span(sessions=highest, near=highest),
            lowest=Span(sessions=lowest, near=lowest),
        )
        yield Reading(
            symbol="SIM", slot=when, session=when.date(), number=at, verdict=Verdict.OK, as_of=when, official=True,
            measures={MEASURE: value},
        )  # fmt: skip
        insort(window, x)
        if at >= WINDOW:
            del window[bisect_left(window, series[at - WINDOW])]


def episodes(rules, series):
    """Return, for each rule, the first and the last session of its episodes."""
    states = {rule.id: fresh(rule, rule.meaning, "SIM", MEASURE) for rule in rules}
    found: dict[str, list[list[int]]] = {rule.id: [] for rule in rules}
    for look in looks(series):
        for rule in rules:
            states[rule.id], told = step(states[rule.id], look, rule, look.slot)
            for event in told:
                if event.kind is Kind.FIRED:
                    found[rule.id].append([look.number, len(series)])
                elif event.kind is Kind.RESOLVED:
                    found[rule.id][-1][1] = look.number
    return found


@pytest.fixture(scope="module")
def simulated():
    rules = [rule for rule in parse(SHIPPED) if not rule.id.startswith("regime")]
    return [episodes(rules, autoregressive(seed, MINIMUM + YEARS * YEAR)) for seed in range(SEEDS)]


def test_the_first_rule_fires_about_twice_a_year(simulated):
    rates = [len(each[name]) / YEARS for each in simulated for name in ("extreme-high", "extreme-low")]
    assert np.mean(rates) == pytest.approx(2.0, abs=0.3)
    assert min(rates) >= 0.8
    assert max(rates) <= 3.2


def test_no_episode_outlives_its_reference_and_none_fires_again_within_five_sessions(simulated):
    every = [each[name] for each in simulated for name in each]
    assert max(end - start for found in every for start, end in found) <= 63
    assert min(b[0] - a[1] for found in every for a, b in pairwise(found)) > 5


@pytest.mark.parametrize("seed", range(4))
def test_a_change_of_level_is_told_as_a_new_level_and_then_forgotten(seed):
    """A series that moves eight deviations up and stays; without the release the alert lasts to its end."""
    rng = np.random.default_rng(seed)
    series = np.concatenate([rng.normal(0, 1, 300), rng.normal(8, 1, 300)])
    (released,) = episodes(parse([SHIPPED[0]]), series).values()
    (kept,) = episodes(parse([SHIPPED[0] | {"release": None}]), series).values()
    assert kept[-1] == [301, 600]
    assert [301, 364] in released
    assert all(end - start < 10 for start, end in released if start > 364)
