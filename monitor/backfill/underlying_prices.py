"""Daily prices and dividends that lie beside a vendor's chains: context, and a check; never what a forward rests on."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from monitor.backfill import columns
from monitor.backfill.findings import Findings
from monitor.backfill.rows import day_of
from monitor.backfill.table_importer import PRICES, files_below, place
from monitor.backfill.tables import ENDINGS, Batch, Damage, UnreadableError, key, open_table
from monitor.errors import ConfigError
from monitor.store.records import Price
from monitor.underlyings import Underlying, underlying
from pricing.dividends import Dividend

__all__ = ["Market", "read"]

TABLE = "underlying_prices"
SOURCE = "backfill"
FIELDS = ("open", "high", "low", "close", "volume")
PAID = ("dividend_amount", "dividend")  # [$ a share], on its ex-date
NAMES = ("symbol", "ticker")


@dataclass(frozen=True, slots=True)
class Market:
    """What a file says about the underlying.

    Attributes
    ----------
    prices : tuple of Price
        Split- but not dividend-adjusted, as the strikes are.
    dividends : tuple of Dividend
    """

    prices: tuple[Price, ...]
    dividends: tuple[Dividend, ...]


def read(paths: Sequence[Path], of: Underlying, findings: Findings) -> Market | None:
    """Read the prices beside the chains: files whose name begins with "underlying", tables of that name.

    Returns
    -------
    Market or None
        None where there are none. A file that cannot be read is told to `findings`.
    """
    found: dict[str, tuple[Price, float]] = {}
    for path in _files(paths):
        named = path.name.lower().startswith(PRICES)
        if not named and not _has_table(path):
            continue
        file = place(path, findings) if named else -1
        try:
            table = open_table(path, table=None if named else TABLE)
            there = {key(name): name for name in table.names}
            wanted = [there[key(name)] for name in ("date", *NAMES, *FIELDS, *PAID) if key(name) in there]
            if not {"date", "close"} <= there.keys():
                findings.unusable[file] = "has no columns date and close"
                continue
            for part in table.batches(wanted):
                if isinstance(part, Damage):
                    findings.refuse(file, part.why, part.numbers)
                else:
                    found |= _days(part, there, of)
        except (UnreadableError, OSError) as error:
            if file >= 0:
                findings.unusable[file] = str(error)
    if not found:
        return None
    ordered = [found[day] for day in sorted(found)]
    paid = tuple(Dividend(price.session, amount) for price, amount in ordered if amount > 0)
    return Market(tuple(price for price, _ in ordered), paid)


def _files(paths: Sequence[Path]) -> list[Path]:
    try:
        return files_below(paths, ENDINGS)
    except ConfigError:  # folders of payloads have none of these
        return []


def _has_table(path: Path) -> bool:
    """Whether a file is a database with such a table."""
    try:
        with path.open("rb") as file:
            if not file.read(16).startswith(b"SQLite format 3"):
                return False
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)) as connection:
            query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            return connection.execute(query, (TABLE,)).fetchone() is not None
    except (OSError, sqlite3.Error):
        return False


def _days(part: Batch, there: dict[str, str], of: Underlying) -> dict[str, tuple[Price, float]]:
    """Read a price and a dividend a day."""
    size = part.numbers.size
    days, bad = columns.dates(part.columns[there["date"]])
    mine = ~bad
    for name in NAMES:
        if key(name) in there:
            mine &= columns.categories(
                part.columns[there[key(name)]], lambda each: _is(each, of), missing=False, kind=bool
            )

    def numbers(names: Sequence[str]) -> list[float]:
        name = next((there[key(each)] for each in names if key(each) in there), None)
        column = pa.nulls(size) if name is None else part.columns[name]
        values: list[float] = columns.numbers(column)[0].tolist()
        return values

    opened, high, low, close, volume = (numbers([name]) for name in FIELDS)
    paid = numbers(PAID)
    found = {}
    for at in np.flatnonzero(mine).tolist():
        day = day_of(int(days[at]))
        price = Price(of.symbol, day, opened[at], high[at], low[at], close[at], volume[at], SOURCE)
        found[day.isoformat()] = price, paid[at]
    return found


def _is(name: object, of: Underlying) -> bool:
    try:
        return underlying(str(name)).symbol == of.symbol
    except ConfigError:
        return False
