"""Five thousand alerts in one slot: the slot's transaction stays under a second, and people get one digest."""

from __future__ import annotations

import time

from alerts import outbox, tables
from alerts.delivery import Deliverer
from alerts.message import Kind
from alerts.parse import parse
from alerts.reference import Reference
from alerts.slot import evaluate
from tests.alerts.make import BEGIN, FIRST, MEASURE, Clock, Desk, Recorder, dice, reading, words

SYMBOLS, RULES = 500, 10
CHANNELS = ("slack", "email")


def test_five_thousand_events_in_a_slot(tmp_path):
    """By the processor's time, for the machine of a test is shared; a second of it is a second of a quiet machine."""
    desk = Desk(tmp_path / "alerts.db").make()
    rules = parse(
        [
            {"id": f"r{at}", "measure": MEASURE, "side": "high", "for": 1, "when": {"percentile": 90 + at / 2}}
            for at in range(RULES)
        ]
    )
    random = dice(1)
    pasts = [Reference.of([random.gauss(1.5, 0.1) for _ in range(252)], FIRST, "m1") for _ in range(SYMBOLS)]
    looks = [reading(0, 9.0, symbol=f"S{at:03d}", reference=past) for at, past in enumerate(pasts)]
    began = time.process_time()
    with desk.writing() as connection:
        notices = evaluate(connection, rules, looks, BEGIN)
        outbox.post(connection, [(each, words(each.event)) for each in notices], CHANNELS, BEGIN)
    seconds = time.process_time() - began
    assert len(notices) == SYMBOLS * RULES
    assert seconds < 1.0
    channels = [Recorder(name) for name in CHANNELS]
    Deliverer(desk, channels, Clock(), dice(0)).drain()
    for channel in channels:
        (told,) = channel.sent
        assert told.kind is Kind.DIGEST
        assert told.subject.startswith("5000 alerts")
        assert len(told.to_json()) < 6000
    assert len(desk.rows(tables.references)) == SYMBOLS
