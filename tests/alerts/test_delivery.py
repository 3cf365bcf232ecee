"""The outbox under every fault of a channel (P1, P2, P5, P7): a real database, a standing clock, failing channels."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import pytest

from alerts import outbox, silences, tables
from alerts.channel import DeliveryError, Receipt
from alerts.delivery import Deliverer
from alerts.flight import probe
from alerts.health import Look
from alerts.message import Kind
from alerts.outbox import Entry
from alerts.pace import Pace, Rate
from alerts.slot import look_at
from tests.alerts.make import BEGIN, Clock, Desk, Recorder, blind, busy, dice, message, reading, refused, rule, words

FREE = Rate(per_second=1e6, burst=10**6)
OVER, UNDER = 195.0, 100.0


class Bench:
    """A store, a clock and a deliverer."""

    def __init__(self, *channels, fallback=(), rates=None, path=None, **pace):
        self.desk, self.clock = Desk(path).make(), Clock()
        self.channels = channels or (Recorder(),)
        rates = {channel.name: FREE for channel in self.channels} if rates is None else rates
        self.pace, self.fallback = Pace(rates=rates, **pace), fallback
        self.restart()

    def restart(self):
        self.deliverer = Deliverer(
            self.desk, self.channels, self.clock, dice(3), pace=self.pace, fallback=self.fallback
        )

    def post(self, *messages, alert="a", episode="e", channels=None, **more):
        names = [channel.name for channel in self.channels] if channels is None else channels
        with self.desk.writing() as connection:
            entries = [
                Entry(
                    message=each, channels=names, alert=alert, episode=episode, labels={"symbol": each.symbol}, **more
                )
                for each in messages
            ]
            return outbox.enqueue(connection, entries, self.clock())

    def slot(self, at, x, made=None, **more):
        found = blind(at, **more) if x is None else reading(at, x, **more)
        names = [channel.name for channel in self.channels]
        return self.desk.slot([made or rule(**{"for": 1})], [found], self.clock(), names)

    def drain(self, **more):
        return self.deliverer.drain(**more)

    def states(self):
        return [state for (state,) in self.desk.outbox("state")]

    def until_quiet(self, *, most=500):
        """Move the clock from one due time to the next until nothing is due; return the number of passes."""
        for number in range(most):
            due = self.drain().next_due
            if due is None:
                return number
            self.clock.at = max(self.clock.at, due)
        raise AssertionError("it never ends")


def subjects(channel):
    return [each.subject for each in channel.sent]


def test_a_message_is_sent_once_and_its_receipt_kept():
    bench = Bench()
    bench.post(message())
    assert bench.drain().outcomes["sent"] == 1
    assert bench.drain().outcomes["sent"] == 0
    assert bench.desk.outbox("state", "reason", "attempts", "ambiguous") == [("sent", "ok 1", 1, 0)]
    assert bench.desk.rows(tables.attempts, "number", "outcome", "detail") == [(1, "sent", "ok 1")]
    assert bench.drain().next_due is None


def test_the_same_message_again_is_the_same_and_another_episode_is_not():
    bench = Bench()
    bench.post(message())
    bench.post(message())
    bench.post(message(), episode="e-2")
    bench.drain()
    assert len(bench.channels[0].sent) == 2
    assert len({each.dedup for each in bench.channels[0].sent}) == 2


def test_every_channel_gets_it_under_a_key_of_its_own():
    bench = Bench(Recorder("slack"), Recorder("email"))
    bench.post(message())
    bench.drain()
    one, other = (channel.sent[0] for channel in bench.channels)
    assert one.id == other.id
    assert one.dedup != other.dedup


def test_fire_resolve_fire_again_is_never_swallowed():
    bench = Bench()
    for at, x in enumerate([OVER, UNDER, *[UNDER] * 7, OVER]):
        bench.slot(at, x)
        bench.drain()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED, Kind.RESOLVED, Kind.FIRED]


def test_a_failure_that_may_pass_is_tried_again_under_the_same_key():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")] * 3))
    bench.post(message())
    bench.until_quiet()
    (channel,) = bench.channels
    assert channel.tried == [("a-1", 1), ("a-1", 2), ("a-1", 3), ("a-1", 4)]
    assert bench.states() == ["sent"]
    outcomes = bench.desk.rows(tables.attempts, "number", "outcome")
    assert outcomes == [(1, "failed"), (2, "failed"), (3, "failed"), (4, "sent")]


def test_retry_after_is_honoured_by_the_whole_channel():
    bench = Bench(Recorder(errors=[busy(retry_after=40.0)]))
    bench.post(message("a-1"), alert="a")
    bench.post(message("a-2"), alert="b")
    assert bench.drain().next_due == BEGIN + timedelta(seconds=40)
    bench.clock.move(seconds=39)
    bench.drain()
    assert bench.channels[0].sent == []
    bench.clock.move(seconds=1)
    bench.drain()
    assert len(bench.channels[0].sent) == 2


def test_a_clock_that_is_set_back_does_not_make_a_pause_longer():
    bench = Bench(Recorder(errors=[busy(retry_after=3600.0)]))
    bench.post(message())
    bench.drain()
    bench.clock.move(days=-1)
    bench.drain()
    assert len(bench.channels[0].sent) == 1


def test_a_message_is_tried_for_a_day_and_then_dead_and_told_elsewhere():
    slack, console = Recorder("slack", errors=[DeliveryError("HTTP 500")] * 10_000), Recorder("console")
    bench = Bench(slack, console, fallback=("console",))
    bench.post(message(), channels=["slack"])
    bench.until_quiet()
    assert bench.states() == ["dead", "sent"]
    assert timedelta(hours=24) <= bench.clock.at - BEGIN < timedelta(hours=24, minutes=16)
    assert 90 < len(slack.tried) < 300
    assert subjects(console) == ["Not delivered by slack: IWM: a-1"]
    assert "given up after" in bench.desk.outbox("reason")[0][0]


def test_a_refusal_for_good_is_dead_at_once_and_told_elsewhere_with_all_it_said():
    bench = Bench(
        Recorder("slack", errors=[refused("HTTP 404 no_service")]), Recorder("console"), fallback=("slack", "console")
    )
    bench.post(message(sections=(("Measured", "1.79"),)), channels=["slack"])
    assert bench.drain().outcomes["dead"] == 1
    assert bench.desk.outbox("channel", "state", "reason") == [
        ("slack", "dead", "HTTP 404 no_service"),
        ("console", "sent", "ok 1"),
    ]
    (notice,) = bench.channels[1].sent
    assert notice.kind is Kind.UNDELIVERED
    assert notice.sections == (("Refused", "slack: HTTP 404 no_service"), ("Measured", "1.79"))


def test_a_refusal_of_a_refusal_ends():
    bench = Bench(Recorder("slack", [refused()] * 9), Recorder("email", [refused()] * 9), fallback=("slack", "email"))
    bench.post(message())
    bench.until_quiet()
    assert bench.desk.outbox("channel", "state") == [
        ("slack", "dead"),
        ("email", "dead"),
        ("email", "dead"),
        ("slack", "dead"),
    ]


def test_without_a_fallback_a_refusal_is_at_least_on_record():
    bench = Bench(Recorder(errors=[refused()]))
    bench.post(message())
    bench.drain()
    assert bench.states() == ["dead"]
    assert bench.desk.rows(tables.channels, "name", "failures", "error") == [("slack", 1, "HTTP 404")]


def test_what_waits_for_a_channel_that_is_gone_is_dead_and_told():
    bench = Bench(Recorder("console"), fallback=("console",))
    bench.post(message(), channels=["pager"])
    bench.drain()
    bench.drain()
    assert bench.desk.outbox("state", "reason") == [("dead", "no channel 'pager' is configured"), ("sent", "ok 1")]


def test_an_unexpected_error_is_named_by_its_type_alone():
    bench = Bench(Recorder(errors=[RuntimeError("https://hooks.example/SECRET")]))
    bench.post(message())
    bench.drain()
    assert bench.desk.rows(tables.attempts, "outcome", "detail") == [("ambiguous", "unexpected RuntimeError")]
    assert all("SECRET" not in str(row) for table in tables.metadata.sorted_tables for row in bench.desk.rows(table))


def test_first_in_first_out_for_each_alert():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")] * 2))
    bench.post(message("a-1"), message("a-2", kind=Kind.ESCALATED), message("a-3", kind=Kind.REMINDER))
    bench.post(message("a-9"), alert="other", episode="other")
    bench.until_quiet()
    sent = [each.id for each in bench.channels[0].sent]
    assert [name for name in sent if name != "a-9"] == ["a-1", "a-2", "a-3"]
    assert "a-9" in sent


def test_an_episode_that_ended_before_it_was_told_is_one_message():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")]))
    bench.slot(0, OVER)
    bench.drain()
    bench.slot(1, UNDER)
    bench.until_quiet()
    (told,) = bench.channels[0].sent
    assert told.kind is Kind.RESOLVED
    assert told.subject.endswith("(began and ended unsent)")
    assert any(heading.startswith("Before, fired") for heading, _ in told.sections)
    assert sorted(bench.states()) == ["digested", "digested", "sent"]


def test_a_combined_message_that_fails_keeps_its_place():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")] * 2))
    bench.slot(0, OVER)
    bench.drain()
    bench.slot(1, UNDER)
    bench.clock.move(hours=1)
    bench.drain()
    for at, x in enumerate([UNDER] * 6 + [OVER], 2):
        bench.slot(at, x)
    bench.until_quiet()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.RESOLVED, Kind.FIRED]


def test_five_hundred_symbols_at_once_are_one_digest():
    """P5. Each symbol's slot is a transaction of its own; the grace holds the first of them."""
    bench = Bench()
    for number in range(500):
        bench.slot(0, OVER, symbol=f"S{number:03d}")
        if number % 100 == 0:
            bench.drain(settled=False)
    assert bench.channels[0].tried == []
    assert bench.drain(settled=False).next_due == BEGIN + timedelta(seconds=5)
    bench.until_quiet()
    (told,) = bench.channels[0].sent
    assert told.kind is Kind.DIGEST
    assert told.subject.startswith("500 alerts (500 fired): S000, S001, S002, S003, S004, S005 and 494 more")
    assert "and 460 more" in told.sections[0][1]
    assert bench.states().count("digested") == 500


def test_a_digest_names_every_message_it_can():
    bench = Bench(few=3)
    for number in range(8):
        bench.slot(0, OVER, symbol=f"S{number}")
    bench.drain()
    (told,) = bench.channels[0].sent
    ids = [name for (name,) in bench.desk.rows(tables.events, "id")]
    assert all(name in told.sections[0][1] for name in ids)


def test_what_comes_after_a_digest_waits_for_it():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")] * 3), few=2)
    for symbol in ("A", "B", "C"):
        bench.slot(0, OVER, symbol=symbol)
    bench.drain()
    bench.slot(1, UNDER, symbol="A")
    bench.until_quiet()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.DIGEST, Kind.RESOLVED]


def test_after_an_outage_people_get_one_message_not_all_that_piled_up():
    slack = Recorder("slack", errors=[DeliveryError("HTTP 503")] * 8)
    bench = Bench(slack)
    for number in range(12):
        bench.slot(0, OVER, symbol=f"S{number:02d}")
        bench.drain()
        bench.clock.move(seconds=1)
    bench.until_quiet()
    assert len(slack.sent) <= 3
    assert bench.states().count("digested") >= 10


def test_a_channel_takes_one_message_a_second():
    bench = Bench(rates={})
    bench.post(message("a-1"), alert="a")
    bench.post(message("a-2"), alert="b")
    assert bench.drain().next_due == BEGIN + timedelta(seconds=1)
    assert len(bench.channels[0].sent) == 1
    bench.clock.move(seconds=1)
    bench.drain()
    assert len(bench.channels[0].sent) == 2


def test_a_late_message_says_so():
    bench = Bench()
    bench.post(message())
    bench.clock.move(minutes=42)
    bench.drain()
    (told,) = bench.channels[0].sent
    assert told.sections[0] == ("Late", "observed 10:00 EST, delayed 42 min")


def test_quiet_hours_hold_a_message_and_not_its_channel():
    bench = Bench()
    bench.post(message("a-1"), alert="a", not_before=BEGIN + timedelta(hours=9))
    bench.post(message("a-2"), alert="b")
    assert bench.drain().next_due == BEGIN + timedelta(hours=9)
    assert [each.id for each in bench.channels[0].sent] == ["a-2"]
    bench.clock.move(hours=9)
    bench.drain()
    assert [each.id for each in bench.channels[0].sent] == ["a-2", "a-1"]


class Gate(Recorder):
    """A channel that hangs until it is let go."""

    def __init__(self, name="slack", error=None):
        super().__init__(name)
        self.error = error
        self.go, self.inside = threading.Event(), threading.Event()

    def send(self, message, *, attempt) -> Receipt:
        self.tried.append((message.id, attempt))
        self.inside.set()
        self.go.wait(20)
        if self.error is not None:
            raise self.error
        self.sent.append(message)
        return Receipt("at last")


def test_a_channel_that_hangs_delays_only_itself(tmp_path):
    """P7: the other channel's message is there at once, and what comes meanwhile too."""
    gate, email = Gate(), Recorder("email")
    bench = Bench(gate, email, deadline=2.0, path=tmp_path / "alerts.db")
    bench.post(message("a-1"))
    arrived = []

    def more():
        gate.inside.wait(5)
        bench.post(message("a-2"), alert="b", channels=["email"])
        while len(email.sent) < 2 and time.monotonic() - began < 5:
            time.sleep(0.01)
        arrived.append(time.monotonic())
        gate.go.set()

    other = threading.Thread(target=more)
    began = time.monotonic()
    other.start()
    bench.drain()
    other.join(5)
    assert arrived[0] - began < 1.5
    assert bench.desk.outbox("channel", "state") == [("slack", "sent"), ("email", "sent"), ("email", "sent")]


def test_a_message_whose_reply_came_too_late_is_not_sent_again():
    gate = Gate()
    bench = Bench(gate, deadline=0.1)
    bench.post(message())
    bench.drain()
    assert bench.desk.outbox("state", "ambiguous") == [("pending", 1)]
    bench.clock.move(hours=1)
    bench.drain()  # it still hangs: nothing is begun
    gate.go.set()
    time.sleep(0.2)
    bench.drain()
    assert bench.desk.outbox("state", "reason") == [("sent", "at last")]
    assert gate.tried == [("a-1", 1)]


def test_a_failure_that_came_too_late_changes_nothing():
    gate = Gate(error=DeliveryError("HTTP 503"))
    bench = Bench(gate, deadline=0.1)
    bench.post(message())
    bench.drain()
    before = bench.desk.rows(tables.outbox)
    gate.go.set()
    time.sleep(0.2)
    bench.drain(stop=lambda: True)
    assert bench.desk.rows(tables.outbox) == before
    assert bench.desk.outbox("state", "ambiguous", "reason") == [("pending", 1, "no answer within 0.1 s")]


def test_while_a_channel_hangs_nothing_else_is_sent_on_it():
    gate = Gate()
    bench = Bench(gate, deadline=0.1)
    bench.post(message("a-1"), alert="a")
    bench.drain()
    bench.post(message("a-2"), alert="b")
    bench.clock.move(hours=1)
    assert bench.drain().next_due > bench.clock.at
    assert gate.tried == [("a-1", 1)]
    gate.go.set()


def test_a_stop_lets_what_is_in_the_air_land_and_begins_nothing():
    gate, asked = Gate(), threading.Event()
    bench = Bench(gate)
    bench.post(message("a-1"), alert="a")
    bench.post(message("a-2"), alert="b")

    def ask():
        gate.inside.wait(5)
        asked.set()
        gate.go.set()

    threading.Thread(target=ask).start()
    bench.drain(stop=asked.is_set)
    assert bench.states() == ["sent", "pending"]


def test_what_was_in_flight_when_the_process_died_is_sent_again_and_counted():
    bench = Bench()
    bench.post(message())
    with bench.desk.writing() as connection:
        (row,) = outbox.waiting(connection, "slack")
        outbox.start(connection, row, BEGIN)
    bench.drain()  # a deliverer that has begun already... takes it back at its first pass
    assert bench.desk.outbox("state", "attempts", "ambiguous") == [("sent", 2, 1)]
    assert bench.desk.rows(tables.attempts, "number", "outcome") == [(1, "ambiguous"), (2, "sent")]


def test_an_outcome_that_could_not_be_written_is_written_by_the_next_pass():
    """A full disk between sending and noting it: the message is not sent a second time."""
    bench = Bench()
    bench.post(message())
    fine, broken = bench.desk.writing, []

    def writing():
        if bench.channels[0].sent and not broken:
            broken.append(True)
            raise OSError("disk full")
        return fine()

    bench.desk.writing = writing
    with pytest.raises(OSError, match="disk full"):
        bench.drain()
    bench.drain()
    assert bench.states() == ["sent"]
    assert len(bench.channels[0].sent) == 1


def test_a_silence_keeps_back_and_its_end_tells_once():
    bench = Bench()
    with bench.desk.writing() as connection:
        silences.silence(connection, {"symbol": "I*"}, BEGIN, BEGIN + timedelta(hours=2), who="ada", why="holiday")
    bench.slot(0, OVER)
    assert bench.drain().next_due == BEGIN + timedelta(hours=2)
    assert bench.channels[0].sent == []
    assert bench.desk.outbox("state", "reason")[0][1].endswith("by ada")
    bench.until_quiet()
    (told,) = bench.channels[0].sent
    assert told.kind is Kind.REMINDER
    assert told.subject == "Still: IWM: high fired"
    bench.restart()
    bench.until_quiet()
    assert len(bench.channels[0].sent) == 1


def test_a_silence_that_ends_after_the_alert_says_nothing():
    bench = Bench()
    with bench.desk.writing() as connection:
        silences.silence(connection, {"rule": "high"}, BEGIN, BEGIN + timedelta(hours=2), who="ada", why="")
    bench.slot(0, OVER)
    bench.drain()
    bench.slot(1, UNDER)
    bench.until_quiet()
    assert bench.channels[0].sent == []
    assert bench.states() == ["suppressed", "suppressed"]


def test_a_silence_that_is_taken_back_tells_too():
    bench = Bench()
    bench.slot(0, OVER)
    bench.drain()
    with bench.desk.writing() as connection:
        made = silences.silence(connection, {"symbol": "IWM"}, BEGIN, BEGIN + timedelta(days=9), who="ada", why="")
    bench.clock.move(hours=1)
    with bench.desk.writing() as connection:
        assert silences.end(connection, made.id, bench.clock()).ends_at == bench.clock()
        assert silences.end(connection, "z-none", bench.clock()) is None
    bench.until_quiet()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED, Kind.REMINDER]


def test_what_still_waits_when_a_silence_ends_needs_no_reminder():
    bench = Bench(Recorder(errors=[busy(retry_after=3 * 3600.0)]))
    bench.slot(0, OVER)
    bench.drain()
    with bench.desk.writing() as connection:
        silences.silence(connection, {"symbol": "IWM"}, BEGIN, BEGIN + timedelta(hours=1), who="ada", why="")
    bench.until_quiet()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED]


def test_of_two_silences_the_last_to_end_tells():
    bench = Bench()
    with bench.desk.writing() as connection:
        for hours in (1, 3):
            silences.silence(
                connection, {"symbol": "IWM"}, BEGIN, BEGIN + timedelta(hours=hours), who=f"{hours}", why=""
            )
    bench.slot(0, OVER)
    bench.until_quiet()
    assert len(bench.channels[0].sent) == 1
    assert bench.clock.at == BEGIN + timedelta(hours=3)


def test_the_end_of_an_episode_that_was_silenced_is_told_where_its_beginning_was():
    bench = Bench()
    bench.slot(0, OVER)
    bench.drain()
    with bench.desk.writing() as connection:
        silences.silence(connection, {"kind": "re*"}, BEGIN, BEGIN + timedelta(hours=1), who="ada", why="")
    bench.slot(1, UNDER)
    bench.drain()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED]


@pytest.mark.parametrize(
    ("matchers", "ends", "says"),
    [
        ({}, 1, "needs something to match"),
        ({"simbol": "IWM"}, 1, "did you mean 'symbol'"),
        ({"symbol": "IWM"}, 0, "needs an end after its beginning"),
    ],
)
def test_a_silence_that_means_nothing_is_refused(matchers, ends, says):
    desk = Desk().make()
    with desk.writing() as connection, pytest.raises(ValueError, match=says):
        silences.silence(connection, matchers, BEGIN, BEGIN + timedelta(hours=ends), who="ada", why="")


def test_an_acknowledged_episode_is_not_repeated_but_its_end_is_told():
    bench, made = Bench(), rule(**{"for": 1, "repeat": 1, "escalate": 1.0, "cooldown": 1})
    (notice,) = bench.slot(0, 191.0, made)
    bench.drain()
    with bench.desk.writing() as connection:
        silences.acknowledge(connection, notice.event.episode, bench.clock(), who="ada")
    bench.slot(1, 191.0, made)
    bench.slot(2, 198.0, made)
    bench.drain()
    bench.slot(3, UNDER, made)
    bench.drain()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED, Kind.RESOLVED]
    assert bench.states() == ["sent", "suppressed", "suppressed", "sent"]


def test_an_acknowledged_episode_that_comes_back_is_told():
    bench = Bench()
    (notice,) = bench.slot(0, OVER)
    with bench.desk.writing() as connection:
        silences.acknowledge(connection, notice.event.episode, bench.clock(), who="ada")
    for at, x in enumerate([UNDER, OVER], 1):
        bench.drain()
        bench.slot(at, x)
    bench.drain()
    assert [each.kind for each in bench.channels[0].sent] == [Kind.FIRED, Kind.RESOLVED, Kind.REMINDER]


def vendor(bench, at, *, fine):
    slot = reading(at).slot
    look = Look(
        subject="vendor:cboe", symbol="", source="cboe", slot=slot, session=slot.date(), fine=fine, reason="HTTP 503"
    )
    with bench.desk.writing() as connection:
        notices = look_at(connection, look, bench.clock())
        outbox.post(connection, [(each, words(each.event)) for each in notices], ["slack"], bench.clock())


def test_a_vendor_that_is_down_speaks_for_its_symbols():
    bench = Bench()
    for at in range(3):
        vendor(bench, at, fine=False)
        for symbol in ("IWM", "SPY"):
            bench.slot(at, None, symbol=symbol)
    bench.drain()
    assert [(each.kind, each.symbol) for each in bench.channels[0].sent] == [(Kind.DATA_HEALTH, "")]
    assert bench.states() == ["sent", "suppressed", "suppressed"]
    vendor(bench, 3, fine=True)
    bench.slot(3, UNDER, symbol="IWM")  # the other one still has no data
    bench.slot(3, None, symbol="SPY")
    bench.until_quiet()
    assert [(each.kind, each.symbol) for each in bench.channels[0].sent[1:]] == [
        (Kind.RECOVERED, ""),
        (Kind.DATA_HEALTH, "SPY"),
    ]


def test_what_was_seen_before_an_outage_is_told_during_it():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503")]))
    bench.slot(0, OVER)
    bench.drain()
    for at in range(1, 4):
        bench.slot(at, None)
    bench.until_quiet()
    assert Kind.FIRED in [each.kind for each in bench.channels[0].sent]


def test_an_outage_mutes_what_is_told_during_it():
    bench = Bench()
    bench.slot(0, OVER, rule(**{"for": 1, "max_age": 99}))
    bench.drain()
    for at in range(1, 4):
        bench.slot(at, None)
    bench.drain()
    during = message("a-9", kind=Kind.REMINDER, at=reading(4).slot)
    bench.post(during, alert="x", episode="e-x")
    bench.drain()
    assert bench.desk.outbox("state", "reason")[-1] == ("suppressed", "muted: symbol:IWM")


def test_a_probe_gives_the_other_side_s_true_answer():
    assert probe(Recorder(), message(kind=Kind.TEST), 5.0).text == "ok 1"
    with pytest.raises(DeliveryError, match="HTTP 404"):
        probe(Recorder(errors=[refused()]), message(kind=Kind.TEST), 5.0)
    gate = Gate()
    with pytest.raises(DeliveryError, match=r"no answer within 0\.05 s"):
        probe(gate, message(kind=Kind.TEST), 0.05)
    gate.go.set()


def test_a_message_comes_back_from_its_json():
    made = message(sections=(("a", "b"),), facts=(("c", "d"),), charts=(("history", "s-1"),), thread="e-1")
    assert type(made).from_json(made.to_json()) == made
    with pytest.raises(ValueError, match="one line"):
        message("two\nlines")
    with pytest.raises(ValueError, match="time zone"):
        message(at=datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
