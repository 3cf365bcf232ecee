"""Instants: when quotes were made, when contracts end, and the years between. UTC outside, New York inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pricing.calendar import is_half_day, is_session, previous_session
from pricing.reasons import Flag

__all__ = [
    "DAYS",
    "NEW_YORK",
    "YEAR",
    "Instant",
    "Session",
    "expiry_instant",
    "last_session",
    "quote_instant",
    "trade_date",
    "years_between",
]

NEW_YORK = ZoneInfo("America/New_York")
DAYS = 365  # in the year of every volatility and rate here, each of 86,400 s
YEAR = timedelta(days=DAYS)
OPEN = time(9, 30)
PM_SETTLED, AM_SETTLED, HALF_DAY_END = time(16), time(9, 30), time(13)
FEED_AHEAD = timedelta(seconds=120)
STALE = timedelta(minutes=30)
HALF_DAY_CUT = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Session:
    """Option trading hours of one day, in UTC."""

    day: date
    open: datetime
    close: datetime


@dataclass(frozen=True, slots=True)
class Instant:
    """The moment that quotes belong to, with what is odd about it."""

    as_of: datetime
    flags: frozenset[Flag]


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def session(day: date, close: time) -> Session:
    """Return the option hours of a session: from 9:30 to `close` in New York, three hours less on half days."""
    end = _at(day, close)
    return Session(day, _at(day, OPEN), end - HALF_DAY_CUT if is_half_day(day) else end)


def last_session(now: datetime, close: time) -> Session:
    """Return the latest option session that has opened at `now`."""
    day = now.astimezone(NEW_YORK).date()
    if not (is_session(day) and _at(day, OPEN) <= now):
        day = previous_session(day)
    return session(day, close)


def quote_instant(fetched_at: datetime, feed_time: datetime | None, *, delay: timedelta, close: time) -> Instant:
    """Date the quotes of a feed: never the feed's word alone.

    Parameters
    ----------
    fetched_at : datetime
        When the payload was fetched.
    feed_time : datetime or None
        When the feed says that it was made.
    delay : timedelta
        How old the feed's quotes are when it is made.
    close : time
        End of the option session, New York time; half days are known to the calendar.

    Returns
    -------
    Instant
        The earlier of the two times less the delay, and never past the close of the latest session that had
        opened by then: at night, at a weekend or on a holiday the quotes are the last close's.
    """
    flags = set()
    if feed_time is None:
        flags.add(Flag.NO_FEED_TIME)
    elif feed_time - fetched_at > FEED_AHEAD:
        flags.add(Flag.FEED_AHEAD)
    expected = fetched_at - delay
    made = min(feed_time, fetched_at) - delay if feed_time is not None else expected
    quoted, due = last_session(made, close), last_session(expected, close)
    as_of = min(made, quoted.close)
    if as_of == quoted.close:
        flags.add(Flag.MARKET_CLOSED)
    if min(expected, due.close) - as_of > STALE:
        flags.add(Flag.STALE)
    return Instant(as_of, frozenset(flags))


def expiry_instant(day: date, *, am_settled: bool = False) -> datetime:
    """Return the end of a contract's life, UTC.

    16:00 New York on the day, 13:00 on a half day, 9:30 where it settles on the open. A day without a session ends
    with the one before it: until 2015 contracts were named for the Saturday after their last Friday.
    """
    if not is_session(day):
        day = previous_session(day)
    if am_settled:
        return _at(day, AM_SETTLED)
    return _at(day, HALF_DAY_END if is_half_day(day) else PM_SETTLED)


def years_between(start: datetime, end: datetime) -> float:
    """Years of 365 days from `start` to `end`. [year]"""
    return (end - start) / YEAR


def trade_date(as_of: datetime) -> date:
    """Return the session that an instant belongs to: its day in New York."""
    return as_of.astimezone(NEW_YORK).date()
