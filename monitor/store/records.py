"""The rows that importers and the daemon write, one type a table, each knowing how it stands in the database."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from monitor.history.points import Origin
from monitor.store.values import Value, number, stamp
from pricing.reasons import Level

__all__ = ["Event", "Gap", "Import", "Point", "Price", "Reading"]


class Point(NamedTuple):
    """The official value of one measure for one session, by one source and one method.

    Attributes
    ----------
    symbol, measure : str
    session : date
    source : str
        Whose quotes, or whose series.
    method : str
        `pricing.settings.Settings.method`; an importer's own name for its way where the vendor made the number.
    value, low, high : float or None
        In `unit`; NaN counts as None.
    unit : str
    status : Level
    reason : str or None
        Why there is no value.
    origin : Origin
    as_of : datetime or None
        Of the quotes; None where the source says no more than the day.
    snapshot_id : str or None
        The saved snapshot it is taken from.
    payload_sha256 : str or None
        Digest of the payload, or of the imported file, that it is computed from.
    """

    symbol: str
    measure: str
    session: date
    source: str
    method: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    status: Level
    origin: Origin
    reason: str | None = None
    as_of: datetime | None = None
    snapshot_id: str | None = None
    payload_sha256: str | None = None

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns."""
        return (
            self.symbol,
            self.measure,
            self.session.isoformat(),
            self.source,
            self.method,
            None if self.as_of is None else stamp(self.as_of),
            number(self.value),
            number(self.low),
            number(self.high),
            self.unit,
            str(self.status),
            None if self.reason is None else str(self.reason),
            str(self.origin),
            self.snapshot_id,
            self.payload_sha256,
        )


class Gap(NamedTuple):
    """A session without a point, or a look that was due and did not take place.

    `cause` is one word for counting, `detail` a sentence; `slot` is None where the whole session is meant.
    """

    symbol: str
    source: str
    session: date
    cause: str
    detail: str = ""
    slot: datetime | None = None

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns."""
        slot = "" if self.slot is None else stamp(self.slot)
        return self.symbol, self.source, self.session.isoformat(), slot, self.cause, self.detail


class Import(NamedTuple):
    """A file that points came from; `report` is what the importer says about it, as JSON."""

    sha256: str
    symbol: str
    source: str
    name: str
    bytes: int
    report: str = "{}"

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns."""
        return tuple(self)


class Price(NamedTuple):
    """A day of an underlying or an index, split- but not dividend-adjusted. [$], [shares]; NaN counts as None."""

    symbol: str
    session: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    source: str

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns."""
        numbers = (number(each) for each in (self.open, self.high, self.low, self.close, self.volume))
        return self.symbol, self.session.isoformat(), *numbers, self.source


class Reading(NamedTuple):
    """One value of an overlay: what it says about a day, and when that was known.

    A revision has the same day and a later `known_at`.
    """

    name: str
    day: date
    known_at: datetime
    value: float
    source: str

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns; NaN raises an error of the database."""
        return self.name, self.day.isoformat(), stamp(self.known_at), number(self.value), self.source


class Event(NamedTuple):
    """A day on which something happens by plan: a meeting of the FOMC, a release of the CPI."""

    name: str
    day: date
    source: str
    note: str = ""

    def row(self) -> tuple[Value, ...]:
        """Return the values in the order of the table's columns."""
        return self.name, self.day.isoformat(), self.note, self.source
