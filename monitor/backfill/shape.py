"""What a vendor's table looks like: each format is one such description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from monitor.backfill.protocol import Kind

__all__ = ["Shape", "Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Names of the columns that belong to one contract. Empty: the vendor does not say."""

    bid: str = ""
    ask: str = ""
    volume: str = ""
    open_interest: str = ""
    vol: str = ""

    def named(self) -> dict[str, str]:
        """Return the columns that there are, by our names."""
        own = {name: getattr(self, name) for name in ("bid", "ask", "volume", "open_interest", "vol")}
        return {name: given for name, given in own.items() if given}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One format of table.

    Attributes
    ----------
    kind : Kind
    date : str
        Column of the day; where a table has none, the day is read from the file's name.
    expiry, strike : str
    sides : mapping of bool or None to Side
        {None: ...} has a row a contract and `side` says which; {True: ..., False: ...} a row a strike.
    side : str
    symbol, contract, root : str
        Columns of the underlying, of the contract's name, of its root; may be missing from a table.
    spot : tuple of str
        One column, or two whose middle it is; may be missing.
    percent : bool
        Vols are given in per cent.
    clock : datetime.time or None
        When the quotes were taken, New York; half days three hours earlier. None: the end of the option session.
    folder_dates : bool
        Days are those on which a collector ran: on a holiday it found the session before.
    decimal, delimiter, table
        Of text and of databases.
    """

    kind: Kind
    date: str
    expiry: str
    strike: str
    sides: Mapping[bool | None, Side]
    side: str = ""
    symbol: str = ""
    contract: str = ""
    root: str = ""
    spot: tuple[str, ...] = ()
    percent: bool = False
    clock: time | None = None
    folder_dates: bool = False
    decimal: str = "."
    delimiter: str | None = None
    table: str | None = None
