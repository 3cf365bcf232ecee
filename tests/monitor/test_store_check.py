"""Damage is found wherever it is, a kill leaves none, and a copy made while others write is whole."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from monitor.archive import FOLDER, Archive, relative_path
from monitor.errors import Failure
from monitor.sources.payload import sidecar_path
from monitor.store import FILE, Gap, Import, Origin, Point, Price, Store, check, tables, write
from monitor.store.check import backup
from pricing.reasons import Level
from tests.monitor.saved import INPUTS, content, ended, payload, running, snapshot
from tests.monitor.snapshots import AS_OF

DAY = date(2026, 6, 18)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / FOLDER)


@pytest.fixture
def store(tmp_path, archive):
    """A little of everything."""
    with Store.open(tmp_path / FILE) as opened:
        for hour in range(3):
            when = AS_OF - timedelta(hours=hour)
            kept = archive.keep(payload(fetched_at=when, spot=101.25, http_status=200))
            with opened.writing() as connection:
                write.save(connection, kept, snapshot(as_of=when), INPUTS, Origin.LIVE)
        digest = sha256(b"").hexdigest()
        with opened.writing() as connection:
            write.record_import(connection, Import(digest, "IWM", "hist", "2008.parquet", 313_000_000))
            write.record_points(
                connection,
                [
                    Point(
                        "IWM", f"m{m}", DAY - timedelta(day), "hist", "1-0a1b2c3d", day + m / 7, None, None, "ratio",
                        Level.OK, Origin.BACKFILLED, payload_sha256=digest,
                    )
                    for day in range(20)
                    for m in range(3)
                ],
            )  # fmt: skip
            prices = [Price("IWM", DAY - timedelta(day), 1.0, 2.5, 0.5, 1.5 + day, 1e7, "file") for day in range(40)]
            write.record_prices(connection, prices)
            write.record_gaps(connection, [Gap("IWM", "hist", DAY, "asleep", slot=AS_OF)])
        yield opened


def problems(store, archive=None):
    return check.check(store, archive).problems


def test_a_whole_store(store, archive):
    found = check.check(store, archive)
    assert found.problems == found.notes == []
    assert found.payloads == found.rows["snapshots"] == 3
    assert found.rows == {name: len(rows) for name, rows in content(store).items()}


def test_a_flipped_byte_anywhere_is_found_or_harmless(store, tmp_path):
    """Whatever byte of the file changes: the check complains, or every row reads as before."""
    store.close()
    whole = store.path.read_bytes()
    before = content(store)
    draw = random.Random(7)  # noqa: S311 - no secret
    used = [at for at in range(len(whole)) if whole[at] or at % 64 == 0]  # pages are mostly empty
    found = 0
    for at in draw.sample(used, 150):
        broken = tmp_path / "broken.db"
        broken.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :])
        try:
            with Store.open(broken, read_only=True) as opened:
                said = problems(opened)
                assert said or content(opened) == before, at
        except Failure as failure:
            said = [str(failure)]
        assert all("\n" not in line for line in said)
        found += bool(said)
    assert found > 75


def test_rows_are_read_in_pages(store, monkeypatch):
    whole = check.check(store).rows
    monkeypatch.setattr(check, "PAGE", 7)
    paged = check.check(store)
    assert paged.rows == whole
    assert paged.problems == []


def test_a_changed_sidecar_is_found_or_harmless(store, archive):
    """The archive knows the body; the store knows what the sidecar said."""
    kept = payload(fetched_at=AS_OF, spot=101.25, http_status=200)
    beside = sidecar_path(archive.folder / relative_path(kept))
    whole = beside.read_bytes()
    found = 0
    for digit in range(len(whole)):
        beside.write_bytes(whole[:digit] + bytes([whole[digit] ^ 0x01]) + whole[digit + 1 :])
        said = problems(store, archive)
        if not said:
            assert archive.find(kept.sha256) == kept
        assert len(said) <= 2
        found += bool(said)
    assert found > 0.8 * len(whole)


def test_a_lost_payload_and_a_strange_one(store, archive):
    path = archive.folder / relative_path(payload(fetched_at=AS_OF))
    path.unlink()
    archive.keep(payload(fetched_at=AS_OF + timedelta(days=1)))
    (path.parent / ".left.1.part").touch()
    found = check.check(store, archive)
    assert [line.rpartition(": ")[2] for line in found.problems] == ["the payload is lost"]
    assert sorted(line.rpartition(": ")[2] for line in found.notes) == [
        "a sidecar without its payload",
        "left by a process that was killed while writing",
        "no snapshot of it was saved",
    ]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM payloads", "refers to a row of payloads"),
        ("DELETE FROM measures", "has no measures"),
        ("DELETE FROM imports", "which no payload and no import is"),
        ("UPDATE prices SET close = close * 2", "does not match its seal"),
        ("DROP TABLE events", "other tables"),
    ],
)
def test_orphans_and_strange_hands(store, statement, said):
    with closing(sqlite3.connect(store.path)) as hand, hand:
        hand.execute(statement)
    assert any(said in line for line in problems(store))


def test_the_content_of_inputs_is_checked_by_its_digest(store):
    with store.writing() as connection:
        text = INPUTS.text.replace("0.0374", "0.0375")
        row = {"content": text, "seal": write.seal((INPUTS.sha256, text))}
        connection.execute(tables.inputs.update().values(row))
    assert any("not those of their digest" in line for line in problems(store))


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
import sqlalchemy as sa
from monitor.archive import Archive
from monitor.store import Origin, Store
from monitor.store.write import save
from tests.monitor.saved import INPUTS, payload, snapshot

def killing(folder, last):
    steps = [0]
    def step(*_):
        steps[0] += 1
        if steps[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
    with Store.open(folder / "skewwatch.db") as store:
        kept = Archive(folder / "archive").keep(payload())
        sa.event.listen(store.engine, "before_cursor_execute", step)
        sa.event.listen(store.engine, "after_cursor_execute", step)
        sa.event.listen(store.engine, "commit", step)
        with store.writing() as connection:
            connection.connection.driver_connection.set_progress_handler(step, 10)  # every ten steps of SQLite itself
            save(connection, kept, snapshot(), INPUTS, Origin.LIVE)

empty = Path(sys.argv[1], "empty")
Store.open(empty / "skewwatch.db").close()
for last in range(1, 1000, 4):
    folder = Path(sys.argv[1], str(last))
    shutil.copytree(empty, folder)
    child = os.fork()
    if not child:
        killing(folder, last)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
print(last)
"""


def test_killed_anywhere_in_a_save(tmp_path):
    """The snapshot is there whole or not at all; saving it again gives the store of an undisturbed run."""
    undisturbed = int(ended(KILLED, tmp_path))
    with Store.open(tmp_path / str(undisturbed) / FILE) as store:
        clean = content(store)
    assert len(clean["snapshots"]) == 1
    assert undisturbed > 100
    empty = {name: [] for name in clean}
    for last in range(1, undisturbed, 4):
        archive = Archive(tmp_path / str(last) / FOLDER)
        with Store.open(tmp_path / str(last) / FILE) as store:
            assert problems(store, archive) == []
            assert content(store) in (empty, clean)
            with store.writing() as connection:
                write.save(connection, archive.keep(payload()), snapshot(), INPUTS, Origin.LIVE)
            assert content(store) == clean


WRITING = """
import sys
from datetime import date, timedelta
from pathlib import Path
from monitor.store import Gap, Store
from monitor.store.write import record_gaps

with Store.open(Path(sys.argv[1])) as store:
    for number in range(10**9):
        with store.writing() as connection:
            day = date(2000, 1, 1) + timedelta(number)
            record_gaps(connection, [Gap("SPY", str(each), day, "closed", "x" * 300) for each in range(50)])
        print(number, flush=True)
"""


def test_a_backup_while_another_process_writes(store, tmp_path):
    copy = tmp_path / "copy.db"
    with running(WRITING, store.path) as process:
        process.stdout.readline()
        with Store.open(store.path, read_only=True) as reader:
            for _ in range(5):
                backup(reader, copy)
                with Store.open(copy, read_only=True) as copied:
                    assert problems(copied) == []
                    days = [row[2] for row in content(copied)["gaps"] if row[0] == "SPY"]
                assert all(days.count(day) == 50 for day in set(days))
                before = int(process.stdout.readline())
        assert process.poll() is None
        assert int(process.stdout.readline()) > before
    assert sorted(each.name for each in tmp_path.iterdir() if "copy" in each.name) == ["copy.db"]


def test_a_backup_is_the_store_again(store, archive, tmp_path):
    copy = tmp_path / "far" / "away" / "copy.db"
    backup(store, copy)
    with Store.open(copy, read_only=True) as copied:
        assert content(copied) == content(store)
        assert problems(copied, archive) == []


def test_a_backup_in_the_middle_of_an_import(store, tmp_path):
    """Points whose file is not yet on record are no damage: they are copied as they stand."""
    with store.writing() as connection:
        connection.execute(tables.imports.delete())
    assert problems(store) != []
    backup(store, tmp_path / "copy.db")
    with Store.open(tmp_path / "copy.db", read_only=True) as copied:
        assert content(copied) == content(store)


def test_a_backup_replaces_only_a_database(store, tmp_path):
    target = tmp_path / "letter.txt"
    target.write_text("Dear")
    with pytest.raises(Failure, match="no backup"):
        backup(store, target)
    assert target.read_text() == "Dear"
    with pytest.raises(Failure, match="the store itself"):
        backup(store, store.path)
    backup(store, tmp_path / "one.db")
    backup(store, tmp_path / "one.db")


def test_a_damaged_store_makes_no_backup(store, tmp_path):
    with closing(sqlite3.connect(store.path)) as hand, hand:
        hand.execute("UPDATE points SET value = 1")
    copy = tmp_path / "copy.db"
    shutil.copy(store.path, copy)
    before = copy.read_bytes()
    with pytest.raises(Failure, match="is not whole"):
        backup(store, copy)
    assert copy.read_bytes() == before
    assert [each for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_a_backup_without_room(store, tmp_path):
    (tmp_path / "full").write_text("")
    with pytest.raises(Failure, match="cannot write"):
        backup(store, tmp_path / "full" / "copy.db")


def test_a_backup_on_a_full_disk_leaves_the_last_one(store, tmp_path):
    """A limit on the size of files stands for the disk."""
    copy = tmp_path / "copy.db"
    backup(store, copy)
    before = copy.read_bytes()
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(Failure, match="disk") as caught:
            backup(store, copy)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert "\n" not in str(caught.value)
    assert copy.read_bytes() == before
    assert [each for each in tmp_path.iterdir() if "part" in each.name] == []


def test_only_files_are_copied():
    engine = sa.create_engine("sqlite://")
    with pytest.raises(Failure, match="pg_dump"):
        backup(Store(engine, "postgresql://host/name", None, read_only=True), DAY)
