"""A snapshot for a person at a terminal: the sentence, the measures, what they rest on, what to doubt."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.view.sentence import sentence
from monitor.view.words import CAUSES, FLAGS, REASONS, amount, between, instant
from pricing.reasons import Cause, Level
from pricing.settings import Settings
from pricing.snapshot import ExpiryReport, Measure, Snapshot

__all__ = ["blank_table", "console", "quotes_line", "render"]

STYLES = {Level.NOISY: "yellow", Level.BOUNDED: "yellow", Level.EDGE: "yellow", Level.MISSING: "dim"}
INDENT = (0, 0, 0, 2)


def console(*, stderr: bool = False) -> Console:
    """Return a console that colours only a terminal and honours NO_COLOR and COLUMNS."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def render(
    snapshot: Snapshot, *, useless: float = Settings().useless, standing: str = "", behind: Sequence[str] | None = None
) -> RenderableType:
    """Lay a snapshot out for reading.

    Parameters
    ----------
    snapshot : Snapshot
    useless, standing
        See `monitor.view.sentence.sentence`.
    behind : sequence of str, optional
        What a store says behind the sentence and beside it; without it no history is recorded.
    """
    return Group(
        Text(sentence(snapshot, useless=useless, standing=standing), style="bold"),
        *(Text(each) for each in behind or ()),
        Text(f"Quotes of {instant(snapshot.as_of)}, {snapshot.source}, method {snapshot.method}."),
        Text(_spot(snapshot)),
        Text(),
        Padding(_measures(snapshot), INDENT),
        Text(),
        Padding(_expiries(snapshot), INDENT),
        Text(),
        Text(quotes_line(snapshot)),
        *([] if behind is not None else [Text(f"Standing: {CAUSES[Cause.NO_HISTORY]}, so no percentile.")]),
        *(Text(f"{flag}: {FLAGS[flag]}", style="yellow") for flag in snapshot.flags),
    )


def _spot(snapshot: Snapshot) -> str:
    """Write the feed's spot and the one that belongs to the quotes."""
    feed, sync = amount(snapshot.spot, "$", 2), amount(snapshot.spot_sync, "$", 2)
    gap = "" if snapshot.spot_gap is None else f", {snapshot.spot_gap:+.2f} apart"
    return f"Spot {feed} by the feed, {sync} by the quotes{gap}."


def _measures(snapshot: Snapshot) -> Table:
    table = blank_table(("measure", "left"), ("value", "right"), ("by the quotes", "left"), ("", "left"))
    for name, measure in snapshot.measures.items():
        table.add_row(name, *_cells(measure), style=STYLES.get(measure.status, ""))
    return table


def _cells(measure: Measure) -> tuple[str, str, str]:
    """Write a value, its envelope, and what is odd about it."""
    reason = "" if measure.reason is None else measure.reason.replace("_", " ")
    shown = measure.status not in {Level.OK, Level.MISSING}  # a dash says that it is missing
    note = ": ".join(filter(None, (str(measure.status) if shown else "", reason)))
    return amount(measure.value, measure.unit), between(measure.low, measure.high, measure.unit), note


def _expiries(snapshot: Snapshot) -> RenderableType:
    """Lay out the expiries that the tenor is read from, or say why there are none."""
    used = [report for report in snapshot.expiries if report.used]
    if not used:
        return Text(f"No expiry can be used of {len(snapshot.expiries)}{_obstacles(snapshot.expiries)}.")
    columns = ("expiry used", "left"), ("days", "right"), ("forward", "right"), ("error", "right")
    table = blank_table(*columns, ("rate", "right"), ("residual", "right"), ("quotes", "right"))
    for report in used:
        residual = "-" if report.residual_bp is None else f"{report.residual_bp:+.0f} bp"
        table.add_row(
            report.expiry.isoformat(),
            f"{report.days:.1f}",
            amount(report.forward, "$"),
            amount(report.forward_se, "$"),
            f"{100 * report.rate:.2f} %",
            residual,
            str(report.quotes_kept),
        )
    return table


def _obstacles(reports: tuple[ExpiryReport, ...]) -> str:
    causes = sorted({CAUSES[report.reason] for report in reports if report.reason is not None})
    return f": {'; '.join(causes)}" if causes else ""


def quotes_line(snapshot: Snapshot) -> str:
    """Say in one line how many quotes were kept, and why the others were not."""
    quotes = snapshot.quotes
    dropped = sorted(quotes.dropped.items(), key=lambda item: -item[1])
    left = ", ".join(f"{count:,} {REASONS[reason]}" for reason, count in dropped if count)
    return f"Quotes: {quotes.kept:,} kept of {quotes.total:,} rows" + (f"; dropped {left}." if left else ".")


def blank_table(*columns: tuple[str, str]) -> Table:
    """Return a table of columns, each a header and its side, "left" or "right"."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header, justify in columns:
        table.add_column(header, justify="right" if justify == "right" else "left", overflow="fold")
    return table
