"""``skewwatch study``: what followed earlier extremes of a series, or runs of days."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import inf, nextafter
from pathlib import Path
from typing import Annotated

import typer

from monitor import atomic
from monitor.cli.options import AsJson, ConfigFile, DataDir, check_chart, configured, emit, read_day
from monitor.config import ticker
from monitor.errors import ConfigError, NoDataError
from monitor.history.episodes import ENTER, LEAVE, Signal, at_extreme, at_level, at_record, in_a_row
from monitor.history.extremes import Side
from monitor.history.paths import Paths, paths
from monitor.history.sessions import day
from monitor.history.settings import Settings
from monitor.history.study import HORIZONS, Study
from monitor.history.study import study as studied
from monitor.past import series as past
from monitor.past.track import Asked, Recorded, beside, headline, recorded
from monitor.store import FILE, Store
from monitor.view.study import document, render, sentence
from monitor.view.table import console

__all__ = ["app", "study"]

SHOWN = 12  # episodes listed
RUN = re.compile(r"(?P<days>\d{1,3})\s*x\s*(?P<sign>[+-]?)\s*(?P<size>\d{1,2}(?:\.\d+)?)\s*%")
HUNDRED = 100.0

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@dataclass(frozen=True)
class _How:
    """When an episode begins and ends."""

    side: Side
    enter: float
    leave: float
    level: float | None
    record: int | None
    window: int | None
    regime: bool


@app.command()
def study(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose measure, and whose closes followed.")],
    *,
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="M", help="Of official points; by default the headline.")
    ] = None,
    overlay: Annotated[
        str | None, typer.Option("--overlay", metavar="NAME", help="An imported overlay or index instead.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help='Days in a row instead: "5 x +1 %", "3 x -2 %".')
    ] = None,
    low: Annotated[bool, typer.Option("--low", help="Low extremes instead of high ones.")] = False,
    enter: Annotated[
        float, typer.Option("--enter", metavar="P", help="Percentile at which an episode begins; with --low mirrored.")
    ] = ENTER,
    leave: Annotated[
        float, typer.Option("--leave", metavar="P", help="Percentile under which it ends; mirrored likewise.")
    ] = LEAVE,
    level: Annotated[
        float | None, typer.Option("--level", metavar="X", help="Values at or over X instead; at or under with --low.")
    ] = None,
    record: Annotated[
        int | None, typer.Option("--record", min=2, metavar="N", help="The highest in N sessions or more instead.")
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", min=1, metavar="N", help="Sessions that a percentile looks back over.")
    ] = None,
    regime: Annotated[
        bool, typer.Option("--at-like-volatility", help="Percentiles with the level of volatility taken out.")
    ] = False,
    hold: Annotated[int, typer.Option("--hold", min=1, metavar="N", help="Days in a row that begin an episode.")] = 1,
    horizon: Annotated[
        list[int] | None,
        typer.Option("--horizon", min=1, max=252, metavar="N", help="Sessions ahead; several. By default 5, 21, 63."),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="SYMBOL", help="Whose closes followed instead.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="As it was known at that day's close.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="S", help="Whose points; several by preference.")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", metavar="M", help="Made how; by default as the latest point.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of the bootstrap's intervals.")] = 0,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Draw the paths after earlier episodes.")
    ] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Print what followed the first days of earlier episodes, beside what followed all days, and how sure that is."""
    if sum(each is not None for each in (measure, overlay, run)) > 1:
        raise ConfigError("--measure, --overlay and --run exclude each other", "give one of them")
    if level is not None and record is not None:
        raise ConfigError("--level and --record exclude each other", "give one of them")
    check_chart(plot)
    last = None if until is None else day(read_day("--until", until))
    days, size = (0, 0.0) if run is None else _run(run)
    loaded, _, folder = configured(config, data_dir)
    settings = loaded.standing.settings(loaded.measures.useless)
    of = ticker(outcome or symbol)
    asked = Asked(
        symbol=ticker(symbol),
        measure=measure or headline(symbol, loaded),
        sources=tuple(source) if source else None,
        method=method,
    )
    how = _How(Side.LOW if low else Side.HIGH, enter, leave, level, record, window, regime)
    with Store.open(folder / FILE, read_only=True) as store, store.reading() as connection:
        closes = past.index(connection, of)
        if closes is None:
            raise NoDataError(
                f"no daily prices of {of} are stored, so nobody knows what followed",
                f"skewwatch import prices FILE --symbol {of}",
            )
        if run is not None:
            found = Recorded(past.index(connection, asked.symbol) or closes)
        elif overlay is not None:
            found = beside(connection, overlay, closes.sessions[-1])
        else:
            found = recorded(connection, asked, loaded)
    signal = in_a_row(found.series, days, size) if run is not None else _signal(found, how, settings)
    ahead = tuple(sorted(set(horizon or HORIZONS)))
    made = studied(signal, closes, hold=hold, horizons=ahead, until=last, seed=seed)
    known = signal if last is None else signal.until(last)
    followed = closes if last is None else closes.until(last)
    ways = paths(followed, made.starts, max(ahead), usual=known.sessions[known.known])
    if plot is not None:
        _draw(made, ways, plot)
    if as_json:
        emit(json.dumps(document(made, ways), allow_nan=False) + "\n")
        return
    screen = console()
    with screen.capture() as captured:
        screen.print(render(made, ways, last=SHOWN))
    emit(captured.get())


def _run(text: str) -> tuple[int, float]:
    """Read a run: so many days in a row of a least return."""
    found = RUN.fullmatch(text.strip())
    size = float(found["size"]) / HUNDRED if found else 0.0
    if found is None or not int(found["days"]) or not size:
        raise ConfigError(f"--run {text[:40]!r} is no run of days", 'write it as "5 x +1 %" or "3 x -2 %"')
    return int(found["days"]), -size if found["sign"] == "-" else size


def _signal(found: Recorded, how: _How, settings: Settings) -> Signal:
    """Turn the options into what is asked of every session."""
    series = found.series
    if how.regime and found.atm is None:
        raise ConfigError(f"{series.measure} has no level of volatility to take out", "leave --at-like-volatility out")
    try:
        if how.level is not None:
            beyond = None if how.side is Side.HIGH else nextafter(how.level, inf)
            return at_level(series, how.level, beyond, useless=settings.useless)
        if how.record is not None:
            return at_record(series, how.side, settings, sessions=how.record, leave=how.leave)
        atm = found.atm if how.regime else None
        return at_extreme(series, how.side, settings, enter=how.enter, leave=how.leave, window=how.window, atm=atm)
    except ValueError as error:
        raise ConfigError(str(error), "see skewwatch study --help") from error


def _draw(made: Study, ways: Paths, plot: Path) -> None:
    from monitor.charts.study import study as drawn  # noqa: PLC0415 - matplotlib costs half a second
    from monitor.charts.theme import png  # noqa: PLC0415

    atomic.write(plot, png(drawn(made, ways, sentence(made))))
