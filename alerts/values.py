"""How values are written in the alerts' tables: instants and days as text, rows under a seal, short names of digests.

The writing is that of the store around them (`monitor.store.values`), so that one check reads both; a test keeps
the two alike. It is written twice because alerts know nothing of the monitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TypeAlias
from zlib import crc32

from msgspec import msgpack

__all__ = ["Value", "digest", "instant", "seal", "stamp"]

Value: TypeAlias = str | int | float | bytes | None
PACK = msgpack.Encoder().encode
SEPARATOR = "\x1f"  # stands in no name


@lru_cache(maxsize=1024)  # the rows of a slot share theirs
def stamp(when: datetime) -> str:
    """Write an instant as UTC with six decimals: 27 characters whose order is the order of time."""
    if when.tzinfo is None:
        raise ValueError(f"an instant needs a time zone, got {when}")
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)


def digest(*parts: str, length: int = 12) -> str:
    """Return the first hexadecimal digits of a digest of some words."""
    return sha256(SEPARATOR.join(parts).encode()).hexdigest()[:length]


def seal(values: Sequence[Value]) -> int:
    """Return a check sum of a row's values; None at the end does not count, so that a table may get a column."""
    size = len(values)
    while size and values[size - 1] is None:
        size -= 1
    return crc32(PACK(values[:size]))
