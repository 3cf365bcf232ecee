"""What an import found and made, as figures: for the end of the command, for programs, for the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from monitor.backfill.findings import Findings
from monitor.backfill.protocol import Importer
from monitor.backfill.surroundings import Surroundings
from monitor.backfill.work import Made
from monitor.history.points import compare
from monitor.history.sessions import sessions_between
from monitor.store import Origin, Store, tables
from monitor.store.read import series
from monitor.underlyings import Underlying
from pricing.measures import names
from pricing.reasons import Flag
from pricing.settings import Settings

__all__ = ["Apart", "Coverage", "Overlap", "Report", "Run", "report"]

LEVELS = (0.0, 0.10, 0.12, 0.15, 0.20, 0.30, 0.45, np.inf)  # of volatility at the money [1/sqrt(year)]
BASIS_POINTS = 1e4


class Apart(NamedTuple):
    """How far two numbers of one session are apart, in the measure's unit."""

    session: date
    difference: float


@dataclass(kw_only=True)
class Run:
    """An import under way.

    Attributes
    ----------
    importer, of, settings, method, surroundings, findings
        What it works with.
    found : list of date
        Sessions in the files.
    passed_over : int
        Of these, sessions that were there already.
    flags : Counter of Flag
        Of the sessions computed in this run.
    spot_gaps, vendor_gaps : list of Apart
        See `monitor.backfill.work.Made`.
    live : dict
        By measure and source: the differences to points that were seen live.
    gaps : dict of date to (str, str)
        Sessions without points: cause and sentence.
    """

    importer: Importer
    of: Underlying
    settings: Settings
    method: str
    surroundings: Surroundings
    findings: Findings
    found: list[date] = field(default_factory=list)
    passed_over: int = 0
    flags: Counter[Flag] = field(default_factory=Counter)
    spot_gaps: list[Apart] = field(default_factory=list)
    vendor_gaps: list[Apart] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    live: dict[tuple[str, str], list[Apart]] = field(default_factory=dict)
    gaps: dict[date, tuple[str, str]] = field(default_factory=dict)

    def note(self, made: Made) -> None:
        """Take down what a session was like."""
        self.sources.add(made.source)
        self.flags.update(made.flags)
        if made.spot_gap is not None:
            self.spot_gaps.append(Apart(made.day, made.spot_gap * BASIS_POINTS))
        if made.vendor_gap is not None:
            self.vendor_gaps.append(Apart(made.day, made.vendor_gap))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of some sessions have a value, by measure.

    `sessions` counts those of the calendar for a year, those that have a volatility at the money for a level of it.
    """

    label: str
    sessions: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far the imported points are from others of the same sessions; differences are imported less other."""

    other: str
    measure: str
    n: int
    mean: float
    worst: float
    worst_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The end of an import. Numbers of points are those in the store now, whether this run made them or an earlier one.

    Attributes
    ----------
    symbol, format, kind, source, method : str
    files : list of dict
    sessions : dict of str to object
        ``found``, ``first``, ``last``, ``computed``, ``there_already``.
    rows : dict of str to object
        ``read``, ``left_out`` by reason, ``refused`` with places.
    days_refused, repeats, gaps
        Days that are no use, with reasons; days that repeat a session; sessions without points by cause.
    points : dict of str to object
        ``made``, by ``status``, and ``missing`` by measure and reason.
    by_year, by_level : list of Coverage
    overlaps : list of Overlap
    checks : dict of str to object
        Against the file's own price and the vendor's own volatilities; of the sessions computed in this run.
    doubts : dict of str to int
        Sessions computed in this run by what is to be doubted about them.
    headline, companion : str
    clean : bool
    """

    symbol: str
    format: str
    kind: str
    source: str
    method: str
    files: list[dict[str, Any]]
    sessions: dict[str, Any]
    rows: dict[str, Any]
    days_refused: list[dict[str, str]]
    repeats: dict[str, str]
    gaps: dict[str, int]
    points: dict[str, Any]
    by_year: list[Coverage]
    by_level: list[Coverage]
    overlaps: list[Overlap]
    checks: dict[str, Any]
    doubts: dict[str, int]
    headline: str
    companion: str | None
    clean: bool


def report(store: Store, run: Run) -> Report:
    """Put the report together, from what was noticed and from the store."""
    findings, settings = run.findings, run.settings
    pairs = names(settings)
    shown = [*pairs[:2], f"skew_ratio_{settings.tenor_days}d_1sd"]
    method = settings.method if run.importer.kind == "quotes" else run.method
    sources = sorted(run.sources or {run.importer.source})
    days = sorted(run.found)
    with store.reading() as connection:
        points = _points(connection, run, sources, method)
        columns = {
            name: _values(connection, run.of.symbol, name, sources[0], method)
            for name in (*shown, f"atm_vol_{settings.tenor_days}d")
        }
        overlaps = _overlaps(connection, run, sources[0], method)
    computed = len(run.found) - run.passed_over
    doubts = {str(flag): count for flag, count in sorted(run.flags.items())}
    unknown = sum(not run.surroundings.knows_dividends(day) for day in run.found)
    if unknown and run.importer.kind != "series":
        doubts["dividends_unknown"] = unknown
    return Report(
        symbol=run.of.symbol,
        format=run.importer.name,
        kind=str(run.importer.kind),
        source=", ".join(sources),
        method=method,
        files=_files(run),
        sessions={
            "found": len(days),
            "first": str(days[0]) if days else None,
            "last": str(days[-1]) if days else None,
            "computed": computed,
            "there_already": run.passed_over,
        },
        rows={
            "read": findings.rows,
            "left_out": dict(sorted(findings.left.items())),
            "refused": [
                {
                    "file": findings.files[refusal.file].path.name if refusal.file >= 0 else "",
                    "reason": refusal.reason,
                    "count": refusal.count,
                    "numbers": refusal.numbers,
                }
                for _, refusal in sorted(findings.refused.items())
            ],
        },
        days_refused=[
            {"day": str(day), "cause": cause, "detail": detail}
            for day, (cause, detail) in sorted(findings.days.items())
        ],
        repeats={str(day): str(session) for day, session in sorted(findings.repeats.items())},
        gaps=dict(Counter(cause for cause, _ in run.gaps.values())),
        points=points,
        by_year=_by_year(days, columns, shown),
        by_level=_by_level(columns, shown, columns[f"atm_vol_{settings.tenor_days}d"]),
        overlaps=[*_against_live(run), *overlaps],
        checks=_checks(run),
        doubts=doubts,
        headline=pairs[0],
        companion=pairs[1] if len(pairs) > 1 else None,
        clean=findings.clean,
    )


def _files(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "name": file.path.name,
            "bytes": file.bytes,
            "sha256": file.sha256 or None,
            "unusable": run.findings.unusable.get(number),
        }
        for number, file in enumerate(run.findings.files)
    ]


def _points(connection: sa.Connection, run: Run, sources: Sequence[str], method: str) -> dict[str, Any]:
    """Count what the store has of this source, between the first and the last session of the files."""
    points = tables.points
    days = sorted(run.found)
    if not days:
        return {"made": 0, "status": {}, "missing": {}}
    query = (
        sa.select(points.c.measure, points.c.status, points.c.reason, sa.func.count())
        .where(
            points.c.symbol == run.of.symbol,
            points.c.source.in_(sources),
            points.c.method == method,
            points.c.origin == Origin.BACKFILLED.value,
            points.c.session.between(str(days[0]), str(days[-1])),
        )
        .group_by(points.c.measure, points.c.status, points.c.reason)
        .order_by(points.c.measure, points.c.status, points.c.reason)
    )
    status: Counter[str] = Counter()
    missing: dict[str, dict[str, int]] = defaultdict(dict)
    for measure, how, reason, count in connection.execute(query).all():
        status[how] += count
        if how in {"missing", "bounded"}:
            missing[measure][reason or how] = missing[measure].get(reason or how, 0) + count
    return {"made": sum(status.values()), "status": dict(status), "missing": dict(missing)}


def _values(connection: sa.Connection, symbol: str, measure: str, source: str, method: str) -> dict[str, float]:
    """Values of a measure by session, of those that have one."""
    found = series(connection, symbol, measure, source=source, method=method)
    there = np.isfinite(found.value)
    return dict(zip(found.session[there].astype(str).tolist(), found.value[there].tolist(), strict=True))


def _by_year(days: Sequence[date], columns: Mapping[str, Mapping[str, float]], shown: Sequence[str]) -> list[Coverage]:
    if not days:
        return []
    calendar = sessions_between(days[0], days[-1]).astype(str).tolist()
    years: dict[str, list[str]] = defaultdict(list)
    for session in calendar:
        years[session[:4]].append(session)
    return [
        Coverage(year, len(sessions), {name: sum(day in columns[name] for day in sessions) for name in shown})
        for year, sessions in years.items()
    ]


def _by_level(
    columns: Mapping[str, Mapping[str, float]], shown: Sequence[str], levels: Mapping[str, float]
) -> list[Coverage]:
    """Count by volatility at the money: calm days are those on which wings are not quoted."""
    found = []
    for low, high in pairwise(LEVELS):
        inside = [day for day, vol in levels.items() if low <= vol < high]
        label = f"{100 * low:.0f} to {100 * high:.0f} %" if np.isfinite(high) else f"over {100 * low:.0f} %"
        if inside:
            found.append(
                Coverage(label, len(inside), {name: sum(day in columns[name] for day in inside) for name in shown})
            )
    return found


def _overlaps(connection: sa.Connection, run: Run, source: str, method: str) -> list[Overlap]:
    """Compare with every other source and method of the symbol, measure by measure."""
    points, symbol = tables.points, run.of.symbol
    query = sa.select(points.c.source, points.c.method).where(points.c.symbol == symbol).distinct()
    others = sorted((by, how) for by, how in connection.execute(query).all() if (by, how) != (source, method))
    if not others:
        return []
    query = sa.select(points.c.measure).where(
        points.c.symbol == symbol, points.c.source == source, points.c.method == method
    )
    measures = sorted(connection.execute(query.distinct()).scalars().all())
    found = []
    for measure in measures:
        own = series(connection, symbol, measure, source=source, method=method)
        for by, how in others:
            other = series(connection, symbol, measure, source=by, method=how)
            apart = compare(other, own, (by, source))
            if apart.n and apart.mean is not None and apart.worst is not None:
                label = f"{by} ({how})"
                found.append(Overlap(label, measure, apart.n, apart.mean, apart.worst, str(apart.worst_on)))
    return found


def _against_live(run: Run) -> list[Overlap]:
    """Sum up how far this run's numbers are from those that were seen live."""
    found = []
    for (measure, source), each in sorted(run.live.items()):
        worst = max(each, key=lambda one: abs(one.difference))
        mean = sum(one.difference for one in each) / len(each)
        label = f"{source}, live"
        found.append(Overlap(label, measure, len(each), mean, worst.difference, str(worst.session)))
    return found


def _checks(run: Run) -> dict[str, Any]:
    """Hold against what the files say themselves: cross-checks, never values."""
    found: dict[str, Any] = {}
    if run.spot_gaps:
        worst = max(run.spot_gaps, key=lambda one: abs(one.difference))
        found["spot_bp"] = {
            "sessions": len(run.spot_gaps),
            "median": median(abs(one.difference) for one in run.spot_gaps),
            "worst": worst.difference,
            "worst_on": str(worst.session),
        }
    if run.vendor_gaps:
        worst = max(run.vendor_gaps, key=lambda one: one.difference)
        found["vendor_vol"] = {
            "sessions": len(run.vendor_gaps),
            "median": median(one.difference for one in run.vendor_gaps),
            "worst": worst.difference,
            "worst_on": str(worst.session),
        }
    return found
