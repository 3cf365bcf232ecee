"""Delimited text of any vendor, described by a map in the configuration: a chain, or measures already made.

Columns of bid and ask make quoted points, one of mid or vol points without an envelope, `measures` a series of the
vendor's own. See `backfill.csv` in docs/configuration.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

import numpy as np

from monitor.backfill import columns
from monitor.backfill.findings import Findings
from monitor.backfill.protocol import Asked, Importer, Kind, Values
from monitor.backfill.rows import day_of
from monitor.backfill.shape import Shape, Side
from monitor.backfill.table_importer import TableImporter, files_below, place
from monitor.backfill.tables import ENDINGS, Damage, UnreadableError, key, open_table
from monitor.config.backfill import OF_A_CONTRACT, Backfill, CsvMap
from monitor.errors import ConfigError
from pricing.calendar import is_session

__all__ = ["Series", "make", "shape"]

PER_CENT = 100.0
VENDOR = "vendor"  # method of numbers that a vendor has made
VOLS = ("put_vol", "call_vol", "atm_vol", "variance_swap_vol")  # measures that are volatilities


def make(section: Backfill, map_name: str | None) -> Importer:
    """Make the importer of one map.

    Raises
    ------
    ConfigError
        Where it is not configured, or several are and none is named.
    """
    there = {each.name: each for each in section.csv}
    if map_name is None and len(there) == 1:
        map_name = next(iter(there))
    if map_name is None or map_name not in there:
        what = f"no map {map_name!r} is configured" if map_name else "--from csv needs a map of the columns"
        hint = f"name one of {', '.join(there)} with --map" if there else "describe the file under backfill.csv"
        raise ConfigError(what, hint)
    chosen = there[map_name]
    return Series(chosen) if chosen.measures else TableImporter("csv", chosen.name, shape(chosen))


def shape(described: CsvMap) -> Shape:
    """Read a map as the shape of a chain's table."""
    has = described.columns

    def side(prefix: str) -> Side:
        named = {name: has.get(prefix + name, "") for name in OF_A_CONTRACT}
        middle = named.pop("mid")
        quoted = bool(named["bid"] and named["ask"])
        return Side(**(named if quoted else named | {"bid": middle, "ask": ""}))

    sides: dict[bool | None, Side] = {None: side("")} if "side" in has else {False: side("put_"), True: side("call_")}
    any_side = next(iter(sides.values()))
    kind = Kind.QUOTES if any_side.ask else Kind.MIDS if any_side.bid else Kind.VOLS
    return Shape(
        kind=kind,
        date=has.get("date", ""),
        symbol=has.get("symbol", ""),
        contract=has.get("contract", ""),
        root=has.get("root", ""),
        expiry=has["expiry"],
        strike=has["strike"],
        side=has.get("side", ""),
        sides=sides,
        spot=(has["spot"],) if "spot" in has else (),
        percent=described.percent,
        clock=time.fromisoformat(described.time) if described.time else None,
        decimal=described.decimal,
        delimiter=described.delimiter,
    )


@dataclass(frozen=True, slots=True)
class Series:
    """An importer of measures that a vendor has made himself."""

    described: CsvMap

    @property
    def name(self) -> str:
        """See `monitor.backfill.protocol.Importer`."""
        return "csv"

    @property
    def kind(self) -> Kind:
        """See `monitor.backfill.protocol.Importer`."""
        return Kind.VALUES

    @property
    def source(self) -> str:
        """See `monitor.backfill.protocol.Importer`."""
        return self.described.name

    def method(self, usual: str) -> str:  # noqa: ARG002 - the vendor's, whatever ours is
        """See `monitor.backfill.protocol.Importer`."""
        return self.described.method or VENDOR

    def sessions(self, paths: Sequence[Path], asked: Asked, findings: Findings) -> Iterator[Values]:
        """Give each session once; see `monitor.backfill.protocol.Importer`.

        A day a row: the first row of a day stands, a further one is refused.
        """
        seen: dict[date, Values] = {}
        for path in files_below(paths, ENDINGS):
            file = place(path, findings)
            try:
                self._read(path, file, seen, findings)
            except (UnreadableError, OSError) as error:
                findings.unusable[file] = str(error)
        wanted = [values for day, values in sorted(seen.items()) if asked.wants(day)]
        findings.sessions += len(wanted)
        yield from wanted

    def _read(self, path: Path, file: int, seen: dict[date, Values], findings: Findings) -> None:
        table = open_table(path, delimiter=self.described.delimiter)
        there = {key(name): name for name in table.names}
        needed = [self.described.columns["date"], *self.described.measures.values()]
        missing = [name for name in needed if key(name) not in there]
        if missing:
            raise UnreadableError(f"has no column {', '.join(missing)}; it has {', '.join(table.names[:30])}")
        day_column, *value_columns = (there[key(name)] for name in needed)
        for part in table.batches(tuple(dict.fromkeys([day_column, *value_columns]))):
            if isinstance(part, Damage):
                findings.refuse(file, part.why, part.numbers)
                if part.breaks:
                    findings.unusable[file] = part.why
                continue
            days, no_day = columns.dates(part.columns[day_column])
            values, bad = zip(
                *(columns.numbers(part.columns[name], self.described.decimal) for name in value_columns), strict=True
            )
            unread = np.logical_or.reduce(bad) & ~no_day
            findings.refuse(file, "no_date", part.numbers[no_day].tolist())
            findings.refuse(file, "unreadable_number", part.numbers[unread].tolist())
            for at in np.flatnonzero(~no_day & ~unread).tolist():
                findings.rows += 1
                when = day_of(int(days[at]))
                if not is_session(when):
                    findings.days[when] = ("not_a_session", f"the market was closed on {when}")
                elif when in seen:
                    findings.refuse(file, "duplicate_day", [int(part.numbers[at])])
                else:
                    seen[when] = Values(when, file, self._measures([float(each[at]) for each in values]))

    def _measures(self, values: Sequence[float]) -> tuple[tuple[str, float], ...]:
        """Name the values; volatilities become decimals."""
        scale = PER_CENT if self.described.percent else 1.0
        named = zip(self.described.measures, values, strict=True)
        return tuple((name, value / scale if name.startswith(VOLS) else value) for name, value in named)
