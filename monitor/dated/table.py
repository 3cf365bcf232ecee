"""Delimited text with a column of days, read line by line: what cannot be used has its line number and its reason."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from monitor.errors import ConfigError, NoDataError

__all__ = ["DAYS", "File", "Line", "Read", "Refused", "RowError", "day_of", "gather", "number_of", "open_file"]

DAYS = ("date", "day", "observation_date", "ex_date", "quote_date", "trade_date", "period")
"""Names of a column of days; the first line that has one of them is the header, whatever disclaimers stand above."""
DELIMITERS = ",;\t|"
PREAMBLE = 20  # lines before the header at most
NOTHING = {"", ".", "-", "nan", "null", "none", "na", "n/a", "#n/a"}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
MONTHS = 12
SHORT = 40  # characters of a text that is quoted
Row = TypeVar("Row")


class RowError(ValueError):
    """Why a row cannot be used; said with its line."""


@dataclass(frozen=True, slots=True, order=True)
class Refused:
    """A line of a file that is not used, and why. Lines are counted from 1."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its line in the file and its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class File:
    """A table as it stands in a file.

    Attributes
    ----------
    path : Path
    sha256 : str
    bytes : int
    names : tuple of str
        Columns, in lower case.
    lines : tuple of Line
    refused : tuple of Refused
        Rows with more or fewer cells than there are columns.
    """

    path: Path
    sha256: str
    bytes: int
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    refused: tuple[Refused, ...]

    def column(self, names: Sequence[str], what: str, option: str | None = None) -> str:
        """Return the first of several columns that is there.

        Raises
        ------
        NoDataError
            Where none is; the columns that are there are named.
        """
        found = self.find(names)
        if found is None:
            hint = f"the columns are {', '.join(self.names)}" + (f"; name one with {option}" if option else "")
            raise NoDataError(f"{self.path} has no column of {what}", hint)
        return found

    def find(self, names: Sequence[str]) -> str | None:
        """Return the first of several columns that is there, if any is."""
        return next((name.lower() for name in names if name.lower() in self.names), None)


@dataclass(slots=True)
class Read(Generic[Row]):
    """What a file holds.

    Attributes
    ----------
    rows : list
        By day.
    refused : list of Refused
        By line.
    left_out : Counter of str
        Rows that are no fault of the file and of no use, by reason.
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def open_file(path: Path, days: str | None = None) -> File:
    """Read a file of delimited text: commas, semicolons, tabs or bars, in UTF-8.

    Parameters
    ----------
    path : Path
    days : str, optional
        Column of the days; by default one of the usual names.

    Raises
    ------
    ConfigError
        Where there is no such file.
    NoDataError
        Where it is no such table, or writes days so that they can be misread.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {(error.strerror or '').lower()}", "name a file") from error
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise NoDataError(f"{path}:{line} is not UTF-8", "save the file as UTF-8 text") from error
    known = DAYS if days is None else (days.lower(),)
    names, lines, refused = _parse(path, text, known)
    _check_days(path, lines, [name for name in names if name in known])
    return File(path, sha256(body).hexdigest(), len(body), names, tuple(lines), tuple(refused))


def gather(
    file: File,
    when: str,
    read: Callable[[Line, date], tuple[object, Row] | str],
) -> Read[Row]:
    """Read every row of a file, by its key; a key that comes twice with different content is refused altogether.

    Parameters
    ----------
    file : File
    when : str
        The column of days.
    read : callable
        Makes of a row its key and its content, or the reason for leaving it out; raises RowError to refuse it.
    """
    found: Read[Row] = Read(refused=list(file.refused))
    rows: dict[object, tuple[int, Row]] = {}
    clashes: set[object] = set()
    for line in file.lines:
        try:
            answer = read(line, day_of(line.cells[when]))
        except RowError as error:
            found.refused.append(Refused(line.number, str(error)))
            continue
        if isinstance(answer, str):
            found.left_out[answer] += 1
            continue
        key, row = answer
        first = rows.setdefault(key, (line.number, row))
        if first[0] != line.number and first[1] == row:
            found.left_out["repeated"] += 1
        elif first[0] != line.number:
            clashes.add(key)
            found.refused.append(Refused(line.number, f"says otherwise than line {first[0]} of the same day"))
    for key in clashes:
        number, _ = rows.pop(key)
        found.refused.append(Refused(number, "a later line says otherwise of the same day"))
    found.rows = [row for _, row in rows.values()]
    found.refused.sort()
    return found


def day_of(text: str) -> date:
    """Read a day: 2026-01-31, with a time or without, 01/31/2026 as Cboe writes it, 20260131.

    Raises
    ------
    RowError
        Where it is none.
    """
    plain = text.strip()
    try:
        if found := ISO.fullmatch(plain) or DIGITS.fullmatch(plain):
            year, month, day = (int(each) for each in found.groups())
            return date(year, month, day)
        if found := US.fullmatch(plain):
            month, day, year = (int(each) for each in found.groups())
            return date(year, month, day)
    except ValueError:
        pass
    raise RowError(f"{_short(text)} is no day like 2026-01-31")


def number_of(line: Line, name: str) -> float | None:
    """Read a number; None where the cell says that there is none.

    Raises
    ------
    RowError
        Where it is something else: no thousands separator and no decimal comma is guessed at.
    """
    text = line.cells[name].strip()
    if text.lower() in NOTHING:
        return None
    if NUMBER.fullmatch(text) is None:
        hint = ", write a decimal point" if NUMBER.fullmatch(text.replace(",", ".")) else ""
        raise RowError(f"{name} {_short(text)} is no number{hint}")
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise RowError(f"{name} {_short(text)} is no number")
    return value


def _parse(path: Path, text: str, days: Sequence[str]) -> tuple[tuple[str, ...], list[Line], list[Refused]]:
    begin, delimiter, names = _header(path, text, days)
    lines: list[Line] = []
    refused: list[Refused] = []
    try:
        for number, cells in _rows(text, delimiter, begin):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                refused.append(Refused(number, f"{len(cells)} cells where the header has {len(names)}"))
                continue
            lines.append(Line(number, dict(zip(names, cells, strict=True))))
    except csv.Error as error:
        raise NoDataError(f"{path} is no delimited text: {error}", "save it as CSV") from error
    if not lines and not refused:
        raise NoDataError(f"{path} has a header and no rows", "name another file")
    return names, lines, refused


def _header(path: Path, text: str, days: Sequence[str]) -> tuple[int, str, tuple[str, ...]]:
    """Find the header: its line, what separates its columns, and their names."""
    for number, line in enumerate(text.splitlines()[:PREAMBLE], 1):
        delimiter = max(DELIMITERS, key=line.count)
        names = tuple(cell.strip().strip('"').strip().lower() for cell in line.split(delimiter))
        if delimiter in line and any(name in days for name in names):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise NoDataError(f"{path}:{number} has two columns {twice[0]!r}", "give each a name of its own")
            return number, delimiter, names
    raise NoDataError(
        f"{path} has no header with a column of days",
        f"begin it with the columns' names, the day's one of {', '.join(days)}",
    )


def _rows(text: str, delimiter: str, begin: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines()[begin:], delimiter=delimiter)
    for cells in reader:
        yield begin + reader.line_num, cells


def _check_days(path: Path, lines: Sequence[Line], names: Sequence[str]) -> None:
    """Refuse a file that writes the day before the month: half of its days would be read as others."""
    for name in names:
        for line in lines:
            found = US.fullmatch(line.cells[name].strip())
            if found is not None and int(found[1]) > MONTHS:
                raise NoDataError(
                    f"{path}:{line.number} writes {line.cells[name].strip()}, the day before the month",
                    "write days as 2026-01-31",
                )


def _short(text: str) -> str:
    return repr(text if len(text) <= SHORT else f"{text[: SHORT - 3]}...")
