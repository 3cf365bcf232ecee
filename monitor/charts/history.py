"""A measure's history: where it is today among its own past, and when it was there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from monitor.charts.theme import INK, MUTED, PAPER, READ_OFF, SERIES, STYLE, framed
from monitor.errors import NoDataError
from monitor.history.series import Series
from monitor.history.sessions import Day, Days
from monitor.history.settings import Settings
from monitor.view.measures import described
from monitor.view.words import amount, between
from pricing.arrays import Bools, Floats, Ints

__all__ = ["Today", "history"]

SHOWN = 504  # sessions: two years, so that the extremes before are in sight
LEVELS = (5, 20, 50, 80, 95)  # percentiles drawn: where the shipped rules begin and end, and the middle
BANDS = ((5, 95, 0.07), (20, 80, 0.07))  # lower, upper, opacity; the inner lies on the outer
ENVELOPE = 0.25  # opacity
HEADROOM = 0.08  # over the highest and under the lowest thing shown [share of the range]
IN_SIGHT = (0.005, 0.995)  # of the envelopes' ends: a few days of wide quotes would flatten the rest
NAMED = 4  # earlier extremes whose day is written
APART = 0.12  # between two of them [share of the sessions shown]
MARGIN = 0.19  # to the right of today, for its label and those of the bands [share of the sessions shown]
DIGITS = 2
DAY_ZERO = np.datetime64("1970-01-01", "D")  # of matplotlib's axes
SMALL, SMALL_DPI = (6.4, 4.0), 200  # [inch], [dot/inch]: on a phone's 340 pixels a letter is 9 high instead of 5
SMALL_STYLE: dict[Any, object] = {**STYLE, "font.size": 12.0}
SMALL_AXES = (0.1, 0.12, 0.885, 0.65)  # left, bottom, width, height [share of the chart]


@dataclass(frozen=True, slots=True)
class Today:
    """The value that is looked at: its session, itself, its quote envelope and its standing in words."""

    session: Day
    value: float | None
    low: float | None
    high: float | None
    standing: str = ""


def history(
    series: Series,
    today: Today,
    starts: Days | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    reference: Day | None = None,
    small: bool = False,
) -> Figure:
    """Draw a series with today and earlier extremes marked.

    Parameters
    ----------
    series : Series
        Official closes; those of today's session and later are not drawn.
    today : Today
    starts : datetime64[D] array, optional
        First sessions of earlier episodes.
    settings : Settings
        Its first window is what the percentiles are of.
    reference : datetime64[D], optional
        They are of the sessions before this one, as for an alert that fires; without it of those before today.
    small : bool
        For a message that is read on a phone, whose words are around it.

    Raises
    ------
    NoDataError
        Where there is not one earlier close to draw.
    """
    end = series.position(today.session)
    shown = slice(max(end - SHOWN, 0), min(end, series.sessions.size))
    usable = series.usable(settings.useless)
    if not (usable[shown].any() or np.isfinite(series.low[shown]).any()):
        raise NoDataError(f"{series.symbol}: no earlier close of {series.measure} to draw", "see skewwatch history")
    last = end if reference is None else min(end, series.position(reference))
    past = slice(max(last - settings.windows[0], 0), min(last, series.sessions.size))
    n = int(usable[past].sum())
    ranked = past if n >= settings.minimum else None
    with rc_context(SMALL_STYLE if small else STYLE):
        head = _head(series, today)
        figure, axes = _small(head) if small else framed(head, _text(today), _foot(series, usable, past, ranked))
        _scale(axes, series, today, shown)
        if ranked is not None:
            _percentiles(axes, series, usable, ranked)
        _line(axes, series, usable, shown)
        _earlier(axes, series, usable, shown, starts, named=0 if small else NAMED)
        _today(axes, today, described(series.measure).unit)
        _frame(axes, series, today, small=small)
    return figure


def _small(head: str) -> tuple[Figure, Axes]:
    """Return an empty chart with its head only."""
    figure = Figure(figsize=SMALL, dpi=SMALL_DPI)
    figure.text(0.02, 0.95, head, fontweight="bold", va="center")
    return figure, figure.add_axes(SMALL_AXES)


def _scale(axes: Axes, series: Series, today: Today, shown: slice) -> None:
    """Leave room for today's label, and none for a few envelopes that reach far."""
    ends = np.concatenate([series.low[shown], series.high[shown], series.value[shown]])
    ends = ends[np.isfinite(ends)]
    own = [each for each in (today.value, today.low, today.high) if each is not None]
    low, high = (float(each) for each in np.quantile(ends, IN_SIGHT))
    values = series.value[shown][np.isfinite(series.value[shown])]
    low, high = min([low, *values.tolist(), *own]), max([high, *values.tolist(), *own])
    room = HEADROOM * (high - low or abs(high))
    first = series.sessions[shown][0]
    span = (today.session - first).astype(int)
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(_axis(first), _axis(today.session + np.timedelta64(max(int(MARGIN * span), 2), "D")))


def _percentiles(axes: Axes, series: Series, usable: Bools, past: slice) -> None:
    """Draw where the percentiles of the reference lie, over the sessions that it is made of."""
    values = series.value[past][usable[past]]
    days = series.sessions[past]
    first, last = _axis(days[0]), axes.get_xlim()[1]
    heights = dict(zip(LEVELS, np.percentile(values, LEVELS).tolist(), strict=True))
    for low, high, opacity in BANDS:
        axes.fill_between([first, last], heights[low], heights[high], color=INK, alpha=opacity, linewidth=0, zorder=1)
    axes.plot([first, last], [heights[50]] * 2, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1.5)
    for level, height in heights.items():
        axes.annotate(
            "median" if level == 50 else f"{level}th",  # noqa: PLR2004 - per cent
            (last, height),
            xytext=(-3, 1.5),
            textcoords="offset points",
            fontsize="small",
            color=MUTED,
            horizontalalignment="right",
            verticalalignment="bottom",
            zorder=3,
        )


def _line(axes: Axes, series: Series, usable: Bools, shown: slice) -> None:
    """Draw closes with their envelopes; a session without a value breaks the line, a bound is a tick."""
    days, colour = series.sessions[shown], SERIES[0]
    value = np.where(usable, series.value, np.nan)[shown]
    low, high = series.low[shown], series.high[shown]
    both = np.isfinite(low) & np.isfinite(high)
    axes.fill_between(
        days.astype("datetime64[D]"), low, high, where=both, color=colour, alpha=ENVELOPE, linewidth=0, zorder=2,
        label="quote envelope" if both.any() else None,
    )  # fmt: skip
    axes.plot(days, value, color=colour, linewidth=1.3, zorder=2.5, label="official closes")
    alone = np.isfinite(value) & ~_beside(np.isfinite(value))
    axes.plot(days[alone], value[alone], ".", color=colour, markersize=3, zorder=2.5)
    bounded = np.isfinite(low) & ~np.isfinite(series.value[shown])
    if bounded.any():
        axes.plot(days[bounded], low[bounded], "^", color=colour, markersize=3, alpha=0.6, label="at least", zorder=2.4)


def _beside(there: Bools) -> Bools:
    """Whether a neighbour is there too: a lone point makes no line."""
    beside = np.zeros_like(there)
    beside[1:] |= there[:-1]
    beside[:-1] |= there[1:]
    return beside


def _earlier(axes: Axes, series: Series, usable: Bools, shown: slice, starts: Days | None, *, named: int) -> None:
    """Mark the first sessions of earlier episodes; some of them get their day."""
    if starts is None:
        return
    days = series.sessions[shown]
    at = np.flatnonzero(np.isin(days, starts) & usable[shown])
    if not at.size:
        return
    value = series.value[shown]
    axes.plot(
        days[at], value[at], "o", color=SERIES[1], markersize=6, markerfacecolor=PAPER, markeredgewidth=1.4,
        label="earlier extremes", zorder=4,
    )  # fmt: skip
    middle = float(np.mean(axes.get_ylim()))
    for each in _spaced(at, value, APART * value.size)[:named]:
        above = value[each] >= middle
        axes.annotate(
            str(days[each]),
            (_axis(days[each]), float(value[each])),
            xytext=(0, 8 if above else -8),
            textcoords="offset points",
            fontsize="small",
            color=SERIES[1],
            horizontalalignment="center",
            verticalalignment="bottom" if above else "top",
            zorder=4,
        ).set_path_effects([withStroke(linewidth=2.5, foreground=PAPER)])


def _spaced(at: Ints, value: Floats, apart: float) -> list[int]:
    """Choose the most extreme positions that are far enough apart for their labels."""
    middle = float(np.median(value[np.isfinite(value)]))
    chosen: list[int] = []
    for each in sorted(at.tolist(), key=lambda each: -abs(value[each] - middle)):
        if all(abs(each - other) >= apart for other in chosen):
            chosen.append(each)
    return chosen


def _today(axes: Axes, today: Today, unit: str) -> None:
    """Mark today with its envelope; the value is beside it, what the envelope is stands in the head."""
    at = _axis(today.session)
    reads = [each for each in (today.low, today.value, today.high) if each is not None]
    if not reads:
        return
    if today.value is not None:
        axes.errorbar(
            at,
            today.value,
            yerr=[[today.value - min(reads)], [max(reads) - today.value]],
            fmt="D",
            color=READ_OFF,
            markersize=5,
            markerfacecolor=PAPER,
            markeredgewidth=1.4,
            capsize=6,
            zorder=5,
            label=f"now, {today.session}",
        )
    bound = between(today.low, today.high, unit, DIGITS)
    axes.annotate(
        bound if today.value is None else amount(today.value, unit, DIGITS),
        (at, sum(reads) / len(reads)),
        xytext=(9, 0),
        textcoords="offset points",
        horizontalalignment="left",
        verticalalignment="center",
        fontweight="bold",
        zorder=6,
    ).set_path_effects([withStroke(linewidth=3, foreground=PAPER)])


def _frame(axes: Axes, series: Series, today: Today, *, small: bool) -> None:
    words = described(series.measure)
    unit = words.unit
    if not small:
        axes.set_ylabel(words.name)
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda height, _: _tick(height, unit)))
    locator: Any = AutoDateLocator(minticks=4, maxticks=7 if small else 9)  # type: ignore[no-untyped-call] # dates are untyped there
    days = (DAY_ZERO + np.array([axes.get_xlim()[0], _axis(today.session)]).astype("timedelta64[D]")).astype("M8[s]")
    ticks = np.array(locator.tick_values(*days.tolist()))
    axes.set_xticks(ticks[ticks <= _axis(today.session)])  # nothing is known of the days to come
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=3 if small else 5, borderaxespad=0.0, fontsize="small",
        handlelength=1.4, columnspacing=1.4, labelspacing=0.25,
    )  # fmt: skip


def _tick(height: float, unit: str) -> str:
    return f"{100 * height:.3g} %" if unit in {"vol", "share"} else f"{height:.4g}"


def _head(series: Series, today: Today) -> str:
    words = described(series.measure)
    name = f"{series.symbol} {words.name}"
    envelope = between(today.low, today.high, words.unit, DIGITS)
    if today.value is None:
        return f"{name} {envelope}" if envelope else f"{name}: none"
    return f"{name} {amount(today.value, words.unit, DIGITS)}" + (f" ({envelope})" if envelope else "")


def _text(today: Today) -> str:
    return f"{today.standing[:1].upper()}{today.standing[1:]}." if today.standing else " "


def _foot(series: Series, usable: Bools, past: slice, ranked: slice | None) -> str:
    n, sessions = int(usable[past].sum()), usable[past].size
    sources = sorted(set(series.source[past].tolist()) - {""})
    grey = f"Grey: 5th to 95th and 20th to 80th percentile of {n:,} closes in {sessions:,} sessions before. "
    return (
        f"{grey if ranked is not None else ''}Shaded blue: what bid and ask leave open.\n"
        f"Closes of {', '.join(sources) or 'no known source'}"
        f"{f', method {series.method}' if series.method else ''}."
    )


def _axis(when: Day) -> float:
    """Return a day as matplotlib counts them: days since 1970."""
    return float((when - DAY_ZERO).astype(int))
