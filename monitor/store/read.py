"""What is read from the store. Every row is checked against its seal before anyone sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import numpy as np
import sqlalchemy as sa

from monitor.errors import Failure
from monitor.history.points import Origin, Points
from monitor.inputs import Inputs
from monitor.store import tables
from monitor.store.records import Event, Gap, Import, Point, Price, Reading
from monitor.store.values import seal, stamp
from pricing.dividends import Dividend
from pricing.reasons import Cause, Flag, Level, Reason
from pricing.snapshot import ExpiryReport, Measure, Quality, QuoteCount, Snapshot

__all__ = [
    "Saved",
    "dividends",
    "events",
    "find",
    "gaps",
    "imports",
    "inputs",
    "latest",
    "overlay",
    "overlays",
    "payload_record",
    "points",
    "prices",
    "rates",
    "series",
    "sessions",
    "snapshots",
    "unsealed",
]

HINT = "run skewwatch db check, and restore the store from a backup"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot as it was saved.

    Attributes
    ----------
    id : str
    snapshot : Snapshot
        Without its smiles, which are computed again from the payload where they are wanted.
    session : date or None
        Whose official point it may be.
    origin : Origin
    payload_sha256, inputs_sha256 : str
    """

    id: str
    snapshot: Snapshot
    session: date | None
    origin: Origin
    payload_sha256: str
    inputs_sha256: str


def find(connection: sa.Connection, name: str) -> Saved | None:
    """Return the snapshot of an id; None where there is none.

    Raises
    ------
    Failure
        Where a row was changed behind the program's back, as by every function here.
    """
    rows = _rows(connection, tables.snapshots, tables.snapshots.c.id == name)
    return _saved(connection, rows[0]) if rows else None


def latest(connection: sa.Connection, symbol: str, *, source: str | None = None) -> Saved | None:
    """Return a symbol's snapshot with the newest quotes, of any source or of one; None where there is none."""
    table = tables.snapshots
    conditions = [table.c.symbol == symbol] + ([] if source is None else [table.c.source == source])
    newest = table.c.as_of.desc(), table.c.fetched_at.desc(), table.c.id
    rows = _rows(connection, table, *conditions, order=newest, limit=1)
    return _saved(connection, rows[0]) if rows else None


def snapshots(connection: sa.Connection, symbol: str, *, since: datetime, until: datetime) -> list[Saved]:
    """Return a symbol's snapshots by the instant of their quotes, both ends included."""
    table = tables.snapshots
    rows = _rows(
        connection,
        table,
        table.c.symbol == symbol,
        table.c.as_of >= stamp(since),
        table.c.as_of <= stamp(until),
        order=(table.c.as_of, table.c.fetched_at, table.c.id),
    )
    return [_saved(connection, row) for row in rows]


def inputs(connection: sa.Connection, digest: str) -> Inputs:
    """Return what a snapshot was taken with.

    Raises
    ------
    Failure
        Where the row is missing or damaged, or asks for something this version does not know.
    """
    rows = _rows(connection, tables.inputs, tables.inputs.c.sha256 == digest)
    if not rows or sha256(rows[0][1].encode()).hexdigest() != digest:
        raise Failure(f"the store is damaged: the inputs {digest[:12]} are missing or changed", HINT)
    return Inputs.read(rows[0][1])


def payload_record(connection: sa.Connection, digest: str, fetched_at: datetime) -> Row:
    """Return the row of a payload, in the order of `monitor.store.write.payload_row`.

    Raises
    ------
    Failure
        Where there is none.
    """
    table = tables.payloads
    rows = _rows(connection, table, table.c.sha256 == digest, table.c.fetched_at == stamp(fetched_at))
    if not rows:
        raise Failure(f"the store is damaged: it does not know the payload {digest[:12]}", HINT)
    return rows[0]


def points(
    connection: sa.Connection,
    symbol: str,
    measure: str | None = None,
    *,
    source: str | None = None,
    method: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> list[Point]:
    """Return official points as they are stored, by measure, session, source and method.

    Parameters
    ----------
    connection : Connection
    symbol : str
    measure, source, method : str, optional
        Without one, all there are.
    since, until : date, optional
        Sessions, both included.
    """
    names = tables.points.columns.keys()
    found = []
    for row in _points(connection, symbol, measure, source, method, since, until):
        of = dict(zip(names, row, strict=False))
        typed = {
            "session": date.fromisoformat(of["session"]),
            "as_of": _instant(of["as_of"]),
            "status": Level(of["status"]),
            "origin": Origin(of["origin"]),
        }
        found.append(Point(**{**of, **typed}))
    return found


def series(
    connection: sa.Connection,
    symbol: str,
    measure: str,
    *,
    source: str | None = None,
    method: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Points:
    """Return the official points of one measure as columns, by session.

    Parameters are those of `points`. Where several sources or methods have a session, all their points are there;
    `monitor.history.series.select` chooses among them.

    Returns
    -------
    Points
        NaN for no number.
    """
    rows = sorted(_points(connection, symbol, measure, source, method, since, until), key=lambda row: row[2:5])
    columns = list(zip(*rows, strict=True)) or [()] * len(tables.points.c)

    def names(at: int) -> Any:  # noqa: ANN401 - a column of text
        return np.array(columns[at], np.str_)

    return Points(
        symbol=symbol,
        measure=measure,
        session=np.array(columns[2], "datetime64[D]"),
        value=np.array(columns[6], float),  # None becomes NaN
        low=np.array(columns[7], float),
        high=np.array(columns[8], float),
        status=names(10),
        source=names(3),
        method=names(4),
        origin=names(12),
    )


def sessions(connection: sa.Connection, symbol: str, *, source: str, method: str) -> frozenset[date]:
    """Return the sessions that have points of a source and a method: what a resumed import may pass over."""
    rows = _points(connection, symbol, None, source, method, None, None)
    return frozenset(date.fromisoformat(day) for day in {row[2] for row in rows})


def gaps(connection: sa.Connection, symbol: str, *, source: str | None = None) -> list[Gap]:
    """Return what is missing and why, by session and slot."""
    table = tables.gaps
    conditions = [table.c.symbol == symbol] + ([] if source is None else [table.c.source == source])
    rows = _rows(connection, table, *conditions, order=(table.c.session, table.c.slot, table.c.source))
    return [
        Gap(symbol, by, date.fromisoformat(day), cause, detail, _instant(slot or None))
        for symbol, by, day, slot, cause, detail in rows
    ]


def imports(connection: sa.Connection, symbol: str) -> list[Import]:
    """Return the files that a symbol's points came from, by source and name."""
    table = tables.imports
    rows = _rows(connection, table, table.c.symbol == symbol, order=(table.c.source, table.c.name, table.c.sha256))
    return [Import(*row) for row in rows]


def prices(
    connection: sa.Connection, symbol: str, *, since: date | None = None, until: date | None = None
) -> list[Price]:
    """Return daily prices by session."""
    table = tables.prices
    conditions = [table.c.symbol == symbol, *_between(table.c.session, since, until)]
    rows = _rows(connection, table, *conditions, order=(table.c.session,))
    return [Price(row[0], date.fromisoformat(row[1]), *row[2:]) for row in rows]


def dividends(connection: sa.Connection, symbol: str) -> tuple[Dividend, ...]:
    """Return what was paid or announced, by ex-date."""
    table = tables.dividends
    rows = _rows(connection, table, table.c.symbol == symbol, order=(table.c.ex_date,))
    return tuple(Dividend(date.fromisoformat(day), amount) for _, day, amount, _ in rows)


def rates(connection: sa.Connection, source: str) -> dict[date, dict[float, float]]:
    """Return par yields as `monitor.rates.Table`: per cent a year by day and tenor in months."""
    table = tables.rates
    found: dict[date, dict[float, float]] = {}
    for _, day, months, percent in _rows(
        connection, table, table.c.source == source, order=(table.c.day, table.c.months)
    ):
        found.setdefault(date.fromisoformat(day), {})[months] = percent
    return found


def overlays(connection: sa.Connection) -> list[str]:
    """Name the overlays there are."""
    name = tables.overlays.c.name
    return list(connection.execute(sa.select(name).distinct().order_by(name)).scalars())


def overlay(
    connection: sa.Connection, name: str, *, known_by: datetime | None = None, revisions: bool = False
) -> list[Reading]:
    """Return an overlay as it was known at an instant, by day: of each day the last revision of before.

    Parameters
    ----------
    connection : Connection
    name : str
    known_by : datetime, optional
        Without it everything that is known now. Whatever became known later is as if it were not there.
    revisions : bool
        Every revision of a day instead of the last, by the moment of knowing.
    """
    table = tables.overlays
    conditions = [table.c.name == name] + ([] if known_by is None else [table.c.known_at <= stamp(known_by)])
    rows = _rows(connection, table, *conditions, order=(table.c.day, table.c.known_at))
    return [
        Reading(name, date.fromisoformat(day), datetime.fromisoformat(known_at), value, source)
        for _, day, known_at, value, source in (rows if revisions else {row[1]: row for row in rows}.values())
    ]


def events(connection: sa.Connection, *, since: date | None = None, until: date | None = None) -> list[Event]:
    """Return planned days, by day and name."""
    table = tables.events
    rows = _rows(connection, table, *_between(table.c.day, since, until), order=(table.c.day, table.c.name))
    return [Event(name, date.fromisoformat(day), source, note) for name, day, note, source in rows]


def unsealed(table: sa.Table, found: Sequence[Any]) -> Row:
    """Return a row of a table less its seal.

    Raises
    ------
    Failure
        Where the seal is not that of the row.
    """
    *row, sealed = found
    if seal(row) != sealed:
        raise Failure(f"the store is damaged: a row of {table.name} does not match its seal", HINT)
    return tuple(row)


def _rows(
    connection: sa.Connection,
    table: sa.Table,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (),
    limit: int | None = None,
) -> list[Row]:
    """Read whole rows, in the order of the table's columns, to their end."""
    query = sa.select(table).where(*conditions).order_by(*order).limit(limit)
    return [unsealed(table, found) for found in connection.execute(query).all()]


def _points(
    connection: sa.Connection,
    symbol: str,
    measure: str | None,
    source: str | None,
    method: str | None,
    since: date | None,
    until: date | None,
) -> list[Row]:
    table = tables.points
    wanted = {"measure": measure, "source": source, "method": method}
    conditions = [table.c[name] == value for name, value in wanted.items() if value is not None]
    conditions += [table.c.symbol == symbol, *_between(table.c.session, since, until)]
    return _rows(connection, table, *conditions, order=tuple(table.primary_key))


def _between(column: sa.ColumnElement[Any], since: date | None, until: date | None) -> list[sa.ColumnElement[bool]]:
    conditions = [] if since is None else [column >= since.isoformat()]
    return conditions if until is None else [*conditions, column <= until.isoformat()]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _saved(connection: sa.Connection, row: Row) -> Saved:
    """Build a snapshot again from its row and its measures."""
    of = dict(zip(tables.snapshots.columns.keys(), row, strict=False))
    table = tables.measures
    found = {}
    for _, name, _, value, low, high, unit, status, reason in _rows(
        connection, table, table.c.snapshot_id == of["id"], order=(table.c.place,)
    ):
        found[name] = Measure(value, low, high, unit, Level(status), None if reason is None else Cause(reason))
    dropped = {Reason[name.upper()]: count for name, count in json.loads(of["quotes_dropped"]).items()}
    snapshot = Snapshot(
        symbol=of["symbol"],
        source=of["source"],
        as_of=datetime.fromisoformat(of["as_of"]),
        fetched_at=datetime.fromisoformat(of["fetched_at"]),
        method=of["method"],
        spot=of["spot"],
        spot_sync=of["spot_sync"],
        spot_gap=of["spot_gap"],
        forward=of["forward"],
        status=Quality(of["status"]),
        flags=tuple(Flag(flag) for flag in json.loads(of["flags"])),
        measures=MappingProxyType(found),
        headline=of["headline"],
        companion=of["companion"],
        expiries=tuple(_expiry(report) for report in json.loads(of["expiries"])),
        smiles=(),
        quotes=QuoteCount(of["quotes_total"], of["quotes_kept"], MappingProxyType(dropped)),
    )
    return Saved(
        id=of["id"],
        snapshot=snapshot,
        session=None if of["session"] is None else date.fromisoformat(of["session"]),
        origin=Origin(of["origin"]),
        payload_sha256=of["payload_sha256"],
        inputs_sha256=of["inputs_sha256"],
    )


def _expiry(report: Mapping[str, Any]) -> ExpiryReport:
    reason = report["reason"]
    typed = {
        "expiry": date.fromisoformat(report["expiry"]),
        "reason": None if reason is None else Cause(reason),
    }
    return ExpiryReport(**{**report, **typed})
