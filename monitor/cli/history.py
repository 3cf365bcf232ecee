"""``skewwatch history``: a recorded series and where its last point stands in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from monitor import atomic
from monitor.cli.options import AsCsv, AsJson, ConfigFile, DataDir, check_chart, configured, emit, read_day
from monitor.config import Config, ticker
from monitor.errors import ConfigError, NoDataError
from monitor.history.context import against as compared
from monitor.history.context import context
from monitor.history.context import support as supported
from monitor.history.episodes import LEAVE, at_extreme, episodes
from monitor.history.extremes import Side
from monitor.history.sessions import day
from monitor.history.settings import Settings
from monitor.history.words import placed
from monitor.past import series as past
from monitor.past.track import Asked, Track, beside, extremes, headline, recorded, track, years
from monitor.store import FILE, Store
from monitor.view.history import History, csv_text, document, render
from monitor.view.table import console

__all__ = ["app", "history"]

LAST = 10  # points in the table
FULL = 100.0  # [%]

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def history(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="IWM, SPX, ...; an index with --measure close.")],
    *,
    measure: Annotated[
        str | None,
        typer.Option("--measure", metavar="M", help="By default the headline; close is the daily price."),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="First day shown, YYYY-MM-DD.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="As it was known at that day's close.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="S", help="Whose points; several in order of preference."),
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", metavar="M", help="Made how; by default as the latest point.")
    ] = None,
    overlay: Annotated[
        str | None, typer.Option("--overlay", metavar="NAME", help="An imported overlay or index beside it.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="SYMBOL", help="Divide by the same measure of another symbol.")
    ] = None,
    support: Annotated[
        str | None, typer.Option("--support", metavar="DATE", help="Whether the low of that day has held since.")
    ] = None,
    highest: Annotated[int, typer.Option("--highest", min=0, metavar="N", help="The N highest days too.")] = 0,
    lowest: Annotated[int, typer.Option("--lowest", min=0, metavar="N", help="The N lowest days too.")] = 0,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="Points in the table.")] = LAST,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Draw it with its earlier extremes marked.")
    ] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Print a recorded series: its last points, its years, and where the last one is in its own past."""
    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other", "give one of them")
    check_chart(plot)
    begin = None if since is None else read_day("--since", since)
    low_of = None if support is None else day(read_day("--support", support))
    loaded, _, folder = configured(config, data_dir)
    settings = loaded.standing.settings(loaded.measures.useless)
    asked = Asked(
        symbol=spelled(symbol, measure),
        measure=measure or headline(symbol, loaded),
        sources=tuple(source) if source else None,
        method=method,
        until=None if until is None else read_day("--until", until),
    )
    with Store.open(folder / FILE, read_only=True) as store:
        with store.reading() as connection:
            found = recorded(connection, asked, loaded, other=None if against is None else ticker(against))
            other = None if overlay is None else beside(connection, overlay, found.series.sessions[-1])
            prices = None if against else past.priced(connection, asked.symbol)
            held = past.benchmark(connection, asked.symbol, loaded.standing.benchmark)
        main = track(found, settings)
        companion = None
        if measure is None and against is None and not np.isfinite(main.rolling.value[main.there[-1]]):
            companion = _companion(store, asked, loaded, settings)
    sides = ((Side.HIGH, highest), (Side.LOW, lowest))
    last_day = main.last.session
    shown = History(
        track=main,
        first=0 if begin is None else int(np.searchsorted(main.series.sessions, day(begin))),
        companion=companion,
        beside=None if other is None else track(other, settings),
        years=years(main.series, settings),
        context=None if prices is None else context(prices, last_day),
        against=None if prices is None or held is None else compared(prices, held, last_day),
        support=None if prices is None or low_of is None else supported(prices, low_of, last_day),
        extremes={side: extremes(main.series, settings, number, side) for side, number in sides if number},
    )
    if not shown.shown:
        raise NoDataError(f"no point of {asked.symbol} {asked.measure} since {begin}", "give an earlier --since")
    if plot is not None:
        _draw(main, plot, settings, loaded.standing.extremes)
    if as_json:
        emit(json.dumps(document(shown), allow_nan=False) + "\n")
    elif as_csv:
        emit(csv_text(shown))
    else:
        screen = console()
        with screen.capture() as captured:
            screen.print(render(shown, settings, last=last))
        emit(captured.get())


def spelled(symbol: str, measure: str | None) -> str:
    """Write a symbol as the store does; an index by its own name, which need not be a ticker: VIX3M."""
    if measure != past.CLOSE:
        return ticker(symbol)
    try:
        return ticker(symbol)
    except ConfigError:
        return symbol.strip().upper()


def _companion(store: Store, asked: Asked, config: Config, settings: Settings) -> Track | None:
    """Take the companion's standing: it carries on days on which the headline has no value that can be ranked."""
    if len(config.settings(asked.symbol).pairs) == 1:
        return None
    name = headline(asked.symbol, config, pair=1)
    try:
        with store.reading() as connection:
            found = recorded(connection, replace(asked, measure=name), config)
    except NoDataError:
        return None
    return track(found, settings)


def _draw(shown: Track, plot: Path, settings: Settings, limits: tuple[float, float]) -> None:
    """Draw the series up to its last point, with the beginnings of its earlier extremes marked."""
    from monitor.charts.history import Today  # noqa: PLC0415 - matplotlib costs half a second
    from monitor.charts.history import history as drawn  # noqa: PLC0415
    from monitor.charts.theme import png  # noqa: PLC0415

    series, at = shown.series, int(shown.there[-1])
    low, high = limits
    starts = [
        series.sessions[episodes(at_extreme(series, side, settings, enter=enter, leave=min(LEAVE, enter))).start]
        for side, enter in ((Side.HIGH, high), (Side.LOW, FULL - low))
    ]
    value, bottom, top = (
        float(column[at]) if np.isfinite(column[at]) else None for column in (series.value, series.low, series.high)
    )
    today = Today(series.sessions[at], value, bottom, top, placed(shown.last, settings))
    atomic.write(plot, png(drawn(series, today, np.concatenate(starts), settings)))
