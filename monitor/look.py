"""One look at one underlying: fetch, keep, parse, and take everything the chain says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.model import Config
from monitor.inputs import Inputs
from monitor.sources import open_source
from pricing.snapshot import Snapshot

if TYPE_CHECKING:
    from monitor.sources.payload import Payload

__all__ = ["Look", "look"]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, and all it takes to see it again.

    Attributes
    ----------
    payload : Payload
        As it was kept, where it was.
    inputs : Inputs
    snapshot : Snapshot
    """

    payload: Payload
    inputs: Inputs
    snapshot: Snapshot


def look(
    symbol: str | None, spec: str, config: Config, folder: Path, *, keep: Callable[[Payload], Payload] | None = None
) -> Look:
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
    keep : callable, optional
        `monitor.archive.Archive.keep`: called before the payload is parsed, so that one which no code of today can
        read is there tomorrow.

    Raises
    ------
    Failure
        Where there is no such source, it cannot be reached, what it gives cannot be kept, or holds no chain.
    """
    name, _, _ = spec.partition(":")
    source = open_source(spec, **config.sources.arguments(name))
    fetch: Callable[[str | None], Payload] = source.fetch  # type: ignore[assignment] # a recorded source takes None
    payload = fetch(symbol)
    if keep is not None:
        payload = keep(payload)
    chain = source.parse(payload)
    inputs = Inputs.of(chain, config, folder)
    return Look(payload, inputs, inputs.take(chain))
