"""Cboe DataShop, Option EOD Summary: CSV, a row a contract, quoted at 15:45 and at the close.

underlying_symbol (an index with a caret), quote_date, root, expiration, strike, option_type, ..., trade_volume,
bid_1545, ask_1545, underlying_bid_1545, underlying_ask_1545, implied_volatility_1545 (an extra), bid_eod, ask_eod,
open_interest. The quotes of 15:45 are taken, as the vendor advises and as official points are: of 12:45 on half days,
which holds since 2020-02-05 (before, the column was filled after the close of a half day).
"""

from __future__ import annotations

from datetime import time

from monitor.backfill.protocol import Kind
from monitor.backfill.shape import Shape, Side
from monitor.backfill.table_importer import TableImporter
from monitor.config.backfill import Backfill

__all__ = ["SHAPE", "make"]

SHAPE = Shape(
    kind=Kind.QUOTES,
    date="quote_date",
    symbol="underlying_symbol",
    root="root",
    expiry="expiration",
    strike="strike",
    side="option_type",
    sides={
        None: Side(
            bid="bid_1545",
            ask="ask_1545",
            volume="trade_volume",
            open_interest="open_interest",
            vol="implied_volatility_1545",
        )
    },
    spot=("underlying_bid_1545", "underlying_ask_1545"),
    clock=time(15, 45),
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("datashop", "datashop", SHAPE)
