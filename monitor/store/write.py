"""What is put into the store. Every function takes the caller's connection, so that several make one transaction.

All are idempotent: what is there already stays, or is written again with the same content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from enum import Enum, auto
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from monitor.archive import relative_path
from monitor.history.points import Origin
from monitor.inputs import Inputs
from monitor.official import official
from monitor.sources.payload import Payload
from monitor.store import looks, tables
from monitor.store.engine import Store
from monitor.store.records import Event, Gap, Import, Point, Price, Reading
from monitor.store.values import Value, json_of, number, seal, stamp
from pricing.dividends import Dividend
from pricing.snapshot import ExpiryReport, Quality, Snapshot

__all__ = [
    "import_points",
    "payload_row",
    "record_dividends",
    "record_events",
    "record_gaps",
    "record_import",
    "record_overlay",
    "record_points",
    "record_prices",
    "record_rates",
    "save",
]

BATCH = 5_000  # rows of one transaction, which takes 0.1 to 0.2 s: nobody waits long
ID_LENGTHS = (10, 16, 64)  # digits of a digest that name a snapshot: more where ten are taken, one in 10^12 pairs
INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Clash(Enum):
    """Which row stands where one with the same key is there already."""

    FIRST = auto()
    LAST = auto()
    LIVE_FIRST = auto()  # the new one, unless it is backfilled and the old one was seen live


def save(connection: sa.Connection, payload: Payload, snapshot: Snapshot, inputs: Inputs, origin: Origin) -> str:
    """Keep a snapshot with all that made it; its measures become its session's official point where it is the first.

    Of the snapshots of a session, source and method at or after the official hour the first that has data stands,
    live ones before backfilled, whatever the order in which they are saved. Of an official one the smiles are kept
    too, as far as they explain the next move.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction.
    payload : Payload
        As the archive gave it back.
    snapshot : Snapshot
        Taken from that payload with `inputs`.
    inputs : Inputs
    origin : Origin

    Returns
    -------
    str
        The snapshot's id, made of its content: "s-" and ten hexadecimal digits. The same for the same content.

    Raises
    ------
    ValueError
        Where the snapshot is not the payload's.
    """
    if snapshot.fetched_at != payload.fetched_at:
        raise ValueError(f"the snapshot of {snapshot.fetched_at} is not of the payload of {payload.fetched_at}")
    table = tables.snapshots
    digest = _digest(payload, snapshot, inputs)
    known: str | None = connection.execute(sa.select(table.c.id).where(table.c.digest == digest)).scalar()
    if known is not None:
        return known
    name = _free_id(connection, digest)
    _put(connection, tables.payloads, [payload_row(payload)], Clash.FIRST)
    _put(connection, tables.inputs, [(inputs.sha256, inputs.text)], Clash.FIRST)
    _put(connection, table, [_snapshot_row(name, digest, payload, snapshot, inputs, origin)], Clash.FIRST)
    rows = [
        (name, measure, place, number(m.value), number(m.low), number(m.high), m.unit, *_why(m.status, m.reason))
        for place, (measure, m) in enumerate(snapshot.measures.items())
    ]
    _put(connection, tables.measures, rows, Clash.FIRST)
    if _is_official(connection, name, snapshot):
        _put_points(connection, _points(name, payload, snapshot, origin), Clash.LAST)
        _put(connection, tables.looks, looks.rows(name, snapshot, inputs.settings), Clash.FIRST)
    return name


def record_points(connection: sa.Connection, points: Iterable[Point]) -> None:
    """Put official points; the last stands, but one that was seen live is not replaced by a backfilled one.

    A gap recorded for a session that now has a point of the same source is closed. More than some thousand
    points belong into several transactions: `import_points`.
    """
    _put_points(connection, points, Clash.LIVE_FIRST)


def import_points(store: Store, points: Iterable[Point]) -> int:
    """Put any number of points, a short transaction for some thousand; return how many.

    A session may be cut in two by a kill; running the import again completes it.
    """
    total = 0
    rest = iter(points)
    while batch := list(islice(rest, BATCH)):
        with store.writing() as connection:
            record_points(connection, batch)
        total += len(batch)
    return total


def record_gaps(connection: sa.Connection, gaps: Iterable[Gap]) -> None:
    """Note sessions without a point and looks that did not take place; the last cause stands."""
    _put(connection, tables.gaps, (gap.row() for gap in gaps), Clash.LAST)


def record_import(connection: sa.Connection, imported: Import) -> None:
    """Note a file that points come from; the last report stands."""
    _put(connection, tables.imports, [imported.row()], Clash.LAST)


def record_prices(connection: sa.Connection, prices: Iterable[Price]) -> None:
    """Put daily prices; the last stand."""
    _put(connection, tables.prices, (price.row() for price in prices), Clash.LAST)


def record_dividends(connection: sa.Connection, symbol: str, paid: Iterable[Dividend], source: str) -> None:
    """Put dividends that were paid or announced; the last stand. Projected ones are refused with ValueError."""
    rows = []
    for each in paid:
        if each.projected:
            raise ValueError(f"the dividend of {each.ex_date} is a projection, not a fact to be kept")
        rows.append((symbol, each.ex_date.isoformat(), number(each.amount), source))
    _put(connection, tables.dividends, rows, Clash.LAST)


def record_rates(connection: sa.Connection, source: str, table: Mapping[Any, Mapping[float, float]]) -> None:
    """Put par yields; the last stand.

    Parameters
    ----------
    connection : Connection
    source : str
    table : mapping of date to mapping of float to float
        `monitor.rates.Table`: per cent a year by tenor in months.
    """
    rows = [
        (source, day.isoformat(), number(months), number(percent))
        for day, yields in table.items()
        for months, percent in yields.items()
    ]
    _put(connection, tables.rates, rows, Clash.LAST)


def record_overlay(connection: sa.Connection, readings: Iterable[Reading]) -> None:
    """Put values of overlays; the last of a day and a moment of knowing stands."""
    _put(connection, tables.overlays, (reading.row() for reading in readings), Clash.LAST)


def record_events(connection: sa.Connection, events: Iterable[Event]) -> None:
    """Put planned days; the last note stands."""
    _put(connection, tables.events, (planned.row() for planned in events), Clash.LAST)


def _put(connection: sa.Connection, table: sa.Table, rows: Iterable[tuple[Value, ...]], clash: Clash) -> None:
    """Insert rows under their seals; the one place that knows how each database writes "or else"."""
    names = [column.name for column in table.columns]
    content = [dict(zip(names, (*row, seal(row)), strict=True)) for row in rows]
    if not content:
        return
    key = [column.name for column in table.primary_key]
    insert = INSERTS[connection.dialect.name](table)
    if clash is Clash.FIRST:
        connection.execute(insert.on_conflict_do_nothing(index_elements=key), content)
        return
    new = insert.excluded
    stands = None
    if clash is Clash.LIVE_FIRST:
        stands = sa.or_(table.c.origin != Origin.LIVE.value, new["origin"] == Origin.LIVE.value)
    columns = {name: new[name] for name in names if name not in key}
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=columns, where=stands), content)


def _put_points(connection: sa.Connection, points: Iterable[Point], clash: Clash) -> None:
    rows = [point.row() for point in points]
    _put(connection, tables.points, rows, clash)
    gaps = tables.gaps
    closed = sorted({(row[0], row[3], row[2]) for row in rows}, key=str)
    if closed:
        match = {"symbol": "of", "source": "by", "session": "day"}
        gone = gaps.delete().where(gaps.c.slot == "", *(gaps.c[name] == sa.bindparam(at) for name, at in match.items()))
        connection.execute(gone, [dict(zip(match.values(), each, strict=True)) for each in closed])


def _digest(payload: Payload, snapshot: Snapshot, inputs: Inputs) -> str:
    """Digest what made a snapshot, not its numbers: another machine's last digit is no other snapshot."""
    made_of = (snapshot.symbol, snapshot.source, stamp(snapshot.as_of), stamp(payload.fetched_at))
    return sha256(json_of([*made_of, payload.sha256, snapshot.method, inputs.sha256]).encode()).hexdigest()


def _free_id(connection: sa.Connection, digest: str) -> str:
    ids = [f"s-{digest[:length]}" for length in ID_LENGTHS]
    table = tables.snapshots
    taken = set(connection.execute(sa.select(table.c.id).where(table.c.id.in_(ids))).scalars())
    return next(name for name in ids if name not in taken)


def payload_row(payload: Payload) -> tuple[Value, ...]:
    """Describe a payload as the table does: two payloads with the same row give the same chain."""
    return (
        payload.sha256,
        stamp(payload.fetched_at),
        payload.source,
        payload.symbol,
        payload.url,
        payload.http_status,
        int(payload.fetched_at_known),
        number(payload.spot),
        len(payload.body),
        str(relative_path(payload)),
    )


def _snapshot_row(
    name: str, digest: str, payload: Payload, snapshot: Snapshot, inputs: Inputs, origin: Origin
) -> tuple[Value, ...]:
    session = official(snapshot.as_of)
    return (
        name,
        digest,
        snapshot.symbol,
        stamp(snapshot.as_of),
        stamp(snapshot.fetched_at),
        None if session is None else session.isoformat(),
        snapshot.source,
        snapshot.method,
        str(origin),
        payload.sha256,
        inputs.sha256,
        *(number(each) for each in (snapshot.spot, snapshot.spot_sync, snapshot.spot_gap, snapshot.forward)),
        str(snapshot.status),
        json_of([str(flag) for flag in snapshot.flags]),
        snapshot.headline,
        snapshot.companion,
        snapshot.quotes.total,
        snapshot.quotes.kept,
        json_of({reason.name.lower(): count for reason, count in snapshot.quotes.dropped.items()}),
        json_of([_expiry(report) for report in snapshot.expiries]),
    )


def _expiry(report: ExpiryReport) -> dict[str, Any]:
    return asdict(report) | {"expiry": report.expiry.isoformat()}


def _why(status: str, reason: str | None) -> tuple[str, str | None]:
    return str(status), None if reason is None else str(reason)


def _is_official(connection: sa.Connection, name: str, snapshot: Snapshot) -> bool:
    """Whether a saved snapshot is its session's first: with data before without, live before backfilled, then time."""
    session = official(snapshot.as_of)
    if session is None:
        return False
    table = tables.snapshots
    first = (
        sa.select(table.c.id)
        .where(
            table.c.symbol == snapshot.symbol,
            table.c.session == session.isoformat(),
            table.c.source == snapshot.source,
            table.c.method == snapshot.method,
        )
        .order_by(
            sa.case((table.c.status == Quality.NO_DATA.value, 1), else_=0),
            sa.case((table.c.origin == Origin.LIVE.value, 0), else_=1),
            table.c.as_of,
            table.c.fetched_at,
            table.c.id,
        )
        .limit(1)
    )
    return connection.execute(first).scalar() == name


def _points(name: str, payload: Payload, snapshot: Snapshot, origin: Origin) -> Iterator[Point]:
    session = official(snapshot.as_of)
    if session is None:
        return
    for measure, found in snapshot.measures.items():
        yield Point(
            symbol=snapshot.symbol,
            measure=measure,
            session=session,
            source=snapshot.source,
            method=snapshot.method,
            value=found.value,
            low=found.low,
            high=found.high,
            unit=found.unit,
            status=found.status,
            origin=origin,
            reason=found.reason,
            as_of=snapshot.as_of,
            snapshot_id=name,
            payload_sha256=payload.sha256,
        )
