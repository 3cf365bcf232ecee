"""Put rows and read them back: the one place that seals, unseals, and knows how each database writes "or else"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from alerts.values import Value, seal

__all__ = ["Conflict", "Damaged", "Row", "among", "change", "insert", "put", "read"]

INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
Row = dict[str, Any]
MANY = 500  # values of one "in (...)": SQLite of old allows 999


class Damaged(Exception):  # noqa: N818 - it says what the store is
    """A row was changed behind the program's back."""


class Conflict(Exception):  # noqa: N818 - it says what happened
    """Somebody else has written a row since it was read."""


class Clash(Enum):
    """Which row stands where one with the same key is there already."""

    FIRST = auto()
    LAST = auto()
    NEXT = auto()  # the new one, where it is the version after the old one's


def insert(connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Value]]) -> None:
    """Put rows; one whose key is there already stays as it is."""
    _write(connection, table, Clash.FIRST, rows)


def put(connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Value]]) -> None:
    """Put rows; the last with a key stands."""
    _write(connection, table, Clash.LAST, rows)


def change(connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Value]]) -> None:
    """Write rows of a version over those of the version before, or over nothing where it is the first.

    Raises
    ------
    Conflict
        Where one is of another version by now; the caller's transaction is then to be given up.
    """
    written, asked = _write(connection, table, Clash.NEXT, rows)
    if written != asked:
        raise Conflict(f"{asked - written} rows of {table.name} have changed since they were read")


def read(
    connection: sa.Connection,
    table: sa.Table,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (),
    limit: int | None = None,
) -> list[Row]:
    """Read whole rows to their end, each checked against its seal.

    Raises
    ------
    Damaged
        Where a row does not match its seal.
    """
    query = sa.select(table).where(*conditions).order_by(*order).limit(limit)
    names = _names(table)
    rows = []
    for *values, sealed in connection.execute(query).all():
        if seal(values) != sealed:
            raise Damaged(f"a row of {table.name} does not match its seal: run skewwatch db check")
        rows.append(dict(zip(names, values, strict=False)))
    return rows


def among(
    connection: sa.Connection,
    table: sa.Table,
    column: sa.Column[str],
    names: Collection[str],
    *conditions: sa.ColumnElement[bool],
) -> list[Row]:
    """Read the rows that have one of some names, however many, in the order of their key."""
    asked = sorted(set(names))
    order = tuple(table.primary_key)
    found = []
    for at in range(0, len(asked), MANY):
        found += read(connection, table, column.in_(asked[at : at + MANY]), *conditions, order=order)
    return found


def _write(
    connection: sa.Connection, table: sa.Table, clash: Clash, rows: Iterable[Mapping[str, Value]]
) -> tuple[int, int]:
    """Write rows under their seals; return how many were written, and asked.

    The statement is compiled once and given to the driver: for thousands of rows that is twice as fast.
    """
    names = _names(table)[:-1]
    content = []
    for row in rows:
        values = [row[name] for name in names]
        content.append((*values, seal(values)))
    if not content:
        return 0, 0
    text, positions = _compiled(table, clash, connection.dialect)
    if positions is None:  # a driver that wants names
        columns = _names(table)
        return connection.exec_driver_sql(
            text, [dict(zip(columns, row, strict=True)) for row in content]
        ).rowcount, len(content)
    return connection.exec_driver_sql(text, content).rowcount, len(content)


@cache
def _compiled(table: sa.Table, clash: Clash, dialect: sa.Dialect) -> tuple[str, list[str] | None]:
    """Return the text of a statement, and the order of its values where it goes by order."""
    statement = INSERTS[dialect.name](table)
    key = _key(table)
    if clash is Clash.FIRST:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    else:
        new = statement.excluded
        columns = {name: new[name] for name in _names(table) if name not in key}
        before = table.c.version == new["version"] - sa.literal_column("1") if clash is Clash.NEXT else None
        statement = statement.on_conflict_do_update(index_elements=key, set_=columns, where=before)
    compiled = statement.compile(dialect=dialect)
    order = compiled.positiontup if compiled.positional else None
    assert order is None or order == _names(table)  # noqa: S101 - values are given in the table's own order
    return str(compiled), order


def _names(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns]


def _key(table: sa.Table) -> list[str]:
    return [column.name for column in table.primary_key]
