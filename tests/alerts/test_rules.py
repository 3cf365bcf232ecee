"""Rules as data: what they mean, what keeps their meaning, and what a mistake in them says."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from alerts.defaults import SHIPPED
from alerts.judge import judge
from alerts.message import Severity
from alerts.parse import Known, RuleError, parse, problems
from alerts.reading import Value
from alerts.rules import Condition, Group, Hold, Join, Quantity, Quiet, Side, conditions, lookbacks
from tests.alerts.make import COMPANION, HUNDRED, MEASURE, PAST, reading, rule, span, value


def test_the_shipped_rules_are_those_of_the_design():
    """ALERTS, defaults: 95th and 80th with their mirrors, for 2; a record of 120; the vol regime; 120 closes."""
    rules = {(each.id, each.side): each for each in parse(SHIPPED)}
    assert len(rules) == 6
    assert {each.minimum for each in rules.values()} == {120}
    assert {each.release for each in rules.values()} == {63}
    assert {each.reopen for each in rules.values()} == {5}
    assert all(each.confirmed for each in rules.values())
    high, low = rules["extreme-high", Side.HIGH], rules["extreme-low", Side.LOW]
    assert (high.when.at, high.exit.at, high.hold) == (95, 80, Hold(slots=2))
    assert (low.when, low.exit, low.hold) == (high.when.mirrored(), high.exit.mirrored(), high.hold)
    record = rules["record-high", Side.HIGH]
    assert (record.when.quantity, record.when.at, record.hold) == (Quantity.RECORD, 120, Hold(slots=2, closes=1))
    assert rules["record-low", Side.LOW].when == record.when.mirrored()
    assert rules["regime-high", Side.HIGH].when.quantity is Quantity.REGIME_PERCENTILE


def test_a_rule_of_little_is_the_design_s_default_on_both_sides():
    high, low = parse([{"id": "x", "measure": MEASURE}])
    assert (high.when.at, high.exit.at, low.when.at, low.exit.at) == (95, 80, 5, 20)
    assert (high.side, low.side) == (Side.HIGH, Side.LOW)
    assert high.meaning != low.meaning


@pytest.mark.parametrize(
    "change",
    [
        {"title": "words"}, {"severity": "critical"}, {"channels": ["email"]}, {"symbols": ["IWM", "SPY"]},
        {"repeat": 5}, {"escalate": 0.1}, {"cooldown": 9}, {"quiet": {"from": "22:00", "to": "07:00"}}, {"id": "other"},
        {"for": 2}, {"for": {"slots": 2}}, {"confirmed": True}, {"minimum": 120}, {"when": {"percentile": 95.0}},
        {"when": {"percentile": 95, "side": "high"}}, {"release": 63},
    ],
)  # fmt: skip
def test_cosmetic_edits_keep_the_meaning(change):
    assert rule(**change).meaning == rule().meaning


@pytest.mark.parametrize(
    "change",
    [
        {"when": {"percentile": 96}}, {"exit": {"percentile": 79}}, {"for": 3}, {"for": {"slots": 2, "closes": 1}},
        {"keep_firing": 2}, {"confirmed": False}, {"minimum": 60}, {"release": None}, {"max_age": 4}, {"reopen": 0},
        {"companion": COMPANION}, {"measure": COMPANION}, {"when": {"z": 2.5}, "exit": {"z": 1.0}},
        {"when": {"change": 0.2, "sessions": 5}},
    ],
)  # fmt: skip
def test_a_change_of_meaning_changes_it(change):
    assert rule(**change).meaning != rule().meaning


def test_the_order_of_tests_means_nothing():
    one, other = {"percentile": 95}, {"measure": "atm_vol_30d", "value": 0.2}
    first, second = (rule(when={"all": tests}, exit={"percentile": 80}) for tests in ([one, other], [other, one]))
    assert first.meaning == second.meaning
    assert rule(when={"any": [one, other]}).meaning != first.meaning


def test_meanings_are_stored_and_must_never_change():
    """Alerts are found by them after an upgrade; the digest is sha256 of the JSON, computed here by hand."""
    from hashlib import sha256  # noqa: PLC0415 - the independent way

    text = (
        '{"exit":{"percentile":80.0,"side":"high"},"measures":["skew_ratio_30d_90_110"],"side":"high",'
        '"when":{"percentile":95.0,"side":"high"}}'
    )
    assert rule().meaning == sha256(text.encode()).hexdigest()[:8]


def test_thresholds_beside_each_other_must_all_hold():
    made = rule(when={"percentile": 95, "value": 1.7}, exit={"percentile": 80})
    assert isinstance(made.when, Group)
    assert made.when.join is Join.ALL
    assert [each.quantity for each in conditions(made.when)] == [Quantity.VALUE, Quantity.PERCENTILE]


def test_a_mirror_mirrors_what_it_can():
    high, low = parse(
        [{"id": "x", "measure": MEASURE, "when": {"any": [{"z": 2}, {"change": 0.1, "sessions": 3}, {"record": 60}]}}]
    )
    assert [each.at for each in conditions(low.when)] == [-2, -0.1, 60]
    assert {each.side for each in conditions(low.when)} == {Side.LOW}
    assert low.mirrored() == high


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"measur": "x"}, "rules[0].measur: unknown key 'measur'; did you mean 'measure'?"),
        ({"measure": "skew_ratio_30d_90_11"}, "got 'skew_ratio_30d_90_11'; did you mean 'skew_ratio_30d_90_110'?"),
        ({"side": "hihg"}, "rules[0].side: needs one of both, high, low, got 'hihg'; did you mean 'high'?"),
        ({"when": {"percentile": 5}}, "needs a percentile over 50 on the high side, got 5; 95, or side: low"),
        ({"when": {"percentile": 101}}, "needs a percentile between 0 and 100, got 101"),
        ({"when": {"percentile": "95"}}, "rules[0].when.percentile: needs a number, got '95'"),
        ({"when": {"percentile": True}}, "needs a number, got True"),
        ({"when": 95}, "rules[0].when: needs a threshold such as {percentile: 95}, or all or any of several, got 95"),
        ({"when": {"all": []}}, "rules[0].when.all: needs a list of thresholds, got []"),
        ({"when": {"all": [{"percntile": 95}]}}, "rules[0].when.all[0].percntile: unknown key"),
        ({"when": {"change": 0.1}}, "rules[0].when.sessions: needs a whole number of 1 or more, got None"),
        ({"when": {"percentile": 95, "sessions": 3}}, "rules[0].when.sessions: belongs to a change, got 3"),
        ({"when": {"record": 0.5}}, "needs a whole number of 1 or more, got 0.5"),
        ({"exit": {"percentile": 97}}, "needs a percentile no further out than the 95 that begins it, got 97"),
        ({"side": "both", "when": {"value": 1.7}}, "a value has no mirror image"),
        ({"for": 0}, "rules[0].for: needs a whole number of 1 or more, got 0"),
        ({"for": {"slots": None}}, "needs a number, or slots, closes or both"),
        ({"for": True}, "needs a whole number of 1 or more, got True"),
        ({"confirmed": "yes"}, "needs true or false, got 'yes'"),
        ({"severity": "warn"}, "needs one of info, warning, critical, got 'warn'; did you mean 'warning'?"),
        ({"symbols": "IWM"}, "needs a list of names, got 'IWM'; symbols: [IWM]"),
        ({"channels": ["slck"]}, "needs a name that is known here, got 'slck'; did you mean 'slack'?"),
        ({"escalate": -1}, "needs a step over 0"),
        ({"quiet": {"from": 1320, "to": "07:00"}}, 'needs a time in quotes, got 1320; from: "22:00"'),
        ({"quiet": {"from": "22:00", "to": "22:00"}}, "needs an end other than its beginning"),
        ({"quiet": {"from": "22", "to": "7pm"}}, 'rules[0].quiet.to: needs a time such as "22:00", got \'7pm\''),
        ({"quiet": {"from": "22:00", "to": "07:00", "zone": "Mars"}}, "needs a time zone such as America/New_York"),
        ({"quiet": "22:00-07:00"}, "rules[0].quiet: needs from and to, got '22:00-07:00'"),
        ({"title": "two\nlines"}, "needs one line of text"),
        ({"id": "a:b"}, "needs a name without : and |, got 'a:b'"),
        ({"release": 0}, "needs a whole number of 1 or more, got 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_what_was_meant(document, says):
    base = {"id": "x", "measure": MEASURE, "side": "high"}
    found = [
        str(each) for each in problems([base | document], Known([MEASURE, COMPANION], ["slack", "email"], ["IWM"]))
    ]
    assert any(says in each for each in found), found


def test_rules_that_are_no_list_or_no_mapping():
    assert "needs a list of rules" in str(problems({"id": "x"})[0])
    assert "rules[0]: needs keys with values below it, got 3" in str(problems([3])[0])


def test_an_id_twice_on_a_side_is_refused_and_all_mistakes_are_counted():
    with pytest.raises(RuleError, match=r"'x' is there twice on the high side.*\(and 1 more\)") as caught:
        parse([{"id": "x", "measure": MEASURE}, {"id": "x", "measure": COMPANION}])
    assert len(caught.value.problems) == 2


def test_a_rule_says_which_earlier_closes_it_compares_with():
    made = parse(
        [
            {"id": "a", "measure": MEASURE, "companion": COMPANION, "when": {"change": 0.2, "sessions": 5}},
            {
                "id": "b",
                "measure": MEASURE,
                "side": "high",
                "when": {"all": [{"change": 1, "sessions": 2, "measure": "iwm_close"}]},
            },
        ]
    )
    assert lookbacks(made) == {(MEASURE, 5), (COMPANION, 5), ("iwm_close", 2)}


def asked(when, x, *, side="high", confirmed=False, measures=None, **more):
    made = rule(side=side, when=when, exit=when, confirmed=confirmed)
    measures = {MEASURE: value(x, **more)} if measures is None else measures
    return judge(made, MEASURE, reading(0, measures=measures)).enters


@pytest.mark.parametrize(
    ("when", "x", "more", "answer"),
    [
        ({"value": 1.7}, 1.7, {}, True),
        ({"value": 1.7}, 1.69, {}, False),
        ({"z": 1.3}, 200.0, {}, True),  # median 99.5, MAD 50: z = 100.5 / 74.13 = 1.356
        ({"z": 1.4}, 200.0, {}, False),
        ({"change": 10, "sessions": 5}, 110.0, {"earlier": {5: 100.0}}, True),
        ({"change": 10, "sessions": 5}, 110.0, {"earlier": {5: 100.1}}, False),
        ({"change": 10, "sessions": 5}, 110.0, {}, None),
        ({"record": 60}, 1.0, {"highest": span(60)}, True),
        ({"record": 60}, 1.0, {"highest": span(59)}, False),
        ({"record": 60}, 1.0, {}, None),
        ({"regime_percentile": 95}, 1.0, {}, None),
        ({"percentile": 95}, 1.0, {"reference": None}, None),
    ],
)
def test_every_quantity(when, x, more, answer):
    assert asked(when, x, **more) is answer


def test_the_near_end_decides_what_is_confirmed():
    assert asked({"value": 1.7}, 1.75, confirmed=True, half=0.06) is False
    assert asked({"value": 1.7}, 1.75, confirmed=True, half=0.04) is True
    assert asked({"value": -1.7}, -1.75, side="low", confirmed=True, half=0.06) is False
    assert asked({"record": 60}, 1.0, confirmed=True, highest=span(80, near=59)) is False
    assert asked({"change": 10, "sessions": 5}, 111.0, confirmed=True, half=2.0, earlier={5: 100.0}) is False


def test_of_several_what_is_known_decides_where_the_rest_cannot_change_it():
    def two(join, **other):
        tests = [{"value": 1.0}, {"value": 1.0, "measure": "other"}]
        measures = {MEASURE: Value(value=2.0), **({"other": Value(**other)} if other else {})}
        return asked({join: tests}, None, measures=measures)

    assert two("any") is True
    assert two("all") is None
    assert two("all", value=0.5) is False
    assert two("all", value=1.5) is True
    assert two("all", value=1.5, usable=False) is None


def test_a_condition_may_look_at_the_other_side_of_another_measure():
    made = rule(when={"all": [{"percentile": 95}, {"measure": "return_5d", "value": -0.05, "side": "low"}]})
    measures = {MEASURE: value(198.0), "return_5d": Value(value=-0.06)}
    assert judge(made, MEASURE, reading(0, measures=measures)).enters is True
    measures["return_5d"] = Value(value=-0.04)
    assert judge(made, MEASURE, reading(0, measures=measures)).enters is False


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-07-01T02:30", "2026-07-01T11:00"),  # 22:30 the evening before in New York
        ("2026-07-01T10:59", "2026-07-01T11:00"),
        ("2026-07-01T11:00", None),
        ("2026-07-01T15:00", None),
        ("2026-11-01T03:00", "2026-11-01T12:00"),  # the night in which summer time ends
    ],
)
def test_quiet_hours_end_in_the_morning_of_their_zone(now, until):
    quiet = Quiet(begin=time(22), end=time(7), zone="America/New_York")
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert quiet.until(at) == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_quiet_hours_within_a_day():
    quiet = Quiet(begin=time(12), end=time(13), zone="UTC")
    noon = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert quiet.until(noon) == noon.replace(hour=13, minute=0)
    assert quiet.until(noon.replace(hour=13)) is None


def test_everything_a_rule_says_is_read():
    (made,) = parse(
        [
            {
                "id": "x", "title": "t", "measure": MEASURE, "companion": COMPANION, "side": "low", "when": {"z": -2},
                "exit": {"z": -1}, "for": {"closes": 2}, "keep_firing": 3, "repeat": 4, "escalate": 0.5, "cooldown": 0,
                "reopen": 0, "release": None, "max_age": 9, "minimum": 60, "confirmed": False, "severity": "critical",
                "symbols": ["IWM"], "channels": ["slack"], "quiet": {"from": "22:00", "to": "07:00"},
            }
        ]
    )  # fmt: skip
    assert (made.measures, made.hold, made.keep_firing) == ((MEASURE, COMPANION), Hold(slots=None, closes=2), 3)
    assert (made.repeat, made.escalate, made.cooldown, made.reopen, made.release) == (4, 0.5, 0, 0, None)
    assert (made.max_age, made.minimum, made.confirmed, made.severity) == (9, 60, False, Severity.CRITICAL)
    assert (made.symbols, made.channels, made.quiet.end) == (("IWM",), ("slack",), time(7))
    assert made.when == Condition(quantity=Quantity.Z, at=-2, side=Side.LOW)
    assert made.watches("IWM")
    assert not made.watches("SPY")


def test_the_past_of_these_tests_is_what_they_say():
    assert PAST.percentile(190.0) == 95.25
    assert len(HUNDRED) == 200
