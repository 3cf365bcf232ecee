"""What is kept of a snapshot so that a later one can be compared with it, contract by contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from pricing.arrays import Floats
from pricing.pchip import pchip
from pricing.settings import Base, Settings
from pricing.snapshot import SmileReport, Snapshot
from pricing.time import YEAR

__all__ = ["POINTS", "Look", "Slice", "look_of"]

POINTS = 41  # of a kept smile: PCHIP through them is within 0.01 vol points of the fit (tests on recorded chains)
REACH = 0.15  # beyond the targets, as a share of each: how far spot may move before the old smile is not known
EDGE = 0.0012  # of a strike: 0.1 % of spot, the hair beyond the last quote of METHOD section 8, seen from 85 % of it
PAIR = 2
SCALARS = ("tenor_days", "put_strike", "call_strike", "put_vol", "call_vol")
FEWEST = 3  # points of a smile that PCHIP can read


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Slice:
    """The smile of one expiry.

    Attributes
    ----------
    expiry : date
    years : float
        From the snapshot. [year]
    used : bool
        One of the pair that the tenor was read from.
    first, last : float
        Strikes at the ends. [$]
    vol : array, shape (n,)
        At strikes from first to last, even in their logarithm. [1/sqrt(year)]
    """

    expiry: date
    years: float
    used: bool
    first: float
    last: float
    vol: Floats

    def at(self, strike: float) -> float:
        """Read the smile; a hair beyond its ends is its end, further out there is nothing (NaN)."""
        hair = EDGE * strike
        if not self.first - hair <= strike <= self.last + hair:
            return np.nan
        grid = np.linspace(np.log(self.first), np.log(self.last), self.vol.size)
        return float(pchip(grid, self.vol, np.clip(np.log([strike]), grid[0], grid[-1]))[0])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """One snapshot's targets, what was measured there, and the smiles around them.

    Attributes
    ----------
    as_of : datetime
    tenor_days : int
    put_strike, call_strike : float
        The targets: 90 % and 110 % of what moneyness is a share of. [$]
    put_vol, call_vol : float
        Measured there at the tenor. [1/sqrt(year)]
    slices : tuple of Slice
        In order of time, of every expiry within the horizon: tomorrow's pair may be another than today's.
    """

    as_of: datetime
    tenor_days: int
    put_strike: float
    call_strike: float
    put_vol: float
    call_vol: float
    slices: tuple[Slice, ...]

    def __post_init__(self) -> None:
        """Refuse a look without the one or two expiries that its tenor was read from."""
        if not 1 <= len(self.pair) <= PAIR:
            raise ValueError(f"a look needs one or two expiries that its tenor was read from, got {len(self.pair)}")

    @property
    def pair(self) -> tuple[Slice, ...]:
        """The expiries that the tenor was read from."""
        return tuple(each for each in self.slices if each.used)

    def to_dict(self) -> dict[str, Any]:
        """Lay it out as JSON holds it; volatilities to a ten-thousandth of a vol point."""
        return {
            "as_of": self.as_of.isoformat(),
            **{name: getattr(self, name) for name in SCALARS},
            "slices": [
                {
                    "expiry": each.expiry.isoformat(),
                    **{name: getattr(each, name) for name in ("years", "used", "first", "last")},
                    "vol": [round(vol, 6) for vol in each.vol.tolist()],
                }
                for each in self.slices
            ],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Look:
        """Read what `to_dict` wrote."""
        slices = tuple(
            Slice(**(each | {"expiry": date.fromisoformat(each["expiry"]), "vol": np.array(each["vol"], float)}))
            for each in kept["slices"]
        )
        scalars = {name: kept[name] for name in SCALARS}
        return cls(as_of=datetime.fromisoformat(kept["as_of"]), slices=slices, **scalars)


def look_of(snapshot: Snapshot, settings: Settings = Settings(), pair: int = 0) -> Look | None:  # noqa: B008 - frozen
    """Keep of a snapshot what a later one needs.

    Parameters
    ----------
    snapshot : Snapshot
    settings : Settings
        That it was taken with.
    pair : int
        Which of its pairs of strikes: 0 is the headline, 1 its companion.

    Returns
    -------
    Look or None
        None where the wings have no value: there is no skew whose change could be explained.
    """
    days, (low, high) = settings.tenor_days, settings.pairs[pair]
    ratio, spread = (snapshot.measures.get(f"skew_{kind}_{days}d_{low}_{high}") for kind in ("ratio", "spread"))
    base = snapshot.spot_sync if settings.moneyness is Base.SPOT else snapshot.forward
    if ratio is None or spread is None or ratio.value in {None, 1.0} or spread.value is None or base is None:
        return None
    put_strike, call_strike = base * low / 100, base * high / 100
    call_vol = spread.value / 100 / (ratio.value - 1)  # put - call = spread, put / call = ratio
    slices = [_kept(smile, low=put_strike * (1 - REACH), high=call_strike * (1 + REACH)) for smile in snapshot.smiles]
    return Look(
        as_of=snapshot.as_of,
        tenor_days=days,
        put_strike=put_strike,
        call_strike=call_strike,
        put_vol=ratio.value * call_vol,
        call_vol=call_vol,
        slices=tuple(sorted((each for each in slices if each is not None), key=lambda each: each.years)),
    )


def _kept(smile: SmileReport, *, low: float, high: float) -> Slice | None:
    """Read a fitted curve on the grid that is kept; None where it does not reach in at all."""
    there = np.isfinite(smile.curve_vol)
    strike, vol = smile.curve_strike[there], smile.curve_vol[there]
    if strike.size < FEWEST or strike[0] >= high or strike[-1] <= low:
        return None
    first, last = max(float(strike[0]), low), min(float(strike[-1]), high)
    grid = np.linspace(np.log(first), np.log(last), POINTS)
    x = np.log(strike)
    read = pchip(x, vol, np.clip(grid, x[0], x[-1]))
    return Slice(expiry=smile.expiry, years=smile.days / YEAR.days, used=smile.used, first=first, last=last, vol=read)
