"""The archive: bytes as received, idempotent, recorded as it stands, and no damage or kill goes unseen."""

from __future__ import annotations

import errno
import gzip
import os
import resource
import signal
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from monitor.archive import Archive, Finding, relative_path
from monitor.errors import ConfigError, Failure, NoDataError
from monitor.sources.payload import SIDECAR, sidecar_path
from monitor.sources.recorded import Recorded
from tests.monitor.saved import at, ended, payload

NAME = "cboe/IWM/2026/20260618T201500Z-"


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def files(archive):
    return sorted(path.relative_to(archive.folder).as_posix() for path in archive.folder.rglob("*") if path.is_file())


def findings(archive, *, harmless=False):
    return [found.what for _, found in archive.examine() if isinstance(found, Finding) and found.harmless == harmless]


def test_layout_and_bytes(archive):
    one = payload()
    archive.keep(one)
    name = f"{NAME}{sha256(one.body).hexdigest()[:12]}.json.gz"
    assert files(archive) == [name, name + SIDECAR]
    packed = (archive.folder / name).read_bytes()
    assert gzip.decompress(packed) == one.body
    assert packed[4:8] == bytes(4), "no moment of packing: the same bytes give the same file (RFC 1952, MTIME)"


def test_a_table_is_named_as_one_and_an_index_by_its_mark():
    table = payload(body=b"contractSymbol,strike\n", source="yahoo", symbol="^XYZ")
    assert str(relative_path(table)).startswith("yahoo/^XYZ/2026/")
    assert str(relative_path(table)).endswith(".csv.gz")


def test_a_symbol_cannot_lead_out_of_the_folder(archive):
    with pytest.raises(ConfigError):
        archive.keep(payload(symbol="../../IWM"))
    assert not archive.folder.exists()


def test_twice_is_once(archive):
    first = archive.keep(payload(spot=101.25, http_status=200))
    before = {name: (archive.folder / name).stat().st_mtime_ns for name in files(archive)}
    assert archive.keep(payload(spot=101.25, http_status=200)) == first
    assert {name: (archive.folder / name).stat().st_mtime_ns for name in files(archive)} == before


def test_the_same_bytes_within_a_second_keep_their_first_record(archive):
    first = archive.keep(payload())
    again = archive.keep(replace(payload(), fetched_at=payload().fetched_at + timedelta(milliseconds=300)))
    assert again == first
    later = archive.keep(replace(payload(), fetched_at=payload().fetched_at + timedelta(seconds=1)))
    assert later.fetched_at != first.fetched_at
    assert len(files(archive)) == 4


def test_a_folder_of_it_is_a_recorded_source(archive):
    instants = [at("2026-06-18T14:00:00"), at("2025-06-18T14:00:00"), at("2026-06-18T13:59:59")]
    kept = [archive.keep(payload(fetched_at=when)) for when in instants]
    assert list(Recorded(archive.folder).payloads()) == sorted(kept, key=lambda one: one.fetched_at)
    assert Recorded(archive.folder / "cboe/IWM/2025").fetch() == kept[1]


def test_find_by_digest(archive):
    kept = [archive.keep(payload(fetched_at=at(f"2026-06-18T14:00:0{second}"))) for second in range(3)]
    assert archive.find(kept[1].sha256) == kept[1]
    with pytest.raises(NoDataError, match="has no payload"):
        archive.find("0" * 64)


def test_every_flipped_byte_is_noticed_or_harmless(archive):
    """Of gzip's header some bytes mean nothing; wherever else one changes, the payload is refused."""
    kept = archive.keep(payload())
    path = archive.folder / relative_path(kept)
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        try:
            assert archive.read(path) == kept
        except NoDataError:
            refused += 1
            assert len(findings(archive)) == 1
    assert refused >= len(whole) - 10  # the header has ten bytes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"source": "cboe"', b'"source": "yahoo"'),
        (b'"symbol": "IWM"', b'"symbol": "SPY"'),
        (b"2026-06-18T20:15:00", b"2026-06-18T20:15:01"),
        (b'"sha256": "', b'"sha256": "0'),
        (b"{", b"["),
    ],
)
def test_a_changed_sidecar_is_refused(archive, before, after):
    path = archive.folder / relative_path(archive.keep(payload()))
    beside = sidecar_path(path)
    text = beside.read_bytes()
    assert before in text
    beside.write_bytes(text.replace(before, after, 1))
    with pytest.raises(NoDataError):
        archive.read(path)


def test_a_lost_sidecar_or_payload_is_refused(archive):
    path = archive.folder / relative_path(archive.keep(payload()))
    sidecar_path(path).unlink()
    with pytest.raises(NoDataError, match="lost its sidecar"):
        archive.read(path)
    path.unlink()
    with pytest.raises(NoDataError, match="has no"):
        archive.read(path)


def test_a_damaged_copy_is_replaced_by_the_bytes_that_belong_there(archive):
    path = archive.folder / relative_path(archive.keep(payload()))
    path.write_bytes(path.read_bytes()[:-7])
    assert archive.keep(payload()) == payload()
    assert archive.read(path) == payload()


@pytest.mark.parametrize("call", range(3))
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_disk_that_refuses_leaves_nothing_half_written(archive, monkeypatch, call, error):
    archive.keep(payload(fetched_at=at("2026-06-18T14:00:00")))
    before = files(archive)
    calls = iter(range(10))
    fsync = os.fsync

    def failing(handle):
        if next(calls) == call:
            raise OSError(error, os.strerror(error))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(Failure, match=os.strerror(error).lower()) as caught:
        archive.keep(payload())
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    if call < 2:  # the third call brings the folder to the disk: both files are in their places by then
        assert files(archive) == before
    assert findings(archive) == findings(archive, harmless=True) == []
    assert archive.keep(payload()) == payload()


def test_a_write_that_stops_in_the_middle_leaves_nothing(archive):
    """A limit on the size of files stops the kernel's own write half-way, as a full disk does."""
    noise = payload(body=b"{" + os.urandom(200_000).hex().encode() + b"}")
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(Failure, match="file too large"):
            archive.keep(noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert files(archive) == []
    assert archive.keep(noise) == noise


def test_a_file_where_the_folder_belongs(tmp_path):
    (tmp_path / "archive").write_text("")
    with pytest.raises(Failure, match="cannot write"):
        Archive(tmp_path / "archive").keep(payload())


KILLED = """
import os, signal, sys
from pathlib import Path
from monitor.archive import Archive
from tests.monitor.saved import payload

def dying(act, last, step=[0]):
    def acted(*args, **kwargs):
        step[0] += 1
        if step[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)
    return acted

for last in range(1, 100):
    child = os.fork()
    if not child:
        os.fsync, Path.replace = dying(os.fsync, last), dying(Path.replace, last)
        Path.mkdir, Path.open = dying(Path.mkdir, last), dying(Path.open, last)
        Archive(Path(sys.argv[1], str(last))).keep(payload())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
print(last)
"""


def test_killed_before_any_step(tmp_path):
    """Whatever the step, nothing that is there is wrong, and the next attempt ends as an undisturbed one."""
    clean = Archive(tmp_path / "clean")
    clean.keep(payload())
    undisturbed = int(ended(KILLED, tmp_path))
    assert undisturbed > 14, "five folders, two files and what brings them to the disk"
    for step in range(1, undisturbed):
        archive = Archive(tmp_path / str(step))
        if archive.folder.exists():
            assert findings(archive) == []
        archive.keep(payload())
        assert [name for name in files(archive) if not name.endswith(".part")] == files(clean)
        assert archive.find(payload().sha256) == payload()
