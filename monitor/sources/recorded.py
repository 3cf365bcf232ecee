"""Payloads from files: one, or a folder of them in the order of time, plain or gzip, of any vendor's shape.

The shape is known by content. What belongs to a payload but not to its body stands beside it in its sidecar (see
`monitor.sources.payload.SIDECAR`). Without one the moment of fetching is read from a name like
20260102T150000Z.json.gz, else from the notes of a collector, else it is taken to be the feed's own time, and flagged.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import ConfigError, Failure, NoDataError
from monitor.sources import READERS, SHAPES, reader, yahoo
from monitor.sources.payload import SIDECAR, Claim, Payload, plausible, sidecar_path
from monitor.sources.rows import beginning
from monitor.underlyings import underlying
from pricing.chain import Chain

__all__ = ["Recorded"]

LIMIT = 64 * 2**20  # [byte] decompressed
ENDINGS = (".json", ".json.gz", ".csv", ".csv.gz")
STAMP = re.compile(r"(?<!\d)(\d{8}T\d{6})Z")
GZIP = b"\x1f\x8b"


class Recorded:
    """A recorded payload, or a folder of them.

    Parameters
    ----------
    path : Path or str
        In a folder and below it every file counts that ends in .json, .csv, .json.gz or .csv.gz and is neither a
        sidecar nor hidden.

    Raises
    ------
    ConfigError
        Where there is no such path.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        try:
            self._path.stat()
        except FileNotFoundError as error:
            raise ConfigError(f"{path} does not exist", "give a recorded payload or a folder of them") from error
        except OSError as error:
            raise NoDataError(f"{path} cannot be read: {error.strerror}", "check its permissions") from error

    def fetch(self, symbol: str | None = None) -> Payload:
        """Give the payload; of a folder the latest of the symbol.

        Raises
        ------
        NoDataError
            Where a file cannot be read or is no payload, or there is none of the symbol.
        """
        if not self._path.is_dir():
            return _mine(_payload(self._path), symbol, self._path)
        for path in reversed(self._in_order()):
            payload = _payload(path)
            if symbol is None or _same(payload.symbol, symbol):
                return payload
        of = f" of {symbol}" if symbol else ""
        raise NoDataError(f"{self._path} holds no payload{of}", f"payloads end in {', '.join(ENDINGS)}")

    def payloads(
        self, symbol: str | None = None, *, refused: Callable[[Path, Failure], None] | None = None
    ) -> Iterator[Payload]:
        """Give every payload, of one symbol or of all, by the moment of fetching.

        Parameters
        ----------
        symbol : str, optional
        refused : callable, optional
            Told of each file that is no payload; without it such a file is raised.
        """
        for path in self._in_order(refused) if self._path.is_dir() else [self._path]:
            try:
                payload = _payload(path)
            except Failure as failure:
                if refused is None:
                    raise
                refused(path, failure)
                continue
            if symbol is None or _same(payload.symbol, symbol):
                yield payload

    def parse(self, payload: Payload) -> Chain:
        """Read a payload as its vendor's module does."""
        return reader(payload.source).parse(payload)

    def _in_order(self, refused: Callable[[Path, Failure], None] | None = None) -> list[Path]:
        """List a folder by time: a name says it at once, any other file is opened for it."""
        timed = []
        for path in self._path.rglob("*"):
            if not path.name.endswith(ENDINGS) or path.name.endswith(SIDECAR) or path.name.startswith("."):
                continue
            try:
                timed.append((_stamp(path) or _payload(path).fetched_at, path))
            except Failure as failure:
                if refused is None:
                    raise
                refused(path, failure)
        return [path for _, path in sorted(timed)]


def _stamp(path: Path) -> datetime | None:
    """Read the moment of fetching from a name."""
    found = STAMP.search(path.name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if plausible(at) else None


def _content(path: Path) -> bytes:
    """Read a file, unpacking gzip."""
    try:
        if path.stat().st_size > LIMIT:
            raise NoDataError(f"{path} is larger than {LIMIT // 2**20} MiB, no chain is", "check the path")
        raw = path.read_bytes()
    except PermissionError as error:
        raise NoDataError(f"{path}: no permission to read it", "check its owner and mode") from error
    except OSError as error:
        raise NoDataError(f"{path} cannot be read: {error.strerror}", "check the path") from error
    if raw[:2] != GZIP:
        if path.name.endswith(".gz") and raw:
            what = f"{path} is not gzip, as its name says: it begins with {beginning(raw)}"
            raise NoDataError(what, "rename it if it is meant to be plain, or record it again")
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            body = packed.read(LIMIT + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise NoDataError(f"{path} is broken gzip: {error}", "record it again, or restore it from a backup") from error
    if len(body) > LIMIT:
        raise NoDataError(f"{path} unpacks to more than {LIMIT // 2**20} MiB, no chain does", "check the path")
    return body


def _payload(path: Path) -> Payload:
    """Read a file and what is known about it."""
    body, beside = _content(path), sidecar_path(path)
    if beside.exists():
        payload = Payload.from_sidecar(body, _content(beside), str(path))
        if payload.source not in READERS:
            what = f"{beside} names a source unknown here: {payload.source[:20]!r}"
            raise NoDataError(what, f"there are {', '.join(READERS)}")
        return payload
    source, claim = _recognise(body, path)
    symbol = underlying(claim.symbol).spelling
    fetched_at, spot, notes = _stamp(path), None, _collectors_notes(path)
    if source == "yahoo" and notes is not None:
        noted_at, spot = yahoo.noted_beside(_content(notes), symbol)
        fetched_at = fetched_at or noted_at
    moment = fetched_at or claim.feed_time
    if moment is None:
        what = f"{path} does not say when it was fetched or made"
        raise NoDataError(what, "rename it to the UTC moment of fetching, like 20260102T150000Z.json")
    return Payload(
        body=body,
        source=source,
        symbol=symbol,
        fetched_at=moment,
        url=str(path),
        fetched_at_known=fetched_at is not None,
        spot=spot,
    )


def _recognise(body: bytes, path: Path) -> tuple[str, Claim]:
    """Find whose shape a body has."""
    if not body.strip():
        raise NoDataError(f"{path} is empty", "record it again")
    for name in SHAPES:
        try:
            claim = reader(name).describe(body)
        except NoDataError as error:
            raise NoDataError(f"{path}: {error.what}", error.hint) from error
        if claim is None:
            continue
        try:
            underlying(claim.symbol)
        except ConfigError as error:
            what = f"{path} looks like a payload of {name}, but names no symbol ({claim.symbol[:20]!r})"
            raise NoDataError(what, "record it again") from error
        return name, claim
    what = f"{path} is no payload of a known shape: it begins with {beginning(body)}"
    raise NoDataError(what, f"known are {', '.join(SHAPES)}")


def _collectors_notes(path: Path) -> Path | None:
    """Find the notes a collector writes beside NAME.csv.gz: NAME.meta.json."""
    notes = path.with_name(path.name.partition(".")[0] + SIDECAR)
    return notes if notes.exists() else None


def _same(one: str, other: str) -> bool:
    return underlying(one).root == underlying(other).root


def _mine(payload: Payload, symbol: str | None, path: Path) -> Payload:
    """Check a lone file against the symbol asked for."""
    if symbol is None:
        return payload
    if not _same(payload.symbol, symbol):
        raise NoDataError(f"{path} holds {payload.symbol}, not {symbol}", f"ask for {payload.symbol}")
    return replace(payload, symbol=underlying(symbol).spelling)
