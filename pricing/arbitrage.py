"""Whether fitted smiles could be traded against: butterflies within one expiry, calendars between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Bools, Floats
from pricing.smile import Smiles
from pricing.surface import Scenario, Surface

__all__ = ["Shape", "Violations", "butterfly", "calendar", "local", "of_surface", "violations"]

POINTS = 81  # strikes looked at between the two targets of a snapshot: one in 0.25 % of spot
ROUNDING = 1e-12  # of total variance: a smaller fall with time is arithmetic


@dataclass(frozen=True, slots=True)
class Shape:
    """A smile at some log-moneyness: what every fit can be asked for.

    Attributes
    ----------
    variance : array
        Total variance [1]; NaN where the smile is not known.
    slope, curvature : array, the same shape
        Its first two derivatives in log-moneyness.
    """

    variance: Floats
    slope: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True)
class Violations:
    """Strikes at which smiles can be traded against; empty arrays where they cannot.

    Attributes
    ----------
    butterfly : tuple of array
        For each expiry, where its density is negative. [$]
    calendar : tuple of array
        For each expiry but the last, where the next one has less total variance at the same log-moneyness; strikes
        of the nearer. [$]
    """

    butterfly: tuple[Floats, ...]
    calendar: tuple[Floats, ...]


def butterfly(k: Floats, variance: Floats, slope: Floats, curvature: Floats) -> Floats:
    """Durrleman's g: negative where the smile's density is. [1]_

    Parameters
    ----------
    k : array
        Log-moneyness ln(K/F).
    variance, slope, curvature : array, the same shape
        Total variance and its first two derivatives in `k`.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces," Quant. Finance, vol. 14,
       pp. 59-71, 2014, equation 2.1.
    """
    g: Floats = (1 - k * slope / (2 * variance)) ** 2 - slope**2 / 4 * (1 / variance + 1 / 4) + curvature / 2
    return g


def calendar(near: Floats, far: Floats) -> Bools:
    """Where total variance falls with time at an equal log-moneyness."""
    return np.less(far, near * (1 - ROUNDING))


def violations(k: Floats, shape: Shape, forward: Floats) -> Violations:
    """Look for arbitrage on a grid of log-moneyness.

    Parameters
    ----------
    k : array, shape (m,)
        ln(K/F), the same for every expiry.
    shape : Shape, arrays of shape (expiries, m)
        In order of time. Where it is NaN nothing is found.
    forward : array, shape (expiries,)
        [$]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        negative = butterfly(k, shape.variance, shape.slope, shape.curvature) < 0
        falls = calendar(shape.variance[:-1], shape.variance[1:])
    strike = forward[:, None] * np.exp(k)
    return Violations(
        tuple(row[there] for row, there in zip(strike, negative, strict=True)),
        tuple(row[there] for row, there in zip(strike[:-1], falls, strict=True)),
    )


def local(smiles: Smiles, years: Floats, k: Floats, *, neighbours: int) -> Shape:
    """Read the local fits of some expiries where they have quotes, NaN beyond.

    Parameters
    ----------
    smiles : Smiles, rows (expiries,)
    years : array, shape (expiries,)
        [year]
    k : array, shape (m,)
    neighbours : int
        Of each local fit.

    Returns
    -------
    Shape
        Arrays of shape (expiries, m). The derivatives are those of the quadratics, as the measures use them.
    """
    last = np.take_along_axis(smiles.k, np.maximum(smiles.size - 1, 0)[:, None], axis=1)
    with np.errstate(invalid="ignore"):
        at = np.where((k >= smiles.k[:, :1]) & (k <= last), k, np.nan)
    fit, years = smiles.read(at, neighbours=neighbours), years[:, None]
    return Shape(
        fit.vol**2 * years,
        2 * fit.vol * fit.slope * years,
        2 * (fit.slope**2 + fit.vol * fit.curvature) * years,
    )


def of_surface(surface: Surface, low: float, high: float) -> Violations:
    """Look for arbitrage in the fits of a snapshot's expiries, at mid.

    Parameters
    ----------
    surface : Surface
    low, high : float
        Strikes between which to look. [$]
    """
    smiles = surface.smiles
    middle = Smiles(*(column[:, Scenario.MID] for column in (smiles.k, smiles.vol, smiles.half_spread)))
    k = np.linspace(np.log(low / surface.forward.max()), np.log(high / surface.forward.min()), POINTS)
    return violations(k, local(middle, surface.years, k, neighbours=surface.neighbours), surface.forward)
