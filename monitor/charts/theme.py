"""What every chart shares: palette, type, frame, and the way to a file.

Figures are made without pyplot, so that a daemon may draw from any thread and nothing stays open.
"""

from __future__ import annotations

from io import BytesIO
from textwrap import wrap
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["DPI", "INK", "MUTED", "PAPER", "READ_OFF", "SERIES", "SIZE", "STYLE", "framed", "per_cent", "png"]

# Okabe and Ito's palette, told apart by every kind of colour vision (M. Okabe, K. Ito, "Color Universal Design", 2008).
INK, MUTED, RULE, PAPER = "#1a1a1a", "#5f6368", "#d9dce0", "#ffffff"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
READ_OFF = "#000000"
SIZE, DPI = (10.0, 6.0), 160  # [inch], [dot/inch]: 1,600 by 960
STYLE: dict[Any, object] = {  # any: matplotlib types its keys one by one
    "font.size": 10.0,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "legend.edgecolor": PAPER,
    "legend.framealpha": 0.95,
    "text.usetex": False,
    "text.parse_math": False,  # a dollar sign is a dollar sign
}
LEFT, RIGHT = 0.03, 0.975  # of the text; the axes begin further in, behind their labels [share of the width]
AXES_LEFT = 0.085
HEAD, TEXT, FOOT = 0.955, 0.917, 0.022  # heights of head, sentence and foot [share of the height]
TEXT_LINE, FOOT_LINE = 0.036, 0.022  # a line of each
ABOVE, BELOW = 0.09, 0.095  # room for the axes' ticks and labels
TEXT_WIDTH, FOOT_WIDTH = 124, 160  # a line of each [character]


def framed(head: str, text: str, foot: str) -> tuple[Figure, Axes]:
    """Return an empty chart with its head, the sentence under it, and where it comes from at the bottom."""
    texts = wrap(text, TEXT_WIDTH)
    feet = [line for part in foot.splitlines() for line in wrap(part, FOOT_WIDTH)]
    figure = Figure(figsize=SIZE, dpi=DPI)
    figure.text(LEFT, HEAD, head, fontsize=15, fontweight="bold", va="center")
    figure.text(LEFT, TEXT, "\n".join(texts), fontsize=10, color=MUTED, va="top", linespacing=1.4)
    figure.text(LEFT, FOOT, "\n".join(feet), fontsize=8, color=MUTED, va="bottom", linespacing=1.25)
    bottom = FOOT + FOOT_LINE * len(feet) + BELOW
    top = TEXT - TEXT_LINE * len(texts) - ABOVE
    return figure, figure.add_axes((AXES_LEFT, bottom, RIGHT - AXES_LEFT, top - bottom))


def png(figure: Figure) -> bytes:
    """Write a chart as PNG."""
    content = BytesIO()
    with rc_context(STYLE):
        FigureCanvasAgg(figure)
        figure.savefig(content, format="png")
    return content.getvalue()


def per_cent(share: float, _: int | None = None) -> str:
    """Write a share as a tick of an axis does."""
    return f"{100 * share:.3g} %"
