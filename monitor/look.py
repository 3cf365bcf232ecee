"""One look at one underlying: fetch, parse, and take everything the chain says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.model import Config
from monitor.inputs import Inputs
from monitor.sources import open_source
from pricing.snapshot import Snapshot

if TYPE_CHECKING:
    from monitor.sources.payload import Payload

__all__ = ["look"]


def look(symbol: str | None, spec: str, config: Config, folder: Path) -> Snapshot:
    """Take a snapshot of what a source says now.

    Parameters
    ----------
    symbol : str or None
        None where the source knows it: a recorded payload.
    spec : str
        The source, as `monitor.sources.open_source` reads it.
    config : Config
    folder : Path
        The data folder; only kept yields are read from it.

    Raises
    ------
    Failure
        Where there is no such source, it cannot be reached, or what it gives holds no chain.
    """
    name, _, _ = spec.partition(":")
    source = open_source(spec, **config.sources.arguments(name))
    fetch: Callable[[str | None], Payload] = source.fetch  # type: ignore[assignment] # a recorded source takes None
    chain = source.parse(fetch(symbol))
    return Inputs.of(chain, config, folder).take(chain)
