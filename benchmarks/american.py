"""American options side by side with QuantLib: microseconds an option, and errors, in three sections.

*Prices* and *vols*: listed options out of the money (a week to two years, 24 expiries, vols around 25 %), all on
one curve and yield as a chain has them, so that they share exercise boundaries; and as many whose rate and yield
are each their own, so that nothing can be shared. Truth is QuantLib's highest precision.
*Cash*: options of up to a year on a stock at 100 with quarterly dividends. Truth is the finite differences of the
tests, extrapolated from two grids.

QuantLib goes through a Python loop, over as many options as a round allows; its options, processes and engines
exist before the clock starts. Times are of the process, best of a few rounds taken in turns.
``python -m benchmarks.american`` prints the tables; ``--json`` one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import QuantLib as ql  # noqa: N813 - its users' name for it
from scipy.optimize import brentq

from pricing import black
from pricing.american import american_implied_vol, american_price, early_exercise_premium
from pricing.cash import Dividends
from tests.pricing import finite_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from pricing.arrays import Bools, Floats

__all__ = ["SECTIONS", "cash", "prices", "vols"]

SPOT = 100.0
ROUNDS = 5
DAYS = np.array(
    [7, 14, 21, 28, 35, 42, 49, 63, 77, 91, 105, 119, 133, 154, 182, 210, 245, 273, 301, 336, 427, 518, 609, 728]
)
CHAIN = 1_200  # options a chain has out of the money
TRUTH = 1_500  # options whose true price is asked for
LOOPED = {"fast": 400, "accurate": 100, "fd": 20, "brent": 100, "implied": 10}  # options a round of QuantLib's
BRENT_WIDTH = 1e-7  # of volatility, to which Brent brackets
CASH_TRUTH = 60
CASH_GRIDS = (50, 100, 200, 400)
POINT = 0.01  # of volatility
TODAY = ql.Date(15, 6, 2026)
DAY_COUNT = ql.Actual365Fixed()


@dataclass(frozen=True, slots=True)
class Options:
    """Options on a spot of 100, arrays of shape (n,)."""

    strike: Floats
    years: Floats
    vol: Floats
    is_call: Bools
    rate: Floats
    dividend_yield: Floats

    def head(self, n: int) -> Options:
        """Return the first `n`."""
        return Options(*(getattr(self, field.name)[:n] for field in fields(self)))

    def price(self) -> Floats:
        """Price by the engine of this project."""
        return american_price(
            SPOT, self.strike, self.years, self.vol, self.is_call, rate=self.rate, dividend_yield=self.dividend_yield
        )

    def premium(self) -> Floats:
        """Early-exercise premium by the engine of this project, as a snapshot asks for it."""
        return early_exercise_premium(
            SPOT, self.strike, self.years, self.vol, self.is_call, rate=self.rate, dividend_yield=self.dividend_yield
        )

    def implied(self, price: Floats) -> Floats:
        """Volatility by the engine of this project."""
        return american_implied_vol(
            price, SPOT, self.strike, self.years, self.is_call, rate=self.rate, dividend_yield=self.dividend_yield
        ).vol


class Priced(TypedDict):
    """One pricer's figures: microseconds an option, dollars on a spot of 100."""

    us: float
    p99_error: float
    max_error: float


class Inverted(TypedDict):
    """One inverter's figures: microseconds an option, vol points."""

    us: float
    p999_points: float
    max_points: float


def listed(n: int, seed: int = 11, *, own_terms: bool = False) -> Options:
    """Out-of-the-money options of one chain, or each with a rate and a yield of its own."""
    rng = np.random.default_rng(seed)
    years = rng.choice(DAYS, n) / 365.0
    vol = np.exp(rng.normal(np.log(0.25), 0.35, n)).clip(0.08, 1.2)
    rate = rng.uniform(0.005, 0.06, n) if own_terms else np.full(n, 0.04)
    dividend_yield = rng.uniform(0.0, 0.05, n) if own_terms else np.full(n, 0.013)
    is_call = rng.random(n) < 0.5
    away = np.abs(rng.normal(0.0, 1.1, n)).clip(0.0, 2.8) * vol * np.sqrt(years)
    strike = SPOT * np.exp((rate - dividend_yield) * years + np.where(is_call, away, -away))
    return Options(strike, years, vol, is_call, rate, dividend_yield)


class Bench:
    """QuantLib's options on one process whose quotes are set before each is priced."""

    def __init__(self, options: Options, engine: Callable[[ql.BlackScholesMertonProcess], ql.PricingEngine]) -> None:
        """Build every option before the clock starts."""
        ql.Settings.instance().evaluationDate = TODAY
        self._quotes = [ql.SimpleQuote(0.0) for _ in range(3)]
        rate, dividend_yield, self.vol = (ql.QuoteHandle(quote) for quote in self._quotes)
        self.process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(SPOT)),
            *(ql.YieldTermStructureHandle(ql.FlatForward(TODAY, level, DAY_COUNT)) for level in (dividend_yield, rate)),
            ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), self.vol, DAY_COUNT)),
        )
        built = engine(self.process)
        self.rows = list(zip(*(getattr(options, field.name).tolist() for field in fields(options)), strict=True))
        self.options = []
        for strike, years, _, is_call, *_ in self.rows:
            payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
            option = ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, TODAY + round(years * 365)))
            option.setPricingEngine(built)
            self.options.append(option)

    def price(self) -> Floats:
        """Price every option at its own volatility."""
        found = []
        for option, (_, _, vol, _, rate, dividend_yield) in zip(self.options, self.rows, strict=True):
            for quote, level in zip(self._quotes, (rate, dividend_yield, vol), strict=True):
                quote.setValue(level)
            found.append(option.NPV())
        return np.array(found)

    def brent(self, price: Floats) -> Floats:
        """Invert by Brent's method over the engine."""
        *terms, vol_quote = self._quotes
        found = []
        for option, row, target in zip(self.options, self.rows, price.tolist(), strict=True):
            for quote, level in zip(terms, row[4:], strict=True):
                quote.setValue(level)

            def miss(vol: float, option: ql.VanillaOption = option, target: float = target) -> float:
                vol_quote.setValue(vol)
                excess: float = option.NPV() - target
                return excess

            found.append(brentq(miss, 0.02, 3.0, xtol=BRENT_WIDTH))
        return np.array(found)

    def implied(self, price: Floats) -> Floats:
        """Invert by QuantLib's own `impliedVolatility`, which brings its own engine."""
        *terms, _ = self._quotes
        found = []
        for option, row, target in zip(self.options, self.rows, price.tolist(), strict=True):
            for quote, level in zip(terms, row[4:], strict=True):
                quote.setValue(level)
            found.append(option.impliedVolatility(target, self.process, BRENT_WIDTH, 100, 0.02, 3.0))
        return np.array(found)


def qdfp(scheme: str) -> Callable[[ql.BlackScholesMertonProcess], ql.PricingEngine]:
    """Name QuantLib's Andersen-Lake-Offengenden engine with one of its schemes."""
    return lambda process: ql.QdFpAmericanEngine(process, getattr(ql.QdFpAmericanEngine, scheme)())


def grid(process: ql.BlackScholesMertonProcess) -> ql.PricingEngine:
    """Build QuantLib's finite differences, 400 x 400."""
    return ql.FdBlackScholesVanillaEngine(process, 400, 400)


def best(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each run, the best of some rounds in which they take turns."""
    seconds = dict.fromkeys(runs, np.inf)
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begun = time.process_time()
            run()
            seconds[name] = min(seconds[name], time.process_time() - begun)
    return seconds


def prices(n: int) -> dict[str, object]:
    """Measure pricers on `n` options."""
    chain, own = listed(n), listed(n, own_terms=True)
    usual = chain.head(CHAIN)
    looped = {
        "quantlib_qdfp_fast": Bench(chain.head(LOOPED["fast"]), qdfp("fastScheme")),
        "quantlib_qdfp_accurate": Bench(chain.head(LOOPED["accurate"]), qdfp("accurateScheme")),
        "quantlib_fd_400x400": Bench(chain.head(LOOPED["fd"]), grid),
    }
    seconds = best(
        {
            "skewwatch": chain.price,
            "skewwatch_nothing_shared": own.price,
            "chain_premium": usual.premium,
            **{name: bench.price for name, bench in looped.items()},
        }
    )
    engines: dict[str, Priced] = {}
    for name, options, found in (
        ("skewwatch", chain, chain.price()),
        ("skewwatch_nothing_shared", own, own.price()),
        *((name, chain.head(len(bench.rows)), bench.price()) for name, bench in looped.items()),
    ):
        head = options.head(min(TRUTH, found.size))
        miss = np.abs(found[:TRUTH] - Bench(head, qdfp("highPrecisionScheme")).price())
        engines[name] = {
            "us": 1e6 * seconds[name] / found.size,
            "p99_error": float(np.quantile(miss, 0.99)),
            "max_error": float(miss.max()),
        }
    return {
        "options": n,
        "engines": engines,
        "times_qdfp_fast": engines["quantlib_qdfp_fast"]["us"] / engines["skewwatch"]["us"],
        "times_qdfp_fast_nothing_shared": engines["quantlib_qdfp_fast"]["us"]
        / engines["skewwatch_nothing_shared"]["us"],
        "times_fd": engines["quantlib_fd_400x400"]["us"] / engines["skewwatch"]["us"],
        "chain_premium_ms": 1e3 * seconds["chain_premium"],
    }


def vols(n: int) -> dict[str, object]:
    """Measure implied volatilities on `n` options out of the money, against the vols their true prices have."""
    sets = {"skewwatch": listed(n), "skewwatch_nothing_shared": listed(n, own_terms=True)}
    heads = {name: options.head(TRUTH) for name, options in sets.items()}
    truths = {name: Bench(head, qdfp("highPrecisionScheme")).price() for name, head in heads.items()}
    given = {name: options.price() for name, options in sets.items()}
    chain, price = sets["skewwatch"], truths["skewwatch"]
    brent = Bench(chain.head(LOOPED["brent"]), qdfp("fastScheme"))
    implied = Bench(chain.head(LOOPED["implied"]), qdfp("fastScheme"))
    runs: dict[str, Callable[[], Floats]] = {
        "skewwatch": lambda: chain.implied(given["skewwatch"]),
        "skewwatch_nothing_shared": lambda: sets["skewwatch_nothing_shared"].implied(given["skewwatch_nothing_shared"]),
        "quantlib_brent_over_qdfp_fast": lambda: brent.brent(price[: LOOPED["brent"]]),
        "quantlib_implied_volatility": lambda: implied.implied(price[: LOOPED["implied"]]),
    }
    chain_price = given["skewwatch"][:CHAIN]
    seconds = best({**runs, "chain": lambda: chain.head(CHAIN).implied(chain_price)})
    engines: dict[str, Inverted] = {}
    for name, run in runs.items():
        found = heads[name].implied(truths[name]) if name in sets else run()
        miss = np.abs(found - heads.get(name, heads["skewwatch"]).vol[: found.size]) / POINT
        count = n if name in sets else found.size
        engines[name] = {
            "us": 1e6 * seconds[name] / count,
            "p999_points": float(np.quantile(miss, 0.999)),
            "max_points": float(miss.max()),
        }
    slow = engines["quantlib_brent_over_qdfp_fast"]["us"]
    return {
        "options": n,
        "engines": engines,
        "times_brent": slow / engines["skewwatch"]["us"],
        "times_brent_nothing_shared": slow / engines["skewwatch_nothing_shared"]["us"],
        "chain_ms": 1e3 * seconds["chain"],
    }


@dataclass(frozen=True, slots=True)
class Paying:
    """Options on a stock at 100 that goes ex every quarter, arrays of shape (n,)."""

    strike: Floats
    years: Floats
    vol: Floats
    is_call: Bools
    rate: float
    first: Floats
    amount: Floats

    def schedule(self, *, escrowed: bool) -> Dividends:
        """Dividends of each, shape (n, 5)."""
        when = self.first[:, None] + 0.25 * np.arange(5)
        return Dividends(when, np.repeat(self.amount[:, None], 5, axis=1), escrowed=escrowed)

    def price(self, *, escrowed: bool) -> Floats:
        """Price by the engine of this project."""
        return american_price(
            SPOT,
            self.strike,
            self.years,
            self.vol,
            self.is_call,
            rate=self.rate,
            dividends=self.schedule(escrowed=escrowed),
        )


def paying(n: int, seed: int = 5) -> Paying:
    """Options of a week to a year, out of the money, on stocks that pay 0.1 to 1 % a quarter."""
    rng = np.random.default_rng(seed)
    years = np.exp(rng.uniform(np.log(7.0), np.log(365.0), n)).astype(np.int64) / 365.0
    vol = np.exp(rng.normal(np.log(0.25), 0.3, n)).clip(0.1, 0.7)
    first = np.round(rng.uniform(1.0, 90.0, n)) / 365.0
    is_call = rng.random(n) < 0.5
    away = np.abs(rng.normal(0.0, 0.9, n)).clip(0.0, 2.0) * vol * np.sqrt(years)
    strike = SPOT * np.exp(0.04 * years + np.where(is_call, away, -away))
    return Paying(strike, years, vol, is_call, 0.04, first, rng.uniform(0.1, 1.0, n))


def cash(n: int) -> dict[str, object]:
    """Measure pricers of options with cash dividends, in both models of what a dividend does."""
    options = paying(n)
    few = paying(CASH_TRUTH)
    rows = list(zip(*(getattr(few, name).tolist() for name in ("strike", "years", "vol", "is_call")), strict=True))
    schedule = few.schedule(escrowed=True)
    pairs = [tuple(zip(*both, strict=True)) for both in zip(schedule.years, schedule.amounts, strict=True)]
    paid = np.where(schedule.years < few.years[:, None], schedule.amounts * np.exp(-few.rate * schedule.years), 0.0)
    forward = (SPOT - paid.sum(axis=1)) * np.exp(few.rate * few.years)
    vega = black.vega(forward, few.strike, few.years, few.vol, few.is_call, discount=np.exp(-few.rate * few.years))
    engines: dict[str, dict[str, float]] = {}
    truths = {}
    for model, escrowed in (("spot", False), ("escrowed", True)):
        truths[model] = np.array(
            [
                finite_difference.price(
                    SPOT,
                    *row[:3],
                    is_call=row[3],
                    rate=few.rate,
                    dividends=pair,
                    escrowed=escrowed,
                    nodes=601,
                    steps=180,
                )
                for row, pair in zip(rows, pairs, strict=True)
            ]
        )
        seconds = best({"": lambda escrowed=escrowed: options.price(escrowed=escrowed)})[""]  # type: ignore[misc]
        engines[f"skewwatch_{model}"] = errors(few.price(escrowed=escrowed), truths[model], vega, seconds / n)
    for size in CASH_GRIDS:
        found, seconds = quantlib_cash(few, size)
        engines[f"quantlib_fd_{size}x{size}_spot"] = errors(found, truths["spot"], vega, seconds)
    ours = engines["skewwatch_spot"]
    as_good = [row for name, row in engines.items() if "fd" in name and row["p95_dollars"] <= ours["p95_dollars"]]
    return {
        "options": n,
        "engines": engines,
        # At equal error; where no grid is as good as we are, the finest stands for it.
        "times_fd": min((row["us"] for row in as_good), default=engines["quantlib_fd_400x400_spot"]["us"]) / ours["us"],
    }


def errors(found: Floats, truth: Floats, vega: Floats, seconds: float) -> dict[str, float]:
    """Turn prices into one engine's figures."""
    miss = np.abs(found - truth)
    return {
        "us": 1e6 * seconds,
        "p95_dollars": float(np.quantile(miss, 0.95)),
        "p95_points": float(np.quantile(miss / vega, 0.95)) / POINT,
        "max_points": float(np.max(miss / vega)) / POINT,
    }


def quantlib_cash(options: Paying, size: int) -> tuple[Floats, float]:
    """Prices by QuantLib's finite differences with dividends, and seconds an option."""
    ql.Settings.instance().evaluationDate = TODAY
    schedule = options.schedule(escrowed=False)
    ready = []
    for i, (strike, years, vol) in enumerate(zip(options.strike, options.years, options.vol, strict=True)):
        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(SPOT)),
            *(ql.YieldTermStructureHandle(ql.FlatForward(TODAY, level, DAY_COUNT)) for level in (0.0, options.rate)),
            ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), float(vol), DAY_COUNT)),
        )
        days = [round(when * 365) for when in schedule.years[i]]
        inside = [day for day in days if day < round(years * 365)]
        dividends = ql.DividendVector([TODAY + day for day in inside], schedule.amounts[i][: len(inside)].tolist())
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if options.is_call[i] else ql.Option.Put, float(strike))
        option = ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, TODAY + round(years * 365)))
        option.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, dividends, size, size))
        ready.append(option)
    begun = time.process_time()
    found = np.array([option.NPV() for option in ready])
    return found, (time.process_time() - begun) / len(ready)


SECTIONS: dict[str, Callable[[int], dict[str, object]]] = {
    "american": prices,
    "american_vols": vols,
    "american_cash": cash,
}
"""A section's figures have `engines`, a dictionary of numbers for each."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--n", type=int, default=20_000, help="options (default 20,000)")
    options = parser.parse_args()
    figures = {name: measure(options.n) for name, measure in SECTIONS.items()}
    for name, section in figures.items():
        print(f"\n## {name}\n")
        for figure, value in section.items():
            if isinstance(value, dict):
                for engine, numbers in value.items():
                    print(f"{engine:32}", "  ".join(f"{key} {number:.3g}" for key, number in numbers.items()))
            else:
                print(f"{figure}: {value:,.4g}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
