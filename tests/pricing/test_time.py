"""Truth: moments worked out by hand on New York's clock, and exchange_calendars for when the market is open."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.reasons import Flag
from pricing.time import expiry_instant, last_session, quote_instant, trade_date, years_between

NEW_YORK = ZoneInfo("America/New_York")
DELAY, LATE_CLOSE = timedelta(minutes=15), time(16, 15)


def ny(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("fetched", "feed", "as_of", "flags"),
    [
        # in session: the earlier of the two times, less the delay
        ("2026-06-17 14:32:00", "2026-06-17 14:31:30", "2026-06-17 14:16:30", set()),
        ("2026-06-17 14:32:00", "2026-06-17 14:33:00", "2026-06-17 14:17:00", set()),  # a minute ahead is forgiven
        ("2026-06-17 14:32:00", "2026-06-17 14:34:00", "2026-06-17 14:17:00", set()),  # two minutes still are
        ("2026-06-17 14:32:00", "2026-06-17 14:34:01", "2026-06-17 14:17:00", {Flag.FEED_AHEAD}),
        ("2026-06-17 14:32:00", "2026-06-17 14:37:43", "2026-06-17 14:17:00", {Flag.FEED_AHEAD}),
        ("2026-06-17 14:32:00", None, "2026-06-17 14:17:00", {Flag.NO_FEED_TIME}),
        # the first quarter of an hour still shows the evening before
        ("2026-06-17 09:40:00", "2026-06-17 09:40:00", "2026-06-16 16:15:00", {Flag.MARKET_CLOSED}),
        ("2026-06-17 09:45:00", "2026-06-17 09:45:00", "2026-06-17 09:30:00", set()),
        # at the close and after it
        ("2026-06-17 16:29:00", "2026-06-17 16:29:00", "2026-06-17 16:14:00", set()),
        ("2026-06-17 16:30:00", "2026-06-17 16:30:00", "2026-06-17 16:15:00", {Flag.MARKET_CLOSED}),
        ("2026-06-17 23:59:00", "2026-06-17 23:59:00", "2026-06-17 16:15:00", {Flag.MARKET_CLOSED}),
        ("2026-06-18 03:00:00", "2026-06-18 03:00:00", "2026-06-17 16:15:00", {Flag.MARKET_CLOSED}),
        # Juneteenth, a weekend, Monday before the open
        ("2026-06-19 12:00:00", "2026-06-19 12:00:00", "2026-06-18 16:15:00", {Flag.MARKET_CLOSED}),
        ("2026-06-21 12:00:00", "2026-06-21 12:00:00", "2026-06-18 16:15:00", {Flag.MARKET_CLOSED}),
        ("2026-06-22 09:00:00", "2026-06-22 09:00:00", "2026-06-18 16:15:00", {Flag.MARKET_CLOSED}),
        # a half day, in winter time
        ("2025-11-28 13:20:00", "2025-11-28 13:20:00", "2025-11-28 13:05:00", set()),
        ("2025-11-28 15:00:00", "2025-11-28 15:00:00", "2025-11-28 13:15:00", {Flag.MARKET_CLOSED}),
        # an old file: half an hour is forgiven
        ("2026-06-17 14:32:00", "2026-06-17 14:02:00", "2026-06-17 13:47:00", set()),
        ("2026-06-17 14:32:00", "2026-06-17 14:01:00", "2026-06-17 13:46:00", {Flag.STALE}),
        ("2026-06-17 14:32:00", "2026-06-16 14:32:00", "2026-06-16 14:17:00", {Flag.STALE}),
        ("2026-06-17 14:32:00", "2026-06-16 20:00:00", "2026-06-16 16:15:00", {Flag.STALE, Flag.MARKET_CLOSED}),
        # yesterday's evening file at night is not stale: nothing has been quoted since
        ("2026-06-18 03:00:00", "2026-06-17 17:00:00", "2026-06-17 16:15:00", {Flag.MARKET_CLOSED}),
        # the night when clocks change: Friday's close is 21:15 UTC, Monday's open 13:30 UTC
        ("2026-03-09 09:46:00", "2026-03-09 09:46:00", "2026-03-09 09:31:00", set()),
        ("2026-03-08 12:00:00", "2026-03-08 12:00:00", "2026-03-06 16:15:00", {Flag.MARKET_CLOSED}),
    ],
)
def test_quote_instant(fetched, feed, as_of, flags):
    got = quote_instant(ny(fetched), ny(feed) if feed else None, delay=DELAY, close=LATE_CLOSE)
    assert got.as_of == ny(as_of)
    assert got.as_of.tzinfo is UTC
    assert got.flags == flags


def test_other_underlyings_close_at_four():
    got = quote_instant(ny("2026-06-17 17:00:00"), None, delay=DELAY, close=time(16))
    assert got.as_of == datetime(2026, 6, 17, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def opens_and_closes():
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its own, of pandas
        schedule = exchange_calendars.get_calendar("XNYS", start="2015-01-02", end="2027-06-30").schedule
    return schedule["open"], schedule["close"] + pd.Timedelta(minutes=15)


MOMENTS = st.datetimes(datetime(2015, 2, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone beside


@given(fetched=MOMENTS, drift=st.integers(-200_000, 2_000), delay=st.sampled_from([0, 900, 1200]))
def test_quote_instant_is_in_a_session_and_not_later_than_either_clock(opens_and_closes, fetched, drift, delay):
    feed, lag = fetched + timedelta(seconds=drift), timedelta(seconds=delay)
    got = quote_instant(fetched, feed, delay=lag, close=LATE_CLOSE)
    made = min(fetched, feed) - lag
    opens, closes = opens_and_closes
    latest = opens.searchsorted(pd.Timestamp(made), side="right") - 1
    assert got.as_of == min(made, closes.iloc[latest].to_pydatetime())
    assert (Flag.FEED_AHEAD in got.flags) == (drift > 120)


def test_last_session_in_the_minute_of_the_open():
    at = ny("2026-06-17 09:30:00")
    assert last_session(at, LATE_CLOSE).day == date(2026, 6, 17)
    assert last_session(at - timedelta(seconds=1), LATE_CLOSE).day == date(2026, 6, 16)


@pytest.mark.parametrize(
    ("day", "am_settled", "instant"),
    [
        (date(2026, 7, 17), False, datetime(2026, 7, 17, 20, tzinfo=UTC)),
        (date(2026, 1, 16), False, datetime(2026, 1, 16, 21, tzinfo=UTC)),
        (date(2026, 7, 17), True, datetime(2026, 7, 17, 13, 30, tzinfo=UTC)),
        (date(2025, 11, 28), False, datetime(2025, 11, 28, 18, tzinfo=UTC)),  # the day after Thanksgiving: 13:00
        (date(2026, 12, 24), False, datetime(2026, 12, 24, 18, tzinfo=UTC)),
        (date(2010, 1, 16), False, datetime(2010, 1, 15, 21, tzinfo=UTC)),  # named for a Saturday, until 2015
        (date(2010, 1, 16), True, datetime(2010, 1, 15, 14, 30, tzinfo=UTC)),
        (date(2008, 3, 22), False, datetime(2008, 3, 20, 20, tzinfo=UTC)),  # the Saturday after Good Friday
    ],
)
def test_expiry_instant(day, am_settled, instant):
    assert expiry_instant(day, am_settled=am_settled) == instant


def test_years_are_of_365_days():
    start = ny("2026-06-17 16:00:00")
    assert years_between(start, ny("2027-06-17 16:00:00")) == 1.0
    assert years_between(start, start + timedelta(hours=36.5)) == pytest.approx(1 / 240, rel=1e-15)
    # across the change of clocks a calendar day has 25 hours
    across = years_between(ny("2026-10-31 16:00:00").astimezone(UTC), ny("2026-11-01 16:00:00").astimezone(UTC))
    assert across == pytest.approx(25 / 8760, rel=1e-15)


def test_trade_date_is_new_yorks():
    assert trade_date(datetime(2026, 6, 18, 1, tzinfo=UTC)) == date(2026, 6, 17)
