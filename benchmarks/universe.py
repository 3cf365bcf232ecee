"""Every listed US option, clean to implied vols: what a universe costs, and that the cost grows with its size.

``python -m benchmarks.universe --contracts N`` draws a market of N contracts on as many processes as there are cores,
then inverts it: faults, wide spreads, forwards with the early exercise taken off, volatilities at bid, mid and ask with
dividends. Drawing is not timed. ``--grow`` shows 1, 2 and 4 times N; ``--json`` prints one JSON object as last line.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

import numpy as np

from benchmarks.chains import RATES
from pricing import Settings, black
from pricing.american import Dividends, early_exercise_premium
from pricing.arrays import Floats
from pricing.book import Book, invert
from pricing.reasons import Reason

EXPIRY_DAYS = np.array([4, 11, 18, 25, 32, 39, 67, 95, 130, 221, 402, 585]) + 0.2
STRIKES = 11  # of each expiry
A_CHUNK = 150  # underlyings inverted at once: columns that stay in the cache
EVERYTHING = Settings(min_days=0.5, max_days=800.0)
PAYERS = 0.4  # of the underlyings pay dividends
CENT = 0.01


@dataclass(frozen=True, slots=True)
class Drawn:
    """A part of a market: its book, and the volatility that each contract was priced with."""

    book: Book
    truth: Floats


def draw(underlyings: int, seed: int) -> Drawn:
    """Draw a part of a market: spots from $8 to $600, volatilities from 12 to 90 %, a tilted and bent smile."""
    rng = np.random.default_rng(seed)
    spot = np.exp(rng.uniform(np.log(8), np.log(600), underlyings))
    atm = np.exp(rng.normal(np.log(0.32), 0.4, underlyings)).clip(0.12, 0.9)
    years = np.tile(EXPIRY_DAYS / 365, underlyings)
    rate = RATES.rate(years)
    pays = rng.random(underlyings) < PAYERS
    first = rng.uniform(2, 91, underlyings)
    when = (first[:, None] + 91 * np.arange(8)) / 365
    amounts = np.where(pays, 0.006 * spot, 0.0)[:, None] * np.ones(8)
    when, amounts = (np.repeat(table, EXPIRY_DAYS.size, axis=0) for table in (when, amounts))
    inside = when < years[:, None]
    paid = np.sum(np.where(inside, amounts * np.exp(-rate[:, None] * when), 0.0), axis=1)
    forward = (np.repeat(spot, EXPIRY_DAYS.size) - paid) * np.exp(rate * years)

    sd = np.repeat(atm, EXPIRY_DAYS.size) * np.sqrt(years)
    z = np.linspace(-2.6, 2.2, STRIKES)
    strike = forward[:, None] * np.exp(sd[:, None] * z)
    strike = np.maximum(np.round(strike * 2) / 2, 0.5)  # half-dollar strikes; those that coincide are dropped below
    strike = np.tile(strike[:, None, :], (1, 2, 1))
    is_call = np.zeros_like(strike, bool)
    is_call[:, 1] = True
    expiry = np.broadcast_to(np.arange(years.size)[:, None, None], strike.shape)
    fresh = np.ones(strike.shape, bool)
    fresh[..., 1:] = np.diff(strike, axis=-1) > 0
    expiry, is_call, strike = expiry[fresh], is_call[fresh], strike[fresh]

    standing = np.log(strike / forward[expiry]) / sd[expiry]
    vol = np.repeat(atm, EXPIRY_DAYS.size)[expiry] * (1 - 0.07 * standing + 0.025 * standing**2)
    discount = np.exp(-rate * years)[expiry]
    worth = discount * black.price(forward[expiry], strike, vol * np.sqrt(years[expiry]), is_call)
    worth += early_exercise_premium(
        np.repeat(spot, EXPIRY_DAYS.size)[expiry],
        strike,
        years[expiry],
        vol,
        is_call,
        rate=rate[expiry],
        dividends=Dividends(when[expiry], amounts[expiry], escrowed=True),
    )
    half = np.maximum(CENT, 0.01 * worth) * rng.uniform(0.6, 1.6, worth.size)
    bid = np.floor((worth - half) / CENT + 1e-9) * CENT
    ask = np.maximum(np.ceil((worth + half) / CENT - 1e-9) * CENT, CENT)
    book = Book(
        expiry=expiry,
        is_call=is_call,
        strike=strike,
        bid=np.maximum(bid, 0.0),
        ask=ask,
        years=years,
        rate=rate,
        borrow=np.zeros(years.size),
        dividends=Dividends(when, amounts, escrowed=True),
        american=True,
    )
    return Drawn(book, vol)


def work(part: int, underlyings: int, ready: Barrier, results: SimpleQueue[dict[str, float]]) -> None:
    """Draw a process's part, wait for the others, invert it."""
    sizes = [min(A_CHUNK, underlyings - at) for at in range(0, underlyings, A_CHUNK)]
    parts = [draw(size, seed=1000 * part + at) for at, size in enumerate(sizes)]
    ready.wait()
    begun = time.perf_counter()
    found = [invert(one.book, EVERYTHING) for one in parts]
    ended = time.perf_counter()
    errors, kept, contracts = [], 0, 0
    for one, result in zip(parts, found, strict=True):
        valued = result.reason[result.rows] == Reason.KEPT
        half = (result.vols.ask - result.vols.bid)[valued] / 2
        errors.append((np.abs(result.vols.mid - one.truth[result.rows])[valued], half))
        kept += int(valued.sum())
        contracts += one.book.strike.size
    miss, half = (np.concatenate(side) for side in zip(*errors, strict=True))
    results.put(
        {
            "contracts": contracts,
            "kept": kept,
            "begun": begun,
            "ended": ended,
            "within_spread": float(np.mean(miss <= half)),
            "median_error": float(np.median(miss)),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )


def measure(contracts: int, workers: int) -> dict[str, float]:
    """Invert a universe of about so many contracts."""
    each = round(contracts / (EXPIRY_DAYS.size * STRIKES * 2 * 0.975) / workers)  # half-dollar strikes coincide
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(workers), context.SimpleQueue()
    processes = [context.Process(target=work, args=(at, each, ready, results)) for at in range(workers)]
    for process in processes:
        process.start()
    parts = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return {
        "underlyings": each * workers,
        "contracts": sum(part["contracts"] for part in parts),
        "kept": sum(part["kept"] for part in parts),
        "seconds": max(part["ended"] for part in parts) - min(part["begun"] for part in parts),
        "peak_mb": sum(part["peak_mb"] for part in parts),
        "within_spread": min(part["within_spread"] for part in parts),
        "median_error": max(part["median_error"] for part in parts),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=1_600_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--grow", action="store_true", help="measure 1, 2 and 4 times as many")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = [measure(options.contracts * times, options.workers) for times in ((1, 2, 4) if options.grow else (1,))]
    for run in runs:
        print("  ".join(f"{name} {value:.4g}" for name, value in run.items()))
    if options.json:
        print(json.dumps({**runs[0], "grow": runs}))


if __name__ == "__main__":
    main()
