"""Where a value is in its own past: only earlier official closes are asked, never the value itself or the future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from monitor.history.extremes import Record, Side, record
from monitor.history.rank import count, median, percentile, range_rank, robust_z
from monitor.history.regime import against_vol
from monitor.history.series import JUDGED, Omission, Overlap, Series, wide
from monitor.history.sessions import Day, day
from monitor.history.settings import Settings
from pricing.arrays import Bools, Floats

__all__ = ["ALL", "Place", "Provenance", "Refusal", "Regime", "Standing", "standing"]

ALL = "all"  # the window of every session there is
MIDDLE = 50.0  # [%]


class Refusal(StrEnum):
    """Why there is no percentile."""

    NO_HISTORY = "no_history"  # not one earlier close
    TOO_SHORT = "too_short"  # fewer closes than a percentile needs
    NO_VALUE = "no_value"  # nothing to rank
    BOUNDED = "bounded"  # only a bound of the value is known
    TOO_WIDE = "too_wide"  # quotes so wide that the value is no data; its envelope is ranked instead


@dataclass(frozen=True, slots=True)
class Place:
    """Standing over one window. A number that cannot be given is None.

    Attributes
    ----------
    sessions : int
        Of the window that the record reaches.
    n : int
        Those of them with a usable value.
    percentile, percentile_low, percentile_high : float or None
        Of the value and of the ends of its quote envelope. [%]
    median : float or None
    z : float or None
        Robust: from the median in 1.4826 MAD.
    range_rank : float or None
        Display only.
    """

    sessions: int
    n: int
    percentile: float | None
    percentile_low: float | None
    percentile_high: float | None
    median: float | None
    z: float | None
    range_rank: float | None


@dataclass(frozen=True, slots=True)
class Regime:
    """Standing with the level of volatility taken out, over the first window.

    Attributes
    ----------
    n : int
        Sessions that have the measure and the at-the-money volatility.
    percentile : float or None
        Of the value's residual among those of the past. [%]
    slope, residual : float or None
        Of the measure on ln(vol); of the value. In the measure's unit.
    """

    n: int
    percentile: float | None
    slope: float | None
    residual: float | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which points a standing rests on, and which it does not.

    Attributes
    ----------
    method : str
    sources : mapping of str to int
        Closes of each that the first window ranks, the most first.
    too_wide : int
        Sessions of that window whose quotes were too wide to be ranked.
    left_out : mapping of Omission to int
        Stored points that are not in the series at all.
    overlaps : tuple of Overlap
    """

    method: str
    sources: Mapping[str, int]
    too_wide: int
    left_out: Mapping[Omission, int]
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one value of a measure is in its own past.

    Attributes
    ----------
    symbol, measure : str
    session : datetime64[D]
        Of the value; only earlier ones were asked.
    provisional : bool
        An intraday value against official closes.
    reason : Refusal or None
        Why there is no percentile.
    minimum, missing : int
        Closes that a percentile needs, and how many of them are lacking.
    places : mapping of str to Place
        By window: "252", ..., "all"; the first is the one that is meant where none is named.
    direction : Side or None
        The side of the median on which the value lies; in the middle, that of the longer record.
    highest, lowest : Record or None
        Of a bounded value, those of its bound: the value's own may be longer.
    regime : Regime or None
        None where no volatility was given.
    provenance : Provenance
    """

    symbol: str
    measure: str
    session: Day
    provisional: bool
    reason: Refusal | None
    minimum: int
    missing: int
    places: Mapping[str, Place]
    direction: Side | None
    highest: Record | None
    lowest: Record | None
    regime: Regime | None
    provenance: Provenance

    @property
    def place(self) -> Place:
        """Standing over the first window."""
        return next(iter(self.places.values()))

    @property
    def percentile(self) -> float | None:
        """Over the first window. [%]"""
        return self.place.percentile

    @property
    def n(self) -> int:
        """Closes that the percentile rests on."""
        return self.place.n

    @property
    def record(self) -> Record | None:
        """The record on the value's own side."""
        return self.highest if self.direction is Side.HIGH else self.lowest if self.direction is Side.LOW else None

    def to_dict(self) -> dict[str, object]:
        """Lay the standing out as the JSON contract's `standing` of a measure: what JSON can hold, None for none."""
        own = self.record
        return {
            "percentile": self.percentile,
            "n": self.n,
            "z": self.place.z,
            "since": None if own is None else str(own.since),
            "direction": None if self.direction is None else str(self.direction),
            "coverage": None if own is None else own.coverage,
            "sessions": None if own is None else own.sessions,
            "on_record": None if own is None else own.on_record,
            "reason": None if self.reason is None else str(self.reason),
            "missing": self.missing,
            "minimum": self.minimum,
            "provisional": self.provisional,
            "percentile_low": self.place.percentile_low,
            "percentile_high": self.place.percentile_high,
            "range_rank": self.place.range_rank,
            "windows": {name: _place(place) for name, place in self.places.items()},
            "highest": _record(self.highest),
            "lowest": _record(self.lowest),
            "regime": None
            if self.regime is None
            else {name: getattr(self.regime, name) for name in ("percentile", "n", "slope", "residual")},
            "method": self.provenance.method or None,
            "sources": dict(self.provenance.sources),
            "left_out": {str(why): number for why, number in self.provenance.left_out.items()}
            | ({"too_wide": self.provenance.too_wide} if self.provenance.too_wide else {}),
            "overlaps": [_overlap(each) for each in self.provenance.overlaps],
        }


def standing(
    series: Series,
    value: float | None,
    low: float | None,
    high: float | None,
    session: Day | str,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    provisional: bool = False,
    atm: Series | None = None,
    atm_vol: float | None = None,
    reference: Day | str | None = None,
) -> Standing:
    """Say where a value is in its own past.

    Parameters
    ----------
    series : Series
        Official closes of the measure. Points of `session` and later are not looked at.
    value, low, high : float or None
        Of now, with its quote envelope; a bounded value is None beside a bound.
    session : datetime64[D] or str
        The session that the value belongs to.
    settings : Settings
    provisional : bool
        The value is an intraday one.
    atm : Series, optional
        At-the-money volatility of the same underlying, for the standing that takes its level out.
    atm_vol : float, optional
        Its value of now. [1/sqrt(year)]
    reference : datetime64[D] or str, optional
        Percentiles compare with sessions before this one instead of before `session`: the frozen reference of an
        alert that is firing. Records do not change.

    Returns
    -------
    Standing
    """
    at = day(session)
    x, bottom, top = (np.nan if each is None else float(each) for each in (value, low, high))
    too_wide = series.measure.startswith(JUDGED) and bool(wide(x, bottom, top, settings.useless))
    ranked = np.nan if too_wide else x
    usable = series.usable(settings.useless)
    column = np.where(usable, series.value, np.nan)
    position = series.position(at)
    end = position if reference is None else min(position, series.position(day(reference)))

    places = {
        name: _taken(_past(column, end, window), min(window, end), ranked, bottom, top, settings.minimum)
        for name, window in (*((str(size), size) for size in settings.windows), (ALL, max(end, 1)))
    }
    first = next(iter(places.values()))
    highest = record(series, usable, bottom if np.isnan(ranked) else ranked, position, Side.HIGH)
    lowest = record(series, usable, top if np.isnan(ranked) else ranked, position, Side.LOW)
    regime = None
    if atm is not None:
        regime = _regime(series, column, atm, end, ranked, np.nan if atm_vol is None else atm_vol, settings)
    return Standing(
        symbol=series.symbol,
        measure=series.measure,
        session=at,
        provisional=provisional,
        reason=_refusal(first, places[ALL], x, bottom, top, too_wide=too_wide, minimum=settings.minimum),
        minimum=settings.minimum,
        missing=max(settings.minimum - first.n, 0),
        places=MappingProxyType(places),
        direction=_direction(first, highest, lowest),
        highest=highest,
        lowest=lowest,
        regime=regime,
        provenance=_provenance(series, usable, slice(max(end - settings.windows[0], 0), end)),
    )


def _past(column: Floats, end: int, window: int) -> Floats:
    """Return the sessions of a window that ends before position `end`; those after the record's end have no row."""
    return column[max(end - window, 0) : end]


def _taken(past: Floats, sessions: int, value: float, low: float, high: float, minimum: int) -> Place:
    n = int(count(past))
    if n < minimum:
        return Place(sessions, n, None, None, None, None, None, None)
    own, bottom, top = (_number(each) for each in percentile(past[None], np.array([value, low, high])))
    return Place(
        sessions=sessions,
        n=n,
        percentile=own,
        percentile_low=bottom,
        percentile_high=top,
        median=_number(median(past)),
        z=_number(robust_z(past, np.asarray(value))),
        range_rank=_number(range_rank(past, np.asarray(value))),
    )


def _regime(
    series: Series, column: Floats, atm: Series, end: int, value: float, vol: float, settings: Settings
) -> Regime:
    """Take the level of volatility out, over the first window."""
    begin = max(end - settings.windows[0], 0)
    days = series.sessions[begin:end]
    fits = against_vol(column[begin:end], atm.on(days), np.asarray(value), np.asarray(vol))
    n = int(fits.n)
    if n < settings.minimum:
        return Regime(n, None, None, None)
    return Regime(n, *(_number(each) for each in (fits.percentile, fits.slope, fits.residual)))


def _refusal(
    place: Place, whole: Place, x: float, low: float, high: float, *, too_wide: bool, minimum: int
) -> Refusal | None:
    """Name the first thing that stands between a value and its percentile."""
    if place.n < minimum:
        return Refusal.TOO_SHORT if whole.n else Refusal.NO_HISTORY
    if too_wide:
        return Refusal.TOO_WIDE
    if np.isnan(x):
        return Refusal.NO_VALUE if np.isnan(low) and np.isnan(high) else Refusal.BOUNDED
    return None


def _direction(place: Place, highest: Record | None, lowest: Record | None) -> Side | None:
    """Tell the side of the middle; a bound tells it only where it lies on its own side."""
    if place.percentile is not None and place.percentile != MIDDLE:
        return Side.HIGH if place.percentile > MIDDLE else Side.LOW
    if place.percentile is None and (place.percentile_low or 0.0) > MIDDLE:
        return Side.HIGH
    if place.percentile is None and place.percentile_high is not None and place.percentile_high < MIDDLE:
        return Side.LOW
    up, down = (0 if each is None else each.sessions for each in (highest, lowest))
    if not up and not down:
        return None
    return Side.HIGH if up >= down else Side.LOW


def _provenance(series: Series, usable: Bools, window: slice) -> Provenance:
    """Count what the first window asked, and what it could not."""
    ranked = series.source[window][usable[window]]
    names, number = np.unique(ranked[ranked != ""], return_counts=True)
    order = np.argsort(-number, kind="stable")
    return Provenance(
        series.method,
        MappingProxyType({str(names[i]): int(number[i]) for i in order}),
        int(np.count_nonzero(np.isfinite(series.value[window]) & ~usable[window])),
        series.left_out,
        series.overlaps,
    )


def _number(value: Floats | float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _place(place: Place) -> dict[str, object]:
    return {name: getattr(place, name) for name in Place.__slots__}


def _record(found: Record | None) -> dict[str, object] | None:
    if found is None:
        return None
    names = ("sessions", "coverage", "on_record", "bounded")
    return {"since": str(found.since)} | {name: getattr(found, name) for name in names}


def _overlap(overlap: Overlap) -> dict[str, object]:
    names = ("one", "other", "n", "mean", "worst")
    return {name: getattr(overlap, name) for name in names} | {
        "worst_on": None if overlap.worst_on is None else str(overlap.worst_on)
    }
