"""Events of invented numbers, and what is known around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import numpy as np
from msgspec.structs import replace as altered

from alerts.events import Event, Measured
from alerts.message import Kind, Severity
from alerts.rules import Side
from monitor.history.attribution import Attribution, Parts, Wing
from monitor.history.context import Against, Context, Peak
from monitor.history.events import Around as Near
from monitor.history.events import Event as Planned
from monitor.history.series import Series
from monitor.history.standing import Standing, standing
from monitor.history.study import Aftermath, Outcome, Study, Verdict
from monitor.messages import Around
from monitor.past.recollection import Move, Recollection
from tests.monitor.history.make import sessions
from tests.monitor.snapshots import COMPANION, HEADLINE, ratio, snapshot

AT = datetime(2026, 10, 16, 14, 15, tzinfo=UTC)
FIRST = AT - timedelta(days=8)
MEASURED = Measured(
    value=1.79, low=1.76, high=1.82, status="ok", percentile=97.4, percentile_low=96.0, percentile_high=98.0, n=252,
    reference_session=date(2026, 10, 15), percentile_now=97.4, regime_percentile=91.0, z=2.3, record=57,
    since=date(2026, 7, 29), coverage=1.0,
)  # fmt: skip


def event(kind: Kind = Kind.FIRED, **changes: object) -> Event:
    """An event of the headline; whatever differs is given."""
    whole = Event(
        id="a-0123456789",
        kind=kind,
        alert="percentile:0a1b2c3d:IWM:skew_ratio_30d_90_110:high",
        rule="percentile",
        title="In the highest twentieth of its year",
        symbol="IWM",
        measure=HEADLINE,
        side=Side.HIGH,
        severity=Severity.WARNING,
        episode="e-0badcafe01",
        number=1,
        observed_at=AT,
        created_at=AT + timedelta(minutes=16),
        session=date(2026, 10, 16),
        measured=MEASURED,
        peak=1.79,
        peak_at=AT,
        began_at=AT,
        source="cboe",
        snapshot="s-1",
    )
    return altered(whole, **changes)


def ended(**changes: object) -> Event:
    """An event at the end of an episode of six sessions."""
    return event(
        **{
            "kind": Kind.RESOLVED,
            "number": 3,
            "measured": altered(
                MEASURED, value=1.52, low=1.50, high=1.54, percentile=71.2, percentile_now=71.0, record=2
            ),
            "peak": 1.93,
            "peak_at": AT - timedelta(days=2),
            "began_at": FIRST,
            "sessions": 6,
            "slots": 163,
        }
        | changes
    )  # fmt: skip


def ranked(measure: str, at: float) -> Standing:
    """A standing at a percentile of 252 closes."""
    days = sessions(253)
    series = Series.of("IWM", measure, days[:-1], np.arange(252.0), source="cboe")
    value = 2.52 * at - 0.5
    return standing(series, value, value, value, days[-1])


def past(**changes: object) -> Recollection:
    outcome = Outcome(11, 0.012, 0.01, 0.6, -0.039, -0.01, 0.03, 0.06, -0.06, 0.08)
    everything = replace(outcome, n=900, mean=0.009)
    after = Aftermath(21, outcome, everything, 9, -0.02, 0.04, 0.003, -0.02, 0.03, 0.034, Verdict.NO_DIFFERENCE)
    wing = Wing(0.0, 0.0, 0.0, 0.0)
    parts = Parts(1.2, replace(wing, total=1.5, vols=1.4, spot=0.2, roll=-0.1), replace(wing, total=-0.3, vols=-0.3))
    moved = Attribution(AT - timedelta(days=1), AT, parts, parts, whole=True, interpolated=False)
    day = np.datetime64("2026-10-16", "D")
    standings = {
        HEADLINE: ranked(HEADLINE, 97),
        COMPANION: ranked(COMPANION, 96),
        "skew_ratio_30d_1sd": ranked("skew_ratio_30d_1sd", 91),
        "risk_reversal_30d_25": ranked("risk_reversal_30d_25", 60),
        "moment_skew_30d": ranked("moment_skew_30d", 12),
        "put_call_oi_10": ranked("put_call_oi_10", 71),
        "atm_vol_30d": ranked("atm_vol_30d", 44),
    }
    whole = Recollection(
        speaker=HEADLINE,
        standings=MappingProxyType(standings),
        previous=Move(date(2026, 10, 15), adjacent=True, attribution=moved),
        extreme=None,
        context=Context(
            symbol="IWM", session=day, age=0, provisional=True, price=246.81,
            peak=Peak(254.7, np.datetime64("2026-09-18", "D"), -0.031), averages={}, week=-0.024, week_percentile=9.0,
            run=0,
        ),
        against=Against("SPY", {21: -0.011}, None, None),
        beside=(),
        events=(Near(Planned(date(2026, 10, 28), "FOMC"), 12, 8),),
        base_rate=Study(
            what="percentile of 95 or more", symbol="IWM", first=day, last=day, starts=np.empty(0, "datetime64[D]"),
            ongoing=True, seed=0, horizons=(after,),
        ),
        extremes=(5.0, 95.0),
    )  # fmt: skip
    return replace(whole, **changes)


def around(**changes: object) -> Around:
    looks = tuple(AT + timedelta(minutes=each) for each in (15, 30, 45, 60))
    shown = snapshot(ratio(1.79, 0.017), as_of=AT, fetched_at=AT, spot_sync=246.81)
    return replace(Around(snapshot=shown, past=past(), looks=looks), **changes)
