"""Cboe over real sockets on the loopback: deadlines, repeats, redirects, and answers that are none."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import sys
import threading
import time
from subprocess import run

import pytest
from werkzeug import Response

from monitor.errors import ConfigError, Exit, NoDataError, UnreachableError
from monitor.sources import download
from monitor.sources.cboe import Cboe
from tests.monitor import synthetic
from tests.monitor.conformance import VendorConformance

JSON = "application/json"
SLACK = 1.5  # [s] what a busy machine may add to a deadline


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    for name, value in {"WAIT_FIRST": 0.01, "WAIT_MOST": 0.02, "JITTER": 0.01}.items():
        monkeypatch.setattr(download, name, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


def body(symbol="IWM"):
    return json.dumps(synthetic.cboe_answer(symbol)).encode()


def cboe(httpserver, **more):
    return Cboe(address=httpserver.url_for("/options"), now=lambda: synthetic.FETCHED_AT, **more)


class TestCboe(VendorConformance):
    @pytest.fixture
    def source(self, httpserver):
        httpserver.expect_request("/options/IWM.json").respond_with_data(body(), content_type=JSON)
        httpserver.expect_request("/options/ZZZZ.json").respond_with_data("", status=403)
        return cboe(httpserver)


class Raw:
    """A server that answers each connection with a script instead of HTTP's rules."""

    def __init__(self, script):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._script = script
        self._over = threading.Event()
        self.connections = 0
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                if self._over.is_set():
                    return
                self.connections += 1
                connection.recv(65_536)
                try:
                    self._script(connection, self._over)
                except OSError:
                    continue

    def close(self):
        if self._over.is_set():
            return
        self._over.set()
        with socket.create_connection(self._listener.getsockname()):
            pass
        self._listener.close()
        self._thread.join()


@pytest.fixture
def raw():
    servers = []

    def start(script):
        servers.append(Raw(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_what_is_asked_and_what_comes(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data(body(), content_type=JSON)
    payload = cboe(httpserver).fetch("iwm")
    assert payload == synthetic.payload(body(), url=httpserver.url_for("/options/IWM.json"), http_status=200)
    (request, _), *more = httpserver.log
    assert not more
    assert request.headers["User-Agent"].startswith("skewwatch/")
    assert request.headers["User-Agent"].endswith(" (options skew monitor)")
    assert request.headers["Accept-Encoding"] == "gzip"


def test_gzip_is_unpacked(httpserver):
    packed = gzip.compress(body())
    httpserver.expect_request("/options/IWM.json").respond_with_data(
        packed, headers={"Content-Encoding": "gzip"}, content_type=JSON
    )
    assert cboe(httpserver).fetch("IWM").body == body()


@pytest.mark.parametrize(("symbol", "path"), [("SPX", "_SPX"), ("^MXEA", "_MXEA"), ("BRK/B", "BRK.B")])
def test_names_of_files(httpserver, symbol, path):
    httpserver.expect_request(f"/options/{path}.json").respond_with_data(body(), content_type=JSON)
    assert cboe(httpserver).fetch(symbol).url.endswith(f"/{path}.json")


def test_a_share_class_is_tried_without_its_dot_too(httpserver):
    httpserver.expect_request("/options/BRK.B.json").respond_with_data("", status=403)
    httpserver.expect_request("/options/BRKB.json").respond_with_data(body("BRKB"), content_type=JSON)
    source = cboe(httpserver)
    payload = source.fetch("BRK.B")
    assert (payload.symbol, source.parse(payload).symbol) == ("BRK.B", "BRK.B")


@pytest.mark.parametrize("status", [403, 404])
def test_an_unknown_symbol_is_asked_for_once(httpserver, status):
    httpserver.expect_request("/options/ZZZZ.json").respond_with_data("<Error/>", status=status)
    with pytest.raises(NoDataError, match=f"no options on ZZZZ \\(HTTP {status}\\)") as caught:
        cboe(httpserver).fetch("ZZZZ")
    assert caught.value.code == Exit.NO_DATA
    assert len(httpserver.log) == 1


def test_html_with_status_200(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data("<html>\nlog in", content_type="text/html")
    with pytest.raises(NoDataError, match=r"is not JSON but 'text/html.*': it begins with '<html>\\nlog in'"):
        cboe(httpserver).fetch("IWM")


@pytest.mark.parametrize("status", [204, 301, 400, 401, 418])
def test_other_answers(httpserver, status):
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=status)
    with pytest.raises(NoDataError, match=f"HTTP {status}"):
        cboe(httpserver).fetch("IWM")
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes(httpserver, status):
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data("", status=status)
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data("", status=status)
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data(body(), content_type=JSON)
    assert cboe(httpserver).fetch("IWM").body == body()


def test_a_fault_that_stays(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=503)
    with pytest.raises(UnreachableError, match=r"^localhost could not be reached: HTTP 503; try again later") as caught:
        cboe(httpserver).fetch("IWM")
    assert caught.value.code == Exit.UNREACHABLE
    assert len(httpserver.log) == download.ATTEMPTS


def first(answer):
    """Answer the first connection so, later ones with a chain."""
    answers = [answer]

    def script(connection, _):
        good = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body()
        connection.sendall(answers.pop() if answers else good)

    return script


@pytest.mark.parametrize(
    "headers",
    [b"Retry-After: 1", b"Retry-After: Wed, 04 Mar 2020 16:00:01 GMT\r\nDate: Wed, 04 Mar 2020 16:00:00 GMT"],
)
def test_retry_after_is_honoured(raw, headers):
    """Seconds, or a time against the server's own clock, which may be years from ours."""
    server = raw(first(b"HTTP/1.1 429 Busy\r\nConnection: close\r\n" + headers + b"\r\nContent-Length: 0\r\n\r\n"))
    start = time.monotonic()
    Cboe(address=server.address).fetch("IWM")
    assert time.monotonic() - start >= 1.0
    assert server.connections == 2


def test_a_wait_beyond_the_deadline_is_not_begun(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=429, headers={"Retry-After": "3600"})
    start = time.monotonic()
    with pytest.raises(UnreachableError, match="HTTP 429"):
        cboe(httpserver).fetch("IWM")
    assert time.monotonic() - start < SLACK
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("text", ["soon", "-5", "", "Wed, 99 Mar 2026 16:00:01 GMT"])
def test_a_retry_after_that_says_nothing(httpserver, text):
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data(
        "", status=429, headers={"Retry-After": text}
    )
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data(body(), content_type=JSON)
    assert cboe(httpserver).fetch("IWM").http_status == 200


def test_a_redirect_on_the_same_host_is_followed(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data(
        "", status=302, headers={"Location": "/new/IWM.json"}
    )
    httpserver.expect_request("/new/IWM.json").respond_with_data(body(), content_type=JSON)
    assert cboe(httpserver).fetch("IWM").url.endswith("/new/IWM.json")


@pytest.mark.parametrize(
    "target", ["http://elsewhere.example/IWM.json", "//elsewhere.example/x", "file:///etc/passwd", "ftp://localhost/x"]
)
def test_a_redirect_elsewhere_is_not_followed(httpserver, target):
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=302, headers={"Location": target})
    with pytest.raises(UnreachableError, match="which is not followed"):
        cboe(httpserver).fetch("IWM")
    assert len(httpserver.log) == 1


def test_a_redirect_to_no_address(raw):
    server = raw(lambda c, _: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(UnreachableError, match="redirects to what is no address"):
        Cboe(address=server.address).fetch("IWM")


def test_redirects_in_a_circle(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=302, headers={"Location": "IWM.json"})
    with pytest.raises(UnreachableError, match="redirects more than 3 times"):
        cboe(httpserver).fetch("IWM")


def test_a_bomb_is_refused_while_it_unpacks(httpserver):
    bomb = gzip.compress(bytes(3 * 2**20))
    assert len(bomb) < 2**12
    httpserver.expect_request("/bomb").respond_with_data(bomb, headers={"Content-Encoding": "gzip"}, content_type=JSON)
    with pytest.raises(NoDataError, match="sent more than 1 MiB where a chain was expected"):
        download.download(httpserver.url_for("/bomb"), deadline=10.0, limit=2**20)
    assert len(httpserver.log) == 1


def test_gzip_that_is_none(httpserver):
    httpserver.expect_request("/options/IWM.json").respond_with_data(
        body(), headers={"Content-Encoding": "gzip"}, content_type=JSON
    )
    with pytest.raises(UnreachableError, match="the answer broke off"):
        cboe(httpserver).fetch("IWM")


def test_a_silent_server(httpserver):
    over = threading.Event()
    httpserver.expect_request("/options/IWM.json").respond_with_handler(lambda _: over.wait(5) and Response(""))
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"^localhost did not answer within 0.5 s"):
        cboe(httpserver, deadline=0.5).fetch("IWM")
    assert 0.5 <= time.monotonic() - start < 0.5 + SLACK
    over.set()


def test_silence_is_repeated_within_the_deadline(raw, monkeypatch):
    monkeypatch.setattr(download, "READ", 0.2)
    server = raw(lambda _, over: over.wait(0.5))
    with pytest.raises(UnreachableError, match=r"could not be reached: no answer in time \(ReadTimeout\)"):
        Cboe(address=server.address, deadline=10.0).fetch("IWM")


def test_what_the_first_attempts_met_is_told_at_the_deadline(httpserver):
    over = threading.Event()
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_data("", status=502)
    httpserver.expect_ordered_request("/options/IWM.json").respond_with_handler(lambda _: over.wait(5) and Response(""))
    with pytest.raises(UnreachableError, match=r"did not answer within 0.6 s \(at first: HTTP 502\)"):
        cboe(httpserver, deadline=0.6).fetch("IWM")
    over.set()


def drip(head, piece):
    def script(connection, over):
        connection.sendall(head)
        while not over.wait(0.05):
            connection.sendall(piece)

    return script


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{", b" "),
        drip(b"HTTP/1.1 200 OK\r\n", b"X"),
        drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        drip(b"", b""),
    ],
    ids=["body", "header-name", "header-value", "nothing"],
)
def test_a_server_that_drips(raw, script):
    """Each byte is in time for a socket's timeout; the whole is not."""
    before = set(threading.enumerate())
    server = raw(script)
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"did not answer within 0\.6 s"):
        Cboe(address=server.address, deadline=0.6).fetch("IWM")
    assert 0.6 <= time.monotonic() - start < 0.6 + SLACK
    server.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(SLACK)
        assert not thread.is_alive()


def reset(connection, _):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "script",
    [
        lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"),
        lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
        lambda c, _: c.sendall(b"not HTTP at all\r\n\r\n"),
        lambda *_: None,
        reset,
    ],
    ids=["short-body", "short-chunk", "not-http", "closed", "reset"],
)
def test_an_answer_that_breaks_off_is_asked_for_again(raw, script):
    server = raw(script)
    with pytest.raises(UnreachableError, match=r"^127\.0\.0\.1 could not be reached: the answer broke off"):
        Cboe(address=server.address, deadline=10.0).fetch("IWM")
    assert server.connections == download.ATTEMPTS


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UnreachableError, match=r"could not be reached: no connection \(.*refused"):
        Cboe(address=f"http://127.0.0.1:{port}").fetch("IWM")


@pytest.mark.parametrize(
    "address", ["", "nowhere", "ftp://127.0.0.1", "http://", "http://[bad", "http://a b", "http://127.0.0.1:port"]
)
def test_an_address_that_is_none(address):
    with pytest.raises(ConfigError, match="is not an address to fetch from"):
        Cboe(address=address).fetch("IWM")


def test_no_secret_of_the_address_is_told(httpserver):
    secret = httpserver.url_for("/options").replace("http://", "http://user:canary@")
    httpserver.expect_request("/options/IWM.json").respond_with_data(body(), content_type=JSON)
    payload = Cboe(address=secret).fetch("IWM")
    assert "canary" not in repr(payload)
    httpserver.clear()
    httpserver.expect_request("/options/IWM.json").respond_with_data("", status=503)
    for address in (secret, "http://user:canary@127.0.0.1:1", "nonsense://user:canary@host", "http://user:canary@[bad"):
        with pytest.raises((ConfigError, UnreachableError)) as caught:
            Cboe(address=address, deadline=5.0).fetch("IWM")
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["nonsense://user:canary@host:1", "socks5://user:canary@host:1"])
def test_a_proxy_that_cannot_be_used(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError, match="the proxy in the environment") as caught:
        Cboe(address="http://vendor.example", deadline=5.0).fetch("IWM")
    assert "canary" not in str(caught.value)


def test_a_symbol_cannot_leave_its_folder(httpserver):
    with pytest.raises(ConfigError, match="is not a symbol"):
        cboe(httpserver).fetch("../../secret")
    assert not httpserver.log


def test_the_http_client_is_imported_to_fetch_only():
    code = (
        "import sys; from monitor.sources import open_source; open_source('cboe'); import monitor.sources.recorded;"
        "print([m for m in ('httpx2', 'stamina', 'asyncio', 'pandas', 'scipy.optimize') if m in sys.modules])"
    )
    told = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert told.stdout.strip() == "[]"
