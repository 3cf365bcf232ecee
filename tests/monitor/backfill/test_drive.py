"""From files to the store: the numbers of a live chain, once, whatever happens on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from datetime import time as clock_time
from pathlib import Path

import pytest

from monitor.archive import FOLDER, Archive
from monitor.backfill import importer, keep
from monitor.backfill.drive import Order, backfill
from monitor.config import Config
from monitor.errors import NoDataError
from monitor.store import FILE, Origin, Point, Store, read
from monitor.store.check import check
from monitor.store.write import record_points
from pricing.calendar import next_session
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Level
from pricing.settings import Settings
from pricing.take import take
from tests.monitor.backfill import market
from tests.monitor.backfill import test_importers as formats
from tests.monitor.backfill.market import CONFIG, DAYS

RATIO = "skew_ratio_30d_90_110"
CONFIGURED = Config.model_validate({**CONFIG, "backfill": {"csv": [formats.MAP, formats.SERIES]}})
CLOSE = clock_time(16, 15)


class Place:
    """A data folder with files to import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.data = folder / "data"

    def run(self, form="options-dataset-hist", config=CONFIGURED, map_name=None, symbol="IWM", **order):
        made = Order(
            symbol=symbol,
            importer=importer(form, config.backfill, map_name),
            paths=(self.files,),
            **{"jobs": 1, **order},
        )
        with Store.open(self.data / FILE) as store:
            return backfill(made, config, store, self.data, Archive(self.data / FOLDER))

    def points(self, measure=None, **which):
        with Store.open(self.data / FILE, read_only=True) as store, store.reading() as connection:
            return read.points(connection, which.pop("symbol", "IWM"), measure, **which)

    def gaps(self):
        with Store.open(self.data / FILE, read_only=True) as store, store.reading() as connection:
            return {str(gap.session): gap.cause for gap in read.gaps(connection, "IWM")}

    def content(self):
        return content(self.data / FILE)


def content(path):
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}  # noqa: S608


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def full(place):
    formats.TestOptionsDatasetHist().save(place.files, [each for day in DAYS for each in market.contracts(day)])
    return place


def test_the_points_are_those_of_a_live_chain(full):
    """`take` on a chain that the test builds itself, with the same rate and dividends: equal to the last digit."""
    report = full.run()
    assert report.clean
    assert report.sessions == {
        "found": 3,
        "first": "2025-06-02",
        "last": "2025-06-04",
        "computed": 3,
        "there_already": 0,
    }
    for day in DAYS:
        chain = market.chain(market.contracts(day), CLOSE, "options-dataset-hist", spotted=False)
        live = take(chain, Curve.flat(0.0375), Schedule(continuous=0.0))
        found = {point.measure: point for point in full.points(since=day, until=day)}
        assert found.keys() == live.measures.keys()
        for name, measure in live.measures.items():
            point = found[name]
            assert (point.value, point.low, point.high) == (measure.value, measure.low, measure.high)
            assert (point.status, point.reason, point.unit) == (measure.status, measure.reason, measure.unit)
            assert (point.source, point.method) == ("options-dataset-hist", Settings().method)
            assert (point.origin, point.as_of) == (Origin.BACKFILLED, market.as_of(day, CLOSE))
    with Store.open(full.data / FILE) as store:
        assert not check(store).problems  # every point's digest is that of a file in `imports`


def test_again_changes_nothing(full):
    first = full.run()
    before = full.content()
    second = full.run()
    assert (second.sessions["computed"], second.sessions["there_already"]) == (0, 3)
    assert full.content() == before
    assert full.run(again=True).sessions["computed"] == 3
    assert full.content() == before
    assert second.points == first.points


def test_several_processes_give_what_one_gives(full, tmp_path, monkeypatch):
    other = Place(tmp_path / "other")
    other.files.rmdir()
    other.files = full.files
    monkeypatch.setattr("monitor.backfill.drive.FEW", 0)
    full.run(jobs=1)
    other.run(jobs=2)
    assert other.content() == full.content()


def test_a_session_missing_between_two_is_a_gap_until_it_comes(place):
    shape = formats.TestOptionsDatasetHist()
    shape.write(place.files / "a.parquet", shape.rows([*market.contracts(DAYS[0]), *market.contracts(DAYS[2])]))
    report = place.run()
    assert report.gaps == {"absent": 1}
    assert report.clean  # a day that a vendor does not have is no fault of the file
    assert place.gaps() == {"2025-06-03": "absent"}
    shape.write(place.files / "b.parquet", shape.rows(market.contracts(DAYS[1])))
    assert place.run().sessions["computed"] == 1
    assert place.gaps() == {}


def test_rubbish_in_the_middle(place):
    """Bad rows, a missing column, a day twice, a truncated Parquet, text for numbers, a comma: the rest is there."""
    shape = formats.TestOptionsDatasetHist()
    rows = shape.rows(market.contracts(DAYS[0]))
    rows[5] |= {"strike": "abc"}
    rows[6] |= {"ask": "1,25"}
    rows[7] |= {"date": None}
    rows = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    shape.write(place.files / "a.parquet", [*rows, *rows[:3]])
    shape.write(place.files / "b.parquet", [{k: v for k, v in row.items() if k != "ask"} for row in rows])
    shape.write(place.files / "c.parquet", shape.rows(market.contracts(DAYS[1])))
    (place.files / "d.parquet").write_bytes((place.files / "c.parquet").read_bytes()[:5000])
    report = place.run()
    assert not report.clean
    assert report.sessions["found"] == 2
    told = {(each["file"], each["reason"]): each["numbers"] for each in report.rows["refused"]}
    assert told == {
        ("a.parquet", "unreadable_number"): [6],
        ("a.parquet", "decimal_comma"): [7],
        ("a.parquet", "no_date"): [8],
        ("a.parquet", "duplicate"): [len(rows) + 1, len(rows) + 2, len(rows) + 3],
    }
    unusable = {each["name"]: each["unusable"] for each in report.files if each["unusable"]}
    assert unusable.keys() == {"b.parquet", "d.parquet"}
    assert "no column ask" in unusable["b.parquet"]
    assert "damaged Parquet" in unusable["d.parquet"]
    assert {str(point.session) for point in place.points(RATIO)} == {"2025-06-02", "2025-06-03"}
    with Store.open(place.data / FILE) as store, store.reading() as connection:
        noted = {each.name: json.loads(each.report) for each in read.imports(connection, "IWM")}
    assert noted["a.parquet"]["rows_refused"]["duplicate"] == 3
    assert "damaged" in noted["d.parquet"]["unusable"]


def test_a_day_whose_file_ends_in_the_middle_is_refused(place):
    formats.TestCsv().save(place.files, [each for day in DAYS for each in market.contracts(day)])
    (file,) = place.files.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    report = place.run("csv", map_name="german")
    assert report.sessions["found"] == 2
    assert [(each["day"], each["cause"]) for each in report.days_refused] == [("2025-06-04", "damaged")]
    assert place.gaps() == {"2025-06-04": "damaged"}
    assert not report.clean


def test_what_has_no_quotes_has_no_envelope_and_another_method(place):
    formats.TestIvTable().save(place.files, [each for day in DAYS for each in market.contracts(day)])
    report = place.run("iv-table")
    assert report.kind == "iv_only"
    points = place.points()
    assert {point.method for point in points} == {f"iv_only:{Settings().method}"}
    assert all(point.low is None and point.high is None for point in points)
    assert all(point.reason == "iv_only" for point in points if point.value is not None)
    assert {point.status for point in points if point.value is not None} <= {Level.OK, Level.EDGE}
    assert sum(point.value is not None for point in points) > 40


def test_a_vendors_own_measures(place):
    (place.files / "a.csv").write_text("day,iv90,ratio\n2025-06-02,30,1.5\n2025-06-04,29,\n")
    report = place.run("csv", map_name="dealer")
    found = {(str(point.session), point.measure): point for point in place.points()}
    first = found["2025-06-02", RATIO]
    assert (first.value, first.low, first.method, first.source) == (1.5, None, "dealer-forward", "dealer")
    assert found["2025-06-02", "put_vol_30d_90"].value == 0.3
    assert found["2025-06-04", RATIO].status is Level.MISSING
    assert report.gaps == {"absent": 1}


def test_payloads_are_archived_and_their_numbers_can_be_explained(place):
    formats.TestCboe().save(place.files, [])
    report = place.run("cboe")
    assert report.sessions["found"] == 3
    points = place.points(RATIO)
    assert [str(point.session) for point in points] == [str(day) for day in DAYS]
    assert {f"{point.as_of:%H:%M}" for point in points} == {"19:50"}  # the first at or after 15:45 New York
    assert all(point.origin is Origin.BACKFILLED and point.snapshot_id for point in points)
    with Store.open(place.data / FILE) as store:
        found = check(store, Archive(place.data / FOLDER))
        assert not found.problems
        assert found.payloads == 3
    before = place.content()
    assert place.run("cboe").sessions["there_already"] == 3
    assert place.content() == before


def test_what_was_seen_live_stands_and_the_difference_is_told(full):
    day = DAYS[1]
    source, method = "options-dataset-hist", Settings().method
    live = Point("IWM", RATIO, day, source, method, 1.4, 1.39, 1.41, "ratio", Level.OK, Origin.LIVE)
    full.data.mkdir()
    with Store.open(full.data / FILE) as store, store.writing() as connection:
        record_points(connection, [live])
    report = full.run()
    points = {point.session: point for point in full.points(RATIO)}
    assert points[day].value == 1.4
    assert points[day].origin is Origin.LIVE
    (apart,) = [each for each in report.overlaps if each.other.endswith("live")]
    chain = market.chain(market.contracts(day), CLOSE, source, spotted=False)
    own = take(chain, Curve.flat(0.0375), Schedule(continuous=0.0)).measures[RATIO].value
    assert (apart.n, apart.worst_on) == (1, str(day))
    assert apart.worst == pytest.approx(own - 1.4)


def test_the_overlap_with_another_source_is_published(full, tmp_path):
    full.run()
    tables = tmp_path / "tables"
    tables.mkdir()
    formats.TestIvTable().save(tables, [each for day in DAYS for each in market.contracts(day)])
    full.files = tables
    report = full.run("iv-table")
    quoted = {point.session: point.value for point in full.points(RATIO, source="options-dataset-hist")}
    tabled = {point.session: point.value for point in full.points(RATIO, source="iv-table")}
    gaps = [tabled[day] - quoted[day] for day in DAYS]
    (apart,) = [each for each in report.overlaps if each.measure == RATIO]
    assert apart.n == 3
    assert apart.mean == pytest.approx(sum(gaps) / 3)
    assert abs(apart.worst) == pytest.approx(max(map(abs, gaps)))


def test_dividends_given_are_kept_and_used(full):
    config = Config.model_validate({**CONFIG, "dividends": {}})
    unknown = full.run(config=config)
    assert unknown.doubts["dividends_unknown"] == 3
    before = {point.session: point.value for point in full.points(RATIO)}
    paid = (Dividend(date(2025, 3, 18), 1.5), Dividend(date(2025, 6, 10), 1.5))
    report = full.run(config=config, dividends=paid, again=True)
    assert "dividends_unknown" not in report.doubts
    assert {point.session: point.value for point in full.points(RATIO)} != before
    with Store.open(full.data / FILE) as store, store.reading() as connection:
        assert read.dividends(connection, "IWM") == paid


def test_prices_beside_the_chains_are_kept_where_there_are_none(full):
    rows = [
        {"symbol": "IWM", "date": "2025-06-02", "open": 1.0, "high": 2.0, "low": 0.5, "close": 213.0, "volume": 7},
        {"symbol": "IWM", "date": "2025-06-03", "open": 1.0, "high": 2.0, "low": 0.5, "close": 214.0, "volume": 7},
        {"symbol": "SPY", "date": "2025-06-03", "open": 1.0, "high": 2.0, "low": 0.5, "close": 600.0, "volume": 7},
    ]
    market.write_parquet(full.files / "underlying_prices.parquet", rows)
    assert full.run().clean
    with Store.open(full.data / FILE) as store, store.reading() as connection:
        kept = {str(price.session): price.close for price in read.prices(connection, "IWM")}
    assert kept == {"2025-06-02": 213.0, "2025-06-03": 214.0}


def test_nothing_of_the_symbol(full):
    with pytest.raises(NoDataError, match="no session of QQQ"):
        full.run(symbol="QQQ")


def test_coverage_is_counted_by_year_and_level(full):
    report = full.run()
    (year,) = report.by_year
    assert (year.label, year.sessions) == ("2025", 3)
    assert year.counts[RATIO] == sum(point.value is not None for point in full.points(RATIO))
    (level,) = report.by_level
    vols = [point.value for point in full.points("atm_vol_30d")]
    assert all(0.20 <= vol < 0.30 for vol in vols)
    assert (level.label, level.sessions) == ("20 to 30 %", 3)


PROGRAM = """
import sys, json
import monitor.backfill.keep as keep
import monitor.backfill.drive as drive
keep.ROWS = 40
drive.TOGETHER = 2
drive.FEW = 0
from monitor.cli import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def test_killed_at_any_moment_and_resumed(tmp_path):
    """SIGKILL at random moments; then once to the end: every row of every table is as in an undisturbed run."""
    shape, day, rows = formats.TestOptionsDatasetHist(), date(2025, 6, 2), []
    for _ in range(10):
        rows += shape.rows(market.contracts(day))
        day = next_session(day)
    rows[100] |= {"bid": "abc"}
    files = tmp_path / "files"
    files.mkdir()
    shape.write(files / "all.parquet", rows)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "config.yaml").write_text("skewwatch: 1\nrates: {source: configured}\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def start(data):
        command = [sys.executable, str(tmp_path / "program.py"), "backfill", "IWM", str(files), "--jobs", "2"]
        command += ["--from", "options-dataset-hist", "--config", str(tmp_path / "config.yaml")]
        command += ["--data-dir", str(tmp_path / data)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603

    begun = time.monotonic()
    assert start("whole").wait() == 1  # a row was refused
    lasts = time.monotonic() - begun
    chance = random.Random(7)  # noqa: S311 - moments of kills
    for _ in range(2):
        process = start("broken")
        time.sleep(chance.uniform(0.6, 1.0) * lasts)
        workers = _children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        until = time.monotonic() + 10
        while any(Path(f"/proc/{each}").exists() for each in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{each}").exists() for each in workers)  # nobody goes on without it
    assert start("broken").wait() == 1
    assert content(tmp_path / "broken" / FILE) == content(tmp_path / "whole" / FILE)


def _children(process):
    try:
        return Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # no such folder on this system, or it has ended by itself
        return []


def test_transactions_are_short(full, monkeypatch):
    """A transaction holds some tens of sessions: another writer waits for a fraction of a second."""
    assert keep.ROWS <= 5000
    monkeypatch.setattr(keep, "ROWS", 30)
    opened = []
    real = Store.writing

    def counted(self):
        opened.append(1)
        return real(self)

    monkeypatch.setattr(Store, "writing", counted)
    full.run()
    assert len(opened) >= 4


def test_the_processes_import_what_they_need():
    """A worker starts in a third of a second: no reader of tables, no database, no command line."""
    heavy = "pyarrow", "sqlalchemy", "alembic", "pandas", "typer", "rich", "httpx2", "matplotlib"
    program = f"import sys, monitor.backfill.work; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"
