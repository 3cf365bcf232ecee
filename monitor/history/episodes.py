"""Episodes of an extreme: a stretch of days counts once, and again only after it has ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.history.extremes import Side
from monitor.history.rolling import rolling
from monitor.history.series import Series
from monitor.history.sessions import Day, Days
from monitor.history.settings import Settings
from pricing.arrays import Bools, Floats, Ints

__all__ = ["REOPEN", "Episodes", "Signal", "at_extreme", "at_level", "at_record", "episodes", "in_a_row", "run_lengths"]

ENTER, LEAVE = 95.0, 80.0  # percentiles of the shipped rule; mirrored for lows (ALERTS.md, defaults)
REOPEN = 5  # sessions within which a re-entry is the same episode
MIDDLE, FULL = 50.0, 100.0  # [%]
ROUNDING = 1e-12  # of a return: 98 after 100 is a loss of 2 %


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Signal:
    """What was asked of every session, arrays of shape (n,).

    Attributes
    ----------
    what : str
        In words, to follow a number and "of": "percentile of 95 or more".
    sessions : datetime64[D] array
    enter, leave : bool array
        Sessions that begin an episode, and those that end one. Where neither, it stays as it is.
    known : bool array
        Sessions on which the question had an answer: the others neither begin, nor end, nor count.
    """

    what: str
    sessions: Days
    enter: Bools
    leave: Bools
    known: Bools

    def until(self, session: Day) -> Signal:
        """Return what was asked up to and with a session."""
        upto = slice(int(np.searchsorted(self.sessions, session, side="right")))
        columns = {name: getattr(self, name)[upto] for name in ("sessions", "enter", "leave", "known")}
        return Signal(what=self.what, **columns)


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """Stretches of sessions, arrays of shape (m,).

    Attributes
    ----------
    start : int array
        Index of the session on which each became known.
    end : int array
        Index of the session that ended it; the number of sessions where it has not ended.
    """

    start: Ints
    end: Ints


def episodes(signal: Signal, *, hold: int = 1, reopen: int = REOPEN) -> Episodes:
    """Gather days into episodes.

    Parameters
    ----------
    signal : Signal
    hold : int
        Known sessions in a row that must enter before an episode begins; it begins on the last of them.
    reopen : int
        A re-entry within this many sessions of the end continues the episode that had ended.

    Returns
    -------
    Episodes
        In order of time, never overlapping. What a later session says changes no earlier start.
    """
    start: list[int] = []
    end: list[int] = []
    size, run, open_now = signal.sessions.size, 0, False
    columns = zip(signal.known.tolist(), signal.enter.tolist(), signal.leave.tolist(), strict=True)
    for at, (known, enters, leaves) in enumerate(columns):
        if not known:
            continue
        if open_now:
            if leaves:
                end[-1], open_now, run = at, False, 0
            continue
        run = run + 1 if enters else 0
        if run >= hold:
            open_now = True
            if end and at - end[-1] <= reopen:
                end[-1] = size
            else:
                start.append(at)
                end.append(size)
    return Episodes(np.array(start, np.int64), np.array(end, np.int64))


def at_extreme(
    series: Series,
    side: Side = Side.HIGH,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    enter: float = ENTER,
    leave: float = LEAVE,
    window: int | None = None,
    atm: Series | None = None,
) -> Signal:
    """Ask on each session whether the value is extreme among those before it.

    Parameters
    ----------
    series : Series
        A measure, an overlay, an index.
    side : Side
    settings : Settings
    enter, leave : float
        Percentiles from which an episode begins, and under which it ends; on the low side their mirrors. [%]
    window : int, optional
        Sessions looked back over; without it the first of the settings.
    atm : Series, optional
        With it the percentile is the one with the level of volatility taken out.
    """
    if not MIDDLE < leave <= enter <= FULL:
        raise ValueError(f"needed 50 < leave <= enter <= 100, got {leave} and {enter}")
    through = rolling(series, settings, window=window, atm=atm)
    rank = through.percentile if atm is None else through.regime
    within = "its own past" if atm is None else "its own past at like volatility"
    mirrored = rank if side is Side.HIGH else FULL - rank
    what = f"at or over the {enter:g}th" if side is Side.HIGH else f"at or under the {FULL - enter:g}th"
    return _signal(
        f"{series.symbol} {series.measure} {what} percentile of {within}", series.sessions, mirrored, enter, leave
    )


def at_record(
    series: Series,
    side: Side = Side.HIGH,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    sessions: int = 120,
    leave: float = LEAVE,
) -> Signal:
    """Ask on each session whether the value is the highest (lowest) in so many sessions or more.

    An episode ends where the percentile over the first window of the settings falls under `leave` (mirrored).
    """
    through = rolling(series, settings)
    found = through.highest if side is Side.HIGH else through.lowest
    rank = through.percentile if side is Side.HIGH else FULL - through.percentile
    word = "highest" if side is Side.HIGH else "lowest"
    return Signal(
        what=f"{series.symbol} {series.measure} {word} in {sessions} sessions or more",
        sessions=series.sessions,
        enter=found.sessions >= sessions,
        leave=np.less(rank, leave),
        known=np.isfinite(rank),
    )


def at_level(
    series: Series, enter: float, leave: float | None = None, *, useless: float = Settings().useless
) -> Signal:
    """Ask on each session whether the value is at or over a level; under it where `leave` lies above `enter`.

    Parameters
    ----------
    series : Series
    enter, leave : float
        In the measure's unit; without `leave` an episode ends where the value is back under `enter`.
    useless : float
        See `monitor.history.series.Series.usable`.
    """
    value = np.where(series.usable(useless), series.value, np.nan)
    leave = enter if leave is None else leave
    if leave > enter:
        return _signal(
            f"{series.symbol} {series.measure} at or under {enter:g}", series.sessions, -value, -enter, -leave
        )
    return _signal(f"{series.symbol} {series.measure} at or over {enter:g}", series.sessions, value, enter, leave)


def in_a_row(closes: Series, days: int, size: float) -> Signal:
    """Ask on each session whether it is at least the n-th day in a row with a move of a size.

    Parameters
    ----------
    closes : Series
        Daily closes.
    days : int
        2 or more is a run; an episode begins on the day that makes so many.
    size : float
        Least return of each day, its sign the direction: 0.01 for gains of 1 %, -0.01 for losses. [1]
    """
    if days < 1 or size == 0:
        raise ValueError(f"a run needs a day or more of a size other than 0, got {days} and {size}")
    lengths = run_lengths(closes.value, abs(size)) * int(np.sign(size))
    word = "gains" if size > 0 else "losses"
    return Signal(
        what=f"{closes.symbol}, {days} {word} in a row of {100 * abs(size):g} % or more",
        sessions=closes.sessions,
        enter=lengths >= days,
        leave=lengths < days,
        known=np.isfinite(_returns(closes.value)),
    )


def run_lengths(close: Floats, size: float) -> Ints:
    """Count, on each session, the days in a row that moved by `size` or more: positive for gains, shape (n,).

    A day without a return (a gap in the closes) ends a run.
    """
    moves = _returns(close)
    least = size - ROUNDING
    sign = np.where(moves >= least, 1, np.where(moves <= -least, -1, 0))
    here = np.arange(sign.size)
    changed = np.ones(sign.size, bool)
    changed[1:] = sign[1:] != sign[:-1]
    began = np.maximum.accumulate(np.where(changed, here, 0))
    lengths: Ints = sign * (here - began + 1)
    return lengths


def _returns(close: Floats) -> Floats:
    """Return of each session on the one before, NaN for the first. [1]"""
    moves = np.full(close.shape, np.nan)
    moves[1:] = close[1:] / close[:-1] - 1
    return moves


def _signal(what: str, sessions: Days, value: Floats, enter: float, leave: float) -> Signal:
    return Signal(
        what=what,
        sessions=sessions,
        enter=np.asarray(value >= enter),
        leave=np.asarray(value < leave),
        known=np.isfinite(value),
    )
