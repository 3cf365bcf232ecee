"""The SVI smile of one expiry, fitted to many smiles at once by the quasi-explicit reduction.

Total variance over log-moneyness k = ln(K/F) is a branch of a hyperbola, in Gatheral's raw parameters

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)).

For a given vertex (m, s) it is linear in a, b rho and b: least squares is then a convex problem with an exact answer,
and only the vertex is searched for. [1]_ SVI is for pictures and reports of arbitrage: among listed quotes it is too
stiff to give values (docs/smiles.md).

References
----------
.. [1] Zeliade Systems, "Quasi-explicit calibration of Gatheral's SVI model," white paper, 2009; after S. De Marco and
   C. Martini. Their a >= 0 is here the weaker a + b s sqrt(1 - rho^2) >= 0: total variance is nowhere negative.
.. [2] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces," Quant. Finance, vol. 14, pp. 59-71, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arbitrage import Shape, butterfly
from pricing.arrays import Floats
from pricing.smile import FEWEST, Smiles

__all__ = ["JumpWings", "Svi", "fit"]

STEEPEST = 2.0  # of a wing: steeper ones have no finite mean [R. Lee, Math. Finance, vol. 14, 2004, pp. 469-480]
VERTICES = 7  # a side of the grid on which vertices are first tried
SHARPEST, BLUNTEST = 0.01, 2.0  # s on that grid, in widths of the quotes
BLOCK = 128  # smiles at once: their grids of vertices fit a cache
STEPS, HELD_STEPS = 12, 48  # of Levenberg and Marquardt: freely, and at each price of g
DAMPING = 1e-3  # at first, of the diagonal
FAR = np.sinh(np.linspace(-9.0, 9.0, 181))  # where g is looked at: (k - m)/s, dense at the vertex, out to 4,000
LEAST_G, WANTED_G = 1e-3, 1e-2  # what g may not fall under without butterflies, and under which it costs
INSIDE = 0.98  # share of what the SSVI conditions allow that a start takes
TINY = 1e-14  # of the largest diagonal: keeps a step defined where a parameter does nothing
PRICES = (100.0, 1.0, 0.01)  # of squared shortfalls of g, in squared misfits of the unconstrained fit, in turn


@dataclass(frozen=True, slots=True)
class Svi:
    """Raw parameters of some smiles, arrays of one shape (...); NaN where there was nothing to fit.

    Attributes
    ----------
    a : float array
        Level of total variance. [1]
    b : float array
        Half the sum of the wings' slopes. [1]
    rho : float array
        Their balance, in [-1, 1]. [1]
    m, s : float array
        Where the vertex is, and how blunt. [1]
    """

    a: Floats
    b: Floats
    rho: Floats
    m: Floats
    s: Floats

    def shape(self, k: Floats) -> Shape:
        """Total variance and its derivatives at `k`, shape (..., m)."""
        a, b, rho, m, s = (one[..., None] for one in (self.a, self.b, self.rho, self.m, self.s))
        x = k - m
        root = np.hypot(x, s)
        return Shape(a + b * (rho * x + root), b * (rho + x / root), b * s**2 / root**3)

    @property
    def wings(self) -> tuple[Floats, Floats]:
        """Slopes of total variance far out, puts' and calls'; over 2 there is arbitrage. [1]"""
        return self.b * (1 - self.rho), self.b * (1 + self.rho)

    @property
    def least(self) -> Floats:
        """Least total variance. [1]"""
        least: Floats = self.a + self.b * self.s * np.sqrt(1 - self.rho**2)
        return least

    def worst(self) -> tuple[Floats, Floats]:
        """Least Durrleman g, quotes or not, and its log-moneyness; negative is a butterfly."""
        k = self.m[..., None] + self.s[..., None] * FAR
        shape = self.shape(k)
        with np.errstate(divide="ignore", invalid="ignore"):
            g = butterfly(k, shape.variance, shape.slope, shape.curvature)
        g = np.where(shape.variance <= 0, -np.inf, g)
        at = np.argmin(g, axis=-1)[..., None]
        return np.take_along_axis(g, at, axis=-1)[..., 0], np.take_along_axis(k, at, axis=-1)[..., 0]

    def jump_wings(self, years: Floats) -> JumpWings:
        """Return the parameters that traders read, at an expiry in `years` of shape (...). [2]_, section 3"""
        k = np.zeros((*self.a.shape, 1))
        shape = self.shape(k)
        total, slope = shape.variance[..., 0], shape.slope[..., 0]
        root = np.sqrt(total)
        put, call = self.wings
        return JumpWings(total / years, slope / (2 * root), put / root, call / root, self.least / years)


@dataclass(frozen=True, slots=True)
class JumpWings:
    """SVI in the parameters that traders read, each for a fixed time to expiry; arrays of one shape.

    Attributes
    ----------
    variance : float array
        At the money. [1/year]
    skew : float array
        Slope of total volatility at the money. [1]
    put, call : float array
        Slopes of the wings over total volatility at the money. [1]
    least : float array
        Least variance. [1/year]
    """

    variance: Floats
    skew: Floats
    put: Floats
    call: Floats
    least: Floats

    def raw(self, years: Floats) -> Svi:
        """Return the raw parameters; NaN where no convex smile has these. [2]_, section 3"""
        total = self.variance * years
        root = np.sqrt(total)
        b = root / 2 * (self.put + self.call)
        with np.errstate(divide="ignore", invalid="ignore"):
            rho = 1 - self.put * root / b
            lean = rho - 2 * self.skew * root / b  # m / sqrt(m^2 + s^2)
            blunt = np.sqrt(1 - lean**2)
            # a hyperbola's height over its least at k = 0: b (hypot - rho m - s sqrt(1 - rho^2))
            size = (total - self.least * years) / (b * (1 - rho * lean - blunt * np.sqrt(1 - rho**2)))
        m, s = size * lean, size * blunt
        return Svi(self.least * years - b * s * np.sqrt(1 - rho**2), b, rho, m, s)


def fit(smiles: Smiles, years: Floats, *, butterflies: bool = True) -> Svi:
    """Fit every smile by least squares of volatility, each square weighed by the inverse of the half-spread.

    Parameters
    ----------
    smiles : Smiles, rows (n,)
    years : array, shape (n,)
        [year]
    butterflies : bool
        False keeps Durrleman's g positive, quotes or not: the fit starts from the SSVI smile that osculates the free
        one at the money, which has no butterfly ([2]_, theorem 4.2), and descends without ever leaving the set.

    Returns
    -------
    Svi
        Arrays of shape (n,); NaN for fewer than five quotes. Wings of a slope of 2 or less, no negative variance.
    """
    found = np.full((years.size, 5), np.nan)
    enough = np.flatnonzero(smiles.size >= FEWEST)
    for start in range(0, enough.size, BLOCK):
        rows = enough[start : start + BLOCK]
        longest = int(smiles.size[rows].max())
        columns = (column[rows, :longest] for column in (smiles.k, smiles.vol, smiles.half_spread))
        quotes = _Quotes.of(Smiles(*columns), years[rows])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            best = _descend(_search(quotes), quotes, STEPS)
            found[rows] = best if butterflies else _held_up(best, quotes)
    a, p, b, m, s = found.T
    with np.errstate(invalid="ignore"):
        return Svi(a, b, np.divide(p, b, out=np.zeros_like(b), where=b != 0), m, s)


@dataclass(frozen=True, slots=True)
class _Quotes:
    """Log-moneyness, total variance and its weight, shape (n, quotes); weights add to one, none where padded."""

    k: Floats
    variance: Floats
    weight: Floats

    @classmethod
    def of(cls, smiles: Smiles, years: Floats) -> _Quotes:
        there = np.isfinite(smiles.k)
        vol = np.where(there, smiles.vol, 1.0)
        per_vol = 2 * vol * years[:, None]  # of total variance
        weight = there / (np.where(there, smiles.half_spread, 1.0) * per_vol**2)
        return cls(np.where(there, smiles.k, 0.0), vol**2 * years[:, None], weight / weight.sum(axis=1, keepdims=True))


def _search(quotes: _Quotes) -> Floats:
    """Find the best vertex on a grid; a, b rho, b, m, s in shape (n, 5)."""
    there = quotes.weight > 0
    first = np.where(there, quotes.k, np.inf).min(axis=1, keepdims=True)
    width = np.where(there, quotes.k, -np.inf).max(axis=1, keepdims=True) - first
    across, blunt = np.meshgrid(np.linspace(0.0, 1.0, VERTICES), np.geomspace(SHARPEST, BLUNTEST, VERTICES))
    return _at_best(quotes, first + width * across.ravel(), width * blunt.ravel())


def _at_best(quotes: _Quotes, m: Floats, s: Floats) -> Floats:
    """Solve for the linear parameters at each vertex, shape (n, vertices), and keep the best."""
    w = quotes.weight
    centre, level = np.sum(w * quotes.k, axis=1, keepdims=True), np.sum(w * quotes.variance, axis=1, keepdims=True)
    k, y = quotes.k - centre, quotes.variance - level
    root = np.sqrt((k[:, None] - (m - centre)[..., None]) ** 2 + (s**2)[..., None])
    r, kr, yr = np.moveaxis(root @ np.stack([w, w * k, w * y], axis=-1), -1, 0)
    kk, ky, yy = (np.sum(w * one, axis=1, keepdims=True) for one in (k * k, k * y, y * y))
    rr = kk + (m - centre) ** 2 + s**2 - r**2

    def miss(p: Floats, b: Floats) -> Floats:
        cost: Floats = yy - 2 * (p * ky + b * yr) + p * p * kk + 2 * p * b * kr + b * b * rr
        return cost

    determinant = kk * rr - kr**2
    p, b = (rr * ky - kr * yr) / determinant, (kk * yr - kr * ky) / determinant
    cost = np.where((b >= np.abs(p)) & (b + np.abs(p) <= STEEPEST), miss(p, b), np.inf)
    outside = np.isinf(cost)  # a convex function is then least on the border of |p| <= b <= 2 - |p|
    corners = np.array([[0.0, 0.0], [0.5, 0.5], [0.0, 1.0], [-0.5, 0.5]]) * STEEPEST
    for (p0, b0), (p1, b1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dp, db = p1 - p0, b1 - b0
        falls = dp * (ky - p0 * kk - b0 * kr) + db * (yr - p0 * kr - b0 * rr)
        share = np.clip(falls / (dp * dp * kk + 2 * dp * db * kr + db * db * rr), 0.0, 1.0)
        edge = miss(p0 + share * dp, b0 + share * db)
        better = outside & (edge < cost)
        p, b = np.where(better, p0 + share * dp, p), np.where(better, b0 + share * db, b)
        cost = np.where(better, edge, cost)
    a = level - p * (centre - m) - b * r
    lift = np.maximum(-s * np.sqrt(np.maximum(b * b - p * p, 0.0)) - a, 0.0)
    cost = cost + lift**2
    best = np.argmin(np.where(np.isnan(cost), np.inf, cost), axis=1)[:, None]
    return np.hstack([np.take_along_axis(one, best, axis=1) for one in (a + lift, p, b, m, s)])


def _held_up(free: Floats, quotes: _Quotes) -> Floats:
    """Descend from an SSVI smile without butterflies at ever lower prices of g, never under its least."""
    start = _osculating(free)
    least = np.minimum(LEAST_G, _durrleman(start)[0].min(axis=1))
    misfit, x = _weigh(free, quotes).cost, start
    for price in PRICES:
        x = _descend(x, quotes, HELD_STEPS, price * misfit, least)
    return np.where((_durrleman(free)[0].min(axis=1) < LEAST_G)[:, None], x, free)


def _osculating(x: Floats) -> Floats:
    """Return the SSVI smiles of the same level, slope and curvature at the money, as far as they may have them."""
    a, p, b, m, s = x.T
    root = np.hypot(m, s)
    level, slope, curvature = a - p * m + b * root, p - b * m / root, b * s**2 / root**3
    steepest = INSIDE * np.minimum(np.sqrt(2 * level), STEEPEST)
    slope = np.clip(slope, -steepest, steepest)
    lean = np.abs(slope)
    # theta phi = psi: psi (1 + |rho|) = psi + lean <= 4 and psi (psi + lean) <= 4 theta
    most = INSIDE * np.minimum(4 - lean, (np.sqrt(lean**2 + 16 * level) - lean) / 2)
    psi = np.clip(np.sqrt(slope**2 + 2 * level * curvature), lean, most)
    rho = INSIDE * slope / psi
    flat = np.sqrt(1 - rho**2)
    return np.stack([level * flat**2 / 2, rho * psi / 2, psi / 2, -rho * level / psi, flat * level / psi], axis=1)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Weighted squares at some parameters, shape (n,), half their gradient (n, 5) and half their Hessian (n, 5, 5)."""

    cost: Floats
    gradient: Floats
    normal: Floats


def _descend(
    x: Floats, quotes: _Quotes, steps: int, price: Floats | None = None, least: Floats | None = None
) -> Floats:
    """Improve the parameters by the method of Levenberg and Marquardt.

    Without a price the linear ones are solved for again at each new vertex. With one, a step is refused that leaves
    the smiles whose g is `least` or more.
    """
    here, damping = _weigh(x, quotes, price, least), np.full(len(x), DAMPING)
    for _ in range(steps):
        scale = np.einsum("nii->ni", here.normal)
        damped = damping[:, None] * scale + TINY * scale.max(axis=1, keepdims=True)
        matrix = here.normal + damped[:, :, None] * np.eye(5)
        there = x - np.linalg.solve(matrix, here.gradient[..., None])[..., 0]
        if price is None:
            there = _at_best(quotes, there[:, 3:4], np.abs(there[:, 4:5]))
        tried = _weigh(there, quotes, price, least)
        better = tried.cost < here.cost
        x = np.where(better[:, None], there, x)
        here = _Weighed(
            np.where(better, tried.cost, here.cost),
            np.where(better[:, None], tried.gradient, here.gradient),
            np.where(better[:, None, None], tried.normal, here.normal),
        )
        damping = np.where(better, damping / 5, damping * 4)
    return x


def _weigh(x: Floats, quotes: _Quotes, price: Floats | None = None, least: Floats | None = None) -> _Weighed:
    """Weigh the misfit, and where it has a price the shortfall of g; infinite where that is under its least."""
    missed, by_x = _variance(x, quotes.k)
    missed, weight, outside = missed - quotes.variance, quotes.weight, np.zeros(len(x), bool)
    if price is not None and least is not None:
        g, g_by_x = _durrleman(x)
        a, p, b, _, s = x.T
        outside = (np.abs(p) > b) | (b + np.abs(p) > STEEPEST) | (s <= 0) | ~(g.min(axis=1) >= least)
        outside |= a + s * np.sqrt(np.maximum(b * b - p * p, 0.0)) < 0
        missed, by_x = np.hstack([missed, g - WANTED_G]), np.hstack([by_x, g_by_x])
        weight = np.hstack([weight, price[:, None] * (g < WANTED_G)])
    weighed = by_x * weight[..., None]
    cost = np.where(outside, np.inf, np.sum(weight * missed**2, axis=1))
    return _Weighed(cost, np.einsum("nki,nk->ni", weighed, missed), weighed.swapaxes(1, 2) @ by_x)


def _variance(x: Floats, k: Floats) -> tuple[Floats, Floats]:
    """Total variance and its derivatives in a, b rho, b, m, s."""
    a, p, b, m, s = x.T[..., None]
    away = k - m
    root = np.sqrt(away**2 + s**2)
    by_x = np.stack([np.ones_like(k), away, root, -p - b * away / root, b * s / root], axis=-1)
    return a + p * away + b * root, by_x


def _durrleman(x: Floats) -> tuple[Floats, Floats]:
    """Durrleman's g all over the smile and its derivatives in the parameters, at strikes that stay."""
    _, p, b, m, s = x.T[..., None]
    away = s * FAR
    k, root = m + away, s * np.sqrt(1 + FAR**2)
    w, w_by_x = _variance(x, k)
    w1, w2 = p + b * away / root, b * s**2 / root**3
    none = np.zeros_like(k)
    w1_by_x = np.stack([none, none + 1, away / root, -w2, -w2 * away / s], axis=-1)
    w2_by_x = np.stack([none, none, s**2 / root**3, 3 * w2 * away / root**2, w2 * (2 / s - 3 * s / root**2)], axis=-1)
    tilt = 1 - k * w1 / (2 * w)
    by_w = tilt * k * w1 / w**2 + (w1 / w) ** 2 / 4
    by_w1 = -tilt * k / w - w1 / 2 * (1 / w + 1 / 4)
    by_x = by_w[..., None] * w_by_x + by_w1[..., None] * w1_by_x + w2_by_x / 2
    return butterfly(k, w, w1, w2), by_x
