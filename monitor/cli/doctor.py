"""``skewwatch doctor``: what is wrong, before it is noticed. Looks at this machine only and asks no vendor."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import typer

from monitor import rates
from monitor.cli.options import ConfigFile, DataDir, emit, program_version
from monitor.config import Config, data_dir, find, load, problems
from monitor.errors import Exit, Failure
from monitor.sources import open_source

__all__ = ["Finding", "State", "app", "doctor", "examine"]

STALE_DIVIDENDS = timedelta(days=120)  # a quarter and a month: an announcement has been missed
SHOWN = ("numpy", "scipy", "pydantic", "msgspec", "sqlalchemy", "httpx2", "matplotlib")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class State(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"  # works, with less than could be had
    FAIL = "fail"  # a command will fail on it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    state: State
    what: str


@app.command()
def doctor(*, config: ConfigFile = None, data_folder: DataDir = None) -> int:
    """Look for what is wrong before it is noticed; asks no vendor. Fails where a command would."""
    findings = [*_machine(), *examine(config, data_folder, datetime.now(UTC))]
    emit("".join(f"{finding.state:<5} {finding.what}\n" for finding in findings))
    return Exit.FAILED if any(finding.state is State.FAIL for finding in findings) else Exit.FINE


def _machine() -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    yield Finding(State.OK, f"skewwatch {program_version()} on Python {platform.python_version()}; {packages}")


def examine(option: Path | None, folder: Path | None, now: datetime) -> Iterator[Finding]:
    """Look at the configuration and at what it leads to.

    Parameters
    ----------
    option, folder : Path or None
        The options ``--config`` and ``--data-dir``.
    now : datetime
        UTC.
    """
    try:
        found = find(option)
        wrong = problems(found)
    except Failure as failure:
        yield Finding(State.FAIL, f"configuration: {failure}")
        return
    yield from (Finding(State.FAIL, f"configuration: {problem}") for problem in wrong)
    if wrong:
        return
    config = load(found)
    yield Finding(State.OK, f"configuration: {found.path} ({found.origin})")
    place = data_dir(folder, config.data_dir)
    yield _writable(place)
    yield _store(place)
    yield from _sources(config)
    chosen = rates.choose(config.rates, place, now)
    state, origin = (State.WARN, chosen.note) if chosen.note else (State.OK, f"{chosen.source} {chosen.day or ''}")
    yield Finding(state, f"rates: {origin.strip()}")
    yield from (_dividends(config, entry.symbol, now.date()) for entry in config.symbols)


def _writable(folder: Path) -> Finding:
    """Tell whether the data folder can be written, or made where it is missing."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(State.FAIL, f"data folder: {folder} cannot be written; name another with --data-dir")
    return Finding(State.OK, f"data folder: {folder}" + ("" if there == folder.absolute() else ", not made yet"))


def _store(folder: Path) -> Finding:
    """Tell whether the store can be read, and which journal this SQLite is safe with."""
    import sqlite3  # noqa: PLC0415 - for the version it was built with

    from monitor.store import FILE, Store  # noqa: PLC0415 - a snapshot's path does without it
    from monitor.store.engine import journal_mode  # noqa: PLC0415

    with_journal = f"SQLite {sqlite3.sqlite_version}, journal {journal_mode(sqlite3.sqlite_version_info)}"
    path = folder / FILE
    if not path.exists():
        return Finding(State.OK, f"store: none yet; {with_journal}")
    try:
        Store.open(path, read_only=True).close()
    except Failure as failure:
        return Finding(State.FAIL, f"store: {failure}")
    return Finding(State.OK, f"store: {path}; {with_journal}")


def _sources(config: Config) -> Iterator[Finding]:
    for spec in sorted({config.source, *(entry.source for entry in config.symbols if entry.source)}):
        try:
            open_source(spec, **config.sources.arguments(spec.partition(":")[0]))
        except Failure as failure:
            yield Finding(State.FAIL, f"source: {failure}")
        else:
            yield Finding(State.OK, f"source: {spec}, not asked")


def _dividends(config: Config, symbol: str, today: date) -> Finding:
    """Tell what is known of a symbol's dividends and whether it has been kept up."""
    schedule = config.schedule(symbol)
    if not schedule.is_known:
        return Finding(State.WARN, f"dividends: none known of {symbol}; its carry is read off the forwards")
    if schedule.known and today - schedule.known[-1].ex_date > STALE_DIVIDENDS:
        last = schedule.known[-1].ex_date
        return Finding(State.WARN, f"dividends: the last known of {symbol} is of {last}; add the newer ones")
    return Finding(State.OK, f"dividends: {symbol}")
