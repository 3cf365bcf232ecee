"""The path of a market through time: spot with jumps, volatility that rises when it falls, a smile that tilts.

Sessions are drawn once, in order; inside a session a bridge joins the two closes, drawn from the session's own
seed. So any instant can be asked for alone, in any order, and gives the same state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from math import exp, log, sqrt, tanh
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr

from monitor.simulation.business_time import YEAR_WEIGHT, business_years
from pricing.arrays import Floats
from pricing.calendar import is_session, next_session
from pricing.time import Session, last_session, session

__all__ = ["Dynamics", "Path", "State", "generator"]

SESSION = 1 / YEAR_WEIGHT  # business time of one plain session [year]
STEPS = 96  # of the bridge inside a session; straight lines between them
JUMP_MEAN, JUMP_SD = -0.03, 0.025  # of the logarithm of spot
JUMP_TO_VARIANCE = 8.0  # log-variance for each unit of downward jump
REALISED = 0.9  # realised over implied volatility: what sellers of options live on
DRIFT = 0.07  # of spot, before its dividends [1/year]
ANNOUNCED = timedelta(weeks=13)  # before its ex-date a dividend's amount is settled
TERM_PREMIUM = 1.2  # variance far ahead over its own level
RHO, ETA = -0.44, 0.75  # fits of recorded IWM smiles to +-2 deviations give medians of -0.39 to -0.47, 0.69 to 0.84
TILT_RANGE, BEND_RANGE = 0.30, 0.25  # how far the smile's rho and ln(eta) can stray
MOST_RHO, MOST_BENT = 0.95, 1.99  # inside the surface's condition for no arbitrage


@dataclass(frozen=True, slots=True)
class Factor:
    """A mean-reverting factor: Ornstein-Uhlenbeck in business time.

    `half_life` is in sessions, `sd` stationary, `leverage` the correlation of its shocks with returns.
    """

    half_life: float
    sd: float
    leverage: float

    @property
    def reversion(self) -> float:
        """Speed of mean reversion. [1/year]"""
        return log(2) / (self.half_life * SESSION)


FAST = Factor(half_life=20, sd=0.35, leverage=-0.75)  # log-variance above its slow part
SLOW = Factor(half_life=200, sd=0.45, leverage=-0.6)  # log-variance
TILT = Factor(half_life=15, sd=0.27, leverage=0.2)  # of rho
BEND = Factor(half_life=40, sd=0.3, leverage=0.0)  # of ln(eta)
FACTORS = (FAST, SLOW, TILT, BEND)
WHO = ("spot", "fast", "slow", "tilt", "bend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """How a market moves.

    Attributes
    ----------
    level : float
        About where the one-month volatility at the money lies. [1/sqrt(year)]
    vol_of_vol, vol_of_skew : float
        Multiples of the usual wandering of volatility and of the smile's shape; 0 holds them still.
    rho, eta : float
        Centre of the smile's tilt and bend (see `Smile`).
    jumps_a_year : float
    """

    level: float = 0.21
    vol_of_vol: float = 1.0
    vol_of_skew: float = 1.0
    rho: float = RHO
    eta: float = ETA
    jumps_a_year: float = 3.0

    @classmethod
    def still(cls, level: float, *, rho: float = RHO, eta: float = ETA) -> Dynamics:
        """Hold volatility and smile where they are; spot still moves."""
        return cls(level=level, vol_of_vol=0.0, vol_of_skew=0.0, rho=rho, eta=eta, jumps_a_year=0.0)


@dataclass(frozen=True, slots=True)
class State:
    """What a market is at one instant.

    Attributes
    ----------
    spot : float
        [$]
    fast, slow : float
        Log-variance over its level.
    tilt, bend : float
        Factors of the smile's shape.
    """

    spot: float
    fast: float
    slow: float
    tilt: float
    bend: float

    def shape(self, dynamics: Dynamics) -> tuple[float, float]:
        """Return rho and eta of the smile, always inside the conditions for no arbitrage."""
        rho = dynamics.rho - TILT_RANGE * tanh(self.tilt)
        rho = min(max(rho, -MOST_RHO), MOST_RHO)
        return rho, min(dynamics.eta * exp(BEND_RANGE * tanh(self.bend)), MOST_BENT / (1 + abs(rho)))

    def theta(self, dynamics: Dynamics, business: Floats) -> Floats:
        """Total variance at the money over business time [year], shape of `business`. [1]

        The integral of a forward variance that starts at its present value, tends fast to its slow part and
        slowly to its level: positive throughout, so that theta never falls with maturity.
        """
        level = dynamics.level**2
        far, slow = TERM_PREMIUM * level, level * exp(self.slow)
        now = slow * exp(self.fast)
        fading = [-np.expm1(-factor.reversion * business) / factor.reversion for factor in (FAST, SLOW)]
        total: Floats = far * business + (now - slow) * fading[0] + (slow - far) * fading[1]
        return total


def generator(*key: int) -> np.random.Generator:
    """Return the random numbers that belong to a key, and to nothing else."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


@dataclass(frozen=True, slots=True)
class Path:
    """States at the close of each session, and the bridges between them.

    Attributes
    ----------
    days : tuple of date
        Sessions, the first one given rather than drawn.
    closes : float array, shape (sessions, 5)
        Spot [$] and factors, in the order of `State`.
    jumps, jump_at : float array, shape (sessions,)
        Log-jump of each session, and at which share of its business time it falls.
    paid : mapping of date to float
        Dividends by ex-date. [$]
    """

    days: tuple[date, ...]
    closes: Floats
    jumps: Floats
    jump_at: Floats
    dynamics: Dynamics
    paid: Mapping[date, float]
    key: tuple[int, ...]
    close: time

    @classmethod
    def draw(
        cls,
        start: date,
        years: int,
        spot: float,
        dynamics: Dynamics,
        fixed: Mapping[date, float],
        shares: Mapping[date, float],
        key: tuple[int, ...],
        close: time,
    ) -> Path:
        """Draw the sessions from `start`; a longer path begins with the shorter one.

        Parameters
        ----------
        start : date
        years : int
            To the end of the calendar year so many years after the one before `start`.
        spot : float
            At the close of `start`. [$]
        dynamics : Dynamics
        fixed, shares : mapping of date
            Dividends by ex-date: amounts [$], or shares of the spot when they were announced.
        key : tuple of int
            Of the random numbers.
        close : time
            End of the option session, New York.

        Raises
        ------
        ValueError
            Where `start` is no session, or spot is not worth its dividend.
        """
        if not is_session(start):
            raise ValueError(f"a path must start on a session, got {start}")
        days = _sessions(start, years)
        waits = _waits(days, close)
        normals = generator(*key, 0).standard_normal((len(days), 8))
        shocks = _correlated(normals[:, : len(WHO)])
        jumps = np.where(ndtr(normals[:, 5]) < dynamics.jumps_a_year * waits, JUMP_MEAN + JUMP_SD * normals[:, 6], 0.0)
        sd, decay = _innovations(dynamics, waits)
        push = JUMP_TO_VARIANCE * np.maximum(-jumps, 0.0) * min(dynamics.vol_of_vol, 1.0)
        closes = np.empty((len(days), len(WHO)))
        closes[0] = [spot, 0.0, 0.0, 0.0, 0.0]
        level = dynamics.level**2
        drift = DRIFT - dynamics.jumps_a_year * (exp(JUMP_MEAN + JUMP_SD**2 / 2) - 1)  # jumps fall more than they rise
        price, factors = spot, np.zeros(len(FACTORS))
        paid = dict(fixed)
        path = cls(days, closes, jumps, ndtr(normals[:, 7]), dynamics, MappingProxyType(paid), key, close)
        for i, day in enumerate(days[1:], 1):
            if day in shares:
                paid[day] = path.amount(day, shares[day], before=day)
            if not price > paid.get(day, 0.0):
                raise ValueError(f"a dividend of {paid[day]} on {day} is more than the spot, {price}")
            variance = level * exp(factors[0] + factors[1]) * REALISED**2 * waits[i]
            step = drift * waits[i] - variance / 2 + sqrt(variance) * shocks[i, 0] + jumps[i]
            price = (price - paid.get(day, 0.0)) * exp(step)
            factors = decay[i] * factors + sd[i] * shocks[i, 1:]
            factors[0] += push[i]
            closes[i, 0], closes[i, 1:] = price, factors
        return path

    def amount(self, ex: date, share: float, *, before: date) -> float:
        """Return a dividend as known before a day: a share of the spot a quarter ahead, or of the last there is. [$]"""
        seen = bisect_right(self.days, min(ex - ANNOUNCED, before - timedelta(1))) - 1
        return round(share * float(self.closes[max(seen, 0), 0]), 3)

    def at(self, instant: datetime) -> State:
        """Return the state at an instant; outside session hours that of the last close.

        Raises
        ------
        ValueError
            Before the open of the second session or after the last.
        """
        hours = last_session(instant, self.close)
        i = self._index(hours.day)
        share = self._share(i, min(instant, hours.close), hours)
        return self._between(i, share)

    def closes_between(self, first: date, last: date) -> Floats:
        """Spot at the closes of the sessions from `first` to the one before `last`, at least one. [$]"""
        low, high = bisect_left(self.days, first), bisect_left(self.days, last)
        return self.closes[min(low, max(high - 1, 0)) : max(high, 1), 0]

    def _index(self, day: date) -> int:
        i = bisect_left(self.days, day)
        if not (0 < i < len(self.days)):
            raise ValueError(f"this market is simulated from {self.days[1]} to {self.days[-1]}, got {day}")
        return i

    def _share(self, i: int, instant: datetime, hours: Session) -> float:
        """Share of the business time between two closes that has passed."""
        before = session(self.days[i - 1], self.close).close
        passed, whole = business_years(before, [instant, hours.close])
        return float(passed / whole)

    def _between(self, i: int, share: float) -> State:
        """Bridge from the close before session `i` to its own."""
        begin, end = self.closes[i - 1].copy(), self.closes[i].copy()
        begin[0], end[0] = log(begin[0] - self.paid.get(self.days[i], 0.0)), log(end[0])
        sizes = np.zeros(len(WHO))
        sizes[0], sizes[1] = (
            self.jumps[i],
            JUMP_TO_VARIANCE * max(-self.jumps[i], 0.0) * min(self.dynamics.vol_of_vol, 1),
        )
        wait = _waits(self.days[i - 1 : i + 1], self.close)[1:]
        sd = np.empty(len(WHO))
        sd[0] = self.dynamics.level * exp((begin[1] + begin[2]) / 2) * REALISED * sqrt(wait[0])
        sd[1:] = _innovations(self.dynamics, wait)[0][0]
        normals = generator(*self.key, 1, self.days[i].toordinal()).standard_normal((STEPS, len(WHO)))
        walk = np.concatenate([np.zeros((1, len(WHO))), np.cumsum(_correlated(normals), axis=0) / sqrt(STEPS)])
        grid = np.linspace(0.0, 1.0, STEPS + 1)
        bridge = walk - grid[:, None] * walk[-1]
        noise = np.array([np.interp(share, grid, column) for column in bridge.T])
        jumped = sizes * (share >= self.jump_at[i])
        now = begin + (end - sizes - begin) * share + sd * noise + jumped
        return State(exp(now[0]), *now[1:].tolist())


@cache
def _sessions(start: date, years: int) -> tuple[date, ...]:
    days = [start]
    while days[-1].year < start.year + years:
        days.append(next_session(days[-1]))
    return tuple(days)


def _waits(days: tuple[date, ...], close: time) -> Floats:
    """Measure the business time from the close before to each session's own; 0 for the first. [year]"""
    closes = [session(day, close).close for day in days]
    return np.concatenate([[0.0], np.diff(business_years(closes[0], closes))])


def _correlated(normals: Floats) -> Floats:
    """Give the factors' shocks their correlation with the return's, columns as in `State`."""
    leverage = np.array([factor.leverage for factor in FACTORS])
    shocks = normals.copy()
    shocks[:, 1:] = leverage * normals[:, :1] + np.sqrt(1 - leverage**2) * normals[:, 1:]
    return shocks


def _innovations(dynamics: Dynamics, waits: Floats) -> tuple[Floats, Floats]:
    """Return standard deviation and persistence of each factor over each wait, shape (waits, factors)."""
    speed = np.array([factor.reversion for factor in FACTORS])
    scale = np.array([dynamics.vol_of_vol, dynamics.vol_of_vol, dynamics.vol_of_skew, dynamics.vol_of_skew])
    decay = np.exp(-np.outer(waits, speed))
    return scale * np.array([factor.sd for factor in FACTORS]) * np.sqrt(1 - decay**2), decay
