"""What was read, put together with what it rests on and what to doubt about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from pricing import arbitrage, measures
from pricing.anchor import Anchor
from pricing.arrays import Codes
from pricing.chain import Chain
from pricing.dividends import Schedule
from pricing.pchip import pchip
from pricing.reasons import Cause, Flag, Level, Reason
from pricing.settings import Base, Settings
from pricing.smile import FEWEST, Smiles
from pricing.snapshot import ExpiryReport, Measure, Quality, QuoteCount, SmileReport, Snapshot
from pricing.spot import Origin
from pricing.surface import Scenario, Surface
from pricing.tenor import Ladder, targets, unreached
from pricing.time import DAYS

__all__ = ["report"]

BASIS_POINTS = 1e4
SPOT_MOVED = 5e-4  # of spot: the feed's spot has left the quotes
DISAGREE = 0.0075  # of the ratio: the largest gap between the two fits on the recorded chains was 0.0068
PICTURE = 81  # points of a drawn smile
DEGRADING = frozenset(
    {
        Flag.STALE,
        Flag.SPOT_FROM_FEED,
        Flag.SPOT_DISAGREES,
        Flag.SINGLE_EXPIRY,
        Flag.NOISY,
        Flag.BOUNDED,
        Flag.OUTSIDE_ENVELOPE,
        Flag.SMILES_DISAGREE,
    }
)


def report(
    chain: Chain,
    anchored: Anchor,
    settings: Settings,
    dividends: Schedule,
    reason: Codes,
    ladders: list[Ladder],
    pair: list[Ladder],
    surface: Surface | None,
    found: dict[str, Measure],
) -> Snapshot:
    """Put together what was read with what it rests on."""
    headline, *companions = measures.names(settings)
    order = [*measures.units(settings), *(name for name in found if name not in measures.units(settings))]
    ordered = {name: found[name] for name in order}
    flags = chain.flags | _doubts(chain, anchored, settings, dividends, pair, surface, ordered[headline], ordered)
    spot = anchored.spot.value
    return Snapshot(
        symbol=chain.symbol,
        source=chain.source,
        as_of=chain.as_of,
        fetched_at=chain.fetched_at,
        method=settings.method,
        spot=_number(chain.spot),
        spot_sync=_number(spot),
        spot_gap=_number(chain.spot - spot),
        forward=surface.tenor_forward if surface else None,
        status=_quality(ordered, headline, companions, flags),
        flags=tuple(sorted(flags)),
        measures=MappingProxyType(ordered),
        headline=headline,
        companion=companions[0] if companions else None,
        expiries=_expiries(chain, anchored, settings, reason, ladders, pair, spot),
        smiles=_pictures(chain, ladders, pair, settings),
        quotes=_count(chain, reason),
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _count(chain: Chain, reason: Codes) -> QuoteCount:
    """Count every row of the payload, the refused ones included."""
    codes, numbers = np.unique(reason, return_counts=True)
    dropped = {Reason(code): int(number) for code, number in zip(codes, numbers, strict=True)}
    kept = dropped.pop(Reason.KEPT, 0)
    for why, number in chain.refused.items():
        dropped[why] = dropped.get(why, 0) + number
    return QuoteCount(kept + sum(dropped.values()), kept, MappingProxyType(dropped))


def _quality(found: Mapping[str, Measure], headline: str, companions: list[str], flags: frozenset[Flag]) -> Quality:
    """Judge the snapshot by its headline and its flags."""
    if all(found[name].status is Level.MISSING for name in (headline, *companions)):
        return Quality.NO_DATA
    if found[headline].value is None or flags & DEGRADING:
        return Quality.DEGRADED
    return Quality.OK


def _doubts(
    chain: Chain,
    anchored: Anchor,
    settings: Settings,
    dividends: Schedule,
    pair: list[Ladder],
    surface: Surface | None,
    headline: Measure,
    found: Mapping[str, Measure],
) -> frozenset[Flag]:
    """Name what a reader should know before believing the numbers."""
    spot = anchored.spot
    doubts = {
        Flag.ROWS_REFUSED: Reason.UNREADABLE in chain.refused,
        Flag.NO_FEED_SPOT: not np.isfinite(chain.spot),
        Flag.SPOT_FROM_FEED: spot.origin in {Origin.FEED, Origin.NONE},
        Flag.SPOT_IMPLIED_CARRY: bool(np.isfinite(spot.carry)),
        Flag.SPOT_DISAGREES: spot.disagrees,
        Flag.SPOT_MOVED: abs(chain.spot - spot.value) > SPOT_MOVED * spot.value,
        Flag.SINGLE_EXPIRY: len(pair) == 1,
        Flag.EDGE: headline.status is Level.EDGE,
        Flag.NOISY: headline.status is Level.NOISY,
        Flag.BOUNDED: headline.status is Level.BOUNDED,
        Flag.OUTSIDE_ENVELOPE: any(_outside(one) for name, one in found.items() if not name.startswith("tail")),
    }
    if pair:
        last = max(chain.expiries[ladder.expiry].instant for ladder in pair)
        doubts[Flag.DIVIDEND_PROJECTED] = any(paid.projected for paid in dividends.between(chain.as_of, last))
    if surface and headline.value is not None:
        low, high = targets(settings, spot.value, surface.tenor_forward)[0].tolist()
        doubts[Flag.SMILES_DISAGREE] = abs(_second_opinion(surface, low, high) / headline.value - 1) > DISAGREE
        traded = arbitrage.of_surface(surface, low, high)
        doubts[Flag.BUTTERFLY] = any(strikes.size for strikes in traded.butterfly)
        doubts[Flag.CALENDAR] = any(strikes.size for strikes in traded.calendar)
    return frozenset(flag for flag, doubted in doubts.items() if doubted)


def _outside(one: Measure) -> bool:
    if one.value is None or one.low is None or one.high is None:
        return False
    slack = 1e-9 * abs(one.value)
    return not one.low - slack <= one.value <= one.high + slack


def _second_opinion(surface: Surface, low: float, high: float) -> float:
    """Return the ratio by a shape-preserving interpolant of total variance; NaN at an edge."""
    k, vol = surface.smiles.k[:, Scenario.MID], surface.smiles.vol[:, Scenario.MID]
    at = np.log(np.array([low, high]) / surface.forward[:, None])
    variance = surface.share @ pchip(k, vol**2 * surface.years[:, None], at)
    return float(np.sqrt(variance[0] / variance[1]))


def _expiries(
    chain: Chain,
    anchored: Anchor,
    settings: Settings,
    reason: Codes,
    ladders: list[Ladder],
    pair: list[Ladder],
    spot: float,
) -> tuple[ExpiryReport, ...]:
    """Report each expiry within the horizon."""
    forwards, residual = anchored.forwards, anchored.residual
    kept = np.bincount(chain.expiry[reason == Reason.KEPT], minlength=len(chain.expiries))
    by_expiry = {ladder.expiry: ladder for ladder in ladders}
    reports = []
    for at, (expiry, years) in enumerate(zip(chain.expiries, anchored.years.tolist(), strict=True)):
        if not settings.min_days <= years * DAYS <= settings.max_days:
            continue
        ladder = by_expiry.get(at)
        why = None
        if ladder is None:
            why = Cause.NO_QUOTES if np.isfinite(forwards.forward[at]) else Cause.NO_FORWARD
        else:
            base = spot if settings.moneyness is Base.SPOT else ladder.forward
            low, high = (base * percent / 100 for percent in settings.pairs[0])
            why = unreached([ladder], low, high, spot)
        reports.append(
            ExpiryReport(
                expiry=expiry.day,
                root=expiry.root,
                days=years * DAYS,
                forward=_number(forwards.forward[at]),
                forward_se=_number(forwards.se[at]),
                rate=float(anchored.rate[at]),
                residual_bp=_number(residual[at] * BASIS_POINTS),
                pairs=int(forwards.pairs[at]),
                quotes_kept=int(kept[at]),
                used=any(one.expiry == at for one in pair),
                reason=why,
            )
        )
    return tuple(reports)


def _pictures(chain: Chain, ladders: list[Ladder], pair: list[Ladder], settings: Settings) -> tuple[SmileReport, ...]:
    """Draw each expiry's smile: quotes as volatilities and the fit through them."""
    drawn = [ladder for ladder in ladders if np.count_nonzero(ladder.kept) >= FEWEST]
    if not drawn:
        return ()
    longest = max(np.count_nonzero(ladder.kept) for ladder in drawn)
    table = np.full((3, len(drawn), longest), np.inf)
    for at, ladder in enumerate(drawn):
        kept = ladder.kept
        quotes = np.log(ladder.strike[kept] / ladder.forward), ladder.mid[kept], (ladder.ask - ladder.bid)[kept] / 2
        table[:, at, : quotes[0].size] = quotes
    ends = np.array([ladder.ends for ladder in drawn])
    strike = np.linspace(ends[:, 0], ends[:, 1], PICTURE, axis=1)
    forward = np.array([[ladder.forward] for ladder in drawn])
    curve = Smiles(*table).read(np.log(strike / forward), neighbours=settings.neighbours).vol
    used = {ladder.expiry for ladder in pair}
    return tuple(
        SmileReport(
            expiry=chain.expiries[ladder.expiry].day,
            days=ladder.years * DAYS,
            forward=ladder.forward,
            strike=ladder.strike[ladder.kept],
            is_call=ladder.is_call[ladder.kept],
            bid_vol=ladder.bid[ladder.kept],
            mid_vol=ladder.mid[ladder.kept],
            ask_vol=ladder.ask[ladder.kept],
            curve_strike=strike[at],
            curve_vol=curve[at],
            used=ladder.expiry in used,
        )
        for at, ladder in enumerate(drawn)
    )
