"""From files of one shape to sessions: the importer behind every format that is a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np

from monitor.backfill.findings import Findings, Place
from monitor.backfill.gather import Census, gather
from monitor.backfill.protocol import Asked, Kind, Quotes
from monitor.backfill.reading import MissingColumnError, Wanted, find
from monitor.backfill.rows import Days, Rows, day_of
from monitor.backfill.shape import Shape
from monitor.backfill.tables import ENDINGS, Damage, Table, UnreadableError, open_table
from monitor.errors import ConfigError
from pricing.calendar import is_session, previous_session
from pricing.time import session

__all__ = ["TableImporter", "as_of", "files_below", "place"]

CHUNK = 1 << 22  # [byte] hashed at a time
PRICES = "underlying"  # a file whose name begins so holds prices, no options
CHECKED = ("bid", "ask", "vol")  # what a day that repeats another repeats of each contract
MILLS, HIGHEST = 1000, 10**9  # strikes are whole mills of less than eight digits (OCC)
SPREAD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)
"""Odd numbers that spread the bits of what they multiply (splitmix64 of Steele, Lea & Flood 2014, among others)."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that can be read."""

    file: int
    table: Table
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class TableImporter:
    """An importer of tables.

    Attributes
    ----------
    name, source : str
        See `monitor.backfill.protocol.Importer`.
    shape : Shape
    """

    name: str
    source: str
    shape: Shape

    @property
    def kind(self) -> Kind:
        """See `monitor.backfill.protocol.Importer`."""
        return self.shape.kind

    def method(self, usual: str) -> str:
        """See `monitor.backfill.protocol.Importer`."""
        return usual if self.kind is Kind.QUOTES else f"{self.kind}:{usual}"

    def sessions(self, paths: Sequence[Path], asked: Asked, findings: Findings) -> Iterator[Quotes]:
        """Give each session once; see `monitor.backfill.protocol.Importer`."""
        opened = self._open(paths, findings)
        census, torn = Census(), set[int]()
        self._count(opened, asked, census, torn)
        days = {day: day_of(day) for day in sorted(census.counts)}
        meant = self._sessions(days, findings)
        findings.sessions += sum(asked.wants(when) for when in meant.values())
        before: dict[int, date] = {}
        for day, rows, whole in gather(census, lambda: self._read(opened, asked, findings)):
            when = meant.get(day)
            if when is None or not asked.wants(when):
                continue
            if not whole or day in torn:
                findings.days[when] = ("damaged", f"rows of {when} are lost with a damaged part of its file")
                continue
            own, digest = _once(rows, findings)
            if own.size and before.setdefault(digest, when) != when:
                findings.days[when] = ("repeated", f"every row repeats those of {before[digest]}")
                continue
            yield Quotes(when, as_of(when, self.shape.clock, asked), own)

    def _open(self, paths: Sequence[Path], findings: Findings) -> list[_Opened]:
        """Open every file; one that is no such table is refused, and the others go on."""
        opened = []
        for path in files_below(paths, ENDINGS):
            if path.name.lower().startswith(PRICES):
                continue
            file = place(path, findings)
            try:
                table = open_table(path, delimiter=self.shape.delimiter, table=self.shape.table)
                opened.append(_Opened(file, table, find(self.shape, table.names, path)))
            except (UnreadableError, MissingColumnError, OSError) as error:
                findings.unusable[file] = str(error)
        return opened

    def _sessions(self, days: dict[int, date], findings: Findings) -> dict[int, date]:
        """Say which session each day of the files is: none twice."""
        open_days = {when for when in days.values() if is_session(when)}
        meant: dict[int, date] = {}
        taken: set[date] = set()
        for day, when in days.items():
            if when in open_days:
                meant[day] = when
            elif not self.shape.folder_dates:
                findings.days[when] = ("not_a_session", f"the market was closed on {when}")
            elif (before := previous_session(when)) in open_days or before in taken:
                findings.repeats[when] = before
            else:
                meant[day] = before
                taken.add(before)
        return meant

    def _count(self, opened: Sequence[_Opened], asked: Asked, census: Census, torn: set[int]) -> None:
        """Read the days of every row; those beside a place where rows are lost are torn."""
        for one in opened:
            last: int | None = None
            broken = False
            for part in one.table.batches(one.wanted.dated or one.wanted.all):
                if isinstance(part, Damage):
                    broken = broken or part.breaks
                    torn |= {last} if part.breaks and last is not None else set()
                    continue
                days, mine, undated = one.wanted.days(part, asked)
                known = days[mine & ~undated]
                census.add(known)
                if known.size:
                    torn |= {int(known[0])} if broken else set()
                    broken, last = False, int(known[-1])

    def _read(self, opened: Sequence[_Opened], asked: Asked, findings: Findings) -> Iterator[tuple[Rows, Days]]:
        """Read every row, and note whatever is wrong."""
        for one in opened:
            for part in one.table.batches(one.wanted.all):
                if isinstance(part, Damage):
                    if part.breaks:
                        findings.unusable[one.file] = part.why
                    findings.refuse(one.file, part.why, part.numbers)
                    continue
                reading = one.wanted.read(part, asked, one.file)
                findings.rows += int(reading.days.size)
                findings.left.update(reading.left)
                for reason, numbers in reading.refused.items():
                    findings.refuse(one.file, reason, numbers.tolist())
                yield reading.rows, reading.days


def as_of(day: date, clock: time | None, asked: Asked) -> datetime:
    """Return the instant of a session's quotes: at `clock`, or at the end of the option session where that is earlier.

    Half days move both by three hours.
    """
    hours = session(day, asked.underlying.close)
    if clock is None:
        return hours.close
    gone = datetime.combine(day, asked.underlying.close) - datetime.combine(day, clock)
    return hours.close - max(gone, timedelta(0))


def files_below(paths: Sequence[Path], endings: Sequence[str]) -> list[Path]:
    """List files in order; of folders all below them that end so.

    Raises
    ------
    ConfigError
        Where a path does not exist, or no file is found.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
            found += sorted(each for each in inside if each.name.lower().endswith(tuple(endings)))
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{path} does not exist", "give the files or folders to import")
    if not found:
        raise ConfigError(f"no file to import in {', '.join(map(str, paths))}", f"files end in {', '.join(endings)}")
    return list(dict.fromkeys(found))


def place(path: Path, findings: Findings) -> int:
    """Note a file with its digest; return its number."""
    digest, size = sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "check its permissions") from error
    findings.files.append(Place(path, digest.hexdigest(), size))
    return len(findings.files) - 1


def _once(rows: Rows, findings: Findings) -> tuple[Rows, int]:
    """Leave each contract once, as it came first; and digest what a session says, whatever order its rows stand in."""
    contract = (rows["expiry"].astype(np.int64) * 128 + rows["root"]) * 2 + rows["is_call"]
    contract = contract * HIGHEST + np.rint(np.minimum(rows["strike"] * MILLS, HIGHEST - 1)).astype(np.int64)
    ordered = np.sort(contract)
    if (ordered[1:] == ordered[:-1]).any():
        _, first = np.unique(contract, return_index=True)
        again = np.ones(rows.size, bool)
        again[first] = False
        for file in np.unique(rows["file"][again]).tolist():
            findings.refuse(file, "duplicate", rows["number"][again & (rows["file"] == file)].tolist())
        rows, contract = rows[~again], contract[~again]
    mixed = contract.view(np.uint64) * np.uint64(SPREAD[0])
    for name, factor in zip(CHECKED, SPREAD[1:], strict=True):
        mixed = (mixed ^ np.ascontiguousarray(rows[name]).view(np.uint64)) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return rows, int(mixed.sum(dtype=np.uint64))
