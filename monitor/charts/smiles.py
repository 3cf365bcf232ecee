"""The smiles that a snapshot is read from, with their quotes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import offset_copy

from monitor.charts.theme import MUTED, PAPER, READ_OFF, SERIES, STYLE, framed, per_cent
from monitor.errors import NoDataError
from monitor.view.names import read_ratio
from monitor.view.sentence import sentence, title
from monitor.view.words import amount, between, instant
from pricing.arrays import ArrayLike, Floats
from pricing.settings import Base, Settings
from pricing.snapshot import Measure, SmileReport, Snapshot

__all__ = ["smiles"]

MARGIN = 0.07  # shown beyond both targets [share of the reference]
HEADROOM = 0.12  # over the highest and under the lowest thing shown [share of the range]
IN_SIGHT = (0.02, 0.98)  # of the bars' ends: a few that reach far would flatten the rest
BAR, BAR_SHADE = 2.4, 0.4  # [point], opacity
LABEL = (7, 17)  # from a read-off to its label: up and inwards, where no smile goes [point]
CROWDED = 0.7  # height from which a label goes below instead [share of the axis]
BARE = 0.5  # height of the label of a target without a value [share of the axis]


@dataclass(frozen=True, slots=True)
class _Target:
    """A strike of the headline and what was read off there for the tenor."""

    percent: int
    strike: float
    vol: Measure | None


def smiles(
    snapshot: Snapshot, *, base: Base = Base.SPOT, useless: float = Settings().useless, standing: str = ""
) -> Figure:
    """Draw the smiles that a snapshot is read from, with their quotes, and what was read off.

    Parameters
    ----------
    snapshot : Snapshot
    base : Base
        What the targets are a share of.
    useless, standing
        See `monitor.view.sentence.sentence`.

    Raises
    ------
    NoDataError
        Where the snapshot holds no smile, or none near the targets.
    """
    reference = snapshot.spot_sync if base is Base.SPOT else snapshot.forward
    if not snapshot.pair or reference is None:
        raise NoDataError(f"{snapshot.symbol}: no smile to draw", "see the reasons of its measures")
    head, text = title(snapshot, useless=useless), sentence(snapshot, useless=useless, standing=standing)
    with rc_context(STYLE):
        figure, axes = framed(head, text, _source(snapshot))
        _draw(axes, snapshot, base, reference)
    return figure


def _draw(axes: Axes, snapshot: Snapshot, base: Base, reference: float) -> None:
    targets = _targets(snapshot, reference)
    percents = [target.percent / 100 for target in targets] or [1.0]
    left, right = reference * (min(percents) - MARGIN), reference * (max(percents) + MARGIN)
    shown = []
    middle = (len(snapshot.pair) - 1) / 2
    for order, (smile, colour) in enumerate(zip(snapshot.pair, SERIES, strict=False)):
        shown.append(_smile(axes, smile, colour, (left, right), aside=(order - middle) * BAR))
    vols = np.concatenate([*shown, [read for target in targets for read in _reads(target)]])
    if not vols.size:
        raise NoDataError(f"{snapshot.symbol}: no quote lies near the targets, so there is nothing to draw")
    low, high = float(np.min(vols)), float(np.max(vols))
    room = HEADROOM * (high - low or high)
    axes.set_xlim(left, right)
    axes.set_ylim(max(low - room, 0.0), high + room)
    for target in targets:
        _mark(axes, target, base)
    axes.set_ylabel("implied volatility, per cent a year")
    axes.set_xlabel("strike, dollars")
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(per_cent))
    axes.grid(axis="x", visible=False)

    def share(strike: ArrayLike) -> Floats:
        return np.asarray(strike, float) / reference

    def strike(share: ArrayLike) -> Floats:
        return np.asarray(share, float) * reference

    above = axes.secondary_xaxis("top", functions=(share, strike))
    above.set_xlabel(f"share of the {base} of {reference:,.2f}", labelpad=5)
    above.xaxis.set_major_formatter(FuncFormatter(per_cent))
    axes.legend(loc="upper center", handlelength=1.6, borderaxespad=0.8)


def _smile(axes: Axes, smile: SmileReport, colour: str, span: tuple[float, float], *, aside: float) -> Floats:
    """Draw one expiry: bars from bid to ask, mids, the fitted curve; return the vols that must be in sight.

    Bars stand `aside` of their strikes, so that those of two expiries do not hide each other. [point]
    """
    inside = (smile.strike >= span[0]) & (smile.strike <= span[1])
    offered = inside & ~np.isfinite(smile.bid_vol) & np.isfinite(smile.ask_vol)
    quoted = inside & np.isfinite(smile.bid_vol) & np.isfinite(smile.ask_vol)
    strike, bid, ask = smile.strike[quoted], smile.bid_vol[quoted], smile.ask_vol[quoted]
    place = offset_copy(axes.transData, axes.get_figure(root=True), x=aside, y=0.0, units="points")
    axes.vlines(strike, bid, ask, color=colour, linewidth=BAR, alpha=BAR_SHADE, transform=place)
    axes.plot(strike, smile.mid_vol[quoted], ".", color=colour, markersize=2.6, transform=place)
    axes.plot(smile.strike[offered], smile.ask_vol[offered], "v", color=colour, markersize=3.5, transform=place)
    label = f"{smile.expiry:%Y-%m-%d}, in {smile.days:.1f} days"
    axes.plot(smile.curve_strike, smile.curve_vol, color=colour, linewidth=1.5, label=label)  # cut by the axes
    drawn = (smile.curve_strike >= span[0]) & (smile.curve_strike <= span[1])
    ends = _finite(bid, ask)
    return _finite(smile.curve_vol[drawn], np.quantile(ends, IN_SIGHT) if ends.size else ends)


def _mark(axes: Axes, target: _Target, base: Base) -> None:
    """Mark a target and what was read off there, with its envelope."""
    axes.axvline(target.strike, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    vol, read = target.vol, _reads(target)
    if vol is not None and vol.value is not None:
        axes.errorbar(
            target.strike,
            vol.value,
            yerr=[[vol.value - min(read)], [max(read) - vol.value]],
            fmt="D",
            color=READ_OFF,
            markersize=4,
            markerfacecolor=PAPER,
            markeredgewidth=1.3,
            capsize=6,
            zorder=5,
        )
    low, high = axes.get_ylim()
    tops = max(read) if read else low + BARE * (high - low)
    above = tops < low + CROWDED * (high - low)
    inward = 1 if target.percent < 100 else -1  # noqa: PLR2004 - per cent
    note = axes.annotate(
        f"{target.percent} % of {base}\n{_read_off(vol)}",
        (target.strike, tops if above else min(read)),
        xytext=(inward * LABEL[0], LABEL[1] if above else -LABEL[1]),
        textcoords="offset points",
        horizontalalignment="left" if inward > 0 else "right",
        verticalalignment="bottom" if above else "top",
        fontsize=9,
        linespacing=1.35,
        zorder=6,
    )
    note.set_path_effects([withStroke(linewidth=3, foreground=PAPER)])


def _read_off(vol: Measure | None) -> str:
    if vol is None or (vol.value is None and vol.low is None):
        why = "" if vol is None or vol.reason is None else f": {vol.reason.replace('_', ' ')}"
        return f"no value{why}"
    envelope = between(vol.low, vol.high, vol.unit)
    return f"{amount(vol.value, vol.unit)}\n{envelope}" if vol.value is not None else envelope


def _targets(snapshot: Snapshot, reference: float) -> list[_Target]:
    """Return the two strikes of the headline, with the vols of the tenor there."""
    ratio = read_ratio(snapshot.headline)
    sides = (("put", ratio.down), ("call", ratio.up))
    return [
        _Target(percent, reference * percent / 100, snapshot.measures.get(f"{side}_vol_{ratio.days}d_{percent}"))
        for side, percent in sides
        if percent is not None
    ]


def _reads(target: _Target) -> list[float]:
    vol = target.vol
    return [] if vol is None else [each for each in (vol.value, vol.low, vol.high) if each is not None]


def _finite(*columns: Floats) -> Floats:
    joined = np.concatenate(columns)
    return joined[np.isfinite(joined)]


def _source(snapshot: Snapshot) -> str:
    flags = f" Flags: {', '.join(snapshot.flags)}." if snapshot.flags else ""
    return (
        "Bars reach from bid to ask, curves are local quadratic fits, diamonds what two expiries give for the tenor, "
        f"with its quote envelope.\nQuotes of {instant(snapshot.as_of)}, {snapshot.source}, method {snapshot.method}."
        + flags
    )
