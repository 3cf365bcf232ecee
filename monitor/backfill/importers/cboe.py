"""Archives of payloads as they were fetched: Cboe's feed above all, and whatever else `monitor.sources` can read.

Of each session the payloads that can be its official one are handed on, the earliest first: the first that has data
makes the points. It is kept in the archive, so that every number can be explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from monitor.backfill.findings import Findings, Leave, Place
from monitor.backfill.protocol import Asked, Kind, Payloads
from monitor.config.backfill import Backfill
from monitor.errors import Failure
from monitor.official import official
from monitor.sources import reader
from monitor.sources.payload import Payload
from monitor.sources.recorded import Recorded
from monitor.underlyings import underlying
from pricing.time import quote_instant

__all__ = ["Cboe", "make"]

TRIED = 3  # payloads of a session: the first nearly always has data


class Cboe:
    """An importer of payloads."""

    name = "cboe"
    kind = Kind.QUOTES
    source = "cboe"

    def method(self, usual: str) -> str:
        """See `monitor.backfill.protocol.Importer`."""
        return usual

    def sessions(self, paths: Sequence[Path], asked: Asked, findings: Findings) -> Iterator[Payloads]:
        """Give each session with its payloads; see `monitor.backfill.protocol.Importer`."""

        def refuse(path: Path, failure: Failure) -> None:
            findings.files.append(Place(path, "", path.stat().st_size if path.exists() else 0))
            findings.unusable[len(findings.files) - 1] = failure.what

        day: date | None = None
        waiting: list[Payload] = []
        done: set[date] = set()
        for path in paths:
            for payload in Recorded(path).payloads(refused=refuse):
                findings.rows += 1
                if underlying(payload.symbol).symbol != asked.underlying.symbol:
                    findings.left[Leave.OTHER_SYMBOL] += 1
                    continue
                of = _session(payload, asked)
                if of is None or of in done or not asked.wants(of):
                    findings.left[Leave.NOT_OFFICIAL] += 1
                    continue
                if of != day:
                    yield from _handed(day, waiting, done, findings)
                    day, waiting = of, []
                if len(waiting) < TRIED:
                    waiting.append(payload)
        yield from _handed(day, waiting, done, findings)


def _handed(day: date | None, waiting: list[Payload], done: set[date], findings: Findings) -> Iterator[Payloads]:
    if day is not None:
        done.add(day)
        findings.sessions += 1
        yield Payloads(day, tuple(waiting))


def _session(payload: Payload, asked: Asked) -> date | None:
    """Return the session whose official quotes a payload can hold, by what it says about itself."""
    module = reader(payload.source)
    claim = module.describe(payload.body)
    made = None if claim is None or not payload.fetched_at_known else claim.feed_time
    delay: timedelta = getattr(module, "DELAY", timedelta(0))
    instant = quote_instant(payload.fetched_at, made, delay=delay, close=asked.underlying.close)
    return official(instant.as_of)


def make(_: Backfill, __: str | None) -> Cboe:
    """Make the importer."""
    return Cboe()
