"""Recorded series of vendors and exchanges, read with pandas; what is absent is skipped, saying so."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest


def file(name: str) -> Path:
    """Find a recorded file, or skip the test that needs it."""
    folder = os.environ.get("SKEWWATCH_REALDATA")
    if not folder:
        pytest.skip("SKEWWATCH_REALDATA is not set: no recorded data here")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"no {name} among the recorded data")
    return path


def dealer() -> pd.Series:
    """SPX one-month 90/110 ratio of a dealer's surface, 2020 to 2023, by day."""
    table = pd.read_csv(file("multiyear/spx_dealer_1m_90_110_2020_2023.csv"), parse_dates=["date"])
    return table.set_index("date")["ratio_90_110"]


def prices(symbol: str) -> pd.DataFrame:
    """Daily prices by day, with lower-case columns."""
    table = pd.read_csv(file(f"prices/{symbol}.csv"))
    table.columns = [name.lower() for name in table.columns]
    return table.assign(date=pd.to_datetime(table["date"])).set_index("date")


def index(name: str) -> pd.Series:
    """Daily closes of a volatility index."""
    table = pd.read_csv(file(f"indices/{name}_History.csv"))
    return table.assign(date=pd.to_datetime(table["DATE"], format="%m/%d/%Y")).set_index("date")["CLOSE"]
