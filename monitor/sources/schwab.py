"""Schwab's option chains: maps of expiries and strikes, real-time or delayed as the answer says.

A missing number is -999 or "NaN", volatilities are in percent, each contract carries the time of its own quote.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.errors import NoDataError
from monitor.sources.payload import Claim, Payload, plausible
from monitor.sources.rows import Rows, beginning, build, number, read_json, read_rows, same_underlying
from pricing.chain import Chain

__all__ = ["describe", "parse"]

NAME = "symbol"
FIELDS = {
    "bid": "bid",
    "ask": "ask",
    "volume": "totalVolume",
    "open_interest": "openInterest",
    "vendor_vol": "volatility",
}
SIDES = ("callExpDateMap", "putExpDateMap")
NO_NUMBER = -999.0
PERCENT = 100.0
DELAY = timedelta(minutes=15)  # where the answer says that it is delayed
ASK = "check the symbol and what was asked for; an index is written $SPX there"
ERRORS_WITHIN = 64  # [byte] a refusal begins with its errors


def describe(body: bytes) -> Claim | None:
    """Say what a body claims to be; see `monitor.sources.protocol.Reader.describe`.

    Raises
    ------
    NoDataError
        Where it is a refusal instead of a chain.
    """
    if body.lstrip()[:1] != b"{":
        return None
    if SIDES[0].encode() not in body and SIDES[1].encode() not in body:
        if b'"errors"' in body[:ERRORS_WITHIN]:
            raise NoDataError(f"schwab's answer is {_refusal(body)}", ASK)
        return None
    symbol = re.search(rb'"symbol"\s*:\s*"([^"]*)"', body)
    return Claim(symbol[1].decode("ascii", "replace") if symbol else "", _last_quote(body))


def parse(payload: Payload) -> Chain:
    """Read a chain; see `monitor.sources.protocol.Source.parse`."""
    answer = read_json(payload)
    if not isinstance(answer, dict) or not any(isinstance(answer.get(side), dict) for side in SIDES):
        refused = isinstance(answer, dict) and "errors" in answer
        what = _refusal(payload.body) if refused else f"JSON without {SIDES[0]}: {beginning(payload.body)}"
        raise NoDataError(f"{payload.label} is {what}", ASK)
    if answer.get("status") == "FAILED":
        raise NoDataError(f"{payload.label} is no chain: its status is FAILED", ASK)
    try:
        spot = number(answer.get("underlyingPrice"))
    except ValueError:
        spot = math.nan
    return build(
        payload,
        _numbers(read_rows(_contracts(answer), NAME, FIELDS)),
        of=same_underlying(payload, [answer.get("symbol")]),
        spot=spot,
        feed_time=_last_quote(payload.body),
        delay=DELAY if answer.get("isDelayed") is True else timedelta(0),
    )


def _contracts(answer: dict[str, object]) -> Iterator[object]:
    """Walk expiries and strikes; a branch that is no map is one row that cannot be read."""
    for side in SIDES:
        expiries = answer.get(side)
        for strikes in expiries.values() if isinstance(expiries, dict) else ():
            for contracts in strikes.values() if isinstance(strikes, dict) else (strikes,):
                yield from contracts if isinstance(contracts, list) else (contracts,)


def _numbers(rows: Rows) -> Rows:
    columns = {name: np.where(column == NO_NUMBER, math.nan, column) for name, column in rows.columns.items()}
    columns["vendor_vol"] = columns["vendor_vol"] / PERCENT
    return Rows(rows.names, columns, rows.unreadable)


def _last_quote(body: bytes) -> datetime | None:
    """Give the time of the newest quote."""
    stamps = {int(stamp) for stamp in re.findall(rb'"quoteTimeInLong"\s*:\s*(\d{12,13})\b', body)}
    times = (datetime.fromtimestamp(stamp / 1000, UTC) for stamp in stamps)
    return max(filter(plausible, times), default=None)


def _refusal(body: bytes) -> str:
    """Repeat the vendor's own words."""
    try:
        error = json.loads(body)["errors"][0]
        return "a refusal: " + ascii(f"{error['status']} {error['title']}: {error['detail']}"[:120])
    except (ValueError, LookupError, TypeError, RecursionError):
        return f"a refusal: {beginning(body)}"
