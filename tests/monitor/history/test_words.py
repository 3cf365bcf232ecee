"""The sentences, word by word: they are a contract with readers."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from monitor.history import words
from monitor.history.attribution import Attribution, Parts, Wing
from monitor.history.context import Against, Average, Context, Peak
from monitor.history.extremes import Record, Side
from monitor.history.points import Points, select
from monitor.history.series import Omission, Overlap, Series
from monitor.history.sessions import sessions_after, sessions_between
from monitor.history.settings import Settings
from monitor.history.standing import Provenance, standing
from monitor.history.study import Aftermath, Outcome, Study, Verdict
from tests.monitor.history import make

RATIO = "skew_ratio_30d_90_110"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0th"), (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (22, "22nd"), (73, "73rd"), (97, "97th"), (100, "100th"), (101, "101st"), (111, "111th")],
)  # fmt: skip
def test_ordinals(number, said):
    assert words.ordinal(number) == said


def test_the_sentence_of_the_issue():
    """97th percentile of 252 closes, highest since 2026-07-29 (57 sessions, 98 % observed)."""
    last = np.datetime64("2026-10-19")
    days = sessions_between("2025-10-01", last)
    at = days.size - 1
    assert sessions_after("2026-07-29", last) == 57
    value = np.linspace(1.0, 1.2, days.size)
    gone = np.datetime64("2026-09-01")
    before = np.datetime64("2026-07-29")
    value[days == before] = 1.9
    value[np.isin(np.arange(days.size), np.arange(20, 26))] = 1.8
    kept = (days != gone) & (days != last)
    series = Series.of("IWM", RATIO, days[kept], value[kept])
    found = standing(series, 1.5, None, None, days[at])
    said = words.placed(found)
    assert (
        said == "97th percentile of 251 closes in 252 sessions, highest since 2026-07-29 (57 sessions, 98 % observed)"
    )


def plain(values, x, **kw):
    days = make.sessions(len(values) + 1)
    return standing(Series.of("IWM", RATIO, days[:-1], values), x, None, None, days[-1], **kw)


def test_on_record_and_all_of_it_observed():
    said = words.placed(plain(np.linspace(1.0, 2.0, 300), 2.5))
    assert said == "100th percentile of 252 closes, highest on record (since 2010-01-04)"
    low = words.placed(plain(np.linspace(1.0, 2.0, 300), 0.5))
    assert low == "0th percentile of 252 closes, lowest on record (since 2010-01-04)"


def test_thin_coverage_says_only():
    values = np.linspace(1.0, 2.0, 252)
    values[60:160] = np.nan
    said = words.placed(plain(values, 2.5))
    assert said == (
        "100th percentile of only 152 closes in 252 sessions, highest on record (since 2010-01-04, only 60 % observed)"
    )


def test_rounding_never_claims_more():
    values = np.arange(1, 253.0)
    assert words.placed(plain(values, 252.0)).startswith("99th percentile")  # 99.8: tied with the highest
    assert words.placed(plain(values, 1.0)).startswith("1st percentile")  # 0.2
    assert words.placed(plain(values, 239.5)).startswith("94th percentile")  # 94.8 is not 95


def test_refusals():
    assert words.placed(standing(select(Points.none("IWM", RATIO)), 1.5, None, None, "2026-07-24")) == (
        "no percentile: no earlier close is recorded, 120 are needed"
    )
    short = plain(make.persistent(43, 1), 9.0)
    assert words.placed(short) == (
        "no percentile: 43 closes recorded, 77 more needed, highest on record (since 2010-01-04)"
    )
    lowered = plain(make.persistent(43, 1), 9.0, settings=Settings(minimum=20))
    assert words.placed(lowered) == (
        "100th percentile of 43 closes (minimum lowered from 120 to 20), highest on record (since 2010-01-04)"
    )
    assert words.placed(plain(np.ones(130), None)) == "no percentile: there is no value"


def test_bounds_and_wide_quotes():
    days = make.sessions(201)
    series = Series.of("IWM", RATIO, days[:200], np.arange(200.0) + 100)
    bounded = standing(series, None, 280.0, None, days[200])
    assert words.placed(bounded) == "at least the 90th percentile of 200 closes"  # the session before is higher
    wide = standing(series, 250.0, 230.0, 270.0, days[200], provisional=True)
    assert words.placed(wide) == (
        "quotes too wide to say more than 65th percentile to 85th percentile of 200 closes, provisional"
    )
    below = standing(series, None, None, 120.0, days[200])
    assert words.placed(below).startswith("at most the 11th percentile of 200 closes, lowest since")
    assert words.placed(below).endswith("at least")


def test_records():
    found = Record(Side.HIGH, np.datetime64("2026-07-29"), 57, 55 / 56, on_record=False, bounded=False)
    assert words.recorded(found) == "highest since 2026-07-29 (57 sessions, 98 % observed)"
    assert words.recorded(replace(found, coverage=1.0)) == "highest since 2026-07-29 (57 sessions)"
    assert words.recorded(replace(found, coverage=0.62)) == "highest since 2026-07-29 (57 sessions, only 62 % observed)"
    assert words.recorded(replace(found, coverage=0.9999)) == "highest since 2026-07-29 (57 sessions, 99 % observed)"
    assert (
        words.recorded(replace(found, side=Side.LOW, sessions=1, coverage=1.0)) == "lowest since 2026-07-29 (1 session)"
    )
    bounded = replace(found, bounded=True, coverage=1.0)
    assert words.recorded(bounded) == "highest since 2026-07-29 (57 sessions, known of that day is a bound)"
    longest = replace(found, on_record=True, sessions=4509, since=np.datetime64("2008-01-02"), coverage=1.0)
    assert words.recorded(longest) == "highest on record (since 2008-01-02)"


def test_what_it_rests_on():
    overlap = Overlap("cboe live", "hist backfilled", 34, 0.0021, -0.0113, np.datetime64("2025-12-01"))
    found = Provenance(
        method="1-abc",
        sources={"hist": 203, "cboe": 49},
        too_wide=3,
        left_out={Omission.OTHER_METHOD: 12, Omission.NOT_A_SESSION: 1},
        overlaps=(overlap, Overlap("a", "b", 0, None, None, None)),
    )
    assert words.provenance(found) == (
        "closes of hist (203), cboe (49); hist backfilled less cboe live on 34 sessions: +0.0021 on average, -0.0113 "
        "at worst; a and b have no session in common; left out 12 of another method, 1 of days without a session, "
        "3 with quotes too wide"
    )
    assert words.provenance(Provenance("1-abc", {"cboe": 252}, 0, {}, ())) == ""


def outcome(n, mean, low=-0.039, high=0.06):
    return Outcome(n, mean, mean, 0.6, low, low, high, high, low, high)


def studied(n, mean, verdict, **kw):
    month = Aftermath(21, outcome(n, mean), outcome(4000, 0.009), n, -0.01, 0.03, 0.003, -0.02, 0.025, 0.04, verdict)
    return Study(
        what="x", symbol="IWM", first=None, last=None, starts=np.empty(0, "datetime64[D]"), ongoing=False, seed=0,
        horizons=(replace(month, **kw),),
    )  # fmt: skip


def test_base_rates():
    """The sentence of the issue, and what it may not be without."""
    assert words.base_rate(studied(11, 0.012, Verdict.NO_DIFFERENCE)) == (
        "after the 11 earlier episodes IWM was 1.2 % higher a month later (from -3.9 to +6.0), all months: +0.9 %; "
        "no difference that can be told from chance, one under 4.0 points could hide"
    )
    assert words.base_rate(studied(11, -0.012, Verdict.LOWER)) == (
        "after the 11 earlier episodes IWM was 1.2 % lower a month later (from -3.9 to +6.0), all months: +0.9 %; "
        "lower than usual by more than chance"
    )
    assert words.base_rate(studied(4, 0.012, Verdict.TOO_FEW)) == "after the 4 earlier episodes: too few to tell"
    assert words.base_rate(studied(1, 0.012, Verdict.TOO_FEW)) == "after the one earlier episode: too few to tell"
    assert "was unchanged a month later" in words.base_rate(studied(11, 0.0, Verdict.HIGHER))
    none = studied(0, None, Verdict.TOO_FEW)
    assert words.base_rate(none) == "no earlier episode whose outcome is known"
    other = studied(11, 0.012, Verdict.HIGHER, horizon=10)
    assert "10 sessions later (from -3.9 to +6.0), all spans of 10 sessions:" in words.base_rate(other, 10)
    with pytest.raises(ValueError, match="horizon"):
        words.base_rate(none, 5)


def test_causes_add_up_as_printed():
    put, call = Wing(0.04, 0.04, -0.04, 0.04), Wing(-0.16, 0.04, -0.24, 0.04)
    when = datetime(2026, 7, 24, 19, 45, tzinfo=UTC)
    spread = Parts(-0.12, put, call)
    found = Attribution(when, when, spread, spread, whole=True, interpolated=False)
    said = words.attributed(found, "the previous close")
    assert (
        said == "since the previous close -0.1 vol points: put wing +0.1 (dearer), call wing +0.0, spot +0.1, roll -0.3"
    )
    assert round(0.1 + 0.0 + 0.1 - 0.3, 1) == -0.1
    unsplit = replace(found, spread=Parts(-0.12, put, Wing(-0.16, None, None, None)))
    assert words.attributed(unsplit, "07-01") == "since 07-01 -0.1 vol points: put side +0.1, call side -0.2"


@pytest.mark.parametrize("seed", range(20))
def test_rounded_parts_add_up_and_stay_near(seed):
    parts = tuple(np.random.default_rng(seed).normal(0, 2, 4).tolist())
    total, rounded = words.shares(sum(parts), parts)
    assert total == pytest.approx(round(sum(parts), 1))
    assert sum(rounded) == pytest.approx(total)
    assert all(abs(a - b) < 0.1 for a, b in zip(parts, rounded, strict=True))


def test_where_the_price_stands():
    found = Context(
        symbol="IWM",
        session=np.datetime64("2026-07-24"),
        age=0,
        provisional=False,
        price=285.1,
        peak=Peak(300.0, np.datetime64("2026-07-01"), 285.1 / 300 - 1),
        averages={50: Average(290.0, -0.02), 100: Average(280.0, 0.02), 200: Average(260.0, 0.1)},
        week=-0.031,
        week_percentile=5.6,
        run=-3,
    )
    beside = Against("SPY", {5: -0.02, 21: -0.012, 63: None}, 0.9, 40.0)
    assert words.situated(found, beside) == (
        "IWM 285.10: 5.0 % under its 52-week high of 2026-07-01, over its 100-day and 200-day averages, under its "
        "50-day average, -3.1 % in five sessions (6th percentile), 3 losses of 1 % or more in a row, -1.2 points "
        "against SPY in 21 sessions"
    )
    bare = replace(found, peak=None, averages=dict.fromkeys((50, 100, 200)), week=None, run=1, age=3)
    assert words.situated(bare) == "IWM 285.10 (prices 3 sessions old)"
    high = replace(bare, peak=Peak(285.1, np.datetime64("2026-07-24"), 0.0), age=0, week=0.01, week_percentile=None)
    assert words.situated(high) == "IWM 285.10: at its 52-week high, +1.0 % in five sessions"
