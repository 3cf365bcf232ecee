"""A whole surface without arbitrage in three numbers an expiry: SSVI with a correlation of its own for each (eSSVI).

A slice is SSVI's [1]_, theta its total variance at the money,

    w(k) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)),

the branch of a hyperbola with asymptotes C k and -P k. In these slopes, with psi = theta phi = C + P,
rho = (C - P)/(C + P) and kappa = theta/psi,

    (w - C k)(w + P k) = kappa (C + P) w.                                                          (1)

**No butterfly** where max(C, P) < 2 and max(C, P) <= 2 kappa: theorem 4.2 of [1]_, theta phi (1 + |rho|) < 4 and
theta phi^2 (1 + |rho|) <= 4, in these numbers.

**No calendar** where C, P and kappa do not fall with time. By (1) a point w > 0 lies under a slice where
h(C, P) = (w - C k)(w + P k)/(C + P) is at most kappa w, and neither dh/dC = -((w + P k)/(C + P))^2 nor
dh/dP = -((w - C k)/(C + P))^2 is ever positive: a point of the nearer slice has
h(C_far, P_far) <= h(C_near, P_near) = kappa_near w <= kappa_far w. These are the slopes of the wings that [2]_ shows
to be necessary, with the sufficient phi_far <= phi_near.

All of it is linear in (C, P, kappa), so that least squares under no arbitrage is a sequence of convex quadratic
programs over every expiry at once, where [3]_ goes from one to the next. Between expiries C, P and theta are linear in
time: kappa = theta/(C + P) is then monotone, and C (C + P) - 2 theta convex along a line on which C and P rise, so
that both conditions carry over to every time between.

References
----------
.. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces," Quant. Finance, vol. 14, pp. 59-71, 2014.
.. [2] S. Hendriks and C. Martini, "The extended SSVI volatility surface," J. Comput. Finance, vol. 22, no. 5,
   pp. 25-39, 2019; corrected by L. Pasquazzi, Theor. Econ. Lett., vol. 13, pp. 1341-1358, 2023.
.. [3] J. Corbetta, P. Cohort, I. Laachir and C. Martini, "Robust calibration and arbitrage-free interpolation of SSVI
   slices," Decis. Econ. Finance, vol. 42, pp. 665-677, 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arbitrage import Shape
from pricing.arrays import Bools, Floats
from pricing.interior_point import Program, minimise
from pricing.smile import FEWEST, Smiles

__all__ = ["Essvi", "fit"]

STEEPEST = 2.0  # of a wing, itself not allowed
INSIDE = 1e-6  # share of every bound that a fit stays away
ROUNDING = 1e-12  # a smaller relative fall with time is arithmetic
STEPS = 30  # of Gauss and Newton; from the start below about ten are taken
DAMPING = 1e-3  # at first, of the mean diagonal
STILL = 1e-9  # relative fall of the squares that ends the steps
BENT, PUTS = 1.0, 0.75  # the start: psi = sqrt(theta), rho = -1/2, inside every condition for theta < 1


@dataclass(frozen=True, slots=True)
class Essvi:
    """Slices of a surface, arrays of shape (expiries,); NaN where nothing was fitted.

    Attributes
    ----------
    years : float array
        Rising. [year]
    theta : float array
        Total variance at the money. [1]
    call, put : float array
        Slopes of the wings, both positive. [1]
    """

    years: Floats
    theta: Floats
    call: Floats
    put: Floats

    @classmethod
    def of(cls, years: Floats, theta: Floats, rho: Floats, phi: Floats) -> Essvi:
        """Take the parameters of [1]_; one rho for all and phi a function of theta make it SSVI."""
        psi = theta * phi
        return cls(years, theta, psi * (1 + rho) / 2, psi * (1 - rho) / 2)

    @property
    def rho(self) -> Floats:
        """Correlation. [1]"""
        return (self.call - self.put) / (self.call + self.put)

    @property
    def phi(self) -> Floats:
        """Bend at the money. [1]"""
        return (self.call + self.put) / self.theta

    def shape(self, k: Floats) -> Shape:
        """Total variance and its derivatives at log-moneyness of shape (m,) or (expiries, m)."""
        theta, call, put = self.theta[:, None], self.call[:, None], self.put[:, None]
        w, root = _variance(k, theta, call, put)
        slope = ((call - put) * w + 2 * call * put * k) / root
        return Shape(w, slope, 2 * (call - slope) * (put + slope) / root)

    def at(self, years: Floats) -> Essvi:
        """Interpolate; NaN outside the expiries. [year]"""
        theta, call, put = (
            np.interp(years, self.years, one, left=np.nan, right=np.nan) for one in (self.theta, self.call, self.put)
        )
        return Essvi(years, theta, call, put)

    def butterflies(self) -> Bools:
        """Mark slices outside the sufficient conditions."""
        steeper = np.maximum(self.call, self.put)
        return ~((steeper < STEEPEST) & (steeper <= 2 * self.theta / (self.call + self.put)))

    def calendars(self) -> Bools:
        """Mark each slice but the last whose next is outside the sufficient conditions."""
        rising = np.stack([self.call, self.put, self.theta / (self.call + self.put)])
        falls: Bools = np.asarray((np.diff(rising) < -ROUNDING * rising[:, 1:]).any(axis=0))
        return falls


def fit(smiles: Smiles, years: Floats) -> Essvi:
    """Fit every expiry of a chain at once, free of butterfly and calendar arbitrage.

    Parameters
    ----------
    smiles : Smiles, rows (expiries,)
    years : array, shape (expiries,)
        Rising. [year]

    Returns
    -------
    Essvi
        NaN for expiries of fewer than five quotes, which hold the others to nothing. Least squares of volatility,
        the squares weighed by the inverse of the half-spread and every expiry alike.

    Raises
    ------
    ValueError
        Where `years` are not positive and rising.
    """
    if np.any(np.diff(years, prepend=0.0) <= 0):
        raise ValueError(f"needed positive years that rise, got {years.tolist()}")
    found = np.full((years.size, 3), np.nan)
    rows = np.flatnonzero(smiles.size >= FEWEST)
    if rows.size:
        found[rows] = _least_squares(Smiles(smiles.k[rows], smiles.vol[rows], smiles.half_spread[rows]), years[rows])
    call, put, kappa = found.T
    return Essvi(years, kappa * (call + put), call, put)


def _variance(k: Floats, theta: Floats, call: Floats, put: Floats) -> tuple[Floats, Floats]:
    """Total variance and the root in it, without the cancellation where the first term is negative."""
    first = theta + (call - put) * k
    root = np.sqrt(first**2 + 4 * call * put * k**2)
    under = first < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        low = 2 * call * put * k**2 / (root - first)
    return np.where(under, low, (first + root) / 2), root


def _least_squares(smiles: Smiles, years: Floats) -> Floats:
    """Step by quadratic programs in what C, P and kappa rise by; shape (expiries, 3)."""
    expiries = years.size
    there = np.isfinite(smiles.k)
    k, vol = np.where(there, smiles.k, 0.0), np.where(there, smiles.vol, 1.0)
    trust = there / np.where(there, smiles.half_spread, 1.0)
    variance = vol**2 * years[:, None]
    weight = trust / trust.sum(axis=1, keepdims=True) / (2 * vol * years[:, None]) ** 2 / expiries

    nearest = np.take_along_axis(variance, np.argmin(np.where(there, np.abs(k), np.inf), axis=1)[:, None], axis=1)
    theta = np.maximum.accumulate(nearest[:, 0])
    unit = BENT * np.sqrt(theta[-1])
    start = np.sqrt(theta)[:, None] * [BENT * (1 - PUTS), BENT * PUTS, 1 / BENT] / unit
    x = np.diff(start, axis=0, prepend=0.0).ravel()  # rises of C, P, kappa in units of the last theta's root
    add_up = np.kron(np.tril(np.ones((expiries, expiries))), np.eye(3))
    above, bound = _conditions(expiries, unit)

    def weigh(x: Floats) -> tuple[float, Floats, Floats]:
        call, put, kappa = (add_up @ x * unit).reshape(expiries, 3).T[..., None]
        w, root = _variance(k, kappa * (call + put), call, put)
        by = np.stack([k * w + put * k**2 + kappa * w, call * k**2 - k * w + kappa * w, (call + put) * w], axis=-1)
        by *= unit / root[..., None]
        pull = np.zeros((expiries, 3, expiries, 3))
        each = np.arange(expiries)
        pull[each, :, each] = np.einsum("eni,en,enj->eij", by, weight, by)
        push = np.einsum("eni,en->ei", by, weight * (variance - w))
        square = pull.reshape(3 * expiries, 3 * expiries)
        return float(np.sum(weight * (w - variance) ** 2)), add_up.T @ square @ add_up, add_up.T @ push.ravel()

    cost, normal, slope = weigh(x)
    damping, nothing = DAMPING, np.zeros((0, x.size))
    for _ in range(STEPS):
        scale = np.trace(normal) / x.size
        damped = normal / scale + damping * np.eye(x.size)
        program = Program((damped,), slope / scale + damped @ x, nothing, np.zeros(0), (above @ add_up,), bound)
        tried = minimise(program, np.maximum(x, 1e-3)).x
        least, *rest = weigh(tried)
        if least < cost:
            still = cost - least < STILL * cost
            x, cost, (normal, slope), damping = tried, least, rest, damping / 5
            if still:
                break
        else:
            damping *= 8
    call, put, kappa = (add_up @ x * unit).reshape(expiries, 3).T
    return np.stack([call, put, kappa], axis=1)


def _conditions(expiries: int, unit: float) -> tuple[Floats, Floats]:
    """No slice with a butterfly: rows over (C, P, kappa) of every expiry, and what they must exceed."""
    wings, bend = [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]], [[-1.0, 0.0, 2.0], [0.0, -1.0, 2.0]]
    last, every = np.kron(np.eye(expiries)[-1:], wings), np.kron(np.eye(expiries), bend)
    return np.vstack([last, every]), np.concatenate(
        [np.full(2, -STEEPEST * (1 - INSIDE) / unit), np.zeros(2 * expiries)]
    )
