"""What is true of a simulated chain: every measure, straight from the formula of its surface.

Nothing here is shared with the pricing that reads the quotes: the smile is evaluated where a measure asks for it,
roots are found by bisection, integrals are summed on a dense grid. The truth of a volatility is the European
(Black) one on the true forward. The definitions are those of the method page: linear in total variance between two
expiries at the same moneyness of spot, the forward linear in its logarithm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr

from monitor.simulation.surface import Smile, black
from pricing.arrays import ArrayLike, Floats
from pricing.chain import Expiry

__all__ = ["Month", "Pair", "Quoted", "Term", "Truth"]

DAYS = 365
TENOR, NEAREST, FARTHEST, ALONE = 30.0, 7.0, 60.0, 1.0  # [day]
BISECTIONS = 80  # halvings: an interval of one leaves less than a double resolves
PANELS = 1000  # of Simpson's rule on either side of the forward, where the strip has a kink
REACH = 1.0  # of ln(K/F): as far as the third moment is integrated, by its definition

Pair: TypeAlias = tuple[date, ...]
"""Days of the two expiries around the tenor, or of the one that stands alone."""

Quoted: TypeAlias = Mapping[date, tuple[float, float]]
"""Lowest and highest strike with a quote, by expiry. [$]"""


@dataclass(frozen=True, slots=True)
class Term:
    """The truth of one expiry.

    Attributes
    ----------
    expiry : Expiry
    years : float
        By the clock, from the quotes to the expiry's end. [year]
    forward : float
        (S - PV D) e^{r n/365}, n days between settlements. [$]
    rate : float
        Continuously compounded. [1/year]
    theta : float
        Total variance at the forward. [1]
    smile : Smile
    """

    expiry: Expiry
    years: float
    forward: float
    rate: float
    theta: float
    smile: Smile

    def variance(self, strike: ArrayLike) -> Floats:
        """Total variance at each strike. [1]"""
        return self.smile.total_variance(np.log(np.asarray(strike, float) / self.forward), self.theta)

    def vol(self, strike: ArrayLike) -> Floats:
        """European volatility at each strike. [1/sqrt(year)]"""
        found: Floats = np.sqrt(self.variance(strike) / self.years)
        return found

    def strip(self, ends: tuple[float, float] | None) -> float:
        """Total variance of a variance swap, from out-of-the-money options between two strikes or all of them.

        2 times the integral of Q/K^2, the limit of Cboe's VIX sum for strikes without gaps (VIX methodology, eq. 1).
        """
        edge = max(REACH, 15 * np.sqrt(self.theta))
        low, high = (-edge, edge) if ends is None else np.log(np.array(ends) / self.forward)
        k, weight = _simpson(low, high)
        price = black(1.0, np.exp(k), self.smile.total_variance(k, self.theta), k >= 0)
        return float(2 * np.sum(weight * price * np.exp(-k)))

    def skewness(self, ends: tuple[float, float] | None) -> float:
        """Skewness in Cboe's form over +-1 in ln(K/F), the smile flat beyond two strikes where they are given.

        With K0 = F the corrections vanish: P1, P2, P3 of the method page as integrals.
        """
        k, weight = _simpson(-REACH, REACH)
        low, high = (-REACH, REACH) if ends is None else np.log(np.array(ends) / self.forward)
        price = black(1.0, np.exp(k), self.smile.total_variance(np.clip(k, low, high), self.theta), k >= 0)
        density = weight * price * np.exp(-k)
        p1, p2, p3 = (float(np.sum(of * density)) for of in (-np.ones(k.size), 2 * (1 - k), 3 * (2 * k - k**2)))
        return float((p3 - 3 * p1 * p2 + 2 * p1**3) / (p2 - p1**2) ** 1.5)


@dataclass(frozen=True, slots=True)
class Month:
    """The surface at thirty days, between two expiries or from one alone.

    Attributes
    ----------
    terms : tuple of Term
    spot : float
        [$]
    """

    terms: tuple[Term, ...]
    spot: float

    @property
    def years(self) -> float:
        """The tenor. [year]"""
        return TENOR / DAYS

    @property
    def shares(self) -> tuple[float, ...]:
        """Weight of each expiry's total variance; one alone keeps its volatility."""
        if len(self.terms) == 1:
            return (self.years / self.terms[0].years,)
        near, far = (term.years for term in self.terms)
        late = (self.years - near) / (far - near)
        return 1 - late, late

    @property
    def forward(self) -> float:
        """Forward at the tenor, ln F linear in time. [$]"""
        if len(self.terms) == 1:
            only = self.terms[0]
            return only.forward * float(np.exp(only.rate * (self.years - only.years)))
        return float(np.exp(self.mix(lambda term: np.log(term.forward))))

    def mix(self, of: Callable[[Term], ArrayLike]) -> Floats:
        """Weigh what each expiry has."""
        return np.asarray(
            sum(share * np.asarray(of(term)) for share, term in zip(self.shares, self.terms, strict=True))
        )

    def variance(self, strike: ArrayLike) -> Floats:
        """Total variance to the tenor at each strike. [1]"""
        return self.mix(lambda term: term.variance(strike))

    def vol(self, strike: ArrayLike) -> Floats:
        """Volatility at each strike. [1/sqrt(year)]"""
        found: Floats = np.sqrt(self.variance(strike) / self.years)
        return found

    def at_forward(self) -> float:
        """Volatility at each expiry's own forward. [1/sqrt(year)]"""
        return float(np.sqrt(self.mix(lambda term: term.theta) / self.years))

    def price(self, strike: ArrayLike, is_call: ArrayLike) -> Floats:
        """Undiscounted price. [$]"""
        return black(self.forward, strike, self.variance(strike), is_call)

    def below(self, strike: float) -> float:
        """Probability of ending under a strike: the put's price differentiated in its strike, along the smile."""
        slope = float(self.mix(lambda term: term.smile.slope(np.log(strike / term.forward), term.theta)))
        stdev = float(np.sqrt(self.variance(strike)))
        d2 = np.log(self.forward / strike) / stdev - stdev / 2
        return float(ndtr(-d2) + np.exp(-(d2**2) / 2) / np.sqrt(2 * np.pi) * slope / (2 * stdev))

    def call_delta(self, strike: float) -> float:
        """N(d1) with the smile's own volatility at the strike."""
        stdev = float(np.sqrt(self.variance(strike)))
        return float(ndtr(np.log(self.forward / strike) / stdev + stdev / 2))

    def strike_of_delta(self, delta: float) -> float:
        """Strike at which a call has a forward delta. [$]"""
        wide = np.exp(8 * np.sqrt(max(term.theta for term in self.terms)))
        return _root(lambda strike: delta - self.call_delta(strike), self.forward / wide, self.forward * wide)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one chain.

    Attributes
    ----------
    as_of : datetime
        Of the quotes, UTC.
    spot : float
        [$]
    terms : tuple of Term, by end of life
    """

    as_of: datetime
    spot: float
    terms: tuple[Term, ...]

    def term(self, day: date) -> Term:
        """Return the expiry of a day.

        Raises
        ------
        KeyError
            Where none is listed.
        """
        for term in self.terms:
            if term.expiry.day == day:
                return term
        raise KeyError(f"no expiry on {day}")

    def pair(self) -> Pair:
        """Name the expiries nearest the tenor on either side; an estimator that cannot use one will take another.

        Returns
        -------
        tuple of date
            Empty where the listing brackets nothing.
        """
        days = [(term.years * DAYS, term.expiry.day) for term in self.terms]
        near = [found for found in days if NEAREST <= found[0] <= TENOR]
        far = [found for found in days if TENOR < found[0] <= FARTHEST]
        if near and far:
            return max(near)[1], min(far)[1]
        return tuple(day for days_left, day in near + far if abs(days_left - TENOR) <= ALONE)[:1]

    def month(self, pair: Pair | None = None) -> Month:
        """Return the surface at thirty days from a pair of expiries, by default the nearest.

        Raises
        ------
        ValueError
            Where there is no pair.
        """
        chosen = self.pair() if pair is None else pair
        if not chosen:
            raise ValueError(f"no expiries around {TENOR:g} days are listed at {self.as_of}")
        return Month(tuple(self.term(day) for day in chosen), self.spot)

    def ratio(self, pair: Pair | None = None, low: float = 90.0, high: float = 110.0) -> float:
        """Volatility at `low` per cent of spot over that at `high`, thirty days."""
        put, call = self.month(pair).vol(self.spot * np.array([low, high]) / 100)
        return float(put / call)

    def measures(self, pair: Pair | None = None, quoted: Quoted | None = None) -> dict[str, float]:
        """Every measure that the surface determines, by the names of the method page.

        Parameters
        ----------
        pair : tuple of date, optional
            Expiries that an estimator chose; by default the nearest.
        quoted : mapping, optional
            Range of strikes that it had of each. The strip of the variance swap ends there and the third moment
            is flat beyond, as their definitions say; without it the strip is whole and the third moment exact to
            +-1 in ln(K/F).

        Returns
        -------
        dict of str to float
            Volatilities as decimals, spreads in vol points.
        """
        month, ends = self.month(pair), quoted or {}
        low, high = 0.9 * self.spot, 1.1 * self.spot
        put, call, near_put, near_call = month.vol(self.spot * np.array([0.9, 1.1, 0.95, 1.05]))
        atm = month.at_forward()
        stdev = atm * np.sqrt(month.years)
        one_sd = month.vol(month.forward * np.exp([-stdev, stdev]))
        put_25, call_25, middle = month.vol([month.strike_of_delta(delta) for delta in (0.75, 0.25, 0.5)])
        put_price, call_price = month.price([low, high], [False, True])
        worth = _root(lambda strike: float(month.price(strike, is_call=False)) - call_price, 0.2 * self.spot, self.spot)
        strip = month.mix(lambda term: term.strip(ends.get(term.expiry.day)))
        moments = [term.skewness(ends.get(term.expiry.day)) for term in month.terms]
        skewness = sum(s * m for s, m in zip(month.shares, moments, strict=True)) if len(moments) > 1 else moments[0]
        return {
            "skew_ratio_30d_90_110": float(put / call),
            "skew_spread_30d_90_110": float(put - call) * 100,
            "skew_ratio_30d_95_105": float(near_put / near_call),
            "skew_spread_30d_95_105": float(near_put - near_call) * 100,
            "skew_ratio_30d_1sd": float(one_sd[0] / one_sd[1]),
            "put_vol_30d_90": float(put),
            "call_vol_30d_110": float(call),
            "atm_vol_30d": atm,
            "skew_slope_30d": float(put - call) / atm,
            "risk_reversal_30d_25": float((put_25 - call_25) / middle),
            "price_ratio_30d_90_110": float(put_price / call_price),
            "tail_probability_ratio_30d_90_110": month.below(low) / (1 - month.below(high)),
            "zero_cost_collar_30d_110": 1 - worth / self.spot,
            "variance_swap_vol_30d": float(np.sqrt(strip / month.years)),
            "moment_skew_30d": 100 - 10 * skewness,
        }

    def record(self) -> dict[str, object]:
        """Everything needed to evaluate this truth again, as plain values for a file."""
        smile = self.terms[0].smile
        return {
            "as_of": self.as_of.isoformat(),
            "spot": self.spot,
            "rho": smile.rho,
            "eta": smile.eta,
            "terms": [
                {
                    "expiry": term.expiry.day.isoformat(),
                    "root": term.expiry.root,
                    "years": term.years,
                    "forward": term.forward,
                    "rate": term.rate,
                    "theta": term.theta,
                }
                for term in self.terms
            ],
            "measures": self.measures() if self.pair() else {},
        }


def _simpson(low: float, high: float) -> tuple[Floats, Floats]:
    """Abscissae and weights of Simpson's rule over [low, 0] and [0, high]; zero belongs to both, as put and call."""
    pattern = np.where(np.arange(2 * PANELS + 1) % 2 == 1, 4.0, 2.0)
    pattern[[0, -1]] = 1.0
    sides = [np.linspace(low, 0.0, pattern.size), np.linspace(0.0, high, pattern.size)]
    return np.concatenate(sides), np.concatenate([pattern * (side[1] - side[0]) / 3 for side in sides])


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero, by bisection; an end where it does not cross."""
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
