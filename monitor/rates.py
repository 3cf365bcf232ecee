"""Treasury yields kept in a file, and the curve that a snapshot uses.

The file grows by command only; a snapshot reads it. It takes the last curve of an earlier day than its quotes, so
that a recorded chain gives the same numbers today and in a year, whatever has been kept since.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from monitor import atomic
from monitor.config.model import Rates
from monitor.errors import Failure, NoDataError
from pricing.curve import Curve
from pricing.reasons import Flag
from pricing.time import trade_date

__all__ = [
    "Ask",
    "Chosen",
    "Table",
    "choose",
    "fetch",
    "first_day",
    "keep",
    "kept_path",
    "parse_fred",
    "parse_treasury",
    "read",
]

Table = dict[date, dict[float, float]]  # day -> tenor in months -> par yield in per cent a year
Ask = Callable[[str], bytes]

FRED_SERIES = {"DGS1MO": 1.0, "DGS3MO": 3.0, "DGS6MO": 6.0, "DGS1": 12.0, "DGS2": 24.0}  # constant maturity [month]
TREASURY_FIELDS = {
    "BC_1MONTH": 1.0,
    "BC_1_5MONTH": 1.5,
    "BC_2MONTH": 2.0,
    "BC_3MONTH": 3.0,
    "BC_4MONTH": 4.0,
    "BC_6MONTH": 6.0,
    "BC_1YEAR": 12.0,
    "BC_2YEAR": 24.0,
}  # longer ones discount no option that makes a measure [month]
MONTHS, PER_CENT = 12, 100
LOWEST, HIGHEST = -5.0, 50.0  # a yield outside is another thing than a yield [per cent a year]
MARK = "# skewwatch rates 1"
ENTRY = rb"(?s)<(?:\w+:)?properties\b.*?</(?:\w+:)?properties>"
FIELD = rb"<(?:\w+:)?(NEW_DATE|BC_\w+)(?:\s[^>]*)?(?<!/)>\s*([^<\s]+)\s*</"
UPDATE = "run skewwatch rates update"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The curve of a snapshot and where it comes from.

    Attributes
    ----------
    curve : Curve
    source : str
        "treasury", "fred" or "configured".
    day : date or None
        Day of the yields; None where the configuration gave the curve.
    flags : frozenset of Flag
        `RATES_FALLBACK` where the configuration stands in for yields that are missing or old.
    note : str
        Why it stands in; empty otherwise.
    """

    curve: Curve
    source: str
    day: date | None = None
    flags: frozenset[Flag] = frozenset()
    note: str = ""


def choose(rates: Rates, folder: Path, as_of: datetime) -> Chosen:
    """Return the curve for quotes of an instant: kept yields where they are fresh, else what is configured.

    Parameters
    ----------
    rates : Rates
    folder : Path
        The data folder.
    as_of : datetime
        Of the quotes.
    """
    if rates.source == "configured":
        return Chosen(rates.configured, rates.source)
    path = kept_path(folder, rates.source)
    quoted = trade_date(as_of)
    try:
        found = _last_before(path, quoted)
    except NoDataError as error:
        return _instead(rates, str(error))
    if found is None:
        return _instead(rates, f"no yields from before {quoted} are kept; {UPDATE}")
    day, yields = found
    if (quoted - day).days > rates.max_age_days:
        return _instead(rates, f"the last yields kept from before {quoted} are those of {day}; {UPDATE}")
    months = sorted(yields)
    curve = Curve.from_treasury([each / MONTHS for each in months], [yields[each] / PER_CENT for each in months])
    return Chosen(curve, rates.source, day)


def _instead(rates: Rates, note: str) -> Chosen:
    return Chosen(rates.configured, "configured", flags=frozenset({Flag.RATES_FALLBACK}), note=note)


def kept_path(folder: Path, source: str) -> Path:
    """Return the file that one source's yields are kept in."""
    return folder / f"rates-{source}.csv"


def read(path: Path) -> Table:
    """Read all kept yields; nothing where nothing is kept.

    Raises
    ------
    NoDataError
        Where the file cannot be read.
    """
    header, lines = _lines(path)
    return dict(_row(path, header, line) for line in lines)


def _lines(path: Path) -> tuple[list[float], list[str]]:
    """Return the tenors [month] and the rows, by day, of a kept file."""
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        return [], []
    except (OSError, UnicodeDecodeError) as error:
        raise NoDataError(f"cannot read the yields in {path}: {error}", f"remove it, then {UPDATE}") from error
    mark, _, rest = text.partition("\n")
    header, *lines = rest.splitlines() or [""]
    name, *tenors = header.split(",")
    try:
        months = [float(each) for each in tenors]
    except ValueError:
        months = []
    if not mark.startswith(MARK) or name != "date" or not months or not text.endswith("\n"):
        raise NoDataError(f"{path} holds no yields as skewwatch keeps them", f"remove it, then {UPDATE}")
    return months, lines


def _last_before(path: Path, day: date) -> tuple[date, dict[float, float]] | None:
    """Return the last row of an earlier day, reading only that one of what may be thousands."""
    months, lines = _lines(path)
    index = bisect_left(lines, day.isoformat())
    return _row(path, months, lines[index - 1]) if index else None


def _row(path: Path, months: list[float], line: str) -> tuple[date, dict[float, float]]:
    try:
        day, *fields = line.split(",")
        yields = {tenor: float(field) for tenor, field in zip(months, fields, strict=True) if field}
        if not yields or not all(LOWEST <= each <= HIGHEST for each in yields.values()):
            raise ValueError("no yields")  # noqa: TRY301 - one answer to everything wrong with a row
        return date.fromisoformat(day), yields
    except ValueError as error:
        raise NoDataError(f"{path}: the row {line[:40]!r} is damaged", f"remove the file, then {UPDATE}") from error


def keep(path: Path, table: Table, *, url: str, now: datetime) -> int:
    """Add yields to the kept ones, a later answer replacing an earlier one of the same day; return the days kept.

    Raises
    ------
    Failure
        Where it cannot be written; what was kept before is then untouched.
    """
    try:
        merged = read(path) | table
    except NoDataError:
        merged = table  # what cannot be read is written anew
    months = sorted({tenor for yields in merged.values() for tenor in yields})
    lines = [
        f"{MARK}; par yields, per cent a year, by tenor in months; {url}; {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        ",".join(["date", *(f"{tenor:g}" for tenor in months)]),
    ]
    for day, yields in sorted(merged.items()):
        lines.append(",".join([day.isoformat(), *(f"{yields[each]:g}" if each in yields else "" for each in months)]))
    atomic.write(path, ("\n".join(lines) + "\n").encode("ascii"))
    return len(merged)


def fetch(rates: Rates, since: date, until: date, ask: Ask) -> Table:
    """Ask the configured source for the yields of a span of days.

    Parameters
    ----------
    rates : Rates
    since, until : date
        Both included.
    ask : callable
        Takes an address, returns the body of its answer or raises `Failure`.

    Raises
    ------
    Failure
        Where the source is "configured".
    NoDataError
        Where no answer holds yields of that span.
    """
    table: Table = {}
    if rates.source == "treasury":
        for year in range(since.year, until.year + 1):
            query = f"data=daily_treasury_yield_curve&field_tdr_date_value={year}"
            table |= parse_treasury(ask(f"{rates.treasury_url}?{query}"))
    elif rates.source == "fred":
        for series, months in FRED_SERIES.items():
            body = ask(f"{rates.fred_url}?id={series}&cosd={since}&coed={until}")
            for day, value in parse_fred(body, series).items():
                table.setdefault(day, {})[months] = value
    else:
        raise Failure("rates.source is configured: there is nothing to fetch", "set it to treasury or fred")
    inside = {day: yields for day, yields in table.items() if since <= day <= until}
    if not inside:
        raise NoDataError(f"{rates.source}: no yields from {since} to {until}", "try again later or an earlier --since")
    return inside


def parse_fred(body: bytes, series: str) -> dict[date, float]:
    """Read one series of FRED's CSV: per cent by day. A day without a value ("." or nothing) is left out.

    Raises
    ------
    NoDataError
        Where it is no such CSV, or a value is no yield.
    """
    header, *lines = body.decode("utf-8-sig", "replace").splitlines() or [""]
    if header.lower() not in {f"observation_date,{series}".lower(), f"date,{series}".lower()}:
        raise NoDataError(f"fred: the answer for {series} begins with {header[:40]!r}", "check rates.fred_url")
    found = {}
    for line in lines:
        day, _, value = line.partition(",")
        if value.strip() not in {"", "."}:
            found[_day(day, "fred")] = _yield(value, "fred")
    return found


def parse_treasury(body: bytes) -> Table:
    """Read the Treasury's daily par yield curves. A tenor without a value, or not yet issued that day, is left out.

    The feed is Atom with a `properties` element a day. They are found by their names alone, without a parser of
    XML: no entity is expanded, nothing outside them matters.

    Raises
    ------
    NoDataError
        Where it is no such feed, or a value is no yield.
    """
    if b"<feed" not in body[:2000]:
        begins = body[:40].decode("ascii", "replace")
        raise NoDataError(f"treasury: the answer begins with {begins!r}, not with a feed", "check rates.treasury_url")
    table: Table = {}
    for entry in re.findall(ENTRY, body):
        fields = {name.decode(): value.decode("ascii", "replace") for name, value in re.findall(FIELD, entry)}
        yields = {
            months: _yield(fields[name], "treasury") for name, months in TREASURY_FIELDS.items() if name in fields
        }
        if yields:
            table[_day(fields.get("NEW_DATE", "")[:10], "treasury")] = yields
    return table


def _day(text: str, source: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise NoDataError(f"{source}: {text[:20]!r} is no day", f"check rates.{source}_url") from error


def _yield(text: str, source: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not LOWEST <= value <= HIGHEST:
        raise NoDataError(f"{source}: {text[:20]!r} is no yield in per cent", f"check rates.{source}_url")
    return value


def first_day(kept: Table, today: date) -> date:
    """Return where an update without a date begins: a week before the last kept day, or January of last year."""
    return max(kept) - timedelta(days=7) if kept else date(today.year - 1, 1, 1)
