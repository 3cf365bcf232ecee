"""Cboe's delayed quotes: a whole chain in one public JSON file, about fifteen minutes old.

The feed needs no key and is meant for personal use at a low cadence. Its clock is not to be believed on its own:
recorded files are stamped up to nine minutes ahead of the moment of fetching, repeat the last close on holidays,
and after the close the underlying's price moves on while the options' quotes stand still.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import msgspec
import numpy as np

from monitor.errors import NoDataError
from monitor.sources.payload import Claim, Payload, moment
from monitor.sources.rows import Rows, beginning, build, number, read_json, read_rows, same_underlying
from monitor.underlyings import Underlying, underlying
from pricing.chain import Chain

__all__ = ["Cboe", "describe", "parse"]

ADDRESS = "https://cdn.cboe.com/api/global/delayed_quotes/options"
DELAY = timedelta(minutes=15)
DEADLINE = 20.0  # [s] for all attempts together
FIELDS = {"bid": "bid", "ask": "ask", "volume": "volume", "open_interest": "open_interest", "vendor_vol": "iv"}
HTTP_OK = 200
UNKNOWN_SYMBOL = {403, 404}  # the storage behind the feed refuses what it does not have


class _Row(msgspec.Struct, gc=False):
    option: str
    bid: float | None
    ask: float | None
    volume: float | None = None
    open_interest: float | None = None
    iv: float | None = None


class _Data(msgspec.Struct, gc=False):
    options: list[_Row]
    symbol: str | None = None
    current_price: float | None = None


class _Answer(msgspec.Struct, gc=False):
    data: _Data
    timestamp: str | None = None
    symbol: str | None = None


_DECODER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class _Read:
    """An answer whichever way it was decoded."""

    rows: Rows
    spot: float
    timestamp: object
    symbols: tuple[object, object]


def parse(payload: Payload) -> Chain:
    """Read a chain; see `monitor.sources.protocol.Source.parse`.

    A body of the expected types is decoded in one go. In any other, NaN or a bad row among thousands, row by row.
    """
    try:
        read = _typed(_DECODER.decode(payload.body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = _tolerant(payload)
    return build(
        payload,
        read.rows,
        of=same_underlying(payload, read.symbols),
        spot=read.spot,
        feed_time=moment(read.timestamp),
        delay=DELAY,
    )


def _typed(answer: _Answer) -> _Read:
    options = answer.data.options
    columns = {
        "bid": np.array([row.bid for row in options], float),
        "ask": np.array([row.ask for row in options], float),
        "volume": np.array([row.volume for row in options], float),
        "open_interest": np.array([row.open_interest for row in options], float),
        "vendor_vol": np.array([row.iv for row in options], float),
    }
    price = answer.data.current_price
    return _Read(
        Rows([row.option for row in options], columns),
        spot=number(price),
        timestamp=answer.timestamp,
        symbols=(answer.symbol, answer.data.symbol),
    )


def _tolerant(payload: Payload) -> _Read:
    answer = read_json(payload)
    match answer:
        case {"data": {"options": list(options)} as data}:
            pass
        case _:
            what = f"{payload.label} is JSON without data.options: {beginning(payload.body)}"
            raise NoDataError(what, "check that it is a file of the delayed options feed")
    try:
        spot = number(data.get("current_price"))
    except ValueError:
        spot = number(None)
    return _Read(
        read_rows(options, "option", FIELDS),
        spot=spot,
        timestamp=answer.get("timestamp"),
        symbols=(answer.get("symbol"), data.get("symbol")),
    )


def describe(body: bytes) -> Claim | None:
    """Say what a body claims to be; see `monitor.sources.protocol.Reader.describe`."""
    if not (body.lstrip()[:1] == b"{" and b'"data"' in body and b'"options"' in body):
        return None
    named = re.search(rb'"symbol"\s*:\s*"([^"]*)"', body)  # no row has this key
    if named is None:  # a file that breaks off: its first contract tells, and parsing says what is wrong
        named = re.search(rb'"option"\s*:\s*"([A-Z]{1,5})\d?\d{6}[CP]', body)
    timestamp = re.search(rb'"timestamp"\s*:\s*"([^"]*)"', body)
    return Claim(
        symbol=named[1].decode("ascii", "replace") if named else "",
        feed_time=moment(timestamp[1].decode("ascii", "replace")) if timestamp else None,
    )


def _file_names(of: Underlying) -> list[str]:
    """Name the files to try: one, and a share class without its dot too, for vendors differ about it."""
    if of.is_index:
        return [f"_{of.symbol}"]
    return list(dict.fromkeys([of.symbol, of.root]))


class Cboe:
    """The delayed feed.

    Parameters
    ----------
    address : str
        Folder of the feed's files; a file is `SYMBOL.json`, of an index `_SYMBOL.json`.
    deadline : float
        For everything, waits and repeats included. [s]
    now : callable
        Gives the moment of fetching, UTC.
    """

    def __init__(
        self,
        *,
        address: str = ADDRESS,
        deadline: float = DEADLINE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = address.rstrip("/")
        self._deadline = deadline
        self._now = now

    def fetch(self, symbol: str) -> Payload:
        """Ask for the chain of a symbol; see `monitor.sources.protocol.Source.fetch`."""
        from monitor.sources.download import download  # noqa: PLC0415 - the HTTP client costs a tenth of a second

        asked, end = underlying(symbol), monotonic() + self._deadline
        for name in _file_names(asked):
            answer = download(f"{self._address}/{name}.json", deadline=end - monotonic())
            if answer.status not in UNKNOWN_SYMBOL:
                break
        else:
            what = f"cboe: no options on {asked.symbol} (HTTP {answer.status})"
            raise NoDataError(what, "check the symbol; an index missing from the table is asked for as ^NAME")
        if answer.status != HTTP_OK:
            what = f"cboe: asked for {asked.symbol}, the answer is HTTP {answer.status}"
            raise NoDataError(what, "check the source's address, or try again later")
        if answer.body.lstrip()[:1] != b"{":
            kind, begins = answer.content_type[:60] or "of no content type", beginning(answer.body)
            what = f"cboe: the answer for {asked.symbol} is not JSON but {kind!a}: it begins with {begins}"
            raise NoDataError(what, "try again later; a proxy or a login page may be in between")
        return Payload(
            body=answer.body,
            source="cboe",
            symbol=asked.spelling,
            fetched_at=self._now(),
            url=answer.url,
            http_status=answer.status,
        )

    def parse(self, payload: Payload) -> Chain:
        """Read a payload; see `parse`."""
        return parse(payload)
