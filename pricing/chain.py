"""An option chain as columns: everything a vendor said about one underlying at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from pricing.arrays import ArrayLike, Bools, Floats, Ints
from pricing.reasons import Flag, Reason
from pricing.time import expiry_instant, years_between

__all__ = ["Chain", "Expiry", "Style"]

STRIKES = (0.001, 99_999.999)  # [$] what a contract's name can carry: whole mills, eight digits (OCC)
LARGEST = 1e9  # of any other column: beyond it a number is a vendor's fault, and sums of products overflow


class Style(StrEnum):
    """When a contract can be exercised."""

    AMERICAN = "american"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """One expiry of a chain. AM- and PM-settled contracts of one day are two.

    Attributes
    ----------
    day : date
        The day in the contract's name.
    root : str
        The contracts' root: the symbol, or for an index one of several.
    am_settled : bool
        Settled on the day's open instead of its close.
    """

    day: date
    root: str
    am_settled: bool = False

    @property
    def instant(self) -> datetime:
        """End of life, UTC."""
        return expiry_instant(self.day, am_settled=self.am_settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Quotes of one underlying, a row a contract, ordered by expiry, puts before calls, strike.

    Attributes
    ----------
    symbol, source : str
        The underlying and the vendor.
    as_of : datetime
        The instant the quotes belong to, UTC.
    fetched_at : datetime
        When the payload was fetched, UTC.
    spot : float
        The feed's price of the underlying; NaN where it has none. [$]
    style : Style
    expiries : tuple of Expiry, ordered by instant
    expiry : int array, shape (n,)
        Index into `expiries`.
    is_call : bool array, shape (n,)
    strike, bid, ask : float array, shape (n,)
        [$]; NaN where the vendor gave no number.
    volume, open_interest : float array, shape (n,)
        Contracts; NaN where not given. Open interest is the previous day's.
    vendor_vol : float array, shape (n,)
        The vendor's own implied volatility, a cross-check only [1/sqrt(year)]; NaN where it has none.
    refused : mapping of Reason to int
        Rows of the payload that are no contract of this chain.
    flags : frozenset of Flag
    """

    symbol: str
    source: str
    as_of: datetime
    fetched_at: datetime
    spot: float
    style: Style
    expiries: tuple[Expiry, ...]
    expiry: Ints
    is_call: Bools
    strike: Floats
    bid: Floats
    ask: Floats
    volume: Floats
    open_interest: Floats
    vendor_vol: Floats
    refused: Mapping[Reason, int] = field(default_factory=lambda: MappingProxyType({}))
    flags: frozenset[Flag] = frozenset()

    def __len__(self) -> int:
        """Return the number of contracts."""
        return self.strike.size

    @property
    def years(self) -> Floats:
        """Years from `as_of` to each expiry's end, shape (expiries,); negative once it has passed. [year]"""
        return np.array([years_between(self.as_of, expiry.instant) for expiry in self.expiries])

    @classmethod
    def build(
        cls,
        *,
        symbol: str,
        source: str,
        as_of: datetime,
        fetched_at: datetime,
        expiries: Iterable[Expiry],
        expiry: ArrayLike,
        is_call: ArrayLike,
        strike: ArrayLike,
        bid: ArrayLike,
        ask: ArrayLike,
        spot: float = np.nan,
        style: Style = Style.AMERICAN,
        volume: ArrayLike | None = None,
        open_interest: ArrayLike | None = None,
        vendor_vol: ArrayLike | None = None,
        refused: Mapping[Reason, int] | None = None,
        flags: Iterable[Flag] = (),
    ) -> Chain:
        """Order a vendor's rows into a chain; what cannot be used is counted.

        Parameters are the attributes, columns in any order and `expiries` in any order too. A contract that comes
        twice is kept once, as it came first; a strike that no contract can have is refused; infinite and absurd
        numbers become NaN, and so do negative counts and vols.

        Raises
        ------
        ValueError
            Where the columns differ in length, an instant has no zone, or an index points past `expiries`.
        """
        if as_of.tzinfo is None or fetched_at.tzinfo is None:
            raise ValueError("a chain needs instants with a time zone")
        named = tuple(expiries)
        order = sorted(range(len(named)), key=lambda i: (named[i].instant, named[i]))
        rank = np.empty(len(named), np.int64)
        rank[order] = np.arange(len(named))
        index = np.asarray(expiry, np.int64)
        if index.size and not (index.min() >= 0 and index.max() < len(named)):
            raise ValueError(f"an expiry index must lie in 0..{len(named) - 1}, got {index.min()}..{index.max()}")
        index, calls, strikes = (
            rank[index] if named else index,
            np.asarray(is_call, bool),
            np.asarray(strike, float),
        )
        missing = np.full(index.size, np.nan)
        columns = {
            "strike": strikes,
            "bid": _within(-LARGEST, bid),
            "ask": _within(-LARGEST, ask),
            "volume": _within(0.0, missing if volume is None else volume),
            "open_interest": _within(0.0, missing if open_interest is None else open_interest),
            "vendor_vol": _within(0.0, missing if vendor_vol is None else vendor_vol),
        }
        sizes = {name: column.shape for name, column in {"expiry": index, "is_call": calls, **columns}.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"the columns of a chain must have one length, got {sizes}")

        rows = np.lexsort((strikes, calls, index))
        possible = (strikes[rows] >= STRIKES[0]) & (strikes[rows] <= STRIKES[1])
        unreadable, rows = int(np.count_nonzero(~possible)), rows[possible]
        again = np.zeros(rows.size, bool)
        again[1:] = (np.diff(index[rows]) == 0) & (np.diff(calls[rows]) == 0) & (np.diff(strikes[rows]) == 0)
        counts = dict(refused or {})
        for why, number in ((Reason.UNREADABLE, unreadable), (Reason.DUPLICATE, int(again.sum()))):
            if number:
                counts[why] = counts.get(why, 0) + number
        rows = rows[~again]
        return cls(
            symbol=symbol,
            source=source,
            as_of=as_of,
            fetched_at=fetched_at,
            spot=float(spot) if STRIKES[0] <= spot <= STRIKES[1] else np.nan,
            style=style,
            expiries=tuple(named[i] for i in order),
            expiry=index[rows],
            is_call=calls[rows],
            refused=MappingProxyType(counts),
            flags=frozenset(flags),
            **{name: column[rows] for name, column in columns.items()},
        )


def _within(least: float, column: ArrayLike) -> Floats:
    """Keep the numbers from `least` to `LARGEST`; the others become NaN."""
    column = np.asarray(column, float)
    return np.where((column >= least) & (column <= LARGEST), column, np.nan)
