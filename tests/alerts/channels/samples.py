"""Messages of invented numbers, as they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from alerts.message import Kind, Message, Severity

FIRED = Message(
    id="a-0123456789",
    kind=Kind.FIRED,
    symbol="IWM",
    severity=Severity.WARNING,
    subject=(
        "IWM: downside demand is extreme. 30-day 90/110 skew ratio 1.79 (1.76 to 1.82), 97th percentile of 252 closes, "
        "highest since 2026-07-29."
    ),
    observed_at=datetime(2026, 10, 16, 14, 15, tzinfo=UTC),
    created_at=datetime(2026, 10, 16, 14, 31, 7, tzinfo=UTC),
    facts=(
        ("30-day 90/110 skew ratio", "1.79 (1.76 to 1.82)"),
        ("Percentile", "97th of 252 closes"),
        ("90 % put volatility", "27.6 % (27.5 to 27.6 %)"),
        ("110 % call volatility", "15.4 % (15.2 to 15.6 %)"),
        ("Spot", "246.81 $"),
        ("Observed", "2026-10-16 10:15 New York (14:15 UTC)"),
    ),
    sections=(
        (
            "Why it moved",
            "Since the previous close +1.2 vol points: put wing +1.4, call wing -0.3, spot +0.2, roll -0.1.",
        ),
        (
            "Other measures",
            (
                "5 of 6 agree. 30-day 95/105 skew ratio 96th percentile, 30-day 25-delta risk reversal 94th, 30-day "
                "one-sigma skew ratio 91st, 30-day moment skew 88th, put/call open interest 10 % out 71st; 30-day "
                "zero-cost collar of the 110 % call disagrees at the 44th."
            ),
        ),
        (
            "Where the price stands",
            (
                "IWM 246.81: 3.1 % under its 52-week high of 2026-09-18, over its 100-day and 200-day averages, "
                "under its 50-day average, -2.4 % in five sessions (9th percentile), -1.1 points against "
                "SPY in 21 sessions."
            ),
        ),
        (
            "What followed before",
            (
                "After the 11 earlier episodes IWM was 1.2 % higher a month later (from -3.9 to +6.0), all months: "
                "+0.9 %; no difference that can be told from chance, one under 3.4 points could hide."
            ),
        ),
        ("How sure", "412 quotes kept of 5,012 rows; envelope of 1.7 % of the value either way."),
        ("Next looks", "10:30, 10:45 and 11:00 New York."),
    ),
    thread="e-0badcafe01",
    dedup="d5f1a1c0ffee4242",
)

AWKWARD = (
    "plain",
    "<script>alert(1)</script> & <!channel> <@U123> *bold* _it_ ~no~ `code` skew_ratio_30d_90_110",
    "line\nbreak\r\nBcc: victim@example.com\tand tab",
    "\x1b[31mred\x1b[0m \x00 nul \x7f del",
    "naïve Σ 漢字 🙂 \u202e backwards",
    ".\n.\n..\n",
    "a" * 20_000,
    "word " * 5_000,
    "&" * 9_000,
)
"""Texts that break mark-up, headers, terminals, lines and limits."""


def fired(**changes: object) -> Message:
    return replace(FIRED, **changes)


def every_kind() -> list[Message]:
    return [fired(kind=kind, dedup=f"d-{kind}") for kind in Kind]


def awkward(text: str) -> Message:
    """Put a text wherever a message takes one."""
    line = " ".join(text.split()) or "x"
    return fired(
        subject=f"IWM: {line[:3000]}",
        symbol="IWM",
        facts=((text[:500], text), ("", "")),
        sections=((text[:500], text), ("", ""), ("Empty", "")),
    )
