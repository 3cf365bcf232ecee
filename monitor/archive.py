"""Payloads as received, kept for good: by source, symbol and year, each with its sidecar, each checked when it is read.

``<folder>/<source>/<symbol>/<year>/<moment of fetching>-<sha256's first digits>.json.gz`` (``.csv.gz`` where it is no
JSON). The digest is of the bytes as received. A folder of the archive is a recorded source as it stands.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from monitor import atomic
from monitor.errors import Failure, NoDataError
from monitor.sources.payload import SIDECAR, Payload, sidecar_path
from monitor.sources.recorded import Recorded
from monitor.underlyings import underlying

__all__ = ["FOLDER", "Archive", "Finding", "relative_path"]

FOLDER = "archive"  # in the data folder
LEVEL = 6  # of gzip
DIGITS = 12  # of the digest in a name
PART = ".part"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file of the archive: damage, or what a killed writer left and nobody misses."""

    what: str
    harmless: bool = False


def relative_path(payload: Payload) -> PurePosixPath:
    """Return where a payload belongs below the archive's folder.

    Raises
    ------
    ConfigError
        Where its symbol is none.
    """
    fetched = payload.fetched_at
    kind = "json" if payload.body.lstrip()[:1] in {b"{", b"["} else "csv"
    name = f"{fetched:%Y%m%dT%H%M%SZ}-{payload.sha256[:DIGITS]}.{kind}.gz"
    return PurePosixPath(payload.source, underlying(payload.symbol).spelling, f"{fetched:%Y}", name)


class Archive:
    """A folder of payloads.

    Parameters
    ----------
    folder : Path
        Made with the first payload.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, payload: Payload) -> Payload:
        """Put a payload on the disk, the sidecar first, and return it as it is kept.

        Bytes that came twice within one second are kept once, and the first record of them is returned. A copy
        that has been damaged since is replaced.

        Raises
        ------
        Failure
            Where it cannot be written: nothing half-written is left.
        """
        path = self.folder / relative_path(payload)
        if path.exists():
            try:
                return self.read(path)
            except Failure:
                pass  # damaged: these are the bytes that belong there
        packed = gzip.compress(payload.body, LEVEL, mtime=0)
        atomic.write_all([(sidecar_path(path), payload.sidecar().encode()), (path, packed)])
        return payload

    def read(self, path: Path) -> Payload:
        """Read a payload of the archive by its path, checked against its sidecar and its name.

        Raises
        ------
        NoDataError
            Where it is missing or damaged.
        ConfigError
            Where its sidecar names no symbol.
        """
        if not path.exists():
            raise NoDataError(f"the archive has no {path}", "restore it from a backup")
        if not sidecar_path(path).exists():
            raise NoDataError(f"{path} has lost its sidecar, so nothing vouches for it", "restore it from a backup")
        payload = Recorded(path).fetch()
        if path.parts[-4:] != relative_path(payload).parts:
            raise NoDataError(f"{path} and its sidecar tell of different payloads", "restore both from a backup")
        return payload

    def find(self, sha256: str) -> Payload:
        """Find a payload by the digest of its bytes; of several records of the same bytes the first.

        Raises
        ------
        NoDataError
            Where there is none, or it is damaged.
        """
        for path in sorted(self.folder.rglob(f"*-{sha256[:DIGITS]}.*.gz")):
            payload = self.read(path)
            if payload.sha256 == sha256:
                return payload
        raise NoDataError(f"the archive {self.folder} has no payload {sha256[:DIGITS]}", "restore it from a backup")

    def examine(self) -> Iterator[tuple[Path, Payload | Finding]]:
        """Read every file: a payload where it is whole, else what is wrong with it, or that nobody misses it."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_dir():
                continue
            if path.name.endswith(PART):
                yield path, Finding("left by a process that was killed while writing", harmless=True)
            elif path.name.endswith(SIDECAR):
                if not path.with_name(path.name.removesuffix(SIDECAR)).exists():
                    yield path, Finding("a sidecar without its payload", harmless=True)
            else:
                try:
                    yield path, self.read(path)
                except Failure as failure:
                    yield path, Finding(failure.what)
