"""What is noticed while files are read: every file, day and row that is not used, with its reason and its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

__all__ = ["Findings", "Leave", "Place", "Refusal"]

SHOWN = 20  # places named of each reason and file
WHOLE = 0  # a place that is the file itself


class Leave:
    """Reasons for rows that are nobody's fault: they are counted, and the import is clean."""

    OTHER_SYMBOL = "other_symbol"
    BEYOND_HORIZON = "beyond_horizon"
    ADJUSTED = "adjusted"
    EXPIRED = "expired"
    NOT_OFFICIAL = "not_official"  # a payload of another hour than the session's end


@dataclass(frozen=True, slots=True)
class Place:
    """A file that is read.

    Attributes
    ----------
    path : Path
    sha256 : str
    bytes : int
    """

    path: Path
    sha256: str
    bytes: int


@dataclass(slots=True)
class Refusal:
    """Rows of one file refused for one reason: how many, and the numbers of the first."""

    file: int
    reason: str
    count: int = 0
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """A collector.

    Attributes
    ----------
    files : list of Place
    sessions : int
        To be expected.
    rows : int
        Read for the symbol.
    left : Counter of str
        Rows that are no fault of the file and of no use: another symbol's, beyond the horizon.
    refused : dict of (int, str) to Refusal
    unusable : dict of int to str
        Files that could not be read, whole or from some place on.
    days : dict of date to (str, str)
        Days that are refused: cause in one word, and a sentence.
    repeats : dict of date to date
        Days that repeat a session: known, harmless, left out.
    """

    files: list[Place] = field(default_factory=list)
    sessions: int = 0
    rows: int = 0
    left: Counter[str] = field(default_factory=Counter)
    refused: dict[tuple[int, str], Refusal] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict)
    days: dict[date, tuple[str, str]] = field(default_factory=dict)
    repeats: dict[date, date] = field(default_factory=dict)

    def refuse(self, file: int, reason: str, numbers: Iterable[int]) -> None:
        """Note rows of a file that cannot be used, by their numbers."""
        given = list(numbers)
        if not given:
            return
        refusal = self.refused.setdefault((file, reason), Refusal(file, reason))
        refusal.count += len(given)
        refusal.numbers = sorted({*refusal.numbers, *sorted(given)[:SHOWN]})[:SHOWN]

    @property
    def clean(self) -> bool:
        """Whether nothing was refused."""
        return not (self.refused or self.unusable or self.days)

    @property
    def rows_refused(self) -> int:
        """Rows refused, over all files and reasons."""
        return sum(refusal.count for refusal in self.refused.values())
