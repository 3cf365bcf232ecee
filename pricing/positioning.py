"""Where activity sits around +-10 %: put over call, by open interest, volume and premium traded.

Neither volume nor open interest says who bought: these are activity, not demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Bools, Floats
from pricing.chain import Chain
from pricing.time import DAYS, trade_date

__all__ = ["Activity", "activity"]

DOWNSIDE, UPSIDE = (0.85, 0.95), (1.05, 1.15)  # strikes over spot, ends included
NEAR, FAR = (14.0, 60.0)  # to expiry, ends included
MULTIPLIER = 100  # shares a contract
ROUNDING = 1e-9  # a strike on the band's end belongs to it


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums over the downside puts and over the upside calls; NaN where the feed gives none.

    `premium_bid` and `premium_ask` are `premium` with each contract at its bid and at its ask. [$]
    """

    open_interest: float
    volume: float
    premium: float
    premium_bid: float
    premium_ask: float


def activity(chain: Chain, spot: float, quoted: Bools) -> tuple[Activity, Activity]:
    """Add up the puts 5 to 15 % under the spot and the calls as far over it, 14 to 60 days out.

    Parameters
    ----------
    chain : Chain
    spot : float
        The synchronous one; NaN gives NaN. [$]
    quoted : bool array, shape (n,)
        Two-sided quotes without a fault: only these have a premium.

    Returns
    -------
    (Activity, Activity)
        Of puts, of calls.
    """
    days = chain.years * DAYS
    today = trade_date(chain.as_of)
    inside = (days >= NEAR) & (days <= FAR) & np.array([e.day != today for e in chain.expiries], bool)
    near = inside[chain.expiry] if len(chain) else np.zeros(0, bool)
    moneyness = chain.strike / spot
    bands = ((DOWNSIDE, ~chain.is_call), (UPSIDE, chain.is_call))
    puts, calls = (
        near & side & (moneyness >= band[0] - ROUNDING) & (moneyness <= band[1] + ROUNDING) for band, side in bands
    )
    return _sums(chain, puts, quoted), _sums(chain, calls, quoted)


def _sums(chain: Chain, rows: Bools, quoted: Bools) -> Activity:
    traded = rows & quoted & (chain.volume > 0)
    lots = chain.volume[traded] * MULTIPLIER
    known = bool(np.isfinite(chain.volume[rows]).any())
    bid, ask = (float(lots @ side[traded]) if known else np.nan for side in (chain.bid, chain.ask))
    return Activity(_sum(chain.open_interest[rows]), _sum(chain.volume[rows]), (bid + ask) / 2, bid, ask)


def _sum(column: Floats) -> float:
    """Sum of the numbers of a column; NaN where it has none."""
    return float(np.nansum(column)) if np.isfinite(column).any() else np.nan
