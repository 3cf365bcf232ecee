"""Prices of an underlying, an index, its dividends, yields: what the market itself published."""

from __future__ import annotations

from datetime import date

from monitor.dated.table import DAYS, File, Line, Read, RowError, gather, number_of
from monitor.errors import ConfigError, NoDataError
from monitor.rates import FRED_SERIES, HIGHEST, LOWEST
from monitor.store.records import Price
from monitor.underlyings import underlying
from pricing.calendar import is_session
from pricing.dividends import Dividend

__all__ = ["CLOSED", "dividends", "prices", "yields"]

CLOSED = "not_a_session"  # a row of a day without a session: indices have them, of other markets' hours
FIELDS = ("open", "high", "low", "close", "volume")  # in the order of a row
CLOSES = ("close", "last", "price", "value")
OWNERS = ("symbol", "ticker", "underlying", "act_symbol")
AMOUNTS = ("amount", "amount_per_share", "dividend", "dividends", "dividend_amount")
TREASURY = {
    "1 mo": 1.0,
    "1.5 month": 1.5,
    "2 mo": 2.0,
    "3 mo": 3.0,
    "4 mo": 4.0,
    "6 mo": 6.0,
    "1 yr": 12.0,
    "2 yr": 24.0,
}
TENORS = {name.lower(): months for name, months in FRED_SERIES.items()} | TREASURY
ROUNDING = 1e-6  # of a price: closes that were adjusted for splits stand a hair outside their range
Yields = tuple[date, tuple[tuple[float, float], ...]]


def prices(file: File, symbol: str, source: str, *, column: str | None = None) -> Read[Price]:
    """Read daily prices.

    Parameters
    ----------
    file : File
        Columns in any order and spelling of case: a day, and open, high, low, close, volume as far as they are there;
        or one column of closes. A column symbol or ticker tells whose a row is.
    symbol : str
        Of an underlying, or the name of an index.
    source : str
        Who says so.
    column : str, optional
        Of the closes; by default close, else the one named as the symbol, else last, price or value.

    Raises
    ------
    NoDataError
        Where there is no such column.
    """
    when = file.column(DAYS, "days")
    closes = file.column([column] if column else ["close", symbol, *CLOSES], "closes", "--column")
    whole = {name: name for name in FIELDS if name in file.names} | {"close": closes}
    if column is not None and column.lower() != "close":
        whole = {"close": closes}
    owner = file.find(OWNERS)

    def one(line: Line, day: date) -> tuple[object, Price] | str:
        if owner is not None and not _is(line.cells[owner], symbol):
            return "other_symbol"
        numbers = {name: number_of(line, at) for name, at in whole.items()}
        if numbers["close"] is None:
            return "no_value"
        _check_range(numbers)
        if not is_session(day):
            return CLOSED
        low, high = numbers.get("low"), numbers.get("high")
        return day, Price(symbol, day, numbers.get("open"), high, low, numbers["close"], numbers.get("volume"), source)

    return gather(file, when, one)


def dividends(file: File, symbol: str) -> Read[Dividend]:
    """Read ex-dates and amounts [$ a share]; a column symbol or ticker tells whose a row is."""
    when = file.column(("ex_date", *DAYS), "ex-dates")
    paid = file.column(AMOUNTS, "amounts")
    owner = file.find(OWNERS)

    def one(line: Line, day: date) -> tuple[object, Dividend] | str:
        if owner is not None and not _is(line.cells[owner], symbol):
            return "other_symbol"
        amount = number_of(line, paid)
        if not amount:
            return "no_value"
        if amount < 0:
            raise RowError(f"a dividend of {amount:g} is none")
        return day, Dividend(day, amount)

    return gather(file, when, one)


def yields(file: File, series: str | None = None) -> Read[Yields]:
    """Read par yields [per cent a year] as FRED and the Treasury write them, wide or one series a file.

    Parameters
    ----------
    file : File
        Columns DGS1MO, DGS3MO, ... or 1 Mo, 3 Mo, ...; or one column `value`.
    series : str, optional
        Name of the one column's series: DGS1MO, DGS3MO, DGS6MO, DGS1, DGS2. By default the file's own name.

    Raises
    ------
    NoDataError
        Where no column is a yield of a known tenor.
    """
    when = file.column(DAYS, "days")
    columns = {name: TENORS[name] for name in file.names if name in TENORS}
    if not columns and "value" in file.names:
        name = (series or file.path.stem).lower()
        columns = {"value": TENORS[name]} if name in TENORS else {}
    if not columns:
        known = ", ".join(FRED_SERIES)
        raise NoDataError(f"{file.path} has no column of a known tenor", f"name the series with --series: {known}")

    def one(line: Line, day: date) -> tuple[object, Yields] | str:
        found = {months: number_of(line, name) for name, months in columns.items()}
        known = tuple((months, value) for months, value in sorted(found.items()) if value is not None)
        for _, value in known:
            if not LOWEST <= value <= HIGHEST:
                raise RowError(f"{value:g} is no yield in per cent a year")
        return (day, (day, known)) if known else "no_value"

    return gather(file, when, one)


def _check_range(numbers: dict[str, float | None]) -> None:
    """Refuse prices that contradict themselves. Opens may lie outside the range: Cboe's own files have such."""
    close, low, high = numbers["close"], numbers.get("low"), numbers.get("high")
    if close is None or close <= 0:
        raise RowError(f"a close of {close:g} is no price; skewwatch import overlay takes any number")
    if low is not None and high is not None and low > high * (1 + ROUNDING):
        raise RowError(f"the low {low:g} is over the high {high:g}")
    if (low is not None and close < low * (1 - ROUNDING)) or (high is not None and close > high * (1 + ROUNDING)):
        raise RowError(f"the close {close:g} is outside the day's range")


def _is(name: str, symbol: str) -> bool:
    try:
        return underlying(name).symbol == symbol
    except ConfigError:
        return name.strip().upper() == symbol
