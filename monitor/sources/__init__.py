"""Where chains come from: each module fetches bytes, parses bytes, or both.

A source or a shape is one module and one line in a dictionary here. Modules are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.sources.protocol import Reader, Source

__all__ = ["READERS", "SHAPES", "SOURCES", "open_source", "reader"]

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "cboe": "monitor.sources.cboe:Cboe",
        "recorded": "monitor.sources.recorded:Recorded",
        "simulated": "monitor.sources.simulated:Simulated",
    }
)
READERS: Mapping[str, str] = MappingProxyType(
    {
        "cboe": "monitor.sources.cboe",
        "schwab": "monitor.sources.schwab",
        "yahoo": "monitor.sources.yahoo",
        "yahoo_desk": "monitor.sources.yahoo_desk",
        "simulated": "monitor.sources.simulated",
    }
)
SHAPES = ("cboe", "schwab", "yahoo_desk", "yahoo")
"""What a recorded body without a sidecar can be, in the order in which it is tried."""


def reader(name: str) -> Reader:
    """Import the module that parses a vendor's shape.

    Raises
    ------
    ConfigError
        Where there is none of that name.
    """
    if name not in READERS:
        raise ConfigError(f"no source of the name {name!r}", f"there are {', '.join(READERS)}")
    return cast("Reader", import_module(READERS[name]))


def open_source(spec: str, **settings: object) -> Source:
    """Make a source from what a user writes.

    Parameters
    ----------
    spec : str
        "cboe", "simulated", "simulated:SEED" or "recorded:PATH", where PATH is a payload or a folder of payloads.
    **settings
        Arguments of the source's class.

    Raises
    ------
    ConfigError
        Where there is no such source or path.
    """
    name, colon, argument = spec.partition(":")
    if name not in SOURCES:
        from difflib import get_close_matches  # noqa: PLC0415 - needed on this path only

        near = get_close_matches(name, SOURCES, 1)
        hint = f"did you mean {near[0]}?" if near else "there are cboe, simulated and recorded:PATH"
        raise ConfigError(f"no source of the name {name!r}", hint)
    needed, allowed = name == "recorded", name != "cboe"
    if bool(colon) != bool(argument) or (needed and not argument) or (argument and not allowed):
        raise ConfigError(f"a source cannot be written {spec!r}", "write cboe, simulated or recorded:PATH")
    module, _, kind = SOURCES[name].partition(":")
    make = getattr(import_module(module), kind)
    return cast("Source", make(argument, **settings) if argument else make(**settings))
