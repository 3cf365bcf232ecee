"""The committed reference tables as columns; each names the program beside it that wrote it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent


def european() -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
    """Black prices and exact implied stdevs by mpmath: see tests/reference/european.py."""
    with (FOLDER / "european.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return {
        name: np.array(column) if name == "kind" else np.array(column, np.float64) for name, column in columns.items()
    }
