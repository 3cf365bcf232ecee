"""The whole path of one chain: quotes to forwards, vols, smiles, a surface, measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing import black, book, measures
from pricing.anchor import Anchor, anchor
from pricing.arrays import Bools, Codes
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
from pricing.tenor import Ladder, ceiling, choose, quoted, scenarios, targets, unreached

__all__ = ["Workings", "take", "work"]


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
    found = work(chain, curve, dividends, settings)
    spot = found.anchored.spot.value
    traded = activity(chain, spot, found.faultless)
    values = _measures(found.surface, found.pair, found.ladders, spot, settings) | measures.of_activity(*traded)
    return report(
        chain, found.anchored, settings, dividends, found.reason, found.ladders, found.pair, found.surface, values
    )


@dataclass(frozen=True, slots=True)
class Workings:
    """What lies between a chain and its measures.

    Attributes
    ----------
    faultless : bool array, shape (n,)
        Two-sided quotes without a fault, in the money or out of it.
    reason : int8 array, shape (n,)
        `Reason` of each row of the chain.
    anchored : Anchor
    ladders : list of Ladder
        Of each expiry within the horizon that has a forward and an offer.
    pair : list of Ladder
        Those that the tenor lies between, one, or none.
    surface : Surface or None
    """

    faultless: Bools
    reason: Codes
    anchored: Anchor
    ladders: list[Ladder]
    pair: list[Ladder]
    surface: Surface | None


def work(chain: Chain, curve: Curve, dividends: Schedule, settings: Settings) -> Workings:
    """Go from quotes to a surface; see `take`."""
    reason = screen(chain, settings)
    faultless = reason == Reason.KEPT
    anchored = anchor(chain, faultless, curve, dividends, settings)
    spot = anchored.spot.value
    reason, ladders = climb(chain, anchored, reason, settings)
    pair = choose(ladders, settings, spot)
    surface = quoted(pair, settings, spot) if pair else None
    return Workings(faultless, reason, anchored, ladders, pair, surface)


def screen(chain: Chain, settings: Settings) -> Codes:
    """Give every row of a chain its first reason that needs no forward."""
    return book.screen(chain.expiry, chain.is_call, chain.bid, chain.ask, chain.years, settings)


def climb(chain: Chain, anchored: Anchor, reason: Codes, settings: Settings) -> tuple[Codes, list[Ladder]]:
    """Read the out-of-the-money quotes of each expiry within the horizon as volatilities.

    Returns
    -------
    (int8 array, list of Ladder)
        The reasons, completed; a ladder for each expiry that has a forward and an offer.
    """
    reason, rows, vols = book.read(anchored.book, anchored.forwards.forward, reason, settings)
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
            low, high = strikes[at].tolist()
            each = [(ceiling(one, low, is_call=False), ceiling(one, high, is_call=True)) for one in pair]
            bounds = measures.bound(surface, surface.share @ np.array(each), strikes[at], settings, at)
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
