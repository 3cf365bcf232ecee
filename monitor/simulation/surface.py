"""An arbitrage-free smile of known truth: the SSVI surface of Gatheral and Jacquier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from pricing.arrays import ArrayLike, Floats

__all__ = ["Smile", "black"]

NO_ARBITRAGE = 2.0  # eta (1 + |rho|) up to here leaves no static arbitrage at any maturity [1]_


@dataclass(frozen=True, slots=True)
class Smile:
    """The shape shared by every expiry of an instant: total variance over log-moneyness k = ln(K/F).

    With theta the total variance at the money, phi = eta / sqrt(theta (1 + theta)) and

        w(k, theta) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2))

    there is no butterfly arbitrage, and no calendar arbitrage while theta does not fall with maturity.

    Attributes
    ----------
    rho : float
        Correlation of the smile, in (-1, 1); negative where puts cost more. [1]
    eta : float
        How bent the smile is, in units of one standard deviation. [1]

    Raises
    ------
    ValueError
        Where eta (1 + |rho|) > 2: nothing would then exclude arbitrage.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces," Quant. Finance, vol. 14,
       no. 1, pp. 59-71, 2014: theorems 4.1 and 4.2, and the power law phi with gamma = 1/2.
    """

    rho: float
    eta: float

    def __post_init__(self) -> None:
        """Refuse a shape that admits arbitrage."""
        if not (abs(self.rho) < 1 and self.eta > 0 and self.eta * (1 + abs(self.rho)) <= NO_ARBITRAGE):
            raise ValueError(f"needed |rho| < 1 and 0 < eta (1 + |rho|) <= 2, got {self.rho} and {self.eta}")

    def _terms(self, k: ArrayLike, theta: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
        theta = np.asarray(theta, float)
        phi = self.eta / np.sqrt(theta * (1 + theta))
        x = phi * np.asarray(k, float)
        return theta, phi, x, np.sqrt((x + self.rho) ** 2 + 1 - self.rho**2)

    def total_variance(self, k: ArrayLike, theta: ArrayLike) -> Floats:
        """w(k, theta), for theta > 0, broadcast. [1]"""
        theta, _, x, root = self._terms(k, theta)
        return theta / 2 * (1 + self.rho * x + root)

    def slope(self, k: ArrayLike, theta: ArrayLike) -> Floats:
        """Return dw/dk. [1]"""
        theta, phi, x, root = self._terms(k, theta)
        return theta * phi / 2 * (self.rho + (x + self.rho) / root)

    def density_factor(self, k: ArrayLike, theta: ArrayLike) -> Floats:
        """Durrleman's g(k): where it is negative there is butterfly arbitrage. [1]

        g = (1 - k w'/(2 w))^2 - w'^2/4 (1/w + 1/4) + w''/2.
        """
        k = np.asarray(k, float)
        theta, phi, _, root = self._terms(k, theta)
        w, w1 = self.total_variance(k, theta), self.slope(k, theta)
        w2 = theta * phi**2 / 2 * (1 - self.rho**2) / root**3
        return (1 - k * w1 / (2 * w)) ** 2 - w1**2 / 4 * (1 / w + 0.25) + w2 / 2


def black(forward: ArrayLike, strike: ArrayLike, variance: ArrayLike, is_call: ArrayLike) -> Floats:
    """Undiscounted Black price from total variance w > 0, broadcast. [$]

    Written here again, in its plainest form, so that the truth owes nothing to the pricing it is there to judge.
    """
    forward, strike, stdev = np.asarray(forward, float), np.asarray(strike, float), np.sqrt(variance)
    sign = np.where(is_call, 1.0, -1.0)
    d1 = np.log(forward / strike) / stdev + stdev / 2
    price: Floats = sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - stdev)))
    return np.maximum(price, 0.0)  # rounding far out of the money
