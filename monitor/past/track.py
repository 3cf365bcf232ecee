"""One recorded series from its first session to its last: points, standings through time, coverage by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import sqlalchemy as sa

from monitor.config import Config
from monitor.errors import NoDataError
from monitor.history.extremes import Record, Side, record
from monitor.history.overlay import relative
from monitor.history.rolling import Rolling, rolling
from monitor.history.series import Series
from monitor.history.sessions import Day, day
from monitor.history.settings import Settings
from monitor.history.standing import Standing, standing
from monitor.past import series as past
from monitor.store import contents, read
from monitor.store.records import Point
from monitor.view.names import is_ratio, read_ratio
from pricing.arrays import Ints

__all__ = ["Asked", "Recorded", "Track", "Year", "beside", "extremes", "headline", "recorded", "track", "years"]

EPOCH = 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which recorded series is meant.

    Attributes
    ----------
    symbol : str
    measure : str
        Of official points; `monitor.past.series.CLOSE` is the daily price of an underlying or an index.
    sources : tuple of str or None
        In order of preference; None is as configured.
    method : str or None
        None is that of the latest session.
    until : date or None
        The last session: what was recorded of later ones counts for nothing.
    """

    symbol: str
    measure: str
    sources: tuple[str, ...] | None = None
    method: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What is stored of a series.

    Attributes
    ----------
    series : Series
    points : mapping of datetime64[D] to Point
        The stored point of each session that the series was made of; empty for prices, overlays and quotients.
    atm : Series or None
        Volatility whose level is taken out of a skew ratio's standing.
    """

    series: Series
    points: Mapping[Day, Point] = field(default_factory=dict)
    atm: Series | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Track:
    """A recorded series with its standings.

    Attributes
    ----------
    series, points
        See `Recorded`.
    unit : str
        Empty where nobody said.
    rolling : Rolling
        Standing of every session among those before it.
    last : Standing
        Of the last session that has a point.
    """

    series: Series
    points: Mapping[Day, Point]
    unit: str
    rolling: Rolling
    last: Standing

    @property
    def there(self) -> Ints:
        """Positions of the sessions that have a point."""
        return np.flatnonzero((self.series.source != "") | np.isfinite(self.series.value))


@dataclass(frozen=True, slots=True)
class Year:
    """What is known of one year.

    Attributes
    ----------
    year, sessions, points, closes : int
        Sessions of it within the record; those with a point; those with a value that can be ranked.
    bounded, wide, missing : int
        Points with a bound only, with quotes too wide, with nothing.
    lowest, highest : float or None
        Of the closes.
    """

    year: int
    sessions: int
    points: int
    closes: int
    bounded: int
    wide: int
    missing: int
    lowest: float | None
    highest: float | None


def headline(symbol: str, config: Config, pair: int = 0) -> str:
    """Name the skew ratio of a symbol's first pair of strikes, or of another."""
    settings = config.settings(symbol)
    low, high = settings.pairs[pair]
    return f"skew_ratio_{settings.tenor_days}d_{low}_{high}"


def recorded(connection: sa.Connection, asked: Asked, config: Config, *, other: str | None = None) -> Recorded:
    """Read a series of official points, or of daily prices.

    Parameters
    ----------
    connection : Connection
    asked : Asked
    config : Config
    other : str, optional
        Another symbol: the series is then divided by the same one of that.

    Raises
    ------
    NoDataError
        Where nothing of it is stored; what is there is named.
    """
    series, rows = _one(connection, asked, config)
    if other is not None:
        quotient = relative(series, _one(connection, replace(asked, symbol=other), config)[0])
        if not np.isfinite(quotient.value).any():
            raise NoDataError(
                f"{asked.symbol} and {other} have no session with {asked.measure} in common", "see the history of each"
            )
        return Recorded(quotient)
    if not is_ratio(asked.measure):
        return Recorded(series, rows)
    level = read.series(connection, asked.symbol, f"atm_vol_{read_ratio(asked.measure).days}d", until=asked.until)
    return Recorded(series, rows, past.chosen(level, method=series.method, wanted=_sources(asked, config)))


def beside(connection: sa.Connection, name: str, until: Day) -> Recorded:
    """Read an index, or an overlay as each session saw it, up to a session.

    Raises
    ------
    NoDataError
        Where there is neither; what is there is named.
    """
    index = past.index(connection, name)
    series = past.overlay(connection, name, until) if index is None else index.until(until)
    if series is None:
        there = read.overlays(connection) + contents.priced(connection)
        raise _absent(f"no overlay and no index {name} is stored", there)
    if not np.isfinite(series.value).any():
        raise NoDataError(f"nothing of {name} was known by {until}", "import what was known earlier, or ask for later")
    return Recorded(series)


def track(found: Recorded, settings: Settings) -> Track:
    """Take the standings of a series: of each session among those before it."""
    series, atm = found.series, found.atm
    there = np.flatnonzero((series.source != "") | np.isfinite(series.value))
    at = int(there[-1])
    session = series.sessions[at]
    value, low, high = (
        float(column[at]) if np.isfinite(column[at]) else None for column in (series.value, series.low, series.high)
    )
    vol = None if atm is None else float(atm.on(np.array([session]))[0])
    return Track(
        series=series,
        points=found.points,
        unit=next((row.unit for row in found.points.values()), ""),
        rolling=rolling(series, settings, atm=atm),
        last=standing(series, value, low, high, session, settings, atm=atm, atm_vol=vol),
    )


def years(series: Series, settings: Settings) -> tuple[Year, ...]:
    """Count what is known of each year of a series."""
    usable = series.usable(settings.useless)
    of = series.sessions.astype("datetime64[Y]").astype(int) + EPOCH
    named, value = series.source != "", series.value
    bound = named & np.isnan(value) & (np.isfinite(series.low) | np.isfinite(series.high))
    found = []
    for year in np.unique(of).tolist():
        here = of == year
        closes = value[here & usable]
        found.append(
            Year(
                year=year,
                sessions=int(here.sum()),
                points=int((here & (named | np.isfinite(value))).sum()),
                closes=closes.size,
                bounded=int((here & bound).sum()),
                wide=int((here & np.isfinite(value) & ~usable).sum()),
                missing=int((here & named & np.isnan(value) & ~bound).sum()),
                lowest=float(closes.min()) if closes.size else None,
                highest=float(closes.max()) if closes.size else None,
            )
        )
    return tuple(found)


def extremes(series: Series, settings: Settings, number: int, side: Side) -> list[tuple[int, Record | None]]:
    """Find the most extreme sessions of a series, each with its record against those before it.

    Returns
    -------
    list of (int, Record or None)
        Positions, the most extreme first, of equals the earlier; None where nothing is known before it.
    """
    usable = series.usable(settings.useless)
    value = np.where(usable, series.value, np.nan)
    order = np.argsort(-value if side is Side.HIGH else value, kind="stable")  # NaN comes last
    at = [int(each) for each in order[:number] if usable[each]]
    return [(each, record(series, usable, float(value[each]), each, side)) for each in at]


def _one(connection: sa.Connection, asked: Asked, config: Config) -> tuple[Series, dict[Day, Point]]:
    """Read one symbol's series, and the stored point of each of its sessions."""
    if asked.measure == past.CLOSE:
        prices = past.priced(connection, asked.symbol, asked.until)
        if prices is None:
            raise _absent(f"no daily prices of {asked.symbol} are stored", contents.priced(connection))
        return prices.closes, {}
    wanted = _sources(asked, config)
    series = past.chosen(
        read.series(connection, asked.symbol, asked.measure, until=asked.until), method=asked.method, wanted=wanted
    )
    if not series.sessions.size:
        raise _nothing(connection, asked)
    rows = read.points(connection, asked.symbol, asked.measure, method=series.method, until=asked.until)
    at = {(day(row.session), row.source): row for row in rows}
    keys = zip(series.sessions, series.source.tolist(), strict=True)
    return series, {key[0]: at[key] for key in keys if key in at}


def _sources(asked: Asked, config: Config) -> Sequence[str] | None:
    return config.standing.sources if asked.sources is None else asked.sources


def _nothing(connection: sa.Connection, asked: Asked) -> NoDataError:
    """Say what is there instead of what was asked for."""
    there = contents.measures(connection, asked.symbol)
    if not there:
        return _absent(f"no official points of {asked.symbol} are stored", contents.symbols(connection))
    if asked.measure not in there:
        return _absent(f"no points of {asked.symbol} {asked.measure} are stored", there)
    rows = read.points(connection, asked.symbol, asked.measure)
    kinds: dict[str, list[date]] = {}
    for row in rows:
        kinds.setdefault(f"{row.source} by method {row.method}", []).append(row.session)
    named = [f"{kind} from {min(days)} to {max(days)}" for kind, days in sorted(kinds.items())]
    return _absent(f"no such points of {asked.symbol} {asked.measure}", named)


def _absent(what: str, there: Sequence[str]) -> NoDataError:
    return NoDataError(what, f"there are {', '.join(there)}" if there else "record, backfill or import some")
