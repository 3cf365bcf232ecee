"""Snapshots of invented numbers, for tests of how they are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import numpy as np

from pricing.reasons import Cause, Flag, Level, Reason
from pricing.snapshot import ExpiryReport, Measure, Quality, QuoteCount, SmileReport, Snapshot

AS_OF = datetime(2026, 6, 18, 20, 15, tzinfo=UTC)
HEADLINE, COMPANION = "skew_ratio_30d_90_110", "skew_ratio_30d_95_105"
SPOT = 200.0


def ratio(value: float, half_width: float = 0.01, level: Level = Level.OK) -> Measure:
    return Measure(value, value * (1 - half_width), value * (1 + half_width), "ratio", level)


def bounded(low: float) -> Measure:
    return Measure(None, low, None, "ratio", Level.BOUNDED, Cause.NO_BID)


def missing(cause: Cause, unit: str = "ratio") -> Measure:
    return Measure(None, None, None, unit, Level.MISSING, cause)


def smile(expiry: date, days: float) -> SmileReport:
    """A smile that falls, then rises; the lowest strike shown is offered and not bid for."""
    strike = np.arange(160.0, 241.0, 5.0)
    vol = 0.2 - 0.4 * np.log(strike / SPOT) + 0.6 * np.log(strike / SPOT) ** 2
    bid = vol - 0.004
    bid[2] = np.nan
    curve = np.linspace(strike[0], strike[-1], 50)
    return SmileReport(
        expiry=expiry,
        days=days,
        forward=SPOT + 0.5,
        strike=strike,
        is_call=strike >= SPOT,
        bid_vol=bid,
        mid_vol=vol,
        ask_vol=vol + 0.004,
        curve_strike=curve,
        curve_vol=np.interp(curve, strike, vol),
        used=True,
    )


def report(expiry: date, days: float, *, used: bool) -> ExpiryReport:
    return ExpiryReport(
        expiry=expiry,
        root="IWM",
        days=days,
        forward=SPOT + 0.5 if used else None,
        forward_se=0.004 if used else None,
        rate=0.0375,
        residual_bp=-6.0 if used else None,
        pairs=10 if used else 0,
        quotes_kept=90 if used else 0,
        used=used,
        reason=None if used else Cause.NO_FORWARD,
    )


def snapshot(headline: Measure | None = None, companion: Measure | None = None, **changes: object) -> Snapshot:
    near, far = date(2026, 7, 10), date(2026, 7, 24)
    whole = Snapshot(
        symbol="IWM",
        source="cboe",
        as_of=AS_OF,
        fetched_at=AS_OF,
        method="1-0a1b2c3d",
        spot=200.03,
        spot_sync=SPOT,
        spot_gap=0.03,
        forward=SPOT + 0.5,
        status=Quality.OK,
        flags=(),
        measures=MappingProxyType(
            {
                HEADLINE: headline or ratio(1.508),
                COMPANION: companion or ratio(1.221, 0.005),
                "skew_spread_30d_90_110": Measure(8.123, 8.0, 8.25, "vol points", Level.OK),
                "put_vol_30d_90": Measure(0.2755, 0.2746, 0.2764, "vol", Level.OK),
                "call_vol_30d_110": Measure(0.1827, 0.1815, 0.1839, "vol", Level.NOISY),
                "tail_probability_ratio_30d_90_110": Measure(1.3, 1.2, 1.4, "ratio", Level.EDGE),
                "zero_cost_collar_30d_110": missing(Cause.NO_SOLUTION, "share"),
                "moment_skew_30d": Measure(118.35, 116.2, 120.4, "index", Level.OK),
            }
        ),
        headline=HEADLINE,
        companion=COMPANION,
        expiries=(
            report(near, 21.8, used=True),
            report(far, 35.8, used=True),
            report(date(2026, 8, 7), 49.8, used=False),
        ),
        smiles=(smile(near, 21.8), smile(far, 35.8)),
        quotes=QuoteCount(5012, 412, MappingProxyType({Reason.BEYOND_HORIZON: 3800, Reason.NO_BID: 800})),
    )
    return replace(whole, **changes)


FLAGGED = {"status": Quality.DEGRADED, "flags": (Flag.MARKET_CLOSED, Flag.STALE, Flag.NOISY)}
