"""The store's door: which journal, who waits for whom, what is made and what is left alone, what errors mean."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from monitor.errors import ConfigError, Exit, Failure
from monitor.store import FILE, Store, engine, tables
from monitor.store.engine import journal_mode
from monitor.store.records import Gap
from monitor.store.write import record_gaps
from tests.monitor.saved import at, content, ended, running

SESSION = at("2026-07-08T00:00:00").date()


@pytest.fixture
def path(tmp_path):
    return tmp_path / FILE


@pytest.fixture
def store(path):
    with Store.open(path) as opened:
        yield opened


def note(store, cause, source="cboe"):
    with store.writing() as connection:
        record_gaps(connection, [Gap("IWM", source, SESSION, cause)])


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        # sqlite.org/wal.html: the bug was there from 3.7.0 to 3.51.2, mended in 3.51.3, 3.50.7 and 3.44.6
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 0), "DELETE"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_the_journal(version, mode):
    assert journal_mode(version) == mode


def test_settings(store):
    with store.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    journal = journal_mode(sqlite3.sqlite_version_info).lower()
    assert settings == {"journal_mode": journal, "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_reading_makes_nothing(path):
    with pytest.raises(Failure, match="there is no store"):
        Store.open(path, read_only=True)
    assert not path.exists()
    path.touch()
    with pytest.raises(Failure, match="is empty"):
        Store.open(path, read_only=True)
    assert path.stat().st_size == 0


def test_reading_changes_nothing(store, path):
    note(store, "closed")
    before = path.read_bytes()
    with Store.open(path, read_only=True) as reader:
        assert content(reader) == content(store)
        with pytest.raises(ValueError, match="to be read"), reader.writing():
            pass
        with pytest.raises(Failure, match="cannot be opened or written"), reader.reading() as connection:
            connection.execute(tables.gaps.delete())
    assert path.read_bytes() == before


def test_a_place_with_spaces_and_marks(tmp_path):
    place = tmp_path / "a folder?" / "100 %#1.db"
    with Store.open(place) as store:
        note(store, "closed")
    assert sorted(each.name for each in place.parent.iterdir()) == [place.name]


def test_another_programs_files_are_left_alone(path):
    path.write_text("skewwatch: 1\n")
    with pytest.raises(Failure, match="no SQLite database"):
        Store.open(path)
    assert path.read_text() == "skewwatch: 1\n"
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(Failure, match="another program's"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(store, path):
    with store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for read_only in (True, False):
        with pytest.raises(Failure, match="newer skewwatch"):
            Store.open(path, read_only=read_only)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="Not a directory"):
        Store.open(tmp_path / "file" / FILE)


def test_an_error_undoes_the_whole_transaction(store):
    def fail():
        with store.writing() as connection:
            record_gaps(connection, [Gap("IWM", "cboe", SESSION, "closed")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert content(store)["gaps"] == []


def test_a_locked_store_says_so(path, monkeypatch):
    monkeypatch.setattr(engine, "TIMEOUT", 0.05)
    with Store.open(path) as one, Store.open(path) as other, one.writing() as connection:
        with other.reading() as reading:
            assert reading.execute(sa.select(tables.gaps)).all() == []
        with pytest.raises(Failure, match="busy: another process") as caught, other.writing():
            pass
        record_gaps(connection, [Gap("IWM", "cboe", SESSION, "closed")])
    assert caught.value.code == Exit.FAILED
    assert "\n" not in str(caught.value)


COUNTING = """
import os, sys
from datetime import date
from pathlib import Path
from monitor.store import Gap, Store, tables
from monitor.store.write import record_gaps
import sqlalchemy as sa

children = []
for child in range(int(sys.argv[2])):
    children.append(os.fork())
    if not children[-1]:
        with Store.open(Path(sys.argv[1])) as store:
            for _ in range(25):
                with store.writing() as connection:
                    found = connection.execute(sa.select(tables.gaps.c.detail)).scalar() or "0"
                    record_gaps(connection, [Gap("IWM", "cboe", date(2026, 7, 8), "count", str(int(found) + 1))])
        os._exit(0)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
"""


def test_four_processes_make_one_store_and_lose_no_change(path):
    """The driver's own default loses half of such increments without an error (LIBRARIES)."""
    ended(COUNTING, path, 4)
    with Store.open(path, read_only=True) as store:
        assert [row[5] for row in content(store)["gaps"]] == ["100"]


ENDLESS = """
import sys
from datetime import date, timedelta
from pathlib import Path
from monitor.store import Gap, Store
from monitor.store.write import record_gaps

day = date(2000, 1, 1)
with Store.open(Path(sys.argv[1])) as store:
    for number in range(10**9):
        with store.writing() as connection:
            gaps = [Gap("IWM", str(source), day + timedelta(number), "closed", "x" * 200) for source in range(100)]
            record_gaps(connection, gaps)
        print(number, flush=True)
"""


def test_killed_while_writing(path):
    """What was committed before SIGKILL is there, and only whole transactions are."""
    for life in range(3):
        with running(ENDLESS, path) as process:
            last = -1
            while last < 3 + 7 * life:
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            last = max([last, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
        with Store.open(path, read_only=True) as store:
            days = [row[2] for row in content(store)["gaps"]]
            with store.reading() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert len(set(days)) > last
        assert all(days.count(day) == 100 for day in set(days))


def test_a_full_disk_loses_nothing_and_recovers(store):
    note(store, "first")
    before = content(store)
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Failure, match="the disk is full") as caught, store.writing() as connection:
        record_gaps(connection, [Gap("IWM", f"{number}", SESSION, "x" * 100) for number in range(1000)])
    assert "\n" not in str(caught.value)
    assert content(store) == before
    with store.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    note(store, "second", source="yahoo")
    assert len(content(store)["gaps"]) == 2


def test_a_hot_journal_is_taken_back_by_a_reader(path, tmp_path):
    """A copy of database and journal in the middle of a transaction is what a killed process leaves."""
    with Store.open(path) as store:
        note(store, "first")
        before = content(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")
        writer.execute("PRAGMA cache_size=1")  # pages leave the cache for the file before the commit
        writer.execute("BEGIN IMMEDIATE")
        writer.executemany(
            "INSERT INTO gaps VALUES ('IWM', ?, '2026-07-08', '', 'x', ?, 0)", [(str(n), "y" * 500) for n in range(500)]
        )
        left = tmp_path / "left" / FILE
        left.parent.mkdir()
        for suffix in ("", "-journal"):
            (left.parent / (FILE + suffix)).write_bytes((path.parent / (FILE + suffix)).read_bytes())
        writer.execute("ROLLBACK")
    with Store.open(left, read_only=True) as store:
        assert content(store) == before


def test_a_damaged_file_says_so(store, path):
    note(store, "first")
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    with pytest.raises(Failure, match=r"damaged|other tables") as caught:
        content(Store.open(path, read_only=True))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "sqlite+pysqlite://user:hunter2@host/nowhere/at/all",
        "nosuch://user:hunter2@host/name",
        "postgresql+nosuch://user:hunter2@host/name",
        "://user:hunter2@host",
    ],
)
def test_an_address_that_leads_nowhere_says_so_without_its_password(address):
    with pytest.raises(ConfigError) as caught:
        Store.open(address)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_of_sqlite_is_a_file(store, path):
    note(store, "closed")
    with Store.open(f"sqlite:///{path}", read_only=True) as same:
        assert same.path == path
        assert content(same) == content(store)


def test_the_tables_are_portable():
    """PostgreSQL is a line of the configuration later: its dialect can write every table and every index."""
    dialect = postgresql.dialect()
    for table in tables.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect)).count("BIGINT") >= 1  # its seal
        for index in table.indexes:
            assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))


def test_a_snapshot_without_store_imports_none_of_it():
    heavy = ended(
        "import sys, monitor.cli.snapshot, monitor.look\n"
        "print([m for m in sys.modules if m in {'sqlalchemy', 'alembic', 'sqlite3', 'monitor.store'}])"
    )
    assert heavy.strip() == "[]"


def test_an_open_store_does_not_import_alembic(path):
    Store.open(path).close()
    script = (
        "import sys; from pathlib import Path; from monitor.store import Store\n"
        "Store.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    assert ended(script, path).strip() == "False"
