"""What every importer must do: inherit, say how its files are written, get the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from pathlib import Path

import numpy as np
import pytest

from monitor.backfill import gather, importer
from monitor.backfill.chains import build
from monitor.backfill.findings import Findings, Leave
from monitor.backfill.protocol import Asked, Importer, Kind, Quotes
from monitor.backfill.surroundings import RateHistory, Surroundings
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.underlyings import underlying
from pricing.chain import Chain
from pricing.dividends import Schedule
from tests.monitor.backfill import market
from tests.monitor.backfill.market import CONFIG, DAYS, Contract
from tests.monitor.conformance import same

IWM = underlying("IWM")
ASKED = Asked(IWM, 62)
Row = dict[str, object]


class ImporterConformance:
    """Tests of one importer of chains. A subclass has a name that pytest collects.

    Attributes
    ----------
    form : str
        Its name in `monitor.backfill.FORMATS`.
    clock : datetime.time
        When its quotes are taken, New York.
    """

    form: str
    clock: time = time(16, 15)

    def save(self, folder: Path, given: Sequence[Contract]) -> None:
        """Write contracts as the vendor would."""
        raise NotImplementedError

    def importer(self) -> Importer:
        return importer(self.form, Config.model_validate(CONFIG).backfill)

    @pytest.fixture
    def given(self) -> list[Contract]:
        return [each for day in DAYS for each in market.contracts(day)]

    @pytest.fixture
    def folder(self, tmp_path, given) -> Path:
        place = tmp_path / "files"
        place.mkdir()
        self.save(place, given)
        return place

    def test_it_says_what_it_is(self):
        made = self.importer()
        assert made.name == self.form
        assert made.kind in Kind
        usual = made.method("1-abc")
        assert (usual == "1-abc") == (made.kind is Kind.QUOTES)

    def test_each_session_comes_once_in_order(self, folder):
        findings = Findings()
        sessions = list(self.importer().sessions([folder], ASKED, findings))
        assert [each.day for each in sessions] == list(DAYS)
        assert findings.sessions == len(DAYS)
        assert findings.clean

    def test_the_same_files_give_the_same_sessions(self, folder):
        first, second = (list(self.importer().sessions([folder], ASKED, Findings())) for _ in range(2))
        for one, other in zip(first, second, strict=True):
            assert one.day == other.day
            if isinstance(one, Quotes):
                assert one.rows.tobytes() == other.rows.tobytes()

    def test_only_what_is_asked_for(self, folder):
        asked = Asked(IWM, 62, since=DAYS[1], until=DAYS[1])
        findings = Findings()
        assert [each.day for each in self.importer().sessions([folder], asked, findings)] == [DAYS[1]]
        assert findings.sessions == 1
        assert findings.clean

    def test_a_path_that_is_not_there(self, tmp_path):
        with pytest.raises(ConfigError, match="does not exist"):
            list(self.importer().sessions([tmp_path / "nothing"], ASKED, Findings()))


class TableConformance(ImporterConformance):
    """Tests of one importer of tables.

    Attributes
    ----------
    counted, spotted : bool
        Whether the vendor gives volume and open interest; a price of the underlying.
    number, strike, expiry, day, symbol : str
        Columns: any number that is needed, and those of that meaning. Empty: there is none.
    suffix : str
    """

    counted: bool = True
    spotted: bool = False
    number: str
    strike: str
    expiry: str
    day: str
    symbol: str = ""
    suffix: str = ".csv"

    def rows(self, given: Sequence[Contract]) -> list[Row]:
        """Write contracts as the vendor's rows."""
        raise NotImplementedError

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        """Put rows into a file."""
        market.write_csv(path, rows)

    def save(self, folder: Path, given: Sequence[Contract]) -> None:
        self.write(folder / f"all{self.suffix}", self.rows(given))

    def chains(self, paths: Sequence[Path], findings: Findings | None = None) -> dict[date, Chain]:
        """Import files and build the chains."""
        settings = Config.model_validate(CONFIG)
        surroundings = Surroundings(
            settings.settings("IWM"), RateHistory.of(settings.rates, {}), Schedule(continuous=0.0)
        )
        made = self.importer()
        found = {}
        for each in made.sessions(paths, ASKED, Findings() if findings is None else findings):
            assert isinstance(each, Quotes)
            inputs = surroundings.inputs(each.as_of)
            spot = float(each.rows["spot"][0]) if each.rows.size else np.nan
            found[each.day] = build(each.rows, made.kind, IWM, made.source, each.as_of, inputs, spot)
        return found

    def expected(self, given: Sequence[Contract]) -> Chain:
        """Build a session's chain without the importer."""
        return market.chain(given, self.clock, self.importer().source, counted=self.counted, spotted=self.spotted)

    def test_the_chain_says_what_the_vendor_said(self, folder):
        for day, found in self.chains([folder]).items():
            assert same(found, self.expected(market.contracts(day)))

    def test_the_order_of_rows_does_not_matter(self, folder, tmp_path, given):
        place = tmp_path / "shuffled"
        place.mkdir()
        self.write(place / f"all{self.suffix}", market.shuffled(self.rows(given)))
        ordered, mixed = self.chains([folder]), self.chains([place])
        assert mixed.keys() == ordered.keys()
        assert all(same(mixed[day], ordered[day]) for day in ordered)

    def test_the_cut_into_files_does_not_matter(self, folder, tmp_path, given):
        place, rows = tmp_path / "parts", market.shuffled(self.rows(given), 1)
        place.mkdir()
        for at in range(3):
            self.write(place / f"part{at}{self.suffix}", rows[at::3])
        ordered, parts = self.chains([folder]), self.chains([place])
        assert all(same(parts[day], ordered[day]) for day in ordered)

    def test_what_does_not_fit_into_memory_is_sorted_on_the_disk(self, tmp_path, given, monkeypatch):
        place = tmp_path / "shuffled"
        place.mkdir()
        self.write(place / f"all{self.suffix}", market.shuffled(self.rows(given)))
        ordered = self.chains([place])
        monkeypatch.setattr(gather, "BUCKET_ROWS", 300)
        monkeypatch.setattr(gather.gather, "__kwdefaults__", {"folder": tmp_path, "open_rows": 100})
        from_disk = self.chains([place])
        assert from_disk.keys() == ordered.keys()
        assert all(same(from_disk[day], ordered[day]) for day in ordered)
        assert not list(tmp_path.glob("skewwatch-*"))  # nothing is left behind

    @pytest.mark.parametrize("bad", ["abc", "1,25", "1.2.3", "--"])
    def test_a_number_that_is_none(self, tmp_path, given, bad):
        rows = self.rows(given)
        spoiled = [row | {self.number: bad} if at == 7 else row for at, row in enumerate(rows)]
        self.write(tmp_path / f"all{self.suffix}", spoiled)
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert found.keys() == set(DAYS)
        (refusal,) = findings.refused.values()
        assert refusal.count == 1
        assert refusal.numbers == [self.place(7)]
        assert refusal.reason == ("decimal_comma" if bad == "1,25" else "unreadable_number")
        assert not findings.clean

    def place(self, at: int) -> int:
        """Number that a row has for a person: of text its line, of anything else counted from 1."""
        return at + (2 if self.suffix in {".csv", ".txt"} else 1)

    @pytest.mark.parametrize(
        ("column", "bad", "reason"), [("strike", "-5", "no_strike"), ("expiry", "soon", "no_expiry")]
    )
    def test_a_row_without_what_names_a_contract(self, tmp_path, given, column, bad, reason):
        rows = self.rows(given)
        spoiled = [row | {getattr(self, column): bad} if at == 3 else row for at, row in enumerate(rows)]
        self.write(tmp_path / f"all{self.suffix}", spoiled)
        findings = Findings()
        self.chains([tmp_path], findings)
        assert [(each.reason, each.numbers) for each in findings.refused.values()] == [(reason, [self.place(3)])]

    def test_a_row_without_a_day(self, tmp_path, given):
        if not self.day:
            pytest.skip("the file's name has the day")
        rows = self.rows(given)
        spoiled = [row | {self.day: "someday"} if at == 3 else row for at, row in enumerate(rows)]
        self.write(tmp_path / f"all{self.suffix}", spoiled)
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == set(DAYS)
        assert [(each.reason, each.numbers) for each in findings.refused.values()] == [("no_date", [self.place(3)])]

    def test_a_file_without_a_column(self, tmp_path, given):
        rows = self.rows(given)
        self.write(tmp_path / f"a{self.suffix}", rows)
        self.write(tmp_path / f"b{self.suffix}", [{k: v for k, v in row.items() if k != self.strike} for row in rows])
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == set(DAYS)
        assert list(findings.unusable) == [1]
        assert self.strike.strip(" []") in findings.unusable[1]

    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"no table at all", b"PAR1 broken off", b"{}"])
    def test_a_file_that_is_no_table(self, tmp_path, given, content):
        self.save(tmp_path, given)
        (tmp_path / f"z{self.suffix}").write_bytes(content)
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == set(DAYS)
        assert list(findings.unusable) == [1]

    def test_a_day_that_comes_twice(self, tmp_path, given):
        rows, again = self.rows(given), self.rows(market.contracts(DAYS[1]))
        self.write(tmp_path / f"all{self.suffix}", [*rows, *again])
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert same(found[DAYS[1]], self.expected(market.contracts(DAYS[1]))) or self.importer().kind is not Kind.QUOTES
        (refusal,) = findings.refused.values()
        assert refusal.reason == "duplicate"
        assert refusal.numbers[0] == self.place(len(rows))

    def test_a_day_that_repeats_another(self, tmp_path):
        if not self.day:
            pytest.skip("the file's name has the day")
        stale = [row | {self.day: row_after[self.day]} for row, row_after in self._moved()]
        self.write(tmp_path / f"all{self.suffix}", [*self.rows(market.contracts(DAYS[0])), *stale])
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == {DAYS[0]}
        assert findings.days[DAYS[1]][0] == "repeated"

    def _moved(self) -> list[tuple[Row, Row]]:
        first, second = (self.rows(market.contracts(day)) for day in DAYS[:2])
        return [(row, second[0]) for row in first]

    def test_rows_of_another_symbol_are_left_out(self, tmp_path, given):
        if not self.symbol:
            pytest.skip("a file holds one symbol")
        rows = self.rows(given)
        self.write(tmp_path / f"all{self.suffix}", [*rows, *(row | {self.symbol: "SPY"} for row in rows)])
        findings = Findings()
        found = self.chains([tmp_path], findings)
        assert all(same(found[day], self.expected(market.contracts(day))) for day in DAYS)
        assert findings.left[Leave.OTHER_SYMBOL] == len(rows)
        assert findings.clean

    def test_a_day_on_which_the_market_was_closed(self, tmp_path, given):
        if not self.day:
            pytest.skip("the file's name has the day")
        rows = self.rows(given)
        text = str(rows[0][self.day])
        self.write(tmp_path / f"all{self.suffix}", [*rows, *(row | {self.day: self.sunday(text)} for row in rows[:4])])
        findings = Findings()
        assert self.chains([tmp_path], findings).keys() == set(DAYS)
        ((day, (cause, _)),) = findings.days.items()
        assert (str(day), cause) == ("2025-06-08", "not_a_session")
        assert not findings.clean

    def sunday(self, text: str) -> str:
        """Write a Sunday as the vendor writes days."""
        return text.replace("2025-06-02", "2025-06-08")
