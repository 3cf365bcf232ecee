"""Which session's official point an instant may make: one a session makes the history (METHOD section 12)."""

from __future__ import annotations

from datetime import date, datetime, time

from pricing.calendar import is_half_day, is_session
from pricing.time import NEW_YORK

__all__ = ["official"]

SINCE, SINCE_HALF_DAY = time(15, 45), time(12, 45)  # New York, of the quotes


def official(as_of: datetime) -> date | None:
    """Return the session whose official point quotes of an instant may be, None before the last quarter of an hour.

    The first snapshot of a session that has data and is not earlier than this is the official one; none later
    replaces it.

    Parameters
    ----------
    as_of : datetime
        Of the quotes, with a time zone.
    """
    local = as_of.astimezone(NEW_YORK)
    day = local.date()
    if not is_session(day):
        return None
    return day if local.time() >= (SINCE_HALF_DAY if is_half_day(day) else SINCE) else None
