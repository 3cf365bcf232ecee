"""Smiles that cannot be arbitraged: the risk-neutral laws nearest to the local fits of a chain.

The price at an expiry over its forward is written S_T/F = X Z, X on a grid and Z an independent lognormal of mean one,
narrow beside the law itself. A call is then a mixture of Black prices,

    C(K)/F = sum_j p_j Black(x_j, K/F, h),        p >= 0,  sum p_j = 1,  sum p_j x_j = 1,

whose density is positive, whose mass is one and whose mean is the forward, at every strike and not on a grid of them:
no butterfly. Between two expiries there is no calendar arbitrage where the discrete calls do not fall with time,
E(X_far - x)+ >= E(X_near - x)+, and the kernel does not narrow: products of independent laws in convex order are in
convex order. The discrete calls are straight between nodes, so that the nodes of both are every strike. All of this
is linear in p. The representation is that of [1]_; the objective is ours: the least distance in volatility, weighted
by the quotes' half-spreads, to the local quadratic of `pricing.smile`, with prices linearised about it by their vega,
and a penalty on the third derivative of the volatility, which is neutral to what the local fit itself can follow. It
makes a convex quadratic program. docs/smiles.md has the evidence.

References
----------
.. [1] H. Buehler, B. Horvath, A. Kratsios, Y. Limmer and R. Saqur, "SANOS: smooth strictly arbitrage-free
   non-parametric option surfaces," arXiv:2601.11209, 2026.
.. [2] M. R. Fengler, "Arbitrage-free smoothing of the implied volatility surface," Quant. Finance, vol. 9,
   pp. 417-428, 2009 (the same conditions, imposed on a smoothing spline of prices).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import ndtr

from pricing.arbitrage import Shape
from pricing.arrays import Bools, Floats
from pricing.implied import implied_vol
from pricing.interior_point import Program, minimise
from pricing.smile import FEWEST, Smiles

__all__ = ["Density", "fit"]

NODES = 4.0  # in one at-the-money standard deviation; the kernel is as wide as they are apart
BEYOND = 2.0  # standard deviations past the last quote on either side to which they go
SAMPLES = 2.0  # of the local fit in the distance of two nodes
ROUGH = 1e-6  # weight of the smile's squared third derivative, over at-the-money standard deviations
WORTHLESS = 1e-7  # of the forward: quotes of such prices are left out, no feed has them
MOST = 500  # nodes of an expiry: past that they move apart
UNEVEN = 1e-7  # weight of squared second differences of p over its first guess: it settles what no quote reaches
FAINT = 1e-9  # least first guess of a node's probability
SHARPEST = 1e-4  # half-spread under which quotes are trusted alike [1/sqrt(year)]
_SQRT_2PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Density:
    """Law of S_T/F at one expiry: a mixture of lognormals.

    Attributes
    ----------
    node : array, shape (n,)
        ln x, evenly spaced; empty where there was nothing to fit.
    weight : array, shape (n,)
        Probability of each node, positive.
    width : float
        Standard deviation of ln Z. [1]
    years : float
        [year]
    solved : bool
        Whether there is a fit; every reading is NaN where there is none.
    """

    node: Floats
    weight: Floats
    width: float
    years: float
    solved: bool

    def price(self, k: Floats) -> Floats:
        """Undiscounted price of the out-of-the-money option at each log-moneyness ln(K/F), in forwards. [1]"""
        return self._mixed(_options(k, self.node, self.width))

    def vol(self, k: Floats) -> Floats:
        """Implied volatility at each log-moneyness; beyond the quotes it is a guess. [1/sqrt(year)]"""
        return implied_vol(self.price(k), 1.0, np.exp(k), self.years, k >= 0).vol

    def below(self, k: Floats) -> Floats:
        """Probability of ending under each log-moneyness. [1]"""
        return self._mixed(ndtr(self._score(k)))

    def density(self, k: Floats) -> Floats:
        """Density of ln(S_T/F) at each log-moneyness. [1]"""
        return self._mixed(np.exp(-(self._score(k) ** 2) / 2) / (_SQRT_2PI * self.width))

    def shape(self, k: Floats) -> Shape:
        """Total variance and its derivatives at each log-moneyness, from price, probability and density."""
        below, density = self.below(k), self.density(k)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            w = self.vol(k) ** 2 * self.years
            root = np.sqrt(w)
            d2 = -k / root - root / 2
            normal = np.exp(-(d2**2) / 2) / _SQRT_2PI
            slope = (below - ndtr(-d2)) * 2 * root / normal
            g = density * root / normal
            curvature = 2 * (g - (1 - k * slope / (2 * w)) ** 2 + slope**2 / 4 * (1 / w + 1 / 4))
        return Shape(w, slope, curvature)

    def _score(self, k: Floats) -> Floats:
        return (k[:, None] - self.node) / self.width + self.width / 2

    def _mixed(self, of_nodes: Floats) -> Floats:
        value: Floats = of_nodes @ self.weight
        return value if self.solved else np.full(value.shape, np.nan)


def fit(smiles: Smiles, years: Floats, *, neighbours: int, calendar: bool = True) -> tuple[Density, ...]:
    """Find the law of every expiry nearest to the local fit of its quotes.

    Parameters
    ----------
    smiles : Smiles, rows (expiries,)
        Out-of-the-money quotes of one chain.
    years : array, shape (expiries,)
        Rising. [year]
    neighbours : int
        Of the local fit.
    calendar : bool
        Whether to exclude calendar arbitrage as well: the expiries are then solved as one.

    Returns
    -------
    tuple of Density
        One an expiry; not `solved` where it has fewer quotes than a local fit needs, or a local fit that is nowhere
        near a smile.

    Raises
    ------
    ValueError
        Where `years` are not positive and rising.
    """
    if np.any(np.diff(years, prepend=0.0) <= 0):
        raise ValueError(f"needed positive years that rise, got {years.tolist()}")
    targets: dict[int, _Target] = {}
    before = None
    for at, size in enumerate(smiles.size.tolist()):
        quotes = Smiles(*(column[at, :size] for column in (smiles.k, smiles.vol, smiles.half_spread)))
        target = _target(quotes, float(years[at]), neighbours, before if calendar else None)
        if target is not None:
            targets[at] = before = target
    found = [Density(np.empty(0), np.empty(0), 1.0, one, solved=False) for one in years.tolist()]
    together = [list(targets)] if calendar and targets else [[at] for at in targets]
    for group in together:
        for at, one in zip(group, _solve([targets[at] for at in group]), strict=True):
            found[at] = one
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Target:
    """One expiry's distance to its local fit, quadratic in its nodes' probabilities over their first guess."""

    years: float
    width: float
    node: Floats
    guess: Floats
    quadratic: Floats
    linear: Floats


def _target(quotes: Smiles, years: float, neighbours: int, before: _Target | None) -> _Target | None:
    """Lay the nodes, no closer and no less far than those of the expiry before, and weigh the local fit."""
    root = np.sqrt(years)
    worth = _black(quotes.k, quotes.vol * root, quotes.k >= 0) > WORTHLESS
    quotes = Smiles(quotes.k[worth], quotes.vol[worth], quotes.half_spread[worth])
    k = quotes.k
    if k.size < FEWEST:
        return None
    atm = float(quotes.read(np.clip(np.zeros(1), k[0], k[-1]), neighbours=neighbours).vol[0]) * root
    if not 0 < atm < np.inf:
        return None
    first, last = k[0] - BEYOND * quotes.vol[0] * root, k[-1] + BEYOND * quotes.vol[-1] * root
    width = max(atm / NODES, (last - first) / MOST)
    if before is not None:
        width, first, last = max(width, before.width), min(first, before.node[0]), max(last, before.node[-1])
    node = np.arange(np.floor(min(first, 0) / width) - 1, np.ceil(max(last, 0) / width) + 2) * width
    at = np.linspace(k[0], k[-1], max(FEWEST, int(np.ceil(SAMPLES * (k[-1] - k[0]) / width))))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        stdev = quotes.read(np.clip(node, k[0], k[-1]), neighbours=neighbours).vol * root
        guess = np.exp(-((node / stdev + stdev / 2) ** 2) / 2) / stdev
        guess = np.maximum(guess / guess.sum(), FAINT)

        stdev = quotes.read(at, neighbours=neighbours).vol * root
        vega = np.where(stdev > 0, np.exp(-((at / stdev - stdev / 2) ** 2) / 2) / _SQRT_2PI, np.nan)
        slope = _options(at, node, width) / vega[:, None]  # stdev of a mixture p, linearised: slope p + constant
        constant = stdev - _black(at, stdev, at >= 0) / vega
        trust = 1 / np.maximum(np.interp(at, k, quotes.half_spread), SHARPEST)
        pull = np.sqrt(trust / trust.sum())
        step = (at[1] - at[0]) / atm
        rough = np.sqrt(ROUGH * step) / step**3
        design = np.concatenate([slope * pull[:, None], np.diff(slope, n=3, axis=0) * rough]) * guess / atm
        aim = np.concatenate([(stdev - constant) * pull, -np.diff(constant, n=3) * rough]) / atm
        uneven = np.diff(np.eye(node.size), n=2, axis=0)
        quadratic = design.T @ design + UNEVEN * uneven.T @ uneven
        scale = node.size / np.trace(quadratic)
    if not np.isfinite(quadratic).all():
        return None
    return _Target(years, width, node, guess, quadratic * scale, aim @ design * scale)


def _solve(targets: list[_Target]) -> list[Density]:
    """Minimise the distances of some expiries together, each held to the one before it."""
    above = [np.zeros((0, targets[0].node.size))]
    for near, far in pairwise(targets):
        kink = np.union1d(near.node, far.node)
        kink = kink[(kink > near.node[0]) & (kink < near.node[-1])]
        rows = np.hstack([-_discrete(kink, near), _discrete(kink, far)])
        above.append(rows / np.abs(rows).sum(axis=1, keepdims=True))
    program = Program(
        quadratic=tuple(one.quadratic for one in targets),
        linear=np.concatenate([one.linear for one in targets]),
        equal=_moments(targets),
        value=np.ones(2 * len(targets)),
        above=tuple(above),
        bound=np.zeros(sum(map(len, above))),
    )
    found = minimise(program, np.ones(program.linear.size))
    densities = []
    for one, at in zip(targets, program.blocks, strict=True):
        weight = found.x[at] * one.guess
        weight /= weight.sum()
        node = one.node - np.log(weight @ np.exp(one.node))  # mass and mean to the last digit, not to a tolerance
        densities.append(Density(node, weight, one.width, one.years, found.solved))
    return densities


def _moments(targets: list[_Target]) -> Floats:
    """Mass and mean of each expiry: the rows that must be one."""
    rows = np.zeros((2 * len(targets), sum(one.node.size for one in targets)))
    start = 0
    for at, one in enumerate(targets):
        rows[2 * at : 2 * at + 2, start : start + one.node.size] = one.guess, one.guess * np.exp(one.node)
        start += one.node.size
    return rows


def _discrete(kink: Floats, target: _Target) -> Floats:
    """Out-of-the-money price at each kink of each node's first guess, without the kernel."""
    gain = np.where(kink >= 0, 1.0, -1.0)[:, None] * (np.exp(target.node) - np.exp(kink)[:, None])
    price: Floats = np.maximum(gain, 0.0) * target.guess
    return price


def _options(k: Floats, node: Floats, width: float) -> Floats:
    """Out-of-the-money price at each strike of a unit of each node, shape (m, n)."""
    return _black(k[:, None] - node, width, (k >= 0)[:, None]) * np.exp(node)


def _black(k: Floats, stdev: Floats | float, is_call: Bools) -> Floats:
    """Black price over its forward in its plainest form: where it loses digits it stands beside larger ones."""
    d1 = stdev / 2 - k / stdev
    sign = np.where(is_call, 1.0, -1.0)
    price: Floats = sign * (ndtr(sign * d1) - np.exp(k) * ndtr(sign * (d1 - stdev)))
    return price
