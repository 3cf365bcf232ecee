"""History from vendors' files, through the same path as a live chain.

A format is one module and one line in the dictionary here; modules are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from monitor.config.backfill import Backfill
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.backfill.protocol import Importer

__all__ = ["FORMATS", "importer"]

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "options-dataset-hist": "monitor.backfill.importers.options_dataset_hist",
        "alphavantage": "monitor.backfill.importers.alphavantage",
        "cboe": "monitor.backfill.importers.cboe",
        "optionsdx": "monitor.backfill.importers.optionsdx",
        "datashop": "monitor.backfill.importers.datashop",
        "orats": "monitor.backfill.importers.orats",
        "dolthub": "monitor.backfill.importers.dolthub",
        "iv-table": "monitor.backfill.importers.iv_table",
        "mid-chain": "monitor.backfill.importers.mid_chain",
        "csv": "monitor.backfill.importers.csv_map",
    }
)
"""Module of each format; its `make(section, map_name)` gives the importer."""

INSTALL = "install it with: pip install 'skewwatch[history]'"


def importer(name: str, section: Backfill, map_name: str | None = None) -> Importer:
    """Make the importer of a format.

    Parameters
    ----------
    name : str
        A key of `FORMATS`.
    section : Backfill
        The configuration's.
    map_name : str, optional
        Of "csv": which of the configured maps; needed where there are several.

    Raises
    ------
    ConfigError
        Where there is no such format or map, or pyarrow is not installed.
    """
    if name not in FORMATS:
        from difflib import get_close_matches  # noqa: PLC0415 - needed on this path only

        near = get_close_matches(name, FORMATS, 1)
        raise ConfigError(
            f"no format {name!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMATS)}"
        )
    if map_name is not None and name != "csv":
        raise ConfigError(f"--map belongs to --from csv, not to {name}", "leave it out")
    try:
        import pyarrow as pa  # noqa: F401, PLC0415 - is it there?
    except ImportError as error:
        raise ConfigError("backfill reads tables with pyarrow, which is not installed", INSTALL) from error
    return cast("Importer", import_module(FORMATS[name]).make(section, map_name))
