"""Files that are there whole or not at all, also after a loss of power."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from monitor.errors import Failure

__all__ = ["sync", "write", "write_all"]


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, replacing what is there in one step; missing folders are made.

    Parameters
    ----------
    path : Path
        A link is followed, so that the file it points to is replaced and the link stays.
    content : bytes

    Raises
    ------
    Failure
        Where it cannot be written; what was there before is then untouched.
    """
    write_all([(path, content)])


def write_all(files: Sequence[tuple[Path, bytes]]) -> None:
    """Put several files in place as `write` does: none appears before all are on the disk, then each in its turn.

    Parameters
    ----------
    files : sequence of (Path, bytes)
        The last to appear is the one whose presence says that the others are there.

    Raises
    ------
    Failure
        Where one cannot be written; what was there before is then untouched, and nothing is left beside it.
    """
    parts: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, content in files:
            target = path.resolve()
            if target.exists() and not target.is_file():
                raise Failure(f"cannot write {path}: it is there and no file", "name another")
            beside = target.with_name(f".{target.name}.{os.getpid()}.part")
            _make(target.parent)
            parts.append((beside, target))
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for beside, target in parts:
            beside.replace(target)
        for folder in {target.parent for _, target in parts}:
            sync(folder)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Failure(f"cannot write {path}: {reason}", "free the place or name another") from error
    finally:
        for beside, _ in parts:
            with suppress(OSError):  # it has become its target
                beside.unlink()


def _make(folder: Path) -> None:
    """Make a folder and those above it, each on the disk before what is put into it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(folder: Path) -> None:
    """Bring a folder's new entry to the disk: until then the old file may come back with the power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
