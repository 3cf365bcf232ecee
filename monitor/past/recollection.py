"""What the store knows that bears on one snapshot: its standing, why it moved, what stands around it, what followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
import sqlalchemy as sa

from monitor.config import Config
from monitor.config.standing import Standing as Section
from monitor.history.attribution import Attribution, attribute
from monitor.history.context import Against, Context, against, context
from monitor.history.episodes import LEAVE, at_extreme
from monitor.history.events import Around, Event, around
from monitor.history.extremes import Side
from monitor.history.look import Look, look_of
from monitor.history.points import Points
from monitor.history.prices import Prices
from monitor.history.series import Series
from monitor.history.sessions import Day, day, sessions_after
from monitor.history.settings import Settings
from monitor.history.standing import Standing, standing
from monitor.history.study import Study, study
from monitor.official import official
from monitor.past import series as past
from monitor.store import Store, looks, read
from monitor.view.names import is_ratio, read_ratio
from monitor.view.sentence import speaker
from pricing.calendar import previous_session
from pricing.snapshot import Snapshot
from pricing.time import expiry_instant, trade_date

__all__ = ["Beside", "Move", "Recollection", "recall"]

MONTH = 21  # sessions: how far ahead the base rate looks
AHEAD, BEHIND = timedelta(days=30), timedelta(days=5)  # of events: the month that the ratio looks ahead, a week back


@dataclass(frozen=True, slots=True)
class Move:
    """Why the measure that speaks has changed since an earlier close.

    Attributes
    ----------
    since : date
        The close's session.
    adjacent : bool
        It is the session before the snapshot's.
    attribution : Attribution
    """

    since: date
    adjacent: bool
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Beside:
    """The last known value of an index or overlay.

    Attributes
    ----------
    name : str
    value : float
    session : datetime64[D]
        On which it was known.
    age : int
        Sessions from it to the snapshot's.
    standing : Standing
        In its own past, up to that session.
    """

    name: str
    value: float
    session: Day
    age: int
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """The past of one snapshot.

    Attributes
    ----------
    speaker : str
        The measure that carries standing and alerts: the headline, or its companion where that cannot.
    standings : mapping of str to Standing
        Of every skew ratio, and of the measures configured beside them.
    previous, extreme : Move or None
        Of the speaker: since the last close before, and since the last one as extreme, where that is another.
    context : Context or None
    against : Against or None
    beside : tuple of Beside
    events : tuple of Around
    base_rate : Study or None
        What followed earlier extremes, where the speaker is at one and prices are known.
    extremes : (float, float)
        Percentiles at and beyond which it is. [%]
    """

    speaker: str
    standings: Mapping[str, Standing]
    previous: Move | None
    extreme: Move | None
    context: Context | None
    against: Against | None
    beside: tuple[Beside, ...]
    events: tuple[Around, ...]
    base_rate: Study | None
    extremes: tuple[float, float]

    @property
    def spoken(self) -> Standing:
        """The standing of the measure that speaks."""
        return self.standings[self.speaker]

    @property
    def side(self) -> Side | None:
        """The extreme that the speaker is at; None where it is at none, or nobody knows."""
        return _side(self.spoken, self.extremes)


def recall(store: Store, snapshot: Snapshot, config: Config) -> Recollection:
    """Recall what the store knows that bears on a snapshot; nothing later than it is looked at.

    Parameters
    ----------
    store : Store
    snapshot : Snapshot
    config : Config

    Raises
    ------
    Failure
        Where the store is damaged.
    """
    section, settings = config.standing, config.standing.settings(config.measures.useless)
    session, name = trade_date(snapshot.as_of), speaker(snapshot, useless=config.measures.useless)
    with store.reading() as connection:
        found = _read(connection, snapshot, session, section)
    ranked = {
        each: past.chosen(points, method=snapshot.method, first=snapshot.source, wanted=section.sources)
        for each, points in found.points.items()
    }
    standings = _standings(ranked, snapshot, session, settings)
    spoken, own = standings[name], found.prices
    side = _side(spoken, section.extremes)
    sources = past.preference(found.points[name], snapshot.method, first=snapshot.source, wanted=section.sources)
    over = snapshot.as_of >= expiry_instant(session)  # the session's own closes are known
    spot = snapshot.spot if snapshot.spot_sync is None else snapshot.spot_sync
    closed = day(session if over else previous_session(session))
    previous, extreme = _moves(store, snapshot, session, config, spoken, sources)
    return Recollection(
        speaker=name,
        standings=MappingProxyType(standings),
        previous=previous,
        extreme=extreme,
        context=None if own is None else context(own, day(session), price=None if over else spot),
        against=None if own is None or found.benchmark is None else against(own, found.benchmark, closed),
        beside=tuple(_beside(each, session, settings) for each in found.beside if np.isfinite(each.value).any()),
        events=around(found.events, session),
        base_rate=None
        if side is None or own is None
        else _base_rate(ranked[name], own.closes.until(closed), side, section, settings),
        extremes=section.extremes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    points: Mapping[str, Points]
    prices: Prices | None
    benchmark: Prices | None
    beside: tuple[Series, ...]
    events: tuple[Event, ...]


def _read(connection: sa.Connection, snapshot: Snapshot, session: date, section: Section) -> _Read:
    """Read everything up to the session before, whose closes are known; prices with the session's own."""
    symbol, before = snapshot.symbol, previous_session(session)
    names = [snapshot.headline, *(each for each in snapshot.measures if is_ratio(each) or each in section.measures)]
    points = {
        each: read.series(connection, symbol, each, until=before) for each in dict.fromkeys([*names, _level(snapshot)])
    }
    beside = []
    for each in section.beside:
        index = past.index(connection, each)
        if index is not None:
            beside.append(index.until(day(before)))
        elif (overlay := past.overlay(connection, each, day(session), known_by=snapshot.as_of)) is not None:
            beside.append(overlay)
    planned = read.events(connection, since=session - BEHIND, until=session + AHEAD)
    return _Read(
        points=points,
        prices=past.priced(connection, symbol, session),
        benchmark=past.benchmark(connection, symbol, section.benchmark, session),
        beside=tuple(beside),
        events=tuple(Event(each.day, each.name) for each in planned),
    )


def _level(snapshot: Snapshot) -> str:
    """Name the volatility that is taken out of the ratios' standing."""
    return f"atm_vol_{read_ratio(snapshot.headline).days}d"


def _standings(
    ranked: Mapping[str, Series], snapshot: Snapshot, session: date, settings: Settings
) -> dict[str, Standing]:
    level = _level(snapshot)
    vol = snapshot.measures.get(level)
    found = {}
    for name, one in ranked.items():
        own = snapshot.measures.get(name)
        found[name] = standing(
            one,
            *((None, None, None) if own is None else (own.value, own.low, own.high)),
            day(session),
            settings,
            provisional=official(snapshot.as_of) is None,
            atm=None if name == level else ranked[level],
            atm_vol=None if vol is None else vol.value,
        )
    return found


def _side(spoken: Standing, extremes: tuple[float, float]) -> Side | None:
    if spoken.percentile is None:
        return None
    low, high = extremes
    return Side.HIGH if spoken.percentile >= high else Side.LOW if spoken.percentile <= low else None


def _moves(
    store: Store, snapshot: Snapshot, session: date, config: Config, spoken: Standing, sources: tuple[str, ...]
) -> tuple[Move | None, Move | None]:
    """Explain the speaker's change since the previous close, and since the last one as extreme."""
    settings = config.settings(snapshot.symbol)
    ratios = [f"skew_ratio_{settings.tenor_days}d_{low}_{high}" for low, high in settings.pairs]
    if spoken.measure not in ratios or not snapshot.pair:
        return None, None
    new = look_of(snapshot, settings, ratios.index(spoken.measure))
    if new is None:
        return None, None

    def kept(connection: sa.Connection, before: date, since: date | None = None) -> Look | None:
        of = snapshot.symbol, spoken.measure
        return looks.look(connection, *of, method=snapshot.method, sources=sources, before=before, since=since)

    own, extreme = spoken.record, None
    with store.reading() as connection:
        last = kept(connection, session)
        if own is not None and not own.on_record:
            since = date.fromisoformat(str(own.since))
            extreme = kept(connection, since + timedelta(1), since)
    if last is not None and extreme is not None and last.as_of == extreme.as_of:
        extreme = None
    return _move(last, new, session), _move(extreme, new, session)


def _move(old: Look | None, new: Look, session: date) -> Move | None:
    if old is None:
        return None
    since = trade_date(old.as_of)
    return Move(since, since == previous_session(session), attribute(old, new))


def _beside(series: Series, session: date, settings: Settings) -> Beside:
    """Rank the last known value of an index or overlay among those before it."""
    at = int(np.flatnonzero(np.isfinite(series.value))[-1])
    when, value = series.sessions[at], float(series.value[at])
    own = standing(series, value, None, None, when, settings)
    return Beside(series.symbol, value, when, int(sessions_after(when, session)), own)


def _base_rate(series: Series, closes: Series, side: Side, section: Section, settings: Settings) -> Study:
    """Tell what followed earlier extremes of the speaker within a month."""
    low, high = section.extremes
    enter = high if side is Side.HIGH else 100 - low
    signal = at_extreme(series, side, settings, enter=enter, leave=min(LEAVE, enter))
    return study(signal, closes, horizons=(MONTH,))
