"""How right the numbers are: recorded chains against themselves and their vendor, simulated chains against truth.

``python -m benchmarks.accuracy`` prints the figures, ``--write`` puts them into docs/accuracy.md, ``--json`` prints
one JSON object as its last line. The recorded chains are found through SKEWWATCH_REALDATA.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chains import RATES, dividends, recorded
from benchmarks.leave_one_out import cases, ladders, table
from monitor.simulation.market import Market
from monitor.simulation.quotes import Noise
from monitor.simulation.states import Dynamics
from monitor.sources import cboe
from monitor.sources.payload import Payload
from pricing import take
from pricing.chain import Chain
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Flag, Level
from pricing.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
SETTINGS = Settings()
AROUND_TENOR = (20.0, 46.0)  # days: the expiries that make thirty-day measures
NICKEL = 0.05  # $: under it a bid's own tick is a tenth of the price or more
LEVELS = (0.12, 0.14, 0.16, 0.18, 0.20, 0.25, 0.30, 0.40, 0.60)


# --- recorded chains ------------------------------------------------------------------------------------------------


def against_vendor(chain: Chain) -> float:
    """Median distance to the vendor's own volatility, out of the money with a bid of five cents or more."""
    apart = []
    for ladder in ladders(chain)[0]:
        rows = ladder.rows
        shared = ladder.kept & (chain.bid[rows] >= NICKEL) & (chain.vendor_vol[rows] > 0)
        apart.append(np.abs(ladder.mid - chain.vendor_vol[rows])[shared])
    return float(np.median(np.concatenate(apart)))


def on_recorded(chains: list[Chain]) -> dict[str, object]:
    """Measure every recorded chain."""
    snapshots = [take(chain, RATES, dividends(), SETTINGS) for chain in chains]
    headlines = [snapshot.measures[snapshot.headline] for snapshot in snapshots]
    valued = [one for one in headlines if one.value is not None and one.low is not None and one.high is not None]
    width = np.array([(one.high - one.low) / 2 / one.value for one in valued])  # type: ignore[operator]
    vendor = np.array([against_vendor(chain) for chain in chains])
    used = [expiry for snapshot in snapshots for expiry in snapshot.expiries if expiry.used]
    left_out = cases(chain for chain in chains if Flag.MARKET_CLOSED not in chain.flags)
    return {
        "chains": len(chains),
        "with_ratio": sum(one.value is not None for one in headlines),
        "in_envelope": sum(one.low <= one.value <= one.high for one in valued),  # type: ignore[operator]
        "edge": sum(one.status is Level.EDGE for one in headlines),
        "half_width": {name: float(np.quantile(width, q)) for name, q in (("median", 0.5), ("worst", 1.0))},
        "vendor_vol": {"median": float(np.median(vendor)), "worst_chain": float(vendor.max())},
        "forward": {
            "se_median": float(np.median([e.forward_se for e in used if e.forward_se is not None])),
            "residual_bp_median": float(np.median([e.residual_bp for e in used if e.residual_bp is not None])),
            "residual_bp_quartiles": np.quantile(
                [e.residual_bp for e in used if e.residual_bp is not None], [0.25, 0.75]
            ).tolist(),
        },
        "leave_one_out": {
            f"{low:g} to {high:g} days": table(left_out, (low, high))
            for low, high in (AROUND_TENOR, (SETTINGS.min_days, SETTINGS.max_days))
        },
    }


# --- simulated chains -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """One simulated chain, measured: NaN where it has no value."""

    error: float  # of the ratio, relative
    half_width: float  # relative
    covered: bool
    bounded: bool
    bound_over_truth: bool


def simulate(level: float, *, dividend: bool, noise: Noise, seed: int) -> Case:
    """Measure one simulated chain, in the middle of a session, and hold it against its truth."""
    session = datetime.fromisoformat("2025-05-06T17:00:00+00:00")
    instant = session + timedelta(days=7 * (seed % 4), hours=(seed % 5) * 0.5)
    paid = Dividend((instant + timedelta(days=5 + 5 * (seed % 6))).date(), 0.7)
    schedule = Schedule((paid,)) if dividend else Schedule(continuous=0.0)
    market = Market(
        seed=seed, dynamics=Dynamics(level=level, vol_of_vol=0.25), noise=noise, schedule=schedule, curve=RATES
    )
    drawn = market.chain_at(instant)
    chain = cboe.parse(Payload(body=drawn.body, source="cboe", symbol="IWM", fetched_at=drawn.generated))
    snapshot = take(chain, RATES, schedule, SETTINGS)
    one = snapshot.measures[snapshot.headline]
    pair = tuple(expiry.expiry for expiry in snapshot.expiries if expiry.used)
    truth = drawn.truth.ratio(pair or None)
    bounded = one.status is Level.BOUNDED
    if one.value is None or one.low is None or one.high is None:
        over = bounded and one.low is not None and one.low > truth
        return Case(np.nan, np.nan, covered=False, bounded=bounded, bound_over_truth=over)
    return Case(
        one.value / truth - 1,
        (one.high - one.low) / 2 / one.value,
        covered=one.low <= truth <= one.high,
        bounded=False,
        bound_over_truth=False,
    )


def summary(cases: list[Case]) -> dict[str, object]:
    """Add up the cases of one kind; None where none has a value."""
    error = np.array([case.error for case in cases if np.isfinite(case.error)])
    width = np.array([case.half_width for case in cases if np.isfinite(case.error)])
    some = error.size > 0
    return {
        "with_value": error.size / len(cases),
        "bias": float(error.mean()) if some else None,
        "rms": float(np.sqrt(np.mean(error**2))) if some else None,
        "half_width": float(np.median(width)) if some else None,
        "coverage": sum(case.covered for case in cases) / error.size if some else None,
        "bounded": sum(case.bounded for case in cases),
        "bounds_over_truth": sum(case.bound_over_truth for case in cases),
    }


def on_simulated(chains: int, workers: int) -> list[dict[str, object]]:
    """Measure simulated chains of every level of volatility, with and without a dividend inside the month."""
    rough = Noise(lean=0.25, stale=0.05)
    plans = [(level, dividend, Noise(), "usual") for level in LEVELS for dividend in (False, True)]
    plans += [(level, False, rough, "asymmetric, 5 % stale") for level in (0.16, 0.20, 0.30)]
    rows = []
    with ProcessPoolExecutor(workers) as pool:
        for level, dividend, noise, quotes in plans:
            task = partial(_simulate_seed, level, dividend, noise)
            cases = list(pool.map(task, range(1, chains + 1), chunksize=8))
            rows.append({"atm": level, "dividend": dividend, "quotes": quotes, "chains": chains} | summary(cases))
    return rows


def _simulate_seed(level: float, dividend: bool, noise: Noise, seed: int) -> Case:  # noqa: FBT001 - mapped over seeds
    return simulate(level, dividend=dividend, noise=noise, seed=seed)


# --- the page -------------------------------------------------------------------------------------------------------


def render(figures: dict[str, Any]) -> Iterator[str]:
    """Write the figures as the tables of the page."""
    if found := figures["recorded"]:
        width, vendor, forward = found["half_width"], found["vendor_vol"], found["forward"]
        low, high = forward["residual_bp_quartiles"]
        yield "## Recorded chains\n"
        yield f"{found['chains']} IWM chains of June and July 2026, from Cboe's delayed feed.\n"
        yield "| figure | |"
        yield "|---|---|"
        yield f"| chains with a ratio | {found['with_ratio']}, {found['edge']} of them by the edge rule |"
        yield f"| ratio inside its own envelope | {found['in_envelope']} |"
        yield f"| half-width of the envelope | {width['median']:.2%} of the ratio; worst {width['worst']:.2%} |"
        yield f"| distance to the vendor's vol | {vendor['median']:.5f}; worst chain {vendor['worst_chain']:.5f} |"
        yield f"| standard error of a used forward | ${forward['se_median']:.4f} at the median |"
        yield (
            f"| implied financing over the rate | {forward['residual_bp_median']:.0f} bp a year at the median, "
            f"quartiles {low:.0f} and {high:.0f} |\n"
        )
        for title, rows in found["leave_one_out"].items():
            yield f"### Leave one strike out, in session, {title}\n"
            yield "| at | method | n | RMS, vol points | median, half-spreads | within one | bias, vol points |"
            yield "|---|---|---|---|---|---|---|"
            for row in rows:
                yield (
                    f"| {row['target']} % | {row['method']} | {row['n']} | {row['rms']:.3f} "
                    f"| {row['median_half_spreads']:.2f} | {row['within_one']:.0%} | {row['bias']:+.3f} |"
                )
            yield ""
    yield "## Simulated chains of known truth\n"
    yield "| ATM | dividend inside | quotes | valued | bias | RMS | half-width | covered | bounded | bound over truth |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in figures["simulated"]:
        numbers = (
            "- | - | - | -"
            if row["bias"] is None
            else f"{row['bias']:+.2%} | {row['rms']:.2%} | {row['half_width']:.2%} | {row['coverage']:.1%}"
        )
        yield (
            f"| {row['atm']:.0%} | {'yes' if row['dividend'] else 'no'} | {row['quotes']} | {row['with_value']:.0%} "
            f"| {numbers} | {row['bounded']} | {row['bounds_over_truth']} |"
        )


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/accuracy.md")
    parser.add_argument("--chains", type=int, default=100, help="simulated chains of each kind")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chains = recorded()
    figures: dict[str, Any] = {
        "recorded": on_recorded(chains) if chains else None,
        "simulated": on_simulated(options.chains, options.workers),
    }
    page = "\n".join(render(figures))
    print(page)
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{rest.partition(END)[2]}")
    if options.json:
        print(json.dumps({**(figures["recorded"] or {}), "simulated": figures["simulated"]}))


if __name__ == "__main__":
    main()
