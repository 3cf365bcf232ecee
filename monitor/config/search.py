"""Which configuration counts, and where things are kept: the first of a fixed order that is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from monitor.errors import ConfigError

__all__ = [
    "CONFIG_VARIABLE",
    "DATA_VARIABLE",
    "STORE_FILE",
    "Found",
    "Origin",
    "data_dir",
    "find",
    "shipped",
    "user_folder",
]

CONFIG_VARIABLE, DATA_VARIABLE = "SKEWWATCH_CONFIG", "SKEWWATCH_DATA_DIR"
NAME = "config.yaml"
OURS = b"skewwatch"
STORE_FILE = "skewwatch.db"  # in the data folder; here, for whether it is there must be asked without a database


class Origin(StrEnum):
    """Why a configuration was taken."""

    OPTION = "--config"
    ENVIRONMENT = CONFIG_VARIABLE
    FOLDER = "the folder"
    USER = "the user's configuration folder"
    SHIPPED = "the shipped default"


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration file and why it was taken."""

    path: Path
    origin: Origin


def find(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Found:
    """Return the first of: `option`, ``SKEWWATCH_CONFIG``, ``./config.yaml``, the user's folder, the shipped file.

    ``./config.yaml`` counts only where its first key is ``skewwatch``: the folder may be another project's. The
    two that are named outright must be there and must be ours.

    Raises
    ------
    ConfigError
        Where a file that was named is missing, unreadable or another program's.
    """
    if option is not None:
        return _named(option, Origin.OPTION)
    if environ.get(CONFIG_VARIABLE):
        return _named(Path(environ[CONFIG_VARIABLE]).expanduser(), Origin.ENVIRONMENT)
    places = [(Path(NAME), Origin.FOLDER)]
    with suppress(ConfigError):  # a user without a home has no folder of configuration either
        places.append((user_folder("config", environ) / NAME, Origin.USER))
    for path, origin in places:
        if path.is_file() and is_ours(read_bytes(path)):
            return Found(path, origin)
    return Found(shipped(), Origin.SHIPPED)


def _named(path: Path, origin: Origin) -> Found:
    if not is_ours(read_bytes(path)):
        raise ConfigError(
            f"{path} is no configuration of skewwatch: its first key is not 'skewwatch'",
            f"begin the file with 'skewwatch: 1', or name another by {origin}",
        )
    return Found(path, origin)


def is_ours(text: bytes) -> bool:
    """Whether the first key of a YAML text is ``skewwatch``, as far as its first line that says something tells."""
    lines = (line for line in text.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip())
    first = next((line for line in lines if not line.lstrip().startswith((b"#", b"---", b"%"))), b"")
    key, colon, _ = first.partition(b":")
    return bool(colon) and key.strip().strip(b"\"'") == OURS


def read_bytes(path: Path) -> bytes:
    """Read a file, or say in one line why not."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"cannot read the configuration {path}: {reason}", "name another with --config") from error


def shipped() -> Path:
    """Return the default that comes with the package: beside it in a wheel, at its parent's parent in a checkout."""
    package = Path(__file__).resolve().parent.parent
    beside = package / NAME
    return beside if beside.is_file() else package.parent / NAME


def user_folder(kind: str, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the platform's folder for a user's "config" or "data".

    On macOS ``~/Library/Application Support`` for both, elsewhere the XDG base directories. An XDG variable that
    is no absolute path is ignored, as its specification asks.

    Raises
    ------
    ConfigError
        Where the user has no home.
    """
    try:
        home = Path(environ.get("HOME") or Path.home())
    except RuntimeError as error:
        raise ConfigError("this user has no home folder to keep things in", f"set {DATA_VARIABLE}") from error
    if platform == "darwin":
        return home / "Library" / "Application Support" / "skewwatch"
    variable, usual = {
        "config": ("XDG_CONFIG_HOME", home / ".config"),
        "data": ("XDG_DATA_HOME", home / ".local" / "share"),
    }[kind]
    own = Path(environ.get(variable, ""))
    return (own if own.is_absolute() else usual) / "skewwatch"


def data_dir(option: Path | None, configured: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where things are kept: `option`, else ``SKEWWATCH_DATA_DIR``, else configured, else the user's folder."""
    if option is not None:
        return option.expanduser()
    if environ.get(DATA_VARIABLE):
        return Path(environ[DATA_VARIABLE]).expanduser()
    return configured if configured is not None else user_folder("data", environ)
