"""From a batch of a vendor's table to our rows: what is used, what is left out, what is refused and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.backfill import columns
from monitor.backfill.findings import Leave
from monitor.backfill.protocol import Asked, Kind
from monitor.backfill.rows import EPOCH, ROW, SAID, Days, Rows
from monitor.backfill.shape import Shape
from monitor.backfill.tables import Batch, key
from monitor.errors import ConfigError
from monitor.underlyings import underlying
from pricing.arrays import Bools, Codes, Floats, Ints

__all__ = ["MissingColumnError", "Reading", "Wanted", "find"]

NAMED_DAY = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)")
DECIMAL_COMMA = re.compile(r"^\s*-?\d+,\d+\s*$")
UNREADABLE, NO_DAY, NO_EXPIRY, NO_STRIKE, NO_SIDE = (
    "unreadable_number",
    "no_date",
    "no_expiry",
    "no_strike",
    "neither_call_nor_put",
)
COMMA = "decimal_comma"
NOT_SAID, ADJUSTED = -1, -2  # of roots
TAIL = 15  # of a contract's name after its root: yymmdd, C or P, eight digits of strike
PER_CENT = 100


class MissingColumnError(Exception):
    """A table lacks a column without which it says nothing."""


def find(shape: Shape, names: Sequence[str], path: Path) -> Wanted:
    """Find a shape's columns in a table.

    Raises
    ------
    MissingColumnError
        Where one is missing that is needed.
    """
    there = {key(name): name for name in names}
    needed = [shape.expiry, shape.strike, *([shape.side] if None in shape.sides else [])]
    for side in shape.sides.values():
        needed += [given for given in (side.bid, side.ask) if given] or [side.vol]
    day = there.get(key(shape.date)) if shape.date else None
    named = None if day else _named_day(path)
    missing = [name for name in needed if key(name) not in there]
    if not day and named is None:
        missing.append(shape.date or "a day in the file's name")
    if missing:
        raise MissingColumnError(f"has no column {', '.join(missing)}; it has {', '.join(list(names)[:30])}")

    def at(name: str) -> str | None:
        return there.get(key(name)) if name else None

    return Wanted(
        shape=shape,
        day=day,
        named_day=named,
        expiry=there[key(shape.expiry)],
        strike=there[key(shape.strike)],
        side=at(shape.side),
        sides={
            side: {ours: there[key(given)] for ours, given in one.named().items() if key(given) in there}
            for side, one in shape.sides.items()
        },
        symbol=at(shape.symbol),
        contract=at(shape.contract),
        root=at(shape.root),
        spot=tuple(there[key(name)] for name in shape.spot if key(name) in there),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a batch says.

    Attributes
    ----------
    rows : Rows
    days : int32 array, shape (m,)
        Of every row of the symbol, used or not: completeness is counted by them.
    left : dict of str to int
        Rows left out, by reason.
    refused : dict of str to int array
        Numbers of rows refused, by reason.
    """

    rows: Rows
    days: Days
    left: dict[str, int]
    refused: dict[str, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A shape's columns as one table has them."""

    shape: Shape
    day: str | None
    named_day: date | None
    expiry: str
    strike: str
    side: str | None
    sides: Mapping[bool | None, Mapping[str, str]]
    symbol: str | None
    contract: str | None
    root: str | None
    spot: tuple[str, ...]

    @property
    def dated(self) -> tuple[str, ...]:
        """Columns that tell which rows belong to which day."""
        return tuple(name for name in (self.day, self.symbol) if name)

    @property
    def _said(self) -> frozenset[str]:
        """What every row of the table gives a number for."""
        named = frozenset.intersection(*(frozenset(names) for names in self.sides.values()))
        return named | {"strike"} | ({"spot"} if self.spot else frozenset())

    @property
    def all(self) -> tuple[str, ...]:
        """Every column to be read."""
        one = (*self.dated, self.expiry, self.strike, self.side, self.contract, self.root, *self.spot)
        return tuple(
            dict.fromkeys([*(name for name in one if name), *(c for s in self.sides.values() for c in s.values())])
        )

    def days(self, batch: Batch, asked: Asked) -> tuple[Days, Bools, Bools]:
        """Date every row: its day, which rows are of the symbol, and which of those have no day."""
        size = batch.numbers.size
        mine = np.ones(size, bool)
        if self.symbol:
            mine = columns.categories(batch.columns[self.symbol], lambda name: _same(name, asked), False, bool)  # noqa: FBT003
        if self.day is None:
            return np.full(size, _ordinal(self.named_day)), mine, np.zeros(size, bool)
        days, bad = columns.dates(batch.columns[self.day])
        return days, mine, bad & mine

    def read(self, batch: Batch, asked: Asked, file: int) -> Reading:
        """Read a batch; rows that cannot matter are left out before their numbers are looked at."""
        days, mine, undated = self.days(batch, asked)
        expiry, no_expiry = columns.dates(batch.columns[self.expiry])
        dated = mine & ~undated
        life = expiry.astype(np.int64) - days
        near = dated & ~no_expiry & (life <= asked.horizon)
        refused = {NO_DAY: undated, NO_EXPIRY: dated & no_expiry}
        left = {
            Leave.EXPIRED: int(np.count_nonzero(near & (life < 0))),
            Leave.OTHER_SYMBOL: int(np.count_nonzero(~mine)),
            Leave.BEYOND_HORIZON: int(np.count_nonzero(dated & ~no_expiry & (life > asked.horizon))),
        }
        at = np.flatnonzero(near & (life >= 0))
        root = self._root(batch, at, asked)
        left[Leave.ADJUSTED] = int(np.count_nonzero(root == ADJUSTED))
        at, root = at[root != ADJUSTED], root[root != ADJUSTED]
        rows, more = self._rows(batch, at, root, days, expiry, file)
        numbers = {reason: batch.numbers[marked] for reason, marked in refused.items() if marked.any()}
        return Reading(
            rows=rows, days=days[dated], left={why: n for why, n in left.items() if n}, refused=numbers | more
        )

    def _root(self, batch: Batch, at: Ints, asked: Asked) -> Codes:
        """Find each contract's root among the underlying's: -1 where nothing tells, `ADJUSTED` where it is another."""
        roots = {name: place for place, name in enumerate(asked.underlying.roots)}
        if self.root:
            found = columns.texts(batch.columns[self.root], roots)[at]
        elif self.contract is None:
            return np.full(at.size, NOT_SAID, np.int8)
        elif len(roots) > 1:
            found = columns.texts(pc.utf8_slice_codeunits(batch.columns[self.contract].take(at), 0, -TAIL), roots)
        else:  # a digit after the root makes the name longer: that is quicker to see than the digit
            (root,) = roots
            longer = np.asarray(pc.binary_length(batch.columns[self.contract]).fill_null(0))[at] == len(root) + 1 + TAIL
            return np.where(longer, ADJUSTED, NOT_SAID).astype(np.int8)
        return np.where(found < 0, ADJUSTED, found).astype(np.int8)

    def _rows(
        self, batch: Batch, at: Ints, root: Codes, days: Days, expiry: Days, file: int
    ) -> tuple[Rows, dict[str, Ints]]:
        """Read the numbers of some rows; a row with one that cannot be read is refused."""
        rows = np.empty(at.size, ROW)
        rows["day"], rows["expiry"], rows["root"] = days[at], expiry[at], root
        rows["file"], rows["number"] = file, batch.numbers[at]
        for name in set(SAID) - self._said:
            rows[name] = np.nan
        given = _Given(batch, None if at.size == batch.numbers.size else pa.array(at), self.shape.decimal)
        rows["strike"] = given.numbers(self.strike)
        if self.spot:
            rows["spot"] = np.mean([given.numbers(name) for name in self.spot], axis=0)
        parts = list(self._parts(rows, given))
        bad, spoiled = given.bad, given.spoiled(at.size)
        bad[NO_STRIKE] = ~spoiled & ~(rows["strike"] > 0)
        spoiled |= bad[NO_STRIKE]
        if spoiled.any():
            parts = [part[~spoiled] for part in parts]
        found = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self.shape.percent:
            found["vol"] /= PER_CENT
        if self.shape.kind is Kind.MIDS:
            found["ask"] = found["bid"]
        return found, {reason: rows["number"][marked] for reason, marked in bad.items() if marked.any()}

    def _parts(self, rows: Rows, given: _Given) -> Iterator[Rows]:
        """Fill in what belongs to a contract: rows as they are, or a row of puts and a row of calls for each."""
        for side, names in self.sides.items():
            part = rows.copy() if len(self.sides) > 1 else rows
            part["is_call"] = bool(side)
            for ours, name in names.items():
                part[ours] = given.numbers(name)
            if self.side:
                part["is_call"], given.bad[NO_SIDE] = columns.sides(given.column(self.side))
            yield part


@dataclass(slots=True)
class _Given:
    """Some rows of a batch, and what is wrong with them.

    Attributes
    ----------
    at : Array or None
        Which rows; None for all.
    bad : dict of str to bool array
        By reason.
    """

    batch: Batch
    at: pa.Array | None
    decimal: str
    bad: dict[str, Bools] = field(default_factory=dict)

    def column(self, name: str) -> pa.Array:
        """Return the rows of a column."""
        return self.batch.columns[name] if self.at is None else self.batch.columns[name].take(self.at)

    def numbers(self, name: str) -> Floats:
        """Read a column; what cannot be read is noted."""
        given = self.column(name)
        values, unread = columns.numbers(given, self.decimal)
        for reason, marked in _faults(given, unread):
            self.bad[reason] = self.bad.get(reason, np.zeros(marked.size, bool)) | marked
        return values

    def spoiled(self, size: int) -> Bools:
        """Mark rows with anything wrong."""
        marked: Bools = np.logical_or.reduce([np.zeros(size, bool), *self.bad.values()])
        return marked


def _faults(given: pa.Array, unread: Bools) -> Iterator[tuple[str, Bools]]:
    """Say what is wrong with numbers that cannot be read."""
    if not unread.any():
        return
    commas = unread.copy()
    commas[unread] = [bool(DECIMAL_COMMA.match(str(each))) for each in given.filter(pa.array(unread)).to_pylist()]
    yield COMMA, commas
    yield UNREADABLE, unread & ~commas


def _named_day(path: Path) -> date | None:
    """Read a day from a file's name: the last one that it holds."""
    for year, month, day in reversed(NAMED_DAY.findall(path.name)):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def _ordinal(day: date | None) -> np.int32:
    return np.int32((day or date(1970, 1, 1)).toordinal() - EPOCH)


def _same(name: object, asked: Asked) -> bool:
    """Whether a vendor's name of an underlying means the one that is asked for."""
    try:
        return underlying(str(name)).symbol == asked.underlying.symbol
    except ConfigError:
        return False
