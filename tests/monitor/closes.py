"""Official closes, prices and looks to fill a store with; all numbers invented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from monitor.config.read import load
from monitor.config.search import find
from monitor.history.sessions import sessions_between
from monitor.store import FILE, Import, Origin, Point, Price, Store
from monitor.store.write import record_import, record_points, record_prices
from pricing.reasons import Level

DIGEST = "0" * 64
HEADLINE, COMPANION, ATM = "skew_ratio_30d_90_110", "skew_ratio_30d_95_105", "atm_vol_30d"


def method(symbol: str = "IWM") -> str:
    """How the program's own numbers are made, as it is configured where the test runs."""
    return load(find()).settings(symbol).method


def days_before(day: date, number: int) -> list[date]:
    """So many sessions that end with the last one before a day."""
    found = sessions_between("2015-01-01", np.datetime64(day) - 1)
    return found[-number:].tolist()


def points(
    values: Sequence[float | None],
    days: Iterable[date],
    *,
    measure: str = HEADLINE,
    symbol: str = "IWM",
    source: str = "simulated",
    by: str | None = None,
    half_width: float = 0.01,
    origin: Origin = Origin.BACKFILLED,
) -> list[Point]:
    made = method(symbol) if by is None else by
    return [
        Point(
            symbol=symbol,
            measure=measure,
            session=day,
            source=source,
            method=made,
            value=value,
            low=None if value is None else value * (1 - half_width),
            high=None if value is None else value * (1 + half_width),
            unit="ratio",
            status=Level.MISSING if value is None else Level.OK,
            origin=origin,
            payload_sha256=DIGEST,
        )
        for value, day in zip(values, days, strict=True)
    ]


def prices(symbol: str, closes: Sequence[float], days: Iterable[date]) -> list[Price]:
    return [Price(symbol, day, x, x * 1.01, x * 0.99, x, 1e6, "test") for x, day in zip(closes, days, strict=True)]


def fill(folder: Path, *, found: Iterable[Point] = (), paid: Iterable[Price] = ()) -> Path:
    """Put points and prices into the store of a data folder; return its file."""
    with Store.open(folder / FILE) as store, store.writing() as connection:
        record_import(connection, Import(DIGEST, "IWM", "test", "test.csv", 0))
        record_points(connection, found)
        record_prices(connection, paid)
    return folder / FILE
