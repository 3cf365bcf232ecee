"""A few sessions of a simulated market as plain contracts, to be written in each vendor's own shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from monitor.simulation.listing import Breadth
from monitor.simulation.market import Market
from pricing.chain import Chain, Expiry, Style
from pricing.time import NEW_YORK

MARKET = Market(start=date(2025, 5, 30), spot=210.0, breadth=Breadth.SMALL)
DAYS = (date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4))  # Monday to Wednesday, no holiday near
CONFIG = {"skewwatch": 1, "rates": {"source": "configured", "flat": 0.0375}, "dividends": {"IWM": {"continuous": 0.0}}}


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract on one day, as every vendor would know it."""

    day: date
    expiry: date
    strike: float
    is_call: bool
    bid: float
    ask: float
    volume: float
    open_interest: float
    vol: float
    spot: float

    @property
    def name(self) -> str:
        return f"IWM{self.expiry:%y%m%d}{'C' if self.is_call else 'P'}{round(1000 * self.strike):08d}"


@cache
def contracts(day: date) -> tuple[Contract, ...]:
    """Simulate the close of a session."""
    chain = MARKET.chain_at(datetime.combine(day, time(16, 15), NEW_YORK))
    options = json.loads(chain.body)["data"]["options"]
    rows = zip(
        options, chain.board.expiry.tolist(), chain.board.strike.tolist(), chain.board.is_call.tolist(), strict=True
    )
    return tuple(
        Contract(
            day=day,
            expiry=chain.expiries[at].day,
            strike=strike,
            is_call=is_call,
            bid=row["bid"],
            ask=row["ask"],
            volume=row["volume"],
            open_interest=row["open_interest"],
            vol=row["iv"],
            spot=round(chain.truth.spot, 4),
        )
        for row, at, strike, is_call in rows
    )


def as_of(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK)


def chain(given: Sequence[Contract], clock: time, source: str, *, counted: bool = True, spotted: bool = True) -> Chain:
    """Build what a session's contracts say, by the shortest way: the answer that every format must give."""
    days = sorted({each.expiry for each in given})
    missing = [float("nan")] * len(given)
    return Chain.build(
        symbol="IWM",
        source=source,
        as_of=as_of(given[0].day, clock),
        fetched_at=as_of(given[0].day, clock),
        spot=given[0].spot if spotted else float("nan"),
        style=Style.AMERICAN,
        expiries=[Expiry(day, "IWM") for day in days],
        expiry=[days.index(each.expiry) for each in given],
        is_call=[each.is_call for each in given],
        strike=[each.strike for each in given],
        bid=[each.bid for each in given],
        ask=[each.ask for each in given],
        volume=[each.volume for each in given] if counted else missing,
        open_interest=[each.open_interest for each in given] if counted else missing,
        vendor_vol=[each.vol or float("nan") for each in given],
    )


def by_strike(given: Iterable[Contract]) -> list[tuple[Contract, Contract]]:
    """Pair put and call of each strike."""
    found: dict[tuple[date, date, float], dict[bool, Contract]] = {}
    for each in given:
        found.setdefault((each.day, each.expiry, each.strike), {})[each.is_call] = each
    return [(both[False], both[True]) for both in found.values()]


def write_csv(path: Path, rows: Sequence[dict[str, object]], separator: str = ",") -> None:
    names = list(rows[0])
    texts = ([_text(row.get(name)) for name in names] for row in rows)
    lines = [separator.join(names), *(separator.join(_quoted(text, separator) for text in row) for row in texts)]
    path.write_text("\n".join(lines) + "\n")


def _quoted(text: str, separator: str) -> str:
    return f'"{text}"' if separator in text else text


def _text(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def write_parquet(path: Path, rows: Sequence[dict[str, object]], group: int = 1000) -> None:
    """Write rows; a column of several kinds becomes text, as in files that programs of no types have written."""
    columns = {}
    for name in rows[0]:
        column = [row.get(name) for row in rows]
        kinds = {type(each) for each in column if each is not None}
        columns[name] = column if len(kinds) <= 1 else [None if each is None else str(each) for each in column]
    pq.write_table(pa.table(columns), path, row_group_size=group)


def write_json(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.write_text(json.dumps({"endpoint": "Historical Options", "message": "success", "data": list(rows)}))


def shuffled(rows: Sequence[dict[str, object]], seed: int = 0) -> list[dict[str, object]]:
    order = np.random.default_rng(seed).permutation(len(rows))
    return [rows[at] for at in order.tolist()]
