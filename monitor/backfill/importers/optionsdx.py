"""OptionsDX: text, a row a strike, headers in brackets after a space; no open interest.

[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], [EXPIRE_DATE], [EXPIRE_UNIX],
[DTE], [C_DELTA] ... [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], ... The
end-of-day files are quoted at 16:00 New York. Of files with several quotes a day only the first of each contract is
read, the others are refused as duplicates.
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
    date="QUOTE_DATE",
    expiry="EXPIRE_DATE",
    strike="STRIKE",
    sides={
        False: Side(bid="P_BID", ask="P_ASK", volume="P_VOLUME", vol="P_IV"),
        True: Side(bid="C_BID", ask="C_ASK", volume="C_VOLUME", vol="C_IV"),
    },
    spot=("UNDERLYING_LAST",),
    clock=time(16),
)


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("optionsdx", "optionsdx", SHAPE)
