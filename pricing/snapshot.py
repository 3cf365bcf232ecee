"""Everything a chain says, as one immutable thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pricing.arrays import Bools, Floats
from pricing.reasons import Cause, Flag, Level, Reason

__all__ = ["ExpiryReport", "Measure", "Quality", "QuoteCount", "SmileReport", "Snapshot"]


class Quality(StrEnum):
    """Whether a snapshot can be acted on."""

    OK = "ok"
    DEGRADED = "degraded"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number with its quote envelope.

    Attributes
    ----------
    value, low, high : float or None
        None where there is no number; `reason` then says why.
    unit : str
        "ratio", "vol" (a decimal a year), "vol points" (hundredths of it), "share", "index".
    status : Level
    reason : str or None
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    status: Level
    reason: Cause | None = None


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """What one expiry within the horizon gave.

    Attributes
    ----------
    expiry : date
    root : str
    days : float
        From the quotes to its end.
    forward, forward_se : float or None
        Parity forward after the early-exercise premium, and its standard error. [$]
    rate : float
        Continuously compounded. [1/year]
    residual_bp : float or None
        Implied financing over the rate: the forward against the synchronous spot carried to it. [bp a year]
    pairs : int
        Strikes that made the forward.
    quotes_kept : int
    used : bool
        One of the pair that the tenor is interpolated from.
    reason : str or None
        Why it cannot be one of the pair.
    """

    expiry: date
    root: str
    days: float
    forward: float | None
    forward_se: float | None
    rate: float
    residual_bp: float | None
    pairs: int
    quotes_kept: int
    used: bool
    reason: Cause | None


@dataclass(frozen=True, slots=True)
class SmileReport:
    """One expiry's quotes as volatilities and the curve through them, for charts and explanations.

    Attributes
    ----------
    expiry : date
    days, forward : float
    strike, bid_vol, mid_vol, ask_vol : array, shape (n,)
        Kept out-of-the-money quotes; `bid_vol` is NaN where nobody bids.
    is_call : bool array, shape (n,)
    curve_strike, curve_vol : array, shape (m,)
        The local fit over the quoted range.
    used : bool
        One of the pair that the tenor is interpolated from.
    """

    expiry: date
    days: float
    forward: float
    strike: Floats
    is_call: Bools
    bid_vol: Floats
    mid_vol: Floats
    ask_vol: Floats
    curve_strike: Floats
    curve_vol: Floats
    used: bool


@dataclass(frozen=True, slots=True)
class QuoteCount:
    """What became of every row of the payload: total = kept + the sum over `dropped`."""

    total: int
    kept: int
    dropped: Mapping[Reason, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a chain says at one instant.

    `spot_sync` is the spot that belongs to the quotes, `spot_gap` the feed's spot less it. [$]
    `forward` is that of the tenor. [$]  `headline` and `companion` name entries of `measures`. `smiles`
    holds every expiry within the horizon that has quotes enough, by end of life.
    """

    symbol: str
    source: str
    as_of: datetime
    fetched_at: datetime
    method: str
    spot: float | None
    spot_sync: float | None
    spot_gap: float | None
    forward: float | None
    status: Quality
    flags: tuple[Flag, ...]
    measures: Mapping[str, Measure]
    headline: str
    companion: str | None
    expiries: tuple[ExpiryReport, ...]
    smiles: tuple[SmileReport, ...]
    quotes: QuoteCount

    @property
    def pair(self) -> tuple[SmileReport, ...]:
        """The smiles that the tenor is interpolated from; empty where there is no pair."""
        return tuple(smile for smile in self.smiles if smile.used)
