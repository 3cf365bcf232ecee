"""What is saved comes back as it was; which snapshot makes a session's official point; what stands where rows meet."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from string import hexdigits
from types import MappingProxyType

import numpy as np
import pytest
import sqlalchemy as sa

from monitor.errors import Failure
from monitor.store import FILE, Event, Gap, Import, Origin, Point, Price, Reading, Store, read, tables, write
from monitor.store.values import seal, stamp
from pricing.dividends import Dividend
from pricing.reasons import Level
from pricing.snapshot import Measure, Quality
from tests.monitor.saved import INPUTS, at, content, payload, simulated, snapshot
from tests.monitor.snapshots import HEADLINE

DAY = date(2026, 6, 18)
CLOSE = at("2026-06-18T19:45:00")  # 15:45 in New York


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / FILE) as opened:
        yield opened


def keep(store, taken, origin=Origin.LIVE, inputs=INPUTS, **changes):
    fetched = payload(fetched_at=taken.fetched_at, **changes)
    with store.writing() as connection:
        return write.save(connection, fetched, taken, inputs, origin)


def record(store, *points):
    with store.writing() as connection:
        write.record_points(connection, points)


def ask(store, question, *arguments, **named):
    with store.reading() as connection:
        return question(connection, *arguments, **named)


def official(store, measure=HEADLINE):
    return ask(store, read.points, "IWM", measure)


def point(**changes):
    usual = Point("IWM", HEADLINE, DAY, "hist", "1-0a1b2c3d", 1.5, 1.4, 1.6, "ratio", Level.OK, Origin.BACKFILLED)
    return usual._replace(**changes)


def test_a_snapshot_comes_back_as_it_was(store):
    fetched, inputs, taken = simulated()
    with store.writing() as connection:
        name = write.save(connection, fetched, taken, inputs, Origin.LIVE)
    found = ask(store, read.find, name)
    assert found.snapshot == replace(taken, smiles=())
    assert list(found.snapshot.measures) == list(taken.measures)
    assert (found.payload_sha256, found.origin) == (fetched.sha256, Origin.LIVE)
    assert ask(store, read.inputs, found.inputs_sha256) == inputs
    assert ask(store, read.find, "s-0000000000") is None


def test_twice_is_once(store):
    name = keep(store, snapshot())
    before = content(store)
    assert keep(store, snapshot()) == name
    assert content(store) == before


def test_an_id_is_made_of_the_content(store):
    """Of what made the snapshot; not of its numbers, whose last digit another machine may write differently."""
    name = keep(store, snapshot())
    assert name.startswith("s-")
    assert len(name) == 12
    assert set(name[2:]) <= set(hexdigits)
    assert keep(store, snapshot(headline=Measure(9.0, 8.0, 10.0, "ratio", Level.OK))) == name
    others = {
        keep(store, snapshot(method="2-0a1b2c3d")),
        keep(store, snapshot(), inputs=replace(INPUTS, rates_source="fred")),
        keep(store, snapshot(as_of=CLOSE, fetched_at=snapshot().fetched_at)),
        keep(store, snapshot(), body=b"{}"),
    }
    assert len(others | {name}) == 5


def test_a_taken_id_grows(store, monkeypatch):
    digests = iter(["ab" * 32, "ab" * 5 + "cd" * 27, "ab" * 5 + "cd" * 3 + "ef" * 24])
    monkeypatch.setattr(write, "_digest", lambda *_: next(digests))
    names = [keep(store, snapshot(fetched_at=CLOSE + timedelta(seconds=second))) for second in range(3)]
    assert names == ["s-" + "ab" * 5, "s-" + "ab" * 5 + "cd" * 3, "s-" + "ab" * 5 + "cd" * 3 + "ef" * 24]


def test_a_snapshot_of_another_payload_is_refused(store):
    with store.writing() as connection, pytest.raises(ValueError, match="not of the payload"):
        write.save(connection, payload(fetched_at=CLOSE), snapshot(), INPUTS, Origin.LIVE)


def test_the_first_after_the_hour_is_official_in_whatever_order_they_are_saved(tmp_path):
    seconds = (-1, 0, 1800, 1801)  # before 15:45, at it, and the close that two looks share
    looks = [
        snapshot(as_of=CLOSE + timedelta(seconds=min(s, 1800)), fetched_at=CLOSE + timedelta(seconds=s))
        for s in seconds
    ]
    for number, order in enumerate(permutations(looks)):
        with Store.open(tmp_path / f"{number}.db") as store:
            ids = {one.fetched_at: keep(store, one) for one in order}
            points = official(store)
            assert [(each.session, each.as_of) for each in points] == [(DAY, CLOSE)]
            assert points[0].snapshot_id == ids[CLOSE]


def test_before_the_hour_there_is_no_point(store):
    keep(store, snapshot(as_of=CLOSE - timedelta(microseconds=1)))
    assert official(store) == []
    assert ask(store, read.latest, "IWM").session is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_data_before_none_and_live_before_backfilled(store, order):
    looks = [
        (snapshot(as_of=CLOSE, status=Quality.NO_DATA), Origin.LIVE),
        (snapshot(as_of=CLOSE + timedelta(seconds=1)), Origin.BACKFILLED),
        (snapshot(as_of=CLOSE + timedelta(seconds=2)), Origin.LIVE),
    ]
    ids = {index: keep(store, *looks[index]) for index in order}
    assert [each.snapshot_id for each in official(store)] == [ids[2]]


def test_a_session_without_data_has_points_that_say_why(store):
    keep(store, snapshot(as_of=CLOSE, status=Quality.NO_DATA))
    missing = official(store, "zero_cost_collar_30d_110")
    assert [(each.value, each.status, each.reason) for each in missing] == [(None, Level.MISSING, "no_solution")]


def test_sources_and_methods_have_points_of_their_own(store):
    for source, method in (("cboe", "1-a"), ("cboe", "2-a"), ("yahoo", "1-a")):
        keep(store, snapshot(as_of=CLOSE, source=source, method=method))
    found = ask(store, read.series, "IWM", HEADLINE)
    assert list(zip(found.source, found.method, strict=True)) == [("cboe", "1-a"), ("cboe", "2-a"), ("yahoo", "1-a")]
    assert ask(store, read.series, "IWM", HEADLINE, source="cboe", method="2-a").session.size == 1
    assert ask(store, read.series, "SPY", HEADLINE).session.size == 0


def test_a_series_as_columns(store):
    record(
        store,
        point(session=date(2026, 6, 22), value=math.nan, low=1.3, high=None, status=Level.BOUNDED, reason="no_bid"),
        point(),
        point(session=date(2026, 6, 17), value=0.1 + 0.2),
    )
    found = ask(store, read.series, "IWM", HEADLINE)
    assert found.session.tolist() == [date(2026, 6, 17), DAY, date(2026, 6, 22)]
    np.testing.assert_array_equal(found.value, [0.1 + 0.2, 1.5, math.nan])
    np.testing.assert_array_equal(found.low, [1.4, 1.4, 1.3])
    np.testing.assert_array_equal(found.high, [1.6, 1.6, math.nan])
    assert found.status.tolist() == ["ok", "ok", "bounded"]
    assert found.origin.tolist() == ["backfilled"] * 3
    since = ask(store, read.series, "IWM", HEADLINE, since=DAY, until=DAY)
    assert since.session.tolist() == [DAY]
    assert official(store)[-1].reason == "no_bid"


def test_the_last_import_stands_but_not_before_what_was_seen_live(store):
    record(store, point(), point(value=2.5, payload_sha256="a" * 64))
    assert [(each.value, each.payload_sha256) for each in official(store)] == [(2.5, "a" * 64)]
    record(store, point(value=3.5, origin=Origin.LIVE))
    record(store, point(value=4.5))
    assert [(each.value, each.origin) for each in official(store)] == [(3.5, Origin.LIVE)]
    record(store, point(value=5.5, origin=Origin.LIVE))
    assert [each.value for each in official(store)] == [5.5]


def test_no_nan_is_stored_and_nothing_infinite(store):
    record(store, point(value=math.nan, low=math.nan, high=-0.0))
    with store.reading() as connection:
        kinds = connection.execute(sa.text("SELECT typeof(value), typeof(low), typeof(high) FROM points")).one()
    assert tuple(kinds) == ("null", "null", "real")
    assert official(store)[0].high == 0.0
    for wrong in (math.inf, -math.inf):
        with pytest.raises(ValueError, match="infinite"):
            record(store, point(value=wrong))


def test_doubles_keep_their_last_digit(store):
    drawn = np.random.default_rng(4).standard_normal(500) * 10.0 ** np.arange(-250, 250)
    record(store, *(point(measure=f"m{i}", value=value) for i, value in enumerate(drawn.tolist())))
    found = {each.measure: each.value for each in ask(store, read.points, "IWM")}
    assert [found[f"m{i}"] for i in range(500)] == drawn.tolist()


def test_many_points_in_short_transactions(store, monkeypatch):
    monkeypatch.setattr(write, "BATCH", 700)
    first = date(2008, 1, 2)
    many = [
        point(session=first + timedelta(day), measure=f"m{m}", value=day + m) for day in range(300) for m in range(8)
    ]
    assert write.import_points(store, iter(many)) == 2400
    before = content(store)
    assert len(before["points"]) == 2400
    write.import_points(store, many)
    assert content(store) == before
    assert len(ask(store, read.sessions, "IWM", source="hist", method="1-0a1b2c3d")) == 300
    assert ask(store, read.sessions, "IWM", source="hist", method="other") == frozenset()


def test_a_gap_is_closed_by_a_point_of_its_source(store):
    gaps = [
        Gap("IWM", "hist", DAY, "truncated", "row 17"),
        Gap("IWM", "hist", date(2026, 6, 17), "holiday"),
        Gap("IWM", "cboe", DAY, "asleep", slot=CLOSE),
    ]
    with store.writing() as connection:
        write.record_gaps(connection, gaps)
    record(store, point(source="other"))
    assert set(ask(store, read.gaps, "IWM")) == set(gaps)
    record(store, point(), point(source="cboe"))
    assert ask(store, read.gaps, "IWM") == [gaps[1], gaps[2]]
    assert ask(store, read.gaps, "IWM", source="hist") == [gaps[1]]


def test_what_stands_beside_the_points(store):
    prices = [
        Price("IWM", date(2026, 6, 17), 1.0, 2.0, 0.5, 1.5, 1e7, "file"),
        Price("IWM", DAY, None, None, None, 1.6, None, "file"),
    ]
    paid = (Dividend(date(2026, 3, 17), 0.442), Dividend(date(2026, 6, 15), 0.695))
    yields = {date(2026, 6, 17): {1.0: 3.7, 3.0: 3.65}, DAY: {1.0: 3.71}}
    events = [Event("FOMC", date(2026, 6, 17), "file", "decision"), Event("CPI", DAY, "file")]
    imported = Import("b" * 64, "IWM", "hist", "2008.parquet", 313_000_000, '{"rows": 13}')
    for _ in range(2):
        with store.writing() as connection:
            write.record_prices(connection, [prices[0]._replace(close=9.0), *prices])
            write.record_dividends(connection, "IWM", paid, "issuer")
            write.record_rates(connection, "treasury", yields)
            write.record_events(connection, events)
            write.record_import(connection, imported)
    assert ask(store, read.prices, "IWM") == prices
    assert ask(store, read.prices, "IWM", since=DAY) == prices[1:]
    assert ask(store, read.prices, "IWM", until=date(2026, 6, 17)) == prices[:1]
    assert ask(store, read.dividends, "IWM") == paid
    assert ask(store, read.rates, "treasury") == yields
    assert ask(store, read.events) == events
    assert ask(store, read.events, since=DAY) == events[1:]
    assert ask(store, read.imports, "IWM") == [imported]
    with store.writing() as connection, pytest.raises(ValueError, match="projection"):
        write.record_dividends(connection, "IWM", [Dividend(DAY, 0.5, projected=True)], "issuer")


def test_an_overlay_never_shows_what_was_not_known(store):
    first, revised = at("2026-06-18T20:00:00"), at("2026-06-25T12:00:00")
    readings = [
        Reading("short interest", DAY, first, 1.0, "file"),
        Reading("short interest", DAY, revised, 1.25, "file"),
        Reading("short interest", date(2026, 6, 19), at("2026-06-19T20:00:00"), 2.0, "file"),
    ]
    with store.writing() as connection:
        write.record_overlay(connection, readings)
    assert ask(store, read.overlays) == ["short interest"]
    assert ask(store, read.overlay, "short interest") == readings[1:]
    assert ask(store, read.overlay, "short interest", known_by=first) == readings[:1]
    assert ask(store, read.overlay, "short interest", known_by=first - timedelta(microseconds=1)) == []
    assert ask(store, read.overlay, "short interest", known_by=revised - timedelta(microseconds=1)) == [
        readings[0],
        readings[2],
    ]


def test_the_latest_and_those_of_a_day(store):
    early, late = snapshot(as_of=CLOSE - timedelta(hours=3)), snapshot(as_of=CLOSE, source="yahoo")
    for one in (late, early):
        keep(store, one)
    assert ask(store, read.latest, "IWM").snapshot == late
    assert ask(store, read.latest, "IWM", source="cboe").snapshot == early
    assert ask(store, read.latest, "SPY") is None
    day = ask(store, read.snapshots, "IWM", since=CLOSE - timedelta(hours=3), until=CLOSE)
    assert [one.snapshot for one in day] == [early, late]


@pytest.mark.parametrize("table", [tables.points, tables.measures, tables.snapshots, tables.payloads, tables.inputs])
def test_a_row_changed_behind_its_seal_is_refused(store, table):
    name = keep(store, snapshot(as_of=CLOSE))
    column = next(c for c in reversed(table.columns) if c.name != "seal" and not c.primary_key and not c.foreign_keys)
    with store.writing() as connection:
        connection.execute(table.update().values({column: "9" * 64}))

    def everything():
        with store.reading() as connection:
            saved = read.find(connection, name)
            read.payload_record(connection, saved.payload_sha256, CLOSE)
            read.inputs(connection, saved.inputs_sha256)
            read.points(connection, "IWM")

    with pytest.raises(Failure, match="does not match its seal"):
        everything()


def test_a_seal_outlives_a_new_column():
    assert seal(("a", 1.5, None)) == seal(("a", 1.5)) == seal(("a", 1.5, None, None))
    assert seal(("a", None, 1.5)) != seal(("a", 1.5, None))
    assert seal(("a", 1)) != seal(("a", 1.0))


def test_instants_sort_as_text():
    instants = [CLOSE + timedelta(microseconds=step) for step in (-1_000_001, -1, 0, 1, 999_999, 1_000_000)]
    texts = [stamp(each) for each in instants]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}
    assert stamp(CLOSE) == "2026-06-18T19:45:00.000000Z"
    with pytest.raises(ValueError, match="time zone"):
        stamp(CLOSE.replace(tzinfo=None))


def test_measures_keep_their_order(store):
    taken = snapshot()
    turned = replace(taken, measures=MappingProxyType(dict(reversed(taken.measures.items()))))
    assert list(ask(store, read.find, keep(store, turned)).snapshot.measures) == list(reversed(taken.measures))
