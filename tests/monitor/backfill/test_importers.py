"""The formats, each against the same contracts of a simulated market."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.backfill import FORMATS, importer
from monitor.backfill.findings import Findings
from monitor.backfill.importers import csv_map
from monitor.backfill.protocol import Kind, Payloads, Values
from monitor.config.backfill import Backfill
from monitor.errors import ConfigError
from monitor.sources.payload import Payload, sidecar_path
from tests.monitor.backfill import market
from tests.monitor.backfill.conformance import ASKED, ImporterConformance, Row, TableConformance
from tests.monitor.backfill.market import DAYS, MARKET, Contract
from tests.monitor.conformance import same


class TestOptionsDatasetHist(TableConformance):
    form = "options-dataset-hist"
    number, strike, expiry, day, symbol = "bid", "strike", "expiration", "date", "symbol"
    suffix = ".parquet"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "contract_id": each.name,
                "symbol": "IWM",
                "expiration": str(each.expiry),
                "strike": each.strike,
                "type": "call" if each.is_call else "put",
                "mark": round((each.bid + each.ask) / 2, 2),
                "bid": each.bid,
                "ask": each.ask,
                "volume": int(each.volume),
                "open_interest": int(each.open_interest),
                "date": str(each.day),
                "implied_volatility": each.vol,
                "delta": 0.5,
            }
            for each in given
        ]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        market.write_parquet(path, rows)

    def test_adjusted_contracts_are_left_out(self, tmp_path, given):
        adjusted = [
            row | {"contract_id": str(row["contract_id"]).replace("IWM", "IWM1"), "bid": 99.0}
            for row in self.rows(given)
        ]
        self.write(tmp_path / "all.parquet", [*adjusted[:50], *self.rows(given)])
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert findings.left["adjusted"] == 50
        assert findings.clean
        assert all(same(found[day], self.expected(market.contracts(day))) for day in DAYS)


class TestOptionsDatasetHistAsSqlite(TestOptionsDatasetHist):
    suffix = ".db"

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        names = list(rows[0])
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE underlying_prices (symbol TEXT, date TEXT, close REAL)")
            connection.execute(f"CREATE TABLE options_data ({', '.join(names)})")
            marks = ", ".join("?" * len(names))
            connection.executemany(
                f"INSERT INTO options_data VALUES ({marks})",  # noqa: S608 - names of this file
                [[row.get(name) for name in names] for row in rows],
            )
        connection.close()


class TestAlphaVantage(TableConformance):
    form = "alphavantage"
    number, strike, expiry, day, symbol = "ask", "strike", "expiration", "date", "symbol"
    suffix = ".json"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "contractID": each.name,
                "symbol": "IWM",
                "expiration": str(each.expiry),
                "strike": f"{each.strike:.2f}",
                "type": "call" if each.is_call else "put",
                "bid": f"{each.bid:.2f}",
                "ask": f"{each.ask:.2f}",
                "volume": f"{each.volume:.0f}",
                "open_interest": f"{each.open_interest:.0f}",
                "date": str(each.day),
                "implied_volatility": f"{each.vol:.5f}",
            }
            for each in given
        ]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        market.write_json(path, rows)

    def test_one_object_a_line(self, tmp_path, given):
        (tmp_path / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows(given)))
        assert self.chains([tmp_path]).keys() == set(DAYS)


class TestOptionsDx(TableConformance):
    form = "optionsdx"
    clock = time(16)
    spotted = True
    number, strike, expiry, day = " [C_BID]", " [STRIKE]", " [EXPIRE_DATE]", " [QUOTE_DATE]"
    suffix = ".txt"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "[QUOTE_UNIXTIME]": 1748894400,
                " [QUOTE_DATE]": f" {put.day}",
                " [UNDERLYING_LAST]": f" {put.spot}",
                " [EXPIRE_DATE]": f" {put.expiry}",
                " [C_IV]": f" {call.vol}",
                " [C_VOLUME]": f" {call.volume}",
                " [C_BID]": f" {call.bid}",
                " [C_ASK]": f" {call.ask}",
                " [STRIKE]": f" {put.strike}",
                " [P_BID]": f" {put.bid}",
                " [P_ASK]": f" {put.ask}",
                " [P_IV]": f" {put.vol}",
                " [P_VOLUME]": f" {put.volume}",
            }
            for put, call in market.by_strike(given)
        ]

    def expected(self, given):
        return replace(super().expected(given), open_interest=np.full(len(given), np.nan))


class TestDataShop(TableConformance):
    form = "datashop"
    clock = time(15, 45)
    spotted = True
    number, strike, expiry, day, symbol = "ask_1545", "strike", "expiration", "quote_date", "underlying_symbol"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "underlying_symbol": "IWM",
                "quote_date": str(each.day),
                "root": "IWM",
                "expiration": str(each.expiry),
                "strike": f"{each.strike:.3f}",
                "option_type": "C" if each.is_call else "P",
                "trade_volume": int(each.volume),
                "bid_1545": each.bid,
                "ask_1545": each.ask,
                "underlying_bid_1545": each.spot,
                "underlying_ask_1545": each.spot,
                "implied_volatility_1545": each.vol,
                "bid_eod": 0.0,
                "ask_eod": 0.0,
                "open_interest": int(each.open_interest),
            }
            for each in given
        ]

    def test_contracts_of_other_roots_are_left_out(self, tmp_path, given):
        rows = self.rows(given)
        self.write(tmp_path / "all.csv", [*(row | {"root": "IWM1", "bid_1545": 77.0} for row in rows[:9]), *rows])
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert findings.left["adjusted"] == 9
        assert all(same(found[day], self.expected(market.contracts(day))) for day in DAYS)


class TestOrats(TableConformance):
    form = "orats"
    clock = time(15, 46)
    spotted = True
    number, strike, expiry, day, symbol = "pAskPx", "strike", "expirDate", "trade_date", "ticker"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "ticker": "IWM",
                "stkPx": put.spot,
                "expirDate": f"{put.expiry.month}/{put.expiry.day}/{put.expiry.year}",
                "yte": 0.1,
                "strike": put.strike,
                "cVolu": int(call.volume),
                "cOi": int(call.open_interest),
                "pVolu": int(put.volume),
                "pOi": int(put.open_interest),
                "cBidPx": call.bid,
                "cAskPx": call.ask,
                "pBidPx": put.bid,
                "pAskPx": put.ask,
                "cMidIv": call.vol,
                "pMidIv": put.vol,
                "iRate": 0.04,
                "trade_date": f"{put.day:%m/%d/%Y}",
            }
            for put, call in market.by_strike(given)
        ]

    def sunday(self, _: str) -> str:
        return "06/08/2025"

    def test_a_zip_archive_a_day_without_a_column_of_days(self, tmp_path):
        for day in DAYS:
            rows = [{k: v for k, v in row.items() if k != "trade_date"} for row in self.rows(market.contracts(day))]
            self.write(tmp_path / "plain", rows)
            with zipfile.ZipFile(
                tmp_path / f"ORATS_SMV_Strikes_{day:%Y%m%d}.zip", "w", zipfile.ZIP_DEFLATED
            ) as archive:
                archive.write(tmp_path / "plain", f"ORATS_SMV_Strikes_{day:%Y%m%d}.csv")
            (tmp_path / "plain").unlink()
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert findings.clean
        assert all(same(found[day], self.expected(market.contracts(day))) for day in DAYS)


class TestDoltHub(TableConformance):
    form = "dolthub"
    counted = False
    number, strike, expiry, day, symbol = "bid", "strike", "expiration", "date", "act_symbol"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "date": str(each.day),
                "act_symbol": "IWM",
                "expiration": str(each.expiry),
                "strike": f"{each.strike:.2f}",
                "call_put": "Call" if each.is_call else "Put",
                "bid": f"{each.bid:.2f}",
                "ask": f"{each.ask:.2f}",
                "vol": each.vol,
                "delta": 0.5,
            }
            for each in given
        ]


class TestCsv(TableConformance):
    form = "csv"
    clock = time(15, 50)
    number, strike, expiry, day = "Geld", "Basispreis", "Verfall", "Tag"

    def importer(self):
        return importer("csv", Backfill.model_validate({"csv": [MAP]}))

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "Tag": str(each.day),
                "Verfall": str(each.expiry),
                "Basispreis": f"{each.strike:.3f}".replace(".", ","),
                "Art": "C" if each.is_call else "P",
                "Geld": f"{each.bid:.2f}".replace(".", ","),
                "Brief": f"{each.ask:.2f}".replace(".", ","),
                "Umsatz": int(each.volume),
                "Offen": int(each.open_interest),
                "Vola": f"{100 * each.vol:.6f}".replace(".", ","),
            }
            for each in given
        ]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        market.write_csv(path, rows, ";")

    def test_the_chain_says_what_the_vendor_said(self, folder):
        for day, found in self.chains([folder]).items():
            want = self.expected(market.contracts(day))
            assert np.allclose(found.vendor_vol, want.vendor_vol, rtol=1e-7, equal_nan=True)
            for name in ("strike", "bid", "ask", "volume", "open_interest", "is_call"):
                assert np.array_equal(getattr(found, name), getattr(want, name), equal_nan=name != "is_call")
            assert found.as_of == want.as_of

    @pytest.mark.parametrize("bad", ["abc", "1.25", "1,2,3"])
    def test_a_number_that_is_none(self, tmp_path, given, bad):
        rows = self.rows(given)
        self.write(tmp_path / "all.csv", [row | {"Geld": bad} if at == 7 else row for at, row in enumerate(rows)])
        findings = Findings()
        self.chains([tmp_path], findings)
        assert [each.numbers for each in findings.refused.values()] == [[9]]

    def test_a_day_that_comes_twice(self, tmp_path, given):
        rows = self.rows(given)
        self.write(tmp_path / "all.csv", [*rows, rows[5]])
        findings = Findings()
        self.chains([tmp_path], findings)
        assert [(each.reason, each.numbers) for each in findings.refused.values()] == [("duplicate", [len(rows) + 2])]


MAP = {
    "name": "german",
    "delimiter": ";",
    "decimal": ",",
    "percent": True,
    "time": "15:50",
    "columns": {
        "date": "Tag",
        "expiry": "Verfall",
        "strike": "Basispreis",
        "side": "Art",
        "bid": "Geld",
        "ask": "Brief",
        "volume": "Umsatz",
        "open_interest": "Offen",
        "vol": "Vola",
    },
}


class TestIvTable(TableConformance):
    form = "iv-table"
    spotted = True
    number, strike, expiry, day = "put_iv_pct", "strike", "expiration", "date"
    suffix = ".parquet"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "date": datetime.combine(put.day, time()),
                "underlying_price": put.spot,
                "expiration": datetime.combine(put.expiry, time()),
                "strike": put.strike,
                "call_price": 1.0,
                "call_volume": int(call.volume),
                "call_iv_pct": round(100 * call.vol, 2),
                "call_oi": int(call.open_interest),
                "put_price": 1.0,
                "put_volume": int(put.volume),
                "put_iv_pct": round(100 * put.vol, 2),
                "put_oi": int(put.open_interest),
            }
            for put, call in market.by_strike(given)
        ]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        market.write_parquet(path, rows)

    def test_the_chain_says_what_the_vendor_said(self, folder):
        for day, found in self.chains([folder]).items():
            want = self.expected(market.contracts(day))
            assert np.allclose(found.vendor_vol, np.round(want.vendor_vol, 4), atol=1e-9, equal_nan=True)
            for name in ("strike", "volume", "open_interest", "is_call"):
                assert np.array_equal(getattr(found, name), getattr(want, name))

    def test_a_day_on_which_the_market_was_closed(self):
        """It is a day on which the collector ran: see the next test."""

    def test_a_holiday_repeats_or_is_the_session_before(self, tmp_path):
        first = self.rows(market.contracts(DAYS[0]))
        sunday, later = datetime(2025, 6, 1), datetime(2025, 6, 7)  # noqa: DTZ001 - days, as the vendor writes them
        self.write(tmp_path / "a.parquet", [row | {"date": sunday} for row in first])
        findings = Findings()
        assert [f"{each.day}" for each in self.importer().sessions([tmp_path], ASKED, findings)] == ["2025-05-30"]
        friday = [row | {"date": datetime(2025, 6, 6)} for row in first]  # noqa: DTZ001
        self.write(tmp_path / "a.parquet", [*friday, *(row | {"date": later} for row in first)])
        findings = Findings()
        assert [f"{each.day}" for each in self.importer().sessions([tmp_path], ASKED, findings)] == ["2025-06-06"]
        assert {str(day): str(session) for day, session in findings.repeats.items()} == {"2025-06-07": "2025-06-06"}
        assert findings.clean


class TestMidChain(TableConformance):
    form = "mid-chain"
    clock = time(16)
    spotted = True
    number, strike, expiry, day, symbol = "mid", "strike", "expiration", "date", "underlying"
    suffix = ".parquet"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        return [
            {
                "date": str(each.day),
                "expiration": str(each.expiry),
                "cp": "C" if each.is_call else "P",
                "strike": each.strike,
                "mid": (each.bid + each.ask) / 2,
                "iv": each.vol,
                "volume": int(each.volume),
                "open_interest": int(each.open_interest),
                "spot": each.spot,
                "underlying": "IWM",
            }
            for each in given
        ]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        market.write_parquet(path, rows)

    def test_the_chain_says_what_the_vendor_said(self, folder):
        for day, found in self.chains([folder]).items():
            want = self.expected(market.contracts(day))
            middle = (want.bid + want.ask) / 2
            assert np.allclose((found.bid + found.ask) / 2, middle, rtol=1e-12)
            assert (found.ask - found.bid <= 1e-3).all()
            assert ((found.ask > found.bid) == (middle > 0)).all()

    def test_rows_of_another_symbol_are_left_out(self, tmp_path, given):
        rows = self.rows(given)
        self.write(tmp_path / "all.parquet", [*rows, *(row | {"underlying": "SPY"} for row in rows)])
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == set(DAYS)
        assert findings.left["other_symbol"] == len(rows)


class TestCboe(ImporterConformance):
    form = "cboe"

    def save(self, folder: Path, _: Sequence[Contract]) -> None:
        for day in DAYS:
            for clock in (time(11), time(15, 50), time(16, 15)):
                _record(folder, market.as_of(day, clock))

    def test_only_payloads_that_can_be_official(self, folder):
        findings = Findings()
        sessions = list(self.importer().sessions([folder], ASKED, findings))
        assert all(isinstance(each, Payloads) and len(each.payloads) == 2 for each in sessions)
        assert findings.left["not_official"] == len(DAYS)

    def test_a_look_before_the_next_open_is_of_the_session_before(self, tmp_path):
        chain = MARKET.chain_at(market.as_of(DAYS[0], time(16, 15)))
        fetched = datetime(2025, 6, 3, 11, tzinfo=UTC)
        _keep(tmp_path, chain.body, fetched)
        (session,) = self.importer().sessions([tmp_path], ASKED, Findings())
        assert session.day == DAYS[0]

    def test_what_is_no_payload_is_refused(self, folder):
        (folder / "20250604T210000Z.json").write_text("{")
        (folder / "20250604T220000Z.json.gz").write_bytes(gzip.compress(b"{}")[:9])
        findings = Findings()
        assert len(list(self.importer().sessions([folder], ASKED, findings))) == len(DAYS)
        assert len(findings.unusable) == 2


def _record(folder: Path, instant: datetime) -> None:
    chain = MARKET.chain_at(instant)
    _keep(folder, chain.body, chain.generated + timedelta(seconds=1))


def _keep(folder: Path, body: bytes, fetched: datetime) -> None:
    payload = Payload(body=body, source="cboe", symbol="IWM", fetched_at=fetched)
    path = folder / f"{payload.fetched_at:%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(body)
    sidecar_path(path).write_text(payload.sidecar())


SERIES = {
    "name": "dealer",
    "method": "dealer-forward",
    "percent": True,
    "columns": {"date": "day"},
    "measures": {"skew_ratio_30d_90_110": "ratio", "put_vol_30d_90": "iv90"},
}


class TestSeries:
    def sessions(self, folder: Path, text: str, findings: Findings) -> list[Values]:
        (folder / "series.csv").write_text(text)
        made = importer("csv", Backfill.model_validate({"csv": [SERIES]}), "dealer")
        assert made.kind is Kind.VALUES
        assert (made.source, made.method("1-abc")) == ("dealer", "dealer-forward")
        return list(made.sessions([folder], ASKED, findings))

    def test_a_row_a_day(self, tmp_path):
        found = self.sessions(tmp_path, "day,iv90,ratio\n2025-06-03,30,1.5\n2025-06-02,29,\n", Findings())
        assert [(str(each.day), dict(each.measures)["put_vol_30d_90"]) for each in found] == [
            ("2025-06-02", 0.29),
            ("2025-06-03", 0.30),
        ]
        assert np.isnan(dict(found[0].measures)["skew_ratio_30d_90_110"])

    def test_what_is_wrong_is_refused_with_its_line(self, tmp_path):
        findings = Findings()
        text = (
            "day,iv90,ratio\n2025-06-02,29,1.4\n2025-06-02,29,1.4\nx,1,1\n2025-06-03,a,1\n2025-06-04\n2025-06-07,1,1\n"
        )
        assert len(self.sessions(tmp_path, text, findings)) == 1
        told = {each.reason: each.numbers for each in findings.refused.values()}
        assert told == {
            "duplicate_day": [3],
            "no_date": [4],
            "unreadable_number": [5],
            "wrong_number_of_fields": [6],
        }
        assert [str(day) for day in findings.days] == ["2025-06-07"]


def test_every_format_has_its_tests():
    tested = {each.form for each in (*_below(TableConformance), *_below(ImporterConformance)) if hasattr(each, "form")}
    assert tested == set(FORMATS)


def _below(kind: type) -> list[type]:
    return [each for one in kind.__subclasses__() for each in (one, *_below(one))]


def test_formats_and_maps_that_are_not_there():
    section = Backfill.model_validate({"csv": [MAP, SERIES]})
    with pytest.raises(ConfigError, match="did you mean orats"):
        importer("orat", section)
    with pytest.raises(ConfigError, match="name one of german, dealer"):
        importer("csv", section)
    with pytest.raises(ConfigError, match="no map 'x'"):
        importer("csv", section, "x")
    with pytest.raises(ConfigError, match="describe the file under backfill"):
        importer("csv", Backfill())
    with pytest.raises(ConfigError, match="--map belongs to --from csv"):
        importer("orats", section, "german")


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"side": "s", "bid": "b", "ask": "a"}, Kind.QUOTES),
        ({"side": "s", "mid": "m"}, Kind.MIDS),
        ({"side": "s", "vol": "v", "spot": "u"}, Kind.VOLS),
        ({"call_bid": "a", "call_ask": "b", "put_bid": "c", "put_ask": "d"}, Kind.QUOTES),
        ({"call_vol": "a", "put_vol": "b"}, Kind.VOLS),
    ],
)
def test_a_map_knows_what_its_file_is(columns, kind):
    described = {"name": "x", "columns": {"date": "d", "expiry": "e", "strike": "k", **columns}}
    (one,) = Backfill.model_validate({"csv": [described]}).csv
    assert csv_map.shape(one).kind is kind


@pytest.mark.parametrize(
    "columns",
    [
        {"strike": "k", "side": "s", "bid": "b", "ask": "a"},
        {"expiry": "e", "strike": "k", "side": "s", "bid": "b"},
        {"expiry": "e", "strike": "k", "call_bid": "b", "call_ask": "a"},
        {"expiry": "e", "strike": "k", "side": "s", "mid": "m", "nonsense": "n"},
    ],
)
def test_a_map_that_describes_no_chain_is_refused(columns):
    with pytest.raises(ValueError, match=r"chain needs|no column can be"):
        Backfill.model_validate({"csv": [{"name": "x", "columns": columns}]})


def test_without_pyarrow_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'skewwatch\[history\]'"):
        importer("orats", Backfill())
