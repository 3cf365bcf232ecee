"""Rows of the store as the columns that `monitor.history` works on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import sqlalchemy as sa

from monitor.history.overlay import Instants, Overlay, align, official_instants
from monitor.history.points import Points, select
from monitor.history.prices import Prices
from monitor.history.series import Series
from monitor.history.sessions import Day, sessions_between
from monitor.store import read
from monitor.store.records import Price, Reading

__all__ = ["CLOSE", "OVERLAY", "SIMULATED", "benchmark", "chosen", "closes", "index", "overlay", "preference", "priced"]

SIMULATED = "simulated"  # a source that is no market: never mixed with one that is
CLOSE, OVERLAY = "close", "overlay"  # measures of a price or an index, and of an overlay
LONGEST = 63  # sessions for which an overlay's value stands: a quarter, the slowest that is published


def chosen(
    points: Points,
    *,
    method: str | None = None,
    first: str | None = None,
    wanted: Sequence[str] | None = None,
) -> Series:
    """Make a series of official points: of one method, of every source that `preference` names.

    Parameters
    ----------
    points : Points
    method : str, optional
        Without it that of the latest session.
    first, wanted
        See `preference`.
    """
    if method is None:
        asked = points if wanted is None else points.rows(np.flatnonzero(np.isin(points.source, list(wanted))))
        method = select(asked).method
    return select(points, method=method, sources=preference(points, method, first=first, wanted=wanted))


def preference(
    points: Points, method: str, *, first: str | None = None, wanted: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Order the sources whose points are compared with one another.

    What the same method made of anybody's quotes is comparable; how far they are apart is published with the series.
    The simulated market is never mixed with another.

    Parameters
    ----------
    points : Points
    method : str
    first : str, optional
        Source of the value that is to be ranked: it stands before all others.
    wanted : sequence of str, optional
        These, in this order, and no other.
    """
    if wanted is not None:
        return tuple(wanted)
    names, numbers = np.unique(points.source[points.method == method], return_counts=True)
    there = {str(name): int(number) for name, number in zip(names, numbers, strict=True)}
    markets = [name for name in sorted(there, key=lambda each: (-there[each], each)) if name != SIMULATED]
    if first == SIMULATED or not markets:
        return (SIMULATED,)
    return tuple(dict.fromkeys([*([] if first is None else [first]), *markets]))


def closes(symbol: str, rows: Sequence[Price]) -> Prices:
    """Put daily prices on the calendar; a day without a number has none."""
    columns = [np.array([getattr(row, name) for row in rows], float) for name in ("close", "high", "low")]
    days = np.array([row.session for row in rows], "datetime64[D]")
    return Prices.of(symbol, days, columns[0], high=columns[1], low=columns[2])


def priced(connection: sa.Connection, symbol: str, until: date | None = None) -> Prices | None:
    """Read the daily prices of an underlying or an index; None where there are none."""
    rows = read.prices(connection, symbol, until=until)
    return closes(symbol, rows) if rows else None


def benchmark(connection: sa.Connection, symbol: str, other: str | None, until: date | None = None) -> Prices | None:
    """Read the prices that a symbol's are held against; nothing is held against itself."""
    return None if other is None or other == symbol else priced(connection, other, until)


def index(connection: sa.Connection, name: str) -> Series | None:
    """Read the daily closes of an index or an underlying; None where there are none."""
    found = priced(connection, name)
    return None if found is None else found.closes


def overlay(connection: sa.Connection, name: str, until: Day, *, known_by: datetime | None = None) -> Series | None:
    """Read an overlay as each session saw it, from its first day to `until`; None where there is none.

    Parameters
    ----------
    connection : Connection
    name : str
    until : datetime64[D]
    known_by : datetime, optional
        The instant on the last session; without it that of its official point.
    """
    rows = read.overlay(connection, name, revisions=True)
    if not rows:
        return None
    kept = _overlay(name, rows)
    first = kept.known_at.min().astype("datetime64[D]")
    sessions = sessions_between(np.minimum(first, until), until)
    at = official_instants(sessions)
    if known_by is not None and sessions.size and sessions[-1] == until:
        at[-1] = np.datetime64(int(known_by.timestamp()), "s")
    return align(kept, sessions, at=at, longest=LONGEST)


def _overlay(name: str, rows: Sequence[Reading]) -> Overlay:
    known_at: Instants = np.array([int(row.known_at.timestamp()) for row in rows], "datetime64[s]")
    return Overlay(
        symbol=name,
        name=OVERLAY,
        of=np.array([row.day for row in rows], "datetime64[D]"),
        known_at=known_at,
        value=np.array([row.value for row in rows]),
    )
