"""A simulated chain in the shape of Cboe's delayed feed, so that it walks the path of a real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from scipy.special import ndtr

from monitor.simulation.fair import Board, Terms
from monitor.simulation.interest import Activity
from monitor.simulation.quotes import Quotes
from pricing.arrays import Bools, Floats
from pricing.chain import Expiry
from pricing.time import NEW_YORK

__all__ = ["FEED_DELAY", "Underlier", "write"]

FEED_DELAY = timedelta(minutes=15)  # the feed is generated so long after its quotes
DECIMALS = 4
DAYS = 365
POINT = 100.0  # vega and rho are given for one point


class _Option(msgspec.Struct, gc=False):
    option: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    iv: float
    open_interest: float
    volume: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    theo: float
    change: float
    open: float
    high: float
    low: float
    tick: str
    last_trade_price: float
    last_trade_time: str | None
    percent_change: float
    prev_day_close: float


class _Data(msgspec.Struct):
    options: list[_Option]
    symbol: str
    security_type: str
    current_price: float
    price_change: float
    prev_day_close: float
    close: float
    bid: float
    ask: float
    iv30: float
    last_trade_time: str
    seqno: int


class _Answer(msgspec.Struct):
    timestamp: str
    data: _Data
    symbol: str


@dataclass(frozen=True, slots=True)
class Underlier:
    """What the feed says about the underlying.

    Attributes
    ----------
    symbol : str
        As the feed spells it.
    is_index : bool
    price, previous : float
        Its own spot, and the close of the session before. [$]
    vol : float
        One-month volatility at the money. [1/sqrt(year)]
    """

    symbol: str
    is_index: bool
    price: float
    previous: float
    vol: float


def write(
    underlier: Underlier,
    expiries: Sequence[Expiry],
    board: Board,
    terms: Terms,
    quotes: Quotes,
    traded: Activity,
    *,
    as_of: datetime,
    opened: datetime,
    generated: datetime,
    no_vol: Bools,
    rng: np.random.Generator,
) -> bytes:
    """Encode a chain as the feed does.

    Parameters
    ----------
    underlier, expiries, board, terms, quotes, traded
        The chain; columns in the order of `board`.
    as_of, opened, generated : datetime
        Of the quotes; of their session; of the file.
    no_vol : bool array, shape (n,)
        Contracts to which the vendor gives no volatility: it writes 0.
    rng : Generator
        For what is only decoration: last trades, previous closes.

    Returns
    -------
    bytes
        JSON in UTF-8; times as the feed writes them, its own in UTC and trades in New York, both without a zone.
    """
    n = board.strike.size
    names = _names(expiries, board)
    delta, gamma, vega, theta, rho = _greeks(board, terms)
    flat = np.array(["down", "no_change", "up"])[rng.integers(0, 3, n)]
    has_traded, ever = traded.volume > 0, traded.open_interest > 0
    band = np.abs(0.04 * rng.standard_normal((4, n)))
    last = np.round(np.maximum(board.fair * (1 + band[0] - band[1]), 0.01), 2)
    previous = np.round(np.maximum(board.fair * (1 + band[2] - band[3]), 0.005), 3)
    first = np.round(np.maximum(board.fair * (1 + band[1] - band[2]), 0.01), 2)
    high, low = np.maximum(first, last), np.minimum(first, last)
    change = np.where(has_traded, last - previous, 0.0)

    def cells(column: Floats, where: Bools | None = None, decimals: int = DECIMALS) -> list[float]:
        shown = np.nan_to_num(column) if where is None else np.where(where, np.nan_to_num(column), 0.0)
        rows: list[float] = np.round(shown, decimals).tolist()
        return rows

    columns = (
        names,
        quotes.bid.tolist(),
        quotes.bid_size.tolist(),
        quotes.ask.tolist(),
        quotes.ask_size.tolist(),
        cells(board.vol, ~no_vol),
        traded.open_interest.tolist(),
        traded.volume.tolist(),
        cells(delta),
        cells(gamma),
        cells(vega),
        cells(theta),
        cells(rho),
        cells(board.fair),
        cells(change),
        cells(first, has_traded),
        cells(high, has_traded),
        cells(low, has_traded),
        np.where(has_traded, flat, "no_change").tolist(),
        cells(last, has_traded | ever),
        _trade_times(has_traded, ever, as_of, opened, rng),
        cells(100 * change / previous),
        cells(previous),
    )
    answer = _Answer(
        timestamp=f"{generated.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        data=_Data(
            options=[_Option(*row) for row in zip(*columns, strict=True)],
            symbol=underlier.symbol,
            security_type="index" if underlier.is_index else "stock",
            current_price=round(underlier.price, DECIMALS),
            price_change=round(underlier.price - underlier.previous, DECIMALS),
            prev_day_close=round(underlier.previous, DECIMALS),
            close=round(underlier.price, DECIMALS),
            bid=round(underlier.price - 0.01, 2),
            ask=round(underlier.price + 0.01, 2),
            iv30=round(100 * underlier.vol, DECIMALS),
            last_trade_time=f"{as_of.astimezone(NEW_YORK):%Y-%m-%dT%H:%M:%S}",
            seqno=int(generated.timestamp()),
        ),
        symbol=underlier.symbol,
    )
    return msgspec.json.encode(answer)


def _names(expiries: Sequence[Expiry], board: Board) -> list[str]:
    """Name the contracts as the Options Clearing Corporation does."""
    heads = [f"{expiry.root}{expiry.day:%y%m%d}" for expiry in expiries]
    mills = np.rint(1000 * board.strike).astype(int).tolist()
    rows = zip(board.expiry.tolist(), board.is_call.tolist(), mills, strict=True)
    return [f"{heads[at]}{'C' if call else 'P'}{mill:08d}" for at, call, mill in rows]


def _greeks(board: Board, terms: Terms) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Delta, gamma, vega a point, theta a day and rho a point of European contracts; NaN where life has ended."""
    years, forward, discount = (
        column[board.expiry]
        for column in (np.where(terms.years > 0, terms.years, np.nan), terms.forward, terms.discount)
    )
    sign = np.where(board.is_call, 1.0, -1.0)
    stdev = board.vol * np.sqrt(years)
    d1 = np.log(forward / board.strike) / stdev + stdev / 2
    density = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi)
    delta = sign * ndtr(sign * d1)
    gamma = density / (forward * stdev)
    vega = discount * forward * density * np.sqrt(years) / POINT
    theta = -discount * forward * density * board.vol / (2 * np.sqrt(years)) / DAYS
    rho = sign * board.strike * years * discount * ndtr(sign * (d1 - stdev)) / POINT
    return delta, gamma, vega, theta, rho


def _trade_times(
    today: Bools, ever: Bools, as_of: datetime, opened: datetime, rng: np.random.Generator
) -> list[str | None]:
    """Last trades: within the session where there is volume, some day before where anything is open."""
    local, seconds = opened.astimezone(NEW_YORK).replace(tzinfo=None), max((as_of - opened).total_seconds(), 1.0)
    ago = (rng.random(today.size) * seconds).astype("timedelta64[s]")
    back = rng.integers(1, 20, today.size).astype("timedelta64[D]")
    times = np.datetime_as_string(np.datetime64(local, "s") + ago - np.where(today, np.timedelta64(0, "D"), back))
    shown = zip((today | ever).tolist(), times.tolist(), strict=True)
    return [time if traded else None for traded, time in shown]
