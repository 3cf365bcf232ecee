"""Saving, explaining, checking and copying, as a user does."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from monitor.cli import main
from monitor.sources.recorded import Recorded
from monitor.store import FILE

ID = r"s-[0-9a-f]{10}"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in this process on a data folder of its own; give its code, output and errors."""
    monkeypatch.setenv("SKEWWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(each) for each in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_nothing_is_written_without_save(run, data):
    assert run("snapshot", "IWM", "--source", "simulated")[0] == 0
    assert not data.exists()


def test_save_prints_an_id_that_explain_knows(run, data):
    code, out, err = run("snapshot", "IWM", "--source", "simulated", "--save")
    assert (code, err) == (0, "")
    (name,) = re.findall(rf"^Saved as ({ID}): skewwatch explain \1$", out, re.MULTILINE)
    code, out, err = run("explain", name)
    assert (code, err) == (0, "")
    assert "every number the same to the last digit" in out
    code, out, _ = run("explain", name, "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "identical")
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    code, out, _ = run("snapshot", "IWM", "--source", "simulated", "--save", "--json")
    assert (code, json.loads(out)["id"]) == (0, name)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_csv_says_the_id_beside_the_rows(run):
    code, out, err = run("snapshot", "IWM", "SPY", "--source", "simulated", "--save", "--csv")
    assert code == 0
    assert {row["symbol"] for row in csv.DictReader(io.StringIO(out))} == {"IWM", "SPY"}
    assert re.fullmatch(rf"skewwatch: IWM: saved as {ID}\nskewwatch: SPY: saved as {ID}\n", err)


def test_an_archive_is_a_source(run, data):
    code, out, _ = run("snapshot", "IWM", "--source", "simulated", "--save", "--json")
    live = json.loads(out)
    code, out, _ = run("snapshot", "--source", f"recorded:{data / 'archive'}", "--save", "--json")
    assert code == 0
    assert json.loads(out) == live, "the same payload and inputs: the same snapshot"
    assert len(list(Recorded(data / "archive").payloads())) == 1


def test_a_payload_is_kept_before_it_is_parsed(run, data, tmp_path):
    """What cannot be read today is there for the version that can."""
    broken = tmp_path / "20260618T201500Z.json"
    broken.write_text('{"timestamp": "2026-06-18 20:15:00", "symbol": "IWM", "data": {"symbol": "IWM", "options": 7}}')
    code, out, err = run("snapshot", "--source", f"recorded:{broken}", "--save")
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert len(list((data / "archive").rglob("*.json.gz"))) == 1
    assert not (data / FILE).exists()


def test_a_store_that_cannot_be_does_not_silence_the_snapshot(run, data):
    data.mkdir()
    (data / FILE).write_text("not a database")
    code, out, err = run("snapshot", "IWM", "--source", "simulated", "--save")
    assert code == 1
    assert out.startswith("IWM: ")
    assert "Saved" not in out
    assert re.fullmatch(r"skewwatch: .* no SQLite database; .*\n", err)


def test_check_and_backup(run, data, tmp_path):
    run("snapshot", "IWM", "--source", "simulated", "--save")
    code, out, err = run("db", "check")
    assert (code, err) == (0, "")
    assert "whole" in out
    assert "1 payloads archived" in out
    code, out, err = run("db", "backup", tmp_path / "copy.db")
    assert (code, err) == (0, "")
    with closing(sqlite3.connect(data / FILE)) as hand, hand:
        hand.execute("UPDATE measures SET value = value + 1e-9 WHERE name = 'atm_vol_30d'")
    code, out, err = run("db", "check")
    assert code == 1
    assert err == "skewwatch: the store is damaged: a row of measures does not match its seal\n"
    code, out, _ = run("db", "check", "--json")
    assert (code, len(json.loads(out)["problems"])) == (1, 1)
    (data / FILE).write_bytes((tmp_path / "copy.db").read_bytes())
    assert run("db", "check")[0] == 0


def test_damage_in_the_archive(run, data):
    _, out, _ = run("snapshot", "IWM", "--source", "simulated", "--save", "--json")
    (path,) = (data / "archive").rglob("*.json.gz")
    path.write_bytes(path.read_bytes()[:-100])
    for command in (["explain", json.loads(out)["id"]], ["db", "check"]):
        code, _, err = run(*command)
        assert code == (3 if command[0] == "explain" else 1)
        assert path.name in err


def test_what_is_not_there(run, data):
    for command in (["db", "check"], ["db", "backup", "copy.db"], ["explain", "s-0123456789"]):
        code, _, err = run(*command)
        assert (code, err.count("\n")) == (1, 1)
        assert "there is no store" in err
    assert not data.exists()
    assert run("db", "upgrade")[0] == 0
    code, _, err = run("explain", "s-0123456789")
    assert (code, err.count("\n")) == (3, 1)


def test_doctor_looks_at_the_store(run, data):
    assert "store: none yet; SQLite" in run("doctor")[1]
    run("db", "upgrade")
    assert f"store: {data / FILE}; SQLite" in run("doctor")[1]
    (data / FILE).write_bytes(b"x" * 5000)
    code, out, _ = run("doctor")
    assert code == 1
    assert "fail  store: " in out


def test_saving_imports_no_alembic_once_the_store_is_there(run, data):
    run("db", "upgrade")
    code = (
        "import sys\nfrom monitor.cli import main\ncode = main(sys.argv[1:])\n"
        "sys.exit('imported alembic' if 'alembic' in sys.modules else code)"
    )
    arguments = ["snapshot", "IWM", "--source", "simulated", "--save", "--json", "--data-dir", str(data)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (0, "")
