"""Quotes of many expiries, of one underlying or of thousands, as flat columns: screened, anchored and inverted at once.

`take` walks a chain along this path; `invert` walks a whole universe in a handful of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing import clean
from pricing.american import Dividends
from pricing.arrays import Bools, Codes, Floats, Ints
from pricing.forward import Forwards, Pairs, nearest_pairs, parity
from pricing.implied import implied_vol
from pricing.reasons import Reason
from pricing.settings import Settings
from pricing.time import DAYS
from pricing.vols import Contracts, Vols, premium, quote_vols

__all__ = ["Book", "Inverted", "forwards", "invert", "read", "screen"]

OFFERS = (Reason.KEPT, Reason.NO_BID, Reason.WIDE, Reason.BEYOND_ZERO_BIDS)  # somebody asks a price


@dataclass(frozen=True, slots=True)
class Book:
    """Quotes and the terms of their expiries.

    Attributes
    ----------
    expiry : int array, shape (n,)
        Index into the terms; rows ordered by it, puts before calls, strikes rising.
    is_call : bool array, shape (n,)
    strike, bid, ask : float array, shape (n,)
        [$]
    years, rate, borrow : float array, shape (expiries,)
        To each expiry's end [year]; continuous rate and yield of its underlying [1/year].
    dividends : Dividends or None
        Cash amounts, shape (m,) for all expiries or (expiries, m); escrowed, as volatilities are the forward's.
    american : bool
    """

    expiry: Ints
    is_call: Bools
    strike: Floats
    bid: Floats
    ask: Floats
    years: Floats
    rate: Floats
    borrow: Floats
    dividends: Dividends | None
    american: bool

    @property
    def mid(self) -> Floats:
        """Middle of each quote. [$]"""
        return (self.bid + self.ask) / 2

    def contracts(self, rows: Ints, forward: Floats) -> Contracts:
        """Describe some rows for the pricing of options, on the forwards of the expiries, shape (expiries,)."""
        expiry = self.expiry[rows]
        dividends = self.dividends
        if dividends is not None and dividends.years.ndim > 1:
            dividends = Dividends(dividends.years[expiry], dividends.amounts[expiry], escrowed=dividends.escrowed)
        return Contracts(
            forward=forward[expiry],
            strike=self.strike[rows],
            years=self.years[expiry],
            rate=self.rate[expiry],
            is_call=self.is_call[rows],
            borrow=self.borrow[expiry],
            dividends=dividends,
            american=self.american,
        )


@dataclass(frozen=True, slots=True)
class Inverted:
    """A book as volatilities.

    Attributes
    ----------
    reason : int8 array, shape (n,)
        Members of `Reason`.
    forwards : Forwards
    rows : int array, shape (m,)
        Out-of-the-money rows that somebody offers.
    vols : Vols
        Of those rows.
    """

    reason: Codes
    forwards: Forwards
    rows: Ints
    vols: Vols


def invert(book: Book, settings: Settings) -> Inverted:
    """Read every expiry within the horizon of a book of any size, clean to implied vols."""
    reason = screen(book.expiry, book.is_call, book.bid, book.ask, book.years, settings)
    found = forwards(book, reason == Reason.KEPT, settings)
    reason, rows, vols = read(book, found.forward, reason, settings)
    return Inverted(reason, found, rows, vols)


def screen(expiry: Ints, is_call: Bools, bid: Floats, ask: Floats, years: Floats, settings: Settings) -> Codes:
    """Give every row its first reason that needs no forward.

    Parameters
    ----------
    expiry, is_call, bid, ask : array, shape (n,)
        Rows in the order of a `Book`.
    years : array, shape (expiries,)
        To each expiry's end. [year]
    settings : Settings

    Returns
    -------
    int8 array, shape (n,)
        Members of `Reason`. Expiries nearer than the horizon stay: their forwards are wanted for the spot.
    """
    reason = clean.faults(bid, ask)
    rows = np.flatnonzero(reason == Reason.KEPT)
    ladder = (2 * expiry + is_call)[rows]
    over = clean.wide(ladder, bid[rows], ask[rows], spreads=settings.wide_spreads, share=settings.wide_share)
    reason[rows[over]] = Reason.WIDE
    days = years * DAYS
    reason[(days > settings.max_days)[expiry]] = Reason.BEYOND_HORIZON
    reason[(days <= 0)[expiry]] = Reason.EXPIRED
    return reason


def forwards(book: Book, usable: Bools, settings: Settings) -> Forwards:
    """Find each expiry's forward by parity, the early-exercise premium of its pairs taken off.

    Parameters
    ----------
    book : Book
    usable : bool array, shape (n,)
        Two-sided quotes without a fault.
    settings : Settings

    Notes
    -----
    Raw forwards; premiums of the near-money pairs on them; forwards again. Nothing iterates further.
    """
    mid, half_spread, growth = book.mid, (book.ask - book.bid) / 2, np.exp(book.rate * book.years)
    pairs = nearest_pairs(
        book.expiry, book.is_call, book.strike, mid, usable, expiries=book.years.size, count=settings.parity_pairs
    )
    raw = parity(pairs, book.strike, mid, half_spread, growth)
    if not book.american:
        return raw
    return parity(pairs, book.strike, _without_premium(book, raw.forward, pairs, mid), half_spread, growth)


def read(book: Book, forward: Floats, reason: Codes, settings: Settings) -> tuple[Codes, Ints, Vols]:
    """Read the out-of-the-money quotes of each expiry within the horizon as volatilities.

    Parameters
    ----------
    book : Book
    forward : array, shape (expiries,)
        [$]; NaN where there is none.
    reason : int8 array, shape (n,)
        From `screen`.
    settings : Settings

    Returns
    -------
    (int8 array, int array, Vols)
        The reasons, completed; the rows out of the money that somebody offers; their volatilities.
    """
    reason, each = reason.copy(), forward[book.expiry]
    days = book.years * DAYS
    reason[((days > 0) & (days < settings.min_days))[book.expiry]] = Reason.BEYOND_HORIZON
    kept = reason == Reason.KEPT
    silent = clean.beyond_zero_bids(2 * book.expiry + book.is_call, book.is_call, book.strike, book.bid, each)
    outside = np.where(book.is_call, book.strike >= each, book.strike < each)
    reason[kept & ~outside] = Reason.IN_THE_MONEY
    reason[kept & silent] = Reason.BEYOND_ZERO_BIDS
    reason[kept & ~np.isfinite(each)] = Reason.NO_FORWARD

    rows = np.flatnonzero(outside & np.isin(reason, OFFERS))
    vols = quote_vols(book.contracts(rows, forward), book.bid[rows], book.ask[rows])
    fails = ~np.isfinite(vols.mid) & (reason[rows] == Reason.KEPT)
    reason[rows[fails]] = Reason.NO_VOL
    return reason, rows, vols


def _without_premium(book: Book, forward: Floats, pairs: Pairs, mid: Floats) -> Floats:
    """Mids less the early-exercise premium where a pair stands, both legs at the out-of-the-money leg's vol. [$]"""
    puts, calls = pairs.put[pairs.exists], pairs.call[pairs.exists]
    leg = book.contracts(np.where(book.strike[puts] < forward[book.expiry[puts]], puts, calls), forward)
    price = np.where(leg.is_call, mid[calls], mid[puts])
    vol = implied_vol(price, leg.forward, leg.strike, leg.years, leg.is_call, discount=leg.discount).vol
    rows = np.concatenate([puts, calls])
    early = premium(book.contracts(rows, forward), np.tile(vol, 2))
    european = mid.copy()
    european[rows] -= early
    return european
