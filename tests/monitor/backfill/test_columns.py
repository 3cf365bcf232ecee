"""Columns as vendors write them: what is read, what is nothing, what is marked as bad."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.backfill import columns
from monitor.backfill.rows import EPOCH, day_of

GOOD = ["1.5", " 2", "-.5", "1e3", "+4.", "0"]
NOTHING = ["", None, "NaN", "null", "N/A", "-", "inf", "-Infinity"]
BAD = ["abc", "1,25", "1.2.3", "1_0", "0x10", "$5", "1 2", "--", "１２"]


def test_numbers_in_quotes():
    values, bad = columns.numbers(pa.array(GOOD + NOTHING + BAD))
    assert values[: len(GOOD)].tolist() == [1.5, 2.0, -0.5, 1000.0, 4.0, 0.0]
    assert np.isnan(values[len(GOOD) :]).all()
    assert bad.tolist() == [False] * (len(GOOD) + len(NOTHING)) + [True] * len(BAD)


@pytest.mark.parametrize(
    ("column", "want"),
    [
        (pa.array([1, None, 3]), [1.0, np.nan, 3.0]),
        (pa.array([1.5, np.inf, np.nan]), [1.5, np.nan, np.nan]),
        (pa.array([Decimal("1.25"), None]), [1.25, np.nan]),
        (pa.array(["1", "2", None, "1"]).dictionary_encode(), [1.0, 2.0, np.nan, 1.0]),
        (pa.array(["7"], pa.large_string()), [7.0]),
        (pa.nulls(2), [np.nan, np.nan]),
        (columns.arrow([1, "2.5", None]), [1.0, 2.5, np.nan]),
    ],
)
def test_numbers_of_every_type(column, want):
    values, bad = columns.numbers(column)
    assert np.array_equal(values, want, equal_nan=True)
    assert not bad.any()


def test_truth_values_and_bytes_are_no_numbers():
    assert columns.numbers(pa.array([True, None]))[1].tolist() == [True, False]
    values, bad = columns.numbers(pa.array([b"1.5", b"\xff", None], pa.binary()))
    assert values[0] == 1.5
    assert bad.tolist() == [False, True, False]


def test_another_country_writes_commas():
    values, bad = columns.numbers(pa.array(["1,5", "1.234,5", "-0,25", "7"]), ",")
    assert values[[0, 2, 3]].tolist() == [1.5, -0.25, 7.0]
    assert bad.tolist() == [False, True, False, False]


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)), max_size=8)
)
def test_numbers_agree_with_python(given_values):
    """Python's own `float` on the text, less what it takes beyond decimal numbers (underscores, other digits)."""
    column = pa.array([None if each is None else str(each) for each in given_values], pa.string())
    values, bad = columns.numbers(column)
    for text, value, refused in zip(column.to_pylist(), values.tolist(), bad.tolist(), strict=True):
        try:
            want = float(text) if text and "_" not in text and text.isascii() else None
        except ValueError:
            want = None
        if refused:
            assert want is None
            assert np.isnan(value)
        elif want is not None and np.isfinite(want):
            assert value == want


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-06-02", dt.date(2025, 6, 2)),
        (" 2025-06-02 ", dt.date(2025, 6, 2)),
        ("2025-06-02 16:00:00", dt.date(2025, 6, 2)),
        ("2025-06-02T16:00", dt.date(2025, 6, 2)),
        ("6/2/2025", dt.date(2025, 6, 2)),
        ("06/02/2025", dt.date(2025, 6, 2)),
        ("20250602", dt.date(2025, 6, 2)),
        ("2025-02-30", None),
        ("2025-06", None),
        ("", None),
        (None, None),
        ("02.06.2025", None),
    ],
)
def test_days(text, day):
    found, bad = columns.dates(pa.array([text, "1970-01-01"]))
    assert bad.tolist() == [day is None, False]
    if day is not None:
        assert day_of(int(found[0])) == day
    assert found[1] == 0


@pytest.mark.parametrize(
    "column",
    [
        pa.array([dt.date(2025, 6, 2), None]),
        pa.array([dt.datetime(2025, 6, 2, 16), None]),  # noqa: DTZ001 - as a file of no zone has it
        pa.array([20250602, None]),
        pa.array([20250602.0, None]),
    ],
)
def test_days_of_every_type(column):
    found, bad = columns.dates(column)
    assert found[0] == dt.date(2025, 6, 2).toordinal() - EPOCH
    assert bad.tolist() == [False, True]


def test_sides():
    is_call, bad = columns.sides(pa.array(["call", "P", " Put ", "C", "x", None]))
    assert is_call[:4].tolist() == [True, False, False, True]
    assert bad.tolist() == [False] * 4 + [True] * 2
