"""What followed earlier episodes: the way the price took after each, on the ways that it takes after any day."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from monitor.charts.theme import INK, MUTED, PAPER, SERIES, STYLE, framed
from monitor.errors import NoDataError
from monitor.history.paths import Paths
from monitor.history.rank import median
from monitor.history.study import Study
from pricing.arrays import Bools

__all__ = ["study"]

BAND = 0.07  # opacity
THIN, BOLD = 0.9, 2.4  # lines [point]
NAMED = 6  # paths whose first day is written: those that ended farthest from the middle
APART = 0.045  # between two labels [share of the height]
MARGIN = 0.14  # to the right of the last session, for the labels [share of the sessions]
HUNDRED = 100.0


def study(found: Study, paths: Paths, sentence: str) -> Figure:
    """Draw the paths after the first day of each episode, their median, and what is usual.

    Parameters
    ----------
    found : Study
    paths : Paths
        From its episodes' first days.
    sentence : str

    Raises
    ------
    NoDataError
        Where not one path is known.
    """
    shown = np.asarray(np.isfinite(paths.after[:, 1:]).any(axis=1))
    if not shown.any():
        raise NoDataError(f"no episode of {found.what} has an outcome to draw", "see skewwatch study")
    number = int(shown.sum())
    head = f"{found.symbol} after {number} earlier episode{'s' if number > 1 else ''}"
    foot = (
        f"Signal: {found.what}, {found.first} to {found.last}. Closes without dividends.\n"
        "Grey: 10th to 90th percentile and median after all days. Bold: median of the episodes still going."
    )
    with rc_context(STYLE):
        figure, axes = framed(head, f"{sentence[:1].upper()}{sentence[1:]}.", foot)
        _usual(axes, paths)
        _followed(axes, paths, shown)
        _frame(axes, paths)
    return figure


def _usual(axes: Axes, paths: Paths) -> None:
    low, middle, high = paths.all_days
    ahead = np.arange(middle.size)
    axes.fill_between(ahead, low, high, color=INK, alpha=BAND, linewidth=0, label="after all days, 8 in 10", zorder=1)
    axes.plot(ahead, middle, color=MUTED, linewidth=THIN, linestyle=(0, (4, 3)), label="their median", zorder=1.5)


def _followed(axes: Axes, paths: Paths, shown: Bools) -> None:
    after, days = paths.after[shown], paths.days[shown]
    ahead = np.arange(after.shape[1])
    axes.plot(ahead, after.T, color=SERIES[0], linewidth=THIN, alpha=0.65, zorder=2)
    axes.plot([], [], color=SERIES[0], linewidth=THIN, label="after each episode")
    there = np.isfinite(after)
    axes.plot(ahead, median(after.T), color=SERIES[1], linewidth=BOLD, label="median of the episodes", zorder=3)
    last = [int(np.flatnonzero(known)[-1]) for known in there]
    ends = np.array([row[at] for row, at in zip(after, last, strict=True)])
    order = np.argsort(-np.abs(ends - np.median(ends)), kind="stable")
    low, high = axes.get_ylim()
    taken: list[float] = []
    for each in order.tolist():
        if len(taken) == NAMED or any(abs(ends[each] - other) < APART * (high - low) for other in taken):
            continue
        taken.append(float(ends[each]))
        axes.annotate(
            str(days[each]), (last[each], ends[each]), xytext=(4, 0), textcoords="offset points", fontsize="small",
            color=SERIES[0], verticalalignment="center", zorder=4,
        ).set_path_effects([withStroke(linewidth=2.5, foreground=PAPER)])  # fmt: skip


def _frame(axes: Axes, paths: Paths) -> None:
    ahead = paths.after.shape[1] - 1
    axes.set_xlim(0, ahead * (1 + MARGIN))
    axes.set_xlabel("sessions after the first day of an episode")
    axes.set_ylabel("return since, per cent")
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(9, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda height, _: f"{HUNDRED * height:+.0f} %" if height else "0"))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=4, borderaxespad=0.0, fontsize="small", handlelength=1.6
    )
