"""What a channel sends next, as a table: order, grace, digests, combined episodes, pauses, a clock set back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.message import Kind
from alerts.pace import Bucket, Pace, Rate
from alerts.queue import Move, choose
from alerts.values import stamp
from tests.alerts.make import BEGIN, dice

PACE = Pace(few=3, grace=5.0)


def row(place, alert="a", kind=Kind.FIRED, *, age=60.0, wait=0.0, attempts=0, updated=None, episode=None):
    created = BEGIN - timedelta(seconds=age)
    return {
        "dedup": f"d{place}",
        "place": place,
        "alert": alert,
        "episode": f"e-{alert}" if episode is None else episode,
        "kind": kind.value,
        "attempts": attempts,
        "created_at": stamp(created),
        "next_at": stamp(BEGIN + timedelta(seconds=wait)) if wait else stamp(created),
        "updated_at": stamp(BEGIN + timedelta(seconds=updated)) if updated else stamp(created),
    }


def chosen(waiting, *, held=(), settled=True, now=BEGIN):
    choice = choose(waiting, held, now, PACE, settled=settled)
    return choice.move, [each["place"] for each in choice.rows]


FIRED, RESOLVED, ESCALATED, REMINDER = Kind.FIRED, Kind.RESOLVED, Kind.ESCALATED, Kind.REMINDER


@pytest.mark.parametrize(
    ("waiting", "move", "places"),
    [
        pytest.param([], Move.WAIT, [], id="nothing waits"),
        pytest.param([row(1)], Move.SEND, [1], id="one is sent"),
        pytest.param([row(1), row(2, "b"), row(3, "c")], Move.SEND, [1], id="a few are sent one by one"),
        pytest.param([row(at, str(at)) for at in range(4)], Move.DIGEST, [0, 1, 2, 3], id="more are one digest"),
        pytest.param([row(1, wait=9, attempts=1), row(2)], Move.WAIT, [], id="an alert keeps its order"),
        pytest.param([row(1, wait=9, attempts=1), row(2, "b")], Move.SEND, [2], id="another does not wait"),
        pytest.param([row(1), row(2, kind=RESOLVED)], Move.COMBINE, [1, 2], id="began and ended unsent"),
        pytest.param(
            [row(1), row(2, kind=ESCALATED), row(3, kind=RESOLVED)], Move.COMBINE, [1, 2, 3], id="with all between"
        ),
        pytest.param([row(1), row(2, kind=ESCALATED)], Move.SEND, [1], id="an escalation waits for its beginning"),
        pytest.param([row(1, kind=RESOLVED), row(2, episode="e-2")], Move.SEND, [1], id="an end, a beginning"),
        pytest.param(
            [row(1), row(2, kind=RESOLVED), row(3, episode="e-2")], Move.COMBINE, [1, 2], id="only of the same episode"
        ),
        pytest.param([row(1, attempts=5), row(2, "b")], Move.SEND, [2], id="the least tried goes first"),
        pytest.param(
            [row(1, wait=99, attempts=2), *(row(at, str(at)) for at in range(2, 5))], Move.DIGEST, [1, 2, 3, 4],
            id="what waits out a pause joins the digest",
        ),
        pytest.param(
            [row(1, wait=99), *(row(at, str(at)) for at in range(2, 5))], Move.SEND, [2], id="quiet hours do not"
        ),
        pytest.param(
            [row(1, wait=99), *(row(at) for at in range(2, 6))], Move.WAIT, [], id="nor what comes after it"
        ),
        pytest.param(
            [row(1, "d", Kind.DIGEST), *(row(at, str(at)) for at in range(2, 6))], Move.SEND, [1], id="not nested"
        ),
        pytest.param([row(1, wait=9999, attempts=3, updated=60)], Move.SEND, [1], id="the clock was set back"),
    ],
)  # fmt: skip
def test_the_choice(waiting, move, places):
    assert chosen(waiting) == (move, places)


def test_what_follows_a_digest_waits_for_it():
    assert chosen([row(1), row(2, "b")], held={"a"}) == (Move.SEND, [2])
    assert chosen([row(1)], held={"a"}) == (Move.WAIT, [])


@pytest.mark.parametrize(
    ("age", "settled", "move"), [(1, True, Move.SEND), (1, False, Move.WAIT), (6, False, Move.SEND)]
)
def test_a_message_waits_for_others_unless_none_is_coming(age, settled, move):
    assert chosen([row(1, age=age)], settled=settled)[0] is move


def test_it_says_when_to_come_back():
    def until(waiting, *, settled=True):
        return choose(waiting, (), BEGIN, PACE, settled=settled).until

    assert until([]) is None
    assert until([row(1, wait=9, attempts=1), row(2), row(3, "b", wait=7, attempts=1)]) == BEGIN + timedelta(seconds=7)
    assert until([row(1, age=1)], settled=False) == BEGIN + timedelta(seconds=4)
    assert until([row(1, age=1, wait=30)], settled=False) == BEGIN + timedelta(seconds=30)


def test_pauses_are_full_jitter_from_two_seconds_to_a_quarter_of_an_hour():
    """Brooker 2015: uniform on 0 to min(cap, base 2^n); mean half the ceiling."""
    random, pace = dice(1), Pace()
    for failures, ceiling in ((1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (60, 900)):
        drawn = [pace.pause(failures, None, random).total_seconds() for _ in range(2000)]
        assert max(drawn) <= ceiling
        assert sum(drawn) / len(drawn) == pytest.approx(ceiling / 2, rel=0.05)
    assert [pace.pause(3, None, dice(7)) for _ in range(3)] == [pace.pause(3, None, dice(7))] * 3


def test_what_the_other_side_asks_for_is_honoured():
    random, pace = dice(1), Pace()
    assert pace.pause(1, 30.0, random) == timedelta(seconds=30)
    assert pace.pause(1, 1e9, random) == timedelta(hours=6)
    assert pace.pause(1, -5.0, random) <= timedelta(seconds=2)
    assert pace.pause(1, float("nan"), random) <= timedelta(seconds=2)


def test_a_message_is_given_up_after_a_day_but_not_by_a_jump_of_the_clock():
    pace = Pace()
    day = BEGIN + timedelta(hours=24)
    assert pace.hopeless(BEGIN, day, 10)
    assert not pace.hopeless(BEGIN, day, 9)
    assert not pace.hopeless(BEGIN, day - timedelta(seconds=1), 500)


def test_a_bucket_gives_a_burst_and_then_one_a_second():
    bucket = Bucket(Rate(per_second=1.0, burst=2))
    for _ in range(2):
        assert bucket.free_at(BEGIN) == BEGIN
        bucket.take(BEGIN)
    assert bucket.free_at(BEGIN) == BEGIN + timedelta(seconds=1)
    assert bucket.free_at(BEGIN - timedelta(days=1)) == BEGIN - timedelta(days=1) + timedelta(seconds=1)  # set back
    later = BEGIN - timedelta(days=1) + timedelta(seconds=1)
    assert bucket.free_at(later) == later
    with pytest.raises(ValueError, match="per_second > 0"):
        Bucket(Rate(per_second=0.0))
