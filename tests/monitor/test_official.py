"""METHOD section 12: the first snapshot at or after 15:45 New York as of the quotes, 12:45 on half days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.official import official

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("local", "session"),
    [
        ("2026-07-08 15:44:59", None),
        ("2026-07-08 15:45:00", date(2026, 7, 8)),
        ("2026-07-08 16:15:00", date(2026, 7, 8)),
        ("2026-01-08 15:45:00", date(2026, 1, 8)),  # winter: 20:45 UTC
        ("2026-01-08 15:44:59", None),
        ("2026-11-27 12:44:59", None),  # the day after Thanksgiving ends at 13:00
        ("2026-11-27 12:45:00", date(2026, 11, 27)),
        ("2026-12-24 13:15:00", date(2026, 12, 24)),
        ("2026-06-19 16:00:00", None),  # Juneteenth
        ("2026-07-11 16:00:00", None),  # a Saturday
        ("2026-07-08 09:45:00", None),
    ],
)
def test_the_rule(local, session):
    assert official(datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)) == session
