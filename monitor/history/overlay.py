"""Series of another kind beside a measure: each session sees only what was known by then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import lru_cache

import numpy as np

from monitor.history.series import Omission, Series, counted
from monitor.history.sessions import Day, Days, sessions_after, sessions_between
from pricing.arrays import Floats, Ints
from pricing.calendar import is_half_day
from pricing.time import NEW_YORK

__all__ = ["Instants", "Overlay", "align", "known_next_session", "official_instants", "relative"]

Instants = np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]  # of unit s, UTC

OFFICIAL, HALF_DAY = time(15, 45), time(12, 45)  # New York: when a session's official point is due (METHOD 12)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Overlay:
    """A dated series as it came: sentiment, flows, short interest, revisions. Arrays of shape (m,), any order.

    Attributes
    ----------
    symbol, name : str
    of : datetime64[D] array
        The day or period that each value is about.
    known_at : datetime64[s] array
        When it could first have been read, UTC. A revision is a further row with the same `of` and a later one.
    value : float array
        NaN withdraws what was known of that day.
    """

    symbol: str
    name: str
    of: Days
    known_at: Instants
    value: Floats


def known_next_session(of: Days) -> Instants:
    """Return when values without an instant of their own count as known: at the next day's beginning in New York.

    A file that gives a date says nothing of the hour. Taken so, a value of a day is first seen on the session
    after it, never on its own.
    """
    return _stamps(np.asarray(of, "datetime64[D]") + 1, time(0), time(0))


def official_instants(sessions: Days) -> Instants:
    """Return when each session's official point is due: 15:45 New York, 12:45 on half days. UTC."""
    return _stamps(sessions, OFFICIAL, HALF_DAY)


def align(overlay: Overlay, sessions: Days, *, at: Instants | None = None, longest: int | None = None) -> Series:
    """Give each session the overlay's latest value that was known then.

    Parameters
    ----------
    overlay : Overlay
    sessions : datetime64[D] array, shape (n,)
        Rising.
    at : datetime64[s] array, shape (n,), optional
        The instant on each; without it that of the official point.
    longest : int, optional
        Sessions for which a value stands; an older one counts as none. Without it the last stands for ever.

    Returns
    -------
    Series
        NaN before anything was known. Of several rows known the one about the latest day counts; of that day's
        the last published.
    """
    instants = official_instants(sessions) if at is None else at
    order = np.lexsort((overlay.of, overlay.known_at))
    of, known_at, value = overlay.of[order], overlay.known_at[order], overlay.value[order]
    newest = _latest_so_far(of)
    seen = np.searchsorted(known_at, instants, side="right") - 1
    row = np.where(seen >= 0, newest[np.maximum(seen, 0)] if newest.size else 0, -1)
    found = np.where(row >= 0, value[row] if value.size else np.nan, np.nan)
    if longest is not None and value.size:
        age = sessions_after(known_at[row].astype("datetime64[D]"), sessions)
        found = np.where(age <= longest, found, np.nan)
    whole = sessions_between(sessions[0], sessions[-1]) if sessions.size else sessions
    calendar = np.union1d(whole, sessions)
    return Series.of(overlay.symbol, overlay.name, sessions, found, source=overlay.name, calendar=calendar)


def relative(one: Series, other: Series) -> Series:
    """Divide one series by another on the sessions of the first: IWM's ratio by SPY's.

    Its envelope is the widest that both leave: low by high, high by low. What either leaves out is counted. Its
    standing is taken like any other's.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value, low, high = (
            a / b
            for a, b in (
                (one.value, other.on(one.sessions)),
                (one.low, replace(other, value=other.high).on(one.sessions)),
                (one.high, replace(other, value=other.low).on(one.sessions)),
            )
        )
    finite = np.isfinite(value)
    method = one.method if one.method == other.method else f"{one.method}/{other.method}"
    theirs = other.names_on(one.sessions)
    source = np.where(one.source == theirs, one.source, np.strings.add(np.strings.add(one.source, "/"), theirs))
    return replace(
        one,
        symbol=f"{one.symbol}/{other.symbol}",
        method=method,
        value=np.where(finite, value, np.nan),
        low=np.where(np.isfinite(low), low, np.nan),
        high=np.where(np.isfinite(high), high, np.nan),
        status=np.where(finite, one.status, ""),
        source=np.where(finite, source, ""),
        left_out=counted({why: one.left_out.get(why, 0) + other.left_out.get(why, 0) for why in Omission}),
        overlaps=(*one.overlaps, *other.overlaps),
    )


def _latest_so_far(of: Days) -> Ints:
    """Among rows in order of publication: which of those so far is about the latest day, the last of equals."""
    rows = np.arange(of.size)
    number = of.astype("datetime64[D]").astype(np.int64)
    highest = np.maximum.accumulate(number) if number.size else number
    newest: Ints = np.maximum.accumulate(np.where(number == highest, rows, 0)) if number.size else rows
    return newest


def _stamps(days: Days, clock: time, half_day: time) -> Instants:
    return np.array([_stamp(each, clock, half_day) for each in days], "datetime64[s]")


@lru_cache(maxsize=1 << 16)
def _stamp(when: Day, clock: time, half_day: time) -> np.datetime64:
    local = when.astype("datetime64[D]").item()
    instant = datetime.combine(local, half_day if is_half_day(local) else clock, NEW_YORK)
    return np.datetime64(int(instant.timestamp()), "s")
