"""The table of states, row by row (design: the state machine). A row of it is a row of the tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from alerts.events import Cause
from alerts.message import Kind
from alerts.reading import Reading, Value, Verdict
from alerts.reference import Reference
from alerts.state import Phase, State, fresh, retire, step
from tests.alerts.make import FIRST, MEASURE, PAST, blind, reading, rule, span, value

NOW = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)
OVER, BETWEEN, UNDER = 195.0, 170.0, 100.0  # percentiles 97.75, 85.25 and 50.25 of `PAST`


def begin(made):
    return fresh(made, made.meaning, "IWM", MEASURE)


def run(made, values, state=None, *, per_day=1, start=0):
    """Take looks one after the other; None is a look without data. Return the phases and the events."""
    state = begin(made) if state is None else state
    phases, events = [], []
    for at, x in enumerate(values, start):
        look = blind(at, per_day=per_day) if x is None else reading(at, x, per_day=per_day)
        state, told = step(state, look, made, NOW)
        phases.append(state.phase.value[0].upper())  # I P F R
        events += [(at, each.kind.value, each.cause and each.cause.value) for each in told]
    return "".join(phases), events, state


FIRED, RESOLVED = "fired", "resolved"


@pytest.mark.parametrize(
    ("changes", "values", "phases", "events"),
    [
        ({"for": 2}, [UNDER], "I", []),
        ({"for": 2}, [OVER], "P", []),
        ({"for": 1}, [OVER], "F", [(0, FIRED, None)]),
        ({"for": 2}, [OVER, OVER], "PF", [(1, FIRED, None)]),
        ({"for": 3}, [OVER, OVER], "PP", []),
        ({"for": 2}, [OVER, BETWEEN, OVER], "PIP", []),
        ({"for": 1}, [OVER, BETWEEN, BETWEEN], "FFF", [(0, FIRED, None)]),
        ({"for": 1}, [OVER, UNDER], "FI", [(0, FIRED, None), (1, RESOLVED, "left")]),
        ({"for": 1, "keep_firing": 2}, [OVER, UNDER], "FR", [(0, FIRED, None)]),
        ({"for": 1, "keep_firing": 2}, [OVER, UNDER, BETWEEN, UNDER], "FRFR", [(0, FIRED, None)]),
        ({"for": 1, "keep_firing": 3}, [OVER, UNDER, UNDER], "FRR", [(0, FIRED, None)]),
        ({"for": 1, "keep_firing": 2}, [OVER, UNDER, UNDER], "FRI", [(0, FIRED, None), (2, RESOLVED, "left")]),
        ({"for": 3}, [OVER, None, OVER, None, OVER], "PPPPF", [(4, FIRED, None)]),
        ({"for": 1, "keep_firing": 2}, [OVER, UNDER, None, UNDER], "FRRI", [(0, FIRED, None), (3, RESOLVED, "left")]),
        ({"for": 2, "max_age": 2}, [OVER, None, None, OVER], "PPPP", []),  # the third session after: begun anew
        ({"for": 2, "max_age": 2}, [OVER, None, None, None], "PPPI", []),
        ({"for": 1, "max_age": 2}, [OVER, None, None], "FFF", [(0, FIRED, None)]),
        ({"for": 1, "max_age": 2}, [OVER, None, None, None], "FFFI", [(0, FIRED, None), (3, "expired", None)]),
        ({"for": 1, "keep_firing": 9, "max_age": 2}, [OVER, UNDER, *[None] * 3], "FRRRI",
         [(0, FIRED, None), (4, "expired", None)]),
        ({"for": 1, "max_age": 2}, [None] * 9, "I" * 9, []),
    ],
)  # fmt: skip
def test_the_table(changes, values, phases, events):
    assert run(rule(**changes), values)[:2] == (phases, events)


def test_a_pending_alert_that_was_not_seen_for_too_long_begins_anew():
    _, events, state = run(rule(**{"for": 2, "max_age": 2}), [OVER, None, None, OVER])
    assert (events, state.passing) == ([], 1)


def test_a_value_that_flaps_round_the_threshold_fires_once_and_resolves_once():
    flapping = [OVER, OVER] + [BETWEEN, OVER] * 20 + [UNDER]
    assert run(rule(), flapping)[1] == [(1, FIRED, None), (42, RESOLVED, "left")]


def test_a_value_that_swings_over_the_whole_band_makes_no_storm():
    """Closed once, opened again once, and then closed only after five sessions under the exit."""
    made = rule(**{"for": 1, "release": None})
    swings = run(made, [OVER, UNDER] * 20 + [UNDER] * 6)[1]
    assert swings == [(0, FIRED, None), (1, RESOLVED, "left"), (2, "reminder", "reopened"), (44, RESOLVED, "left")]


@pytest.mark.parametrize(("away", "episodes", "kind"), [(5, 1, "reminder"), (6, 2, FIRED)])
def test_a_reentry_within_five_sessions_is_the_same_episode(away, episodes, kind):
    made = rule(**{"for": 1})
    _, _, state = run(made, [OVER, UNDER])
    first = state.episode
    _, more, state = run(made, [OVER], state, start=1 + away)
    assert [each[1] for each in more] == [kind]
    assert len({first, state.episode}) == episodes


def test_an_episode_is_escalated_by_a_new_peak_a_step_further_out_when_the_cooldown_has_passed():
    made = rule(**{"for": 1, "escalate": 2.0, "cooldown": 3})
    values = [192.0, 195.0, 194.0, 193.0, 197.5, 193.0, 193.0]
    assert run(made, values)[1] == [(0, FIRED, None), (3, "escalated", None), (6, "escalated", None)]


def test_the_cooldown_is_of_valid_looks():
    made = rule(**{"for": 1, "escalate": 2.0, "cooldown": 3})
    assert run(made, [192.0, 195.0, None, None, 196.0, 196.0])[1][-1] == (5, "escalated", None)


def test_a_reminder_comes_after_so_many_sessions_without_a_word():
    made = rule(**{"for": 1, "repeat": 3})
    assert run(made, [OVER] * 8)[1] == [(0, FIRED, None), (3, "reminder", "repeat"), (6, "reminder", "repeat")]


def test_on_a_live_day_looks_count_and_sessions_repeat():
    made = rule(**{"for": 3, "repeat": 1})
    phases, events, _ = run(made, [OVER] * 12, per_day=4)
    assert phases == "PPFFFFFFFFFF"
    assert events == [(2, FIRED, None), (4, "reminder", "repeat"), (8, "reminder", "repeat")]


def test_the_reference_is_frozen_as_it_was_when_the_alert_became_pending():
    """Against a moving reference of which half are its own days, the same value would have left long ago."""
    made = rule()
    state = begin(made)
    told = []
    for at in range(20):
        moving = Reference(tuple(sorted((*PAST.values, *[OVER] * (40 * at)))), FIRST, "m1")
        state, events = step(state, reading(at, OVER, reference=moving), made, NOW)
        told += events
    assert [event.kind for event in told] == [Kind.FIRED]
    assert state.frozen[MEASURE].values == PAST.values
    assert told[0].measured.percentile == pytest.approx(97.75)
    assert told[0].measured.n == 200
    assert told[0].measured.percentile_now == pytest.approx(100 * (195 + 41 / 2) / 240)


def test_a_correction_of_the_past_never_fires_again():
    made = rule()
    _, _, state = run(made, [OVER, OVER])
    corrected = Reference(tuple(x + 1000 for x in PAST.values), FIRST, "m1")  # now the value would be the lowest
    after, events = step(state, reading(2, OVER, reference=corrected), made, NOW)
    assert (after.phase, events) == (Phase.FIRING, ())


def test_a_change_of_method_compares_like_with_like_and_says_nothing():
    made = rule()
    _, _, state = run(made, [OVER, OVER])
    recomputed = Reference(tuple(x + 50 for x in PAST.values), FIRST, "m2")
    after, events = step(state, reading(2, OVER + 50, reference=recomputed), made, NOW)
    assert (after.phase, events) == (Phase.FIRING, ())
    assert after.frozen[MEASURE] == recomputed
    assert after.began == state.began


def test_an_episode_is_released_as_a_new_level_and_says_nothing_more_for_five_sessions():
    made = rule()
    phases, events, state = run(made, [OVER] * 75)
    assert events == [(1, FIRED, None), (64, RESOLVED, "new_level"), (71, FIRED, None)]
    assert phases[64:72] == "IIIIIIPF"
    assert state.began == 71


def test_a_rule_without_a_reference_is_never_released():
    made = rule(when={"value": 190}, exit={"value": 180})
    assert run(made, [OVER] * 100)[1] == [(1, FIRED, None)]


def test_a_reading_that_is_not_newer_changes_nothing():
    made = rule(**{"for": 1, "repeat": 1})
    _, _, state = run(made, [OVER, OVER])
    for at in (0, 1):
        assert step(state, reading(at, UNDER), made, NOW) == (state, ())


@pytest.mark.parametrize("phase", [[OVER], [OVER, OVER], [OVER, OVER, UNDER]])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(blind, id="no data"),
        pytest.param(lambda at: reading(at, verdict=Verdict.ERROR), id="error"),
        pytest.param(lambda at: reading(at, float("nan")), id="NaN"),
        pytest.param(lambda at: reading(at, float("inf")), id="infinite"),
        pytest.param(lambda at: reading(at, None), id="no value"),
        pytest.param(lambda at: reading(at, measures={}), id="no measure"),
        pytest.param(lambda at: reading(at, measures={MEASURE: value(UNDER, usable=False)}), id="too wide"),
        pytest.param(lambda at: reading(at, measures={MEASURE: Value(value=None, low=500.0)}), id="bounded"),
    ],
)
def test_missing_or_bad_data_changes_nothing(phase, bad):
    made = rule(keep_firing=2)
    _, _, state = run(made, phase)
    assert step(state, bad(len(phase)), made, NOW) == (state, ())


def test_a_short_history_fires_nothing():
    short = Reference(PAST.values[:119], FIRST, "m1")
    made = rule(**{"for": 1})
    assert step(begin(made), reading(0, 500.0, reference=short), made, NOW)[1] == ()
    enough = Reference(PAST.values[:120], FIRST, "m1")
    assert step(begin(made), reading(0, 500.0, reference=enough), made, NOW)[1]


def test_confirmed_asks_the_near_end_of_the_envelope_too():
    sure, loose = rule(**{"for": 1}), rule(**{"for": 1, "confirmed": False})
    wide = reading(0, OVER, half=10.0)
    assert step(begin(sure), wide, sure, NOW)[1] == ()
    (event,) = step(begin(loose), wide, loose, NOW)[1]
    assert event.confirmed is False
    (event,) = step(begin(loose), reading(0, OVER, half=1.0), loose, NOW)[1]
    assert event.confirmed is True


def test_an_unconfirmed_value_keeps_an_episode_going():
    made = rule(**{"for": 1})
    state, _ = step(begin(made), reading(0, OVER), made, NOW)
    assert step(state, reading(1, OVER, half=150.0), made, NOW)[0].phase is Phase.FIRING


def test_the_low_side_is_the_mirror():
    made = rule(side="low", when={"percentile": 5}, exit={"percentile": 20})
    assert run(made, [4.0, 4.0, 20.0, 60.0])[:2] == ("PFFI", [(1, FIRED, None), (3, RESOLVED, "left")])
    assert run(made, [4.0, 4.0, 2.0])[2].peak == 2.0


def record(at, sessions, x, official, per_day=4):
    found = value(x, highest=span(sessions))
    return reading(at, per_day=per_day, official=official, measures={MEASURE: found})


@pytest.mark.parametrize(
    ("looks", "fires"),
    [([(120, True)], 0), ([(120, False)], None), ([(120, False), (120, False)], 1), ([(119, True)], None),
     ([(120, False), (90, False), (120, False)], None)],
)  # fmt: skip
def test_a_record_fires_on_one_official_close_or_two_looks(looks, fires):
    made = rule(when={"record": 120}, **{"for": {"slots": 2, "closes": 1}})
    state, fired = begin(made), None
    for at, (sessions, official) in enumerate(looks):
        state, events = step(state, record(at, sessions, OVER, official), made, NOW)
        fired = at if events else fired
    assert fired == fires


def test_a_rule_on_closes_does_not_look_between_them():
    made = rule(**{"for": {"closes": 2}})
    phases, events, _ = run(made, [OVER, UNDER, UNDER, OVER, UNDER, UNDER, UNDER, OVER], per_day=4)
    assert phases == "IIIPPPPF"
    assert [each[0] for each in events] == [7]


def test_a_rule_that_is_gone_closes_what_was_firing_and_drops_what_was_not():
    made = rule()
    _, _, pending = run(made, [OVER])
    _, _, firing = run(made, [OVER, OVER])
    assert retire(pending, Cause.CHANGED, blind(3), NOW)[1] == ()
    assert retire(pending, Cause.CHANGED, blind(3), NOW)[0].phase is Phase.INACTIVE
    closed, (event,) = retire(firing, Cause.CHANGED, blind(3), NOW)
    assert (closed.phase, event.kind, event.cause) == (Phase.INACTIVE, Kind.RULE_CHANGED, Cause.CHANGED)
    assert event.episode == firing.episode


def test_a_resolution_says_how_long_and_how_far():
    made = rule(**{"for": 1})
    _, _, state = run(made, [192.0, 198.0, 190.0])
    _, (event,) = step(state, reading(3, UNDER), made, NOW)
    assert (event.peak, event.sessions, event.slots) == (198.0, 3, 3)
    assert event.began_at == reading(0).slot
    assert event.peak_at == reading(1).slot


def test_events_are_numbered_within_their_episode_and_named_by_it():
    made = rule(**{"for": 1, "repeat": 1})
    state, events = begin(made), []
    for at, x in enumerate([OVER, OVER, UNDER]):
        state, told = step(state, reading(at, x), made, NOW)
        events += told
    assert [event.number for event in events] == [1, 2, 3]
    assert len({event.id for event in events}) == 3
    assert {event.episode for event in events} == {events[0].episode}
    again = run(made, [OVER])[2]
    assert again.episode == events[0].episode  # the same reading makes the same names


def test_nothing_but_the_stamp_depends_on_the_clock():
    made = rule(**{"for": 1, "repeat": 1})
    later = NOW.replace(year=2036)
    one, other = begin(made), begin(made)
    for at, x in enumerate([OVER, OVER, UNDER]):
        one, told = step(one, reading(at, x), made, NOW)
        other, same = step(other, reading(at, x), made, later)
        assert one == other
        assert [replace(each, created_at=NOW) for each in same] == list(told)


def test_a_reading_needs_its_instant():
    with pytest.raises(ValueError, match="needs the instant of its quotes"):
        Reading(symbol="IWM", slot=NOW, session=FIRST, number=0, verdict=Verdict.OK)
    with pytest.raises(ValueError, match="time zone"):
        Reading(symbol="IWM", slot=NOW.replace(tzinfo=None), session=FIRST, number=0, verdict=Verdict.NO_DATA)


def test_a_state_names_its_key():
    made = rule()
    assert begin(made).key == f"high:{made.meaning}:IWM:{MEASURE}:high"
    assert isinstance(begin(made), State)
