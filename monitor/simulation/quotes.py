"""From a fair price to a quote, one layer of imperfection after another, each to be switched off alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Bools, Floats, Ints

__all__ = ["Noise", "Quotes", "quote"]

TICK = 0.01  # [$]
UNQUOTED = 1e-6  # half-spread where spreads are switched off: bid and ask must differ. [$]
REFERENCE_SPOT = 295.0  # [$] at which the spreads below were read off recorded chains
FIXED, ROOT = 0.003, 0.025  # spread before rounding to ticks: a dollar amount, and per root of a dollar's price
LONG_FROM, LONG_POWER = 75.0, 1.4  # [day] spreads widen so beyond
IN_THE_MONEY, DEPTH = 0.24, 8.0  # [$] more spread in the money, over [$] of intrinsic value
WIDEST = 5.0  # [$]
SCATTER = 0.25  # of the logarithm of a spread
CLOSING = 1.3  # spreads at the close over those of the day
LEAST, MOST = 0.05, 0.95  # share of the spread that can lie under the fair price
SHARED = 0.7  # of a lean comes from the whole side of an expiry, the rest from the contract
WORTHLESS = 0.005  # [$] nobody bids for less
NO_MARKET = 5e-4  # share of contracts without either side
SIZES, SIZE_SCATTER = 24.0, 1.6  # contracts on a side: median, and standard deviation of its logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Layers between the fair price and the quote.

    Attributes
    ----------
    spread : float
        Multiple of the usual bid-ask spread; 0 quotes the fair price itself.
    lean : float
        Standard deviation of where in the spread the fair price lies, as a share of it; 0 centres it.
    ticks : bool
        Bids down and asks up to the cent.
    stale : float
        Share of quotes made at an earlier spot.
    stale_minutes : float
        How much earlier.
    zero_bids : bool
        Nobody bids for what is worth nearly nothing, and a few contracts have no market at all.
    spot_bp : float
        Standard deviation of the feed's spot about the quotes' in session, in basis points; after the close it
        is ten times as far away.
    """

    spread: float = 1.0
    lean: float = 0.12
    ticks: bool = True
    stale: float = 0.005
    stale_minutes: float = 5.0
    zero_bids: bool = True
    spot_bp: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no multiple, share or time."""
        numbers = (self.spread, self.lean, self.stale, self.stale_minutes, self.spot_bp)
        if not all(np.isfinite(x) and x >= 0 for x in numbers) or self.stale > 1:
            raise ValueError(f"needed numbers of 0 or more and a share of 1 at most, got {self}")

    @classmethod
    def none(cls) -> Noise:
        """Quote fair prices."""
        return cls(spread=0.0, lean=0.0, ticks=False, stale=0.0, zero_bids=False, spot_bp=0.0)


@dataclass(frozen=True, slots=True)
class Quotes:
    """Both sides of every contract, arrays of shape (n,).

    Attributes
    ----------
    bid, ask : float array
        [$]; 0 where nobody quotes.
    bid_size, ask_size : float array
        Contracts.
    """

    bid: Floats
    ask: Floats
    bid_size: Floats
    ask_size: Floats


def quote(
    fair: Floats,
    earlier: Floats,
    *,
    expiry: Ints,
    is_call: Bools,
    intrinsic: Floats,
    days: Floats,
    spot: float,
    nervous: float,
    noise: Noise,
    rng: np.random.Generator,
) -> Quotes:
    """Quote every contract.

    Parameters
    ----------
    fair, earlier : array, shape (n,)
        Worth now, and at the spot of some minutes before. [$]
    expiry, is_call, intrinsic, days : array, shape (n,)
        Index of the expiry; side; value of exercise [$]; to the end of life [day].
    spot : float
        [$]
    nervous : float
        Multiple of the spread for the hour and for the level of volatility.
    noise : Noise
    rng : Generator

    Returns
    -------
    Quotes
        0 <= bid < ask, but for the few without a market, where both are 0.
    """
    shape = fair.shape
    normals = rng.standard_normal((4, *shape))
    uniforms = rng.random((2, *shape))
    sides = rng.standard_normal((2, int(expiry.max()) + 1))[is_call.astype(int), expiry]

    value = np.where(uniforms[0] < noise.stale, earlier, fair)
    spread = _spread(value, intrinsic, days, spot / REFERENCE_SPOT) * np.exp(SCATTER * normals[0])
    spread = np.maximum(noise.spread * nervous * spread, 2 * UNQUOTED)
    mixed = SHARED * sides + np.sqrt(1 - SHARED**2) * normals[1]
    under = np.clip(0.5 + noise.lean * mixed, LEAST, MOST)
    bid, ask = np.maximum(value - under * spread, 0.0), value + (1 - under) * spread
    if noise.ticks:
        bid = np.floor(bid / TICK + 1e-9) * TICK
        ask = np.maximum(np.ceil(ask / TICK - 1e-9) * TICK, bid + TICK)
    if noise.zero_bids:
        bid = np.where(value < WORTHLESS, 0.0, bid)
        nobody = uniforms[1] < NO_MARKET
        bid, ask = np.where(nobody, 0.0, bid), np.where(nobody, 0.0, ask)
    else:
        bid = np.maximum(bid, TICK if noise.ticks else value / 2)
        ask = np.maximum(ask, bid + (TICK if noise.ticks else UNQUOTED))
    if noise.ticks:
        bid, ask = np.round(bid, 2), np.round(ask, 2)
    bid_size, ask_size = np.ceil(SIZES * np.exp(SIZE_SCATTER * normals[2:]))
    return Quotes(bid, ask, np.where(bid > 0, bid_size, 0.0), np.where(ask > 0, ask_size, 0.0))


def _spread(value: Floats, intrinsic: Floats, days: Floats, scale: float) -> Floats:
    """Usual spread before rounding: with the root of the price, more in the money and for long lives. [$]"""
    time_value = np.maximum(value, 0.0) / scale
    plain = FIXED + ROOT * np.sqrt(time_value) + IN_THE_MONEY * -np.expm1(-intrinsic / scale / DEPTH)
    longer = np.maximum(days / LONG_FROM, 1.0) ** LONG_POWER
    return np.minimum(plain * longer, WIDEST) * scale
