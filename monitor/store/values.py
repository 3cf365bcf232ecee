"""How values are written in the database: instants and days as text, numbers without NaN, each row under a seal."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias
from zlib import crc32

from msgspec import msgpack

__all__ = ["Value", "json_of", "number", "seal", "stamp"]

Value: TypeAlias = str | int | float | None
PACK = msgpack.Encoder().encode


@lru_cache(maxsize=1024)  # the measures of a snapshot share theirs
def stamp(when: datetime) -> str:
    """Write an instant as UTC with six decimals: 27 characters whose order is the order of time."""
    if when.tzinfo is None:
        raise ValueError(f"an instant needs a time zone, got {when}")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number(value: float | None) -> float | None:
    """Return a number as it is stored: NaN is none, and the sign of a zero, which SQLite does not keep, is lost.

    Raises
    ------
    ValueError
        Where it is infinite: no price, rate or volatility is.
    """
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        raise ValueError("an infinite number cannot be stored")
    return float(value) + 0.0


def json_of(content: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON in one way only: the same content gives the same text. A NaN raises ValueError."""
    return json.dumps(content, allow_nan=False, sort_keys=True, separators=(",", ":"))


def seal(values: Sequence[Value]) -> int:
    """Return a check sum of a row's values, so that a changed byte is noticed when the row is read.

    SQLite checks the shape of its pages, not what is written on them. None at the end does not count: rows sealed
    before a table got another column stay whole.
    """
    size = len(values)
    while size and values[size - 1] is None:
        size -= 1
    return crc32(PACK(values[:size]))
