"""Pictures that go with a message: a channel asks for them by the reference that the message holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from alerts.message import Message

__all__ = ["Album", "Chart", "charts_of", "from_files"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 5 * 2**20  # bytes; ours have about 150,000

Album: TypeAlias = Callable[[str], bytes]
"""Finds a chart by its reference: the bytes of a PNG, or OSError or LookupError where there is none."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture: what it is called in words, and a PNG."""

    name: str
    png: bytes

    @property
    def file(self) -> str:
        """Name of a file for it: letters, digits and hyphens."""
        words = "".join(each if each.isascii() and each.isalnum() else " " for each in self.name.lower()).split()
        return "-".join(words or ["chart"]) + ".png"


def from_files(reference: str) -> bytes:
    """Read a chart whose reference is a path."""
    return Path(reference).read_bytes()


def charts_of(message: Message, album: Album) -> tuple[list[Chart], str]:
    """Collect the charts that can be had; a message never waits for a picture.

    Returns
    -------
    list of Chart
    str
        What became of the others, "" where there are none.
    """
    found, lost = [], []
    for name, reference in message.charts:
        try:
            png = album(reference)
        except (OSError, LookupError) as error:
            lost.append(f"no chart '{name}' ({type(error).__name__})")
            continue
        if png.startswith(SIGNATURE) and len(png) <= LARGEST:
            found.append(Chart(name, png))
        else:
            lost.append(f"chart '{name}' is no PNG of at most {LARGEST:,} bytes")
    return found, "; ".join(lost)
