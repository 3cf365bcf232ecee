"""What vendors really sent, where it is at hand: every row counted, no time believed that should not be."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, date, datetime

import numpy as np
import pytest

from monitor.errors import NoDataError
from monitor.sources.recorded import Recorded
from pricing.reasons import Flag, Reason
from pricing.time import NEW_YORK

pytestmark = pytest.mark.realdata


def newyork(chain):
    return chain.as_of.astimezone(NEW_YORK).replace(tzinfo=None)


@pytest.fixture(scope="module")
def cboe(realdata):
    """Each recorded payload with the envelope and rows as the standard library reads them, and its chain."""
    source = Recorded(realdata / "cboe")
    return [(p, json.loads(p.body), source.parse(p)) for p in source.payloads("IWM")]


def test_cboe_every_row_is_a_contract(cboe):
    assert len(cboe) == 58
    for payload, answer, chain in cboe:
        assert payload.fetched_at_known
        assert len(chain) == len(answer["data"]["options"])
        assert not chain.refused
        assert chain.spot == answer["data"]["current_price"]


def test_cboe_columns_sum_to_those_of_the_rows(cboe):
    for _, answer, chain in cboe[::6]:
        rows = answer["data"]["options"]
        for column, key in (("bid", "bid"), ("ask", "ask"), ("volume", "volume"), ("open_interest", "open_interest")):
            assert math.fsum(getattr(chain, column)) == math.fsum(row[key] for row in rows)
        assert math.fsum(chain.strike) == math.fsum(int(row["option"][-8:]) / 1000 for row in rows)
        assert np.isnan(chain.vendor_vol).sum() == sum(row["iv"] == 0 for row in rows)


def test_cboe_holiday_repeats_the_day_before(cboe):
    """2026-06-19 is Juneteenth: no session, the quotes are those of 06-18's close."""
    found = [chain for _, _, chain in cboe if chain.fetched_at.date() == date(2026, 6, 19)]
    assert len(found) == 6
    for chain in found:
        assert newyork(chain) == datetime(2026, 6, 18, 16, 15)  # noqa: DTZ001 - New York
        assert Flag.MARKET_CLOSED in chain.flags


def test_cboe_feed_ahead_of_the_fetch(cboe):
    """The flag is on exactly the files stamped more than two minutes ahead, none of which is dated after its fetch."""
    ahead = 0
    for payload, answer, chain in cboe:
        stamp = datetime.fromisoformat(answer["timestamp"]).replace(tzinfo=UTC)
        assert (Flag.FEED_AHEAD in chain.flags) == ((stamp - payload.fetched_at).total_seconds() > 120)
        assert chain.as_of < payload.fetched_at
        ahead += Flag.FEED_AHEAD in chain.flags
    assert ahead >= 2


def test_cboe_after_hours_belongs_to_the_close(cboe):
    late = [c for p, _, c in cboe if p.fetched_at.astimezone(NEW_YORK).strftime("%H:%M") > "16:35"]
    assert late
    assert {newyork(chain).strftime("%H:%M") for chain in late} == {"16:15"}


@pytest.mark.parametrize(("day", "rows"), [("2026-08-12", 1836), ("2026-08-13", 1746), ("2026-08-14", 2089)])
def test_yahoo_with_notes_beside(realdata, day, rows):
    """Quotes belong to the notes' moment in the next session; the table's own spot is the previous close."""
    path = realdata / "yahoo" / f"IWM_{day}.csv.gz"
    notes = json.loads((path.parent / f"IWM_{day}.meta.json").read_text())
    source = Recorded(path)
    payload = source.fetch("IWM")
    chain = source.parse(payload)
    assert (len(chain), dict(chain.refused)) == (rows, {})
    assert payload.fetched_at == datetime.fromisoformat(notes["utc"])
    assert chain.spot == notes["tickers"]["IWM"]["spot_live"]
    assert newyork(chain).date() > date.fromisoformat(day)
    assert chain.flags == {Flag.NO_FEED_TIME}


def test_yahoo_without_a_time(realdata):
    paths = sorted((realdata / "yahoo").glob("[QS]*.csv.gz"))
    assert len(paths) == 8
    for path in paths:
        source = Recorded(path)
        chain = source.parse(source.fetch())
        assert len(chain) == gzip.decompress(path.read_bytes()).count(b"\n") - 1
        assert not chain.refused
        assert Flag.FETCHED_AT_FROM_FEED in chain.flags
        assert chain.expiries[0].day == newyork(chain).date()  # README: the same-day expiry has days -1


@pytest.mark.parametrize(
    ("name", "close", "rows"),
    [("20260708T223555", 8, 1411), ("20260709T015417", 8, 1429), ("20260710T015307", 9, 1415)],
)
def test_yahoo_desk(realdata, name, close, rows):
    source = Recorded(realdata / "yahoo_desk" / f"IWM_{name}.json.gz")
    chain = source.parse(source.fetch("IWM"))
    assert (len(chain), dict(chain.refused)) == (rows, {})
    assert newyork(chain) == datetime(2026, 7, close, 16, 15)  # noqa: DTZ001 - New York
    assert not np.any(chain.vendor_vol < 2e-5)


@pytest.mark.parametrize(
    ("symbol", "rows", "adjusted", "close"), [("HOOD", 1390, 0, "16:00"), ("VXX", 2070, 68, "16:15")]
)
def test_schwab(realdata, symbol, rows, adjusted, close):
    """Both answers were made after the close; VXX options trade a quarter of an hour longer, and 68 are adjusted."""
    source = Recorded(realdata / "api_shapes" / f"schwab_chains_{symbol}_20250410.json.gz")
    payload = source.fetch(symbol)
    chain = source.parse(payload)
    answer = json.loads(payload.body)
    assert answer["numberOfContracts"] == rows == len(chain) + adjusted
    assert dict(chain.refused) == ({Reason.ADJUSTED: adjusted} if adjusted else {})
    assert newyork(chain).strftime("%Y-%m-%d %H:%M") == f"2025-04-10 {close}"
    assert chain.spot == answer["underlyingPrice"]


def test_schwab_refusal(realdata):
    with pytest.raises(NoDataError, match="Bad Request: Check Param Values"):
        Recorded(realdata / "api_shapes" / "schwab_chains_SPX_error_response.json").fetch("SPX")
