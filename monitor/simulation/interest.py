"""How much is open and how much has traded: plausible, persistent from day to day, and saying nothing about price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from monitor.simulation.listing import Kind, Listed
from monitor.simulation.states import generator
from pricing.arrays import Floats

__all__ = ["Activity", "activity"]

OPEN_PURPOSE, TRADED_PURPOSE = 3, 4  # of random numbers
OPEN = {Kind.MONTHLY: 300.0, Kind.QUARTERLY: 30.0, Kind.WEEKLY: 15.0, Kind.DAILY: 6.0}  # contracts at a usual strike
TRADED = {Kind.MONTHLY: 6.0, Kind.QUARTERLY: 0.5, Kind.WEEKLY: 2.0, Kind.DAILY: 1.5}
CENTRE, WIDTH = (1.05, 0.92), (0.10, 0.11)  # of calls and puts, in shares of spot
PUTS_OVER_CALLS = 2.2
ROUND = ((5.0, 2.5), (10.0, 2.5))  # strikes on these steps are so many times as popular
OPEN_SCATTER, TRADED_SCATTER, DAILY_SCATTER = 2.0, 2.2, 0.05  # of logarithms
TODAY = 25.0  # volume in the expiry of the day over that of one a month away
HALVING_DAYS = 10.0  # volume halves with so many days to expiry
WAVE = 0.119  # trading is densest at the open and at the close
PLACES = (
    (1500.0, 0.5),
    (np.inf, 2.5),
)  # strikes are drawn by their place on such a grid, and so keep their numbers [$]


@dataclass(frozen=True, slots=True)
class Activity:
    """Open interest and volume, arrays of shape (n,), the call before the put at each strike."""

    open_interest: Floats
    volume: Floats


def activity(
    expiries: Sequence[Listed],
    ladders: Sequence[Floats],
    *,
    today: date,
    spot: float,
    share: float,
    key: tuple[int, ...],
) -> Activity:
    """Draw what is open since yesterday, and what has traded by now.

    Parameters
    ----------
    expiries, ladders : sequence
        The listing, and the strikes of each. [$]
    today : date
    spot : float
        Yesterday's close, so that open interest stands still through a day. [$]
    share : float
        Of the session's hours that have passed: volume only rises through a day.
    key : tuple of int
        Of the random numbers.
    """
    by_now = share + WAVE * np.sin(2 * np.pi * share)
    opened, traded = [], []
    for listed, ladder in zip(expiries, ladders, strict=True):
        moneyness = (ladder[:, None] / spot - np.array(CENTRE)) / np.array(WIDTH)
        taste = np.exp(-0.5 * np.abs(moneyness) ** 1.3) * np.array([1.0, PUTS_OVER_CALLS])
        for step, times in ROUND:
            taste *= np.where(ladder % step == 0, times, 1.0)[:, None]
        place = np.rint(ladder / next(step for limit, step in PLACES if ladder[-1] < limit)).astype(int)
        held = generator(*key, OPEN_PURPOSE, listed.day.toordinal()).standard_normal((place[-1] + 1, 2))[place]
        drawn = generator(*key, TRADED_PURPOSE, listed.day.toordinal(), today.toordinal())
        news, change = drawn.standard_normal((2, place[-1] + 1, 2))[:, place]
        left = (listed.day - today).days
        age = 1 - left / max((listed.day - listed.since).days, 1)
        size = OPEN[listed.kind] * np.sqrt(max(age, 0.0)) * taste
        opened.append(np.floor(size * np.exp(OPEN_SCATTER * held + DAILY_SCATTER * change) * (age > 0)))
        near = np.exp(-(((ladder[:, None] / spot - 1) / 0.06) ** 2))
        busy = TODAY * 2.0 ** (-left / HALVING_DAYS) + 1.0
        flow = TRADED[listed.kind] * busy * taste * (0.02 + near) * np.exp(TRADED_SCATTER * news)
        traded.append(np.floor(flow * by_now))
    return Activity(np.concatenate(opened).ravel(), np.concatenate(traded).ravel())
