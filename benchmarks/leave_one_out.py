"""Which smile reads a quote that it was not shown: the leave-one-strike-out table of every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from benchmarks.chains import RATES, dividends
from pricing import density, ssvi, svi
from pricing.anchor import anchor
from pricing.arrays import Floats
from pricing.chain import Chain
from pricing.pchip import pchip
from pricing.reasons import Reason
from pricing.settings import Settings
from pricing.smile import Smiles
from pricing.take import climb, screen
from pricing.tenor import Ladder
from pricing.time import DAYS

__all__ = ["METHODS", "Case", "Errors", "cases", "ladders", "table"]

SETTINGS = Settings()
NEAR_TARGET = 0.005  # of the target: strikes this near stand for it
TARGETS = (90, 110)  # per cent of spot
POINTS = 100.0


@dataclass(frozen=True, slots=True)
class Errors:
    """Leave-one-out errors of one method at one side."""

    method: str
    target: int
    n: int
    rms: float  # vol points
    median_half_spreads: float
    within_one: float
    bias: float  # vol points


def ladders(chain: Chain) -> tuple[list[Ladder], float]:
    """Read a chain as far as its volatilities: ladders, synchronous spot."""
    reason = screen(chain, SETTINGS)
    anchored = anchor(chain, reason == Reason.KEPT, RATES, dividends(), SETTINGS)
    return climb(chain, anchored, reason, SETTINGS)[1], anchored.spot.value


@dataclass(frozen=True, slots=True)
class Case:
    """Quotes near a target, each taken out of its smile in turn.

    Attributes
    ----------
    days : float
        To the expiry.
    target : int
        Per cent of spot.
    k, vol, half_spread : array, shape (m, n - 1)
        The smiles without it.
    at, truth, spread : array, shape (m,)
        Where it stood, its volatility and half its spread.
    """

    days: float
    target: int
    k: Floats
    vol: Floats
    half_spread: Floats
    at: Floats
    truth: Floats
    spread: Floats

    @property
    def smiles(self) -> Smiles:
        """The smiles without the quote."""
        return Smiles(self.k, self.vol, self.half_spread)

    @property
    def years(self) -> Floats:
        """To the expiry, for each of them. [year]"""
        return np.full(self.at.size, self.days / DAYS)


Fit = Callable[[Case], Floats]


def local_quadratic(case: Case) -> Floats:
    """Read by the default of the product."""
    return case.smiles.read(case.at[:, None], neighbours=SETTINGS.neighbours).vol[:, 0]


def nearest_density(case: Case) -> Floats:
    """Read by the law without arbitrage that is nearest to the local quadratic."""
    found = []
    for k, vol, half_spread, at in zip(case.k, case.vol, case.half_spread, case.at, strict=True):
        (law,) = density.fit(
            Smiles(k[None], vol[None], half_spread[None]), case.years[:1], neighbours=SETTINGS.neighbours
        )
        found.append(law.vol(np.array([at]))[0])
    return np.array(found)


def shape_preserving(case: Case) -> Floats:
    """Read by PCHIP in total variance: the second opinion."""
    variance: Floats = pchip(case.k, case.vol**2, case.at[:, None])[:, 0]
    return np.sqrt(variance)


def linear(case: Case) -> Floats:
    """Read by straight lines in total variance."""
    rows = zip(case.at, case.k, case.vol, strict=True)
    return np.array([np.sqrt(np.interp(at, k, vol**2)) for at, k, vol in rows])


def spline(case: Case) -> Floats:
    """Read by a cubic spline through every quote."""
    return np.array([CubicSpline(k, vol)(at) for at, k, vol in zip(case.at, case.k, case.vol, strict=True)])


def raw_svi(case: Case) -> Floats:
    """Read by SVI through every quote."""
    fit = svi.fit(case.smiles, case.years)
    return np.sqrt(fit.shape(case.at[:, None]).variance[:, 0] / case.years)


def essvi_slice(case: Case) -> Floats:
    """Read by one slice of SSVI through every quote."""
    found = []
    for k, vol, half_spread, at in zip(case.k, case.vol, case.half_spread, case.at, strict=True):
        fit = ssvi.fit(Smiles(k[None], vol[None], half_spread[None]), case.years[:1])
        found.append(fit.shape(np.array([at])).variance[0, 0] / case.years[0])
    return np.sqrt(found)


METHODS: dict[str, Fit] = {
    "local quadratic (the default)": local_quadratic,
    "nearest density without arbitrage": nearest_density,
    "PCHIP in total variance (the check)": shape_preserving,
    "cubic spline": spline,
    "linear in total variance": linear,
    "SVI": raw_svi,
    "SSVI slice": essvi_slice,
}


def cases(chains: Iterable[Chain]) -> list[Case]:
    """Take every quote near 90 and 110 % of spot out of its smile, the outermost excepted."""
    found = []
    for chain in chains:
        read, spot = ladders(chain)
        found += [case for ladder in read for target in TARGETS for case in _left_out(ladder, spot, target)]
    return found


def _left_out(ladder: Ladder, spot: float, target: int) -> list[Case]:
    kept = ladder.kept
    k, vol = np.log(ladder.strike[kept] / ladder.forward), ladder.mid[kept]
    half_spread = (ladder.ask - ladder.bid)[kept] / 2
    near = np.flatnonzero(np.abs(ladder.strike[kept] / spot * 100 / target - 1) < NEAR_TARGET)
    near = near[(near > 0) & (near < k.size - 1)]
    if not near.size:
        return []
    others = np.array([np.delete(np.arange(k.size), one) for one in near])
    smiles = k[others], vol[others], half_spread[others]
    return [Case(ladder.years * DAYS, target, *smiles, k[near], vol[near], half_spread[near])]


def table(found: list[Case], days: tuple[float, float]) -> list[dict[str, object]]:
    """Hold every method against the quotes that it was not shown, in expiries of so many days."""
    rows = []
    for target in TARGETS:
        mine = [case for case in found if case.target == target and days[0] <= case.days <= days[1]]
        for name, method in METHODS.items():
            miss = np.concatenate([method(case) - case.truth for case in mine])
            spreads = np.abs(miss) / np.concatenate([case.spread for case in mine])
            rows.append(
                Errors(
                    name,
                    target,
                    miss.size,
                    float(np.sqrt(np.mean(miss**2))) * POINTS,
                    float(np.median(spreads)),
                    float(np.mean(spreads <= 1)),
                    float(np.mean(miss)) * POINTS,
                )
            )
    return [asdict(row) for row in sorted(rows, key=lambda row: (row.target, row.rms))]
