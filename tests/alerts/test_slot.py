"""A slot: rules, states, health and events in one transaction; the same again changes nothing (P3, P4, P6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import tables
from alerts.events import Cause
from alerts.health import Look
from alerts.message import Kind
from alerts.parse import parse
from alerts.persist import active, saved_states, write_states
from alerts.reading import Value, Verdict
from alerts.rows import Conflict, Damaged
from alerts.slot import evaluate, look_at, withdraw
from alerts.state import Phase
from tests.alerts.make import BEGIN, COMPANION, MEASURE, PAST, Desk, blind, reading, rule, value

OVER, UNDER = 195.0, 100.0


@pytest.fixture
def desk():
    return Desk().make()


def kinds(notices):
    return [(each.event.kind.value, each.event.measure) for each in notices]


def test_a_slot_twice_is_a_slot_once(desk):
    made = [rule(**{"for": 1})]
    assert kinds(desk.slot(made, [reading(0, OVER)], BEGIN)) == [("fired", MEASURE)]
    before = [desk.rows(table) for table in tables.metadata.sorted_tables]
    assert desk.slot(made, [reading(0, OVER)], BEGIN + timedelta(hours=9)) == ()
    assert [desk.rows(table) for table in tables.metadata.sorted_tables] == before


def test_a_slot_that_is_rolled_back_leaves_nothing(desk):
    made = [rule(**{"for": 1})]

    def fails():
        with desk.writing() as connection:
            evaluate(connection, made, [reading(0, OVER)], BEGIN)
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - nothing else is in it
        fails()
    assert all(desk.rows(table) == [] for table in tables.metadata.sorted_tables)
    assert kinds(desk.slot(made, [reading(0, OVER)], BEGIN)) == [("fired", MEASURE)]


def test_states_come_back_whole(desk):
    desk.slot([rule(**{"for": 1})], [reading(0, OVER)], BEGIN)
    with desk.reading() as connection:
        (state,) = saved_states(connection, ["IWM"])
        assert active(connection) == [state]
    assert state.frozen == {MEASURE: PAST}
    assert (state.phase, state.version, state.peak) == (Phase.FIRING, 1, OVER)


def test_both_sides_share_one_stored_reference(desk):
    made = parse([{"id": "x", "measure": MEASURE, "for": 1}, {"id": "y", "measure": MEASURE, "when": {"z": 1}}])
    desk.slot(made, [reading(0, OVER)], BEGIN)
    assert len(desk.rows(tables.references)) == 1
    assert len(desk.rows(tables.states)) == 2


def test_an_alert_that_was_never_more_than_inactive_has_no_row(desk):
    desk.slot([rule()], [reading(0, UNDER)], BEGIN)
    assert desk.rows(tables.states) == []


def test_restarts_while_firing_say_nothing(desk):
    """P6: everything is in the store, so a restart is another call with the same rules."""
    made = rule(**{"for": 1})
    desk.slot([made], [reading(0, OVER)], BEGIN)
    for at in range(1, 51):
        again = parse([{"id": "high", "measure": MEASURE, "side": "high", "for": 1, "title": f"edit {at}"}])
        assert again[0].meaning == made.meaning
        assert desk.slot(again, [reading(at, OVER)], BEGIN) == ()


def test_an_older_version_is_refused(desk):
    desk.slot([rule(**{"for": 1})], [reading(0, OVER)], BEGIN)
    with desk.reading() as connection:
        read = saved_states(connection)
    desk.slot([rule(**{"for": 1})], [reading(1, OVER)], BEGIN)
    with pytest.raises(Conflict, match="1 rows of alert_states have changed"), desk.writing() as connection:
        write_states(connection, read)
    with desk.reading() as connection:
        assert saved_states(connection)[0].version == 2


def test_a_changed_byte_is_noticed(desk):
    desk.slot([rule(**{"for": 1})], [reading(0, OVER)], BEGIN)
    with desk.writing() as connection:
        connection.exec_driver_sql("UPDATE alert_states SET phase = 'inactive'")
    with pytest.raises(Damaged, match="alert_states does not match its seal"), desk.reading() as connection:
        saved_states(connection)


def test_a_rule_that_means_something_else_closes_the_old_alert_with_one_notice(desk):
    desk.slot([rule(**{"for": 1})], [reading(0, OVER)], BEGIN)
    changed = [rule(**{"for": 1, "when": {"percentile": 97}})]
    first = desk.slot(changed, [reading(1, UNDER)], BEGIN)
    assert [(each.event.kind, each.event.cause) for each in first] == [(Kind.RULE_CHANGED, Cause.CHANGED)]
    assert desk.slot(changed, [reading(2, UNDER)], BEGIN) == ()


def test_a_rule_that_is_gone_and_a_symbol_that_is_not_watched(desk):
    made = [rule(**{"for": 1})]
    desk.slot(made, [reading(0, OVER), reading(0, OVER, symbol="SPY")], BEGIN)
    with desk.writing() as connection:
        (notice,) = withdraw(connection, ["IWM"], reading(1).session, 1, BEGIN)
        assert withdraw(connection, ["IWM"], reading(1).session, 1, BEGIN) == ()
    assert (notice.event.symbol, notice.event.cause) == ("SPY", Cause.REMOVED)
    (notice,) = desk.slot([], [blind(1)], BEGIN)
    assert (notice.event.symbol, notice.event.kind, notice.event.cause) == ("IWM", Kind.RULE_CHANGED, Cause.REMOVED)


def test_notices_go_where_and_when_the_rule_says(desk):
    made = rule(**{"for": 1, "channels": ["email"], "quiet": {"from": "09:00", "to": "11:30"}})
    (notice,) = desk.slot([made], [reading(0, OVER)], BEGIN)  # 10:00 in New York
    assert notice.channels == ("email",)
    assert notice.not_before == BEGIN.replace(hour=16, minute=30)
    assert desk.outbox("channel", "next_at") == [("email", "2026-01-05T16:30:00.000000Z")]


def carry(at, x, companion):
    measures = {MEASURE: value(x) if x is not None else Value(value=None, low=150.0), COMPANION: value(companion)}
    return reading(at, measures=measures)


def test_the_companion_speaks_only_where_the_measure_cannot_be_read(desk):
    made = [rule(**{"companion": COMPANION, "for": 1})]
    assert kinds(desk.slot(made, [carry(0, UNDER, OVER)], BEGIN)) == []
    assert kinds(desk.slot(made, [carry(1, None, OVER)], BEGIN)) == [("fired", COMPANION)]
    assert kinds(desk.slot(made, [carry(2, OVER, OVER)], BEGIN)) == []  # one of the two fires at a time
    assert kinds(desk.slot(made, [carry(3, OVER, UNDER)], BEGIN)) == [("resolved", COMPANION)]
    assert kinds(desk.slot(made, [carry(4, OVER, OVER)], BEGIN)) == [("fired", MEASURE)]
    assert kinds(desk.slot(made, [carry(5, None, OVER)], BEGIN)) == []
    assert kinds(desk.slot(made, [carry(6, UNDER, OVER)], BEGIN)) == [("resolved", MEASURE)]


def test_the_companion_speaks_where_the_measure_has_too_short_a_history(desk):
    short = value(OVER, reference=PAST.of(PAST.values[:50], PAST.session))
    made = [rule(**{"companion": COMPANION, "for": 1})]
    look = reading(0, measures={MEASURE: short, COMPANION: value(OVER)})
    assert kinds(desk.slot(made, [look], BEGIN)) == [("fired", COMPANION)]


def test_an_outage_is_told_once_after_three_looks_and_its_end_once(desk):
    def told(at, *, fine=False):
        look = reading(at, UNDER) if fine else blind(at)
        return [each.event.kind.value for each in desk.slot([rule()], [look], BEGIN)]

    assert [told(0), told(1), told(1), told(2), told(3), told(4, fine=True), told(5, fine=True)] == [
        [], [], [], ["data_health"], [], ["recovered"], [],
    ]  # fmt: skip
    assert [told(6), told(7), told(8, fine=True), told(9)] == [[], [], [], []]


def test_an_outage_says_since_when_and_why(desk):
    *_, (notice,) = [desk.slot([rule()], [blind(at)], BEGIN) for at in range(3)]
    event = notice.event
    assert (event.began_at, event.slots, event.reason) == (BEGIN, 3, "every quote is crossed")
    assert (event.alert, event.source, event.symbol) == ("symbol:IWM", "cboe", "IWM")


def test_a_vendor_has_a_health_of_its_own(desk):
    def at(number, *, fine=False):
        slot = BEGIN + timedelta(minutes=number)
        look = Look(
            subject="vendor:cboe", symbol="", source="cboe", slot=slot, session=slot.date(), fine=fine, reason="x"
        )
        with desk.writing() as connection:
            return [each.event.kind.value for each in look_at(connection, look, slot)]

    assert [at(0), at(1), at(2), at(2), at(3, fine=True)] == [[], [], ["data_health"], [], ["recovered"]]


def test_bad_data_holds_every_alert(desk):
    """P4: whatever is wrong, nothing fires and nothing resolves; after three looks the outage is told, and no more."""
    made = [rule(**{"for": 1, "max_age": 50})]
    desk.slot(made, [reading(0, OVER)], BEGIN)
    told = []
    for at in range(1, 30):
        verdict = Verdict.ERROR if at % 2 else Verdict.NO_DATA
        told += desk.slot(made, [reading(at, verdict=verdict)], BEGIN)
    assert kinds(told) == [("data_health", "")]
    assert kinds(desk.slot(made, [reading(30, OVER)], BEGIN)) == [("recovered", "")]
