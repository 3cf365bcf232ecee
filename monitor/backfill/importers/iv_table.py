"""Tables of implied volatilities by strike, collected a day after the close: no bid, no ask, no price that is a quote.

date (the day on which the collector ran), underlying_price, expiration, strike, call_iv_pct, put_iv_pct (per cent, two
decimals, 0 for none), call_volume, put_volume, call_oi, put_oi. call_price and put_price are last trades, hours old:
they are not read. On a holiday the table repeats the session before.
"""

from __future__ import annotations

from monitor.backfill.protocol import Kind
from monitor.backfill.shape import Shape, Side
from monitor.backfill.table_importer import TableImporter
from monitor.config.backfill import Backfill

__all__ = ["SHAPE", "make"]

SHAPE = Shape(
    kind=Kind.VOLS,
    date="date",
    symbol="symbol",
    expiry="expiration",
    strike="strike",
    sides={
        False: Side(volume="put_volume", open_interest="put_oi", vol="put_iv_pct"),
        True: Side(volume="call_volume", open_interest="call_oi", vol="call_iv_pct"),
    },
    spot=("underlying_price",),
    percent=True,
    folder_dates=True,
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("iv-table", "iv-table", SHAPE)
