"""Rows in any order to whole sessions, in bounded memory: counted first, then streamed, or sorted on the disk."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from monitor.backfill.rows import ROW, Days, Rows, counted, empty

__all__ = ["OPEN_ROWS", "Census", "gather"]

OPEN_ROWS = 1_000_000  # rows of unfinished days held in memory: 80 MB
BUCKET_ROWS = 500_000  # of a part sorted on the disk: twice this is in memory while it is read


@dataclass(slots=True)
class Census:
    """How many rows each day has, and where they lie.

    Attributes
    ----------
    counts : Counter of int
        Rows by day, as days since 1970-01-01.
    first, last : dict of int to int
        Place of the first and the last batch with rows of a day.
    batches : int
    """

    counts: Counter[int] = field(default_factory=Counter)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    batches: int = 0

    def add(self, days: Days) -> None:
        """Count the days of the next batch."""
        for day, count in counted(days):
            self.counts[day] += count
            self.first.setdefault(day, self.batches)
            self.last[day] = self.batches
        self.batches += 1

    @property
    def most_open(self) -> int:
        """Rows of days begun and not ended, where there are most of them."""
        change = np.zeros(self.batches + 1, np.int64)
        for day, count in self.counts.items():
            change[self.first[day]] += count
            change[self.last[day] + 1] -= count
        return int(np.cumsum(change).max(initial=0))


def gather(
    census: Census,
    pieces: Callable[[], Iterator[tuple[Rows, Days]]],
    *,
    folder: Path | None = None,
    open_rows: int = OPEN_ROWS,
) -> Iterator[tuple[int, Rows, bool]]:
    """Put rows together by day.

    Parameters
    ----------
    census : Census
        Of the same pieces.
    pieces : callable
        Begins to read: gives the rows of each batch that are used, and the days of all of them.
    folder : Path, optional
        For what does not fit into memory; by default the system's.
    open_rows : int
        Rows held at a time, where the days lie so that this is possible; else they are sorted on the disk.

    Yields
    ------
    (int, Rows, bool)
        A day, its rows in the order of the files, and whether all of them came. Where the days follow one another in
        the files, in their order; else by day.
    """
    if census.most_open <= open_rows:
        yield from _streamed(census, pieces())
    else:
        with tempfile.TemporaryDirectory(prefix="skewwatch-", dir=folder) as place:
            yield from _sorted(census, pieces(), Path(place))


def _streamed(census: Census, pieces: Iterator[tuple[Rows, Days]]) -> Iterator[tuple[int, Rows, bool]]:
    """Hand each day on when its last row has come."""
    missing = dict(census.counts)
    parts: dict[int, list[Rows]] = {}
    for rows, days in pieces:
        now = dict(_cut(rows))
        for day, count in counted(days):
            missing[day] = missing.get(day, 0) - count
            if missing[day] <= 0:
                del missing[day]
                yield day, _joined([*parts.pop(day, []), *([now.pop(day)] if day in now else [])]), True
        for day, part in now.items():
            parts.setdefault(day, []).append(part.copy())  # a slice would keep its whole batch alive
    for day in sorted(missing):
        yield day, _joined(parts.pop(day, [])), False


def _sorted(census: Census, pieces: Iterator[tuple[Rows, Days]], folder: Path) -> Iterator[tuple[int, Rows, bool]]:
    """Write the rows of consecutive days into one file each, then read file after file."""
    days = np.array(sorted(census.counts), np.int64)
    sizes = np.cumsum([census.counts[int(day)] for day in days])
    bucket = sizes // BUCKET_ROWS
    came: Counter[int] = Counter()
    for rows, dated in pieces:
        came.update(dict(counted(dated)))
        into = bucket[np.searchsorted(days, rows["day"])]
        for number in np.unique(into).tolist():
            with (folder / f"{number}").open("ab") as file:
                rows[into == number].tofile(file)
    for number in np.unique(bucket).tolist():
        path = folder / f"{number}"
        rows = np.fromfile(path, ROW) if path.exists() else empty(0)
        parts = dict(_cut(rows[np.argsort(rows["day"], kind="stable")]))
        for day in days[bucket == number].tolist():
            yield day, parts.get(day, empty(0)), came[day] >= census.counts[day]
        path.unlink(missing_ok=True)


def _cut(rows: Rows) -> Iterator[tuple[int, Rows]]:
    """Split rows by day, each day's in their order."""
    if not rows.size:
        return
    if (np.diff(rows["day"]) < 0).any():
        rows = rows[np.argsort(rows["day"], kind="stable")]
    starts = np.flatnonzero(np.diff(rows["day"], prepend=rows["day"][0] - 1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), rows.size], strict=True):
        yield int(rows["day"][start]), rows[start:end]


def _joined(parts: list[Rows]) -> Rows:
    return parts[0] if len(parts) == 1 else np.concatenate([empty(0), *parts])
