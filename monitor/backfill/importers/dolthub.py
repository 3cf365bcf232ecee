"""DoltHub post-no-preference/options, table option_chain, as CSV or SQLite: end of day, thinned out, all symbols.

date, act_symbol, expiration, strike, call_put ('Call', 'Put'), bid, ask, vol, delta, gamma, theta, vega, rho. No price
of the underlying, no volume, no open interest; few strikes, so that smiles are coarse.
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
    symbol="act_symbol",
    expiry="expiration",
    strike="strike",
    side="call_put",
    sides={None: Side(bid="bid", ask="ask", vol="vol")},
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("dolthub", "dolthub", SHAPE)
