"""The machine against an independent model of thirty lines: any order of looks, outages, restarts and clocks (P1, P6).

The model knows a percentile, not a reading; it keeps one alert in plain variables and a list of what must be told.
The program's side is a store that is read anew at each step, its outbox, and one channel.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts import silences, tables
from alerts.delivery import Deliverer
from alerts.message import Kind
from alerts.pace import Pace, Rate
from tests.alerts import make
from tests.alerts.make import BEGIN, Clock, Desk, Recorder, blind, reading

ENTER, EXIT = 95, 80
PER_DAY = 3


class Model:
    """One alert with percentiles: what ALERTS says, as briefly as it can be said."""

    def __init__(self, hold, keep, age, repeat):
        self.hold, self.keep, self.age, self.repeat = hold, keep, age, repeat
        self.phase, self.n, self.m, self.seen, self.closed, self.again = "I", 0, 0, None, None, False
        self.told, self.since, self.spoke, self.new_level = [], None, None, None

    def tick(self, day, p):  # noqa: C901 - one table, read from top to bottom
        stale = self.seen is not None and self.phase != "I" and day - self.seen > self.age
        if stale and (self.phase == "P" or p is None):
            if self.phase != "P":
                self.close(day, "expired")
            self.phase, self.n = "I", 0
        if p is None:
            return
        if self.phase in "FR":
            self.seen = day
            if day - self.began >= 63:
                self.close(day, "resolved")
                self.new_level = day
            elif p < EXIT:
                self.m, self.since = (self.m + 1, self.since) if self.phase == "R" else (1, day)
                self.phase = "R"
                if self.m >= self.keep and (not self.again or day - self.since >= 5):
                    self.close(day, "resolved")
            elif self.phase == "R":
                self.phase = "F"
            elif self.repeat and day - self.spoke >= self.repeat:
                self.say(day, "reminder")
        elif p >= ENTER and not (self.new_level is not None and day - self.new_level <= 5):
            self.phase, self.n, self.seen = "P", self.n + 1, day
            if self.n >= self.hold:
                self.again = self.closed is not None and self.new_level is None and day - self.closed <= 5
                self.began = self.began if self.again else day
                self.phase, self.n, self.new_level = "F", 0, None
                self.say(day, "reminder" if self.again else "fired")
        else:
            self.phase, self.n = "I", 0

    def say(self, day, kind):
        self.told.append(kind)
        self.spoke = day

    def close(self, day, kind):
        self.told.append(kind)
        self.phase, self.n, self.closed, self.new_level = "I", 0, day, None


class Machine(RuleBasedStateMachine):
    @initialize(
        hold=st.integers(1, 3), keep=st.integers(1, 3), age=st.integers(1, 3), repeat=st.sampled_from([None, 1, 4])
    )
    def begin(self, hold, keep, age, repeat):
        changes = {"for": hold, "keep_firing": keep, "max_age": age, "repeat": repeat}
        self.rules = [make.rule(**changes)]
        self.model = Model(hold, keep, age, repeat)
        self.desk = Desk().make()
        self.clock = Clock()
        self.channel = Recorder()
        self.at = 0
        self.looks = []
        self.silent = False  # ever: silenced messages are not sent
        self.deliverer = self.new_deliverer()

    def new_deliverer(self):
        pace = Pace(few=10**6, rates={"slack": Rate(1e9, 10**6)}, late=1e12)
        return Deliverer(self.desk, [self.channel], self.clock, make.dice(0), pace=pace)

    def day(self):
        return self.at // PER_DAY

    def look(self, found):
        self.looks.append(found)
        self.desk.slot(self.rules, [found], self.clock())

    @rule(p=st.sampled_from([20, 79, 80, 90, 95, 96, 99]))
    def tick(self, p):
        self.look(reading(self.at, 2.0 * p + 0.5, per_day=PER_DAY))
        self.model.tick(self.day(), p)
        self.at += 1

    @rule(n=st.integers(2, 12), p=st.sampled_from([20, 96]))
    def days(self, n, p):
        for _ in range(n):
            self.tick(p)
            self.at += PER_DAY - 1

    @rule(n=st.integers(1, 12))
    def no_data(self, n):
        for _ in range(n):
            self.look(blind(self.at, per_day=PER_DAY))
            self.model.tick(self.day(), None)
            self.at += 1

    @precondition(lambda self: self.looks)
    @rule(back=st.integers(1, 5))
    def a_slot_again(self, back):
        """P3: a slot that was done is done again, and nothing comes of it."""
        self.desk.slot(self.rules, [self.looks[max(-back, -len(self.looks))]], self.clock())

    @rule()
    def crash_and_reload(self):
        self.deliverer = self.new_deliverer()

    @rule(hours=st.integers(-48, 48))
    def clock_jumps(self, hours):
        self.clock.move(hours=hours)

    @rule()
    def deliver(self):
        self.deliverer.drain()

    @rule(minutes=st.integers(1, 600))
    def silence(self, minutes):
        self.silent = True
        with self.desk.writing() as connection:
            until = self.clock() + timedelta(minutes=minutes)
            silences.silence(connection, {"symbol": "IWM"}, self.clock(), until, who="t", why="")

    @rule()
    def acknowledge(self):
        self.silent = True
        with self.desk.writing() as connection:
            for state in make_states(connection):
                silences.acknowledge(connection, state.episode, self.clock(), who="t")

    @invariant()
    def the_same_is_told(self):
        if not hasattr(self, "desk"):
            return
        found = [kind for kind, _ in sorted_events(self.desk)]
        assert found == self.model.told
        with self.desk.reading() as connection:
            (phase,) = [state.phase.value[0].upper() for state in make_states(connection)] or ["I"]
        assert phase == self.model.phase

    def teardown(self):
        """In the end everything is sent or says why not; without silences each message exactly once, in order."""
        if not hasattr(self, "desk"):
            return
        self.clock.move(days=30)
        self.deliverer.drain()
        states = {state for (state,) in self.desk.outbox("state")}
        assert states <= {"sent", "suppressed", "digested"}
        assert self.silent or "suppressed" not in states
        ids = [each.id for each in self.channel.sent]
        assert len(set(ids)) == len(ids)
        if not self.silent:
            combined = "digested" in states
            kinds = [
                each.kind.value for each in self.channel.sent if each.kind not in {Kind.DATA_HEALTH, Kind.RECOVERED}
            ]
            assert combined or kinds == self.model.told


def make_states(connection):
    from alerts.persist import saved_states  # noqa: PLC0415 - beside its use

    return saved_states(connection)


def sorted_events(desk):
    """Events of the alert in the order in which they were written."""
    with desk.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT kind, alert FROM alert_events WHERE alert NOT LIKE 'symbol:%' ORDER BY rowid"
        ).all()
    return [tuple(row) for row in found]


Machine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestMachine = Machine.TestCase


def test_the_model_itself():
    """Six lines of the table by hand, so that the model is not trusted blindly."""
    model = Model(2, 2, 2, None)
    for day, p in enumerate([96, 96, 79, 85, 79, 79, 50, 96, 96]):
        model.tick(day, p)
    assert (model.told, model.phase) == (["fired", "resolved", "reminder"], "F")
    model = Model(1, 1, 2, None)
    for day, p in enumerate([96, None, None, None]):
        model.tick(day, p)
    assert model.told == ["fired", "expired"]


@pytest.mark.parametrize("seed", range(3))
def test_a_long_walk(seed):
    """Thousands of looks in a row, which short examples do not reach: releases and reopenings occur."""
    random = make.dice(seed)
    desk, made, model = Desk().make(), [make.rule(**{"for": 2, "repeat": 4})], Model(2, 1, 5, 4)
    p = 90
    for at in range(500):
        p = random.choice([30, 79, 85, 96, 97, 99]) if random.random() < 0.1 else p
        blank = random.random() < 0.1
        desk.slot(made, [blind(at) if blank else reading(at, 2.0 * p + 0.5)], BEGIN)
        model.tick(at, None if blank else p)
    assert [kind for kind, _ in sorted_events(desk)] == model.told
    assert len(model.told) > 15
    assert len(desk.rows(tables.states)) == 1
