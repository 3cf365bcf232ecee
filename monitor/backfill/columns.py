"""Columns as vendors write them, numbers in quotes included, to arrays; what cannot be read is marked, not guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.backfill.rows import EPOCH, Days
from pricing.arrays import Bools, Floats

__all__ = ["arrow", "categories", "dates", "numbers", "sides", "texts"]

NO_DAY = np.iinfo(np.int32).min
NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
NOTHING = r"^\s*(?i:|nan|null|none|na|n/a|-|[-+]?inf(inity)?)\s*$"
US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
SIDES = {"c": True, "call": True, "calls": True, "p": False, "put": False, "puts": False}


def arrow(column: list[Any]) -> pa.Array:
    """Make a column of what a row-wise reader gave; one of several kinds becomes text."""
    try:
        return pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if each is None else str(each) for each in column])


def numbers(column: pa.Array, decimal: str = ".") -> tuple[Floats, Bools]:
    """Read a column of numbers.

    Parameters
    ----------
    column : Array
        Of numbers, or of text.
    decimal : str
        What stands before the decimals in text.

    Returns
    -------
    (float array, bool array)
        NaN for nothing (null, an empty text, "NaN"), for infinity and for what is no number; the second array
        marks the last.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        values, bad = numbers(column.dictionary, decimal)
        at = _codes(column)
        return np.where(at < 0, np.nan, np.append(values, np.nan)[at]), np.append(bad, False)[at]
    nothing = np.zeros(len(column), bool)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return _numbers_of_text(column, decimal)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan), nothing
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return np.full(len(column), np.nan), np.asarray(column.is_valid())
    values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    if not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values, np.nan)
    return values, nothing


def _numbers_of_text(column: pa.Array, decimal: str) -> tuple[Floats, Bools]:
    column = _utf8(column)
    if decimal != ".":
        column = pc.replace_substring(pc.replace_substring(column, ".", "_"), decimal, ".")
    try:  # what almost every column is
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        return np.where(np.isfinite(values), values, np.nan), np.zeros(len(column), bool)
    except pa.ArrowInvalid:
        pass
    good = pc.fill_null(pc.match_substring_regex(column, NUMBER), False)  # noqa: FBT003 - Arrow's own signature
    said = pc.fill_null(pc.invert(pc.match_substring_regex(column, NOTHING)), False)  # noqa: FBT003
    readable = pc.utf8_trim_whitespace(pc.if_else(good, column, pa.scalar(None, column.type)))
    values = np.asarray(pc.cast(readable, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    bad = np.asarray(pc.and_not(said, good))
    return np.where(np.isfinite(values), values, np.nan), bad


def categories(column: pa.Array, read: Callable[[object], Any], missing: object, kind: type) -> NDArray[Any]:
    """Read a column of few different values, each value once.

    Parameters
    ----------
    column : Array
    read : callable
        Reads one value; `missing` where it cannot.
    missing : object
        For null.
    kind : type
        Of the result.
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values = _utf8(encoded.dictionary) if pa.types.is_binary(encoded.dictionary.type) else encoded.dictionary
    found: NDArray[Any] = np.array([*(read(value) for value in values.to_pylist()), missing], kind)
    return found[_codes(encoded)]


def _codes(column: pa.Array) -> NDArray[np.int64]:
    """Index into a dictionary; -1 for null."""
    indices = column.indices
    return np.asarray(indices.fill_null(-1).cast(pa.int64()) if indices.null_count else indices.cast(pa.int64()))


def _utf8(column: pa.Array) -> pa.Array:
    """Give text that is UTF-8; bytes that are not become marks that no number has."""
    try:
        text = column.cast(pa.string()) if pa.types.is_binary(column.type) else column
        text.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return pa.array([None if each is None else each.decode("utf-8", "replace") for each in raw], pa.string())
    return text


def dates(column: pa.Array) -> tuple[Days, Bools]:
    """Read a column of days: ISO text with or without a time, m/d/y, yyyymmdd, dates, instants.

    Returns
    -------
    (int32 array, bool array)
        Days since 1970-01-01; the second array marks what is no day, null included.
    """
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = column.cast(pa.date32(), safe=False).cast(pa.int32())
        bad = np.asarray(days.is_null())
        return np.asarray(days.fill_null(NO_DAY)), bad
    found = categories(column, _day, NO_DAY, np.int32)
    return found, found == NO_DAY


@lru_cache(maxsize=1 << 16)  # the days of a file are few, and looked up with every batch
def _day(value: object) -> int:
    """Read one day; NO_DAY where it is none."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.toordinal() - EPOCH
    text = str(value).strip() if value is not None else ""
    try:
        if found := US_DAY.match(text):
            month, day, year = (int(each) for each in found.groups())
            return date(year, month, day).toordinal() - EPOCH
        if found := DIGITS_DAY.fullmatch(text.removesuffix(".0")):
            return date(*(int(each) for each in found.groups())).toordinal() - EPOCH
        if text[10:11] in {"", "T", " "}:
            return date.fromisoformat(text[:10]).toordinal() - EPOCH
    except ValueError:
        pass
    return int(NO_DAY)


def sides(column: pa.Array) -> tuple[Bools, Bools]:
    """Read a column of calls and puts; the second array marks what is neither."""
    found = categories(column, lambda value: SIDES.get(str(value).strip().lower(), -1), -1, np.int8)
    return found == 1, found < 0


def texts(column: pa.Array, known: dict[str, int]) -> NDArray[np.int8]:
    """Read a column of names as numbers; -1 for one that is not known."""
    found: NDArray[np.int8] = categories(column, lambda value: known.get(str(value).strip().upper(), -1), -1, np.int8)
    return found
