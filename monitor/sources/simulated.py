"""A market that nobody quotes: chains of known truth in Cboe's shape, without a network.

What it gives is decided by the symbol and a seed alone, at an instant that never moves, so that a snapshot of it is
the same today and in a year.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from monitor.errors import ConfigError
from monitor.sources import cboe
from monitor.sources.payload import Claim, Payload
from monitor.underlyings import underlying
from pricing.chain import Chain

if TYPE_CHECKING:
    from monitor.simulation.market import Market

__all__ = ["INSTANT", "Simulated", "describe", "market", "parse"]

INSTANT = datetime(2026, 7, 8, 18, 0, tzinfo=UTC)  # 14:00 in New York, a Wednesday
START = date(2026, 1, 2)  # of the simulated history: long enough for strikes that spot has left behind
SEED = 13
KNOWN = {"IWM": (258.0, 0.21, 0.009), "SPY": (690.0, 0.16, 0.011), "QQQ": (615.0, 0.20, 0.005)}  # spot, vol, yield
LEAST_SPOT, MOST_SPOT, INDEX_SPOT = 30.0, 600.0, 2500.0  # of any other symbol [$]
LEAST_VOL, MOST_VOL = 0.16, 0.45
MOST_YIELD = 0.025


def describe(body: bytes) -> Claim | None:
    """Say what a body claims to be; see `monitor.sources.protocol.Reader.describe`."""
    return cboe.describe(body)


def parse(payload: Payload) -> Chain:
    """Read a payload as Cboe's; see `monitor.sources.protocol.Source.parse`."""
    return cboe.parse(payload)


def market(symbol: str, seed: int = SEED) -> Market:
    """Return the market of a symbol: of a well-known fund about like it, of any other like nothing in particular.

    Raises
    ------
    ConfigError
        Where the text cannot be a symbol.
    """
    from monitor.simulation.market import Market  # noqa: PLC0415 - parsing needs none of it
    from monitor.simulation.states import Dynamics, generator  # noqa: PLC0415

    asked = underlying(symbol)
    if asked.symbol in KNOWN:
        spot, level, paid = KNOWN[asked.symbol]
    else:
        drawn = generator(*asked.symbol.encode()).random(3)
        spot = INDEX_SPOT if asked.is_index else LEAST_SPOT * (MOST_SPOT / LEAST_SPOT) ** drawn[0]
        level = LEAST_VOL + (MOST_VOL - LEAST_VOL) * drawn[1]
        paid = MOST_YIELD * drawn[2]
    return Market(
        seed=seed,
        symbol=symbol,
        start=START,
        spot=float(spot),
        dynamics=Dynamics(level=float(level)),
        dividend_yield=float(paid),
    )


class Simulated:
    """The simulated source.

    Parameters
    ----------
    seed : int or str
        Another whole number is another history: `simulated:7`.
    instant : datetime
        Of the quotes.

    Raises
    ------
    ConfigError
        Where the seed is no whole number of 0 or more.
    """

    def __init__(self, seed: int | str = SEED, *, instant: datetime = INSTANT) -> None:
        try:
            self._seed = int(seed)
        except ValueError:
            self._seed = -1
        if self._seed < 0:
            raise ConfigError(f"simulated: the seed {seed!r} is no whole number of 0 or more", "write simulated:7")
        self._instant = instant

    def fetch(self, symbol: str) -> Payload:
        """Write the chain of a symbol; see `monitor.sources.protocol.Source.fetch`."""
        made = market(symbol, self._seed).chain_at(self._instant)
        return Payload(
            body=made.body,
            source="simulated",
            symbol=symbol if symbol[:1] == "^" else made.symbol,
            fetched_at=made.generated,
        )

    def parse(self, payload: Payload) -> Chain:
        """Read a payload; see `parse`."""
        return parse(payload)
