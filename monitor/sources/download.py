"""One file over HTTP within one deadline: waits, repeats, redirects, a server that drips, all included."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from threading import Thread
from time import monotonic
from urllib.parse import urljoin, urlsplit

import httpx2
import stamina
from stamina.instrumentation import set_on_retry_hooks

from monitor.errors import ConfigError, NoDataError, UnreachableError
from monitor.sources.payload import public_url

__all__ = ["Download", "download"]

set_on_retry_hooks(())  # by default each repeat is logged, on standard output where structlog is installed

CONNECT, READ = 5.0, 10.0  # [s] to connect; of silence
LIMIT = 64 * 2**20  # [byte] decompressed; the largest real chain, SPX, has about 12 MB
ATTEMPTS = 4
WAIT_FIRST, WAIT_MOST, JITTER = 0.5, 5.0, 0.5  # [s] 0.5, 1, 2, plus up to 0.5 at random
REDIRECTS = 3
BUSY = {408, 425, 429}
LATER = "try again later, or read recorded payloads with --source recorded:PATH"


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that came through: any status but a redirect, too busy (408, 425, 429) or a server's fault (5xx)."""

    body: bytes
    status: int
    content_type: str
    url: str


class _Repeat(Exception):  # noqa: N818 - an instruction, never shown
    """An attempt failed in a way that another may not.

    Parameters
    ----------
    why : str
    after : float or None
        The server's own wish. [s]
    """

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


def user_agent() -> str:
    """Say who asks."""
    try:
        return f"skewwatch/{version('skewwatch')} (options skew monitor)"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "skewwatch (options skew monitor)"


def download(url: str, *, deadline: float, limit: int = LIMIT, attempts: int = ATTEMPTS) -> Download:
    """Fetch a file.

    Parameters
    ----------
    url : str
    deadline : float
        By the wall, for everything. The work is done in a thread that is abandoned then, because neither a slow
        resolver nor a server that sends a header byte a second ever runs into a socket's timeout. [s]
    limit : int
        Largest body, decompressed; checked while it arrives. [byte]
    attempts : int
        Repeats follow transport errors, 5xx and a busy server; its Retry-After is honoured within the deadline.

    Raises
    ------
    UnreachableError
        Where no answer came in time.
    NoDataError
        Where the body is larger than `limit`.
    ConfigError
        Where the address is none.
    """
    fetch = _Fetch(url, deadline=deadline, limit=limit)
    thread = Thread(target=fetch.run, args=(attempts,), name="download", daemon=True)
    thread.start()
    thread.join(fetch.end - monotonic())
    if fetch.result is None:
        fetch.client.close()  # the thread ends with its next byte, or its socket's timeout
        raise fetch.too_late()
    if isinstance(fetch.result, Exception):
        raise fetch.result
    return fetch.result


class _Fetch:
    """A download under way in its thread."""

    def __init__(self, url: str, *, deadline: float, limit: int) -> None:
        self.host = _host(url)
        self.result: Download | Exception | None = None
        self._last = ""
        self._url = url
        self._deadline = deadline
        self.end = monotonic() + deadline
        self._limit = limit
        try:
            self.client = httpx2.Client(
                headers={"User-Agent": user_agent(), "Accept": "application/json", "Accept-Encoding": "gzip"},
                timeout=httpx2.Timeout(READ, connect=CONNECT),
            )
        except (ValueError, ImportError, httpx2.InvalidURL) as error:  # not quoted: a proxy's address has a password
            what = f"the proxy in the environment cannot be used ({type(error).__name__})"
            raise ConfigError(what, "correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY") from error

    def too_late(self) -> UnreachableError:
        """Say that the deadline has passed, and what the last attempt met if there was one."""
        last = f" (at first: {self._last})" if self._last else ""
        return UnreachableError(f"{self.host} did not answer within {self._deadline:.3g} s{last}", LATER)

    def run(self, attempts: int) -> None:
        """Repeat until there is a result; never raises."""
        caller = stamina.RetryingCaller(
            attempts=attempts,
            timeout=max(self.end - monotonic(), 0.001),
            wait_initial=WAIT_FIRST,
            wait_max=WAIT_MOST,
            wait_jitter=JITTER,
        )
        try:
            with self.client:
                self.result = caller(self._again, self._attempt)
        except _Repeat as error:
            self.result = UnreachableError(f"{self.host} could not be reached: {error}", LATER)
        except Exception as error:  # noqa: BLE001 - carried over to the thread that waits, and raised there
            self.result = error

    def _again(self, error: Exception) -> bool | float:
        """Decide about another attempt: no, yes, or yes after so many seconds."""
        if not isinstance(error, _Repeat):
            return False
        self._last = str(error)
        if error.after is None:
            return True
        return error.after if monotonic() + error.after < self.end else False

    def _attempt(self) -> Download:
        url = self._url
        for _ in range(REDIRECTS + 1):
            try:
                with self.client.stream("GET", url) as response:
                    if not response.has_redirect_location:
                        return self._read(response)
                    url = self._follow(url, response.headers["Location"])
            except httpx2.InvalidURL as error:
                raise _no_address(url) from error
            except httpx2.ConnectError as error:
                raise _Repeat(f"no connection ({error})") from error
            except httpx2.TimeoutException as error:
                raise _Repeat(f"no answer in time ({type(error).__name__})") from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise _Repeat(f"the answer broke off ({error})") from error
        raise UnreachableError(f"{self.host} redirects more than {REDIRECTS} times", LATER)

    def _follow(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            here, there = urlsplit(url), urlsplit(target)
        except ValueError as error:
            raise UnreachableError(f"{self.host} redirects to what is no address", LATER) from error
        if there.hostname != here.hostname or there.scheme not in {here.scheme, "https"}:
            where = there.hostname if there.hostname != here.hostname else f"{there.scheme}://"
            raise UnreachableError(
                f"{self.host} redirects to {where}, which is not followed", "check the source's address"
            )
        return target

    def _read(self, response: httpx2.Response) -> Download:
        status = response.status_code
        if status in BUSY or status >= 500:  # noqa: PLR2004 - HTTP's server errors
            raise _Repeat(f"HTTP {status}", _retry_after(response))
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._limit:
                size = f"more than {self._limit / 2**20:g} MiB"
                raise NoDataError(
                    f"{self.host} sent {size} where a chain was expected; refused", "check the source's address"
                )
            if monotonic() > self.end:
                raise self.too_late()
        return Download(bytes(body), status, response.headers.get("Content-Type", ""), public_url(str(response.url)))


def _host(url: str) -> str:
    """Name the host of an address."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _no_address(url) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in parts.hostname:
        raise _no_address(url)
    return parts.hostname


def _no_address(url: str) -> ConfigError:
    what = f"{public_url(url)!a} is not an address to fetch from"
    return ConfigError(what, "check the source's address: it begins with https://")


def _retry_after(response: httpx2.Response) -> float | None:
    """Read Retry-After: seconds, or a time as against the server's own clock."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
