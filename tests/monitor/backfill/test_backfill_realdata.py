"""Recorded vendors' files through the importers. Figures are of the files themselves or computed beside the program."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from monitor import rates
from monitor.archive import FOLDER, Archive
from monitor.backfill import importer
from monitor.backfill.drive import Order, backfill
from monitor.config import Config
from monitor.store import FILE, Store, read
from monitor.store.check import check

pytestmark = pytest.mark.realdata

RATIO = "skew_ratio_30d_90_110"
PILLARS = {"DGS1MO": 1.0, "DGS3MO": 3.0, "DGS6MO": 6.0, "DGS1": 12.0}
DEALER = {
    "name": "spx-dealer-1m",
    "method": "dealer-forward",
    "columns": {"date": "date"},
    "measures": {RATIO: "ratio_90_110", "put_vol_30d_90": "iv90", "call_vol_30d_110": "iv110", "atm_vol_30d": "iv100"},
}
CONFIG = Config.model_validate({"skewwatch": 1, "backfill": {"csv": [DEALER]}})


@pytest.fixture
def bring(realdata, tmp_path):
    """Import into one store, with the yields of the time kept as `skewwatch rates update` would have."""
    table = {}
    with (realdata / "rates" / "fred_short_rates.csv").open() as file:
        for row in csv.DictReader(file):
            yields = {months: float(row[name]) for name, months in PILLARS.items() if row[name]}
            if yields:
                table[date.fromisoformat(row["date"])] = yields
    rates.keep(rates.kept_path(tmp_path, "treasury"), table, url="", now=datetime(2026, 8, 21, tzinfo=UTC))

    def called(symbol, form, path, **order):
        made = Order(
            symbol=symbol, importer=importer(form, CONFIG.backfill), paths=(realdata / path,), **{"jobs": 1, **order}
        )
        with Store.open(tmp_path / FILE) as store:
            report = backfill(made, CONFIG, store, tmp_path, Archive(tmp_path / FOLDER))
            assert not check(store, Archive(tmp_path / FOLDER)).problems
        return report

    called.folder = tmp_path
    return called


def points(folder, symbol, measure, **which):
    with Store.open(folder / FILE, read_only=True) as store, store.reading() as connection:
        return {point.session: point for point in read.points(connection, symbol, measure, **which)}


def test_daily_tables_and_payloads_in_one_store(bring):
    """45 days of tables are 43 sessions; where payloads have the same session the ratios agree to 0.3 % on average."""
    tables = bring("IWM", "iv-table", "daily_iv/iwm_20260525_20260724.parquet")
    assert tables.clean
    assert (tables.sessions["found"], tables.sessions["first"]) == (43, "2026-05-22")
    assert tables.repeats == {"2026-06-19": "2026-06-18", "2026-07-03": "2026-07-02"}
    assert tables.gaps == {}
    payloads = bring("IWM", "cboe", "cboe")
    assert payloads.clean
    assert payloads.sessions["found"] == 10  # the eleventh day is a holiday
    overlap = {each.measure: each for each in payloads.overlaps}
    assert overlap[RATIO].n == 10
    assert abs(overlap[RATIO].mean) < 0.005
    assert abs(overlap[RATIO].worst) < 0.015
    assert payloads.checks["vendor_vol"]["median"] < 0.0006  # as docs/accuracy.md has it for all recorded chains
    assert not any(point.snapshot_id is None for point in points(bring.folder, "IWM", RATIO, source="cboe").values())


def test_tables_without_a_price_need_one_from_the_store(bring):
    """QQQ has no price of the underlying on two days: they are refused, not guessed."""
    report = bring("QQQ", "iv-table", "daily_iv/qqq_20260525_20260724.parquet")
    assert report.gaps == {"no_spot": 2}
    assert {str(day) for day in points(bring.folder, "QQQ", RATIO)}.isdisjoint({"2026-06-10", "2026-06-17"})


def test_the_dealers_series(bring, realdata):
    """Its ten highest days are those that pandas finds in the file."""
    report = bring("SPX", "csv", "multiyear/spx_dealer_1m_90_110_2020_2023.csv")
    assert report.clean
    table = pd.read_csv(realdata / "multiyear" / "spx_dealer_1m_90_110_2020_2023.csv", index_col="date")
    found = points(bring.folder, "SPX", RATIO)
    assert len(found) == len(table) == report.sessions["found"]
    highest = sorted(found.values(), key=lambda point: -point.value)[:10]
    want = table["ratio_90_110"].nlargest(10)
    assert [str(point.session) for point in highest] == want.index.tolist()
    assert [point.value for point in highest] == want.tolist()
    assert {point.method for point in found.values()} == {"dealer-forward"}


def test_the_traded_chain(bring):
    """Coverage is high where volatility is, and a hole is a hole: METHOD section 10 counts the same years."""
    path = "multiyear/spx_traded_chain_2003_2011.parquet"
    calm = bring("SPX", "mid-chain", path, since=date(2006, 1, 3), until=date(2006, 4, 28))
    wild = bring("SPX", "mid-chain", path, since=date(2008, 9, 2), until=date(2008, 12, 31))
    assert calm.clean
    assert wild.clean
    assert calm.kind == wild.kind == "mid_only"
    ((quiet,), (stormy,)) = calm.by_year, wild.by_year
    assert quiet.counts[RATIO] / quiet.sessions < 0.2
    assert stormy.counts[RATIO] / stormy.sessions > 0.7
    levels = {each.label: each.counts[RATIO] / each.sessions for each in (*calm.by_level, *wild.by_level)}
    assert levels["10 to 12 %"] < 0.15
    assert levels["over 45 %"] > 0.95
    assert wild.checks["vendor_vol"]["worst_on"] == "2008-09-29"  # the vendor's are wrong that day (data/README.md)


def test_quotes_of_an_index(bring, realdata, tmp_path):
    """SPXW of early 2018: one expiry at a time, so that 30 days are not bracketed; on the first its 29 days may stand
    alone, and there the 110 % call has no bid (data/README.md)."""
    table = pd.read_parquet(realdata / "multiyear" / "spxw_2018_jan_feb.parquet")
    folder = tmp_path / "files"
    folder.mkdir()
    shown = table.rename(columns={"date": "quote_date", "optionroot": "name", "cp": "option_type"})
    shown = shown.assign(
        underlying_symbol="^SPX",
        root="SPXW",
        bid_1545=shown["bid"],
        ask_1545=shown["ask"],
        trade_volume=shown["volume"],
        open_interest=shown["openinterest"],
    )
    shown.to_csv(folder / "spxw.csv", index=False)
    report = bring("SPX", "datashop", folder)
    assert report.sessions["found"] == table["date"].nunique()
    assert report.points["missing"][RATIO].keys() == {"no_bracket", "no_forward", "no_bid"}
    assert points(tmp_path, "SPX", RATIO)[date(2018, 1, 2)].reason == "no_bid"
    activity = points(tmp_path, "SPX", "put_call_oi_10")
    day = date(2018, 1, 10)
    rows = table[(table["date"] == str(day)) & (table["dte"].between(14, 60))]
    spot = rows["spot"].iloc[0]
    puts = rows[(rows["cp"] == "P") & rows["strike"].between(0.85 * spot, 0.95 * spot)]["openinterest"].sum()
    calls = rows[(rows["cp"] == "C") & rows["strike"].between(1.05 * spot, 1.15 * spot)]["openinterest"].sum()
    assert activity[day].value == pytest.approx(puts / calls, rel=0.05)  # strikes on the edge fall to either side
    assert np.isfinite(activity[day].value)
