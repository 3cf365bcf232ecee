"""The early-exercise boundary of an American put, by spectral collocation (Andersen, Lake & Offengenden 2016).

Everything is per unit of strike and of life: ``rate_time = r T``, ``yield_time = q T`` and
``stdev = sigma sqrt(T)`` say all there is to say about the boundary; spot and strike do not enter. What is
solved for is the **depth** ``ln(B(0+)/B(tau)) / stdev``, which hardly depends on `stdev`.

References
----------
.. [1] L. Andersen, M. Lake and D. Offengenden, "High-performance American option pricing," J. Comput.
   Finance, vol. 20, no. 1, pp. 39-87, 2016: the fixed point "FP-B", ln(B)^2 on Chebyshev nodes of sqrt(tau).
.. [2] J. D. Evans, R. Kuske and J. B. Keller, "American options on assets with dividends near expiry,"
   Math. Finance, vol. 12, pp. 219-237, 2002: the boundary shortly before expiry.
.. [3] P. Bjerksund and G. Stensland, "Closed-form approximation of American options," Scand. J. Manag., vol. 9,
   pp. S87-S99, 1993: the exponential between the boundary's two limits.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from pricing.arrays import Floats
from pricing.normal import rough_cdf

__all__ = ["FAST", "FINE", "PRECISE", "Scheme", "depth", "expiry_limit", "lagrange", "quadrature", "rough_depth"]

POINTS_AT_ONCE = 6144  # of all boundaries solved together: the working arrays stay in the second-level cache
_NODE = 1e-14  # nearer than this to a node, an abscissa is the node


class Scheme(NamedTuple):
    """How finely a boundary is solved: collocation nodes, quadrature points, fixed-point iterations."""

    nodes: int
    points: int
    iterations: int


FAST = Scheme(5, 6, 5)
"""For a boundary of one option among many: an at-the-money put of a year is right to 2e-6 of the strike."""

FINE = Scheme(6, 8, 6)
"""For a boundary that many options share: 3e-7."""

PRECISE = Scheme(8, 12, 9)
"""For a few boundaries: 3e-8."""


def expiry_limit(rate_time: Floats, yield_time: Floats) -> Floats:
    """Log of the boundary over the strike just before expiry: ln min(1, r/q) where the yield is positive, else 0."""
    positive = yield_time > rate_time  # and so min(1, r/q) = r/q, for r >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        limit: Floats = np.where(positive & (yield_time > 0.0), np.log(rate_time / yield_time), 0.0)
    return limit


def depth(rate_time: Floats, yield_time: Floats, stdev: Floats, roots: tuple[float, ...], scheme: Scheme) -> Floats:
    """Depth of the boundary under its limit at expiry, ln(B(0+)/B(tau)) / stdev, at ``tau = T root^2``.

    Parameters
    ----------
    rate_time, yield_time, stdev : array, shape (n,)
        rT > 0, or rT = 0 with qT < 0; qT; sigma sqrt(T) > 0. [1]
    roots : tuple of m floats in [0, 1]
        sqrt(tau/T).

    Returns
    -------
    array, shape (n, m)
    """
    out = np.empty((stdev.size, len(roots)))
    matrix = _reading(roots, scheme.nodes)
    at_once = POINTS_AT_ONCE // (scheme.nodes * scheme.points)
    with np.errstate(under="ignore", over="ignore", divide="ignore", invalid="ignore"):
        for start in range(0, stdev.size, at_once):
            block = slice(start, start + at_once)
            squares = _solve(rate_time[block], yield_time[block], stdev[block], scheme)
            out[block] = np.sqrt(np.maximum(squares @ matrix, 0.0))
    return out


def rough_depth(rate_time: Floats, yield_time: Floats, stdev: Floats, roots: tuple[float, ...]) -> Floats:
    """Depth within a tenth, where the iterations start: good for how a depth changes with `stdev`.

    Arguments as in `depth`.
    """
    r, q, s = rate_time[:, None], yield_time[:, None], stdev[:, None]
    with np.errstate(under="ignore", over="ignore", divide="ignore", invalid="ignore"):
        return _seed(r, q, s, expiry_limit(r, q), np.array(roots))


def _solve(rate_time: Floats, yield_time: Floats, stdev: Floats, scheme: Scheme) -> Floats:
    """Squared depth at the nodes but the first, where it is 0, shape (n, nodes)."""
    grid = _grid(scheme.nodes, scheme.points)
    r, q, s = rate_time[:, None], yield_time[:, None], stdev[:, None]
    limit = expiry_limit(r, q)
    root = grid.root
    carry, spread = (r - q) * np.square(root), s * root
    found = _seed(r, q, s, limit, root)
    # d(B(tau)/B(u)) over the age tau - u: depths enter by their difference over sqrt(age), the rest is fixed.
    # The quadrature points come first, so that sums over them add whole arrays.
    middle = (r - q) / s * grid.age_root
    half = 0.5 * s * grid.age_root
    weight_r = r * grid.weight * np.exp(r * grid.elapsed)
    weight_q = q * grid.weight * np.exp(q * grid.elapsed)
    pays = bool(np.any(yield_time != 0.0))
    for _ in range(scheme.iterations):
        d = np.sqrt(np.maximum(np.matmul(np.square(found), grid.matrix), 0.0))
        d -= found
        d /= grid.age_root
        d += middle
        d_end = (limit - s * found + carry) / spread
        numerator = ndtr(d_end - 0.5 * spread) + (weight_r * rough_cdf(d - half)).sum(axis=0)
        denominator = ndtr(d_end + 0.5 * spread)
        if pays:
            denominator += (weight_q * rough_cdf(d + half)).sum(axis=0)
        found = np.maximum(limit + carry - np.log(numerator / denominator), 0.0) / s
    squares: Floats = np.square(found)
    return squares


def _seed(r: Floats, q: Floats, s: Floats, limit: Floats, root: Floats) -> Floats:
    """Depth from the limits of the boundary for tau -> 0 [2] and tau -> infinity, joined as in [3].

    Within a tenth of the converged depth but for a few corners. The constants e^4 and e^2 keep the short-time
    logarithms from falling under the slope 2 of reference [3] at long ones.
    """
    tau = np.square(root)
    variance = np.square(s)
    a = (r - q) / variance - 0.5
    power = -a - np.sqrt(np.square(a) + 2.0 * r / variance)
    start, ever = np.exp(limit), power / (power - 1.0)
    apart = np.log(math.exp(4.0) + variance / (4.0 * math.pi * np.square(r - q) * tau))
    alike = 2.0 * np.log(math.exp(2.0) + 1.0 / (4.0 * math.sqrt(math.pi) * np.maximum(r, np.abs(q)) * tau))
    fall = np.sqrt(np.minimum(apart, alike)) * s * root
    fall = np.where(q > r, np.maximum(0.6388 * s * root, fall + limit), fall)
    decay = np.minimum((r - q) * tau - fall, 0.0) * start / (start - ever)
    seed: Floats = np.maximum(limit - np.log(ever + (start - ever) * np.exp(decay)), 0.0) / s
    return seed


class _Grid(NamedTuple):
    root: Floats  # sqrt(tau/T) of the nodes but the first, shape (nodes,)
    age_root: Floats  # sqrt((tau - u)/T), shape (points, 1, nodes)
    elapsed: Floats  # u/T, the same shape
    weight: Floats  # of the quadrature over u, the same shape
    matrix: Floats  # from values at the nodes to values at sqrt(u/T), shape (points, nodes, nodes)


@lru_cache(maxsize=8)
def _grid(nodes: int, points: int) -> _Grid:
    """Abscissae u = tau cos^2 of Gauss-Legendre angles: both ends of the integral are smooth in the angle."""
    angle, weight = quadrature(points)
    root = _nodes(nodes)[1:]
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return _Grid(
        root=root,
        age_root=sine * root,
        elapsed=np.square(cosine * root),
        weight=np.square(root) * weight[:, None, None],
        matrix=np.stack([_interpolation(root * part, nodes) for part in np.cos(angle)]),
    )


def quadrature(points: int) -> tuple[Floats, Floats]:
    """Angles in (0, pi/2) and weights such that sum(weight f(sin^2 angle)) is the integral of f over [0, 1]."""
    abscissa, weight = np.polynomial.legendre.leggauss(points)
    angle = 0.25 * np.pi * (1.0 + abscissa)
    return angle, 0.25 * np.pi * weight * np.sin(2.0 * angle)


@lru_cache(maxsize=8)
def _reading(roots: tuple[float, ...], nodes: int) -> Floats:
    return _interpolation(np.array(roots), nodes)


def _nodes(nodes: int) -> Floats:
    """Chebyshev-Lobatto points of [0, 1], shape (nodes + 1,)."""
    points: Floats = 0.5 - 0.5 * np.cos(np.pi * np.arange(nodes + 1) / nodes)
    return points


def _interpolation(at: Floats, nodes: int) -> Floats:
    """Matrix from values at the nodes but the first, where it is 0, to values at `at`, shape (nodes, m)."""
    return np.ascontiguousarray(lagrange(_nodes(nodes), at)[:, 1:].T)


def lagrange(nodes: Floats, at: Floats) -> Floats:
    """Matrix from values at `nodes` to those of their polynomial at `at`, shape (at.size, nodes.size)."""
    apart = nodes[:, None] - nodes + np.eye(nodes.size)
    gap = at[:, None] - nodes
    hit = np.abs(gap) < _NODE
    part = 1.0 / (np.where(hit, 1.0, gap) * apart.prod(axis=1))
    matrix: Floats = np.where(hit.any(axis=1, keepdims=True), hit, part / part.sum(axis=1, keepdims=True))
    return matrix
