"""Truth: schedules continued by hand. IWM's amounts are those its issuer announced (ishares.com, Distributions)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pricing.calendar import is_session
from pricing.dividends import Dividend, Schedule

IWM = Schedule(
    tuple(
        Dividend(date.fromisoformat(day), amount)
        for day, amount in [
            ("2026-06-15", 0.695),  # the latest first: a schedule puts them in order
            ("2024-06-11", 0.562),
            ("2024-09-25", 0.752),
            ("2024-12-17", 0.694),
            ("2025-03-18", 0.460),
            ("2025-06-16", 0.576),
            ("2025-09-16", 0.677),
            ("2025-12-16", 0.842),
            ("2026-03-17", 0.442),
        ]
    )
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_between_counts_the_open_of_the_ex_date():
    """New York opens at 13:30 UTC in summer: then the share loses its dividend."""
    before, at, after = utc("2026-06-15 13:29"), utc("2026-06-15 13:30"), utc("2026-06-15 13:31")
    assert [paid.amount for paid in IWM.between(before, after)] == [0.695]
    assert [paid.amount for paid in IWM.between(before, at)] == [0.695]
    assert IWM.between(at, after) == ()  # gone already at the start
    assert IWM.between(utc("2026-06-01 12:00"), before) == ()


def test_the_ex_date_in_winter_opens_an_hour_later():
    assert Dividend(date(2025, 12, 16), 0.842).instant == utc("2025-12-16 14:30")


def test_past_years_are_as_they_were():
    inside = IWM.between(utc("2024-09-01 00:00"), utc("2025-04-01 00:00"))
    assert [(paid.ex_date.isoformat(), paid.amount, paid.projected) for paid in inside] == [
        ("2024-09-25", 0.752, False),
        ("2024-12-17", 0.694, False),
        ("2025-03-18", 0.460, False),
    ]


def test_quarterly_projection():
    """52 weeks after each payment of the last year, with the mean of the quarter's payments."""
    inside = IWM.between(utc("2026-06-16 00:00"), utc("2027-06-30 00:00"))
    assert all(paid.projected for paid in inside)
    assert [paid.ex_date.isoformat() for paid in inside] == ["2026-09-15", "2026-12-15", "2027-03-16", "2027-06-14"]
    assert [paid.amount for paid in inside] == pytest.approx(
        [(0.752 + 0.677) / 2, (0.694 + 0.842) / 2, (0.460 + 0.442) / 2, (0.562 + 0.576 + 0.695) / 3]
    )


def test_years_and_amounts():
    years, amounts = IWM.years_and_amounts(utc("2026-06-14 13:30"), utc("2026-09-15 13:30"))
    assert years == pytest.approx([1 / 365, 93 / 365])
    assert amounts == pytest.approx([0.695, 0.7145])


def test_only_the_last_four_of_a_quarter_count():
    known = tuple(Dividend(date(year, 3, 16), float(year - 2015)) for year in range(2016, 2026))
    (paid,) = Schedule(known).between(utc("2026-01-01 00:00"), utc("2026-12-01 00:00"))
    assert paid.amount == pytest.approx((7 + 8 + 9 + 10) / 4)


def test_a_quarter_is_three_months_of_the_calendar():
    """January of one year and March of another are one quarter; April is the next."""
    days = ["2024-01-31", "2024-04-30", "2025-03-03", "2025-06-02"]
    known = tuple(Dividend(date.fromisoformat(day), float(n)) for n, day in enumerate(days))
    inside = Schedule(known).between(utc("2025-06-03 00:00"), utc("2026-06-30 00:00"))
    assert [(paid.ex_date, paid.amount) for paid in inside] == [(date(2026, 3, 2), 1.0), (date(2026, 6, 1), 2.0)]


def test_an_announced_payment_is_not_projected_again():
    """The September payment is announced nine days later than 52 weeks after the last one."""
    announced = Schedule((*IWM.known, Dividend(date(2026, 9, 24), 0.70)))
    inside = announced.between(utc("2026-06-16 00:00"), utc("2026-12-31 00:00"))
    assert [(paid.ex_date.isoformat(), paid.projected) for paid in inside] == [
        ("2026-09-24", False),
        ("2026-12-15", True),
    ]


def test_a_monthly_payer_pays_every_month():
    """A bond fund goes ex at the start of each month: 52 weeks on there are still twelve payments a year."""
    starts = ["2025-06-02", "2025-07-01", "2025-08-01", "2025-09-02", "2025-10-01", "2025-11-03", "2025-12-01"]
    starts += ["2026-01-02", "2026-02-02", "2026-03-02", "2026-04-01", "2026-05-01", "2026-06-01"]
    known = tuple(Dividend(date.fromisoformat(day), 0.30) for day in starts)
    inside = Schedule(known).between(utc("2026-06-02 00:00"), utc("2027-06-02 00:00"))
    days = [paid.ex_date for paid in inside]
    assert days[:3] == [date(2026, 6, 30), date(2026, 7, 31), date(2026, 9, 1)]
    assert len(days) == 12


def test_a_half_yearly_payer_pays_twice_a_year():
    known = (Dividend(date(2025, 6, 16), 1.0), Dividend(date(2025, 12, 16), 1.2))
    inside = Schedule(known).between(utc("2026-01-01 00:00"), utc("2026-12-31 00:00"))
    assert [(paid.ex_date, paid.amount) for paid in inside] == [(date(2026, 6, 15), 1.0), (date(2026, 12, 15), 1.2)]


def test_projected_days_are_sessions():
    """52 weeks after 2024-12-26 is Christmas: the next session goes ex."""
    (paid,) = Schedule((Dividend(date(2024, 12, 26), 1.0),)).between(utc("2025-12-01 00:00"), utc("2026-02-01 00:00"))
    assert paid.ex_date == date(2025, 12, 26)
    far = IWM.between(utc("2026-06-16 00:00"), utc("2029-06-01 00:00"))
    assert len(far) == 11
    assert all(is_session(paid.ex_date) for paid in far)


def test_a_schedule_left_alone_for_years_ends():
    assert not IWM.between(utc("2030-01-01 00:00"), utc("2032-01-01 00:00"))


def test_what_is_known():
    assert not Schedule().is_known
    assert Schedule(continuous=0.0).is_known
    assert IWM.is_known
    assert Schedule().between(utc("2026-01-01 00:00"), utc("2027-01-01 00:00")) == ()
    assert Schedule(continuous=0.01).years_and_amounts(utc("2026-01-01 00:00"), utc("2027-01-01 00:00")) == ([], [])
