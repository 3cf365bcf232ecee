"""The words for people: what each flag, cause and reason means, and how numbers and instants are written."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

from pricing.reasons import Cause, Flag, Reason
from pricing.time import NEW_YORK

__all__ = ["CAUSES", "DOUBTS", "FLAGS", "REASONS", "amount", "between", "instant"]

FLAGS = {
    Flag.FEED_AHEAD: "the feed's clock is ahead of the moment of fetching",
    Flag.STALE: "the market is open and the quotes are old",
    Flag.MARKET_CLOSED: "the quotes are those of the last close",
    Flag.FETCHED_AT_FROM_FEED: "the recording does not say when it was fetched; the feed's own time stands in",
    Flag.NO_FEED_TIME: "the feed does not say when it was made",
    Flag.NO_FEED_SPOT: "the feed has no price of the underlying",
    Flag.SPOT_FROM_FEED: "parity gave no spot; the feed's own stands in",
    Flag.SPOT_DISAGREES: "the expiries imply different spots",
    Flag.SPOT_MOVED: "the feed's spot has moved on from the quotes",
    Flag.SPOT_IMPLIED_CARRY: "no dividends are known; the carry is read off the forwards",
    Flag.ROWS_REFUSED: "some rows of the answer could not be read",
    Flag.SINGLE_EXPIRY: "one expiry near the tenor stands for the pair",
    Flag.EDGE: "a target lies a hair beyond the last quoted strike",
    Flag.NOISY: "the headline's quotes are wide",
    Flag.BOUNDED: "the headline has only a lower bound",
    Flag.OUTSIDE_ENVELOPE: "a value lies outside its own quotes",
    Flag.SMILES_DISAGREE: "two independent fits give different ratios",
    Flag.BUTTERFLY: "the fitted smile admits butterfly arbitrage",
    Flag.CALENDAR: "total variance falls with time",
    Flag.DIVIDEND_PROJECTED: "a dividend inside the month is an estimate",
    Flag.RATES_FALLBACK: "no fresh yields are kept; the configured rate stands in (skewwatch rates update)",
}

DOUBTS = (
    Flag.STALE,
    Flag.SPOT_FROM_FEED,
    Flag.SPOT_DISAGREES,
    Flag.SINGLE_EXPIRY,
    Flag.OUTSIDE_ENVELOPE,
    Flag.SMILES_DISAGREE,
)
"""Flags that degrade a snapshot and that its numbers do not show by themselves."""

CAUSES = {
    Cause.NO_FORWARD: "calls and puts give no forward",
    Cause.NO_BRACKET: "no usable expiries lie on both sides of the tenor",
    Cause.LADDER_ENDS: "no contract is listed that far out",
    Cause.NO_BID: "contracts are offered there, nobody bids",
    Cause.NO_QUOTES: "there are no quotes",
    Cause.NO_SOLUTION: "nothing among the quotes satisfies it",
    Cause.NO_VOLUME: "nothing traded",
    Cause.NO_OPEN_INTEREST: "there is no open interest",
    Cause.NOT_POSITIVE: "the quotes contradict each other",
    Cause.EMPTY_CHAIN: "the chain is empty",
    Cause.NO_HISTORY: "no history is recorded yet",
}

REASONS = {
    Reason.KEPT: "kept",
    Reason.UNREADABLE: "unreadable",
    Reason.OTHER_ROOT: "of another symbol",
    Reason.ADJUSTED: "adjusted contracts",
    Reason.DUPLICATE: "there twice",
    Reason.EXPIRED: "expired",
    Reason.BEYOND_HORIZON: "of other expiries",
    Reason.NOT_A_NUMBER: "not a number",
    Reason.NEGATIVE: "negative",
    Reason.NO_ASK: "without an ask",
    Reason.NO_BID: "without a bid",
    Reason.CROSSED: "crossed",
    Reason.LOCKED: "locked",
    Reason.WIDE: "wide",
    Reason.BEYOND_ZERO_BIDS: "beyond two strikes without bids",
    Reason.NO_FORWARD: "of expiries without a forward",
    Reason.IN_THE_MONEY: "in the money",
    Reason.NO_VOL: "at prices that no volatility gives",
}

DIGITS = 3


def amount(value: float | None, unit: str, digits: int = DIGITS) -> str:
    """Write a number in its unit: volatilities and shares in per cent, nothing as a dash."""
    if value is None or not isfinite(value):
        return "-"
    if unit in {"vol", "share"}:
        return f"{100 * value:.{max(digits - 1, 0)}f} %"
    if unit == "vol points":
        return f"{value:.{max(digits - 1, 0)}f} pts"
    if unit == "index":
        return f"{value:.{max(digits - 2, 0)}f}"
    return f"{value:.{digits}f}"


def between(low: float | None, high: float | None, unit: str, digits: int = DIGITS) -> str:
    """Write an envelope, the unit once at its end."""
    if low is None or high is None:
        return "" if low is None else f"at least {amount(low, unit, digits)}"
    return f"{amount(low, unit, digits).split()[0]} to {amount(high, unit, digits)}"


def instant(when: datetime) -> str:
    """Write an instant for readers in New York and for logs, e.g. ``2026-06-18 16:15 New York (20:15 UTC)``."""
    local, utc = when.astimezone(NEW_YORK), when.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{utc:%Y-%m-%d} "
    return f"{local:%Y-%m-%d %H:%M} New York ({day}{utc:%H:%M} UTC)"
