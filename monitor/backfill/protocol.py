"""What it takes to be an importer: from files to dated material, in bounded memory, losing nothing silently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from monitor.backfill.findings import Findings
from monitor.backfill.rows import Rows
from monitor.sources.payload import Payload
from monitor.underlyings import Underlying

__all__ = ["Asked", "Dated", "Importer", "Kind", "Payloads", "Quotes", "Values"]


class Kind(StrEnum):
    """What a format says about a contract; it decides how far its numbers can be trusted."""

    QUOTES = "quotes"  # bid and ask: the same path as a live chain
    MIDS = "mid_only"  # one price: no quote envelope
    VOLS = "iv_only"  # the vendor's volatility: no quote envelope, and not our inversion
    VALUES = "series"  # the vendor's measure itself


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of the files.

    Attributes
    ----------
    underlying : Underlying
        Rows of any other are left out.
    horizon : int
        Expiries later than so many days make no measure and are left out while reading. [day]
    since, until : date or None
        Sessions, both included.
    """

    underlying: Underlying
    horizon: int
    since: date | None = None
    until: date | None = None

    def wants(self, day: date) -> bool:
        """Whether a session is asked for."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Quotes:
    """The rows of one session.

    Attributes
    ----------
    day : date
        The session.
    as_of : datetime
        Of the quotes, UTC.
    rows : Rows
        In the order of the files.
    """

    day: date
    as_of: datetime
    rows: Rows

    @property
    def file(self) -> int:
        """The first file that has rows of it, as `Findings.files` counts; -1 where no row is left."""
        return int(self.rows["file"][0]) if self.rows.size else -1


@dataclass(frozen=True, slots=True)
class Payloads:
    """Recorded payloads that may hold one session's official quotes, in the order in which they are to be tried."""

    day: date
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Measures of one session as a vendor computed them, by name; decimals for vols, NaN for none."""

    day: date
    file: int
    measures: tuple[tuple[str, float], ...]


Dated: TypeAlias = Quotes | Payloads | Values


class Importer(Protocol):
    """A format of history.

    Attributes
    ----------
    name : str
        In ``backfill --from NAME``.
    kind : Kind
    source : str
        What the points of it are filed under.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see above

    @property
    def kind(self) -> Kind: ...  # noqa: D102

    @property
    def source(self) -> str: ...  # noqa: D102

    def method(self, usual: str) -> str:
        """Name the method of the points; points of different methods are never compared or mixed.

        Parameters
        ----------
        usual : str
            `pricing.settings.Settings.method`, which only points made from quotes bear.
        """
        ...

    def sessions(self, paths: Sequence[Path], asked: Asked, findings: Findings) -> Iterator[Dated]:
        """Give each session once, with all its rows, holding no more than a bounded number of rows at a time.

        The same files give the same sessions in the same order. Whatever is wrong with a file, a day or a row is
        told to `findings`, and the rest goes on.

        Parameters
        ----------
        paths : sequence of Path
            Files; folders stand for what is below them.
        asked : Asked
        findings : Findings
            Is told how many sessions to expect before the first is given.
        """
        ...
