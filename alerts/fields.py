"""Read single values of a plain dictionary, and note of every mistake where it is, what was needed and what came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

__all__ = ["Place", "Problem", "Section", "nearest"]

Place = tuple[str | int, ...]
Word = TypeVar("Word", bound=StrEnum)
SHOWN = 60  # characters of a value in a message
HOUR = 60  # minutes


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes
    ----------
    place : tuple of str or int
        Number of the rule, then keys and numbers of list entries.
    what, hint : str
        What was needed and what came; what to do, "" where that says it.
    """

    place: Place
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """Put it in one line."""
        dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.place)
        return "; ".join(filter(None, (f"rules{dotted}: {self.what}", self.hint)))


@dataclass(frozen=True, slots=True)
class Section:
    """A dictionary at its place. Every reader returns something of its type and notes what is wrong in `problems`.

    Attributes
    ----------
    content : mapping
    place : Place
    problems : list of Problem
        Shared by all sections of a configuration.
    """

    content: Mapping[Any, Any]
    place: Place
    problems: list[Problem]

    def wrong(self, key: str | int, needed: str, came: object, hint: str = "") -> None:
        """Note a mistake at a key; "" is the section itself."""
        text = repr(came)
        shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
        self.problems.append(Problem((*self.place, *([] if key == "" else [key])), f"{needed}, got {shown}", hint))

    def only(self, keys: Collection[str]) -> None:
        """Refuse other keys than these."""
        for key in self.content:
            if key not in keys:
                self.problems.append(Problem((*self.place, key), f"unknown key '{key}'", nearest(str(key), keys)))

    def count(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """Read a whole number."""
        value = self.content.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.wrong(key, f"needs a whole number of {least} or more", value)
        return least

    def maybe_count(self, key: str, default: int | None = None) -> int | None:
        """Read a whole number or null."""
        return None if self.content.get(key, default) is None else self.count(key, default)

    def number(self, key: str) -> float:
        """Read a number."""
        value = self.content.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
        self.wrong(key, "needs a number", value)
        return 0.0

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            self.wrong(key, "needs true or false", value)
        return value is True

    def text(self, key: str) -> str:
        """Read one line, "" where there is none."""
        value = self.content.get(key, "")
        if isinstance(value, str) and len(value.splitlines()) <= 1:
            return value
        self.wrong(key, "needs one line of text", value)
        return ""

    def word(self, key: str, default: Word) -> Word:
        """Read one of the words of the default's type."""
        value = self.content.get(key, default)
        words = type(default)
        try:
            return words(value)
        except ValueError:
            self.wrong(key, f"needs one of {', '.join(words)}", value, nearest(str(value), list(words)))
            return default

    def name(self, key: str, known: Collection[str] | None = None) -> str:
        """Read a name, one of those known where they are given."""
        return self._named(key, self.content.get(key), known)

    def names(self, key: str, known: Collection[str] | None = None) -> tuple[str, ...]:
        """Read a list of names, empty where there is none."""
        value = self.content.get(key, ())
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(self._named(key, each, known) for each in value)
        self.wrong(key, "needs a list of names", value, f"{key}: [{value}]")
        return ()

    def clock(self, key: str) -> time:
        """Read a time of the day."""
        value = self.content.get(key)
        if isinstance(value, int) and not isinstance(value, bool):  # YAML reads 22:00 without quotes as 22 times 60
            self.wrong(key, "needs a time in quotes", value, f'{key}: "{value // HOUR:02d}:{value % HOUR:02d}"')
            return time()
        try:
            return time.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.wrong(key, 'needs a time such as "22:00"', value)
            return time()

    def section(self, key: str | int, needed: str, hint: str = "") -> Section | None:
        """Read a dictionary inside; None, noted, where it is something else."""
        value = self.content.get(key)
        if isinstance(value, Mapping) and value:
            return Section(value, (*self.place, key), self.problems)
        self.wrong(key, needed, value, hint)
        return None

    def _named(self, key: str, value: object, known: Collection[str] | None) -> str:
        if not isinstance(value, str) or not value or not value.isprintable() or ":" in value or "|" in value:
            self.wrong(key, "needs a name without : and |", value)
            return ""
        if known is not None and value not in known:
            self.wrong(key, "needs a name that is known here", value, nearest(value, known))
        return value


def nearest(name: str, known: Collection[str]) -> str:
    """Say which known name was probably meant."""
    close = get_close_matches(name, list(known), 1)
    return f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"
