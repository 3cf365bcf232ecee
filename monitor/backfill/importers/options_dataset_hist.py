"""philippdubach/options-dataset-hist: end-of-day chains of SPY, IWM and QQQ since 2008, Parquet by year or SQLite.

A row a contract: contract_id, symbol, expiration, strike, type ('call', 'put'), last, mark, bid, bid_size, ask,
ask_size, volume, open_interest, date, implied_volatility, delta, gamma, theta, vega, rho, in_the_money. The quotes are
those "at market close": they are dated to the end of the option session. Daily prices stand beside it in
underlying_prices.
"""

from __future__ import annotations

from monitor.backfill.protocol import Kind
from monitor.backfill.shape import Shape, Side
from monitor.backfill.table_importer import TableImporter
from monitor.config.backfill import Backfill

__all__ = ["SHAPE", "make"]

SHAPE = Shape(
    kind=Kind.QUOTES,
    date="date",
    symbol="symbol",
    contract="contract_id",
    expiry="expiration",
    strike="strike",
    side="type",
    sides={
        None: Side(bid="bid", ask="ask", volume="volume", open_interest="open_interest", vol="implied_volatility"),
    },
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("options-dataset-hist", "options-dataset-hist", SHAPE)
