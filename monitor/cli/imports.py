"""``skewwatch import``: dated series from files into the store, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
import typer

from monitor import rates as kept_rates
from monitor.cli import say
from monitor.cli.options import AsJson, ConfigFile, DataDir, configured, emit
from monitor.config import ticker
from monitor.dated import keep, market, series
from monitor.dated.table import File, Read, open_file
from monitor.errors import ConfigError, Exit, NoDataError
from monitor.store import FILE, Import, Store
from monitor.store.values import json_of
from monitor.store.write import record_import

__all__ = ["app"]

SHOWN = 20  # refused lines that are said one by one
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
VENDOR = "vendor"  # method of measures that a vendor has made, as `skewwatch backfill` has it
Row = TypeVar("Row")

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Dated series from files: prices, indices, overlays, events."
)

FromFile = Annotated[Path, typer.Argument(metavar="FILE", help="Delimited text with a header.")]
Symbol = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="The underlying: IWM, SPX, BRK.B.")]
Named = Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called: letters, digits, _ . -")]
Source = Annotated[str, typer.Option("--source", metavar="NAME", help="Who says so; kept with each row.")]
Column = Annotated[str | None, typer.Option("--column", metavar="NAME", help="Column of the values.")]


@dataclass(frozen=True, slots=True)
class _Report:
    """What an import did."""

    path: Path
    kind: str
    name: str
    days: Sequence[date]
    kept: keep.Kept
    read: Read[Any]


@app.command()
def prices(
    file: FromFile,
    *,
    symbol: Symbol,
    column: Column = None,
    source: Source = "file",
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import daily prices of an underlying, split-adjusted and without dividends: a day, open, high, low, close."""
    return _prices(file, ticker(symbol), "prices", source, column, _Where(config, data_dir, as_json))


@app.command()
def index(
    file: FromFile,
    *,
    name: Named,
    column: Column = None,
    source: Source = "file",
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import daily closes of an index, as Cboe publishes its own: VIX, RVX, VIX3M, SKEW."""
    return _prices(file, _name(name).upper(), "closes", source, column, _Where(config, data_dir, as_json))


@app.command()
def dividends(
    file: FromFile,
    *,
    symbol: Symbol,
    source: Source = "file",
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import ex-dates and amounts [$ a share], for the years that are backfilled."""
    where, of = _Where(config, data_dir, as_json), ticker(symbol)
    opened = open_file(file)
    found = market.dividends(opened, of)
    kept = where.put(opened, found, of, source, lambda rows, connection: keep.dividends(connection, of, rows, source))
    return where.tell(_Report(file, "dividends", of, [row.ex_date for row in found.rows], kept, found))


@app.command()
def rates(
    file: FromFile,
    *,
    name: Annotated[
        str | None,
        typer.Option("--series", metavar="NAME", help="Of a file with one column: DGS1MO, ...; else the file's name."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="treasury or fred; by default as configured.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import par yields, per cent a year, beside those of `skewwatch rates update`."""
    where = _Where(config, data_dir, as_json)
    loaded, _, folder = configured(config, data_dir)
    whose = source or loaded.rates.source
    if whose not in {"treasury", "fred"}:
        raise ConfigError(f"--source {whose}: yields are kept of treasury or fred", "give one of them")
    found = market.yields(open_file(file), name)
    _refuse_nothing(file, found)
    path = kept_rates.kept_path(folder, whose)
    there = kept_rates.read(path)
    table = {day: there.get(day, {}) | dict(yields) for day, yields in found.rows}
    new, same = sum(day not in there for day in table), sum(there.get(day) == table[day] for day in table)
    if new or same < len(table):
        kept_rates.keep(path, table, url=file.name, now=datetime.now(UTC))
    kept = keep.Kept(new, len(table) - new - same, same)
    return where.tell(_Report(file, "yields", whose, sorted(table), kept, found))


@app.command()
def overlay(
    file: FromFile,
    *,
    name: Named,
    day: Annotated[
        str | None, typer.Option("--date", metavar="NAME", help="Column of the days that the values are about.")
    ] = None,
    column: Column = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", metavar="NAME", help="Column of when each could first be read.")
    ] = None,
    source: Source = "file",
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import any dated series: sentiment, flows. Without known_at a value is first seen the session after."""
    where, called = _Where(config, data_dir, as_json), _name(name)
    opened = open_file(file, day)
    found = series.overlay(opened, called, source, when=day, value=column, known=known_at)
    kept = where.put(opened, found, called, source, lambda rows, connection: keep.overlay(connection, rows))
    return where.tell(_Report(file, "values", called, [row.day for row in found.rows], kept, found))


@app.command()
def events(
    file: FromFile,
    *,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of lines that have none: FOMC, CPI.", show_default=False)
    ] = "",
    source: Source = "file",
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import planned days, a line each: 2026-09-16, FOMC."""
    where = _Where(config, data_dir, as_json)
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {(error.strerror or '').lower()}", "name a file") from error
    except UnicodeDecodeError as error:
        raise NoDataError(f"{file} is not UTF-8", "save the file as UTF-8 text") from error
    found = series.events(text, source, name)
    kept = where.put(None, found, name, source, lambda rows, connection: keep.events(connection, rows))
    called = ", ".join(sorted({row.name for row in found.rows}))
    return where.tell(_Report(file, "events", called, [row.day for row in found.rows], kept, found))


@app.command()
def measure(
    file: FromFile,
    *,
    symbol: Symbol,
    name: Annotated[
        str, typer.Option("--name", metavar="M", help="The measure: skew_ratio_30d_90_110, put_vol_30d_90, ...")
    ],
    column: Column = None,
    source: Source = "file",
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="How it was made: only values of one are compared.")
    ] = VENDOR,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import a measure as a vendor computed it, a value a session; volatilities as decimals."""
    where, of = _Where(config, data_dir, as_json), ticker(symbol)
    opened = open_file(file)
    found = series.measure(opened, of, _name(name), source, method, value=column)
    kept = where.put(opened, found, of, source, lambda rows, connection: keep.points(connection, rows))
    return where.tell(_Report(file, f"points of {name}", of, [row.session for row in found.rows], kept, found))


def _prices(file: Path, symbol: str, kind: str, source: str, column: str | None, where: _Where) -> int:
    opened = open_file(file)
    found = market.prices(opened, symbol, source, column=column)
    kept = where.put(opened, found, symbol, source, lambda rows, connection: keep.prices(connection, rows))
    return where.tell(_Report(file, kind, symbol, [row.session for row in found.rows], kept, found))


def _name(text: str) -> str:
    if NAME.fullmatch(text) is None:
        raise ConfigError(f"--name {text[:40]!r} cannot be a name", "up to 40 letters, digits, _ . - of them")
    return text


def _refuse_nothing(path: Path, found: Read[Any]) -> None:
    """Refuse a file of which nothing can be used: that is another file than was meant."""
    if found.rows:
        return
    why = f"{path}:{found.refused[0].line}: {found.refused[0].why}" if found.refused else f"{path} holds none of it"
    left = ", ".join(f"{number:,} {reason}" for reason, number in found.left_out.items())
    raise NoDataError(f"{why}; not one row can be used", left.replace("_", " ") or "check the columns")


@dataclass(frozen=True, slots=True)
class _Where:
    """The options that every import has, and what follows from them."""

    config: Path | None
    data_dir: Path | None
    as_json: bool

    def put(
        self,
        file: File | None,
        found: Read[Row],
        name: str,
        source: str,
        kept: Callable[[Sequence[Row], sa.Connection], keep.Kept],
    ) -> keep.Kept:
        """Write the rows and a note of their file in one transaction: all of it, or nothing."""
        _, _, folder = configured(self.config, self.data_dir)
        if file is not None:
            _refuse_nothing(file.path, found)
        elif not found.rows:
            raise NoDataError("the file holds no event that can be used", "write a line as 2026-09-16, FOMC")
        with Store.open(folder / FILE) as store, store.writing() as connection:
            done = kept(found.rows, connection)
            if file is not None:
                said = {"rows": len(found.rows), "refused": len(found.refused), "left_out": dict(found.left_out)}
                record_import(connection, Import(file.sha256, name, source, file.path.name, file.bytes, json_of(said)))
        return done

    def tell(self, report: _Report) -> int:
        """Say what was done; a file of which a row was refused was not clean."""
        refused = report.read.refused
        for each in refused[:SHOWN]:
            say(f"{report.path}:{each.line}: {each.why}")
        if len(refused) > SHOWN:
            say(f"{report.path}: and {len(refused) - SHOWN:,} more lines were refused")
        emit(json.dumps(_document(report)) + "\n" if self.as_json else _line(report))
        return Exit.FAILED if refused else Exit.FINE


def _line(report: _Report) -> str:
    kept, days, left = report.kept, report.days, report.read.left_out
    total = kept.new + kept.changed + kept.same
    said = [f"{number:,} {what}" for number, what in ((kept.new, "new"), (kept.changed, "changed")) if number]
    said = said or ["nothing new"]
    apart = "".join(f"; {number:,} left out: {reason.replace('_', ' ')}" for reason, number in sorted(left.items()))
    refused = f"; {len(report.read.refused):,} refused" if report.read.refused else ""
    span = f" from {min(days)} to {max(days)}" if days else ""
    return f"{report.name}: {total:,} {report.kind}{span}, {', '.join(said)}{apart}{refused}.\n"


def _document(report: _Report) -> dict[str, Any]:
    kept, days = report.kept, report.days
    return {
        "file": str(report.path),
        "kind": report.kind,
        "name": report.name,
        "rows": kept.new + kept.changed + kept.same,
        "new": kept.new,
        "changed": kept.changed,
        "same": kept.same,
        "first": min(days).isoformat() if days else None,
        "last": max(days).isoformat() if days else None,
        "left_out": dict(report.read.left_out),
        "refused": [{"line": each.line, "why": each.why} for each in report.read.refused],
    }
