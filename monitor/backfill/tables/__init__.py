"""Tables in files of any size, read a batch at a time: Parquet, delimited text, SQLite, JSON.

A reader is a module with `names` and `batches`. The kind of a file is known by how it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from monitor.backfill.tables.stream import BROKEN, Stream
from pricing.arrays import Ints

__all__ = ["ENDINGS", "Batch", "Damage", "Part", "Table", "UnreadableError", "counted", "key", "open_table"]

ENDINGS = (
    ".parquet",
    ".csv",
    ".txt",
    ".tsv",
    ".csv.gz",
    ".txt.gz",
    ".zip",
    ".db",
    ".sqlite",
    ".json",
    ".jsonl",
    ".json.gz",
)
PARQUET, SQLITE = b"PAR1", b"SQLite format 3\0"
JSON = re.compile(rb"[\xef\xbb\xbf\s]*(\{|\[\s*(\{|$))")  # a header in brackets is none
ROWS = 1 << 17  # of a batch: 10 MB as columns


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table.

    Attributes
    ----------
    columns : dict of str to Array
        By the names that were asked for.
    numbers : int array, shape (n,)
        Of the rows: of Parquet and JSON counted from 1, of text the line, of SQLite the rowid.
    """

    columns: dict[str, pa.Array]
    numbers: Ints


@dataclass(frozen=True, slots=True)
class Damage:
    """Some rows that cannot be read.

    Attributes
    ----------
    why : str
        A reason in one word where single rows are meant; a sentence where the file is broken from there on.
    numbers : tuple of int
        Of the rows, where they are known.
    breaks : bool
        Rows may be missing that nobody has seen: the day before and the day after the place are not whole.
    """

    why: str
    numbers: tuple[int, ...] = ()
    breaks: bool = True


Part: TypeAlias = Batch | Damage


class Table(Protocol):
    """A file that holds rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns as the file has them."""
        ...

    def batches(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Read some columns from the beginning, in bounded memory, always the same batches for the same file."""
        ...


class UnreadableError(Exception):
    """A file is no table at all; says why."""


def key(name: str) -> str:
    """Reduce a column's name to what vendors agree on: ` [C_BID]`, `cBid` and `c_bid` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def open_table(path: Path, *, delimiter: str | None = None, table: str | None = None) -> Table:
    """Open a file as a table.

    Parameters
    ----------
    path : Path
    delimiter : str, optional
        Of text; by default the commonest of comma, semicolon and tab in the first line.
    table : str, optional
        Of a database.

    Raises
    ------
    UnreadableError
        Where it is none.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(16)
        with Stream(path) as unpacked:
            inside, broken = unpacked.read(16), unpacked.broken
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    except BROKEN as error:
        raise UnreadableError(f"cannot be read: {error}") from error
    if not inside.strip():
        raise UnreadableError(f"cannot be read: {broken}" if broken else "is empty")
    if begins[:4] == PARQUET:
        from monitor.backfill.tables.parquet import ParquetTable  # noqa: PLC0415 - only what is needed is imported

        return ParquetTable(path)
    if begins == SQLITE:
        from monitor.backfill.tables.database import DatabaseTable  # noqa: PLC0415

        return DatabaseTable(path, table)
    if path.name.endswith(".parquet"):
        raise UnreadableError(f"is no Parquet file: it begins with {begins[:8]!a}")
    if JSON.match(inside):
        from monitor.backfill.tables.objects import ObjectsTable  # noqa: PLC0415

        return ObjectsTable(path)
    from monitor.backfill.tables.text import TextTable  # noqa: PLC0415

    return TextTable(path, delimiter)


def counted(first: int, size: int) -> Ints:
    """Give rows their numbers, one after another."""
    return np.arange(first, first + size, dtype=np.int64)
