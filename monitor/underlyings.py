"""Facts about an underlying that its quotes do not say: style, roots, settlement, end of the option session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from types import MappingProxyType

from monitor.errors import ConfigError
from pricing.chain import Style

__all__ = ["Underlying", "underlying"]

CLOSE = time(16)
LATE_CLOSE = time(16, 15)

LATE = """
DBA DBB DBC DBO DIA EEM EFA IWM IWN IWO IWV KBE KRE MDY MOO OEF QQQ SLX SPY SVXY UNG UUP UVIX UVXY VIXM VIXY VXX VXZ
XHB XLB XLE XLF XLI XLK XLP XLU XLV XLY XME XRT
"""
LATE_FUNDS = frozenset(LATE.split())
"""Exchange-traded products whose options trade until 16:15 New York.

Source: NYSE Arca Options, Market Info, Trading Hours: "ETF exceptions" and "ETN options", less what has been delisted;
UVIX and VIXM from brokers' lists. Quotes of a class missing here are dated up to 15 minutes early after 16:00, and at
no other time.
"""

AM, PM = True, False
INDEXES: Mapping[str, tuple[Style, Mapping[str, bool]]] = MappingProxyType(
    {
        "SPX": (Style.EUROPEAN, {"SPX": AM, "SPXW": PM}),
        "XSP": (Style.EUROPEAN, {"XSP": PM}),
        "NDX": (Style.EUROPEAN, {"NDX": AM, "NDXP": PM}),
        "XND": (Style.EUROPEAN, {"XND": PM}),
        "RUT": (Style.EUROPEAN, {"RUT": AM, "RUTW": PM}),
        "MRUT": (Style.EUROPEAN, {"MRUT": PM}),
        "DJX": (Style.EUROPEAN, {"DJX": AM}),
        "OEX": (Style.AMERICAN, {"OEX": PM}),
        "XEO": (Style.EUROPEAN, {"XEO": PM}),
        "VIX": (Style.EUROPEAN, {"VIX": AM, "VIXW": AM}),
    }
)
"""Cash-settled indices by the exchanges' product specifications (Cboe; Nasdaq for NDX and XND); 16:15, Cboe Rule
5.1(b)(2). Whether a root settles on the day's open is True or False beside it."""

OF_ROOT = MappingProxyType({root: index for index, (_, roots) in INDEXES.items() for root in roots})
NAME = re.compile(r"(?P<mark>[_^$]?)(?P<name>[A-Z]{1,6})(?:[./-](?P<share_class>[A-Z]))?")


@dataclass(frozen=True, slots=True)
class Underlying:
    """What the contracts of one underlying have in common.

    Attributes
    ----------
    symbol : str
        As exchanges write it: "IWM", "SPX", "BRK.B".
    style : Style
    roots : mapping of str to bool
        Roots of its contracts' names, and whether they settle on the open of their last day.
    is_index : bool
    close : datetime.time
        End of the option session, New York; half days are the calendar's affair.
    """

    symbol: str
    style: Style
    roots: Mapping[str, bool]
    is_index: bool
    close: time

    @property
    def root(self) -> str:
        """The first root: the symbol without punctuation. Two spellings of one underlying share it."""
        return next(iter(self.roots))

    @property
    def spelling(self) -> str:
        """The symbol so that looking it up gives the same facts: with a mark where only the mark says "index"."""
        return f"^{self.symbol}" if self.is_index and self.symbol not in INDEXES else self.symbol


@lru_cache(maxsize=1024)
def underlying(symbol: str) -> Underlying:
    """Look an underlying up, however a vendor spells it.

    Parameters
    ----------
    symbol : str
        "IWM"; "BRK.B", "BRK/B" or "BRK-B"; "SPX", "^SPX", "_SPX", "$SPX" or its root "SPXW". A mark in front says
        that a symbol is an index; one missing from the table is taken as European, settled on the open, with
        weeklies ("W" after the symbol) settled on the close, which is the rule of broad indices.

    Raises
    ------
    ConfigError
        Where the text cannot be a symbol.
    """
    found = NAME.fullmatch(symbol.strip().upper())
    if found is None:
        raise ConfigError(f"{symbol[:40]!r} is not a symbol", "write one like IWM, BRK.B or ^SPX")
    name, share_class = found["name"], found["share_class"]
    if name in OF_ROOT and not share_class:
        name = OF_ROOT[name]
        style, roots = INDEXES[name]
        return Underlying(name, style, MappingProxyType(dict(roots)), is_index=True, close=LATE_CLOSE)
    if found["mark"]:
        roots = MappingProxyType({name: AM, f"{name}W": PM})
        return Underlying(name, Style.EUROPEAN, roots, is_index=True, close=LATE_CLOSE)
    full = f"{name}.{share_class}" if share_class else name
    close = LATE_CLOSE if full in LATE_FUNDS else CLOSE
    return Underlying(full, Style.AMERICAN, MappingProxyType({full.replace(".", ""): PM}), is_index=False, close=close)
