"""Downloads against a server of this machine that breaks off, lies, and is killed; the file is whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from monitor.backfill.fetch import fetch
from monitor.config.backfill import Dataset
from monitor.errors import ConfigError, Failure, NoDataError, UnreachableError

BODY = np.random.default_rng(0).bytes(3_000_000)
NAMES = ("underlying_prices.parquet", "options_2008.parquet", "options_2009.parquet")


class Server(ThreadingHTTPServer):
    """Gives the same three files; `break_after` bytes a connection, and counts what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"parquet_iwm/{name}": BODY[at:] for at, name in enumerate(NAMES)}
        self.break_after = None
        self.ignores_range = False
        self.pause = 0.0
        self.asked = []
        self.wrong_pointer = False
        self.status = 200
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        kind, _, path = self.path[1:].partition("/")
        self.server.asked.append((kind, path, self.headers.get("Range")))
        body = self.server.files.get(path)
        if body is None or self.server.status != 200:
            self.send_error(404 if body is None else self.server.status)
            return
        if kind == "pointers":
            digest = sha256(body[1:] if self.server.wrong_pointer else body).hexdigest()
            text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(body)}\n".encode()
            self._answer(200, text, len(text))
            return
        start = 0
        if (given := self.headers.get("Range")) and not self.server.ignores_range:
            start = int(given.removeprefix("bytes=").rstrip("-"))
        self._answer(206 if start else 200, body[start:], len(body) - start)

    def _answer(self, status, body, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        limit = self.server.break_after or len(body)
        for at in range(0, min(limit, len(body)), 65536):
            self.wfile.write(body[at : min(at + 65536, limit)])
            time.sleep(self.server.pause)
        if limit < len(body):
            self.close_connection = True


@pytest.fixture
def server():
    made = Server()
    yield made
    made.shutdown()
    made.server_close()


def section(server, **changes):
    settings = {
        "base_url": f"{server.url}/data",
        "pointers_url": f"{server.url}/pointers",
        "first_year": 2008,
        "last_year": 2009,
        "retries": 2,
        **changes,
    }
    return Dataset(**settings)


def bring(server, folder, **changes):
    return fetch("IWM", section(server, **changes), folder, pause=lambda _: None)


def check(folder, server):
    for name in NAMES:
        assert (folder / name).read_bytes() == server.files[f"parquet_iwm/{name}"]
    assert not list(folder.glob("*.part"))


def test_all_files_come_and_stay(server, tmp_path):
    told = []
    folder = fetch("iwm", section(server), tmp_path, told.append)
    assert folder == tmp_path / "IWM"
    check(folder, server)
    assert told[0] == "fetching parquet_iwm/underlying_prices.parquet, 3 MB"
    server.asked.clear()
    bring(server, tmp_path)
    assert {kind for kind, _, _ in server.asked} == {"pointers"}  # what is there is not fetched again


def test_it_goes_on_where_it_broke_off(server, tmp_path):
    server.break_after = 700_000
    check(bring(server, tmp_path), server)
    ranges = [given for kind, _, given in server.asked if kind == "data" and given]
    assert len(ranges) >= 3 * 4
    assert all(int(given.removeprefix("bytes=").rstrip("-")) > 0 for given in ranges)


def test_a_server_without_ranges_starts_again_and_gives_up(server, tmp_path):
    server.ignores_range = True
    check(bring(server, tmp_path), server)
    server.break_after = 700_000
    with pytest.raises(UnreachableError, match="it continues where it stopped"):
        bring(server, tmp_path / "again")


def test_what_came_is_kept_for_the_next_time(server, tmp_path):
    server.break_after = 1_000_000
    with pytest.raises(UnreachableError, match=r"broke off|closed|peer"):
        bring(server, tmp_path, retries=0)
    (part,) = (tmp_path / "IWM").glob("*.part")
    assert part.stat().st_size == 1_000_000
    server.break_after = None
    check(bring(server, tmp_path), server)
    assert ("data", "parquet_iwm/underlying_prices.parquet", "bytes=1000000-") in server.asked


def test_another_file_than_the_published_one_is_not_kept(server, tmp_path):
    server.wrong_pointer = True
    with pytest.raises(Failure, match="SHA-256"):
        bring(server, tmp_path)
    assert not list((tmp_path / "IWM").iterdir())


def test_a_damaged_file_is_fetched_again(server, tmp_path):
    folder = bring(server, tmp_path)
    (folder / NAMES[1]).write_bytes(b"damaged")
    check(bring(server, tmp_path), server)


def test_a_part_of_something_else_is_noticed(server, tmp_path):
    (tmp_path / "IWM").mkdir()
    (tmp_path / "IWM" / f"{NAMES[0]}.part").write_bytes(b"x" * 100)
    with pytest.raises(Failure, match="SHA-256"):
        bring(server, tmp_path)
    check(bring(server, tmp_path), server)


@pytest.mark.parametrize("pointed", [True, False])
def test_a_file_too_large_is_refused(server, tmp_path, pointed):
    changes = {} if pointed else {"pointers_url": None}
    with pytest.raises(NoDataError, match="larger than 2 MB"):
        bring(server, tmp_path, most_mb=2, **changes)
    assert not list((tmp_path / "IWM").iterdir())


def test_without_pointers_the_length_is_checked(server, tmp_path):
    server.break_after = 2_000_000
    check(bring(server, tmp_path, pointers_url=None), server)


def test_what_the_data_set_does_not_have(server, tmp_path):
    with pytest.raises(NoDataError, match="the data set has SPY, IWM and QQQ"):
        fetch("XYZ", section(server), tmp_path)


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_server_that_is_busy(server, tmp_path, status):
    server.status = status
    waited = []
    with pytest.raises(UnreachableError, match=f"HTTP {status}"):
        fetch("IWM", section(server), tmp_path, pause=waited.append)
    assert waited == [1.0, 2.0]


def test_what_is_no_pointer(server, tmp_path):
    with pytest.raises(NoDataError, match="no Git LFS pointer"):
        bring(server, tmp_path, pointers_url=f"{server.url}/data")


def test_nobody_there(tmp_path):
    nowhere = Dataset(base_url="http://127.0.0.1:9/x", pointers_url=None, retries=1)
    with pytest.raises(UnreachableError):
        fetch("IWM", nowhere, tmp_path, pause=lambda _: None)
    with pytest.raises((ConfigError, UnreachableError)):
        fetch("IWM", Dataset(base_url="http://[x", pointers_url=None, retries=0), tmp_path, pause=lambda _: None)


PROGRAM = """
import sys
from pathlib import Path
from monitor.backfill.fetch import fetch
from monitor.config.backfill import Dataset
url = sys.argv[1]
fetch("IWM", Dataset(base_url=url + "/data", pointers_url=url + "/pointers", last_year=2009), Path(sys.argv[2]))
"""


def test_killed_again_and_again(server, tmp_path):
    """SIGKILL at four moments of the transfer: each run goes on, and the last leaves whole files."""
    server.pause = 0.002
    arguments = [sys.executable, "-c", PROGRAM, server.url, str(tmp_path)]
    for _ in range(4):
        process = subprocess.Popen(arguments)  # noqa: S603 - ours
        begun, size = time.monotonic(), _bytes(tmp_path)
        while _bytes(tmp_path) < size + 200_000 and process.poll() is None and time.monotonic() < begun + 20:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    server.pause = 0.0
    assert subprocess.run(arguments, check=True).returncode == 0  # noqa: S603 - ours
    check(tmp_path / "IWM", server)


def _bytes(folder):
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
