"""What does this chain say? Pure arithmetic from quotes to measures: no clock, network, file or log.

Engines for arrays of options: `black_price`, `implied_vol`, `american_price`, `american_implied_vol`. The whole path
of a chain: `take`.
"""

from pricing.american import Dividends, american_implied_vol, american_price, early_exercise_premium
from pricing.black import black_price
from pricing.chain import Chain, Expiry, Style
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.implied import implied_vol
from pricing.reasons import Cause, Flag, Level, Reason
from pricing.settings import Base, Settings
from pricing.snapshot import Measure, Quality, Snapshot
from pricing.status import Implied, Status
from pricing.take import take

__all__ = [
    "Base",
    "Cause",
    "Chain",
    "Curve",
    "Dividend",
    "Dividends",
    "Expiry",
    "Flag",
    "Implied",
    "Level",
    "Measure",
    "Quality",
    "Reason",
    "Schedule",
    "Settings",
    "Snapshot",
    "Status",
    "Style",
    "american_implied_vol",
    "american_price",
    "black_price",
    "early_exercise_premium",
    "implied_vol",
    "take",
]
