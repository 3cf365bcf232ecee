"""A table of an SQLite database, in the order of its rowids."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import numpy as np

from monitor.backfill.columns import arrow
from monitor.backfill.tables import Batch, Damage, Part, UnreadableError

__all__ = ["DatabaseTable"]

ROWS = 50_000  # of a batch, as Python's objects on their way: 30 MB


class DatabaseTable:
    """One table.

    Parameters
    ----------
    path : Path
    table : str, optional
        By default the one with most columns.
    """

    def __init__(self, path: Path, table: str | None = None) -> None:
        self._path = path
        try:
            with closing(self._connection()) as connection:
                found = {
                    name: tuple(row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(name)})"))
                    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                }
        except sqlite3.Error as error:
            raise UnreadableError(f"is a damaged database ({error})") from error
        if not found or (table is not None and table not in found):
            raise UnreadableError(f"has no table {table}" if found else "is a database without a table")
        self._table = table or max(found, key=lambda name: len(found[name]))
        self.names = found[self._table]

    def batches(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Read some columns; see `monitor.backfill.tables.Table`."""
        names = ", ".join(["rowid", *(_quoted(name) for name in wanted)])
        last = 0
        try:
            with closing(self._connection()) as connection:
                cursor = connection.execute(f"SELECT {names} FROM {_quoted(self._table)} ORDER BY rowid")  # noqa: S608 - quoted
                while rows := cursor.fetchmany(ROWS):
                    numbers, *columns = zip(*rows, strict=True)
                    last = int(numbers[-1])
                    given = {name: arrow(list(each)) for name, each in zip(wanted, columns, strict=True)}
                    yield Batch(given, np.array(numbers, np.int64))
        except sqlite3.Error as error:
            yield Damage(f"cannot be read after rowid {last} ({error})")

    def _connection(self) -> sqlite3.Connection:
        """Open the file so that nothing is written beside it."""
        connection = sqlite3.connect(f"file:{quote(str(self._path.resolve()))}?mode=ro&immutable=1", uri=True)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        return connection


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
