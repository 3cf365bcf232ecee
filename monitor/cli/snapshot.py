"""``skewwatch snapshot``: one look, now, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from monitor import atomic
from monitor.cli import say
from monitor.cli.options import AsCsv, AsJson, ConfigFile, DataDir, configured, emit
from monitor.config import Config
from monitor.errors import ConfigError, Exit, Failure
from monitor.look import look
from monitor.view.contract import at_extreme, csv_text, document, json_text, unrecorded
from pricing.snapshot import Quality, Snapshot

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

    taken: list[Snapshot] = []
    codes: list[int] = []
    for symbol in asked:
        spec = source or (loaded.symbol(symbol).source if symbol else None) or loaded.source
        try:
            one = look(symbol, spec, loaded, folder)
            if plot is not None:
                _draw(one, plot, loaded)
        except Failure as failure:
            say(str(failure))
            codes.append(failure.code)
            continue
        taken.append(one)
        codes.append(_code(one, watched=exit_code))
    _print(taken, loaded, as_json=as_json, as_csv=as_csv)
    return next((code for code in codes if code not in {Exit.FINE, Exit.EXTREME}), max(codes))


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
    if not one.smiles:
        say(f"{one.symbol}: there is no smile to draw, so no chart")
        return
    from monitor.charts.smiles import smiles  # noqa: PLC0415 - matplotlib costs half a second
    from monitor.charts.theme import png  # noqa: PLC0415

    settings = config.settings(one.symbol)
    figure = smiles(one, base=settings.moneyness, useless=settings.useless)
    atomic.write(plot.with_name(plot.name.replace(SYMBOL, one.symbol)), png(figure))


def _print(taken: Sequence[Snapshot], config: Config, *, as_json: bool, as_csv: bool) -> None:
    useless = config.measures.useless
    if as_csv:
        emit(csv_text(document(one, useless=useless) for one in taken))
    elif as_json:
        emit("".join(json_text(document(one, useless=useless)) for one in taken))
    elif taken:
        from monitor.view.table import console, render  # noqa: PLC0415 - rich is for people only

        screen = console()
        with screen.capture() as captured:
            for index, one in enumerate(taken):
                screen.print(*[""] * bool(index), render(one, useless=useless), sep="\n")
        emit(captured.get())
