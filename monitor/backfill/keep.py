"""The one writer: measures into the store, whole sessions in short transactions, payloads into the archive first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from time import monotonic
from typing import TypeVar

import sqlalchemy as sa

from monitor.archive import Archive
from monitor.backfill.report import Apart, Run
from monitor.backfill.underlying_prices import Market
from monitor.backfill.work import Made
from monitor.history.sessions import sessions_between
from monitor.store import Gap, Import, Origin, Point, Store, tables
from monitor.store.read import prices as prices_of
from monitor.store.write import record_gaps, record_import, record_points, record_prices, save
from pricing.reasons import Level

__all__ = ["Keeper"]

T = TypeVar("T")

ROWS = 3_000  # of a transaction: a tenth of a second
WAIT = 1.0  # between two transactions at most: so much is lost with a kill [s]
MANY = 5_000  # gaps or prices of a transaction


class Keeper:
    """Takes what was made and keeps it.

    Parameters
    ----------
    store : Store
    archive : Archive
    run : Run
        Is told what was kept.
    """

    def __init__(self, store: Store, archive: Archive, run: Run) -> None:
        self._store = store
        self._archive = archive
        self._run = run
        self._waiting: list[Made] = []
        self._rows = 0
        self._since = monotonic()
        self._gaps: dict[str, Gap] = {}
        self._live = False

    def begin(self, market: Market | None) -> None:
        """Note the files, so that no point comes from one that nobody knows; and prices where there are none yet."""
        of, points = self._run.of, tables.points
        with self._store.writing() as connection:
            for imported in self._imports(final=False):
                known = sa.select(tables.imports.c.sha256).where(
                    tables.imports.c.sha256 == imported.sha256, tables.imports.c.symbol == imported.symbol
                )
                if connection.execute(known).first() is None:
                    record_import(connection, imported)
            live = sa.select(points.c.session).where(points.c.symbol == of.symbol, points.c.origin == Origin.LIVE.value)
            self._live = connection.execute(live.limit(1)).first() is not None
        if market is not None:
            with self._store.reading() as connection:
                there = {price.session for price in prices_of(connection, of.symbol)}
            for some in _batches([price for price in market.prices if price.session not in there], MANY):
                with self._store.writing() as connection:
                    record_prices(connection, some)

    def take(self, made: Made) -> None:
        """Keep what was made of a session, with some others, soon."""
        self._run.note(made)
        if made.cause:
            self._gap(made.day.isoformat(), made.cause, made.detail)
            return
        self._waiting.append(made)
        self._rows += len(made.numbers)
        if self._rows >= ROWS or monotonic() - self._since > WAIT:
            self._flush()

    def end(self) -> None:
        """Keep the rest, say which sessions have no points, and what the files were like."""
        self._flush()
        run = self._run
        for day, (cause, detail) in run.findings.days.items():
            self._gap(day.isoformat(), cause, detail)
        days = sorted({*run.found, *run.findings.days})
        if days:
            found = {day.isoformat() for day in days}
            for session in sessions_between(days[0], days[-1]).astype(str).tolist():
                if session not in found:
                    self._gap(session, "absent", "the files have no row of this session")
        self._forget_gaps_with_points()
        for some in _batches(self._gaps.values(), MANY):
            with self._store.writing() as connection:
                record_gaps(connection, some)
        run.gaps = {gap.session: (gap.cause, gap.detail) for gap in self._gaps.values()}
        with self._store.writing() as connection:
            for imported in self._imports(final=True):
                record_import(connection, imported)

    def _gap(self, day: str, cause: str, detail: str) -> None:
        session = sessions_between(_day(day), _day(day))
        if session.size:  # a holiday without points is none
            self._gaps[day] = Gap(self._run.of.symbol, self._run.importer.source, _day(day), cause, detail)

    def _forget_gaps_with_points(self) -> None:
        """Leave out sessions that have points of this source from other files."""
        points = tables.points
        query = sa.select(points.c.session).where(
            points.c.symbol == self._run.of.symbol, points.c.source == self._run.importer.source
        )
        with self._store.reading() as connection:
            for session in connection.execute(query.distinct()).scalars().all():
                self._gaps.pop(session, None)

    def _flush(self) -> None:
        """Write what waits, in one transaction."""
        if self._waiting:
            kept = [(made, self._archive.keep(made.kept.payload)) for made in self._waiting if made.kept]
            with self._store.writing() as connection:
                for made in self._waiting if self._live else ():
                    self._compare(connection, made)
                for made, payload in kept:
                    if made.kept is not None:
                        save(connection, payload, made.kept.snapshot, made.kept.inputs, Origin.BACKFILLED)
                record_points(connection, self._points())
        self._waiting, self._rows, self._since = [], 0, monotonic()

    def _points(self) -> Iterator[Point]:
        for made in self._waiting:
            if made.kept is not None:
                continue  # its snapshot makes them
            digest = self._run.findings.files[made.file].sha256 if made.file >= 0 else None
            for each in made.numbers:
                yield Point(
                    symbol=self._run.of.symbol,
                    measure=each.measure,
                    session=made.day,
                    source=made.source,
                    method=made.method,
                    value=each.value,
                    low=each.low,
                    high=each.high,
                    unit=each.unit,
                    status=Level(each.status),
                    origin=Origin.BACKFILLED,
                    reason=each.reason,
                    as_of=made.as_of,
                    payload_sha256=digest,
                )

    def _compare(self, connection: sa.Connection, made: Made) -> None:
        """Hold a session's numbers against those that were seen live: they stand, and the difference is told."""
        points = tables.points
        query = sa.select(points.c.measure, points.c.value, points.c.source).where(
            points.c.symbol == self._run.of.symbol,
            points.c.session == made.day.isoformat(),
            points.c.origin == Origin.LIVE.value,
            points.c.method == made.method,
        )
        live = {(measure, source): value for measure, value, source in connection.execute(query).all()}
        for each in made.numbers:
            for (measure, source), value in live.items():
                if measure == each.measure and value is not None and each.value is not None:
                    self._run.live.setdefault((measure, source), []).append(Apart(made.day, each.value - value))

    def _imports(self, *, final: bool) -> Iterator[Import]:
        """Describe the files; what is said at the end does not depend on how often the run was interrupted."""
        run = self._run
        for number, file in enumerate(run.findings.files):
            if not file.sha256:
                continue
            refused = {
                refusal.reason: refusal.count
                for (at, _), refusal in sorted(run.findings.refused.items())
                if at == number
            }
            content = {
                "format": run.importer.name,
                "kind": run.importer.kind,
                "rows_refused": refused,
                "unusable": run.findings.unusable.get(number),
            }
            text = json.dumps(content, sort_keys=True, separators=(",", ":")) if final else "{}"
            yield Import(file.sha256, run.of.symbol, run.importer.source, file.path.name, file.bytes, text)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
