"""A recorded series for people and programs: where it stands, its last points, its years, its extremes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.history import words
from monitor.history.context import Against, Context, Held, Support
from monitor.history.extremes import Record, Records, Side
from monitor.history.sessions import Day
from monitor.history.settings import Settings
from monitor.past.series import CLOSE
from monitor.past.track import Track, Year
from monitor.view.contract import number, stamp
from monitor.view.measures import described
from monitor.view.plain import plain
from monitor.view.sparkline import ASCII, BLOCKS, sparkline
from monitor.view.table import INDENT, blank_table
from monitor.view.words import amount, between

__all__ = ["COLUMNS", "History", "csv_text", "document", "render"]

COLUMNS = (
    *("symbol", "measure", "date", "as_of", "value", "low", "high", "unit", "status", "reason"),
    *("source", "method", "origin", "percentile", "n"),
)
HUNDRED = 100.0
MARGIN = 4  # characters on either side of a sparkline


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class History:
    """What a person or a program is shown.

    Attributes
    ----------
    track : Track
    first : int
        Position of the first session that is shown; standings rest on all.
    companion : Track or None
        Speaks where the last point has no percentile of its own.
    beside : Track or None
        An index or overlay, on the same sessions.
    years : tuple of Year
    context : Context or None
        Prices of the underlying on the session of the last point.
    against : Against or None
    support : Support or None
        The low of a day that was named, and whether it has held.
    extremes : mapping of Side to sequence of (int, Record or None)
        Positions of the most extreme sessions that were asked for.
    """

    track: Track
    first: int
    companion: Track | None
    beside: Track | None
    years: tuple[Year, ...]
    context: Context | None
    against: Against | None
    support: Support | None
    extremes: Mapping[Side, Sequence[tuple[int, Record | None]]]

    @property
    def shown(self) -> list[int]:
        """Positions of the points that are shown."""
        return [at for at in self.track.there.tolist() if at >= self.first]


def document(history: History) -> dict[str, Any]:
    """Lay a history out as JSON will show it: the points, and the standing of the last among all before it."""
    track = history.track
    laid: dict[str, Any] = {
        "symbol": track.series.symbol,
        "measure": track.series.measure,
        "points": [_point(history, at) for at in history.shown],
        "standing": track.last.to_dict() | {"session": str(track.last.session)},
        "unit": track.unit or None,
        "companion": None
        if history.companion is None
        else {"measure": history.companion.series.measure, "standing": history.companion.last.to_dict()},
        "context": None
        if history.context is None
        else {
            "prices": plain(history.context),
            "against": plain(history.against),
            "support": plain(history.support),
        },
        "coverage": [{name: getattr(year, name) for name in Year.__slots__} for year in history.years],
        "extremes": {
            str(side): [_extreme(track, at, record) for at, record in found] for side, found in history.extremes.items()
        },
    }
    if history.beside is not None:
        other = history.beside
        laid["beside"] = {"name": other.series.symbol, "standing": other.last.to_dict()}
    return laid


def csv_text(history: History) -> str:
    """Write a row a point; nothing is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    extra = [] if history.beside is None else [history.beside.series.symbol]
    writer.writerow([*COLUMNS, *extra])
    series = history.track.series
    about = {"symbol": series.symbol, "measure": series.measure, "unit": history.track.unit or None}
    for at in history.shown:
        row = about | _point(history, at)
        writer.writerow([row[name] for name in COLUMNS] + [row.get("beside")] * len(extra))
    return out.getvalue()


def render(history: History, settings: Settings, *, last: int) -> RenderableType:
    """Lay a history out for reading.

    Parameters
    ----------
    history : History
    settings : Settings
        Of standings.
    last : int
        Points in the table.
    """
    track = history.track
    parts: list[RenderableType] = [Text(_headline(track, settings), style="bold")]
    parts += [Text(each) for each in _behind(history, settings)]
    year = max(track.series.sessions.size - settings.windows[0], 0)
    parts += [Text(), _Spark(track, history.first or year), Text()]
    parts += [Padding(_points(history, settings, history.shown[-last:]), INDENT)]
    for side, found in history.extremes.items():
        parts += [Text(), Padding(_records(track, side, found, settings), INDENT)]
    parts += [Text(), Padding(_years(track, history.years), INDENT)]
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class _Spark:
    """The line, as wide as the terminal, in characters that it has."""

    track: Track
    first: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        series = self.track.series
        value = self.track.rolling.value[self.first :]
        there = np.flatnonzero(np.isfinite(value))
        if not there.size:
            return
        low, high = (_amount(self.track, float(each)) for each in (np.nanmin(value), np.nanmax(value)))
        width = options.max_width - len(low) - len(high) - MARGIN
        drawn = sparkline(value, width, ASCII if options.ascii_only else BLOCKS)
        yield Text(f"  {low} {drawn} {high}", no_wrap=True)
        yield Text(f"  {' ' * len(low)} {series.sessions[self.first]} to {series.sessions[-1]}", style="dim")


def _headline(track: Track, settings: Settings) -> str:
    series, at = track.series, int(track.there[-1])
    value, low, high = (_none(column[at]) for column in (series.value, series.low, series.high))
    envelope = between(low, high, track.unit)
    shown = envelope or "no value" if value is None else _amount(track, value) + (f" ({envelope})" if envelope else "")
    return f"{_title(track)} {shown} on {series.sessions[at]}, {words.placed(track.last, settings)}."


def _title(track: Track) -> str:
    series = track.series
    if series.measure == CLOSE:
        return f"{series.symbol} close"
    return f"{series.symbol} {described(series.measure).name}"


def _behind(history: History, settings: Settings) -> Iterator[str]:
    """Say what the headline rests on, and who speaks in its place."""
    track = history.track
    if history.companion is not None:
        yield _headline(history.companion, settings)
    regime = track.last.regime
    if regime is not None and regime.percentile is not None:
        yield f"At like volatility: {words.ranked(regime.percentile)} of {regime.n:,} closes."
    if history.context is not None:
        yield f"{words.situated(history.context, history.against)}."
    if history.support is not None:
        yield _supported(history.support)
    if history.beside is not None:
        other = history.beside
        yield f"Beside it {_headline(other, settings)}"
    series, number = track.series, track.there.size
    names = sorted(set(series.source.tolist()) - {""})
    by = f", {', '.join(names)}" if names else ""
    method = f", method {series.method}" if series.method else ""
    yield f"{number:,} points from {series.sessions[0]} to {series.sessions[track.there[-1]]}{by}{method}."
    if behind := words.provenance(track.last.provenance):
        yield f"{behind[0].upper()}{behind[1:]}."


def _supported(support: Support) -> str:
    """Say whether the low of a day has held."""
    if support.price is None or support.distance is None or support.state is Held.UNKNOWN:
        return f"Support of {support.of}: not known, that day has no low or nothing has closed since."
    broken = "" if support.broken_on is None else f", first closed below on {support.broken_on}"
    word = "above" if support.distance >= 0 else "below"
    return (
        f"Support at {support.price:.2f}, the low of {support.of}: {support.state}{broken}; "
        f"the close is {abs(HUNDRED * support.distance):.1f} % {word} it."
    )


def _points(history: History, settings: Settings, at: Sequence[int]) -> Table:
    track, beside = history.track, history.beside
    quoted = any(np.isfinite(track.series.low[each]) for each in at)
    named = any(track.series.source[each] for each in at)
    shown = blank_table(
        ("date", "left"), ("value", "right"), *([("by the quotes", "left")] if quoted else []),
        ("percentile", "right"), ("of", "right"),
        *([] if beside is None else [(beside.series.symbol, "right")]), ("", "left"),
        *([("source", "left")] if named else []),
    )  # fmt: skip
    rolling, series = track.rolling, track.series
    for each in at:
        percentile = _none(rolling.percentile[each])
        shown.add_row(
            str(series.sessions[each]),
            _amount(track, _none(series.value[each])),
            *([between(_none(series.low[each]), _none(series.high[each]), track.unit)] if quoted else []),
            "-" if percentile is None else words.ranked(percentile).removesuffix(" percentile"),
            str(rolling.n[each]),
            *([] if beside is None else [_amount(beside, _on(beside, series.sessions[each]))]),
            _note(track, each, settings),
            *([str(series.source[each])] if named else []),
            style="" if np.isfinite(rolling.value[each]) else "yellow",
        )
    return shown


def _note(track: Track, at: int, settings: Settings) -> str:
    """Say what is odd about a point, or how long it is a record."""
    status = str(track.series.status[at])
    row = track.points.get(track.series.sessions[at])
    odd = [] if status in {"", "ok"} else [status]
    odd += [row.reason.replace("_", " ")] if row is not None and row.reason else []
    if np.isfinite(track.series.value[at]) and not np.isfinite(track.rolling.value[at]):
        odd.append("quotes too wide")
    side, found = max(
        ((Side.HIGH, track.rolling.highest), (Side.LOW, track.rolling.lowest)), key=lambda each: each[1].sessions[at]
    )
    if found.sessions[at] >= settings.brief:
        odd.append(_length(found, at, "highest" if side is Side.HIGH else "lowest"))
    return ", ".join(odd)


def _length(found: Records, at: int, word: str) -> str:
    """Say how long a point is a record, in the few words that a table has room for."""
    share = int(100 * found.coverage[at] + 1e-9)
    seen = "" if found.coverage[at] >= 1 else f" ({share} % seen)"
    return f"{word} on record{seen}" if found.on_record[at] else f"{word} in {found.sessions[at]:,} sessions{seen}"


def _records(track: Track, side: Side, found: Sequence[tuple[int, Record | None]], settings: Settings) -> Table:
    name = "highest" if side is Side.HIGH else "lowest"
    shown = blank_table((f"{name} days", "left"), ("value", "right"), ("percentile", "right"), ("", "left"))
    for at, record in found:
        percentile = _none(track.rolling.percentile[at])
        shown.add_row(
            str(track.series.sessions[at]),
            _amount(track, float(track.series.value[at])),
            "-" if percentile is None else words.ranked(percentile).removesuffix(" percentile"),
            "first of the record" if record is None else words.recorded(record, settings),
        )
    return shown


def _years(track: Track, years: Sequence[Year]) -> Table:
    odd = [name for name in ("bounded", "wide", "missing") if any(getattr(year, name) for year in years)]
    shown = blank_table(
        ("year", "left"), ("sessions", "right"), ("points", "right"), ("closes", "right"), ("share", "right"),
        *((name, "right") for name in odd), ("lowest", "right"), ("highest", "right"),
    )  # fmt: skip
    for year in years:
        shown.add_row(
            str(year.year),
            f"{year.sessions:,}",
            f"{year.points:,}",
            f"{year.closes:,}",
            f"{int(100 * year.closes / year.sessions)} %",
            *(str(getattr(year, name)) for name in odd),
            _amount(track, year.lowest),
            _amount(track, year.highest),
        )
    return shown


def _point(history: History, at: int) -> dict[str, Any]:
    track = history.track
    series, session = track.series, track.series.sessions[at]
    row = track.points.get(session)
    laid = {
        "date": str(session),
        "as_of": None if row is None or row.as_of is None else stamp(row.as_of),
        "value": number(float(series.value[at])),
        "low": number(float(series.low[at])),
        "high": number(float(series.high[at])),
        "status": str(series.status[at]) or None,
        "source": str(series.source[at]) or None,
        "method": series.method or None,
        "reason": None if row is None else row.reason,
        "origin": str(series.origin[at]) or None,
        "percentile": number(float(track.rolling.percentile[at])),
        "n": int(track.rolling.n[at]),
    }
    return laid if history.beside is None else laid | {"beside": _on(history.beside, session)}


def _extreme(track: Track, at: int, record: Record | None) -> dict[str, Any]:
    of = {"date": str(track.series.sessions[at]), "value": float(track.series.value[at])}
    names = ("sessions", "coverage", "on_record", "bounded")
    rest = dict.fromkeys(("since", *names))
    if record is not None:
        rest = {"since": str(record.since)} | {name: getattr(record, name) for name in names}
    return of | rest


def _amount(track: Track, value: float | None) -> str:
    return amount(value, track.unit)


def _on(track: Track, session: Day) -> float | None:
    return _none(track.series.on(np.array([session]))[0])


def _none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
