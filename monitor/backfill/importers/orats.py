"""ORATS near end-of-day strikes: CSV in zip archives, a file a day, a row a strike, 14 minutes before the close.

ticker, stkPx, expirDate, yte, strike, cVolu, cOi, pVolu, pOi, cBidPx, cValue, cAskPx, pBidPx, pValue, pAskPx, ...,
cMidIv, ..., pMidIv, iRate, ..., residualRateData, ..., trade_date. Where there is no trade_date the day is read from
the file's name, ORATS_SMV_Strikes_YYYYMMDD. Prices adjusted for later splits belong to other strikes: import raw files.
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
    date="trade_date",
    symbol="ticker",
    expiry="expirDate",
    strike="strike",
    sides={
        False: Side(bid="pBidPx", ask="pAskPx", volume="pVolu", open_interest="pOi", vol="pMidIv"),
        True: Side(bid="cBidPx", ask="cAskPx", volume="cVolu", open_interest="cOi", vol="cMidIv"),
    },
    spot=("stkPx",),
    clock=time(15, 46),
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("orats", "orats", SHAPE)
