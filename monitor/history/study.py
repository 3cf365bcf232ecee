"""Base rates: what the underlying did after earlier episodes, beside what it did after all days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from scipy.special import ndtri, stdtrit

from monitor.history.bootstrap import draw
from monitor.history.episodes import REOPEN, Signal, episodes
from monitor.history.series import Series
from monitor.history.sessions import Day, Days
from pricing.arrays import Bools, Floats, Ints

__all__ = ["FEWEST", "HORIZONS", "Aftermath", "Outcome", "Study", "Verdict", "forward_returns", "study"]

Interval: TypeAlias = tuple[float | None, float | None]

HORIZONS = (5, 21, 63)  # sessions: a week, a month, a quarter
FEWEST = 10  # episodes below which nothing is concluded (METHOD section 12)
REPEATS = 4000  # resampled histories: the ends of an interval then move by less than a tenth of its width
CONFIDENCE = 0.95
LEAST_BLOCK = 21  # sessions: shorter ones break a month of like volatility
POWERED = 1.959964 + 0.841621  # normal quantiles: found four times in five by a two-sided test at 5 %
QUANTILES = (0.10, 0.25, 0.75, 0.90)


class Verdict(StrEnum):
    """What can be concluded about the mean after episodes against that after all days."""

    TOO_FEW = "too_few"
    NO_DIFFERENCE = "no_difference"  # none that these data can tell from chance
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Returns of the underlying over one horizon. None where there are no days. [1]

    Attributes
    ----------
    n : int
        Days whose outcome is known.
    mean, median : float or None
    hit_rate : float or None
        Share of days after which it stood higher.
    low, lower_quarter, upper_quarter, high : float or None
        10th, 25th, 75th and 90th percentile.
    worst, best : float or None
    """

    n: int
    mean: float | None
    median: float | None
    hit_rate: float | None
    low: float | None
    lower_quarter: float | None
    upper_quarter: float | None
    high: float | None
    worst: float | None
    best: float | None


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What followed within one horizon.

    Attributes
    ----------
    horizon : int
        Sessions.
    after, all_days : Outcome
        Following the episodes' first days; following every day on which one could have begun.
    apart : int
        The most episodes whose windows do not overlap: independent outcomes, roughly.
    mean_low, mean_high : float or None
        Block-bootstrap interval of the mean after episodes. [1]
    excess, excess_low, excess_high : float or None
        The mean after episodes less that after all days, with its interval. [1]
    detectable : float or None
        Excess that such data would show four times in five at 5 %, two-sided, from the spread of all days and
        `apart`: a smaller one may be there and go unseen. [1]
    verdict : Verdict
    """

    horizon: int
    after: Outcome
    all_days: Outcome
    apart: int
    mean_low: float | None
    mean_high: float | None
    excess: float | None
    excess_low: float | None
    excess_high: float | None
    detectable: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """Base rates of a signal.

    Attributes
    ----------
    what, symbol : str
        The signal in words; whose closes followed.
    first, last : datetime64[D] or None
        Sessions between which the signal had an answer.
    starts : datetime64[D] array
        First days of the episodes, those without a known outcome too.
    ongoing : bool
        The last episode has not ended.
    seed : int
    horizons : tuple of Aftermath
    """

    what: str
    symbol: str
    first: Day | None
    last: Day | None
    starts: Days
    ongoing: bool
    seed: int
    horizons: tuple[Aftermath, ...]

    def to_dict(self) -> dict[str, object]:
        """Lay the study out as JSON holds it; returns are decimals and without dividends."""
        return {
            "what": self.what,
            "symbol": self.symbol,
            "first": None if self.first is None else str(self.first),
            "last": None if self.last is None else str(self.last),
            "episodes": [str(start) for start in self.starts],
            "ongoing": self.ongoing,
            "seed": self.seed,
            "confidence": CONFIDENCE,
            "fewest": FEWEST,
            "returns": "closes, without dividends",
            "horizons": [_laid_out(each) for each in self.horizons],
        }


def study(
    signal: Signal,
    closes: Series,
    *,
    hold: int = 1,
    reopen: int = REOPEN,
    horizons: Sequence[int] = HORIZONS,
    until: Day | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
) -> Study:
    """Tell what followed the first days of earlier episodes.

    Parameters
    ----------
    signal : Signal
    closes : Series
        Daily closes of the underlying, split-adjusted and without dividends: a fund that pays 1.2 % a year shows
        0.1 % less a month, after episodes and after all days alike.
    hold, reopen : int
        See `monitor.history.episodes.episodes`.
    horizons : sequence of int
        Sessions ahead.
    until : datetime64[D], optional
        What was known at this session's close: nothing later exists.
    seed : int
        Of the bootstrap: the same seed gives the same intervals, whatever horizons are asked with it.
    repeats : int
        Resampled histories.

    Returns
    -------
    Study
    """
    if until is not None:
        signal, closes = signal.until(until), closes.until(until)
    found = episodes(signal, hold=hold, reopen=reopen)
    started = np.zeros(signal.sessions.size, bool)
    started[found.start] = True
    days = signal.sessions[signal.known]
    return Study(
        what=signal.what,
        symbol=closes.symbol,
        first=days[0] if days.size else None,
        last=days[-1] if days.size else None,
        starts=signal.sessions[started],
        ongoing=bool(found.end.size and found.end[-1] == signal.sessions.size),
        seed=seed,
        horizons=tuple(
            _aftermath(
                horizon,
                _on(closes, forward_returns(closes, horizon), signal.sessions),
                started,
                signal.known,
                np.random.default_rng([seed, horizon]),
                repeats,
            )
            for horizon in horizons
        ),
    )


def forward_returns(closes: Series, horizon: int) -> Floats:
    """Return from each session's close to the one so many sessions later; NaN where either is missing. [1]"""
    ahead = np.full(closes.value.shape, np.nan)
    if 0 < horizon < ahead.size:
        ahead[:-horizon] = closes.value[horizon:] / closes.value[:-horizon] - 1
    return ahead


def _aftermath(
    horizon: int, ahead: Floats, started: Bools, known: Bools, generator: np.random.Generator, repeats: int
) -> Aftermath:
    """Compare the episodes' first days with all days on which one could have begun."""
    eligible = known & np.isfinite(ahead)
    chosen = started & eligible
    after, everything = _outcome(ahead[chosen]), _outcome(ahead[eligible])
    apart = _apart(np.flatnonzero(chosen), horizon)
    difference = None if after.mean is None or everything.mean is None else after.mean - everything.mean
    mean: Interval = (None, None)
    excess: Interval = (None, None)
    if apart > 1:
        within = slice(int(np.argmax(eligible)), eligible.size - int(np.argmax(eligible[::-1])))
        block = max(LEAST_BLOCK, 2 * horizon)
        draws = draw(
            np.where(eligible, ahead, np.nan)[within],
            chosen[within],
            block=block,
            repeats=repeats,
            generator=generator,
        )
        mean, excess = _interval(draws.mean, after.mean, apart), _interval(draws.excess, difference, apart)
    spread = float(np.std(ahead[eligible], ddof=1)) if everything.n > 1 else None
    return Aftermath(
        horizon=horizon,
        after=after,
        all_days=everything,
        apart=apart,
        mean_low=mean[0],
        mean_high=mean[1],
        excess=difference,
        excess_low=excess[0],
        excess_high=excess[1],
        detectable=POWERED * spread / float(np.sqrt(apart)) if spread is not None and apart else None,
        verdict=_verdict(after.n, excess),
    )


def _outcome(returns: Floats) -> Outcome:
    if not returns.size:
        return Outcome(0, *(None,) * 9)
    low, lower, middle, upper, high = (float(q) for q in np.quantile(returns, [*QUANTILES[:2], 0.5, *QUANTILES[2:]]))
    return Outcome(
        n=returns.size,
        mean=float(returns.mean()),
        median=middle,
        hit_rate=float(np.mean(returns > 0)),
        low=low,
        lower_quarter=lower,
        upper_quarter=upper,
        high=high,
        worst=float(returns.min()),
        best=float(returns.max()),
    )


def _apart(starts: Ints, horizon: int) -> int:
    """Count the most starts that are at least a horizon from each other: the earliest first is best."""
    number, free = 0, -1
    for start in starts.tolist():
        if start >= free:
            number, free = number + 1, start + horizon
    return number


def _interval(draws: Floats, centre: float | None, apart: int) -> Interval:
    """Return the central interval, widened for few episodes; None where a draw in twenty or more found none.

    Resampled means scatter by the spread among the episodes there are, which is small by chance where they are
    few: 12 independent ones would be believed 9 to 11 times in 100 instead of 5. The interval is stretched as
    Student's law stretches the normal one, with one degree of freedom less than there are separate outcomes.
    """
    there = draws[np.isfinite(draws)]
    if centre is None or there.size < CONFIDENCE * draws.size:
        return None, None
    tails = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    stretch = float(stdtrit(apart - 1, tails[1]) / ndtri(tails[1]) * np.sqrt(apart / (apart - 1)))
    low, high = (centre + stretch * (float(end) - centre) for end in np.quantile(there, tails))
    return low, high


def _verdict(n: int, excess: Interval) -> Verdict:
    low, high = excess
    if n < FEWEST or low is None or high is None:
        return Verdict.TOO_FEW
    return Verdict.HIGHER if low > 0 else Verdict.LOWER if high < 0 else Verdict.NO_DIFFERENCE


def _on(closes: Series, column: Floats, days: Days) -> Floats:
    """Read a column of the closes' sessions on others."""
    found = np.full(days.shape, np.nan)
    if closes.sessions.size:
        at = np.minimum(np.searchsorted(closes.sessions, days), closes.sessions.size - 1)
        there = closes.sessions[at] == days
        found[there] = column[at[there]]
    return found


def _laid_out(each: Aftermath) -> dict[str, object]:
    outcomes = {
        name: {field: getattr(getattr(each, name), field) for field in Outcome.__slots__}
        for name in ("after", "all_days")
    }
    rest = [name for name in Aftermath.__slots__ if name not in {"horizon", "verdict", *outcomes}]
    return (
        {"horizon": each.horizon, "verdict": str(each.verdict)}
        | outcomes
        | {name: getattr(each, name) for name in rest}
    )
