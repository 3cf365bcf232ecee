"""What is kept of an official snapshot so that the next move can be explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from monitor.errors import Failure
from monitor.history.attribution import attribute
from monitor.history.look import look_of
from monitor.official import official
from monitor.simulation.market import Market
from monitor.sources.payload import Payload
from monitor.sources.simulated import market, parse
from monitor.store import FILE, Origin, Price, Store, looks, migrate, read, tables
from monitor.store.write import record_prices, save
from tests.monitor.saved import INPUTS, content, payload, snapshot

PRICE = Price("IWM", date(2026, 7, 1), 1.0, 2.0, 0.5, 1.5, None, "test")
RATIOS = ("skew_ratio_30d_90_110", "skew_ratio_30d_95_105")


@pytest.fixture(scope="module")
def closes():
    """Three closes of the simulated market: payload and snapshot of each."""
    whole: Market = market("IWM")
    taken = []
    for instant in whole.closes(date(2026, 7, 1), date(2026, 7, 6)):
        made = whole.chain_at(instant)
        fetched = Payload(body=made.body, source="simulated", symbol="IWM", fetched_at=made.generated)
        taken.append((fetched, INPUTS.take(parse(fetched))))
    return taken


@pytest.fixture
def store(tmp_path, closes):
    with Store.open(tmp_path / FILE) as opened:
        with opened.writing() as connection:
            for fetched, taken in closes:
                save(connection, fetched, taken, INPUTS, Origin.LIVE)
        yield opened


def find(store, closes, measure=RATIOS[0], **asked):
    method = closes[0][1].method
    with store.reading() as connection:
        return looks.look(connection, "IWM", measure, **({"method": method, "sources": ["simulated"]} | asked))


def test_the_look_of_the_close_before(store, closes):
    sessions = [official(taken.as_of) for _, taken in closes]
    assert sessions == [date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 6)]
    for pair, measure in enumerate(RATIOS):
        kept = find(store, closes, measure, before=sessions[2])
        fresh = look_of(closes[1][1], INPUTS.settings, pair)
        assert kept.as_of == closes[1][1].as_of
        assert kept.to_dict() == fresh.to_dict()
        new = look_of(closes[2][1], INPUTS.settings, pair)
        told, truth = attribute(kept, new).to_dict(), attribute(fresh, new).to_dict()
        assert told["spread"] == pytest.approx(truth["spread"], abs=1e-3)  # volatilities are kept to six decimals
    assert find(store, closes, before=sessions[0]) is None


def test_the_look_of_one_session(store, closes):
    assert find(store, closes, since=date(2026, 7, 1), before=date(2026, 7, 2)).as_of == closes[0][1].as_of
    assert find(store, closes, since=date(2026, 7, 3), before=date(2026, 7, 4)) is None


def test_only_of_what_is_compared(store, closes):
    late = date(2026, 8, 1)
    assert find(store, closes, before=late, method="another") is None
    assert find(store, closes, before=late, sources=["cboe"]) is None
    assert find(store, closes, "atm_vol_30d", before=late) is None
    assert find(store, closes, before=late, sources=["cboe", "simulated"]) is not None


def test_the_preferred_source_of_a_session(store, closes):
    fetched, taken = closes[2]
    other = replace(taken, source="cboe", as_of=taken.as_of)
    with store.writing() as connection:
        save(connection, replace(fetched, source="cboe"), other, INPUTS, Origin.LIVE)
        connection.execute(sa.delete(tables.looks).where(tables.looks.c.measure == RATIOS[1]))
    assert find(store, closes, before=date(2026, 8, 1), sources=["cboe", "simulated"]) is not None
    assert find(store, closes, RATIOS[1], before=date(2026, 8, 1), sources=["cboe", "simulated"]) is None


def test_saving_again_changes_nothing(store, closes):
    before = content(store)
    assert len(before["looks"]) == 6
    with store.writing() as connection:
        for fetched, taken in closes:
            save(connection, fetched, taken, INPUTS, Origin.LIVE)
    assert content(store) == before


def test_without_smiles_or_without_a_value_nothing_is_kept(tmp_path):
    with Store.open(tmp_path / FILE) as store:
        with store.writing() as connection:
            save(connection, payload(), snapshot(), INPUTS, Origin.LIVE)
        assert content(store)["looks"] == []


def test_a_changed_look_is_found(store, closes):
    with store.writing() as connection:
        connection.execute(
            sa.update(tables.looks).values(content=sa.func.replace(tables.looks.c.content, "0.2", "0.3"))
        )
    with pytest.raises(Failure, match="a row of looks does not match its seal"):
        find(store, closes, before=date(2026, 8, 1))


def test_a_store_of_before_is_brought_up_to_date_with_what_it_holds(tmp_path):
    """Revision 0001 had no looks; a reader leaves it, a writer adds the table and nothing else changes."""
    path = tmp_path / FILE
    engine = sa.create_engine(f"sqlite:///{path}")
    migrate.upgrade(engine, to="0001")
    with engine.begin() as connection:
        record_prices(connection, [PRICE])
    engine.dispose()
    with pytest.raises(Failure, match=r"revision 0001\); run skewwatch db upgrade"):
        Store.open(path, read_only=True)
    with Store.open(path) as store:
        with store.reading() as connection:
            assert migrate.revision(connection) == tables.REVISION
            assert read.prices(connection, "IWM") == [PRICE]
        assert content(store)["looks"] == []
