"""What each measure is called in words, what it speaks of, and the unit of its values."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ACTIVITY", "DEMAND", "Described", "described"]

DEMAND = "downside demand"  # dear protection against cheap bets on a rise; a low value is the reverse
ACTIVITY = "put activity"  # what was traded or is open: it does not say who bought
VOLATILITY = "implied volatility"


@dataclass(frozen=True, slots=True)
class Described:
    """A measure in words.

    Attributes
    ----------
    name : str
        "30-day 90/110 skew ratio".
    unit : str
        As `pricing.snapshot.Measure` has it.
    subject : str
        What is extreme where the measure is, e.g. `DEMAND`.
    """

    name: str
    unit: str
    subject: str


WORDS = (
    (r"skew_ratio_(\d+)d_(\d+)_(\d+)", "{}-day {}/{} skew ratio", "ratio", DEMAND),
    (r"skew_ratio_(\d+)d_1sd", "{}-day one-sigma skew ratio", "ratio", DEMAND),
    (r"skew_spread_(\d+)d_(\d+)_(\d+)", "{}-day {}/{} skew spread", "vol points", DEMAND),
    (r"skew_slope_(\d+)d", "{}-day skew slope", "ratio", DEMAND),
    (r"risk_reversal_(\d+)d_(\d+)", "{}-day {}-delta risk reversal", "ratio", DEMAND),
    (r"price_ratio_(\d+)d_(\d+)_(\d+)", "{}-day {}/{} price ratio", "ratio", DEMAND),
    (r"tail_probability_ratio_(\d+)d_(\d+)_(\d+)", "{}-day {}/{} tail probability ratio", "ratio", DEMAND),
    (r"zero_cost_collar_(\d+)d_(\d+)", "{}-day zero-cost collar of the {} % call", "share", DEMAND),
    (r"moment_skew_(\d+)d", "{}-day moment skew", "index", DEMAND),
    (r"put_vol_(\d+)d_(\d+)", "{}-day {} % put volatility", "vol", "downside volatility"),
    (r"call_vol_(\d+)d_(\d+)", "{}-day {} % call volatility", "vol", "upside volatility"),
    (r"atm_vol_(\d+)d", "{}-day at-the-money volatility", "vol", VOLATILITY),
    (r"variance_swap_vol_(\d+)d", "{}-day variance-swap volatility", "vol", VOLATILITY),
    (r"put_call_oi_(\d+)", "put/call open interest {} % out", "ratio", ACTIVITY),
    (r"put_call_volume_(\d+)", "put/call volume {} % out", "ratio", ACTIVITY),
    (r"put_call_premium_(\d+)", "put/call premium {} % out", "ratio", ACTIVITY),
)


def described(measure: str) -> Described:
    """Describe a measure by its name; one that is not known here is called by the name itself."""
    for pattern, words, unit, subject in WORDS:
        found = re.fullmatch(pattern, measure)
        if found is not None:
            return Described(words.format(*found.groups()), unit, subject)
    return Described(measure, "ratio", measure)
