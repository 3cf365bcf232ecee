"""Rates and dividends of a session's time: the same as a live snapshot of that moment would use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor import rates
from monitor.backfill.surroundings import RateHistory, Surroundings, schedule
from monitor.config import Config
from monitor.config.model import Rates
from monitor.simulation.listing import Breadth
from monitor.simulation.market import Market
from monitor.sources import cboe
from monitor.sources.payload import Payload
from pricing.dividends import Dividend, Schedule
from pricing.settings import Settings
from pricing.time import NEW_YORK

TABLE = {
    date(2025, 6, 2): {1.0: 4.3, 3.0: 4.35, 12.0: 4.1},
    date(2025, 6, 3): {1.0: 4.31, 12.0: 4.0},
    date(2025, 6, 20): {1.0: 4.2},
}


@pytest.mark.parametrize("source", ["treasury", "fred", "configured"])
def test_the_rates_of_every_day_are_those_of_a_live_snapshot(tmp_path, source):
    section = Rates(source=source)
    if source != "configured":
        rates.keep(rates.kept_path(tmp_path, source), TABLE, url="", now=datetime(2026, 1, 1, tzinfo=UTC))
    history = RateHistory.of(section, TABLE)
    for days in range(50):
        as_of = datetime(2025, 5, 25, 20, 15, tzinfo=UTC) + timedelta(days)
        live, found = rates.choose(section, tmp_path, as_of), history.choose(as_of)
        assert (found.curve, found.source, found.day, found.flags) == (live.curve, live.source, live.day, live.flags)


CASH = tuple(Dividend(date(2020 + at // 4, 3 * (at % 4) + 3, 17), 0.3 + 0.01 * at) for at in range(28))


@pytest.mark.parametrize("day", [date(2025, 6, 2), date(2025, 6, 12), date(2026, 12, 10)])
def test_dividends_that_cannot_matter_change_no_number(day):
    """A chain read with all dividends of seven years and with those that are near: every measure to the last digit."""
    cash = Schedule(CASH)
    market = Market(start=date(2025, 5, 30), spot=210.0, breadth=Breadth.SMALL, schedule=cash)
    simulated = market.chain_at(datetime(day.year, day.month, day.day, 16, 15, tzinfo=NEW_YORK))
    payload = Payload(body=simulated.body, source="cboe", symbol="IWM", fetched_at=simulated.generated)
    chain = cboe.parse(payload)
    around = Surroundings(Settings(), RateHistory.of(Rates(source="configured"), {}), cash)
    near, whole = around.inputs(chain.as_of), around.inputs(chain.as_of, whole=True)
    assert len(near.dividends.known) < len(whole.dividends.known)
    assert near.take(chain).measures == whole.take(chain).measures
    assert near.take(chain).spot_sync == whole.take(chain).spot_sync


def test_what_is_known_of_dividends():
    around = Surroundings(Settings(), RateHistory.of(Rates(source="configured"), {}), Schedule(CASH))
    assert around.knows_dividends(date(2020, 1, 2))
    assert not around.knows_dividends(date(2019, 6, 3))
    assert not Surroundings(Settings(), around.rates, Schedule()).knows_dividends(date(2025, 1, 2))
    assert Surroundings(Settings(), around.rates, Schedule(continuous=0.0)).knows_dividends(date(2025, 1, 2))


def test_the_first_that_names_an_ex_date_stands():
    stored, beside = (
        [Dividend(date(2025, 3, 18), 0.46)],
        [Dividend(date(2025, 3, 18), 0.5), Dividend(date(2024, 3, 12), 0.3)],
    )
    configured = Schedule((Dividend(date(2025, 3, 18), 0.9), Dividend(date(2025, 6, 16), 0.576)))
    joined = schedule(configured, stored, beside)
    assert [paid.amount for paid in joined.known] == [0.3, 0.46, 0.576]
    index = Schedule(continuous=0.012)
    assert schedule(index, stored) is index


def test_an_index_has_no_cash_dividends():
    config = Config.model_validate({"skewwatch": 1, "dividends": {"SPX": {"continuous": 0.012}}})
    around = Surroundings(Settings(), RateHistory.of(config.rates, {}), config.schedule("SPX"))
    assert around.inputs(datetime(2010, 1, 4, 21, tzinfo=UTC)).dividends.continuous == 0.012
