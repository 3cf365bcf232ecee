"""From a vendor's rows to a chain: the part that every shape shares."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from monitor.errors import ConfigError, NoDataError
from monitor.sources import occ
from monitor.sources.payload import Payload
from monitor.underlyings import Underlying, underlying
from pricing.arrays import Floats
from pricing.chain import Chain
from pricing.reasons import Flag, Reason
from pricing.time import quote_instant

__all__ = ["COLUMNS", "Rows", "beginning", "build", "number", "read_json", "read_rows", "same_underlying"]

COLUMNS = ("bid", "ask", "volume", "open_interest", "vendor_vol")
REQUIRED = ("bid", "ask")
NO_VOL = 2e-5  # [1/sqrt(year)] where they have none Cboe writes 0 and Yahoo 1e-05


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that could be read, as columns of one length.

    Attributes
    ----------
    names : list of str
        Contracts as the Options Clearing Corporation writes them.
    columns : mapping of str to float array, shape (n,)
        By the names in `COLUMNS`; NaN where the vendor gave no number.
    unreadable : int
        Rows that could not be read.
    """

    names: list[str]
    columns: Mapping[str, Floats]
    unreadable: int = 0


def number(value: object) -> float:
    """Read a number as vendors write it, in quotes or not; NaN for null, an empty text, NaN and infinity.

    Raises
    ------
    ValueError
        Where it is no number.
    """
    if type(value) is float:
        return value if math.isfinite(value) else math.nan
    if value is None or value == "":
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or "_" in str(value):
        raise ValueError(f"{value!r} is no number")
    try:
        read = float(value)
    except OverflowError:
        return math.nan
    return read if math.isfinite(read) else math.nan


def read_rows(rows: Iterable[object], name: str, fields: Mapping[str, str]) -> Rows:
    """Read rows that are mappings one by one, leaving out those that cannot be read.

    Parameters
    ----------
    rows : iterable
    name : str
        Key of the contract's name.
    fields : mapping of str to str
        Key of each of `COLUMNS`. Bid and ask must be there, if only as null; the others may be missing.
    """
    names: list[str] = []
    values: list[list[float]] = []
    unreadable = 0
    for row in rows:
        try:
            called, numbers = _row(row, name, fields)
        except (ValueError, KeyError):
            unreadable += 1
        else:
            names.append(called)
            values.append(numbers)
    table = np.array(values, float).reshape(len(values), len(fields)).T
    return Rows(names, dict(zip(fields, table, strict=True)), unreadable)


def _row(row: object, name: str, fields: Mapping[str, str]) -> tuple[str, list[float]]:
    if not isinstance(row, Mapping) or not isinstance(row[name], str):
        raise ValueError(f"{row!r} is no row of a contract")  # noqa: TRY004 - a fault of the payload, not of the code
    return row[name], [number(row[key] if column in REQUIRED else row.get(key)) for column, key in fields.items()]


def beginning(body: bytes) -> str:
    """Show how a body begins, in quotes, in one line of ASCII."""
    return ascii(body[:48].decode("utf-8", "replace"))


def read_json(payload: Payload) -> Any:  # noqa: ANN401 - JSON of unknown shape
    """Decode a body leniently: NaN, any size of number, bytes that are no text.

    Raises
    ------
    NoDataError
        Where it is not JSON, saying how it begins or where it breaks off.
    """
    hint = "fetch it again; if that does not help, the vendor has a fault"
    body = payload.body.lstrip()
    if not body:
        raise NoDataError(f"{payload.label} is empty", hint)
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), parse_int=float)
    except json.JSONDecodeError as error:
        if body[:1] not in b"{[":
            raise NoDataError(f"{payload.label} is not JSON: it begins with {beginning(body)}", hint) from error
        size = len(error.doc)
        at_end = error.msg.startswith("Unterminated") or error.pos >= size - len("-Infinity")
        how = f"breaks off after {size} characters" if at_end else f"is broken at character {error.pos} of {size}"
        raise NoDataError(f"{payload.label} {how}: {error.msg}", hint) from error
    except RecursionError as error:
        raise NoDataError(f"{payload.label} is JSON nested too deeply to be a chain", hint) from error


def same_underlying(payload: Payload, claims: Iterable[object]) -> Underlying:
    """Check what a payload says that it is against what was asked for.

    Returns
    -------
    Underlying
        With the facts of the vendor's spelling, which may mark an index.

    Raises
    ------
    NoDataError
        Where it is another symbol's.
    """
    asked = told = underlying(payload.symbol)
    for claim in claims:
        if not isinstance(claim, str) or not claim:
            continue
        try:
            told = underlying(claim)
            same = told.root == asked.root
        except ConfigError:
            same = False
        if not same:
            what = f"{payload.label} is one for {claim[:20]!a}"
            raise NoDataError(what, "fetch the right one, or name that symbol")
    return asked if asked.is_index else told


def build(
    payload: Payload,
    rows: Rows,
    *,
    of: Underlying,
    spot: float,
    feed_time: datetime | None,
    delay: timedelta,
) -> Chain:
    """Make the chain: names split, quotes dated, everything left out counted.

    Parameters
    ----------
    payload : Payload
    rows : Rows
    of : Underlying
    spot : float
        The feed's price of the underlying; anything that is no price becomes NaN and a flag. [$]
    feed_time : datetime or None
        When the feed says that it was made.
    delay : timedelta
        How old the quotes are then.

    Raises
    ------
    NoDataError
        Where not one row is a contract of the underlying.
    """
    contracts = occ.read(rows.names, of.roots)
    kept = contracts.reason == Reason.KEPT
    codes, counts = np.unique(contracts.reason[~kept], return_counts=True)
    refused = Counter({Reason(code): int(count) for code, count in zip(codes, counts, strict=True)})
    refused[Reason.UNREADABLE] += rows.unreadable
    if not kept.any():
        told = ", ".join(f"{n} {reason.name.lower()}" for reason, n in sorted(refused.items()) if n)
        what = f"{payload.label} holds no contract of it ({told or 'an empty chain'})"
        raise NoDataError(what, "try again later; an index missing from the table is asked for as ^NAME")
    instant = quote_instant(payload.fetched_at, feed_time, delay=delay, close=of.close)
    flags = set(instant.flags)
    if not (math.isfinite(spot) and spot > 0):
        spot = math.nan
        flags.add(Flag.NO_FEED_SPOT)
    if refused[Reason.UNREADABLE]:
        flags.add(Flag.ROWS_REFUSED)
    if not payload.fetched_at_known:
        flags.add(Flag.FETCHED_AT_FROM_FEED)
    columns = {name: np.where(np.isfinite(column), column, math.nan)[kept] for name, column in rows.columns.items()}
    columns["vendor_vol"][~(columns["vendor_vol"] > NO_VOL)] = math.nan
    return Chain.build(
        symbol=underlying(payload.symbol).symbol,
        source=payload.source,
        as_of=instant.as_of,
        fetched_at=payload.fetched_at,
        spot=spot,
        style=of.style,
        expiries=contracts.expiries,
        expiry=contracts.expiry,
        is_call=contracts.is_call,
        strike=contracts.strike,
        refused={reason: n for reason, n in refused.items() if n},
        flags=flags,
        **columns,
    )
