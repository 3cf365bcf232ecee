"""Alerts in the monitor's own store: one writing of values, one check, one transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from alerts import crash, outbox, values
from alerts.delivery import Deliverer
from alerts.slot import evaluate
from monitor.store import FILE, Store
from monitor.store import values as theirs
from monitor.store.check import check
from tests.alerts.make import BEGIN, Clock, Recorder, dice, reading, rule, words

instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds it
content = st.lists(st.none() | st.text(max_size=9) | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False))


@given(instants, st.integers(-12, 12))
def test_instants_are_written_as_in_the_rest_of_the_store(when, hours):
    elsewhere = when.astimezone(timezone(timedelta(hours=hours)))
    assert values.stamp(elsewhere) == theirs.stamp(when)
    assert values.instant(values.stamp(when)) == when


@given(content)
def test_rows_are_sealed_as_in_the_rest_of_the_store(row):
    assert values.seal(row) == theirs.seal(row)


def test_a_slot_and_its_delivery_in_the_store_and_its_check(tmp_path):
    channel = Recorder()
    with Store.open(tmp_path / FILE) as store:
        with store.writing() as connection:
            notices = evaluate(connection, [rule(**{"for": 1})], [reading(0, 195.0)], BEGIN)
            outbox.post(connection, [(each, words(each.event)) for each in notices], ["slack"], BEGIN)
        assert Deliverer(store, [channel], Clock(), dice(0)).drain().outcomes["sent"] == 1
        report = check(store)
        assert report.problems == []
        assert report.rows["alert_events"] == report.rows["alert_outbox"] == report.rows["alert_attempts"] == 1
        with store.writing() as connection:
            connection.exec_driver_sql("UPDATE alert_outbox SET state = 'pending'")
        assert any("alert_outbox" in problem for problem in check(store).problems)
    assert len(channel.sent) == 1


def test_without_the_variable_nothing_dies(monkeypatch):
    monkeypatch.delenv(crash.VARIABLE, raising=False)
    crash.point("slot.judged")
    monkeypatch.setenv(crash.VARIABLE, "another")
    crash.point("slot.judged")
