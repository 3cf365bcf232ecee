"""The whole path of one chain: quotes to forwards, vols, smiles, a surface, measures."""

from __future__ import annotations

import numpy as np

from pricing import black, clean, measures
from pricing.anchor import Anchor, anchor
from pricing.arrays import Codes, Ints
from pricing.chain import Chain
from pricing.curve import Curve
from pricing.dividends import Schedule
from pricing.moments import skewness, strip_variance
from pricing.positioning import activity
from pricing.reasons import Cause, Level, Reason
from pricing.report import report
from pricing.settings import Settings
from pricing.snapshot import Measure, Snapshot
from pricing.surface import Surface
from pricing.tenor import DAYS, Ladder, choose, offered, quoted, scenarios, targets, unreached
from pricing.vols import quote_vols

__all__ = ["take"]

OFFERS = (Reason.KEPT, Reason.NO_BID, Reason.WIDE, Reason.BEYOND_ZERO_BIDS)  # somebody asks a price


def take(chain: Chain, curve: Curve, dividends: Schedule = Schedule(), settings: Settings = Settings()) -> Snapshot:  # noqa: B008 - both are frozen
    """Read everything a chain says.

    Parameters
    ----------
    chain : Chain
    curve : Curve
        Interest rates.
    dividends : Schedule
        Of the underlying.
    settings : Settings

    Returns
    -------
    Snapshot
        Whatever the quotes allow; what they do not is missing with a reason. Never an exception for a market
        condition.
    """
    reason = screen(chain, settings)
    anchored = anchor(chain, reason == Reason.KEPT, curve, dividends, settings)
    spot = anchored.spot.value
    traded = activity(chain, spot, reason == Reason.KEPT)
    reason, ladders = climb(chain, anchored, reason, settings)
    pair = choose(ladders, settings, spot)
    surface = quoted(pair, settings, spot) if pair else None
    found = _measures(surface, pair, ladders, spot, settings) | measures.of_activity(*traded)
    return report(chain, anchored, settings, dividends, reason, ladders, pair, surface, found)


def screen(chain: Chain, settings: Settings) -> Codes:
    """Give every row its first reason that needs no forward."""
    reason = clean.faults(chain.bid, chain.ask)
    rows = np.flatnonzero(reason == Reason.KEPT)
    far = clean.wide(
        _ladder(chain)[rows], chain.bid[rows], chain.ask[rows], spreads=settings.wide_spreads, share=settings.wide_share
    )
    reason[rows[far]] = Reason.WIDE
    days = chain.years * DAYS
    reason[(days > settings.max_days)[chain.expiry]] = Reason.BEYOND_HORIZON
    reason[(days <= 0)[chain.expiry]] = Reason.EXPIRED
    return reason


def climb(chain: Chain, anchored: Anchor, reason: Codes, settings: Settings) -> tuple[Codes, list[Ladder]]:
    """Read the out-of-the-money quotes of each expiry within the horizon as volatilities.

    Returns
    -------
    (int8 array, list of Ladder)
        The reasons, completed; a ladder for each expiry that has a forward and an offer.
    """
    reason = reason.copy()
    forward = anchored.forwards.forward[chain.expiry]
    days = anchored.years * DAYS
    reason[((days > 0) & (days < settings.min_days))[chain.expiry]] = Reason.BEYOND_HORIZON
    kept = reason == Reason.KEPT
    silent = clean.beyond_zero_bids(_ladder(chain), chain.is_call, chain.strike, chain.bid, forward)
    outside = np.where(chain.is_call, chain.strike >= forward, chain.strike < forward)
    reason[kept & ~outside] = Reason.IN_THE_MONEY
    reason[kept & silent] = Reason.BEYOND_ZERO_BIDS
    reason[kept & ~np.isfinite(forward)] = Reason.NO_FORWARD

    rows = np.flatnonzero(outside & np.isin(reason, OFFERS))
    vols = quote_vols(anchored.contracts(chain, rows), chain.bid[rows], chain.ask[rows])
    fails = ~np.isfinite(vols.mid) & (reason[rows] == Reason.KEPT)
    reason[rows[fails]] = Reason.NO_VOL
    ladders = []
    for expiry in np.unique(chain.expiry[rows]):
        at = np.flatnonzero(chain.expiry[rows] == expiry)
        its = rows[at]
        ladders.append(
            Ladder(
                expiry=int(expiry),
                forward=float(anchored.forwards.forward[expiry]),
                years=float(anchored.years[expiry]),
                rate=float(anchored.rate[expiry]),
                rows=its,
                strike=chain.strike[its],
                is_call=chain.is_call[its],
                bid=vols.bid[at],
                mid=vols.mid[at],
                ask=vols.ask[at],
                premium=vols.premium[at],
                kept=reason[its] == Reason.KEPT,
            )
        )
    return reason, ladders


def _ladder(chain: Chain) -> Ints:
    """Give one number to each expiry's puts and one to its calls."""
    return 2 * chain.expiry + chain.is_call


def _measures(
    surface: Surface | None, pair: list[Ladder], ladders: list[Ladder], spot: float, settings: Settings
) -> dict[str, Measure]:
    """Measure the surface; where it does not reach, bound; else say why not."""
    if surface is None:
        cause = Cause.NO_BRACKET if ladders else Cause.NO_FORWARD
        return {
            name: Measure(None, None, None, unit, Level.MISSING, cause)
            for name, unit in measures.units(settings).items()
        }
    strikes = targets(settings, spot, surface.tenor_forward)
    why = [unreached(pair, low, high, spot) for low, high in strikes.tolist()]
    found = {}
    for name, values in (measures.of_surface(surface, strikes, settings) | _moments(surface, pair, settings)).items():
        cause = Cause.NO_QUOTES if values.pair is None else why[values.pair] or Cause.NO_SOLUTION
        found[name] = measures.measure(values, settings, cause)
    for at, obstacle in enumerate(why):
        if obstacle:
            bounds = measures.bound(offered(pair, settings, spot, *strikes[at].tolist()), strikes[at], settings, at)
            found |= {name: one for name, one in bounds.items() if name in found and found[name].value is None}
    return found


def _moments(surface: Surface, pair: list[Ladder], settings: Settings) -> dict[str, measures.Values]:
    """Variance swap and third moment, from each expiry's own strip to the tenor."""
    days = settings.tenor_days
    strips = []
    for ladder in pair:
        table = scenarios(ladder)
        stdev = table * np.sqrt(ladder.years)
        growth = float(np.exp(ladder.rate * ladder.years))
        price = black.price(ladder.forward, ladder.strike, stdev, ladder.is_call) / growth
        strips.append(strip_variance(ladder.forward, ladder.strike, ladder.is_call, price, growth))
    variance = surface.share @ np.stack(strips)
    smiles = surface.smiles
    each = skewness(smiles.k, np.where(np.isfinite(smiles.k), smiles.vol**2, 0.0) * surface.years[:, None, None])
    time = surface.share / surface.share.sum()
    with np.errstate(invalid="ignore"):
        swap = np.sqrt(variance / surface.tenor)
    return {
        f"variance_swap_vol_{days}d": measures.Values(swap, "vol", measures.Envelope.LEVEL),
        f"moment_skew_{days}d": measures.Values(100 - 10 * (time @ each), "index", measures.Envelope.BALANCE),
    }
