"""A server over HTTP that fails as asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.alerts.servers.trouble import LOOPBACK, PAUSE, How, Troubled

__all__ = ["Answer", "HttpServer", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int = 200
    text: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "text/plain"

    @classmethod
    def of(cls, document: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        return cls(status, json.dumps(document), headers, "application/json; charset=utf-8")


class HttpServer(Troubled):
    """A server over HTTP; subclasses say what they take."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self.log: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer((LOOPBACK, port), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign] # connections are reset on purpose
        self.port = self._http.server_address[1]
        self.address = f"http://{LOOPBACK}:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def take(self, request: Request) -> Answer:
        """Judge a request and keep what it brings."""
        raise NotImplementedError

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.path, headers, handler.rfile.read(length), time.monotonic())
        trouble = self.trouble()
        with self.lock:
            self.log.append(request)
            answer = self.take(request) if trouble is None or trouble.taken else Answer()
        if trouble is None:
            _answer(handler, answer)
        elif trouble.how is How.ANSWER:
            _answer(handler, Answer(trouble.status, trouble.text, trouble.headers))
        else:
            handler.close_connection = True
            _fail(handler.connection, trouble.how, self.over)


def _answer(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body = answer.text.encode()
    with suppress(OSError):
        handler.send_response(answer.status)
        for name, value in (("Content-Type", answer.kind), *answer.headers, ("Content-Length", str(len(body)))):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


def _fail(connection: socket.socket, how: How, over: threading.Event) -> None:
    """End a connection badly, or do not."""
    if how is How.HANG:
        over.wait(60)
    with suppress(OSError):
        if how is How.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        if how is How.DRIP:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ":
                connection.sendall(bytes([byte]))
                over.wait(PAUSE / 5)
            while not over.wait(PAUSE):
                connection.sendall(b"x")
        connection.shutdown(socket.SHUT_RDWR)
