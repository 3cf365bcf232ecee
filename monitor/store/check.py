"""Is everything there, and as it was written? And a copy of it while others write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from alerts.tables import metadata as alerts
from monitor import atomic
from monitor.archive import Archive, Finding
from monitor.errors import Failure
from monitor.sources.payload import Payload
from monitor.store import tables
from monitor.store.engine import HEADER, Store, meaning
from monitor.store.read import Row, unsealed
from monitor.store.write import payload_row

__all__ = ["Report", "backup", "check"]

PAGE = 20_000  # rows read in one transaction: a writer waits for 0.1 s
ENOUGH = 20  # complaints of one kind


@dataclass
class Report:
    """What a check found.

    Attributes
    ----------
    problems : list of str
        Damage: something is lost or not what was written.
    notes : list of str
        Left-overs that nothing refers to.
    rows : dict of str to int
        Rows by table.
    payloads : int
        Whole payloads in the archive.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    payloads: int = 0


def check(store: Store, archive: Archive | None = None) -> Report:
    """Check the database and, where it is given, the archive against it.

    Every page and reference by the database's own means, every row by its seal, every content by its digest, every
    payload's bytes and sidecar by the archive's and the store's record of them.
    """
    report, known = _damage(store)
    _safely(report, partial(_orphans, store, report))
    if archive is not None:
        _archive(archive, known, report)
    return report


def backup(store: Store, target: Path) -> None:
    """Copy a database of SQLite as it is at one instant, whoever writes meanwhile, and check the copy.

    Parameters
    ----------
    store : Store
    target : Path
        Replaced in one step, and only where it is a database already.

    Raises
    ------
    Failure
        Where it cannot be written, is another thing than a database, or the copy is not whole: then `target` is
        as it was.
    """
    if store.path is None:
        raise Failure(f"{store.name} is no file", "use the database's own tool, for PostgreSQL pg_dump")
    target = target.resolve()
    if target == store.path.resolve():
        raise Failure(f"{target} is the store itself", "name another file")
    try:
        if target.exists():
            with target.open("rb") as file:
                if file.read(len(HEADER)) != HEADER:
                    raise Failure(f"{target} is there and no backup", "name another file")
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"cannot write {target}: {error.strerror}", "name another file") from error
    part = target.with_name(f".{target.name}.part")
    try:
        _copy(store, part)
        with Store.open(part, read_only=True) as copied:
            wrong = _damage(copied)[0].problems
        if wrong:
            raise Failure(f"the copy of {store.name} is not whole: {wrong[0]}", "run skewwatch db check")
        part.replace(target)
        atomic.sync(target.parent)
    except OSError as error:
        raise Failure(f"cannot write {target}: {error.strerror}", "free some space or name another place") from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            with suppress(OSError):
                left.unlink()


def _copy(store: Store, part: Path) -> None:
    """Copy all pages in one step: writers wait for its end, and no writer can make it begin again."""
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as copy, closing(store.engine.raw_connection()) as original:
            driver: Any = original.driver_connection
            driver.backup(copy)
    except sqlite3.Error as error:
        raise meaning(error, str(part)) or error from error


def _damage(store: Store) -> tuple[Report, dict[str, Row]]:
    """Look for pages and rows that are not what was written; return the payloads' rows by file as well."""
    report = Report()
    known: dict[str, Row] = {}
    if store.path is not None:
        _safely(report, partial(_pages, store, report))
    for table in (*tables.metadata.sorted_tables, *alerts.sorted_tables):
        _safely(report, partial(_table, store, table, report, known))
    return report, known


def _safely(report: Report, look: Callable[[], None]) -> None:
    """Take a failure of a look for one more thing that is wrong, and go on."""
    try:
        look()
    except Failure as failure:
        report.problems.append(failure.what)
    except (sa.exc.SQLAlchemyError, ValueError) as error:
        report.problems.append(f"the store cannot be read: {type(error).__name__}: {str(error).splitlines()[0]}")


def _pages(store: Store, report: Report) -> None:
    with store.reading() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({ENOUGH})").all()]
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    report.problems += [f"the database: {' '.join(line.split())}" for line in found if line != "ok"]
    report.problems += [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in broken[:ENOUGH]]


def _table(store: Store, table: sa.Table, report: Report, known: dict[str, Row]) -> None:
    """Check each row's seal and, where it has one, its content's digest."""
    number = 0
    for row in _all(store, table):
        number += 1
        if table is tables.inputs and sha256(str(row[1]).encode()).hexdigest() != row[0]:
            report.problems.append(f"the inputs {row[0][:12]} are not those of their digest")
        if table is tables.payloads:
            known[str(row[-1])] = row
    report.rows[table.name] = number


def _all(store: Store, table: sa.Table) -> Iterator[Row]:
    """Read a whole table in the order of its key, a page a transaction, so that nobody waits for the end."""
    key = list(table.primary_key)
    places = [list(table.columns).index(column) for column in key]
    last: tuple[Any, ...] | None = None
    while True:
        query = sa.select(table).order_by(*key).limit(PAGE)
        if last is not None:
            query = query.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(value) for value in last)))
        with store.reading() as connection:
            page = connection.execute(query).all()
        for found in page:
            row = unsealed(table, found)
            here = tuple(row[place] for place in places)
            if last is not None and not last < here:
                raise Failure(f"the store is damaged: the rows of {table.name} are out of order")
            last = here
            yield row
        if len(page) < PAGE:
            return


def _orphans(store: Store, report: Report) -> None:
    """Look for what belongs to something that is not there, as far as foreign keys do not."""
    points, measures, snapshots = tables.points, tables.measures, tables.snapshots
    hashes = sa.union(sa.select(tables.payloads.c.sha256), sa.select(tables.imports.c.sha256))
    digest = points.c.payload_sha256
    strays = sa.select(digest).distinct().where(digest.is_not(None), digest.not_in(hashes)).limit(ENOUGH)
    empty = sa.select(snapshots.c.id).where(snapshots.c.id.not_in(sa.select(measures.c.snapshot_id))).limit(ENOUGH)
    with store.reading() as connection:
        unknown = connection.execute(strays).scalars().all()
        bare = connection.execute(empty).scalars().all()
    report.problems += [f"points come from {str(each)[:12]}, which no payload and no import is" for each in unknown]
    report.problems += [f"the snapshot {each} has no measures" for each in bare]


def _archive(archive: Archive, known: dict[str, Row], report: Report) -> None:
    missing = dict(known)
    for path, found in archive.examine():
        name = path.relative_to(archive.folder).as_posix()
        record = missing.pop(name, None)
        if isinstance(found, Finding):
            (report.notes if found.harmless else report.problems).append(f"{path}: {found.what}")
            continue
        report.payloads += 1
        if record is None:
            report.notes.append(f"{path}: no snapshot of it was saved")
        elif not _same(found, record):
            report.problems.append(f"{path}: it is not as the store recorded it")
    report.problems += [f"{archive.folder / name}: the payload is lost" for name in missing]


def _same(payload: Payload, record: Row) -> bool:
    return payload_row(payload) == record
