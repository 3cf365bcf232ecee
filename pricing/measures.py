"""Every measure of a surface, with the envelope that its quotes leave it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.special import ndtr

from pricing import black
from pricing.arrays import Floats
from pricing.positioning import Activity
from pricing.reasons import Cause, Level
from pricing.settings import Settings
from pricing.snapshot import Measure
from pricing.surface import Reading, Scenario, Surface

__all__ = ["Envelope", "Values", "below", "bound", "measure", "names", "of_activity", "of_surface", "units"]

QUARTER = 0.6744897501960817  # the standard normal's upper quartile: N(-0.674...) is a delta of 0.25
NEWTON_STEPS = 14  # at most; four or five are usual, and the last tells whether it is solved
LONGEST_STEP = 0.05  # of ln K: a step stays among the quotes
SOLVED = 1e-6  # of ln K: a thousandth of what a quote's spread leaves open
POINTS = 100.0  # vol points in a vol of 1


class Envelope(Enum):
    """Which scenarios bound a measure."""

    LEVEL = (Scenario.BID, Scenario.ASK)  # rises with every quote
    BALANCE = (Scenario.PUT_CHEAP, Scenario.PUT_RICH)  # weighs puts against calls


@dataclass(frozen=True, slots=True)
class Values:
    """One measure in every scenario, before it is judged.

    Attributes
    ----------
    each : float array, shape (scenarios,)
        NaN where a scenario gives none.
    unit : str
    envelope : Envelope
    edge : bool
        Read a hair beyond the last quote.
    pair : int or None
        Which pair of strikes in the settings it rests on.
    """

    each: Floats
    unit: str
    envelope: Envelope
    edge: bool = False
    pair: int | None = None


def names(settings: Settings) -> list[str]:
    """Return the names of the pairs' ratios, the headline's first."""
    return [f"skew_ratio_{settings.tenor_days}d_{low}_{high}" for low, high in settings.pairs]


def units(settings: Settings) -> dict[str, str]:
    """Units of every measure of a surface, by name, in the order in which people read them."""
    days, (low, high) = settings.tenor_days, settings.pairs[0]
    found = {f"skew_ratio_{days}d_{low}_{high}": "ratio", f"skew_spread_{days}d_{low}_{high}": "vol points"}
    for other in settings.pairs[1:]:
        found |= {f"skew_ratio_{days}d_{other[0]}_{other[1]}": "ratio"}
        found |= {f"skew_spread_{days}d_{other[0]}_{other[1]}": "vol points"}
    return found | {
        f"skew_ratio_{days}d_1sd": "ratio",
        f"put_vol_{days}d_{low}": "vol",
        f"call_vol_{days}d_{high}": "vol",
        f"atm_vol_{days}d": "vol",
        f"skew_slope_{days}d": "ratio",
        f"risk_reversal_{days}d_25": "ratio",
        f"price_ratio_{days}d_{low}_{high}": "ratio",
        f"tail_probability_ratio_{days}d_{low}_{high}": "ratio",
        f"zero_cost_collar_{days}d_{high}": "share",
        f"variance_swap_vol_{days}d": "vol",
        f"moment_skew_{days}d": "index",
    }


def of_surface(surface: Surface, strikes: Floats, settings: Settings) -> dict[str, Values]:
    """Measure a surface in every scenario.

    Parameters
    ----------
    surface : Surface
    strikes : array, shape (pairs, 2)
        The pairs' downside and upside strikes. [$]
    settings : Settings
        For the names.
    """
    days, tenor, forward = settings.tenor_days, surface.tenor, surface.tenor_forward
    variance = surface.at_forward()
    with np.errstate(invalid="ignore", divide="ignore"):
        atm = np.sqrt(variance)
        sigma = np.exp(atm[Scenario.MID] * np.array([-1.0, 1.0]))
        strike = np.tile(np.concatenate([strikes.ravel(), forward * sigma]), (len(Scenario), 1))
        reading = surface.read(strike)
        stdev = np.sqrt(reading.variance)
        put, call = stdev[:, 0::2] / np.sqrt(tenor), stdev[:, 1::2] / np.sqrt(tenor)
        ends = Reading(reading.variance[:, :2], reading.slope[:, :2], reading.edge[:, :2])
        price = black.price(forward, strike[:, :2], stdev[:, :2], np.array([False, True]))
        under = below(forward, strike[:, :2], ends)
        down, up, middle, collar = _roots(surface, atm, price[:, 1], float(strikes[0, 0]))
        edges = reading.edge[Scenario.MID]
        low, high = settings.pairs[0]
        found = {}
        for at, (under_spot, over_spot) in enumerate(settings.pairs):
            tag, edge = f"{days}d_{under_spot}_{over_spot}", bool(edges[2 * at : 2 * at + 2].any())
            gap = (put[:, at] - call[:, at]) * POINTS
            found[f"skew_ratio_{tag}"] = Values(put[:, at] / call[:, at], "ratio", Envelope.BALANCE, edge, at)
            found[f"skew_spread_{tag}"] = Values(gap, "vol points", Envelope.BALANCE, edge, at)
        edge, at_tenor = bool(edges[:2].any()), np.sqrt(tenor)
        balance = {
            f"skew_slope_{days}d": (put[:, 0] - call[:, 0]) * at_tenor / atm,
            f"price_ratio_{days}d_{low}_{high}": price[:, 0] / price[:, 1],
            f"tail_probability_ratio_{days}d_{low}_{high}": under[:, 0] / (1 - under[:, 1]),
        }
        base = strikes[0, 0] * 100 / low
        return (
            found
            | {name: Values(each, "ratio", Envelope.BALANCE, edge, 0) for name, each in balance.items()}
            | {
                f"zero_cost_collar_{days}d_{high}": Values(1 - collar / base, "share", Envelope.BALANCE, edge, 0),
                f"put_vol_{days}d_{low}": Values(put[:, 0], "vol", Envelope.LEVEL, bool(edges[0]), 0),
                f"call_vol_{days}d_{high}": Values(call[:, 0], "vol", Envelope.LEVEL, bool(edges[1]), 0),
                f"atm_vol_{days}d": Values(atm / at_tenor, "vol", Envelope.LEVEL),
                f"skew_ratio_{days}d_1sd": Values(
                    put[:, -1] / call[:, -1], "ratio", Envelope.BALANCE, bool(edges[-2:].any())
                ),
                f"risk_reversal_{days}d_25": Values((down - up) / middle, "ratio", Envelope.BALANCE),
            }
        )


def below(forward: float, strike: Floats, reading: Reading) -> Floats:
    """Risk-neutral probability that the underlying ends under each strike. [1]

    N(-d2) + n(d2) w'/(2 sqrt(w)), the derivative of the put's price in its strike along the smile (D. T. Breeden
    and R. H. Litzenberger, "Prices of state-contingent claims implicit in option prices," J. Business, vol. 51,
    1978, equation 1).
    """
    stdev = np.sqrt(reading.variance)
    d2 = np.log(forward / strike) / stdev - stdev / 2
    density = np.exp(-(d2**2) / 2) / np.sqrt(2 * np.pi)
    share: Floats = ndtr(-d2) + density * reading.slope / (2 * stdev)
    return np.where((share >= 0) & (share <= 1), share, np.nan)


def _roots(surface: Surface, atm: Floats, price: Floats, start: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Solve for the strikes that are defined by the smile itself, in every scenario at once.

    Undiscounted forward delta N(d1) with the smile's own volatility there gives k = -c s + s^2/2 with c the
    normal quantile; the collar's put costs what `price` is. Newton's method.

    Parameters
    ----------
    surface : Surface
    atm, price : array, shape (scenarios,)
        Total volatility at the forward, for a start; the undiscounted price of the collar's call. [1], [$]
    start : float
        Strike from which the collar's is sought. [$]

    Returns
    -------
    four arrays, shape (scenarios,)
        Total volatilities at the put's and the call's delta of 25 and at a delta of 50 [1]; the collar's strike
        [$]. NaN where there is no solution among the quotes.
    """
    forward = surface.tenor_forward
    quantile = np.array([QUARTER, -QUARTER, 0.0])
    k = np.column_stack([-quantile * atm[:, None] + atm[:, None] ** 2 / 2, np.full(atm.size, np.log(start / forward))])
    for _ in range(NEWTON_STEPS):
        strike = forward * np.exp(k)
        reading = surface.read(strike)
        stdev = np.sqrt(reading.variance)
        s, slope = stdev[:, :3], reading.slope[:, :3] / (2 * stdev[:, :3])
        put, worth = strike[:, 3], black.price(forward, strike[:, 3], stdev[:, 3], is_call=False)
        cheaper = Reading(reading.variance[:, 3], reading.slope[:, 3], reading.edge[:, 3])
        step = np.column_stack(
            [
                (k[:, :3] + quantile * s - s**2 / 2) / (1 + quantile * slope - s * slope),
                np.log(worth / price) * worth / (put * below(forward, put, cheaper)),
            ]
        )
        k = k - np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        if not (np.abs(step) >= SOLVED).any():
            break
    solved = np.abs(step) < SOLVED
    down, up, middle = np.where(solved[:, :3], stdev[:, :3], np.nan).T
    return down, up, middle, np.where(solved[:, 3], strike[:, 3], np.nan)


def of_activity(puts: Activity, calls: Activity) -> dict[str, Measure]:
    """Weigh the puts' activity against the calls'. Counts are exact: their envelope is themselves."""
    none = {"open_interest": Cause.NO_OPEN_INTEREST, "volume": Cause.NO_VOLUME, "premium": Cause.NO_VOLUME}
    short = {"open_interest": "oi", "volume": "volume", "premium": "premium"}
    found = {}
    for field, cause in none.items():
        put, call = getattr(puts, field), getattr(calls, field)
        if not (np.isfinite(put) and call > 0):
            found[f"put_call_{short[field]}_10"] = Measure(None, None, None, "ratio", Level.MISSING, cause)
            continue
        low = high = put / call
        if field == "premium":
            low, high = puts.premium_bid / calls.premium_ask, puts.premium_ask / calls.premium_bid
        found[f"put_call_{short[field]}_10"] = Measure(put / call, low, high, "ratio", Level.OK)
    return found


def measure(values: Values, settings: Settings, why: Cause) -> Measure:
    """Judge a measure by its scenarios.

    Parameters
    ----------
    values : Values
    settings : Settings
    why : Cause
        Why it has no value, where it has none.
    """
    value = float(values.each[Scenario.MID])
    low, high = sorted(float(values.each[at]) for at in values.envelope.value)
    if not np.isfinite(value):
        return Measure(None, None, None, values.unit, Level.MISSING, why)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Measure(value, None, None, values.unit, Level.NOISY, Cause.NO_BID)
    noisy = (high - low) / 2 > settings.noisy * abs(value)
    level = Level.NOISY if noisy else Level.EDGE if values.edge else Level.OK
    return Measure(value, low, high, values.unit, level)


def bound(surface: Surface, most: Floats, strikes: Floats, settings: Settings, at: int) -> dict[str, Measure]:
    """Bound what cannot be valued: one wing has offers and no bid.

    Parameters
    ----------
    surface : Surface
        Of the kept quotes.
    most : array, shape (2,)
        Total variance at the tenor that neither strike can exceed by what is asked around it, `tenor.ceiling`. [1]
    strikes : array, shape (2,)
        Downside and upside. [$]
    settings : Settings
        For the names.
    at : int
        Which pair of the settings the strikes are.

    Returns
    -------
    dict of str to Measure
        Only the measures that have a bound.
    """
    low, high = settings.pairs[at]
    days, tag = settings.tenor_days, f"{settings.tenor_days}d_{low}_{high}"
    root = np.sqrt(surface.tenor)
    with np.errstate(invalid="ignore", divide="ignore"):
        bid = np.sqrt(surface.read(np.tile(strikes, (len(Scenario), 1))).variance[Scenario.BID])
        ask = np.sqrt(most)
        worth = black.price(surface.tenor_forward, strikes, np.stack([bid, ask]), np.array([False, True]))
        (put_bid, call_bid), (put_ask, call_ask) = bid / root, ask / root
        bounds = {
            f"skew_ratio_{tag}": (put_bid / call_ask, put_ask / call_bid, "ratio"),
            f"skew_spread_{tag}": ((put_bid - call_ask) * POINTS, (put_ask - call_bid) * POINTS, "vol points"),
            f"price_ratio_{tag}": (worth[0, 0] / worth[1, 1], worth[1, 0] / worth[0, 1], "ratio"),
            f"put_vol_{days}d_{low}": (np.nan, put_ask, "vol"),
            f"call_vol_{days}d_{high}": (np.nan, call_ask, "vol"),
        }
    return {
        name: Measure(None, _number(least), _number(most), unit, Level.BOUNDED, Cause.NO_BID)
        for name, (least, most, unit) in bounds.items()
        if np.isfinite(least) or np.isfinite(most)
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
