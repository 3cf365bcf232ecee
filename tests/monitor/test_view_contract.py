"""The JSON and CSV that scripts rely on: keys as ARCHITECTURE's contract lists them, nothing but plain values."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.view import contract
from pricing.reasons import Cause, Level
from pricing.snapshot import Measure
from tests.monitor.snapshots import HEADLINE, bounded, snapshot

KEYS = {
    "symbol",
    "as_of",
    "source",
    "method",
    "spot",
    "spot_sync",
    "spot_gap",
    "status",
    "flags",
    "measures",
    "expiries",
    "quotes",
    "standing",
}
EXPIRY_KEYS = {"expiry", "days", "forward", "forward_se", "rate", "residual_bp", "quotes_kept"}


def test_keys_of_the_contract():
    content = json.loads(contract.json_text(contract.document(snapshot())))
    assert content.keys() >= KEYS
    assert content["measures"][HEADLINE].keys() == {"value", "low", "high", "unit", "status", "reason"}
    assert all(each.keys() >= EXPIRY_KEYS for each in content["expiries"])
    assert content["quotes"] == {"total": 5012, "kept": 412, "dropped": {"beyond_horizon": 3800, "no_bid": 800}}
    assert content["as_of"] == "2026-06-18T20:15:00Z"
    assert content["measures"]["put_vol_30d_90"]["value"] == 0.2755
    assert content["measures"]["skew_spread_30d_90_110"]["unit"] == "vol points"


def test_what_is_missing_is_null_with_a_reason():
    content = contract.document(snapshot(bounded(1.38), spot=None, spot_gap=None))
    assert content["measures"][HEADLINE] == {
        "value": None,
        "low": 1.38,
        "high": None,
        "unit": "ratio",
        "status": "bounded",
        "reason": "no_bid",
    }
    assert content["measures"]["zero_cost_collar_30d_110"]["reason"] == "no_solution"
    assert content["spot"] is None


def test_without_a_store_there_is_no_standing():
    standing = contract.document(snapshot())["standing"]
    assert standing.keys() == snapshot().measures.keys()
    assert all(each == {"percentile": None, "n": 0, "reason": "no_history"} for each in standing.values())


def test_standing_is_shown_where_it_is_known():
    known = {HEADLINE: {"percentile": 97.2, "n": 252}}
    assert contract.document(snapshot(), known)["standing"] == known


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(Level))
def test_json_holds_no_number_that_json_has_not(value, level):
    measure = Measure(np.float64(value), value, value, "ratio", level, Cause.NO_QUOTES)
    one = snapshot(measures={HEADLINE: measure}, companion=None, spot=value)
    content = json.loads(contract.json_text(contract.document(one)), parse_constant=pytest.fail)
    shown = content["measures"][HEADLINE]["value"]
    assert shown == value if np.isfinite(value) else shown is None


def test_instants_are_written_in_utc_whatever_their_zone():
    east = datetime(2026, 6, 19, 1, 15, tzinfo=timezone(timedelta(hours=5)))
    assert contract.stamp(east) == "2026-06-18T20:15:00Z"
    assert contract.stamp(datetime(2026, 6, 18, 20, 15, 1, 500000, tzinfo=UTC)) == "2026-06-18T20:15:01.500000Z"


def test_json_is_one_line_of_ascii():
    text = contract.json_text(contract.document(replace(snapshot(), source="börse")))
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    assert text.isascii()


def test_csv_has_a_row_a_measure_under_one_header():
    documents = [contract.document(snapshot()), contract.document(snapshot(bounded(1.38), symbol="SPY"))]
    rows = list(csv.DictReader(io.StringIO(contract.csv_text(documents))))
    assert len(rows) == 2 * len(snapshot().measures)
    assert tuple(rows[0]) == contract.COLUMNS
    assert [row["value"] for row in rows if row["measure"] == HEADLINE] == ["1.508", ""]
    assert rows[-1]["symbol"] == "SPY"
