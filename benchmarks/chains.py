"""The recorded chains that figures are measured on, and the rates and dividends that belong to them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from monitor.config.read import load
from monitor.config.search import Found, Origin, shipped
from monitor.sources.recorded import Recorded
from pricing.chain import Chain
from pricing.curve import Curve
from pricing.dividends import Schedule

__all__ = ["RATES", "dividends", "folder", "recorded"]

RATES = Curve.from_treasury([1 / 12, 0.25, 0.5], [0.0366, 0.0385, 0.0398])  # FRED, DGS1MO to DGS6MO, 2026-06-22


def folder() -> Path:
    """Return where the recorded data are, whether they are there or not."""
    return Path(os.environ.get("SKEWWATCH_REALDATA", Path(__file__).parent.parent.parent / "shared" / "data"))


@cache
def dividends() -> Schedule:
    """IWM's distributions, from the shipped configuration."""
    return load(Found(shipped(), Origin.SHIPPED)).schedule("IWM")


def recorded() -> list[Chain]:
    """Parse every recorded Cboe chain; none where the data are absent."""
    place = folder() / "cboe" / "IWM"
    if not place.is_dir():
        return []
    source = Recorded(place)
    return [source.parse(payload) for payload in source.payloads()]
