"""Write a market to a folder: payloads as a collector would have kept them, and the truth beside them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from monitor.simulation.market import Market
from monitor.sources.payload import Payload, sidecar_path

__all__ = ["TRUTH", "record"]

TRUTH = "truth.jsonl"  # one line a chain, in the order of the instants
FASTEST = 1  # gzip level: a tenth of the size in a fifth of the best level's time


def record(market: Market, instants: Iterable[datetime], folder: Path) -> int:
    """Write the chain of each instant as YYYYMMDDThhmmssZ.json.gz with its sidecar, and its truth as a line.

    Parameters
    ----------
    market : Market
    instants : iterable of datetime
        For years of closes `market.closes(first, last)`.
    folder : Path
        Made where it is missing. Files of the same instants are written again, the truth is started anew.

    Returns
    -------
    int
        Number of chains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder / TRUTH).open("wb") as truths:
        for instant in instants:
            chain = market.chain_at(instant)
            payload = Payload(
                body=chain.body, source="simulated", symbol=chain.symbol, fetched_at=chain.generated, http_status=200
            )
            path = folder / f"{chain.generated:%Y%m%dT%H%M%SZ}.json.gz"
            path.write_bytes(gzip.compress(chain.body, FASTEST, mtime=0))
            sidecar_path(path).write_text(payload.sidecar(), encoding="utf-8")
            truths.write(msgspec.json.encode(chain.truth.record()) + b"\n")
            count += 1
    return count
