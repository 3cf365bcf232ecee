"""What an alert says, kind by kind: the first line, and what is behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace as altered

from alerts.events import Cause, Measured
from alerts.message import Kind, Message
from alerts.rules import Side
from monitor.messages import Around, compose
from monitor.view.measures import ACTIVITY, DEMAND, described
from pricing.measures import of_activity, units
from pricing.positioning import Activity
from pricing.reasons import Flag
from pricing.settings import Settings
from pricing.snapshot import Quality
from tests.monitor.alerted import AT, FIRST, MEASURED, around, ended, event, past
from tests.monitor.snapshots import COMPANION

LOW = altered(MEASURED, value=1.2, low=1.19, high=1.21, percentile=2.2, percentile_now=2.2)
HIGHER = altered(MEASURED, value=1.93, low=1.90, high=1.96)
UNSEEN = {"measure": "", "side": None, "measured": Measured(), "reason": "the chain is empty", "began_at": FIRST}
VALUE = "30-day 90/110 skew ratio 1.79 (1.76 to 1.82)"
PLACE = "97th percentile of 252 closes, highest since 2026-07-29 (57 sessions)."
LASTED = "it lasted 6 sessions, peak 1.93 on 2026-10-14."


def section(message: Message, heading: str) -> str:
    return dict(message.sections).get(heading, "")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (event(), f"IWM: downside demand is extreme. {VALUE}, {PLACE}"),
        (event(confirmed=False), f"IWM: downside demand may be extreme (indicative). {VALUE}, {PLACE}"),
        (
            event(side=Side.LOW, measured=LOW),
            (
                "IWM: downside demand is extremely low. 30-day 90/110 skew ratio 1.20 (1.19 to 1.21), 3rd percentile "
                "of 252 closes, lowest since 2026-07-29 (57 sessions)."
            ),
        ),
        (
            event(Kind.ESCALATED, measured=HIGHER),
            f"IWM: downside demand is extreme and rising. 30-day 90/110 skew ratio 1.93 (1.90 to 1.96), {PLACE}",
        ),
        (
            event(Kind.ESCALATED, side=Side.LOW, measured=LOW, confirmed=False),
            (
                "IWM: downside demand may be extremely low and falling (indicative). 30-day 90/110 skew ratio 1.20 "
                "(1.19 to 1.21), 3rd percentile of 252 closes, lowest since 2026-07-29 (57 sessions)."
            ),
        ),
        (event(Kind.REMINDER, cause=Cause.REPEAT), f"IWM: downside demand is still extreme. {VALUE}, {PLACE}"),
        (event(Kind.REMINDER, cause=Cause.REOPENED), f"IWM: downside demand is extreme again. {VALUE}, {PLACE}"),
        (event(Kind.REMINDER, cause=Cause.UNSILENCED), f"IWM: downside demand is still extreme. {VALUE}, {PLACE}"),
        (
            ended(cause=Cause.LEFT),
            (
                "IWM: downside demand is extreme no longer. 30-day 90/110 skew ratio 1.52 (1.50 to 1.54), "
                f"71st percentile of 252 closes; {LASTED}"
            ),
        ),
        (
            ended(cause=Cause.NEW_LEVEL),
            (
                "IWM: downside demand has a new level. 30-day 90/110 skew ratio 1.52 (1.50 to 1.54), "
                f"71st percentile of 252 closes; {LASTED}"
            ),
        ),
        (
            ended(kind=Kind.EXPIRED, measured=Measured()),
            f"IWM: alert closed, unknown. There were no usable data for too long; {LASTED}",
        ),
        (
            ended(kind=Kind.RULE_CHANGED, cause=Cause.CHANGED),
            f"IWM: alert closed, its rule has changed. What it watched is judged anew; {LASTED}",
        ),
        (
            ended(kind=Kind.RULE_CHANGED, cause=Cause.REMOVED),
            f"IWM: alert closed, its rule is gone. It is watched no longer; {LASTED}",
        ),
        (
            event(Kind.DATA_HEALTH, slots=3, **UNSEEN),
            "IWM: no usable data. 3 looks in a row: the chain is empty. Its alerts hold their state.",
        ),
        (
            event(Kind.DATA_HEALTH, slots=1, symbol="", source="cboe", **UNSEEN),
            "cboe: no usable data. 1 look in a row: the chain is empty. Its alerts hold their state.",
        ),
        (
            event(Kind.RECOVERED, slots=12, **UNSEEN),
            (
                "IWM: usable data again. They were missing since 2026-10-08 10:15 New York, 12 looks: the chain is "
                "empty."
            ),
        ),
    ],
    ids=lambda each: f"{each.kind}-{each.cause}" if hasattr(each, "kind") else "",
)  # fmt: skip
def test_the_first_line(told, said):
    message = compose(told, around())
    assert message.subject == said
    assert (message.id, message.kind, message.thread, message.dedup) == (told.id, told.kind, told.episode, "")
    assert Message.from_json(message.to_json()) == message


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_first_hundred_characters_say_it_all(confirmed):
    """Symbol, what has happened, the number with its envelope, and the percentile: a lock screen shows no more."""
    start = compose(event(confirmed=confirmed)).subject[:100]
    assert start.startswith("IWM: downside demand ")
    assert VALUE in start
    assert "97th" in start


@pytest.mark.parametrize(
    ("measure", "found", "said"),
    [
        (COMPANION, MEASURED, "IWM: downside demand is extreme. 30-day 95/105 skew ratio 1.79 (1.76 to 1.82), 97th"),
        (
            "atm_vol_30d",
            altered(MEASURED, value=0.31, low=0.309, high=0.311),
            "IWM: implied volatility is extreme. 30-day at-the-money volatility 31.0 % (30.9 to 31.1 %), 97th",
        ),
        (
            "skew_spread_30d_90_110",
            altered(MEASURED, value=9.12, low=8.9, high=9.3),
            "IWM: downside demand is extreme. 30-day 90/110 skew spread 9.1 pts (8.9 to 9.3 pts), 97th",
        ),
        (
            "put_call_oi_10",
            altered(MEASURED, low=None, high=None),
            "IWM: put activity is extreme. put/call open interest 10 % out 1.79, 97th",
        ),
    ],
)
def test_other_measures_are_named_as_what_they_are(measure, found, said):
    assert compose(event(measure=measure, measured=found)).subject.startswith(said)


def test_a_rule_that_asks_for_less_calls_nothing_extreme():
    plain = altered(MEASURED, percentile=70.0, regime_percentile=60.0, record=3)
    assert compose(event(measured=plain)).subject.startswith("IWM: downside demand is high. ")
    low = altered(plain, percentile=30.0, regime_percentile=40.0)
    assert compose(event(measured=low, side=Side.LOW)).subject.startswith("IWM: downside demand is low. ")
    long = altered(plain, record=120)
    assert compose(event(measured=long)).subject.startswith("IWM: downside demand is extreme. ")


def test_a_standing_at_like_volatility_is_said_where_it_is_the_extreme_one():
    found = altered(MEASURED, percentile=84.0, regime_percentile=96.4, record=0)
    assert compose(event(measured=found)).subject.endswith(
        "84th percentile of 252 closes, 96th percentile at like volatility."
    )


def test_without_a_standing_there_is_none():
    found = Measured(value=1.79, low=1.76, high=1.82)
    assert compose(event(measured=found)).subject == f"IWM: downside demand is high. {VALUE}."


def test_thin_coverage_is_said_in_the_first_line():
    assert "(57 sessions, only 71 % observed)" in compose(event(measured=altered(MEASURED, coverage=0.712))).subject


def test_what_is_behind_it():
    message = compose(event(), around())
    assert section(message, "Why it moved") == (
        "Since the previous close +1.2 vol points: put wing +1.4 (dearer), call wing -0.3 (dearer), spot +0.2, roll "
        "-0.1."
    )
    assert section(message, "Other measures") == (
        "2 of 4 agree: 30-day 95/105 skew ratio 1.22 (96th percentile), 30-day one-sigma skew ratio (90th percentile); "
        "in between: 30-day 25-delta risk reversal (59th percentile); against it: 30-day moment skew 118 "
        "(12th percentile); at like volatility: 91st percentile; activity, which does not say who bought: put/call "
        "open interest 10 % out (71st percentile)."
    )
    assert section(message, "Where the price stands") == (
        "IWM 246.81: 3.1 % under its 52-week high of 2026-09-18, -2.4 % in five sessions (9th percentile), -1.1 points "
        "against SPY in 21 sessions; FOMC in 12 days (2026-10-28)."
    )
    assert section(message, "What followed before").startswith("After the 11 earlier episodes IWM was 1.2 % higher")
    assert section(message, "How sure").startswith(
        "The quotes leave 1.7 % of the value either way; 412 quotes kept of 5,012 rows"
    )
    assert section(message, "Next looks") == "10:30, 10:45, 11:00 New York."
    assert ("Spot", "246.81 $") in message.facts
    assert ("30-day 90 % put volatility", "27.6 %") in message.facts
    assert ("Observed", "2026-10-16 10:15 New York (14:15 UTC)") in message.facts


def test_on_the_low_side_low_percentiles_agree():
    said = section(compose(event(side=Side.LOW, measured=LOW), around()), "Other measures")
    assert said.startswith("1 of 4 agree: 30-day moment skew 118 (12th percentile); in between: ")


def test_what_is_not_known_is_not_spoken_of():
    message = compose(event())
    assert [heading for heading, _ in message.sections] == ["Other measures", "How sure"]
    none = compose(event(measured=Measured()), Around(past=past(standings={}, context=None, base_rate=None)))
    assert section(none, "Other measures") == ""
    assert "no value" in none.subject


def test_indicative_is_explained():
    said = section(compose(event(confirmed=False)), "How sure")
    assert "indicative: with every quote at its other side the threshold is not passed" in said
    assert "indicative" not in section(compose(event()), "How sure")


def test_a_percentile_that_differs_from_the_pages_is_explained():
    """The reference of an episode is frozen; the page's is that of the day."""
    told = event(Kind.REMINDER, cause=Cause.REPEAT, measured=altered(MEASURED, percentile_now=88.0))
    said = section(compose(told), "How sure")
    assert "against the closes up to 2026-10-15, as they were known when this began" in said
    assert "as on the page, it is the 88th percentile" in said


def test_doubts_are_told():
    shown = around().snapshot
    shaky = replace(shown, status=Quality.DEGRADED, flags=(Flag.STALE, Flag.MARKET_CLOSED))
    said = section(compose(event(), around(snapshot=shaky)), "How sure")
    assert "the market is open and the quotes are old" in said
    assert "last close" not in said


def test_an_episode_that_goes_on_says_how_long_it_has():
    told = event(Kind.ESCALATED, measured=HIGHER, began_at=FIRST, sessions=6, slots=163, peak=1.93, peak_at=AT)
    assert section(compose(told), "This episode") == (
        "Began 2026-10-08 10:15 New York, 6 sessions and 163 looks since, peak 1.93 at 2026-10-16 10:15 New York."
    )
    assert section(compose(event()), "This episode") == ""


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (ended(kind=Kind.EXPIRED, measured=Measured()), "is closed and not called resolved"),
        (ended(kind=Kind.RULE_CHANGED, cause=Cause.CHANGED), "a new alert begins"),
        (ended(kind=Kind.RULE_CHANGED, cause=Cause.REMOVED), "The rule is gone"),
    ],
)
def test_an_end_without_knowing_says_why(told, why):
    message = compose(told, around())
    assert why in section(message, "Why")
    assert section(message, "This episode")
    assert section(message, "What followed before") == ""


def test_a_new_level_is_explained():
    assert "this level is part of it" in section(compose(ended(cause=Cause.NEW_LEVEL)), "Why now")


def test_looks_of_another_day_carry_it():
    looks = (datetime(2026, 10, 16, 19, 45, tzinfo=UTC), datetime(2026, 10, 19, 14, 15, tzinfo=UTC))
    said = section(compose(event(), around(looks=looks)), "Next looks")
    assert said == "15:45, 2026-10-19 10:15 New York."


def test_every_measure_has_its_words_and_the_unit_that_it_is_measured_in():
    """Held against `pricing`: a new measure needs words here."""
    for name, unit in units(Settings()).items():
        words = described(name)
        assert words.name != name
        assert words.unit == unit
    activity = Activity(*(1.0 for _ in Activity.__dataclass_fields__))
    for name, measure in of_activity(activity, activity).items():
        assert (described(name).unit, described(name).subject) == (measure.unit, ACTIVITY)
    assert described("skew_ratio_30d_90_110").subject == DEMAND
    assert described("something_new").name == "something_new"
