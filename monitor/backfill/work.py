"""What the processes do: one session's material to its measures. No file, no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from monitor.backfill.chains import build
from monitor.backfill.protocol import Dated, Kind, Payloads, Quotes, Values
from monitor.backfill.surroundings import Surroundings
from monitor.errors import Failure
from monitor.inputs import Inputs
from monitor.official import official
from monitor.sources import reader
from monitor.sources.payload import Payload
from monitor.underlyings import Underlying, underlying
from pricing.chain import Chain
from pricing.measures import units
from pricing.reasons import Flag, Level
from pricing.snapshot import Quality, Snapshot

__all__ = ["Job", "Kept", "Made", "Number", "make"]

CALLS = 1e6  # [$] more than any strike: put and call of one strike have different keys


@dataclass(frozen=True, slots=True)
class Number:
    """One measure, as it will be stored."""

    measure: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A payload, what was read of it and with what: for the archive and the store."""

    payload: Payload
    snapshot: Snapshot
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a session.

    Attributes
    ----------
    day : date
    file : int
        That its rows come from; -1 where that is a payload, or nothing.
    as_of : datetime or None
    source, method : str
    numbers : tuple of Number
        Nothing where the session has no points; then `cause` and `detail` say why.
    spot_gap : float or None
        The file's price of the underlying over the synchronous one, less 1.
    vendor_gap : float or None
        Median absolute difference of own and vendor's volatility, of the quotes that made the numbers.
    flags : frozenset of Flag
    kept : Kept or None
    """

    day: date
    file: int
    source: str
    method: str
    as_of: datetime | None = None
    numbers: tuple[Number, ...] = ()
    cause: str = ""
    detail: str = ""
    spot_gap: float | None = None
    vendor_gap: float | None = None
    flags: frozenset[Flag] = frozenset()
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What all sessions of an import share.

    Attributes
    ----------
    symbol : str
        As `monitor.underlyings.underlying` reads it: only plain values can be sent to another process.
    kind : Kind
    source : str
    surroundings : Surroundings
    method : str
        That the points are filed under: `pricing.settings.Settings.method`, with what they are made of before it
        where that is no quote. Points of different methods are never compared or mixed.
    """

    symbol: str
    kind: Kind
    source: str
    surroundings: Surroundings
    method: str

    @property
    def underlying(self) -> Underlying:
        """Facts about the symbol."""
        return underlying(self.symbol)


def make(job: Job, material: Sequence[Dated]) -> list[Made]:
    """Make the measures of some sessions."""
    made = []
    for each in material:
        if isinstance(each, Quotes):
            made.append(_of_quotes(job, each))
        elif isinstance(each, Payloads):
            made.append(_of_payloads(job, each))
        else:
            made.append(_of_values(job, each))
    return made


def _of_quotes(job: Job, given: Quotes) -> Made:
    """Take everything that the rows of a session say."""
    rows, nothing = given.rows, Made(day=given.day, file=given.file, source=job.source, method=job.method)
    if not rows.size:
        return replace(nothing, cause="no_quotes", detail="no row within the horizon can be used")
    inputs = job.surroundings.inputs(given.as_of)
    spot = _spot(job, given)
    if job.kind is Kind.VOLS and np.isnan(spot):
        return replace(nothing, cause="no_spot", detail="volatilities without a price of the underlying")
    chain = build(rows, job.kind, job.underlying, job.source, given.as_of, inputs, spot)
    snapshot = inputs.take(chain)
    return replace(
        nothing,
        as_of=given.as_of,
        numbers=tuple(_numbers(snapshot, job.kind)),
        spot_gap=None if snapshot.spot_gap is None else snapshot.spot_gap / (snapshot.spot_sync or np.nan),
        vendor_gap=_vendor_gap(chain, snapshot) if job.kind is not Kind.VOLS else None,
        flags=frozenset(snapshot.flags),
    )


def _spot(job: Job, given: Quotes) -> float:
    """Return the price of the underlying beside the rows, else the close that the store has. [$]"""
    beside = given.rows["spot"]
    known = beside[np.isfinite(beside)]
    return float(np.median(known)) if known.size else job.surroundings.spots.get(given.day, np.nan)


def _of_payloads(job: Job, given: Payloads) -> Made:
    """Take the first payload that is official and has data; without data the first official one."""
    found: Made | None = None
    why = "no payload of the session's last quarter of an hour"
    for payload in given.payloads:
        try:
            chain = reader(payload.source).parse(payload)
        except Failure as failure:
            why = failure.what
            continue
        if official(chain.as_of) != given.day:
            continue
        inputs = job.surroundings.inputs(chain.as_of, whole=True)
        snapshot = inputs.take(chain)
        if found is None or snapshot.status is not Quality.NO_DATA:
            found = Made(
                day=given.day,
                file=-1,
                source=chain.source,
                method=snapshot.method,
                as_of=chain.as_of,
                numbers=tuple(_numbers(snapshot, Kind.QUOTES)),
                spot_gap=None if snapshot.spot_gap is None else snapshot.spot_gap / (snapshot.spot_sync or np.nan),
                vendor_gap=_vendor_gap(chain, snapshot),
                flags=frozenset(snapshot.flags),
                kept=Kept(payload, _portable(snapshot), inputs),
            )
        if snapshot.status is not Quality.NO_DATA:
            break
    return found or Made(day=given.day, file=-1, source=job.source, method=job.method, cause="no_payload", detail=why)


def _of_values(job: Job, given: Values) -> Made:
    """File a vendor's own measures."""
    known = units(job.surroundings.settings)
    numbers = tuple(
        Number(name, value, None, None, known.get(name, ""), Level.OK, job.kind)
        if np.isfinite(value)
        else Number(name, None, None, None, known.get(name, ""), Level.MISSING, "not_given")
        for name, value in given.measures
    )
    return Made(day=given.day, file=given.file, source=job.source, method=job.method, numbers=numbers)


def _numbers(snapshot: Snapshot, kind: Kind) -> Iterator[Number]:
    """List the measures; without quotes they have no envelope, and a bound that comes from one is none."""
    for name, found in snapshot.measures.items():
        if kind is Kind.QUOTES:
            yield Number(name, found.value, found.low, found.high, found.unit, found.status, found.reason)
        elif found.value is None:
            yield Number(name, None, None, None, found.unit, Level.MISSING, found.reason)
        else:
            status = Level.EDGE if found.status is Level.EDGE else Level.OK
            yield Number(name, found.value, None, None, found.unit, status, kind)


def _vendor_gap(chain: Chain, snapshot: Snapshot) -> float | None:
    """Compare with the vendor's volatilities where both have one, on the expiries that made the numbers."""
    gaps = []
    for smile in snapshot.smiles:
        for at, expiry in enumerate(chain.expiries):
            if expiry.day != smile.expiry:
                continue
            first, end = np.searchsorted(chain.expiry, [at, at + 1])
            theirs = chain.strike[first:end] + chain.is_call[first:end] * CALLS  # both rise: puts, then calls
            own = smile.strike + smile.is_call * CALLS
            place = np.minimum(np.searchsorted(theirs, own), theirs.size - 1)
            gap = np.abs(smile.mid_vol - chain.vendor_vol[first:end][place])
            gaps.append(gap[(theirs[place] == own) & np.isfinite(gap)])
    together = np.concatenate(gaps) if gaps else np.empty(0)
    return float(np.median(together)) if together.size else None


def _portable(snapshot: Snapshot) -> Snapshot:
    """Leave out what is computed again where it is wanted, and what cannot be sent to another process."""
    quotes = replace(snapshot.quotes, dropped=dict(snapshot.quotes.dropped))
    return replace(snapshot, smiles=(), measures=dict(snapshot.measures), quotes=quotes)
