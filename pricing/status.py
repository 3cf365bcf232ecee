"""What happened to each implied volatility: a status for every element, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from pricing.arrays import Bools, Codes, Floats

__all__ = ["Implied", "Status"]


class Status(IntEnum):
    """Why an element has a volatility (`OK`) or has none. Stored as one byte an element."""

    OK = 0
    NOT_A_NUMBER = 1  # an input is NaN or infinite
    BAD_INPUT = 2  # a forward, strike or discount that is not positive
    EXPIRED = 3  # no time left: years <= 0
    BELOW_INTRINSIC = 4  # the price is under the value of exercise: no volatility gives it
    AT_INTRINSIC = 5  # the price carries no time value that doubles can resolve
    ABOVE_MAXIMUM = 6  # the price is at or over what infinite volatility would give
    NO_CONVERGENCE = 7  # the iteration ended outside its tolerance: refused rather than guessed
    UNSUPPORTED = 8  # outside what the American engine is proven for: refused with this reason


@dataclass(frozen=True, slots=True)
class Implied:
    """Implied volatilities with their reasons.

    Attributes
    ----------
    vol : float array
        Annualised volatility [1/sqrt(year)]; NaN wherever `status` is not `Status.OK`.
    status : int8 array, the same shape
        Members of `Status`.
    """

    vol: Floats
    status: Codes

    @property
    def ok(self) -> Bools:
        """True where there is a volatility."""
        return np.equal(self.status, Status.OK)
