"""European implied volatility side by side with vollib and QuantLib: nanoseconds an option, and errors.

Every engine inverts the same prices in the same process, taking turns round by round; a round's best is kept.
The two libraries go through a Python loop, as they must, over as many options as a round allows.

Two sets: a *market* (out-of-the-money options of a day to two years at 8 to 100 %, mostly within two standard
deviations) and the *hard* set of tests/reference/european.csv, whose stdevs mpmath knows to fifty digits: prices
down to 1e-295, at and next to the money, next to the intrinsic value, tiny and huge volatilities.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import QuantLib as ql  # noqa: N813 - its users' name for it
from vollib.black.implied_volatility import implied_volatility as vollib_implied

from pricing.black import black_price
from pricing.implied import implied_vol
from tests.reference import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from pricing.arrays import Bools, Floats

ROUNDS = 7
LOOPED = {"vollib": 1_000, "quantlib_lirs": 10_000}  # options a round: 20 ms and 10 ms
CHAIN = 5_000
RIGHT = 1e-9  # relative error up to which a volatility of the hard set is right
HALF_ULP = 2.0**-53  # of a price: what it leaves to its volatility is nobody's error


@dataclass(frozen=True, slots=True)
class Options:
    """Prices and the volatilities they were made of."""

    price: Floats
    forward: Floats
    strike: Floats
    years: Floats
    is_call: Bools
    vol: Floats
    doubt: Floats | float = 0.0
    """Relative error of a volatility whose price is off by half its last digit."""

    def head(self, n: int) -> Options:
        """Return the first `n`, as many as there are."""
        return Options(
            self.price[:n], self.forward[:n], self.strike[:n], self.years[:n], self.is_call[:n], self.vol[:n]
        )


class Figures(TypedDict):
    """One engine's."""

    ns: float
    """Nanoseconds an option of the market."""
    max_relative_error: float
    """Over the market options it was timed on."""
    hard_wrong: int
    """Options of the hard set with a volatility that is not right, and nothing to say so."""
    hard_refused: int
    """Options of the hard set without a volatility: an exception, a status."""


def market(n: int) -> Options:
    """Options as they are listed, from a fixed seed."""
    rng = np.random.default_rng(7)
    forward, years, vol = rng.uniform(20.0, 600.0, n), rng.uniform(1.0 / 365.0, 2.0, n), rng.uniform(0.08, 1.0, n)
    strike = forward * np.exp(rng.normal(0.0, 1.2, n) * vol * np.sqrt(years))
    is_call = strike >= forward
    return Options(black_price(forward, strike, years, vol, is_call), forward, strike, years, is_call, vol)


def hard() -> Options:
    """Return the reference table, a year to expiry each, so that stdev is volatility."""
    table = tables.european()
    price, forward, strike, implied, elasticity = (
        np.asarray(table[name], np.float64) for name in ("price", "forward", "strike", "implied", "elasticity")
    )
    years = np.ones(price.size)
    return Options(price, forward, strike, years, table["is_call"] == 1.0, implied, 2.0 * HALF_ULP / elasticity)


def skewwatch(options: Options) -> Floats:
    """Invert by the engine of this project."""
    return implied_vol(options.price, options.forward, options.strike, options.years, options.is_call).vol


def vollib(options: Options) -> Floats:
    """Invert by vollib, Jaeckel's "Let's be rational", one option at a time."""
    vols = []
    columns = (options.price, options.forward, options.strike, options.years, options.is_call)
    for price, forward, strike, years, is_call in zip(*(column.tolist() for column in columns), strict=True):
        try:
            vols.append(vollib_implied(price, forward, strike, 0.0, years, "c" if is_call else "p"))
        except Exception:  # noqa: BLE001 - its own types; what counts is that it said so
            vols.append(np.nan)
    return np.array(vols)


def quantlib_lirs(options: Options) -> Floats:
    """Invert by QuantLib's `blackFormulaImpliedStdDevLiRS` at its default accuracy, one option at a time."""
    call, put = ql.Option.Call, ql.Option.Put
    stdevs = []
    columns = (options.price, options.forward, options.strike, options.is_call)
    for price, forward, strike, is_call in zip(*(column.tolist() for column in columns), strict=True):
        try:
            stdevs.append(ql.blackFormulaImpliedStdDevLiRS(call if is_call else put, strike, forward, price))
        except RuntimeError:
            stdevs.append(np.nan)
    return np.array(stdevs) / np.sqrt(options.years)


ENGINES: dict[str, Callable[[Options], Floats]] = {
    "skewwatch": skewwatch,
    "vollib": vollib,
    "quantlib_lirs": quantlib_lirs,
}


def measure(n: int) -> dict[str, object]:
    """Figures of every engine on `n` options, and how many times faster than each library this one is."""
    options, table = market(n), hard()
    shares = {name: options.head(LOOPED.get(name, n)) for name in ENGINES}
    seconds = dict.fromkeys(ENGINES, np.inf)
    for _ in range(ROUNDS):
        for name, invert in ENGINES.items():
            seconds[name] = min(seconds[name], seconds_of(invert, shares[name]))
    engines: dict[str, Figures] = {}
    for name, invert in ENGINES.items():
        share, hard_vol = shares[name], invert(table)
        error = np.abs(hard_vol / table.vol - 1.0)
        engines[name] = {
            "ns": 1e9 * seconds[name] / share.vol.size,
            "max_relative_error": float(np.max(np.abs(invert(share) / share.vol - 1.0))),
            "hard_wrong": int(np.sum(error > RIGHT + table.doubt)),
            "hard_refused": int(np.sum(np.isnan(hard_vol))),
        }
    ours = engines["skewwatch"]["ns"]
    chain, one = options.head(CHAIN), options.head(1)
    return {
        "options": n,
        "hard_options": table.vol.size,
        "engines": engines,
        "times_vollib": engines["vollib"]["ns"] / ours,
        "times_quantlib_lirs": engines["quantlib_lirs"]["ns"] / ours,
        "chain_of_5000_us": 1e6 * min(seconds_of(skewwatch, chain) for _ in range(20)),
        "one_option_us": 1e6 * min(seconds_of(skewwatch, one) for _ in range(200)),
    }


def seconds_of(invert: Callable[[Options], Floats], options: Options) -> float:
    """Wall-clock seconds of one inversion of all `options`."""
    start = time.perf_counter()
    invert(options)
    return time.perf_counter() - start
