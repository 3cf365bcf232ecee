"""What a chain's strikes are measured from: the forward of each expiry and the spot that belongs to the quotes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from pricing.american import Dividends
from pricing.arrays import Bools, Floats, Ints
from pricing.book import Book, forwards
from pricing.chain import Chain, Style
from pricing.curve import Curve
from pricing.dividends import Schedule
from pricing.forward import Forwards
from pricing.settings import Settings
from pricing.spot import SyncSpot, carry_days, synchronous_spot
from pricing.time import DAYS, trade_date

__all__ = ["Anchor", "anchor"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Forwards and spot of one chain, arrays of shape (expiries,).

    Attributes
    ----------
    forwards : Forwards
        After the early-exercise premium; NaN for expiries that have ended.
    spot : SyncSpot
    book : Book
        The chain's quotes with the terms of its expiries: years, rates, dividends, and the yield that the
        forwards show.
    days : int array
        Between settlements.
    dividend_value : float array
        Today's worth of the dividends before each expiry. [$]
    known_yield : float
        Continuous yield of the schedule. [1/year]
    """

    forwards: Forwards
    spot: SyncSpot
    book: Book
    days: Ints
    dividend_value: Floats
    known_yield: float

    @property
    def years(self) -> Floats:
        """To each expiry's end. [year]"""
        return self.book.years

    @property
    def rate(self) -> Floats:
        """Continuously compounded, to each expiry. [1/year]"""
        return self.book.rate

    @property
    def residual(self) -> Floats:
        """Financing that each forward shows over the rate, given the spot. [1/year]"""
        with np.errstate(divide="ignore", invalid="ignore"):
            carried = np.log(self.forwards.forward / (self.spot.value - self.dividend_value))
            over: Floats = carried / (self.days / DAYS) - (self.rate - self.known_yield)
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
    horizon = max((expiry.instant for expiry in chain.expiries), default=chain.as_of)
    inside = schedule.years_and_amounts(chain.as_of, horizon + timedelta(days=1))
    usual, years = schedule.continuous or 0.0, chain.years
    book = Book(
        expiry=chain.expiry,
        is_call=chain.is_call,
        strike=chain.strike,
        bid=chain.bid,
        ask=chain.ask,
        years=years,
        rate=curve.rate(years),
        borrow=np.full(years.shape, usual),
        dividends=Dividends(*inside, escrowed=True) if inside[0] else None,
        american=chain.style is Style.AMERICAN,
    )
    worth = _worth(inside, book.rate, years)
    days = carry_days(trade_date(chain.as_of), tuple(expiry.day for expiry in chain.expiries))
    alive = usable & (years > 0)[chain.expiry]
    found, spot = _anchored(book, alive, days, worth, chain.spot, usual, schedule, settings)
    if book.american and np.isfinite(spot.carry):  # unusual financing changes the premiums
        book = replace(book, borrow=np.full(years.shape, usual - spot.carry))
        found, spot = _anchored(book, alive, days, worth, chain.spot, usual, schedule, settings)
    return Anchor(found, spot, book, days, worth, usual)


def _anchored(
    book: Book,
    usable: Bools,
    days: Ints,
    worth: Floats,
    feed: float,
    usual: float,
    schedule: Schedule,
    settings: Settings,
) -> tuple[Forwards, SyncSpot]:
    """Find the forwards, and the spot that they give."""
    found = forwards(book, usable, settings)
    known = schedule.is_known or book.american
    spot = synchronous_spot(
        found.forward, found.se, book.years, days, book.rate - usual, worth, feed, dividends_known=known
    )
    return found, spot


def _worth(dividends: tuple[list[float], list[float]], rate: Floats, years: Floats) -> Floats:
    """Today's worth of the dividends before each expiry, shape (expiries,). [$]"""
    worth = np.zeros(years.shape)
    for when, amount in zip(*dividends, strict=True):
        worth += np.where(when < years, amount * np.exp(-rate * when), 0.0)
    return worth
