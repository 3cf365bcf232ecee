"""Volatility against log-moneyness: a local quadratic through the nearest quotes, for many smiles at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Floats, Ints

__all__ = ["Fit", "Smiles"]

FEWEST = 5  # quotes: three make a quadratic, one is to spare, and the farthest only sets the bandwidth


@dataclass(frozen=True, slots=True)
class Fit:
    """A smile read at some log-moneyness.

    Attributes
    ----------
    vol : float array
        [1/sqrt(year)]; NaN where the smile has too few quotes.
    slope, curvature : float array
        First and second derivative of `vol` in log-moneyness.
    """

    vol: Floats
    slope: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True)
class Smiles:
    """Quotes of several smiles, one a row, padded to one length.

    Attributes
    ----------
    k : float array, shape (..., n)
        Log-moneyness ln(K/F), rising; `inf` pads.
    vol : float array, shape (..., n)
        [1/sqrt(year)]; anything where padded.
    half_spread : float array, shape (..., n)
        Half of ask vol less bid vol: how well each quote knows its vol. [1/sqrt(year)]
    """

    k: Floats
    vol: Floats
    half_spread: Floats

    @property
    def size(self) -> Ints:
        """Quotes of each smile, shape (...)."""
        number: Ints = np.isfinite(self.k).sum(axis=-1)
        return number

    def read(self, at: Floats, *, neighbours: int) -> Fit:
        """Fit a quadratic around each point and read it there.

        Parameters
        ----------
        at : array, shape (..., m)
            Log-moneyness, leading axes as those of the smiles.
        neighbours : int
            Nearest quotes in each fit, weighted by the tricube of their distance over that of the farthest
            (W. S. Cleveland, "Robust locally weighted regression and smoothing scatterplots," J. Am. Stat.
            Assoc., vol. 74, 1979, p. 831) and over their half-spread. The farthest itself has no weight, so
            that the curve is continuous where one neighbour gives way to another.

        Returns
        -------
        Fit
            Arrays of shape (..., m). The fit does not know where the quotes end: whether a point lies among
            them is for the caller to ask.
        """
        number = min(neighbours, self.k.shape[-1])
        halfway = (self.k[..., :-number] + self.k[..., number:]) / 2
        first = (halfway[..., None, :] < at[..., None]).sum(axis=-1)
        window = first[..., None] + np.arange(number)
        flat = window.reshape(*window.shape[:-2], -1)
        k, vol, half_spread = (
            np.take_along_axis(column, flat, axis=-1).reshape(window.shape)
            for column in (self.k, self.vol, self.half_spread)
        )
        there = np.isfinite(k)
        x = np.where(there, k - at[..., None], 0.0)
        bandwidth = np.abs(x).max(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            x /= bandwidth[..., None]
            weight = there * (1 - np.abs(x) ** 3) ** 3 / half_spread
            c0, c1, c2 = _quadratic(x, vol, weight)
            enough = there.sum(axis=-1) >= FEWEST
            return Fit(*(np.where(enough, c, np.nan) for c in (c0, c1 / bandwidth, 2 * c2 / bandwidth**2)))


def _quadratic(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted least squares of c0 + c1 x + c2 x^2 along the last axis, by Cramer's rule on the moments."""
    terms = np.empty((8, *x.shape))
    terms[0] = weight
    for power in range(4):
        np.multiply(terms[power], x, out=terms[power + 1])
    np.multiply(terms[:3], y, out=terms[5:])
    *s, t0, t1, t2 = terms.sum(axis=-1)
    m00, m01, m02 = s[2] * s[4] - s[3] ** 2, s[2] * s[3] - s[1] * s[4], s[1] * s[3] - s[2] ** 2
    m11, m12, m22 = s[0] * s[4] - s[2] ** 2, s[1] * s[2] - s[0] * s[3], s[0] * s[2] - s[1] ** 2
    determinant = s[0] * m00 + s[1] * m01 + s[2] * m02
    return (
        (m00 * t0 + m01 * t1 + m02 * t2) / determinant,
        (m01 * t0 + m11 * t1 + m12 * t2) / determinant,
        (m02 * t0 + m12 * t1 + m22 * t2) / determinant,
    )
