"""Chains with one price a contract, the middle of a quote that is not given, often of traded contracts only.

date, underlying, expiration, cp ('C', 'P'), strike, mid, iv, volume, open_interest, spot. A wing that is missing was
not traded: nothing is known of it, and nothing is made up. The prices are dated to 16:00, the close that `spot` is of.
"""

from __future__ import annotations

from datetime import time

from monitor.backfill.protocol import Kind
from monitor.backfill.shape import Shape, Side
from monitor.backfill.table_importer import TableImporter
from monitor.config.backfill import Backfill

__all__ = ["SHAPE", "make"]

SHAPE = Shape(
    kind=Kind.MIDS,
    date="date",
    symbol="underlying",
    expiry="expiration",
    strike="strike",
    side="cp",
    sides={None: Side(bid="mid", volume="volume", open_interest="open_interest", vol="iv")},
    spot=("spot",),
    clock=time(16),
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("mid-chain", "mid-chain", SHAPE)
