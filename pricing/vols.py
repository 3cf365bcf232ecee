"""Volatilities of a chain's quotes: American premium taken off at the mid, Black inverted at bid, mid and ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing import black
from pricing.american import Dividends, american_implied_vol, early_exercise_premium
from pricing.arrays import Bools, Codes, Floats
from pricing.implied import implied_vol

__all__ = ["Contracts", "Vols", "premium", "quote_vols"]


@dataclass(frozen=True, slots=True)
class Contracts:
    """What the contracts of some rows promise, arrays of shape (n,).

    Attributes
    ----------
    forward, strike : float array
        [$]
    years, rate : float array
        To expiry [year]; continuously compounded [1/year].
    is_call : bool array
    borrow : float array
        Continuous yield of the underlying: a borrow fee, an index's dividends. [1/year]
    dividends : Dividends or None
        Cash amounts by years from now, shape (m,) or (n, m).
    american : bool
        European contracts have no premium.
    """

    forward: Floats
    strike: Floats
    years: Floats
    rate: Floats
    is_call: Bools
    borrow: Floats
    dividends: Dividends | None
    american: bool

    @property
    def discount(self) -> Floats:
        """Value today of a dollar at expiry. [1]"""
        value: Floats = np.exp(-self.rate * self.years)
        return value

    @property
    def spot(self) -> Floats:
        """The spot whose carried value is the forward: it belongs to the forward, whatever a feed says. [$]"""
        paid: Floats = np.zeros(self.years.shape)
        if self.dividends is not None:
            when, amount = self.dividends.years, self.dividends.amounts
            inside = (when > 0) & (when < self.years[:, None])
            paid = np.sum(np.where(inside, amount * np.exp(-self.rate[:, None] * when), 0.0), axis=-1)
        value: Floats = self.forward * np.exp((self.borrow - self.rate) * self.years) + paid
        return value


@dataclass(frozen=True, slots=True)
class Vols:
    """Volatilities of quotes, arrays of shape (n,).

    Attributes
    ----------
    bid, mid, ask : float array
        [1/sqrt(year)]; NaN where no volatility gives the price.
    premium : float array
        Early-exercise premium at the mid's volatility. [$]
    status : int8 array
        `Status` of the mid.
    """

    bid: Floats
    mid: Floats
    ask: Floats
    premium: Floats
    status: Codes


def premium(contracts: Contracts, vol: Floats) -> Floats:
    """Early-exercise premium of each contract; 0 where it is European or has no volatility yet. [$]"""
    if not contracts.american:
        return np.zeros(vol.shape)
    worth = early_exercise_premium(
        contracts.spot,
        contracts.strike,
        contracts.years,
        vol,
        contracts.is_call,
        rate=contracts.rate,
        dividend_yield=contracts.borrow,
        dividends=contracts.dividends,
    )
    return np.where(np.isnan(vol), 0.0, worth)


def quote_vols(contracts: Contracts, bid: Floats, ask: Floats) -> Vols:
    """Invert quotes: the premium at the mid serves bid and ask as well.

    Parameters
    ----------
    contracts : Contracts
    bid, ask : array, shape (n,)
        [$]; a bid of 0 or NaN leaves `bid` and `mid` without a volatility.

    Returns
    -------
    Vols
    """
    c = contracts
    prices = np.stack([np.where(bid > 0, bid, np.nan), np.where(bid > 0, (bid + ask) / 2, np.nan), ask])
    if c.american:
        implied = american_implied_vol(
            prices[1],
            c.spot,
            c.strike,
            c.years,
            c.is_call,
            rate=c.rate,
            dividend_yield=c.borrow,
            dividends=c.dividends,
        )
        worth = black.price(c.forward, c.strike, implied.vol * np.sqrt(c.years), c.is_call)
        early = np.where(implied.ok, prices[1] - c.discount * worth, 0.0)
    else:
        implied = implied_vol(prices[1], c.forward, c.strike, c.years, c.is_call, discount=c.discount)
        early = np.zeros(bid.shape)
    sides = implied_vol(prices[[0, 2]] - early, c.forward, c.strike, c.years, c.is_call, discount=c.discount)
    return Vols(sides.vol[0], implied.vol, sides.vol[1], early, implied.status)
