"""What daily prices say around a value: how far from the high, over which averages, how the last days went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from monitor.history.episodes import run_lengths
from monitor.history.prices import Prices
from monitor.history.rank import count, percentile
from monitor.history.sessions import Day, day, sessions_after
from pricing.arrays import Floats

__all__ = ["Against", "Average", "Context", "Held", "Peak", "Support", "against", "context", "support"]

AVERAGES = (50, 100, 200)  # sessions
YEAR = np.timedelta64(364, "D")  # 52 weeks
WEEK = 5  # sessions
RANKED = 252  # earlier five-day returns that the last one is ranked among
FEWEST = 120  # of them, as of closes
CORRELATED = 60  # daily returns in a rolling correlation
THINNEST = 0.95  # share of a span's sessions that must have a price
BIG = 0.01  # return that makes a day of a run [1]


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest price of the last 52 weeks, the day's range where it is known, and how far below it is. [$], [1]"""

    price: float
    on: Day
    distance: float


@dataclass(frozen=True, slots=True)
class Average:
    """Mean of the last closes, the session's own with them, and how far over it the price is. [$], [1]"""

    price: float
    distance: float


@dataclass(frozen=True, slots=True)
class Against:
    """How an underlying did against another.

    Attributes
    ----------
    benchmark : str
    returns : mapping of int to float or None
        Its return less the benchmark's over so many sessions. [1]
    correlation : float or None
        Of daily logarithmic returns over 60 sessions.
    correlation_percentile : float or None
        Among the 252 before. [%]
    """

    benchmark: str
    returns: Mapping[int, float | None]
    correlation: float | None
    correlation_percentile: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What daily prices say at a session; None where too few of them are known.

    Attributes
    ----------
    symbol : str
    session : datetime64[D]
        Of the last price known at the time.
    age : int
        Sessions from it to the one asked about.
    provisional : bool
        The last price is an intraday one.
    price : float
        [$]
    peak : Peak or None
    averages : mapping of int to Average or None
    week : float or None
        Return over five sessions. [1]
    week_percentile : float or None
        Among the 252 five-day returns that ended before; they overlap. [%]
    run : int
        Days in a row of 1 % or more: positive for gains, negative for losses, 0 for none.
    """

    symbol: str
    session: Day
    age: int
    provisional: bool
    price: float
    peak: Peak | None
    averages: Mapping[int, Average | None]
    week: float | None
    week_percentile: float | None
    run: int


class Held(StrEnum):
    """What became of a support."""

    HELD = "held"  # no later close below it
    BROKEN = "broken"  # the last close is below it
    REGAINED = "regained"  # an earlier close was below it, the last is not
    UNKNOWN = "unknown"  # the day has no low, or nothing has closed since


@dataclass(frozen=True, slots=True)
class Support:
    """The low of a day, and whether a close has fallen below it.

    Attributes
    ----------
    of : datetime64[D]
    price : float or None
        [$]
    state : Held
    broken_on : datetime64[D] or None
        The first close below it.
    distance : float or None
        Of the last close from it. [1]
    """

    of: Day
    price: float | None
    state: Held
    broken_on: Day | None
    distance: float | None


def context(prices: Prices, session: Day | str, *, price: float | None = None) -> Context | None:
    """Describe where a price stands among the daily ones.

    Parameters
    ----------
    prices : Prices
        What they have after `session` is not looked at.
    session : datetime64[D] or str
    price : float, optional
        The session's price so far; it stands for its close. [$]

    Returns
    -------
    Context or None
        None where no price is known at the session.
    """
    asked = day(session)
    known = prices.until(asked, price)
    there = np.flatnonzero(np.isfinite(known.close))
    if not there.size:
        return None
    known = known.until(known.sessions[there[-1]])
    last = float(known.close[-1])
    weeks = _over(known.close, WEEK)
    return Context(
        symbol=prices.symbol,
        session=known.sessions[-1],
        age=int(sessions_after(known.sessions[-1], asked)),
        provisional=price is not None,
        price=last,
        peak=_peak(known),
        averages=MappingProxyType({size: _average(known.close, size) for size in AVERAGES}),
        week=_number(weeks[-1]),
        week_percentile=_ranked(weeks),
        run=int(run_lengths(known.close, BIG)[-1]),
    )


def against(
    prices: Prices,
    benchmark: Prices,
    session: Day | str,
    *,
    price: float | None = None,
    benchmark_price: float | None = None,
    spans: tuple[int, ...] = (5, 21, 63),
) -> Against | None:
    """Compare with a benchmark, on the sessions that both have.

    Parameters
    ----------
    prices, benchmark : Prices
    session : datetime64[D] or str
    price, benchmark_price : float, optional
        The session's prices so far; one without the other would compare two moments and counts for nothing. [$]
    spans : tuple of int
        Sessions of the returns.

    Returns
    -------
    Against or None
        None where they have no session in common.
    """
    both = price is not None and benchmark_price is not None
    own = prices.until(day(session), price if both else None)
    other = benchmark.until(day(session), benchmark_price if both else None)
    common = np.intersect1d(own.sessions, other.sessions, assume_unique=True)
    if not common.size:
        return None
    a = own.close[np.searchsorted(own.sessions, common)]
    b = other.close[np.searchsorted(other.sessions, common)]
    returns = {span: _number((_over(a, span) - _over(b, span))[-1]) for span in spans}
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = _rolling_correlation(np.diff(np.log(a)), np.diff(np.log(b)), CORRELATED)
    latest = _number(correlation[-1]) if correlation.size else None
    return Against(benchmark.symbol, MappingProxyType(returns), latest, _ranked(correlation))


def support(prices: Prices, of: Day | str, session: Day | str) -> Support:
    """Tell whether the low of a day has held since: a close below it breaks it, a price within the day does not.

    Parameters
    ----------
    prices : Prices
        What they have after `session` is not looked at.
    of, session : datetime64[D] or str
        The day of the low, and the one asked about.
    """
    known, low_of = prices.until(day(session)), day(of)
    at = int(np.searchsorted(known.sessions, low_of))
    here = at < known.sessions.size and known.sessions[at] == low_of
    low = float(known.low[at]) if here else np.nan
    later = known.close[at + 1 :]
    closes = np.flatnonzero(np.isfinite(later))
    if not np.isfinite(low) or not closes.size:
        return Support(low_of, _number(low), Held.UNKNOWN, None, None)
    last = float(later[closes[-1]])
    under = np.flatnonzero(later < low)
    state = Held.HELD if not under.size else Held.BROKEN if last < low else Held.REGAINED
    broken_on = known.sessions[at + 1 + under[0]] if under.size else None
    return Support(low_of, low, state, broken_on, last / low - 1)


def _peak(known: Prices) -> Peak | None:
    """Find the highest price of the last 52 weeks; a day without a range counts with its close."""
    begin = int(np.searchsorted(known.sessions, known.sessions[-1] - YEAR, side="right"))
    top = np.fmax(known.high[begin:], known.close[begin:])
    there = np.isfinite(top)
    if known.sessions[0] > known.sessions[-1] - YEAR + np.timedelta64(7, "D") or there.mean() < THINNEST:
        return None
    at = int(np.argmax(np.where(there, top, -np.inf)))
    return Peak(float(top[at]), known.sessions[begin + at], float(known.close[-1] / top[at] - 1))


def _average(close: Floats, size: int) -> Average | None:
    last = close[-size:]
    there = last[np.isfinite(last)]
    if last.size < size or there.size < THINNEST * size:
        return None
    mean = float(there.mean())
    return Average(mean, float(close[-1] / mean - 1))


def _over(close: Floats, span: int) -> Floats:
    """Return over so many sessions, NaN where either end is missing, shape (n,). [1]"""
    moves = np.full(close.shape, np.nan)
    moves[span:] = close[span:] / close[:-span] - 1
    return moves


def _ranked(column: Floats) -> float | None:
    """Percentile of a column's last number among the 252 before it; None where there are too few."""
    past = column[-RANKED - 1 : -1]
    if not column.size or count(past) < FEWEST:
        return None
    return _number(percentile(past, column[-1]))


def _rolling_correlation(x: Floats, y: Floats, size: int) -> Floats:
    """Pearson's correlation of the last `size` pairs at each element; NaN where over a twentieth are missing."""
    if x.size < size:
        return np.empty(0)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = (
        np.lib.stride_tricks.sliding_window_view(np.where(both, each, np.nan), size)[-RANKED - 1 :] for each in (x, y)
    )
    there = np.isfinite(x)
    n = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx = np.where(there, x - (np.where(there, x, 0).sum(axis=-1) / n)[:, None], 0.0)
        dy = np.where(there, y - (np.where(there, y, 0).sum(axis=-1) / n)[:, None], 0.0)
        value: Floats = (dx * dy).sum(axis=-1) / np.sqrt((dx**2).sum(axis=-1) * (dy**2).sum(axis=-1))
    return np.where(n >= THINNEST * size, np.clip(value, -1.0, 1.0), np.nan)


def _number(value: Floats | float) -> float | None:
    return float(value) if np.isfinite(value) else None
