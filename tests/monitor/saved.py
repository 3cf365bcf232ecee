"""Payloads, snapshots and stores to save, read and break; all numbers invented or simulated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from alerts.tables import metadata as alerts
from monitor.archive import FOLDER, Archive
from monitor.inputs import Inputs
from monitor.sources.payload import Payload
from monitor.sources.simulated import Simulated
from monitor.store import FILE, Origin, Store, tables
from monitor.store.write import save
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Flag
from pricing.settings import Settings
from pricing.snapshot import Snapshot
from tests.monitor import snapshots

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Inputs(
    settings=Settings(),
    curve=Curve((0.08, 0.25, 0.5), (0.0374, 0.0371, 0.1 + 0.2)),  # the last is no short decimal
    rates_source="treasury",
    rates_day=date(2026, 6, 17),
    dividends=Schedule((Dividend(date(2026, 6, 15), 0.695), Dividend(date(2026, 3, 17), 0.442))),
    flags=frozenset({Flag.RATES_FALLBACK}),
)


def payload(fetched_at: datetime = snapshots.AS_OF, **changes: object) -> Payload:
    """A payload of no chain, enough to be archived and recorded."""
    body = json.dumps({"data": {"options": []}, "symbol": "IWM", "made": fetched_at.isoformat()}).encode()
    return replace(
        Payload(body=body, source="cboe", symbol="IWM", fetched_at=fetched_at, url="https://quotes.example/IWM.json"),
        **changes,
    )


def snapshot(as_of: datetime = snapshots.AS_OF, fetched_at: datetime | None = None, **changes: object) -> Snapshot:
    """A snapshot as the store gives it back: the smiles are not stored."""
    return snapshots.snapshot(as_of=as_of, fetched_at=fetched_at or as_of, smiles=(), **changes)


@cache
def simulated(inputs: Inputs = INPUTS) -> tuple[Payload, Inputs, Snapshot]:
    """A whole simulated chain, and what it says."""
    source = Simulated()
    fetched = source.fetch("IWM")
    return fetched, inputs, inputs.take(source.parse(fetched))


def keep_simulated(folder: Path, inputs: Inputs = INPUTS) -> str:
    """Archive and save the simulated chain in a data folder."""
    fetched, inputs, taken = simulated(inputs)
    kept = Archive(folder / FOLDER).keep(fetched)
    with Store.open(folder / FILE) as store, store.writing() as connection:
        return save(connection, kept, taken, inputs, Origin.LIVE)


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, in the order of the keys."""
    with store.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in (*tables.metadata.sorted_tables, *alerts.sorted_tables)
        }


@contextmanager
def running(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python script as a process of its own, which does not outlive the block."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(script: str, *arguments: object) -> str:
    """What a script prints, which must end well."""
    with running(script, *arguments) as process:
        said, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return said


def at(text: str) -> datetime:
    """An instant, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
