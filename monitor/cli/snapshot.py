"""``skewwatch snapshot``: one look, now, read-only unless it is saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor import atomic
from monitor.cli import say
from monitor.cli.options import AsCsv, AsJson, ConfigFile, DataDir, check_chart, configured, emit
from monitor.config import Config
from monitor.config.search import STORE_FILE
from monitor.errors import ConfigError, Exit, Failure
from monitor.look import Look, look
from monitor.view.contract import csv_text, document, json_text
from pricing.snapshot import Quality, Snapshot

if TYPE_CHECKING:
    from monitor.past.recollection import Recollection
    from monitor.sources.payload import Payload

__all__ = ["app", "snapshot"]

UNREAD = {"percentile": None, "n": 0, "reason": "store_unreadable"}
SYMBOL = "{symbol}"  # in the name of a chart's file, where several are drawn

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def snapshot(
    symbols: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SYMBOL]...",
            help="IWM, SPX, BRK.B, ...; by default those of the configuration.",
            show_default=False,
        ),
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="cboe, simulated, or recorded:PATH, a file or a folder."),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE.png", help="Draw the smiles; for several symbols with {symbol} in the name."
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 where a headline is at an extreme of its recorded past.")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the payload, the snapshot and what it was read with; print its id.")
    ] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Look once, now, and print what downside protection costs against an upside bet.

    JSON is one line a symbol, CSV one row a measure. Without either a sentence and tables for a person.
    """
    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other", "give one of them")
    loaded, _, folder = configured(config, data_dir)
    asked = _asked(symbols, source, loaded)
    if plot is not None:
        _check(plot, len(asked))

    keep = _keep(folder) if save else None
    taken: list[_Taken] = []
    codes: list[int] = []
    for symbol in asked:
        spec = source or (loaded.symbol(symbol).source if symbol else None) or loaded.source
        try:
            seen = look(symbol, spec, loaded, folder, keep=keep)
        except Failure as failure:
            say(str(failure))
            codes.append(failure.code)
            continue
        one = _Taken(seen.snapshot)
        failed = _remember(one, seen, spec, loaded, folder, save=save)
        if plot is not None:
            failed = _draw(one, plot, loaded) or failed
        taken.append(one)
        codes.append(failed or _code(one, watched=exit_code))
    _print(taken, loaded, as_json=as_json, as_csv=as_csv)
    return next((code for code in codes if code not in {Exit.FINE, Exit.EXTREME}), max(codes))


@dataclass
class _Taken:
    """A snapshot, the id that it was saved under, and what the store says of its past.

    `unread` says that there is a store which could not be asked.
    """

    snapshot: Snapshot
    name: str | None = None
    past: Recollection | None = None
    unread: bool = False

    def clause(self, config: Config) -> str:
        """Say its standing as part of its sentence; empty where nothing is known."""
        if self.past is None:
            return ""
        from monitor.view.past import clause  # noqa: PLC0415 - only where there is a store

        return clause(self.past.spoken, config.standing.settings(config.measures.useless))


def _keep(folder: Path) -> Callable[[Payload], Payload]:
    """Return what puts a payload into the archive of a data folder."""
    from monitor.archive import FOLDER, Archive  # noqa: PLC0415 - only where something is saved

    return Archive(folder / FOLDER).keep


def _save(seen: Look, spec: str, folder: Path) -> str:
    """Save what was seen and return its id; a recording was not seen at its time."""
    from monitor.store import FILE, Origin, Store  # noqa: PLC0415 - SQLAlchemy costs a fifth of a second
    from monitor.store.write import save  # noqa: PLC0415

    origin = Origin.BACKFILLED if spec.startswith("recorded:") else Origin.LIVE
    with Store.open(folder / FILE) as store, store.writing() as connection:
        return save(connection, seen.payload, seen.snapshot, seen.inputs, origin)


def _asked(symbols: Sequence[str] | None, source: str | None, config: Config) -> list[str | None]:
    """Return the symbols to look at; a recorded payload names its own."""
    if symbols:
        return list(symbols)
    if (source or config.source).startswith("recorded:"):
        return [None]
    return [entry.symbol for entry in config.symbols]


def _remember(one: _Taken, seen: Look, spec: str, config: Config, folder: Path, *, save: bool) -> int:
    """Save what was seen where that is asked for, and recall its past; what fails is said, and its code returned."""
    try:
        if save:
            one.name = _save(seen, spec, folder)
        one.past = _recall(one.snapshot, config, folder)
    except Failure as failure:
        say(str(failure))
        one.unread = True
        return failure.code
    return Exit.FINE


def _recall(one: Snapshot, config: Config, folder: Path) -> Recollection | None:
    """Recall what a store says of the snapshot's past; None where there is no store."""
    path = folder / STORE_FILE
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where a folder must not be looked into
        return None
    from monitor.past.recollection import recall  # noqa: PLC0415 - SQLAlchemy costs a fifth of a second
    from monitor.store import Store  # noqa: PLC0415

    with Store.open(path, read_only=True) as store:
        return recall(store, one, config)


def _code(one: _Taken, *, watched: bool) -> int:
    if one.snapshot.status is Quality.NO_DATA:
        symbol = one.snapshot.symbol
        say(f"{symbol}: no usable data; see the reasons of its measures, or try another source")
        return Exit.NO_DATA
    return Exit.EXTREME if watched and one.past is not None and one.past.side is not None else Exit.FINE


def _check(plot: Path, count: int) -> None:
    """Refuse a chart that cannot be written before anything is asked of a vendor."""
    check_chart(plot)
    if count > 1 and SYMBOL not in plot.name:
        raise ConfigError(f"--plot {plot}: one file for {count} symbols", f"put {SYMBOL} into its name")


def _draw(one: _Taken, plot: Path, config: Config) -> int:
    """Draw the smiles; a snapshot without any is told of, not a failure of its own."""
    shown = one.snapshot
    if not shown.pair:
        say(f"{shown.symbol}: there is no smile to draw, so no chart")
        return Exit.FINE
    from monitor.charts.smiles import smiles  # noqa: PLC0415 - matplotlib costs half a second
    from monitor.charts.theme import png  # noqa: PLC0415

    settings = config.settings(shown.symbol)
    try:
        figure = smiles(shown, base=settings.moneyness, useless=settings.useless, standing=one.clause(config))
        atomic.write(plot.with_name(plot.name.replace(SYMBOL, shown.symbol)), png(figure))
    except Failure as failure:
        say(str(failure))
        return failure.code
    return Exit.FINE


def _print(taken: Sequence[_Taken], config: Config, *, as_json: bool, as_csv: bool) -> None:
    """Print snapshots with the ids they were saved under; CSV has no place for an id, so it is said."""
    if as_csv:
        emit(csv_text(document(one.snapshot, useless=config.measures.useless) for one in taken))
        for one in taken:
            if one.name is not None:
                say(f"{one.snapshot.symbol}: saved as {one.name}")
    elif as_json:
        emit("".join(json_text(_document(one, config)) for one in taken))
    elif taken:
        from monitor.view.table import console, render  # noqa: PLC0415 - rich is for people only

        screen = console()
        with screen.capture() as captured:
            for index, one in enumerate(taken):
                useless, clause, behind = config.measures.useless, one.clause(config), _behind(one, config)
                shown = render(one.snapshot, useless=useless, standing=clause, behind=behind)
                screen.print(*[""] * bool(index), shown, sep="\n")
                if one.name is not None:
                    screen.print(f"Saved as {one.name}: skewwatch explain {one.name}")
        emit(captured.get())


def _document(one: _Taken, config: Config) -> dict[str, Any]:
    """Lay a snapshot out for programs, with its id first and its past over it."""
    named = {} if one.name is None else {"id": one.name}
    standing = dict.fromkeys(one.snapshot.measures, UNREAD) if one.unread else None
    plain = document(one.snapshot, standing, useless=config.measures.useless)
    if one.past is None:
        return named | plain
    from monitor.view.past import document as past  # noqa: PLC0415 - only where there is a store

    return named | plain | past(one.past, one.snapshot, config.standing.settings(config.measures.useless))


def _behind(one: _Taken, config: Config) -> list[str] | None:
    """Say what stands behind the sentence; None where there is no store."""
    if one.unread:
        return ["Standing: the store cannot be asked, so no percentile."]
    if one.past is None:
        return None
    from monitor.view.past import paragraphs  # noqa: PLC0415 - only where there is a store

    return paragraphs(one.past, config.standing.settings(config.measures.useless))
