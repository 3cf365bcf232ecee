"""What a chain's strikes are measured from: the forward of each expiry and the spot that belongs to the quotes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from pricing.american import Dividends
from pricing.arrays import Bools, Floats, Ints
from pricing.chain import Chain, Style
from pricing.curve import Curve
from pricing.dividends import Schedule
from pricing.forward import Forwards, Pairs, nearest_pairs, parity
from pricing.implied import implied_vol
from pricing.settings import Settings
from pricing.spot import DAYS, Origin, SyncSpot, carry_days, synchronous_spot
from pricing.time import trade_date
from pricing.vols import Contracts, premium

__all__ = ["Anchor", "anchor"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Forwards and spot of one chain, arrays of shape (expiries,).

    Attributes
    ----------
    forwards : Forwards
        After the early-exercise premium; NaN for expiries that have ended.
    spot : SyncSpot
    years, rate : float array
        [year], continuously compounded [1/year]
    days : int array
        Between settlements.
    dividend_value : float array
        Today's worth of the dividends before each expiry. [$]
    borrow : float
        Continuous yield that the forwards show, 0 where financing is as usual. [1/year]
    dividends : Dividends or None
    """

    forwards: Forwards
    spot: SyncSpot
    years: Floats
    rate: Floats
    days: Ints
    dividend_value: Floats
    borrow: float
    dividends: Dividends | None

    def contracts(self, chain: Chain, rows: Ints) -> Contracts:
        """Describe some rows of the chain for the pricing of options."""
        expiry = chain.expiry[rows]
        return Contracts(
            forward=self.forwards.forward[expiry],
            strike=chain.strike[rows],
            years=self.years[expiry],
            rate=self.rate[expiry],
            is_call=chain.is_call[rows],
            borrow=np.full(rows.size, self.borrow),
            dividends=self.dividends,
            american=chain.style is Style.AMERICAN,
        )

    @property
    def residual(self) -> Floats:
        """Financing that each forward shows over the rate, given the spot. [1/year]"""
        with np.errstate(divide="ignore", invalid="ignore"):
            carried = np.log(self.forwards.forward / (self.spot.value - self.dividend_value))
            over: Floats = (carried - self.rate * self.days / DAYS) / (self.days / DAYS)
        return np.where(self.days > 0, over, np.nan)


def anchor(chain: Chain, usable: Bools, curve: Curve, schedule: Schedule, settings: Settings) -> Anchor:
    """Find the forwards of a chain by parity, and from them its spot.

    Parameters
    ----------
    chain : Chain
    usable : bool array, shape (n,)
        Two-sided quotes without a fault.
    curve, schedule, settings
        Rates, dividends and how to read.

    Returns
    -------
    Anchor

    Notes
    -----
    Raw forwards; premiums of the near-money pairs on them; forwards again; spot. A borrow fee found there gives
    the premiums once more. Nothing iterates further.
    """
    years = chain.years
    rate = curve.rate(years)
    growth = np.exp(rate * years)
    mid, half_spread = (chain.bid + chain.ask) / 2, (chain.ask - chain.bid) / 2
    pairs = nearest_pairs(
        chain.expiry,
        chain.is_call,
        chain.strike,
        mid,
        usable & (years > 0)[chain.expiry],
        expiries=len(chain.expiries),
        count=settings.parity_pairs,
    )
    horizon = max((expiry.instant for expiry in chain.expiries), default=chain.as_of)
    inside = schedule.years_and_amounts(chain.as_of, horizon + timedelta(days=1))
    dividends = Dividends(np.array(inside[0]), np.array(inside[1])) if inside[0] else None
    usual = schedule.continuous or 0.0
    found = Anchor(
        forwards=parity(pairs, chain.strike, mid, half_spread, growth),
        spot=SyncSpot(chain.spot, Origin.FEED),
        years=years,
        rate=rate,
        days=carry_days(trade_date(chain.as_of), tuple(expiry.day for expiry in chain.expiries)),
        dividend_value=_worth(inside, rate, years),
        borrow=usual,
        dividends=dividends,
    )
    for _ in range(2):  # a second time only where the first found unusual financing
        european = _without_premium(chain, found, pairs, mid)
        forwards = parity(pairs, chain.strike, european, half_spread, growth)
        spot = synchronous_spot(
            forwards.forward,
            forwards.se,
            years,
            found.days,
            rate - usual,
            found.dividend_value,
            chain.spot,
            dividends_known=schedule.is_known or chain.style is Style.AMERICAN,
        )
        before, borrow = found.borrow, usual - spot.carry if np.isfinite(spot.carry) else usual
        found = replace(found, forwards=forwards, spot=spot, borrow=borrow)
        if borrow == before or chain.style is Style.EUROPEAN:
            break
    return found


def _worth(dividends: tuple[list[float], list[float]], rate: Floats, years: Floats) -> Floats:
    """Today's worth of the dividends before each expiry, shape (expiries,). [$]"""
    worth = np.zeros(years.shape)
    for when, amount in zip(*dividends, strict=True):
        worth += np.where(when < years, amount * np.exp(-rate * when), 0.0)
    return worth


def _without_premium(chain: Chain, found: Anchor, pairs: Pairs, mid: Floats) -> Floats:
    """Mids less the early-exercise premium where a pair stands, both legs at the out-of-the-money leg's vol. [$]"""
    if chain.style is Style.EUROPEAN:
        return mid
    puts, calls = pairs.put[pairs.exists], pairs.call[pairs.exists]
    leg = found.contracts(chain, np.where(chain.strike[puts] < found.forwards.forward[chain.expiry[puts]], puts, calls))
    price = np.where(leg.is_call, mid[calls], mid[puts])
    vol = implied_vol(price, leg.forward, leg.strike, leg.years, leg.is_call, discount=leg.discount).vol
    rows = np.concatenate([puts, calls])
    early = premium(found.contracts(chain, rows), np.tile(vol, 2))
    european = mid.copy()
    european[rows] -= early
    return european
