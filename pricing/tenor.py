"""The tenor between two expiries: which pair, and the surface through its quotes in every scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing import black
from pricing.arrays import Bools, Floats, Ints
from pricing.implied import implied_stdev
from pricing.reasons import Cause
from pricing.settings import Base, Settings
from pricing.smile import FEWEST, Smiles
from pricing.surface import Scenario, Surface
from pricing.time import DAYS

__all__ = ["Ladder", "ceiling", "choose", "quoted", "scenarios", "targets", "unreached"]

EDGE = 1e-3  # of spot: how far beyond the last quote a target may be read
HALF_STEP = 0.5  # of the last strike step: the same, where that is less


@dataclass(frozen=True, slots=True)
class Ladder:
    """Out-of-the-money quotes of one expiry, strikes rising, arrays of shape (n,).

    Attributes
    ----------
    expiry : int
        Index into the chain's expiries.
    forward, years, rate : float
        [$], [year], [1/year]
    rows : int array
        Of the chain.
    strike : float array
        [$]
    is_call : bool array
    bid, mid, ask : float array
        Volatilities [1/sqrt(year)]; NaN where there is none.
    premium : float array
        Early exercise. [$]
    kept : bool array
        Quotes with two sides and without a reason against them; the others have an offer at most.
    """

    expiry: int
    forward: float
    years: float
    rate: float
    rows: Ints
    strike: Floats
    is_call: Bools
    bid: Floats
    mid: Floats
    ask: Floats
    premium: Floats
    kept: Bools

    @property
    def ends(self) -> tuple[float, float]:
        """First and last kept strike; NaN for none. [$]"""
        kept = self.strike[self.kept]
        return (float(kept[0]), float(kept[-1])) if kept.size else (np.nan, np.nan)

    def margin(self, spot: float) -> tuple[float, float]:
        """How far beyond its first and last kept strike a target may be read. [$]"""
        kept = self.strike[self.kept]
        if kept.size < FEWEST:
            return 0.0, 0.0
        first, last = float(kept[1] - kept[0]), float(kept[-1] - kept[-2])
        return min(EDGE * spot, HALF_STEP * first), min(EDGE * spot, HALF_STEP * last)

    def reaches(self, low: float, high: float, spot: float) -> bool:
        """Whether both strikes lie among the kept quotes, or a hair beyond."""
        if np.count_nonzero(self.kept) < FEWEST:
            return False
        (first, last), (below, above) = self.ends, self.margin(spot)
        return first - below <= low and high <= last + above


def targets(settings: Settings, spot: float, tenor_forward: float) -> Floats:
    """Downside and upside strike of every pair in the settings, shape (pairs, 2). [$]"""
    base = spot if settings.moneyness is Base.SPOT else tenor_forward
    return base * np.array(settings.pairs, float) / 100


def choose(ladders: list[Ladder], settings: Settings, spot: float) -> list[Ladder]:
    """Choose the expiries between which the tenor lies: the nearest usable on either side.

    An expiry is usable for a pair of strikes where both lie among its quotes. The headline's pair decides; where
    it finds no two expiries the companion's does; where none does, the nearest with quotes stand, for bounds.

    Returns
    -------
    list of Ladder
        Two in order of time; one, where it alone lies within `single_days` of the tenor; or none.
    """
    for low, high in settings.pairs:
        bases = [(ladder, _base(ladder, settings, spot) / 100) for ladder in ladders]
        usable = [ladder for ladder, base in bases if ladder.reaches(base * low, base * high, spot)]
        if pair := _nearest(usable, settings):
            return pair
    return _nearest([e for e in ladders if np.count_nonzero(e.kept) >= FEWEST], settings)


def unreached(pair: list[Ladder], low: float, high: float, spot: float) -> Cause | None:
    """Say why two strikes are not both among the quotes: nobody bids so far out, or nothing is listed there."""
    if all(ladder.reaches(low, high, spot) for ladder in pair):
        return None
    listed = all(ladder.strike.size and ladder.strike[0] <= low and high <= ladder.strike[-1] for ladder in pair)
    return Cause.NO_BID if listed else Cause.LADDER_ENDS


def _base(ladder: Ladder, settings: Settings, spot: float) -> float:
    return spot if settings.moneyness is Base.SPOT else ladder.forward


def _nearest(ladders: list[Ladder], settings: Settings) -> list[Ladder]:
    days = [(ladder.years * DAYS, ladder) for ladder in ladders]
    days = [(d, e) for d, e in days if settings.min_days <= d <= settings.max_days]
    near = max(((d, e) for d, e in days if d <= settings.tenor_days), key=lambda pair: pair[0], default=None)
    far = min(((d, e) for d, e in days if d > settings.tenor_days), key=lambda pair: pair[0], default=None)
    if near and far:
        return [near[1], far[1]]
    alone = near or far
    return [alone[1]] if alone and abs(alone[0] - settings.tenor_days) <= settings.single_days else []


def scenarios(ladder: Ladder) -> Floats:
    """Volatility of each kept quote in every scenario, shape (scenarios, n); NaN leaves it out.

    A strike without a bid among the kept ones stands where asks are read, and only there.
    """
    first, last = ladder.ends
    among = ladder.kept | ((ladder.strike > first) & (ladder.strike < last) & ~(ladder.bid > 0))
    ask = np.where(among, ladder.ask, np.nan)
    bid, mid = np.where(ladder.kept, ladder.bid, np.nan), np.where(ladder.kept, ladder.mid, np.nan)
    cheap, rich = np.where(ladder.is_call, ask, bid), np.where(ladder.is_call, bid, ask)
    return np.stack([mid, bid, ask, cheap, rich])


def quoted(pair: list[Ladder], settings: Settings, spot: float) -> Surface:
    """Build the surface of the kept quotes."""
    return _surface(pair, [scenarios(ladder) for ladder in pair], settings, spot)


def ceiling(ladder: Ladder, target: float, *, is_call: bool) -> float:
    """Return the most that an option can be worth at a strike by what is asked around it, as total variance. [1]

    Prices are convex in the strike, so that between two strikes they lie under the line through what is asked at
    them (R. C. Merton, "Theory of rational option pricing," Bell J. Econ., vol. 4, 1973, theorem 4): no fit and no
    bid is needed. NaN where no two offers lie around the target.
    """
    side = (ladder.is_call == is_call) & np.isfinite(ladder.ask)
    strike = ladder.strike[side]
    after = int(np.searchsorted(strike, target))
    exact = after < strike.size and strike[after] == target
    around = slice(after, after + 1) if exact else slice(after - 1, after + 1)
    if not exact and not 0 < after < strike.size:
        return float("nan")
    near, stdev = strike[around], ladder.ask[side][around] * np.sqrt(ladder.years)
    worth = float(np.interp(target, near, black.price(ladder.forward, near, stdev, is_call)))
    most, _ = implied_stdev(worth, ladder.forward, target, is_call)
    return float(most) ** 2


def _surface(pair: list[Ladder], tables: list[Floats], settings: Settings, spot: float) -> Surface:
    """Pad the expiries' quotes to one table and weigh them at the tenor."""
    longest = max(1, *(ladder.strike.size for ladder in pair))
    shape = (len(pair), len(Scenario), longest)
    k, vol, half_spread = np.full(shape, np.inf), np.ones(shape), np.ones(shape)
    for at, (ladder, table) in enumerate(zip(pair, tables, strict=True)):
        there = np.isfinite(table)
        size = ladder.strike.size
        # nobody bids: the volatility lies anywhere between nothing and the ask
        spread = np.where(np.isfinite(ladder.bid), ladder.ask - ladder.bid, ladder.ask) / 2
        columns = (
            np.where(there, np.log(ladder.strike / ladder.forward), np.inf),
            np.where(there, table, 1.0),
            np.where(there, np.nan_to_num(spread, nan=1.0), 1.0),
        )
        order = np.argsort(columns[0], axis=-1, kind="stable")
        for target, column in zip((k, vol, half_spread), columns, strict=True):
            target[at, :, :size] = np.take_along_axis(column, order, axis=-1)
    years, rate = np.array([ladder.years for ladder in pair]), float(np.mean([ladder.rate for ladder in pair]))
    return Surface.between(
        Smiles(k, vol, half_spread),
        np.array([ladder.forward for ladder in pair]),
        years,
        settings.tenor_days / DAYS,
        rate=rate,
        margin=np.array([ladder.margin(spot) for ladder in pair]).T,
        neighbours=settings.neighbours,
    )
