"""A slow, independent pricer of American options with cash dividends, for tests only.

Crank-Nicolson on a uniform grid of ln S through the strike; four implicit half-steps after every event (R.
Rannacher, "Finite element solution of diffusion problems with irregular data," Numer. Math., vol. 43, 1984);
time steps that grow from each event (P. A. Forsyth and K. R. Vetzal, "Quadratic convergence for valuing American
options using a penalty method," SIAM J. Sci. Comput., vol. 23, 2002); the exercise constraint solved exactly at
every step by iterating on the set of exercised nodes. Second order in both directions, so two grids extrapolate.
It shares no formula with `pricing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded

from pricing.arrays import Floats

WIDTH = 7.0  # standard deviations of ln S to either side
IMPLICIT_HALF_STEPS = 4
FEWEST_STEPS = 30  # between two events
MOST_SETS = 50


@dataclass(frozen=True)
class Grid:
    """One option on a grid.

    `dividends` are pairs (years, amount). The spot follows geometric Brownian motion between the ex-dates and drops
    by the amount at each ("spot" in QuantLib); with `escrowed` it is the spot less the present value of the dividends
    before expiry that does, with the whole spot paid on exercise.
    """

    spot: float
    strike: float
    years: float
    vol: float
    is_call: bool
    rate: float
    dividend_yield: float = 0.0
    dividends: tuple[tuple[float, float], ...] = ()
    escrowed: bool = False
    american: bool = True
    nodes: int = 401
    steps: int = 120

    def price(self) -> float:
        inside = sorted((t, d) for t, d in self.dividends if 0.0 < t < self.years)
        times = [0.0, *(t for t, _ in inside), self.years]
        x = self._log_spots()
        s = np.exp(x)
        value = np.maximum(self._sign * (s - self.strike), 0.0)
        for index in range(len(times) - 2, -1, -1):
            value = self._between(value, s, times[index], times[index + 1])
            if index == 0:
                break
            when, amount = inside[index - 1]
            if not self.escrowed:
                value = CubicSpline(x, value)(np.log(np.maximum(s - amount, s[0])))
            if self.american:
                value = np.maximum(value, self._sign * (s + self._owed(when, cum=True) - self.strike))
        return float(CubicSpline(x, value)(np.log(self.spot - self._owed(0.0))))

    @property
    def _sign(self) -> float:
        return 1.0 if self.is_call else -1.0

    def _owed(self, now: float, *, cum: bool = False) -> float:
        """Value at `now` of the dividends still to come, of that instant's own too if `cum`."""
        if not self.escrowed:
            return 0.0
        ahead = [(t, d) for t, d in self.dividends if (t > now or (cum and t == now)) and t < self.years]
        return float(sum(d * np.exp(-self.rate * (t - now)) for t, d in ahead))

    def _log_spots(self) -> Floats:
        start, strike = np.log(self.spot - self._owed(0.0)), np.log(self.strike)
        reach = WIDTH * self.vol * np.sqrt(self.years) + abs(self.rate - self.dividend_yield) * self.years
        low, high = min(start, strike) - reach, max(start, strike) + reach
        step = (high - low) / (self.nodes - 1)
        grid: Floats = strike + step * (np.arange(self.nodes) - round((strike - low) / step))
        return grid

    def _between(self, value: Floats, s: Floats, early: float, late: float) -> Floats:
        """From just before `late` back to just after `early`."""
        count = max(int(self.steps * ((late - early) / self.years) ** 0.5), FEWEST_STEPS)
        grid = late - (late - early) * (np.arange(count + 1) / count) ** 2
        for k, (after, before) in enumerate(pairwise(grid)):
            if 2 * k < IMPLICIT_HALF_STEPS:
                middle = 0.5 * (after + before)
                value = self._step(value, s, middle, after - middle, 1.0)
                value = self._step(value, s, before, middle - before, 1.0)
            else:
                value = self._step(value, s, before, after - before, 0.5)
        return value

    def _step(self, value: Floats, s: Floats, now: float, dt: float, theta: float) -> Floats:
        h = np.log(s[1] / s[0])
        diffusion, drift = 0.5 * self.vol**2 / h**2, 0.5 * (self.rate - self.dividend_yield - 0.5 * self.vol**2) / h
        below, centre, above = diffusion - drift, -2.0 * diffusion - self.rate, diffusion + drift
        right = value.copy()
        right[1:-1] += (1.0 - theta) * dt * (below * value[:-2] + centre * value[1:-1] + above * value[2:])
        left = self.years - now
        edge = s[[0, -1]] * np.exp(-self.dividend_yield * left) - self.strike * np.exp(-self.rate * left)
        exercise = self._sign * (s + self._owed(now) - self.strike) if self.american else np.full(s.size, -np.inf)
        right[[0, -1]] = np.maximum(np.maximum(self._sign * edge, 0.0), exercise[[0, -1]])
        band = np.zeros((3, s.size))
        band[0, 2:], band[1], band[2, :-2] = -theta * dt * above, 1.0 - theta * dt * centre, -theta * dt * below
        band[1, [0, -1]] = 1.0
        return _constrained(band, right, exercise)


def _constrained(band: Floats, right: Floats, exercise: Floats) -> Floats:
    """Solve band value = right where value > exercise, value = exercise elsewhere."""
    exercised = np.zeros(right.size, bool)
    for _ in range(MOST_SETS):
        system, target = band.copy(), np.where(exercised, exercise, right)
        system[1, exercised] = 1.0
        system[0, 1:][exercised[:-1]] = 0.0
        system[2, :-1][exercised[1:]] = 0.0
        value = solve_banded((1, 1), system, target)
        slack = right - band[1] * value
        slack[1:] -= band[2, :-1] * value[:-1]
        slack[:-1] -= band[0, 1:] * value[1:]
        again = np.where(exercised, slack < 0.0, value < exercise)
        again[[0, -1]] = False
        if np.array_equal(again, exercised):
            return value
        exercised = again
    raise RuntimeError("the exercised set did not settle")


def price(
    spot: float,
    strike: float,
    years: float,
    vol: float,
    *,
    is_call: bool,
    rate: float,
    dividend_yield: float = 0.0,
    dividends: tuple[tuple[float, float], ...] = (),
    escrowed: bool = False,
    american: bool = True,
    nodes: int = 401,
    steps: int = 120,
) -> float:
    """Price of one option [$], extrapolated from a grid and one twice as fine; the terms as in `Grid`."""
    coarse = Grid(spot, strike, years, vol, is_call, rate, dividend_yield, dividends, escrowed, american, nodes, steps)
    fine = replace(coarse, nodes=2 * nodes - 1, steps=2 * steps)
    return (4.0 * fine.price() - coarse.price()) / 3.0
