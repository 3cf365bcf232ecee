"""Fetch options-dataset-hist: large files, continued where they broke off, checked against their published digests.

The repository keeps its files with Git LFS: one address gives a pointer of three lines with SHA-256 and size, another
the content. Layout below both: parquet_iwm/options_2008.parquet, ..., parquet_iwm/underlying_prices.parquet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import sleep

import httpx2

from monitor import atomic
from monitor.config.backfill import Dataset
from monitor.errors import ConfigError, Failure, NoDataError, UnreachableError
from monitor.sources.download import user_agent
from monitor.sources.payload import public_url
from monitor.underlyings import underlying

__all__ = ["Pointer", "fetch"]

CONNECT, SILENCE = 10.0, 30.0  # [s] to connect; without a byte
WAIT_FIRST, WAIT_MOST = 1.0, 30.0  # before another attempt [s]
CHUNK = 1 << 20  # [byte]
POINTER_BYTES = 1024  # a pointer is three lines
POINTER = re.compile(r"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n")
MB = 1e6
OK, PARTIAL, NOT_FOUND, NOT_SATISFIABLE = 200, 206, 404, 416
PART = ".part"
PRICES = "underlying_prices.parquet"
LATER = "run the command again: it continues where it stopped"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What Git LFS tells about a file."""

    sha256: str
    size: int


class _Interrupted(Exception):  # noqa: N818 - an instruction, never shown
    """An attempt broke off; another may go on from there."""


def fetch(
    symbol: str,
    section: Dataset,
    folder: Path,
    tell: Callable[[str], None] = lambda _line: None,
    pause: Callable[[float], None] = sleep,
) -> Path:
    """Fetch all files of a symbol; those that are there whole are left alone.

    Parameters
    ----------
    symbol : str
    section : Dataset
        Addresses, years, largest size.
    folder : Path
        A folder of the symbol's name is made in it.
    tell : callable
        Told a line a file.
    pause : callable
        Waits for so many seconds.

    Returns
    -------
    Path
        The symbol's folder.

    Raises
    ------
    NoDataError
        Where the data set does not have the symbol, or a file is larger than allowed.
    UnreachableError
        Where a file could not be had in the attempts allowed: what came is kept, and the next call continues.
    Failure
        Where a file came whole and is not what was published; it is removed.
    """
    name = underlying(symbol).root.lower()
    target = folder / name.upper()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"cannot make the folder {target}: {error.strerror}", "name another with --data-dir") from error
    years = range(section.first_year, section.last_year + 1)
    files = [PRICES, *(f"options_{year}.parquet" for year in years)]
    timeout = httpx2.Timeout(SILENCE, connect=CONNECT)
    with httpx2.Client(headers={"User-Agent": user_agent()}, timeout=timeout) as client:
        for file in files:
            _File(client, section, f"parquet_{name}/{file}", target / file, pause).bring(tell)
    return target


class _File:
    """One file of the data set."""

    def __init__(
        self, client: httpx2.Client, section: Dataset, path: str, target: Path, pause: Callable[[float], None]
    ) -> None:
        self._client = client
        self._section = section
        self._path = path
        self._target = target
        self._part = target.with_name(target.name + PART)
        self._pause = pause

    def bring(self, tell: Callable[[str], None]) -> None:
        """Have the file, whole and checked."""
        pointer = self._pointer()
        if self._target.exists() and (pointer is None or _digest(self._target) == pointer.sha256):
            return
        size = f", {pointer.size / MB:.0f} MB" if pointer else ""
        tell(f"fetching {self._path}{size}")
        self._patiently(lambda: self._continue(pointer))
        if pointer is not None and _digest(self._part) != pointer.sha256:
            self._part.unlink()
            what = f"{self._path} came whole but is not what was published: its SHA-256 is another"
            raise Failure(what, "run the command again; if that does not help, the data set has been changed")
        self._part.replace(self._target)
        atomic.sync(self._target.parent)

    def _pointer(self) -> Pointer | None:
        """Ask for size and digest; None where the configuration wants none."""
        base = self._section.pointers_url
        if base is None:
            return None
        found: list[bytes] = []

        def ask() -> None:
            with self._client.stream("GET", f"{base.rstrip('/')}/{self._path}") as response:
                self._refuse(response)
                text = b""
                for piece in response.iter_bytes(POINTER_BYTES):
                    text += piece
                    if len(text) > POINTER_BYTES:
                        break
                found[:] = [text]

        self._patiently(ask)
        read = POINTER.fullmatch(found[0].decode("ascii", "replace"))
        if read is None:
            what = f"{public_url(base)} gives no Git LFS pointer for {self._path}"
            raise NoDataError(what, "correct backfill.options_dataset_hist.pointers_url, or set it to null")
        pointer = Pointer(read[1], int(read[2]))
        self._within(pointer.size)
        return pointer

    def _continue(self, pointer: Pointer | None) -> None:
        """Fetch what is missing of the file."""
        there = self._there
        if pointer is not None and there >= pointer.size:
            if there == pointer.size:
                return
            self._part.unlink()
            there = 0
        headers = (
            {"Range": f"bytes={there}-", "Accept-Encoding": "identity"} if there else {"Accept-Encoding": "identity"}
        )
        with self._client.stream(
            "GET", f"{self._section.base_url.rstrip('/')}/{self._path}", headers=headers
        ) as response:
            if response.status_code == NOT_SATISFIABLE:  # what is there is no beginning of what is offered now
                self._part.unlink()
                raise _Interrupted("the server has another file than before")
            self._refuse(response)
            going_on = response.status_code == PARTIAL and there > 0
            expected = pointer.size if pointer else _told(response, there if going_on else 0)
            with self._part.open("ab" if going_on else "wb") as file:
                for piece in response.iter_bytes():  # as they come: what is waited for would be lost with a break
                    file.write(piece)
                    self._within(file.tell())
                size = file.tell()
        if expected is not None and size < expected:
            raise _Interrupted(f"it broke off after {size / MB:.1f} of {expected / MB:.1f} MB")

    def _patiently(self, attempt: Callable[[], None]) -> None:
        """Repeat what another attempt may mend; one that brought something gives back all the others."""
        left, wait, reached = self._section.retries, WAIT_FIRST, self._there
        while True:
            try:
                return attempt()
            except (_Interrupted, httpx2.TransportError, httpx2.DecodingError) as error:
                why = str(error) or type(error).__name__
            except httpx2.InvalidURL as error:
                hint = "correct backfill.options_dataset_hist in the configuration"
                raise ConfigError(f"{public_url(self._section.base_url)!a} is no address", hint) from error
            except OSError as error:
                raise Failure(f"cannot write {self._part}: {error.strerror}", "free some space; " + LATER) from error
            if self._there > reached:
                left, wait, reached = self._section.retries, WAIT_FIRST, self._there
            if left == 0:
                raise UnreachableError(f"{self._path} could not be fetched: {why}", LATER)
            left -= 1
            self._pause(wait)
            wait = min(2 * wait, WAIT_MOST)

    @property
    def _there(self) -> int:
        """Bytes that have come so far."""
        return self._part.stat().st_size if self._part.exists() else 0

    def _refuse(self, response: httpx2.Response) -> None:
        """Tell what the server's answer means."""
        status = response.status_code
        if status in {OK, PARTIAL}:
            return
        host = response.url.host
        if status == NOT_FOUND:
            what = f"{host} has no {self._path}"
            raise NoDataError(what, "the data set has SPY, IWM and QQQ; check years and addresses under backfill")
        if response.has_redirect_location:
            what = f"{host} redirects {self._path} elsewhere, which is not followed"
            raise UnreachableError(what, "correct backfill.options_dataset_hist.base_url")
        raise _Interrupted(f"{host} answers HTTP {status}")

    def _within(self, size: float) -> None:
        if size > self._section.most_mb * MB:
            self._part.unlink(missing_ok=True)
            what = f"{self._path} is larger than {self._section.most_mb:g} MB, refused"
            raise NoDataError(what, "raise backfill.options_dataset_hist.most_mb if it is meant")


def _told(response: httpx2.Response, there: int) -> int | None:
    """Read the size of the whole file from the answer."""
    length = response.headers.get("Content-Length", "")
    return there + int(length) if length.isdecimal() else None


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
