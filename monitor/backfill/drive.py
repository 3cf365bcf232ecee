"""One import from beginning to end: sessions to the processes, measures into the store, a report.

Sessions are written whole, in the order in which they come, a short transaction for some tens of them. A run that was
killed is continued by running it again: sessions that are in the store from the same files are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain as chained
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from monitor import rates
from monitor.archive import Archive
from monitor.backfill import underlying_prices
from monitor.backfill.findings import Findings
from monitor.backfill.keep import Keeper
from monitor.backfill.pool import cores, in_order
from monitor.backfill.protocol import Asked, Dated, Importer, Kind, Payloads
from monitor.backfill.report import Report, Run, report
from monitor.backfill.surroundings import RateHistory, Surroundings, schedule
from monitor.backfill.work import Job, Made, make
from monitor.config.model import Config
from monitor.errors import NoDataError
from monitor.store import Origin, Store, tables
from monitor.store.read import dividends as dividends_of
from monitor.store.read import prices as prices_of
from monitor.store.write import record_dividends
from monitor.underlyings import underlying
from pricing.dividends import Dividend

__all__ = ["Order", "backfill"]

TOGETHER = 8  # sessions of a task: 30 ms to send, a tenth of a second to compute
FEW = 24  # sessions for which no process is started: that takes as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be imported.

    Attributes
    ----------
    symbol : str
    importer : Importer
    paths : tuple of Path
    since, until : date or None
        Sessions, both included.
    dividends : tuple of Dividend
        From a file: kept in the store, and believed before all others.
    again : bool
        Sessions that are there already are computed again.
    jobs : int or None
        Processes; None is one a core.
    """

    symbol: str
    importer: Importer
    paths: tuple[Path, ...]
    since: date | None = None
    until: date | None = None
    dividends: tuple[Dividend, ...] = ()
    again: bool = False
    jobs: int | None = None


def backfill(
    order: Order,
    config: Config,
    store: Store,
    folder: Path,
    archive: Archive,
    progress: Callable[[int, int], None] = lambda _done, _expected: None,
) -> Report:
    """Import a history.

    Parameters
    ----------
    order : Order
    config : Config
    store : Store
    folder : Path
        The data folder, for kept yields.
    archive : Archive
        Where payloads go; tables stay where they are.
    progress : callable
        Told how many sessions are done, and how many there are as far as is known.

    Returns
    -------
    Report
        The store afterwards is the same however often the run was interrupted.

    Raises
    ------
    NoDataError
        Where no file holds a session of the symbol.
    Failure
        Where a path is none, or the store cannot be written.
    """
    of, findings, importer = underlying(order.symbol), Findings(), order.importer
    settings = config.settings(order.symbol)
    asked = Asked(of, math.ceil(settings.max_days) + 2, order.since, order.until)  # a Saturday's name, a summer hour
    market = underlying_prices.read(order.paths, of, findings) if importer.kind is not Kind.VALUES else None
    surroundings = _surroundings(order, config, store, folder, market)
    method = importer.method(settings.method)
    job = Job(of.spelling, importer.kind, importer.source, surroundings, method)
    run = Run(importer=importer, of=of, settings=settings, method=method, surroundings=surroundings, findings=findings)

    found = importer.sessions(order.paths, asked, findings)
    first = next(found, None)  # by now every file is known
    if first is None and not findings.days and not findings.unusable:
        what = f"no session of {of.symbol} in {', '.join(map(str, order.paths))}"
        raise NoDataError(what, "check the symbol, the format and the dates")
    keeper = Keeper(store, archive, run)
    keeper.begin(market)
    done = frozenset() if order.again else _done(store, run)
    wanted = _wanted(chained([] if first is None else [first], found), done, run)
    jobs = order.jobs or config.backfill.jobs or cores()
    if findings.sessions <= FEW and findings.sessions:
        jobs = 1
    for made in _made(job, wanted, jobs):
        keeper.take(made)
        progress(len(run.found), findings.sessions)
    keeper.end()
    return report(store, run)


def _surroundings(
    order: Order, config: Config, store: Store, folder: Path, market: underlying_prices.Market | None
) -> Surroundings:
    """Gather rates, dividends and closes, for all sessions at once."""
    section, of = config.rates, underlying(order.symbol)
    try:
        kept = {} if section.source == "configured" else rates.read(rates.kept_path(folder, section.source))
    except NoDataError:
        kept = {}  # as a live snapshot does: the configured curve stands in, and the report says so
    if order.dividends:
        with store.writing() as connection:
            record_dividends(connection, of.symbol, order.dividends, "file")
    with store.reading() as connection:
        stored = dividends_of(connection, of.symbol)
        closes = prices_of(connection, of.symbol) if order.importer.kind is Kind.VOLS else []
    return Surroundings(
        settings=config.settings(order.symbol),
        rates=RateHistory.of(section, kept),
        dividends=schedule(config.schedule(order.symbol), stored, () if market is None else market.dividends),
        spots={price.session: price.close for price in closes if price.close is not None},
    )


def _done(store: Store, run: Run) -> frozenset[date]:
    """Return the sessions that need not be computed: they are there from the same files."""
    points, digests = tables.points, [each.sha256 for each in run.findings.files if each.sha256]
    same = [points.c.symbol == run.of.symbol, points.c.method == run.method]
    if digests:
        same += [points.c.source == run.importer.source, points.c.payload_sha256.in_(digests)]
    else:  # payloads: every number of theirs is a saved snapshot's
        same += [points.c.snapshot_id.is_not(None), points.c.origin == Origin.BACKFILLED.value]
    with store.reading() as connection:
        days = connection.execute(sa.select(points.c.session).where(*same).distinct()).scalars().all()
    return frozenset(date.fromisoformat(day) for day in days)


def _wanted(found: Iterator[Dated], done: frozenset[date], run: Run) -> Iterator[Dated]:
    """Give the sessions that are to be computed."""
    for each in found:
        run.found.append(each.day)
        if each.day in done:
            run.passed_over += 1
        else:
            yield each


def _made(job: Job, wanted: Iterator[Dated], jobs: int) -> Iterator[Made]:
    """Compute sessions, in their order."""

    def tasks() -> Iterator[list[Dated]]:
        while group := list(islice(wanted, 1)):
            if not isinstance(group[0], Payloads):  # those are megabytes each
                group += islice(wanted, TOGETHER - 1)
            yield group

    for made in in_order(make, job, tasks(), jobs):
        yield from made
