"""Yahoo's chains as an options desk's exporter writes them: one JSON object with a list of quotes."""

from __future__ import annotations

import re
from datetime import timedelta

from monitor.errors import NoDataError
from monitor.sources.payload import Claim, Payload, moment
from monitor.sources.rows import beginning, build, number, read_json, read_rows, same_underlying
from pricing.chain import Chain

__all__ = ["describe", "parse"]

DELAY = timedelta(minutes=15)  # measured in yfinance captures, see `monitor.sources.yahoo`
NAME = "symbol"
FIELDS = {"bid": "bid", "ask": "ask", "volume": "volume", "open_interest": "openInterest", "vendor_vol": "iv"}


def describe(body: bytes) -> Claim | None:
    """Say what a body claims to be; see `monitor.sources.protocol.Reader.describe`."""
    if not (body.lstrip()[:1] == b"{" and b'"quotes"' in body and b'"updated"' in body):
        return None
    symbol = re.search(rb'"symbol"\s*:\s*"([^"]*)"', body)
    updated = re.search(rb'"updated"\s*:\s*"([^"]*)"', body)
    return Claim(
        symbol=symbol[1].decode("ascii", "replace") if symbol else "",
        feed_time=moment(updated[1].decode("ascii", "replace")) if updated else None,
    )


def parse(payload: Payload) -> Chain:
    """Read a chain; see `monitor.sources.protocol.Source.parse`."""
    answer = read_json(payload)
    quotes = answer.get("quotes") if isinstance(answer, dict) else None
    if not isinstance(quotes, list):
        what = f"{payload.label} is JSON without quotes: {beginning(payload.body)}"
        raise NoDataError(what, "check that it is the exporter's file")
    try:
        spot = number(answer.get("underlyingPrice"))
    except ValueError:
        spot = number(None)
    return build(
        payload,
        read_rows(quotes, NAME, FIELDS),
        of=same_underlying(payload, [answer.get("symbol")]),
        spot=spot,
        feed_time=moment(answer.get("updated")),
        delay=DELAY,
    )
