"""Total variance at the tenor, between two expiries, for every scenario of the quotes at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from pricing.arrays import Bools, Floats
from pricing.smile import Smiles

__all__ = ["Reading", "Scenario", "Surface"]

ROUNDING = 1e-9  # of a strike that has been to ln K and back: the last quote's own strike is not beyond it


class Scenario(IntEnum):
    """Which side of the quotes makes the smile: the rows of every array of a surface."""

    MID = 0
    BID = 1
    ASK = 2
    PUT_CHEAP = 3  # puts at their bids, calls at their asks
    PUT_RICH = 4  # puts at their asks, calls at their bids


@dataclass(frozen=True, slots=True)
class Reading:
    """A surface read at some strikes.

    Attributes
    ----------
    variance : float array, shape (scenarios, m)
        Total variance to the tenor [1]; NaN where a strike lies outside the quotes of either expiry.
    slope : float array, shape (scenarios, m)
        Its derivative in the logarithm of the strike.
    edge : bool array, shape (scenarios, m)
        Read a hair beyond the last quote.
    """

    variance: Floats
    slope: Floats
    edge: Bools


@dataclass(frozen=True, slots=True)
class Surface:
    """Two expiries (or one) and the tenor between them.

    Attributes
    ----------
    smiles : Smiles, rows (expiries, scenarios)
    forward, years : float array, shape (expiries,)
        [$], [year]
    share : float array, shape (expiries,)
        Weight of each expiry's total variance at the tenor.
    tenor : float
        [year]
    tenor_forward : float
        [$]
    margin : float array, shape (2, expiries)
        How far in strike a target may lie below the first quote, and above the last. [$]
    neighbours : int
    """

    smiles: Smiles
    forward: Floats
    years: Floats
    share: Floats
    tenor: float
    tenor_forward: float
    margin: Floats
    neighbours: int

    @classmethod
    def between(
        cls,
        smiles: Smiles,
        forward: Floats,
        years: Floats,
        tenor: float,
        *,
        rate: float,
        margin: Floats,
        neighbours: int,
    ) -> Surface:
        """Weigh one expiry or two so that total variance is linear in time, and ln F with it.

        One expiry alone keeps its volatility, and its forward is carried to the tenor at `rate`. [1/year]
        """
        if years.size == 1:
            share = tenor / years
            tenor_forward = float(forward[0] * np.exp(rate * (tenor - years[0])))
        else:
            late = (tenor - years[0]) / (years[1] - years[0])
            share = np.array([1 - late, late])
            tenor_forward = float(np.exp(share @ np.log(forward)))
        return cls(smiles, forward, years, share, tenor, tenor_forward, margin, neighbours)

    def read(self, strike: Floats) -> Reading:
        """Read total variance at the same strikes of each expiry.

        Parameters
        ----------
        strike : array, shape (scenarios, m)
            [$]; NaN gives NaN.
        """
        vol, slope, outside = self._fit(np.broadcast_to(strike, (self.years.size, *strike.shape)))
        years = self.years[:, None, None]
        return Reading(
            np.einsum("e,esm->sm", self.share, vol**2 * years),
            np.einsum("e,esm->sm", self.share, 2 * vol * slope * years),
            np.asarray(outside.any(axis=0)),
        )

    def _fit(self, strike: Floats) -> tuple[Floats, Floats, Bools]:
        """Read volatility, slope, and where that is beyond the quotes: all of shape (expiries, scenarios, m)."""
        fit = self.smiles.read(np.log(strike / self.forward[:, None, None]), neighbours=self.neighbours)
        first, last = (end[..., None] for end in self.quoted)
        below, above = first * (1 - ROUNDING) - strike, strike - last * (1 + ROUNDING)
        low, high = self.margin[..., None, None]
        known = (below <= low) & (above <= high) & (fit.vol > 0)
        return np.where(known, fit.vol, np.nan), fit.slope, (below > 0) | (above > 0)

    @property
    def quoted(self) -> tuple[Floats, Floats]:
        """First and last quoted strike of each expiry and scenario; NaN for none. [$]"""
        last = np.maximum(self.smiles.size - 1, 0)
        ends = self.smiles.k[..., 0], np.take_along_axis(self.smiles.k, last[..., None], axis=-1)[..., 0]
        first, final = (np.where(np.isfinite(k), self.forward[:, None] * np.exp(k), np.nan) for k in ends)
        return first, final

    def at_forward(self) -> Floats:
        """Total variance at each expiry's own forward, at the tenor; NaN outside the quotes, shape (scenarios,). [1]"""
        strike = np.broadcast_to(self.forward[:, None, None], (*self.smiles.k.shape[:-1], 1))
        vol = self._fit(strike)[0][..., 0]
        variance: Floats = np.einsum("e,es->s", self.share, vol**2 * self.years[:, None])
        return variance
