"""The spot that belongs to the quotes: read from the forwards, not from a feed that has moved on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from pricing.arrays import Floats, Ints
from pricing.calendar import settlement
from pricing.time import DAYS

__all__ = ["Origin", "SyncSpot", "carry_days", "synchronous_spot"]

FEW = 5  # later expiries whose median is the spot where the expiry of the day is not to be had
LAST_HALF_HOUR = 0.5 / 24 / 365  # years before its end from which an expiry of the day is no longer believed
APART = 1.7e-4  # of spot (0.05 on 294): expiries further apart than this disagree
ASTRAY = 1e-3  # of spot: a same-day expiry so far from the next five is a fault, not a spot
UNUSUAL_CARRY = 0.02  # financing this far from the rate is a borrow fee or an unknown yield [1/year]
CARRY_DAYS = 65  # expiries within these settlement days show the slope of the carry
FEWEST_FOR_CARRY = 3
UNCERTAIN = 5.0  # times the median standard error: a forward so uncertain has no say in the slope


class Origin(StrEnum):
    """Where a synchronous spot comes from."""

    SAME_DAY = "same_day"  # the forward of today's expiry, which carries nothing
    PARITY = "parity"  # the median of the next expiries' forwards, carried back at the rate
    CARRY = "carry"  # the forwards carried back at the financing that they show themselves
    FEED = "feed"  # the feed's own: parity gave none
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SyncSpot:
    """Spot at the instant of the quotes.

    Attributes
    ----------
    value : float
        [$]; NaN where there is none.
    origin : Origin
    apart : float
        Between the highest and the lowest of the expiries that made it, as a share of it; 0 for one.
    carry : float
        Financing that the forwards show over the rate, where it is unusual [1/year]; NaN where it is not.
    """

    value: float
    origin: Origin
    apart: float = 0.0
    carry: float = np.nan

    @property
    def disagrees(self) -> bool:
        """Whether the expiries are further apart than their quotes explain."""
        return self.apart > APART


def carry_days(traded: date, expiries: tuple[date, ...]) -> Ints:
    """Calendar days from the settlement of a trade to that of each expiry's shares, shape (expiries,)."""
    start = settlement(traded)
    return np.array([(settlement(day) - start).days for day in expiries], np.int64)


def synchronous_spot(
    forward: Floats,
    se: Floats,
    years: Floats,
    days: Ints,
    rate: Floats,
    dividend_value: Floats,
    feed: float,
    *,
    dividends_known: bool,
) -> SyncSpot:
    """Read the spot off the forwards: S = F e^{-r n/365} + PV(dividends).

    Parameters
    ----------
    forward, se : array, shape (expiries,)
        Parity forwards, early-exercise premium taken off, and standard errors; NaN where there is none. [$]
    years : array, shape (expiries,)
        To each expiry's end; expired ones count for nothing. [year]
    days : int array, shape (expiries,)
        Days between settlements, from `carry_days`: financing runs between those, not between the instants.
    rate, dividend_value : array, shape (expiries,)
        Continuous rate [1/year], and what the dividends before each expiry are worth today [$].
    feed : float
        The feed's own spot, or NaN. [$]
    dividends_known : bool
        False lets the forwards speak for an index's yield.

    Returns
    -------
    SyncSpot
        From the expiry of the day where it is quoted and has half an hour or more to go; else the median of the
        next five; else, where financing is unusual (an index's yield, a borrow fee), from the forwards' own
        slope; else the feed's.
    """
    usable = np.isfinite(forward) & (years > 0)
    today = usable & (days <= 0) & (years >= LAST_HALF_HOUR)
    later = np.flatnonzero(usable & (days > 0))
    log_spot, slope = _own_carry(forward, se, days / DAYS, rate, dividend_value, later)
    unusual = bool(np.isfinite(slope)) and (abs(slope) > UNUSUAL_CARRY or not dividends_known)
    carry = slope if unusual else np.nan
    first = later[:FEW]
    each = forward[first] * np.exp(-rate[first] * days[first] / DAYS) + dividend_value[first]
    if today.any():
        value = float(np.mean((forward + dividend_value)[today]))
        others = float(np.median(each)) if first.size and not unusual else value
        if abs(others / value - 1) <= ASTRAY:
            return SyncSpot(value, Origin.SAME_DAY, carry=carry)
    if unusual:
        return SyncSpot(float(np.exp(log_spot)), Origin.CARRY, carry=carry)
    if not later.size:
        return SyncSpot(feed, Origin.FEED) if np.isfinite(feed) else SyncSpot(np.nan, Origin.NONE)
    value = float(np.median(each))
    return SyncSpot(value, Origin.PARITY, float(np.ptp(each)) / value)


def _own_carry(
    forward: Floats, se: Floats, time: Floats, rate: Floats, dividend_value: Floats, later: Ints
) -> tuple[float, float]:
    """Fit ln(F e^{-r n} + PV D) = ln S + c n: ln S and c, NaN for too few expiries.

    The slope is the median of those through every two expiries (H. Theil, 1950; P. K. Sen, J. Am. Stat. Assoc.,
    vol. 63, 1968, p. 1379), so that one bad forward cannot bend it; expiries far less certain than most are left out.
    """
    near = later[time[later] * DAYS <= CARRY_DAYS]
    error = se[near] / forward[near]
    near = near[~(error > UNCERTAIN * np.median(error))] if near.size else near
    if np.unique(time[near]).size < FEWEST_FOR_CARRY:
        return np.nan, np.nan
    x, y = time[near], np.log(forward[near] * np.exp(-rate[near] * time[near]) + dividend_value[near])
    one, other = np.triu_indices(x.size, 1)
    apart = x[other] - x[one] > 0
    slope = float(np.median((y[other] - y[one])[apart] / (x[other] - x[one])[apart]))
    return float(np.median(y - slope * x)), slope
