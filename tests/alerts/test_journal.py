"""What people ask: events, what became of each message, how channels are doing."""

from __future__ import annotations

from datetime import timedelta

from alerts import journal
from alerts.channel import DeliveryError
from alerts.message import Kind
from alerts.outbox import Outcome, Sending
from tests.alerts.make import BEGIN, Recorder, refused, rule
from tests.alerts.test_delivery import OVER, UNDER, Bench


def test_an_event_is_found_by_its_id_and_its_attempts_are_on_record():
    bench = Bench(Recorder(errors=[DeliveryError("HTTP 503"), DeliveryError("no reply", ambiguous=True)]))
    (notice,) = bench.slot(0, OVER)
    bench.until_quiet()
    with bench.desk.reading() as connection:
        told = journal.event(connection, notice.event.id)
        assert told == notice.event
        (found,) = journal.deliveries(connection, told)
        assert journal.event(connection, "a-none") is None
    assert (found.state, found.reason, found.ambiguous) == (Sending.SENT, "ok 1", 1)
    assert [(each.number, each.outcome) for each in found.attempts] == [
        (1, Outcome.FAILED), (2, Outcome.AMBIGUOUS), (3, Outcome.SENT),
    ]  # fmt: skip
    assert found.attempts[0].ended_at == BEGIN


def test_what_went_out_with_others_fared_as_they_did():
    bench = Bench(few=1)
    notices = [bench.slot(0, OVER, symbol=symbol)[0] for symbol in ("A", "B")]
    bench.drain()
    with bench.desk.reading() as connection:
        first, second = (journal.deliveries(connection, each.event)[0] for each in notices)
    assert first == second
    assert first.message == bench.channels[0].sent[0].id
    assert bench.channels[0].sent[0].kind is Kind.DIGEST


def test_events_come_newest_first_and_by_what_is_asked():
    bench = Bench()
    for at, x in enumerate([OVER, UNDER]):
        bench.clock.at = BEGIN + timedelta(days=at)
        for symbol in ("IWM", "SPY"):
            bench.slot(at, x, rule(**{"for": 1}), symbol=symbol)
    with bench.desk.reading() as connection:
        every = journal.events(connection)
        assert [each.kind for each in every] == [Kind.RESOLVED] * 2 + [Kind.FIRED] * 2
        assert journal.events(connection, limit=1) == every[:1]
        assert len(journal.events(connection, since=BEGIN + timedelta(hours=1))) == 2
        mine = journal.events(connection, symbol="IWM")
        assert [each.kind for each in mine] == [Kind.RESOLVED, Kind.FIRED]
        assert journal.events(connection, episode=mine[0].episode) == mine


def test_a_channel_says_how_it_is_doing():
    bench = Bench(Recorder("slack", [DeliveryError("HTTP 503")]), Recorder("email", [None, refused()]))
    bench.slot(0, OVER)
    bench.drain()
    bench.clock.move(seconds=0)
    bench.slot(1, UNDER)
    bench.drain()
    with bench.desk.reading() as connection:
        slack, email, other = journal.backlog(connection, ["slack", "email", "other"])
    assert (slack.waiting, slack.dead, slack.failures, slack.error) == (2, 0, 1, "HTTP 503")
    assert slack.oldest == BEGIN
    assert slack.not_before is not None
    assert (email.waiting, email.dead, email.failures, email.error) == (0, 1, 1, "HTTP 404")
    assert email.sent_at == BEGIN
    assert (other.waiting, other.dead, other.oldest, other.sent_at) == (0, 0, None, None)
