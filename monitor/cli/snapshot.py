"""``skewwatch snapshot``: one look, now, read-only unless it is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import atomic
from monitor.cli import say
from monitor.cli.options import AsCsv, AsJson, ConfigFile, DataDir, configured, emit
from monitor.config import Config
from monitor.errors import ConfigError, Exit, Failure
from monitor.look import Look, look
from monitor.view.contract import at_extreme, csv_text, document, json_text, unrecorded
from pricing.snapshot import Quality, Snapshot

if TYPE_CHECKING:
    from monitor.sources.payload import Payload

__all__ = ["app", "snapshot"]

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
    taken: list[tuple[Snapshot, str | None]] = []
    codes: list[int] = []
    for symbol in asked:
        spec = source or (loaded.symbol(symbol).source if symbol else None) or loaded.source
        try:
            seen = look(symbol, spec, loaded, folder, keep=keep)
            one = seen.snapshot
            if plot is not None:
                _draw(one, plot, loaded)
        except Failure as failure:
            say(str(failure))
            codes.append(failure.code)
            continue
        code, name = _code(one, watched=exit_code), None
        if save:
            try:
                name = _save(seen, spec, folder)
            except Failure as failure:
                say(str(failure))
                code = failure.code
        taken.append((one, name))
        codes.append(code)
    _print(taken, loaded, as_json=as_json, as_csv=as_csv)
    return next((code for code in codes if code not in {Exit.FINE, Exit.EXTREME}), max(codes))


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


def _code(one: Snapshot, *, watched: bool) -> int:
    if one.status is Quality.NO_DATA:
        say(f"{one.symbol}: no usable data; see the reasons of its measures, or try another source")
        return Exit.NO_DATA
    return Exit.EXTREME if watched and at_extreme(unrecorded(one)[one.headline]) else Exit.FINE


def _check(plot: Path, count: int) -> None:
    """Refuse a chart that cannot be written before anything is asked of a vendor."""
    if plot.suffix.lower() != ".png":
        raise ConfigError(f"--plot {plot}: a chart is a PNG", "give a name that ends in .png")
    if count > 1 and SYMBOL not in plot.name:
        raise ConfigError(f"--plot {plot}: one file for {count} symbols", f"put {SYMBOL} into its name")
    if not plot.parent.is_dir():
        raise ConfigError(f"--plot {plot}: there is no folder {plot.parent}", "make it first")


def _draw(one: Snapshot, plot: Path, config: Config) -> None:
    """Draw the smiles; a snapshot without any is told of, not a failure of its own."""
    if not one.pair:
        say(f"{one.symbol}: there is no smile to draw, so no chart")
        return
    from monitor.charts.smiles import smiles  # noqa: PLC0415 - matplotlib costs half a second
    from monitor.charts.theme import png  # noqa: PLC0415

    settings = config.settings(one.symbol)
    figure = smiles(one, base=settings.moneyness, useless=settings.useless)
    atomic.write(plot.with_name(plot.name.replace(SYMBOL, one.symbol)), png(figure))


def _print(taken: Sequence[tuple[Snapshot, str | None]], config: Config, *, as_json: bool, as_csv: bool) -> None:
    """Print snapshots with the ids they were saved under; CSV has no place for an id, so it is said."""
    useless = config.measures.useless
    if as_csv:
        emit(csv_text(document(one, useless=useless) for one, _ in taken))
        for one, name in taken:
            if name is not None:
                say(f"{one.symbol}: saved as {name}")
    elif as_json:
        emit("".join(json_text(_saved(name) | document(one, useless=useless)) for one, name in taken))
    elif taken:
        from monitor.view.table import console, render  # noqa: PLC0415 - rich is for people only

        screen = console()
        with screen.capture() as captured:
            for index, (one, name) in enumerate(taken):
                screen.print(*[""] * bool(index), render(one, useless=useless), sep="\n")
                if name is not None:
                    screen.print(f"Saved as {name}: skewwatch explain {name}")
        emit(captured.get())


def _saved(name: str | None) -> dict[str, str]:
    return {} if name is None else {"id": name}
