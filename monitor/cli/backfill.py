"""``skewwatch backfill``: a vendor's history into the store, by the same path as a live chain."""

from __future__ import annotations

import csv
import gc
import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

import typer

from monitor.archive import FOLDER, Archive
from monitor.backfill import FORMATS, importer
from monitor.cli import say
from monitor.cli.options import AsJson, ConfigFile, DataDir, configured, emit
from monitor.config import Config
from monitor.errors import ConfigError, Exit
from monitor.store import FILE, Store
from pricing.dividends import Dividend

__all__ = ["app", "backfill"]

DOWNLOADED = "options-dataset-hist"  # the one format that is public and can be fetched
DOWNLOADS = "downloads"  # in the data folder
EX_DATES, AMOUNTS, SYMBOLS = ("ex_date", "date"), ("amount", "amount_per_share", "dividend"), ("symbol", "ticker")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def backfill(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="IWM, SPX, ^XYZ: rows of others are left out.")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help=f"Files, or folders of them; {DOWNLOADED} is downloaded without one.",
            show_default=False,
        ),
    ] = None,
    *,
    form: Annotated[str, typer.Option("--from", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    map_name: Annotated[
        str | None, typer.Option("--map", metavar="NAME", help="Of --from csv: which of the configured maps.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="First session, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Last session, YYYY-MM-DD.")] = None,
    dividends: Annotated[
        Path | None,
        typer.Option("--dividends", metavar="FILE.csv", help="Ex-dates and amounts of those years; kept in the store."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Compute sessions again that are there from the same files.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=64, help="Processes that compute; by default one a core.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Import a vendor's history. Run it again to continue after an interruption; what is there already stays.

    Exits with 1 where a file, a day or a row was refused, though the rest is imported.
    """
    from monitor.backfill.drive import Order  # noqa: PLC0415 - after a usage error nobody has waited for it
    from monitor.backfill.drive import backfill as run  # noqa: PLC0415
    from monitor.backfill.words import document, lines  # noqa: PLC0415

    gc.enable()  # this lives longer than a look
    loaded, _, folder = configured(config, data_dir)
    order = Order(
        symbol=symbol,
        importer=importer(form, loaded.backfill, map_name),
        paths=tuple(paths or _downloaded(symbol, form, loaded, folder)),
        since=_day("--since", since),
        until=_day("--until", until),
        dividends=_dividends(dividends, symbol) if dividends else (),
        again=again,
        jobs=jobs,
    )
    with Store.open(folder / FILE) as store, _Progress(f"{symbol} from {form}") as progress:
        made = run(order, loaded, store, folder, Archive(folder / FOLDER), progress.show)
    if as_json:
        emit(json.dumps(document(made), allow_nan=False) + "\n")
    else:
        emit("\n".join(lines(made)) + "\n")
    if not made.clean:
        say(f"{symbol}: not everything in the files could be used; see the report")
    return Exit.FINE if made.clean else Exit.FAILED


def _downloaded(symbol: str, form: str, config: Config, folder: Path) -> list[Path]:
    """Fetch the data set where no path is given; other vendors' files come from their customers."""
    if form != DOWNLOADED:
        raise ConfigError(f"--from {form} needs the files to import", "give them after the symbol, or their folder")
    from monitor.backfill.fetch import fetch  # noqa: PLC0415 - the HTTP client costs a tenth of a second

    return [fetch(symbol, config.backfill.options_dataset_hist, folder / DOWNLOADS / DOWNLOADED, say)]


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is no day", "write it as 2026-01-31") from error


def _dividends(path: Path, symbol: str) -> tuple[Dividend, ...]:
    """Read dividends: ex_date (or date) and amount (or amount_per_share, dividend); symbol or ticker may tell whose."""
    from monitor.config import ticker  # noqa: PLC0415 - only here

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{(name or "").strip().lower(): text for name, text in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"--dividends {path} cannot be read: {error}", "give a CSV file") from error

    def column(names: tuple[str, ...]) -> str | None:
        return next((name for name in names if rows and name in rows[0]), None)

    when, amount, whose = column(EX_DATES), column(AMOUNTS), column(SYMBOLS)
    if when is None or amount is None:
        raise ConfigError(f"--dividends {path} has no columns ex_date and amount", "name them so in its first line")
    found = []
    for line, row in enumerate(rows, 2):
        if whose is not None and row[whose].strip().upper() != ticker(symbol):
            continue
        try:
            paid = Dividend(date.fromisoformat(row[when].strip()[:10]), float(row[amount]))
        except (ValueError, TypeError) as error:
            raise ConfigError(f"--dividends {path}, line {line}: {error}", "write 2026-06-15,0.695") from error
        if paid.amount > 0:
            found.append(paid)
    return tuple(found)


class _Progress:
    """A bar with an estimate, on a terminal only."""

    def __init__(self, what: str) -> None:
        self._bar: Any = None
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.progress import (  # noqa: PLC0415 - only somebody who looks waits for it
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            from monitor.view.table import console  # noqa: PLC0415

            shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("sessions"))
            self._bar = Progress(
                *shown, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console(stderr=True)
            )
            self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, expected: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=max(done, expected) or None)
