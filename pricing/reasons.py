"""Why something was left out, or is doubted: every refusal has a name, and names are counted and stored.

The lower-case names are part of the JSON contract: additions only.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["Cause", "Flag", "Level", "Reason"]


class Reason(IntEnum):
    """Why a row of a chain is not among the quotes that make the smile; `KEPT` is the absence of one."""

    KEPT = 0
    # rows that are no quote of a standard contract
    UNREADABLE = 1  # a row whose fields are missing or of another kind
    OTHER_ROOT = 2  # a contract of another symbol
    ADJUSTED = 3  # an adjusted contract (a digit after the root): another deliverable
    DUPLICATE = 4  # the same contract a second time
    # contracts that are not for us
    EXPIRED = 5
    BEYOND_HORIZON = 6  # an expiry outside the days that the settings ask for
    # quotes that are no market
    NOT_A_NUMBER = 7
    NEGATIVE = 8
    NO_ASK = 9
    NO_BID = 10
    CROSSED = 11
    LOCKED = 12
    WIDE = 13
    BEYOND_ZERO_BIDS = 14  # further out than two consecutive strikes without a bid
    # quotes that make no volatility
    NO_FORWARD = 15  # the expiry has no parity forward
    IN_THE_MONEY = 16  # the other side of the strike is read instead
    NO_VOL = 17  # no volatility gives this price


class Flag(StrEnum):
    """What a reader should know before believing a snapshot."""

    FEED_AHEAD = "feed_ahead"  # the feed's clock is ahead of the moment of fetching
    STALE = "stale"  # the market is open and the quotes are old
    MARKET_CLOSED = "market_closed"  # the quotes are those of the last close
    FETCHED_AT_FROM_FEED = "fetched_at_from_feed"  # a recorded payload that does not say when it was fetched
    NO_FEED_TIME = "no_feed_time"
    NO_FEED_SPOT = "no_feed_spot"
    SPOT_FROM_FEED = "spot_from_feed"  # parity gave no spot: the feed's own stands in
    SPOT_DISAGREES = "spot_disagrees"  # the expiries' parity spots are apart
    SPOT_MOVED = "spot_moved"  # the feed's spot has left the quotes behind
    SPOT_IMPLIED_CARRY = "spot_implied_carry"  # no dividends known: carry read off the forwards themselves
    ROWS_REFUSED = "rows_refused"  # rows of the payload could not be read
    SINGLE_EXPIRY = "single_expiry"  # one expiry within a day of the tenor stands for the pair
    EDGE = "edge"  # a target a hair beyond the last quoted strike
    NOISY = "noisy"  # the headline's quote envelope is wide
    BOUNDED = "bounded"  # the headline has only a lower bound
    OUTSIDE_ENVELOPE = "outside_envelope"  # a value outside its own bid and ask envelope
    SMILES_DISAGREE = "smiles_disagree"  # two independent fits give different ratios
    BUTTERFLY = "butterfly"  # the fitted smile admits butterfly arbitrage
    CALENDAR = "calendar"  # total variance falls with time at an equal moneyness
    DIVIDEND_PROJECTED = "dividend_projected"  # a dividend inside the month is an estimate
    RATES_FALLBACK = "rates_fallback"  # the flat rate stands in for a curve that is missing or old


class Cause(StrEnum):
    """Why a measure has no value, or only a bound."""

    NO_FORWARD = "no_forward"
    NO_BRACKET = "no_bracket"  # no pair of usable expiries around the tenor
    LADDER_ENDS = "ladder_ends"  # no contract is listed at the target
    NO_BID = "no_bid"  # contracts are listed and offered at the target, nobody bids
    NO_QUOTES = "no_quotes"
    NO_SOLUTION = "no_solution"  # the equation that defines the measure has no root among the quotes
    NO_VOLUME = "no_volume"
    NO_OPEN_INTEREST = "no_open_interest"
    NOT_POSITIVE = "not_positive"  # a total variance or a density that is not positive
    EMPTY_CHAIN = "empty_chain"
    NO_HISTORY = "no_history"


class Level(StrEnum):
    """How far a measure can be trusted; the JSON contract's `status` of a measure."""

    OK = "ok"
    NOISY = "noisy"
    BOUNDED = "bounded"
    EDGE = "edge"
    MISSING = "missing"
