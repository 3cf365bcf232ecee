"""Overlays, events, and measures that a vendor has made himself."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from monitor.dated.market import CLOSED
from monitor.dated.table import DAYS, File, Line, Read, Refused, RowError, gather, number_of
from monitor.errors import NoDataError
from monitor.history import events as planned
from monitor.history.overlay import known_next_session
from monitor.history.points import Origin
from monitor.store.records import Event, Point, Reading
from monitor.view.measures import described
from pricing.calendar import is_session
from pricing.reasons import Level

__all__ = ["events", "measure", "overlay"]

KNOWN = ("known_at", "published_at", "published", "released_at", "released")
VALUE = "value"


def overlay(
    file: File, name: str, source: str, *, when: str | None = None, value: str | None = None, known: str | None = None
) -> Read[Reading]:
    """Read an overlay: values, the days that they are about, and when each could first be read.

    Parameters
    ----------
    file : File
    name, source : str
    when, value, known : str, optional
        Columns. By default one of the usual names of a day; `value`, or the only one that is left; known_at,
        published or released where there is such a column. Without it a value is known from the next day on.

    Raises
    ------
    NoDataError
        Where a column is not there, or several could be the values'.
    """
    of = file.column([when] if when else DAYS, "days", "--date")
    at = file.column([known], "instants", "--known-at") if known else file.find(KNOWN)
    number = _values(file, value, {of, at})

    def one(line: Line, day: date) -> tuple[object, Reading] | str:
        found = number_of(line, number)
        if found is None:
            return "no_value"
        instant = _next_day(day) if at is None else _instant(line.cells[at])
        return (day, instant), Reading(name, day, instant, found, source)

    return gather(file, of, one)


def measure(file: File, symbol: str, name: str, source: str, method: str, *, value: str | None = None) -> Read[Point]:
    """Read a measure as somebody else computed it, a value a session: a series of its own source and method.

    Parameters
    ----------
    file : File
    symbol : str
    name : str
        Of the measure: decimals for volatilities, vol points for spreads.
    source, method : str
        Values of different methods are never compared.
    value : str, optional
        Column; by default the one named as the measure, `value`, or the only one that is left.
    """
    when = file.column(DAYS, "days")
    number = _values(file, value or file.find([name]), {when})
    unit = described(name).unit

    def one(line: Line, day: date) -> tuple[object, Point] | str:
        found = number_of(line, number)
        if found is None:
            return "no_value"
        if not is_session(day):
            return CLOSED
        return day, Point(
            symbol=symbol,
            measure=name,
            session=day,
            source=source,
            method=method,
            value=found,
            low=None,
            high=None,
            unit=unit,
            status=Level.OK,
            origin=Origin.BACKFILLED,
            payload_sha256=file.sha256,
        )

    return gather(file, when, one)


def events(text: str, source: str, name: str = "") -> Read[Event]:
    """Read planned days, a line each: ``2026-09-16, FOMC``; or only days, all of one name."""
    found, refused = planned.parse(text, name)
    rows = [Event(each.name, each.on, source) for each in found]
    return Read(rows, [Refused(each.line, each.why) for each in refused])


def _values(file: File, given: str | None, others: set[str | None]) -> str:
    """Choose the column of values: the one that was named, `value`, or the only one that is left."""
    if given is not None:
        return file.column([given], "values", "--column")
    if VALUE in file.names:
        return VALUE
    left = [name for name in file.names if name not in others]
    if len(left) != 1:
        raise NoDataError(f"{file.path} has several columns: {', '.join(left)}", "name the values' with --column")
    return left[0]


def _next_day(day: date) -> datetime:
    """Return from when a value without an instant counts as known."""
    stamp = known_next_session(np.array([day], "datetime64[D]"))[0]
    return datetime.fromtimestamp(int(stamp.astype(int)), UTC)


def _instant(text: str) -> datetime:
    """Read an instant with its time zone; a day alone counts as its end in New York."""
    plain = text.strip()
    try:
        if len(plain) == len("2026-01-31"):
            return _next_day(date.fromisoformat(plain))
        when = datetime.fromisoformat(plain)
    except ValueError as error:
        raise RowError(f"{plain[:40]!r} is no instant like 2026-01-31T14:30:00Z") from error
    if when.tzinfo is None:
        raise RowError(f"{plain[:40]!r} has no time zone: add Z, or -05:00")
    return when
