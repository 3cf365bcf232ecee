"""Points as they are stored, and the choice of one a session that makes a series of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor.history.series import Omission, Overlap, Series, counted
from monitor.history.sessions import Day, Days, Names, are_sessions, sessions_between
from pricing.arrays import Bools, Floats, Ints

__all__ = ["Origin", "Points", "compare", "select"]

COLUMNS = ("value", "low", "high", "status", "source", "method", "origin")


class Origin(StrEnum):
    """How a point came to be known. Where a session has both, the live one stands."""

    LIVE = "live"
    BACKFILLED = "backfilled"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Points:
    """Official points of one measure as they are stored, in any order, several a session where sources differ.

    Attributes
    ----------
    symbol, measure : str
    session : datetime64[D] array, shape (m,)
    value, low, high : float array, shape (m,)
        NaN for none: a bounded day has a `low` and no `value`.
    status : str array, shape (m,)
        `pricing.reasons.Level` of each.
    source, method, origin : str array, shape (m,)
        Who quoted it, how it was computed, and an `Origin`.
    """

    symbol: str
    measure: str
    session: Days
    value: Floats
    low: Floats
    high: Floats
    status: Names
    source: Names
    method: Names
    origin: Names

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        lengths = {name: getattr(self, name).shape for name in ("session", *COLUMNS)}
        if len(set(lengths.values())) > 1 or self.session.ndim != 1:
            raise ValueError(f"points need columns of one length, got {lengths}")

    @classmethod
    def none(cls, symbol: str, measure: str) -> Points:
        """Return no points at all."""
        name, number = np.empty(0, np.str_), np.empty(0)
        return cls(
            symbol=symbol,
            measure=measure,
            session=np.empty(0, "datetime64[D]"),
            value=number,
            low=number,
            high=number,
            status=name,
            source=name,
            method=name,
            origin=name,
        )

    def rows(self, at: Ints) -> Points:
        """Return some of the points."""
        columns = {name: getattr(self, name)[at] for name in ("session", *COLUMNS)}
        return Points(symbol=self.symbol, measure=self.measure, **columns)


def select(
    points: Points,
    *,
    method: str | None = None,
    sources: Sequence[str] | None = None,
    before: Day | None = None,
) -> Series:
    """Choose one point a session, of one method and of the sources asked for.

    Sources are never mixed unless several are named. Where a session then has more than one point, one with a value
    stands before one without, then the order of the sources decides, then live before backfilled; how far they are
    apart is published with the series.

    Parameters
    ----------
    points : Points
    method : str, optional
        Without it the method of the latest session; of several there, the one with most points.
    sources : sequence of str, optional
        In order of preference; without it the source of the latest session of that method, chosen likewise.
    before : datetime64[D], optional
        Points of this session and later count for nothing: the series as it was known then.

    Returns
    -------
    Series
        On every session from the first point to the last; empty where nothing is left.
    """
    if before is not None:
        points = points.rows(np.flatnonzero(points.session < before))
    open_days = are_sessions(points.session)
    if method is None:
        method = _latest(points.session, points.method, open_days)
    same = open_days & (points.method == method)
    if sources is None:
        sources = (_latest(points.session, points.source, same),)
    wanted = same & np.isin(points.source, list(sources))
    rows = np.flatnonzero(wanted)

    preference = {name: at for at, name in reversed(list(enumerate(sources)))}
    rank = np.array([preference[name] for name in points.source[rows].tolist()], int)
    late = points.origin[rows] != Origin.LIVE
    empty = np.isnan(points.value[rows])
    order = rows[np.lexsort((late, rank, empty, points.session[rows]))]
    first = np.ones(order.size, bool)
    first[1:] = points.session[order][1:] != points.session[order][:-1]
    chosen = order[first]

    days = points.session[chosen]
    sessions = sessions_between(days[0], days[-1]) if days.size else days
    at = np.searchsorted(sessions, days)
    columns = {}
    for name in ("value", "low", "high"):
        columns[name] = np.full(sessions.size, np.nan)
        columns[name][at] = getattr(points, name)[chosen]
    for name in ("status", "source", "origin"):
        column = getattr(points, name)
        columns[name] = np.zeros(sessions.size, column.dtype)
        columns[name][at] = column[chosen]
    left_out = {
        Omission.NOT_A_SESSION: int(np.count_nonzero(~open_days)),
        Omission.OTHER_METHOD: int(np.count_nonzero(open_days & ~same)),
        Omission.OTHER_SOURCE: int(np.count_nonzero(same & ~wanted)),
        Omission.SUPERSEDED: int(order.size - chosen.size),
    }
    return Series(
        symbol=points.symbol,
        measure=points.measure,
        sessions=sessions,
        method=method,
        left_out=counted(left_out),
        overlaps=_overlaps(points, order),
        **columns,
    )


def compare(one: Points, other: Points, names: tuple[str, str]) -> Overlap:
    """Measure how far two sets of points are apart on the sessions that both have.

    Parameters
    ----------
    one, other : Points
        Each session once.
    names : (str, str)
        What to call them.
    """
    _, first, second = np.intersect1d(one.session, other.session, assume_unique=True, return_indices=True)
    apart = other.value[second] - one.value[first]
    both = np.isfinite(apart)
    if not both.any():
        return Overlap(*names, 0, None, None, None)
    worst = int(np.argmax(np.abs(np.where(both, apart, 0.0))))
    days = one.session[first]
    return Overlap(*names, int(both.sum()), float(apart[both].mean()), float(apart[worst]), days[worst])


def _latest(session: Days, names: Names, among: Bools) -> str:
    """Name what the latest session has; of several the commonest overall, then the first by name."""
    if not among.any():
        return ""
    last = names[among & (session == session[among].max())]
    each, number = np.unique(names[among & np.isin(names, last)], return_counts=True)
    return str(each[np.argmax(number)])


def _overlaps(points: Points, order: Ints) -> tuple[Overlap, ...]:
    """Compare every source with every other, and live with backfilled, among the rows chosen from."""
    pairs = list(dict.fromkeys(zip(points.source[order].tolist(), points.origin[order].tolist(), strict=True)))
    if len(pairs) == 1:
        return ()
    groups = {}
    for source, origin in pairs:
        rows = order[(points.source[order] == source) & (points.origin[order] == origin)]
        _, once = np.unique(points.session[rows], return_index=True)
        groups[f"{source} {origin}".strip()] = points.rows(rows[once])
    names = list(groups)
    return tuple(
        compare(groups[one], groups[other], (one, other)) for at, one in enumerate(names) for other in names[at + 1 :]
    )
