"""What it takes to be a source, and to be the reader of a vendor's shape."""

from __future__ import annotations

from typing import Protocol

from monitor.sources.payload import Claim, Payload
from pricing.chain import Chain

__all__ = ["Reader", "Source"]


class Reader(Protocol):
    """A module of `monitor.sources` that understands one vendor's shape."""

    def describe(self, body: bytes) -> Claim | None:
        """Say what a body claims to be; None where it has another shape. Cheap: it decides, it does not parse."""
        ...

    def parse(self, payload: Payload) -> Chain:
        """Read a payload; see `Source.parse`."""
        ...


class Source(Protocol):
    """A place quotes come from."""

    def fetch(self, symbol: str) -> Payload:
        """Ask the vendor. The only method that touches the network or files.

        Raises
        ------
        UnreachableError
            Where no answer came in time.
        NoDataError
            Where the symbol is unknown there, or the answer is no payload.
        """
        ...

    def parse(self, payload: Payload) -> Chain:
        """Read a payload: the same bytes give the same chain, today or in a year.

        Raises
        ------
        NoDataError
            Where it holds no chain of the payload's symbol. A row that is no contract is counted, not raised.
        """
        ...
