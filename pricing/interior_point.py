"""Convex quadratic programs of a few hundred unknowns: what an arbitrage-free fit is, once it is written down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError

from pricing.arrays import Floats

__all__ = ["Minimum", "Program", "minimise"]

MOST_STEPS = 80  # the fits of this package take 8 to 30
CLOSE, FLAT = 1e-10, 1e-8  # what may be left of conditions and products, and of the slope; the largest datum is 1
SHY = 0.995  # share of the way to the boundary that a step goes: beyond it there is no next step
APART = 1e-2  # least slack that an inequality starts with


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise x'Hx/2 - f'x over x >= 0 where A x = b and G x >= h.

    The unknowns come in blocks, one an expiry: H does not mix them, and an inequality mixes neighbours at most.

    Attributes
    ----------
    quadratic : tuple of array, shape (n_i, n_i)
        H's blocks, symmetric and positive semidefinite.
    linear : array, shape (n,)
        f, n the sum of the n_i.
    equal, value : array, shape (p, n) and (p,)
        A, of full rank, and b.
    above : tuple of array, shape (m_i, n_{i-1} + n_i), the first (m_0, n_0)
        G's rows on each block and the one before it; m_i may be 0.
    bound : array, shape (m,)
        h, m the sum of the m_i.
    """

    quadratic: tuple[Floats, ...]
    linear: Floats
    equal: Floats
    value: Floats
    above: tuple[Floats, ...]
    bound: Floats

    @property
    def blocks(self) -> list[slice]:
        """Where each block lies among the unknowns."""
        ends = np.cumsum([len(block) for block in self.quadratic]).tolist()
        return [slice(end - len(block), end) for block, end in zip(self.quadratic, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a program is least.

    Attributes
    ----------
    x : array, shape (n,)
        Positive in every element. NaN where the tolerance was not met.
    solved : bool
    steps : int
    """

    x: Floats
    solved: bool
    steps: int


def minimise(program: Program, start: Floats) -> Minimum:
    """Solve by the predictor-corrector interior-point method of Mehrotra. [1]_

    Parameters
    ----------
    program : Program
    start : array, shape (n,)
        Positive; of the size of the answer it saves steps. It need not satisfy anything else.

    References
    ----------
    .. [1] S. Mehrotra, "On the implementation of a primal-dual interior point method," SIAM J. Optim., vol. 2,
       pp. 575-601, 1992; for quadratic programs J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed.,
       2006, algorithm 16.4.
    """
    rows = _Rows(program)
    x, y = start.astype(float), np.zeros(program.value.size)
    slack = rows.of(x)
    slack[x.size :] = np.maximum(slack[x.size :] - program.bound, APART)
    floor = np.concatenate([np.zeros(x.size), program.bound])
    z = np.ones(slack.size)
    size = 1 + max(float(np.abs(one).max(initial=0.0)) for one in (program.linear, program.value, program.bound))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # where the set is empty
        for step in range(MOST_STEPS):
            dual = rows.curved(x) - program.linear - y @ program.equal - rows.back(z)
            primal = program.equal @ x - program.value
            gap = rows.of(x) - floor - slack
            mean = float(slack @ z) / slack.size
            missed = max(float(np.abs(np.concatenate([primal, gap])).max()), mean)
            if missed < CLOSE * size and np.abs(dual).max() < FLAT * size:
                return Minimum(x, solved=True, steps=step)
            try:
                newton = _Newton(program, rows, z / slack)
                dx, _ = newton.step(dual + rows.back(z + z * gap / slack), primal)
                dslack = rows.of(dx) + gap
                dz = -z - z * dslack / slack
                reach = min(1.0, _reach(slack, dslack), _reach(z, dz))
                there = float((slack + reach * dslack) @ (z + reach * dz)) / slack.size
                target = slack * z + dslack * dz - (there / mean) ** 3 * mean
                dx, dy = newton.step(dual + rows.back((target + z * gap) / slack), primal)
            except LinAlgError:
                break
            dslack = rows.of(dx) + gap
            dz = -(target + z * dslack) / slack
            length = min(1.0, SHY * min(_reach(slack, dslack), _reach(z, dz)))
            x, y, slack, z = x + length * dx, y + length * dy, slack + length * dslack, z + length * dz
    return Minimum(np.full(x.size, np.nan), solved=False, steps=step)


def _reach(x: Floats, dx: Floats) -> float:
    """Return the longest step that leaves `x` positive."""
    falling = dx < 0
    return float((-x[falling] / dx[falling]).min(initial=np.inf))


class _Rows:
    """The inequalities, x >= 0 first, and H, as products that keep to their blocks."""

    def __init__(self, program: Program) -> None:
        self.blocks = program.blocks
        self.spans = [slice(self.blocks[max(at - 1, 0)].start, own.stop) for at, own in enumerate(self.blocks)]
        ends = np.cumsum([len(group) for group in program.above]).tolist()
        self.groups = [slice(end - len(group), end) for group, end in zip(program.above, ends, strict=True)]
        self._program = program

    def curved(self, x: Floats) -> Floats:
        """H x."""
        return np.concatenate([h @ x[at] for h, at in zip(self._program.quadratic, self.blocks, strict=True)])

    def of(self, x: Floats) -> Floats:
        """[x, G x]."""
        return np.concatenate([x, *(g @ x[at] for g, at in zip(self._program.above, self.spans, strict=True))])

    def back(self, z: Floats) -> Floats:
        """z_x + G' z_G."""
        n = self._program.linear.size
        pulled = z[:n].copy()
        for g, span, group in zip(self._program.above, self.spans, self.groups, strict=True):
            pulled[span] += z[n:][group] @ g
        return pulled


class _Newton:
    """The matrix of a step, H + diag(w_x) + G' diag(w_G) G, factored once for predictor and corrector."""

    def __init__(self, program: Program, rows: _Rows, weight: Floats) -> None:
        self._a, self._blocks = program.equal, rows.blocks
        n = program.linear.size
        diagonal = [h + np.diag(weight[at]) for h, at in zip(program.quadratic, rows.blocks, strict=True)]
        mixed = []
        for at, (g, group) in enumerate(zip(program.above, rows.groups, strict=True)):
            left, own = np.split(g, [g.shape[1] - len(diagonal[at])], axis=1)
            weighed = own.T * weight[n:][group]
            diagonal[at] += weighed @ own
            mixed.append(weighed @ left)
            if at:
                diagonal[at - 1] += (left.T * weight[n:][group]) @ left
        self._inverse: list[Floats] = []  # of the factor's diagonal blocks
        self._beside: list[Floats] = []  # the factor's blocks to their left
        for at, (block, beside) in enumerate(zip(diagonal, mixed, strict=True)):
            self._beside.append(beside @ self._inverse[at - 1].T if at else beside)
            self._inverse.append(np.linalg.inv(np.linalg.cholesky(block - self._beside[at] @ self._beside[at].T)))
        self._m = self._apply(self._a.T)
        self._schur = self._a @ self._m

    def _apply(self, right: Floats) -> Floats:
        """Solve with the block tridiagonal factor: down, then up."""
        solved = np.empty_like(right)
        for at, (own, inverse, beside) in enumerate(zip(self._blocks, self._inverse, self._beside, strict=True)):
            rest = right[own] - beside @ solved[self._blocks[at - 1]] if at else right[own]
            solved[own] = inverse @ rest
        for at in reversed(range(len(self._blocks))):
            own = self._blocks[at]
            if at + 1 < len(self._blocks):
                solved[own] -= self._beside[at + 1].T @ solved[self._blocks[at + 1]]
            solved[own] = self._inverse[at].T @ solved[own]
        return solved

    def step(self, dual: Floats, primal: Floats) -> tuple[Floats, Floats]:
        """Return the changes of x and of the multipliers of A x = b."""
        dx = self._apply(-dual)
        dy = np.asarray(np.linalg.solve(self._schur, -primal - self._a @ dx), np.float64)
        return dx + self._m @ dy, dy
