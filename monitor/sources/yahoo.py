"""Yahoo's chains as yfinance users save them: one CSV row a contract.

Two collectors' layouts are read, told apart by their columns. What Yahoo calls live is the underlying; its option
quotes are 15 minutes old: in each of three captures whose moment is known the newest trade is 14.8 to 14.9 minutes
older than it. The chain itself carries no time.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from datetime import datetime, timedelta

from monitor.errors import NoDataError
from monitor.sources.payload import Claim, Payload, moment
from monitor.sources.rows import build, number, read_rows
from monitor.underlyings import underlying
from pricing.chain import Chain

__all__ = ["DELAY", "describe", "noted_beside", "parse"]

DELAY = timedelta(minutes=15)
NAME = "contractSymbol"
FIELDS = {
    "bid": "bid",
    "ask": "ask",
    "volume": "volume",
    "open_interest": "openInterest",
    "vendor_vol": "impliedVolatility",
}
LIVE_PRICE = "underlyingPrice"  # the other layout's `spot` is the previous close: no price of these quotes


def describe(body: bytes) -> Claim | None:
    """Say what a body claims to be; see `monitor.sources.protocol.Reader.describe`.

    The time is that of the newest trade and the delay: the earliest moment at which the file can have been made.

    Raises
    ------
    NoDataError
        Where it is a table that breaks the rules of CSV.
    """
    header = body[:4096].partition(b"\n")[0]
    if NAME.encode() not in header or b"," not in header:
        return None
    root = re.search(rb"\b([A-Z]{1,5})\d?\d{6}[CP]\d{8}\b", body)
    trades = [trade for row in _rows(body) if (trade := moment(row.get("lastTradeDate")))]
    return Claim(root[1].decode() if root else "", max(trades) + DELAY if trades else None)


def parse(payload: Payload) -> Chain:
    """Read a chain; see `monitor.sources.protocol.Source.parse`."""
    rows = _rows(payload.body)
    if not rows or NAME not in rows[0]:
        what = f"{payload.label} is a table without rows, or without a column {NAME}"
        raise NoDataError(what, "check that it is a chain as yfinance gives it")
    spot = math.nan if payload.spot is None else payload.spot
    if payload.spot is None and LIVE_PRICE in rows[0]:
        try:
            spot = number(rows[0][LIVE_PRICE])
        except ValueError:
            spot = math.nan
    return build(
        payload,
        read_rows(rows, NAME, FIELDS),
        of=underlying(payload.symbol),
        spot=spot,
        feed_time=None if payload.fetched_at_known else payload.fetched_at,
        delay=DELAY,
    )


def noted_beside(notes: bytes, symbol: str) -> tuple[datetime | None, float | None]:
    """Read a collector's notes: the moment of fetching, and the live price that goes with the quotes. [$]"""
    try:
        told = json.loads(notes)
        fetched_at, spot = moment(told["utc"]), number(told["tickers"][underlying(symbol).symbol]["spot_live"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, None
    return fetched_at, spot if spot > 0 else None


def _rows(body: bytes) -> list[dict[str, str]]:
    """Give rows as dictionaries; what a short row lacks reads as no number."""
    table = csv.DictReader(io.StringIO(body.decode("utf-8-sig", "replace"), newline=""), restval="missing")
    try:
        return list(table)
    except csv.Error as error:
        raise NoDataError(
            f"yahoo: line {table.line_num} of the table cannot be read: {error}", "save it again"
        ) from error
