"""The report of an import for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from monitor.backfill.report import Coverage, Overlap, Report

__all__ = ["document", "lines"]

LEFT = {
    "other_symbol": "of other symbols",
    "beyond_horizon": "beyond the horizon",
    "adjusted": "of adjusted contracts",
    "expired": "expired",
    "not_official": "payloads of other hours",
}
GAPS = {
    "absent": "not in the files",
    "damaged": "in a damaged part of a file",
    "repeated": "a repetition of an earlier session",
    "no_quotes": "no usable row",
    "no_spot": "no price of the underlying",
    "no_payload": "no payload of the session's end",
    "not_a_session": "the market was closed",
}
DOUBTS = {
    "rates_fallback": "with the configured rate, for want of kept yields: skewwatch rates update --since DATE",
    "dividends_unknown": "of a time whose dividends are not known: give them with --dividends FILE.csv",
}
SHOWN = 8  # places of a refusal, and days, that a person is shown; JSON has more


def document(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it: additions only."""
    return asdict(report)


def lines(report: Report) -> Iterator[str]:
    """Write the report for reading."""
    sessions = report.sessions
    yield f"{report.symbol} from {report.format}: {sessions['found']:,} sessions" + (
        f" from {sessions['first']} to {sessions['last']}." if sessions["first"] else "."
    )
    yield (
        f"  computed now {sessions['computed']:,}, there already {sessions['there_already']:,}; "
        f"points {report.points['made']:,}, filed under {report.source}, method {report.method}"
    )
    if report.kind != "quotes":
        yield f"  {report.kind}: values without a quote envelope, never compared with values from quotes"
    yield from _rows(report)
    yield from _days(report)
    yield from _missing(report)
    yield from _coverage("year", report.by_year, report)
    yield from _coverage("at the money", report.by_level, report)
    yield from _overlaps(report)
    yield from _checks(report)
    for what, hint in DOUBTS.items():
        if report.doubts.get(what):
            yield f"  {report.doubts[what]:,} sessions {hint}"
    yield "Clean: nothing was refused." if report.clean else "Not clean: see what was refused above."


def _rows(report: Report) -> Iterator[str]:
    left = ", ".join(f"{count:,} {LEFT.get(why, why)}" for why, count in report.rows["left_out"].items())
    yield f"  rows {report.rows['read']:,}" + (f"; left out {left}" if left else "")
    for file in report.files:
        if file["unusable"]:
            yield f"  refused: {file['name']} {file['unusable']}"
    for refusal in report.rows["refused"]:
        numbers = ", ".join(str(number) for number in refusal["numbers"][:SHOWN])
        more = ", ..." if refusal["count"] > SHOWN else ""
        reason = refusal["reason"].replace("_", " ")
        yield f"  refused: {refusal['count']:,} rows of {refusal['file']} ({reason}): {numbers}{more}"


def _days(report: Report) -> Iterator[str]:
    for day in report.days_refused[:SHOWN]:
        yield f"  refused: {day['day']}, {day['detail']}"
    if len(report.days_refused) > SHOWN:
        yield f"  refused: {len(report.days_refused) - SHOWN:,} further days"
    for repeated, session in report.repeats.items():
        yield f"  {repeated} repeats the session of {session}"
    if report.gaps:
        told = ", ".join(f"{count:,} {GAPS.get(cause, cause)}" for cause, count in sorted(report.gaps.items()))
        yield f"  sessions without points: {told}"


def _missing(report: Report) -> Iterator[str]:
    for measure in filter(None, (report.headline, report.companion)):
        reasons = report.points["missing"].get(measure)
        if reasons:
            told = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons.items())
            yield f"  {measure} has no value: {told}"


def _coverage(heading: str, table: Sequence[Coverage], report: Report) -> Iterator[str]:
    """Lay out how many sessions have a value."""
    if not table:
        return
    measures = list(table[0].counts)
    yield ""
    yield f"  {heading:<14}{'sessions':>9}" + "".join(f"{_short(name, report):>12}" for name in measures)
    for row in table:
        shares = "".join(f"{100 * row.counts[name] / row.sessions:>10.1f} %" for name in measures)
        yield f"  {row.label:<14}{row.sessions:>9,}{shares}"


def _short(name: str, report: Report) -> str:
    """Shorten a ratio's name to its strikes."""
    return "/".join(name.split("_")[3:]) if name in {report.headline, report.companion} else name.rsplit("_", 1)[-1]


def _overlaps(report: Report) -> Iterator[str]:
    shown = [each for each in report.overlaps if each.measure in {report.headline, report.companion}]
    if shown:
        yield ""
        yield "  Overlap (imported less other):"
    for each in shown:
        yield f"  {_overlap(each)}"


def _overlap(each: Overlap) -> str:
    return (
        f"{each.measure} against {each.other}: {each.n:,} sessions, mean {each.mean:+.4f}, "
        f"worst {each.worst:+.4f} on {each.worst_on}"
    )


def _checks(report: Report) -> Iterator[str]:
    spot, vol = report.checks.get("spot_bp"), report.checks.get("vendor_vol")
    if spot or vol:
        yield ""
    if spot:
        yield (
            f"  file's spot against parity's: median {spot['median']:.1f} bp over {spot['sessions']:,} sessions, "
            f"worst {spot['worst']:+.0f} bp on {spot['worst_on']}"
        )
    if vol:
        yield (
            f"  vendor's volatilities against our own: median {100 * vol['median']:.2f} vol points over "
            f"{vol['sessions']:,} sessions, worst {100 * vol['worst']:.1f} on {vol['worst_on']}"
        )
