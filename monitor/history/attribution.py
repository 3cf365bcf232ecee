"""What moved a skew between two snapshots: the calendar, spot, the put wing or the call wing. It adds up exactly.

    total = roll + spot + put wing + call wing

Roll is what would have been seen had time alone passed: every contract keeps its volatility, and the tenor moves on to
later days, other weights and perhaps another pair of expiries. Then both targets follow spot along the smile, and the
contracts' own volatilities change. Which of the two comes first matters a little, so each is the mean over both
orders (L. S. Shapley, "A value for n-person games," 1953): spot is read on the old smiles and on the new ones. Where
one of them is not quoted so far out, on the other alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitor.history.look import Look, Slice
from pricing.time import YEAR

__all__ = ["Attribution", "Parts", "Wing", "attribute"]

POINTS = 100.0  # vol points in a vol of 1


@dataclass(frozen=True, slots=True)
class Wing:
    """One wing's change and its parts; None where neither smile is quoted at both targets.

    Attributes
    ----------
    total : float
    spot, roll, vols : float or None
        By the target following spot; by time; by the contracts' own volatilities. Together the total.
    """

    total: float
    spot: float | None
    roll: float | None
    vols: float | None


@dataclass(frozen=True, slots=True)
class Parts:
    """A change of the skew and what made it, adding up to it.

    Attributes
    ----------
    total : float
        put + call.
    put, call : Wing
        Each wing's share of the change, signed as it moves the skew: dearer calls lower it.
    """

    total: float
    put: Wing
    call: Wing

    @property
    def put_wing(self) -> float | None:
        """By what the puts' own volatilities did."""
        return self.put.vols

    @property
    def call_wing(self) -> float | None:
        """By what the calls' own volatilities did; dearer calls are negative."""
        return self.call.vols

    @property
    def spot(self) -> float | None:
        """By the targets following spot along the old smiles."""
        return None if self.put.spot is None or self.call.spot is None else self.put.spot + self.call.spot

    @property
    def roll(self) -> float | None:
        """By time: later days, other weights, another pair of expiries."""
        return None if self.put.roll is None or self.call.roll is None else self.put.roll + self.call.roll


@dataclass(frozen=True, slots=True)
class Attribution:
    """Why a skew changed between two snapshots.

    Attributes
    ----------
    since, until : datetime
    spread : Parts
        Of put vol less call vol. [vol points]
    ratio : Parts
        Of put vol over call vol: the same shares of its logarithm, times the logarithmic mean of both ratios.
    whole : bool
        Every part is known; else a wing's change stands unsplit.
    interpolated : bool
        An expiry of the new pair was not quoted at the old targets in the old snapshot: its old volatility was read
        between its neighbours in time, in total variance, or is that of the nearest.
    """

    since: datetime
    until: datetime
    spread: Parts
    ratio: Parts
    whole: bool
    interpolated: bool

    def to_dict(self) -> dict[str, object]:
        """Lay it out as JSON holds it."""
        names = ("total", "put_wing", "call_wing", "spot", "roll")
        parts = {
            kind: {name: getattr(getattr(self, kind), name) for name in names}
            | {"put_side": getattr(self, kind).put.total, "call_side": getattr(self, kind).call.total}
            for kind in ("spread", "ratio")
        }
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "unit": "vol points",
            **parts,
            "whole": self.whole,
            "interpolated": self.interpolated,
        }


def attribute(old: Look, new: Look) -> Attribution:
    """Explain a move.

    Parameters
    ----------
    old, new : Look
        Of the same symbol, moneyness and tenor.

    Raises
    ------
    ValueError
        Where the tenors differ or the order is reversed: that is the caller's mistake.
    """
    if old.tenor_days != new.tenor_days or new.as_of < old.as_of:
        raise ValueError(
            f"needed two looks at one tenor in order of time, got {old.tenor_days} d at {old.as_of} "
            f"and {new.tenor_days} d at {new.as_of}"
        )
    put = _levels(old, new, old.put_strike, new.put_strike, old.put_vol, new.put_vol)
    call = _levels(old, new, old.call_strike, new.call_strike, old.call_vol, new.call_vol)
    spread = Parts(
        POINTS * ((new.put_vol - new.call_vol) - (old.put_vol - old.call_vol)),
        _wing(put, POINTS),
        _wing(call, -POINTS),
    )
    before, after = old.put_vol / old.call_vol, new.put_vol / new.call_vol
    scale = _logarithmic_mean(before, after)
    ratio = Parts(after - before, _wing(_log(put), scale), _wing(_log(call), -scale))
    whole = spread.put.vols is not None and spread.call.vols is not None
    interpolated = any(_missing(old, each) for each in new.pair)
    return Attribution(old.as_of, new.as_of, spread, ratio, whole, interpolated)


@dataclass(frozen=True, slots=True)
class _Levels:
    """One wing at the tenor, or its logarithm; NaN where it is not quoted.

    As measured before and after; with the new calendar and the old volatilities at the old and the new target; with
    the new volatilities at the old target.
    """

    before: float
    stayed: float
    followed: float
    repriced: float
    after: float


def _levels(old: Look, new: Look, strike: float, moved: float, vol: float, vol_now: float) -> _Levels:
    """Read one wing. What the kept grid misses of a measured volatility is taken off what is read from it."""
    elapsed = (new.as_of - old.as_of) / YEAR
    then, now = old.pair, new.pair
    error = _at_tenor(old, then, [each.at(strike) for each in then]) - vol
    error_now = _at_tenor(new, now, [each.at(moved) for each in now]) - vol_now
    return _Levels(
        before=vol,
        stayed=_at_tenor(new, now, [_old_vol(old, each, elapsed, strike) for each in now]) - error,
        followed=_at_tenor(new, now, [_old_vol(old, each, elapsed, moved) for each in now]) - error,
        repriced=_at_tenor(new, now, [each.at(strike) for each in now]) - error_now,
        after=vol_now,
    )


def _log(levels: _Levels) -> _Levels:
    return _Levels(*(float(np.log(getattr(levels, name))) for name in _Levels.__slots__))


def _wing(levels: _Levels, scale: float) -> Wing:
    """Share a wing's change out; what its own volatilities did is the rest, so that the sum is exact."""
    total = scale * (levels.after - levels.before)
    roll = scale * (levels.stayed - levels.before)
    slides = np.array([levels.followed - levels.stayed, levels.after - levels.repriced])
    slides = slides[np.isfinite(slides)]
    if not slides.size or not np.isfinite(roll):
        return Wing(total, None, None, None)
    spot = scale * float(slides.mean())
    return Wing(total, spot, roll, total - spot - roll)


def _at_tenor(look: Look, pair: tuple[Slice, ...], vols: list[float]) -> float:
    """Read the tenor between expiries: total variance is linear in time; one alone keeps its volatility."""
    if len(vols) == 1:
        return vols[0]
    near, far = (each.years for each in pair)
    tenor = look.tenor_days / YEAR.days
    late = (tenor - near) / (far - near)
    variance = (1 - late) * vols[0] ** 2 * near + late * vols[1] ** 2 * far
    return float(np.sqrt(variance / tenor)) if variance > 0 else np.nan


def _old_vol(old: Look, of: Slice, elapsed: float, strike: float) -> float:
    """Return the volatility that a contract of the new pair had in the old snapshot, or one there would have had."""
    kept = _kept(old, of)
    if kept is not None and np.isfinite(kept.at(strike)):
        return kept.at(strike)
    years = of.years + elapsed
    read = [(each.years, each.at(strike)) for each in old.slices]
    read = [(time, vol) for time, vol in read if np.isfinite(vol)]
    before = [each for each in read if each[0] <= years]
    after = [each for each in read if each[0] > years]
    if before and after:
        (t1, v1), (t2, v2) = before[-1], after[0]
        late = (years - t1) / (t2 - t1)
        return float(np.sqrt(((1 - late) * v1**2 * t1 + late * v2**2 * t2) / years))
    nearest = before[-1:] or after[:1]
    return nearest[0][1] if nearest else np.nan


def _missing(old: Look, of: Slice) -> bool:
    """Whether a contract at one of the old targets had no volatility of its own."""
    kept = _kept(old, of)
    return kept is None or not np.isfinite(kept.at(old.put_strike) + kept.at(old.call_strike))


def _kept(old: Look, of: Slice) -> Slice | None:
    return next((each for each in old.slices if each.expiry == of.expiry), None)


def _logarithmic_mean(a: float, b: float) -> float:
    """Return (b - a) / ln(b / a), which turns parts of ln(b / a) into parts of b - a."""
    return a if a == b else (b - a) / float(np.log(b / a))
