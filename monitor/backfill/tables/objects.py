"""JSON of any size whose rows are flat objects: an array of them, at any depth, or one a line.

The file is never decoded as a whole: objects that hold no other are found by their braces. A brace within a text would
end one; no vendor's rows have any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from monitor.backfill.columns import arrow
from monitor.backfill.tables import Batch, Damage, Part, UnreadableError
from monitor.backfill.tables.stream import Stream

__all__ = ["ObjectsTable"]

CHUNK = 1 << 20  # [byte]
LONGEST = 1 << 16  # of an object [byte]
FLAT = re.compile(rb"\{[^{}]*\}")
SAMPLE = 200  # objects that tell the names
UNREADABLE = "unreadable"
BLANK = b"\xef\xbb\xbf \t\r\n"  # before the first object of lines that are objects


class ObjectsTable:
    """A file of objects."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found: dict[str, None] = {}
        for objects in self._chunks():
            if isinstance(objects, Damage):
                break
            for each in objects[:SAMPLE]:
                found |= dict.fromkeys(_decoded(each) or ())
            break
        if not found:
            raise UnreadableError("is JSON that holds no rows")
        self.names = tuple(found)

    def batches(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Read some keys as columns; see `monitor.backfill.tables.Table`. A key that a row lacks is null."""
        first = 1
        for objects in self._chunks():
            if isinstance(objects, Damage):
                yield objects
                return
            rows, numbers, bad = [], [], []
            for number, row in enumerate(_all_decoded(objects), first):
                if row is None:
                    bad.append(number)
                else:
                    rows.append(row)
                    numbers.append(number)
            first += len(objects)
            if bad:
                yield Damage(UNREADABLE, tuple(bad), breaks=False)
            columns = {name: arrow([row.get(name) for row in rows]) for name in wanted}
            yield Batch(columns, np.array(numbers, np.int64))

    def _chunks(self) -> Iterator[list[bytes] | Damage]:
        """Cut the text into objects, a list a chunk; and tell where it breaks off."""
        rest, objects, wrapped = b"", 0, False
        with Stream(self._path) as file:
            while chunk := file.read(CHUNK):
                rest += chunk
                found = list(FLAT.finditer(rest))
                if found:
                    wrapped = wrapped or (not objects and bool(rest[: found[0].start()].strip(BLANK)))
                    objects += len(found)
                    yield [each[0] for each in found]
                    rest = rest[found[-1].end() :]
                elif len(rest) > LONGEST + CHUNK:
                    yield Damage(f"holds no rows after object {objects}")
                    return
        if file.broken:
            yield Damage(f"breaks off after object {objects} ({file.broken})")
            return
        if b"{" in rest or (wrapped and b"]" not in rest):
            yield Damage(f"ends in the middle, after object {objects}")


def _all_decoded(objects: list[bytes]) -> list[dict[str, Any] | None]:
    """Decode many at once; one by one where one of them is bad."""
    try:
        rows: list[dict[str, Any] | None] = msgspec.json.decode(b"[" + b",".join(objects) + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [_decoded(each) for each in objects]
    return rows


def _decoded(text: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
