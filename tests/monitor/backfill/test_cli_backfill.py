"""`skewwatch backfill` as a person and as a program use it."""

from __future__ import annotations

import json

import pytest

from monitor.cli import main
from monitor.errors import Exit
from monitor.store import FILE, Store, read
from tests.monitor.backfill import market
from tests.monitor.backfill import test_importers as formats
from tests.monitor.backfill.market import DAYS


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    formats.TestOptionsDatasetHist().save(folder, [each for day in DAYS for each in market.contracts(day)])
    return folder


@pytest.fixture
def run(tmp_path, capsys):
    config = tmp_path / "config.yaml"
    config.write_text("skewwatch: 1\nrates: {source: configured}\ndividends: {IWM: {continuous: 0.0}}\n")

    def called(*arguments):
        code = main(["backfill", *map(str, arguments), "--config", str(config), "--data-dir", str(tmp_path / "data")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return called


def test_a_report_for_a_person(run, files):
    code, out, err = run("iwm", files, "--from", "options-dataset-hist")
    assert code == Exit.FINE
    assert out.startswith("IWM from options-dataset-hist: 3 sessions from 2025-06-02 to 2025-06-04.\n")
    assert "computed now 3, there already 0" in out
    assert out.endswith("Clean: nothing was refused.\n")
    assert err == ""  # no bar where nobody looks
    assert "there already 3" in run("IWM", files, "--from", "options-dataset-hist")[1]


def test_a_report_for_a_program(run, files):
    code, out, _ = run("IWM", files, "--from", "options-dataset-hist", "--json")
    report = json.loads(out)
    assert code == Exit.FINE
    assert {"sessions", "rows", "points", "by_year", "by_level", "overlaps", "checks", "clean"} <= report.keys()
    assert report["points"]["made"] == sum(report["points"]["status"].values())
    assert report["by_year"][0]["counts"][report["headline"]] <= report["by_year"][0]["sessions"]
    assert report["checks"]["vendor_vol"]["sessions"] == 3


def test_only_some_sessions(run, files):
    code, out, _ = run("IWM", files, "--from", "options-dataset-hist", "--since", DAYS[1], "--until", DAYS[1], "--json")
    assert code == Exit.FINE
    assert json.loads(out)["sessions"]["found"] == 1


def test_what_was_refused_is_told_and_the_rest_is_there(run, files, tmp_path):
    (files / "z.parquet").write_bytes(b"PAR1 and no more")
    code, out, err = run("IWM", files, "--from", "options-dataset-hist")
    assert code == Exit.FAILED
    assert "refused: z.parquet is a damaged Parquet file" in out
    assert out.endswith("Not clean: see what was refused above.\n")
    assert err.count("\n") == 1
    with Store.open(tmp_path / "data" / FILE, read_only=True) as store, store.reading() as connection:
        assert len(read.points(connection, "IWM", "skew_ratio_30d_90_110")) == 3


def test_dividends_from_a_file(run, files, tmp_path):
    table = tmp_path / "dividends.csv"
    table.write_text("ticker,ex_date,amount_per_share\nIWM,2025-06-10,0.6\nSPY,2025-06-20,1.8\nIWM,2025-03-18,0.5\n")
    assert run("IWM", files, "--from", "options-dataset-hist", "--dividends", table)[0] == Exit.FINE
    with Store.open(tmp_path / "data" / FILE, read_only=True) as store, store.reading() as connection:
        assert [str(paid.ex_date) for paid in read.dividends(connection, "IWM")] == ["2025-03-18", "2025-06-10"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("IWM", "FILES", "--from", "orat"), Exit.USAGE, "did you mean orats"),
        (("IWM", "--from", "orats"), Exit.USAGE, "needs the files to import"),
        (("IWM", "FILES", "--from", "csv"), Exit.USAGE, "describe the file under backfill.csv"),
        (("IWM", "nowhere", "--from", "orats"), Exit.USAGE, "does not exist"),
        (("IWM", "FILES", "--from", "orats", "--since", "yesterday"), Exit.USAGE, "is no day"),
        (("7", "FILES", "--from", "options-dataset-hist"), Exit.USAGE, "is not a symbol"),
        (("QQQ", "FILES", "--from", "options-dataset-hist"), Exit.NO_DATA, "no session of QQQ"),
        (
            ("IWM", "FILES", "--from", "options-dataset-hist", "--dividends", "nowhere.csv"),
            Exit.USAGE,
            "cannot be read",
        ),
        (("IWM", "FILES"), Exit.USAGE, "--from"),
    ],
)
def test_mistakes_are_one_line(run, files, arguments, code, said):
    got, out, err = run(*(files if each == "FILES" else each for each in arguments))
    assert (got, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when,how much\n2025-06-10,0.6\n", "has no columns"),
        ("ex_date,amount\n2025-06-10,much\n", "line 2"),
        ("ex_date,amount\nsoon,0.6\n", "line 2"),
    ],
)
def test_dividends_that_cannot_be_read(run, files, tmp_path, text, said):
    (tmp_path / "d.csv").write_text(text)
    code, _, err = run("IWM", files, "--from", "options-dataset-hist", "--dividends", tmp_path / "d.csv")
    assert code == Exit.USAGE
    assert said in err


def test_without_a_path_the_data_set_is_downloaded(run, tmp_path, monkeypatch, files):
    asked = []

    def fetched(symbol, section, folder, tell):
        asked.append((symbol, section.first_year, folder))
        tell("fetching")
        return files

    monkeypatch.setattr("monitor.backfill.fetch.fetch", fetched)
    code, out, err = run("IWM", "--from", "options-dataset-hist")
    assert code == Exit.FINE
    assert "3 sessions" in out
    assert asked == [("IWM", 2008, tmp_path / "data" / "downloads" / "options-dataset-hist")]
    assert err == "skewwatch: fetching\n"


def test_a_bar_on_a_terminal(run, files, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    code, _, err = run("IWM", files, "--from", "options-dataset-hist")
    assert code == Exit.FINE
    assert "sessions" in err
