"""From the rows of a session to a chain that `pricing` reads; rows without quotes become the quotes they imply."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import numpy as np

from monitor.backfill.protocol import Kind
from monitor.backfill.rows import Rows, day_of
from monitor.inputs import Inputs
from monitor.underlyings import Underlying
from pricing import black
from pricing.arrays import Floats, Ints
from pricing.calendar import is_session, previous_session, third_friday
from pricing.chain import Chain, Expiry, Style
from pricing.spot import carry_days
from pricing.time import DAYS, trade_date, years_between

__all__ = ["build", "expiry_of"]

NO_VOL = 2e-5  # [1/sqrt(year)] what vendors write where they have none
FIXED, ROOT, SHARE = 0.003, 0.025, 1e-3
"""A thousandth of a usual spread, $ and $ per root of a dollar: weights as quotes would give, and no width.

The ratio from mids differs from that of the quotes by 0.03 % (rms over fifteen recorded chains); with equal spreads by
0.06 %, with spreads in proportion to the price by 0.07 %.
"""
ROUNDING = 5e-5  # [1/sqrt(year)] half a step of a volatility in per cent with two decimals
NOT_SAID = -1


def build(rows: Rows, kind: Kind, of: Underlying, source: str, as_of: datetime, inputs: Inputs, spot: float) -> Chain:
    """Make the chain of a session.

    Parameters
    ----------
    rows : Rows
    kind : Kind
        Of mids and of volatilities the quotes are made up, so narrow that they say nothing: their envelopes are not
        to be believed. A volatility becomes the European price that it means.
    of : Underlying
    source : str
    as_of : datetime
    inputs : Inputs
        Rates and dividends, for that forward.
    spot : float
        The file's own price of the underlying, or NaN. [$]
    """
    expiries, index = _expiries(rows, of)
    strike = np.ascontiguousarray(rows["strike"])
    bid, ask = np.ascontiguousarray(rows["bid"]), np.ascontiguousarray(rows["ask"])
    vol = np.where(rows["vol"] > NO_VOL, rows["vol"], np.nan)
    style = of.style
    if kind is Kind.MIDS:
        half = np.minimum(SHARE * (FIXED + ROOT * np.sqrt(np.maximum(bid, 0.0))), bid) / 2
        bid, ask = bid - half, bid + half
    elif kind is Kind.VOLS:
        style = Style.EUROPEAN
        bid, ask = _prices(expiries, index, rows, vol, as_of, inputs, spot)
    return Chain.build(
        symbol=of.symbol,
        source=source,
        as_of=as_of,
        fetched_at=as_of,
        spot=spot,
        style=style,
        expiries=expiries,
        expiry=index,
        is_call=rows["is_call"],
        strike=strike,
        bid=bid,
        ask=ask,
        volume=rows["volume"],
        open_interest=rows["open_interest"],
        vendor_vol=vol,
    )


def _expiries(rows: Rows, of: Underlying) -> tuple[list[Expiry], Ints]:
    """Name the expiries, and say which each row has."""
    keys, which = np.unique(rows["expiry"].astype(np.int64) * 128 + rows["root"], return_inverse=True)
    named = [
        expiry_of(day_of((int(key) + 1) // 128), (int(key) + 1) % 128 - 1, of.symbol, tuple(of.roots.items()))
        for key in keys
    ]
    places = {expiry: place for place, expiry in enumerate(dict.fromkeys(named))}
    return list(places), np.array([places[expiry] for expiry in named], np.int64)[which]


@lru_cache(maxsize=4096)
def expiry_of(day: date, root: int, symbol: str, roots: tuple[tuple[str, bool], ...]) -> Expiry:
    """Name an expiry.

    Until February 2015 monthly contracts bore the Saturday after their last session; that session is the day. Where a
    vendor does not say which of an index's roots a contract has, the month's third Friday is settled on the open.

    Parameters
    ----------
    day : date
        As the vendor writes it.
    root : int
        Place among the roots; -1 where it is not said.
    symbol : str
        Of the underlying; only for the cache.
    roots : tuple of (str, bool)
        Roots, and whether they settle on the open.
    """
    last = day if is_session(day) else previous_session(day)
    if root != NOT_SAID:
        name, am_settled = roots[root]
    else:
        monthly = last == third_friday(last.year, last.month)
        name, am_settled = next((each for each in roots if each[1] == monthly), roots[0])
    del symbol
    return Expiry(last, name, am_settled)


def _prices(
    expiries: list[Expiry], index: Ints, rows: Rows, vol: Floats, as_of: datetime, inputs: Inputs, spot: float
) -> tuple[Floats, Floats]:
    """European prices of each contract at its own volatility, a rounding less and more.

    The forward is the vendor's: carried from the price that he had. Where that is not of the moment of his quotes, the
    volatilities of calls and puts at one strike differ, and the prices they mean give parity's forward, and with it the
    volatilities that he would have seen. How the vendor carries the price does not matter to first order: a forward too
    high raises every price and the parity alike.
    """
    years = np.array([years_between(as_of, expiry.instant) for expiry in expiries])
    rate = inputs.curve.rate(years)
    days = carry_days(trade_date(as_of), tuple(expiry.day for expiry in expiries))
    last = max(expiry.instant for expiry in expiries)
    worth = np.zeros(years.size)
    for when, amount in zip(*inputs.dividends.years_and_amounts(as_of, last), strict=True):
        worth += np.where(when < years, amount * np.exp(-rate * when), 0.0)
    forward = (spot - worth) * np.exp((rate - (inputs.dividends.continuous or 0.0)) * days / DAYS)
    each, time = forward[index], np.where(years > 0, years, np.nan)[index]
    discount = np.exp(-rate[index] * time)
    low, high = (
        discount * black.price(each, rows["strike"], (vol + change) * np.sqrt(time), rows["is_call"])
        for change in (-ROUNDING, ROUNDING)
    )
    return low, high
