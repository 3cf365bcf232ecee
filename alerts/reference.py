"""What a value is compared with: earlier official closes, as they were known on one day.

An alert keeps the reference of the day on which it began to look extreme. Against a moving one an extreme would enter
its own percentile and clear itself within weeks, and a correction of the past could fire it again.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import fsum, isfinite
from statistics import median
from typing import TypeGuard

from alerts.values import digest

__all__ = ["Reference", "known"]

NORMAL = 1.4826  # of a normal law's MAD to its standard deviation: 1 / N^-1(3/4)
SAME = 1e-12  # of a level: rounding, no spread


def known(value: float | None) -> TypeGuard[float]:
    """Whether a number is there and finite: neither NaN nor infinity may fire or clear anything."""
    return value is not None and isfinite(value)


@dataclass(frozen=True)
class Reference:
    """A past to be ranked in.

    Attributes
    ----------
    values : tuple of float
        Rising; of the regime's reference the residuals of the fit.
    session : date
        The last session that could be in it.
    method : str
        How its numbers were made: a value of another method has no standing in it.
    slope, intercept : float or None
        The line ``intercept + slope * level`` that was taken out; None where none was.
    """

    values: tuple[float, ...]
    session: date
    method: str = ""
    slope: float | None = None
    intercept: float | None = None

    @classmethod
    def of(
        cls,
        values: Sequence[float | None],
        session: date,
        method: str = "",
        *,
        levels: Sequence[float | None] | None = None,
    ) -> Reference | None:
        """Make a reference of a window of closes.

        Parameters
        ----------
        values : sequence of float or None
            One a session, in any order; None or NaN where there is none.
        session : date
        method : str
        levels : sequence of float or None, optional
            ln(atm_vol_30d) of the same sessions: what the values owe to it is taken out by least squares.

        Returns
        -------
        Reference or None
            None where the levels have no spread, so that nothing can be taken out.
        """
        if levels is None:
            return cls(tuple(sorted(x for x in values if known(x))), session, method)
        both = [(x, level) for x, level in zip(values, levels, strict=True) if known(x) and known(level)]
        if not both:
            return None
        x = [pair[0] for pair in both]
        level = [pair[1] for pair in both]
        mean_x, mean_level = fsum(x) / len(x), fsum(level) / len(level)
        away = [each - mean_level for each in level]
        if max(abs(each) for each in away) <= SAME:
            return None
        slope = fsum(d * (each - mean_x) for d, each in zip(away, x, strict=True)) / fsum(d * d for d in away)
        intercept = mean_x - slope * mean_level
        residuals = sorted(each - (intercept + slope * at) for each, at in both)
        return cls(tuple(residuals), session, method, slope, intercept)

    @property
    def n(self) -> int:
        """Closes in it."""
        return len(self.values)

    @cached_property
    def id(self) -> str:
        """Name made of the content."""
        line = [repr(self.slope), repr(self.intercept)]
        return "r-" + digest(self.session.isoformat(), self.method, *line, self.pack().hex(), length=24)

    def percentile(self, value: float | None, level: float | None = None) -> float | None:
        """Share of the past under a value, ties counted half [%]; None where one of them is missing."""
        x = self._residual(value, level)
        if x is None or not self.values:
            return None
        return 50 * (bisect_left(self.values, x) + bisect_right(self.values, x)) / self.n

    def z(self, value: float | None) -> float | None:
        """Distance from the median in 1.4826 MAD; None where more than half of the past is one other number."""
        x = self._residual(value, None)
        if x is None or not self.values:
            return None
        centre, scale = self._spread
        if scale:
            return (x - centre) / scale
        return 0.0 if x == centre else None

    def pack(self) -> bytes:
        """Write the values as little-endian doubles; zlib would save 6 %, for mantissas are as good as random."""
        return struct.pack(f"<{self.n}d", *self.values)

    @staticmethod
    def unpack(packed: bytes) -> tuple[float, ...]:
        """Read what `pack` wrote."""
        return struct.unpack(f"<{len(packed) // 8}d", packed)

    @cached_property
    def _spread(self) -> tuple[float, float]:
        """Median, and 1.4826 MAD."""
        centre = median(self.values)
        return centre, NORMAL * median(abs(each - centre) for each in self.values)

    def _residual(self, value: float | None, level: float | None) -> float | None:
        if not known(value):
            return None
        if self.slope is None or self.intercept is None:
            return value
        return value - (self.intercept + self.slope * level) if known(level) else None
