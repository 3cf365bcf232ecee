"""Rows of a file into the store, whole or not at all; what is there already is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from monitor.store import read, write
from monitor.store.records import Event, Point, Price, Reading
from pricing.dividends import Dividend

__all__ = ["Kept", "dividends", "events", "overlay", "points", "prices"]

Row = TypeVar("Row")
Key = TypeVar("Key")
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the rows: those that were not there, those that now say otherwise, and the rest."""

    new: int = 0
    changed: int = 0
    same: int = 0


def prices(connection: sa.Connection, rows: Sequence[Price]) -> Kept:
    """Keep daily prices of one symbol; a field that a row does not have stays as another file gave it."""
    if not rows:
        return Kept()
    there = {old.session: old for old in read.prices(connection, rows[0].symbol)}
    merged = [_merged(row, there.get(row.session)) for row in rows]
    return _keep(
        merged, {day: old[2:7] for day, old in there.items()}, lambda row: row.session, lambda row: row[2:7],
        lambda fresh: write.record_prices(connection, fresh),
    )  # fmt: skip


def dividends(connection: sa.Connection, symbol: str, rows: Sequence[Dividend], source: str) -> Kept:
    """Keep dividends of one symbol."""
    there = {old.ex_date: old.amount for old in read.dividends(connection, symbol)}
    return _keep(
        rows, there, lambda row: row.ex_date, lambda row: row.amount,
        lambda fresh: write.record_dividends(connection, symbol, fresh, source),
    )  # fmt: skip


def overlay(connection: sa.Connection, rows: Sequence[Reading]) -> Kept:
    """Keep values of one overlay; a revision is a row of its own."""
    if not rows:
        return Kept()
    old = read.overlay(connection, rows[0].name, revisions=True)
    there = {(each.day, each.known_at): each.value for each in old}
    return _keep(
        rows, there, lambda row: (row.day, row.known_at), lambda row: row.value,
        lambda fresh: write.record_overlay(connection, fresh),
    )  # fmt: skip


def events(connection: sa.Connection, rows: Sequence[Event]) -> Kept:
    """Keep planned days."""
    there = {(old.name, old.day): True for old in read.events(connection)}
    return _keep(
        rows, there, lambda row: (row.name, row.day), lambda _: True,
        lambda fresh: write.record_events(connection, fresh),
    )  # fmt: skip


def points(connection: sa.Connection, rows: Sequence[Point]) -> Kept:
    """Keep official points of one symbol, measure, source and method."""
    if not rows:
        return Kept()
    of = rows[0]
    old = read.points(connection, of.symbol, of.measure, source=of.source, method=of.method)
    there = {each.session: each.value for each in old}
    return _keep(
        rows, there, lambda row: row.session, lambda row: row.value,
        lambda fresh: write.record_points(connection, fresh),
    )  # fmt: skip


def _keep(
    rows: Sequence[Row],
    there: Mapping[Key, Content],
    key: Callable[[Row], Key],
    content: Callable[[Row], Content],
    record: Callable[[Sequence[Row]], None],
) -> Kept:
    """Write the rows that say something that is not there."""
    new = [row for row in rows if key(row) not in there]
    changed = [row for row in rows if key(row) in there and there[key(row)] != content(row)]
    record([*new, *changed])
    return Kept(len(new), len(changed), len(rows) - len(new) - len(changed))


def _merged(row: Price, old: Price | None) -> Price:
    if old is None:
        return row
    fields = ("open", "high", "low", "close", "volume")
    return row._replace(**{name: getattr(old, name) for name in fields if getattr(row, name) is None})
