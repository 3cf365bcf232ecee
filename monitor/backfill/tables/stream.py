"""The bytes of a file, unpacked as they come; one that is broken ends where it breaks, and says so afterwards."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO, Self, cast

__all__ = ["BROKEN", "GZIP", "Stream"]

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
BROKEN = (OSError, EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What a file can be too broken for; the last two are zip archives with another packing, or with a password."""

TABLES = (".csv", ".txt", ".json")
PIECE = 1 << 16  # what is unpacked at once: so much is lost before a break at most [byte]


class Stream:
    """A file to be read from the beginning to its end.

    Parameters
    ----------
    path : Path
        Plain, gzip, or a zip archive of one table.

    Attributes
    ----------
    broken : str
        Why it ended before its end; empty where it did not.

    Raises
    ------
    ValueError
        Where a zip archive does not hold one table.
    OSError, BadZipFile
        Where it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.broken = ""
        self.closed = False
        self._archive: zipfile.ZipFile | None = None
        self._file: IO[bytes]
        with path.open("rb") as file:
            begins = file.read(4)
        if begins[:2] == GZIP:
            self._file = cast("IO[bytes]", gzip.open(path))  # noqa: SIM115 - closed by `close`
        elif begins == ZIP:
            self._archive = zipfile.ZipFile(path)
            inside = [each for each in self._archive.namelist() if each.lower().endswith(TABLES)]
            if len(inside) != 1:
                raise ValueError(f"is a zip archive of {len(inside)} tables, not of one")
            self._file = self._archive.open(inside[0])
        else:
            self._file = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int) -> bytes:
        """Read so many bytes; fewer only at the end, or where the file breaks off."""
        found = bytearray()
        while len(found) < size and not self.broken:
            try:
                piece = self._file.read(min(PIECE, size - len(found)))
            except BROKEN as error:
                self.broken = " ".join(str(error).split())[:120] or type(error).__name__
                break
            if not piece:
                break
            found += piece
        return bytes(found)

    def readline(self, longest: int) -> bytes:
        """Read the first line."""
        return self.read(longest).partition(b"\n")[0]

    def close(self) -> None:
        """Give the file back."""
        self.closed = True
        self._file.close()
        if self._archive is not None:
            self._archive.close()
