"""Interest rates: a curve of continuously compounded rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import ArrayLike, Floats

__all__ = ["Curve"]

BILL_YEARS = 0.5  # up to here a Treasury yield is simple interest, beyond it compounds twice a year


@dataclass(frozen=True, slots=True)
class Curve:
    """Continuously compounded zero rates, linear between pillars and flat outside.

    Attributes
    ----------
    years : tuple of float, increasing
        Pillars. [year]
    rates : tuple of float
        [1/year], decimals.
    """

    years: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a curve that cannot be read."""
        if not self.years or len(self.years) != len(self.rates):
            raise ValueError(f"a curve needs as many rates as pillars, got {len(self.years)} and {len(self.rates)}")
        if any(b <= a for a, b in zip(self.years, self.years[1:], strict=False)):
            raise ValueError(f"a curve's pillars must increase, got {self.years}")
        if not np.isfinite([*self.years, *self.rates]).all():
            raise ValueError(f"a curve needs finite numbers, got {self.years} and {self.rates}")

    @classmethod
    def flat(cls, rate: float) -> Curve:
        """Return a curve with one continuously compounded rate. [1/year]"""
        return cls((1.0,), (rate,))

    @classmethod
    def from_treasury(cls, years: ArrayLike, yields: ArrayLike) -> Curve:
        """Turn Treasury par yields (decimals a year) into continuous rates.

        ln(1 + y t)/t up to six months, 2 ln(1 + y/2) beyond. Over these tenors and levels the par yield stands
        for the zero rate: the rate reaches the measures only through the forward's parity (METHOD section 5).
        """
        years, yields = np.asarray(years, float), np.asarray(yields, float)
        simple = np.log1p(yields * years) / years
        compounded = 2 * np.log1p(yields / 2)
        rates = np.where(years <= BILL_YEARS, simple, compounded)
        return cls(tuple(years.tolist()), tuple(rates.tolist()))

    def rate(self, years: ArrayLike) -> Floats:
        """Continuously compounded rate to each tenor. [1/year]"""
        rates: Floats = np.interp(np.asarray(years, float), self.years, self.rates)
        return rates

    def discount(self, years: ArrayLike) -> Floats:
        """Value today of one dollar after each number of years. [1]"""
        value: Floats = np.exp(-self.rate(years) * np.asarray(years, float))
        return value
