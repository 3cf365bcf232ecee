"""Everything behind a saved number: its payload read again with the inputs it was read with, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor.archive import Archive
from monitor.errors import NoDataError
from monitor.inputs import Inputs
from monitor.sources import reader
from monitor.sources.payload import Payload
from monitor.store import Store, read
from monitor.store.values import number
from monitor.store.write import payload_row
from pricing.arrays import Floats
from pricing.chain import Chain
from pricing.snapshot import Snapshot
from pricing.surface import Scenario
from pricing.take import Workings, work
from pricing.tenor import Ladder, targets

__all__ = ["Difference", "Explanation", "Leg", "Verdict", "explain"]

ROUNDING = 1e-12  # relative: what another machine's arithmetic may differ by


class Verdict(StrEnum):
    """How a number computed again compares with the stored one."""

    IDENTICAL = "identical"  # to the last digit
    ROUNDING = "rounding"  # within 1e-12
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of a snapshot that is not as it was stored."""

    what: str
    stored: str | float | None
    again: str | float | None

    @property
    def is_rounding(self) -> bool:
        """Whether both are numbers and the same but for the last digits."""
        if not (isinstance(self.stored, float) and isinstance(self.again, float)):
            return False
        return abs(self.again - self.stored) <= ROUNDING * abs(self.stored)


@dataclass(frozen=True, slots=True)
class Leg:
    """One expiry that a tenor is interpolated from, read at the headline's two strikes.

    Attributes
    ----------
    ladder : Ladder
    share : float
        Weight of its total variance at the tenor. [1]
    vol : array, shape (2,)
        At the downside and the upside strike [1/sqrt(year)]; NaN where its quotes do not reach.
    """

    ladder: Ladder
    share: float
    vol: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A saved snapshot and what it rests on.

    Attributes
    ----------
    saved : Saved
    file : str
        Of the payload, below the archive's folder.
    payload : Payload
    inputs : Inputs
    chain : Chain
    workings : Workings
    again : Snapshot
        Computed from the payload and the inputs by this version of the program.
    strikes : array, shape (2,)
        The headline's strikes [$]; NaN where there is no surface.
    legs : tuple of Leg
    differences : tuple of Difference
    """

    saved: read.Saved
    file: str
    payload: Payload
    inputs: Inputs
    chain: Chain
    workings: Workings
    again: Snapshot
    strikes: Floats
    legs: tuple[Leg, ...]
    differences: tuple[Difference, ...]

    @property
    def same_method(self) -> bool:
        """Whether this program's method is the one that made the stored numbers."""
        return self.again.method == self.saved.snapshot.method

    @property
    def verdict(self) -> Verdict:
        """How the numbers compare, the method's name left aside."""
        apart = [each for each in self.differences if each.what != "method"]
        if not apart:
            return Verdict.IDENTICAL
        return Verdict.ROUNDING if all(each.is_rounding for each in apart) else Verdict.DIFFERENT


def explain(store: Store, archive: Archive, name: str) -> Explanation:
    """Compute a saved snapshot again and lay open what it rests on.

    Parameters
    ----------
    store : Store
    archive : Archive
    name : str
        The snapshot's id.

    Raises
    ------
    NoDataError
        Where there is no such snapshot, or its payload is lost or damaged.
    Failure
        Where the store is damaged.
    """
    with store.reading() as connection:
        saved = read.find(connection, name)
        if saved is None:
            raise NoDataError(f"no snapshot {name} was saved", "skewwatch snapshot --save prints the id it saves under")
        record = read.payload_record(connection, saved.payload_sha256, saved.snapshot.fetched_at)
        inputs = read.inputs(connection, saved.inputs_sha256)
    file = str(record[-1])
    payload = archive.read(archive.folder / file)
    if payload_row(payload) != record:
        raise NoDataError(
            f"{archive.folder / file} is not as the store recorded it", "restore it and its sidecar from a backup"
        )
    chain = reader(payload.source).parse(payload)
    workings = work(chain, inputs.curve, inputs.dividends, inputs.settings)
    again = inputs.take(chain)
    strikes = _strikes(workings, inputs)
    return Explanation(
        saved=saved,
        file=file,
        payload=payload,
        inputs=inputs,
        chain=chain,
        workings=workings,
        again=again,
        strikes=strikes,
        legs=_legs(workings, strikes),
        differences=_differences(_flat(saved.snapshot), _flat(again)),
    )


def _strikes(workings: Workings, inputs: Inputs) -> Floats:
    if workings.surface is None:
        return np.full(2, np.nan)
    headline: Floats = targets(inputs.settings, workings.anchored.spot.value, workings.surface.tenor_forward)[0]
    return headline


def _legs(workings: Workings, strikes: Floats) -> tuple[Leg, ...]:
    surface = workings.surface
    if surface is None:
        return ()
    k = np.log(strikes / surface.forward[:, None])
    every = np.broadcast_to(k[:, None], (*surface.smiles.k.shape[:2], strikes.size))
    vols = surface.smiles.read(every, neighbours=surface.neighbours).vol[:, Scenario.MID]
    spot = workings.anchored.spot.value
    legs = []
    for ladder, share, vol in zip(workings.pair, surface.share.tolist(), vols, strict=True):
        (first, last), (below, above) = ladder.ends, ladder.margin(spot)
        reached = (strikes >= first - below) & (strikes <= last + above)
        legs.append(Leg(ladder, share, np.where(reached, vol, np.nan)))
    return tuple(legs)


def _differences(
    stored: Mapping[str, str | float | None], again: Mapping[str, str | float | None]
) -> tuple[Difference, ...]:
    names = [*stored, *(name for name in again if name not in stored)]
    return tuple(
        Difference(name, stored.get(name), again.get(name)) for name in names if stored.get(name) != again.get(name)
    )


def _flat(snapshot: Snapshot) -> dict[str, str | float | None]:
    """Write everything that is stored of a snapshot under one name each."""
    flat: dict[str, str | float | None] = {
        "method": snapshot.method,
        "as_of": snapshot.as_of.isoformat(),
        "status": str(snapshot.status),
        "flags": " ".join(snapshot.flags),
        "quotes": str(snapshot.quotes.total),
        "quotes kept": str(snapshot.quotes.kept),
    }
    for name in ("spot", "spot_sync", "spot_gap", "forward"):
        flat[name] = number(getattr(snapshot, name))
    for reason, count in snapshot.quotes.dropped.items():
        flat[f"quotes {reason.name.lower()}"] = str(count)
    for name, measure in snapshot.measures.items():
        for side in ("value", "low", "high"):
            flat[f"{name} {side}"] = number(getattr(measure, side))
        flat[f"{name} status"] = f"{measure.status} {measure.reason or ''}".strip()
    for report in snapshot.expiries:
        expiry = f"{report.root} {report.expiry}"
        for part in ("days", "forward", "forward_se", "rate", "residual_bp"):
            flat[f"{expiry} {part}"] = number(getattr(report, part))
        flat[f"{expiry} quotes"] = f"{report.pairs} pairs, {report.quotes_kept} kept, {report.used} {report.reason}"
    return flat
