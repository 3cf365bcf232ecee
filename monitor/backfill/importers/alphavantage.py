"""Alpha Vantage's HISTORICAL_OPTIONS: JSON, a chain a day, every field as text.

{"endpoint": ..., "message": "success", "data": [{"contractID", "symbol", "expiration", "strike", "type", "last",
"mark", "bid", "bid_size", "ask", "ask_size", "volume", "open_interest", "date", "implied_volatility", ...}, ...]}: the
shape that options-dataset-hist was collected from, and its CSV form too.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.backfill.importers.options_dataset_hist import SHAPE as DATASET
from monitor.backfill.table_importer import TableImporter
from monitor.config.backfill import Backfill

__all__ = ["SHAPE", "make"]

SHAPE = replace(DATASET, contract="contractID")


def make(_: Backfill, __: str | None) -> TableImporter:
    """Make the importer."""
    return TableImporter("alphavantage", "alphavantage", SHAPE)
