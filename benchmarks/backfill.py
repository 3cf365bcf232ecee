"""A history of any size, imported and measured: rows, sessions, seconds, memory of all processes, reading alone.

``python -m benchmarks.backfill --rows 13400000`` first writes a simulated copy of options-dataset-hist, with its schema
and of its size (once; a folder named by --folder is used again), then imports it into an empty store. ``--json`` prints
one JSON object as the last line. The copy is a market whose true ratio is known: how far the imported one is from it is
printed too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import msgspec
import numpy as np
import yaml

from monitor.simulation.market import Market, SimulatedChain
from pricing.arrays import Floats

__all__ = ["main", "market", "write"]

START, FIRST, LAST = date(2007, 12, 31), date(2008, 1, 2), date(2025, 12, 15)  # as the data set has it
SPOT = 75.0  # [$] of IWM then
FULL_ROWS, FULL_SESSIONS = 13_400_000, 4_509
HEADLINE = "skew_ratio_30d_90_110"
ROW_GROUP = 1_000_000
EVERY = 0.05  # between looks at the memory [s]


def market() -> Market:
    """Return the market that the copy is of."""
    return Market(start=START, spot=SPOT)


def closes(rows: int) -> list[datetime]:
    """List the ends of so many sessions that they have about so many rows; a few are missing, as in the data set."""
    every = list(market().closes(FIRST, LAST))
    lost = set(np.random.default_rng(0).choice(len(every), len(every) - FULL_SESSIONS, replace=False).tolist())
    there = [close for at, close in enumerate(every) if at not in lost]
    return there[: max(1, round(rows / FULL_ROWS * FULL_SESSIONS))]


def columns(instants: Sequence[datetime]) -> tuple[dict[str, Any], list[tuple[float, float]]]:
    """Simulate some sessions: columns of the data set's schema, and of each session the true spot and ratio."""
    import pyarrow as pa  # noqa: PLC0415 - of the processes that write

    parts: dict[str, list[Any]] = {}
    truths = []
    simulated = market()
    for instant in instants:
        chain = simulated.chain_at(instant)
        truths.append((chain.truth.spot, chain.truth.ratio() if chain.truth.pair() else float("nan")))
        for name, column in _session(chain).items():
            parts.setdefault(name, []).append(column)
    return {name: pa.chunked_array(each) for name, each in parts.items()}, truths


def _session(chain: SimulatedChain) -> dict[str, Any]:
    """Write one chain as columns."""
    import pyarrow as pa  # noqa: PLC0415

    options = msgspec.json.decode(chain.body)["data"]["options"]
    board, size = chain.board, len(options)
    days = np.array([expiry.day.isoformat() for expiry in chain.expiries])

    def of(key: str) -> Floats:
        return np.array([row[key] for row in options], float)

    sides = np.where(board.is_call, "call", "put")
    bid, ask = chain.quotes.bid, chain.quotes.ask
    spot = chain.truth.spot
    inside = np.where(board.is_call, board.strike < spot, board.strike > spot)
    return {
        "contract_id": pa.array([row["option"] for row in options]),
        "symbol": pa.array([chain.symbol] * size),
        "expiration": pa.array(days[board.expiry]),
        "strike": pa.array(board.strike),
        "type": pa.array(sides),
        "last": pa.array(of("last_trade_price")),
        "mark": pa.array(np.round((bid + ask) / 2, 2)),
        "bid": pa.array(bid),
        "bid_size": pa.array(chain.quotes.bid_size.astype(np.int64)),
        "ask": pa.array(ask),
        "ask_size": pa.array(chain.quotes.ask_size.astype(np.int64)),
        "volume": pa.array(of("volume").astype(np.int64)),
        "open_interest": pa.array(of("open_interest").astype(np.int64)),
        "date": pa.array([f"{chain.as_of:%Y-%m-%d}"] * size),
        "implied_volatility": pa.array(np.round(of("iv"), 5)),
        **{name: pa.array(of(name)) for name in ("delta", "gamma", "theta", "vega", "rho")},
        "in_the_money": pa.array(inside.astype(np.int64)),
    }


def write(folder: Path, rows: int) -> dict[str, Any]:
    """Write the copy, a file a year, with the prices beside it and what is true of it; nothing where it is there."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    note = folder / "copy.json"
    if note.exists():
        there: dict[str, Any] = json.loads(note.read_text())
        return there
    folder.mkdir(parents=True, exist_ok=True)
    instants, total, truths = closes(rows), 0, list[tuple[float, float]]()
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for year, group in groupby(instants, key=lambda instant: instant.year):
            part, tables = folder / f".options_{year}.parquet", []
            for found, true in pool.map(columns, _chunks(list(group), 21)):
                tables.append(pa.table(found))
                truths += true
            whole = pa.concat_tables(tables)
            pq.write_table(whole, part, row_group_size=ROW_GROUP)
            part.rename(folder / f"options_{year}.parquet")
            total += whole.num_rows
    days = [f"{instant:%Y-%m-%d}" for instant in instants]
    _prices(folder / "underlying_prices.parquet", instants, days, [spot for spot, _ in truths])
    ratios = {day: ratio for day, (_, ratio) in zip(days, truths, strict=True) if ratio == ratio}  # noqa: PLR0124 - NaN
    content = {"rows": total, "sessions": len(instants), "ratio": ratios}
    note.write_text(json.dumps(content))
    return content


def _prices(path: Path, instants: Sequence[datetime], days: Sequence[str], spots: Sequence[float]) -> None:
    """Write closes and dividends, as they stand beside the data set."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    known = market().dividends(instants[-1].date()).known
    paid = {each.ex_date.isoformat(): each.amount for each in known}
    close = np.round(spots, 2)
    table = {
        "symbol": ["IWM"] * len(days),
        "date": days,
        **dict.fromkeys(("open", "high", "low", "close", "adjusted_close"), close),
        "volume": np.zeros(len(days), np.int64),
        "dividend_amount": [paid.get(day, 0.0) for day in days],
        "split_coefficient": np.ones(len(days)),
    }
    pq.write_table(pa.table(table), path)


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


READ_ONLY = """
import sys, time
from pathlib import Path
begun = time.perf_counter()
from monitor.backfill import importer
from monitor.backfill.findings import Findings
from monitor.backfill.protocol import Asked
from monitor.config.backfill import Backfill
from monitor.underlyings import underlying
asked = Asked(underlying("IWM"), 62)
sessions = rows = 0
for each in importer("options-dataset-hist", Backfill()).sessions([Path(sys.argv[1])], asked, Findings()):
    sessions += 1
    rows += each.rows.size
print(time.perf_counter() - begun, sessions, rows)
"""
"""Reads, checks, groups and orders every session, and throws it away: what an import does without computing."""


def run(arguments: Sequence[str]) -> tuple[float, float, float, str]:
    """Run a process with its children: seconds, of all cores too, most megabytes of all together, what it printed."""
    begun, before = time.perf_counter(), _cpu()
    process = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    most, ended = [0.0], Event()

    def watch() -> None:
        while not ended.wait(EVERY):
            most[0] = max(most[0], sum(_megabytes(each) for each in _family(process.pid)))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - begun
    ended.set()
    watcher.join()
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(arguments)} failed: {errors}")
    return seconds, _cpu() - before, most[0], output


def _cpu() -> float:
    """Seconds of all cores that ended children and theirs have worked: what a busy machine does not change much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(parent: int) -> list[int]:
    """List a process and all below it."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return [parent]
    return [parent, *(each for child in children for each in _family(int(child)))]


def _megabytes(process: int) -> float:
    """Resident memory, shared pages counted in every process that has them."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=FULL_ROWS)
    parser.add_argument("--folder", type=Path, help="Where the copy is kept; by default it is thrown away.")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        copy = (options.folder or place) / f"copy-{options.rows}"
        begun = time.perf_counter()
        content = write(copy, options.rows)
        writing = time.perf_counter() - begun
        config = place / "config.yaml"
        curve = [{"years": y, "rate": r} for y, r in zip(market().curve.years, market().curve.rates, strict=True)]
        settings = {"skewwatch": 1, "rates": {"source": "configured", "curve": curve}, "dividends": {"IWM": {}}}
        config.write_text(yaml.safe_dump(settings, sort_keys=False))
        command = ["-m", "monitor", "backfill", "IWM", str(copy), "--from", "options-dataset-hist", "--json"]
        command += ["--config", str(config), "--data-dir", str(place / "data")]
        seconds, cpu, peak, output = run([*command, *(["--jobs", str(options.jobs)] if options.jobs else [])])
        report = json.loads(output)
        read_only = median(float(run(["-c", READ_ONLY, str(copy)])[3].split()[0]) for _ in range(3))
        figures = {
            "rows": content["rows"],
            "sessions": report["sessions"]["found"],
            "points": report["points"]["made"],
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_mb": peak,
            "read_only_seconds": read_only,
            "read_share": read_only / seconds,
            "written_in_seconds": writing,
            "store_mb": (place / "data" / "skewwatch.db").stat().st_size / 1e6,
            **_truth(place / "data" / "skewwatch.db", content["ratio"]),
        }
    for name, value in figures.items():
        print(f"{name:>20}  {value:,.4g}" if isinstance(value, float) else f"{name:>20}  {value:,}")
    if options.json:
        print(json.dumps(figures))


def _truth(file: Path, ratios: dict[str, float]) -> dict[str, float]:
    """Hold the imported ratio against the true one."""
    from monitor.store import Store  # noqa: PLC0415 - not what is measured
    from monitor.store.read import series  # noqa: PLC0415

    with Store.open(file, read_only=True) as store, store.reading() as connection:
        found = series(connection, "IWM", HEADLINE)
    pairs = zip(found.session.astype(str).tolist(), found.value.tolist(), strict=True)
    off = np.array([value / ratios[day] - 1 for day, value in pairs if day in ratios and value == value])  # noqa: PLR0124
    if not off.size:
        return {}
    return {"with_ratio": int(off.size), "ratio_bias": float(off.mean()), "ratio_rms": float((off**2).mean() ** 0.5)}


if __name__ == "__main__":
    main()
