"""Options that several commands share."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from monitor.config import Config, Found, data_dir, find, load
from monitor.errors import ConfigError, Failure

__all__ = [
    "AsCsv",
    "AsJson",
    "ConfigFile",
    "DataDir",
    "check_chart",
    "configured",
    "emit",
    "program_version",
    "read_day",
]

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration instead of the one found by the search.")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", metavar="FOLDER", help="Where things are kept, instead of as configured.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for programs.")]


def configured(config: Path | None, folder: Path | None) -> tuple[Config, Found, Path]:
    """Return the configuration, where it was found, and the data folder.

    Raises
    ------
    ConfigError
        Where the configuration cannot be used.
    """
    found = find(config)
    loaded = load(found)
    return loaded, found, data_dir(folder, loaded.data_dir)


def read_day(option: str, text: str) -> date:
    """Read the day that an option gives.

    Raises
    ------
    ConfigError
        Where it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is no day", "write it as 2026-01-31") from error


def check_chart(plot: Path | None) -> None:
    """Refuse a chart that cannot be written, before anything is done for it.

    Raises
    ------
    ConfigError
        Where it is no PNG, or its folder is not there.
    """
    if plot is None:
        return
    if plot.suffix.lower() != ".png":
        raise ConfigError(f"--plot {plot}: a chart is a PNG", "give a name that ends in .png")
    if not plot.parent.is_dir():
        raise ConfigError(f"--plot {plot}: there is no folder {plot.parent}", "make it first")


def emit(text: str) -> None:
    """Write to standard output and see it leave.

    Raises
    ------
    Failure
        Where it cannot be written: a full disk behind a redirection, a closed output.
    BrokenPipeError
        Where its reader has gone.
    """
    if sys.stdout is None:
        raise Failure("standard output is closed", "give the command somewhere to write")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"cannot write to standard output: {error.strerror}", "free the place") from error


def program_version() -> str:
    """Return the version installed, or say that there is none: a checkout run where it stands."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - reads files of the installation

    try:
        return version("skewwatch")
    except PackageNotFoundError:
        return "(not installed)"
