"""The state machine of one alert: (state, reading, rule, now) -> (state', events), and nothing else.

Counts are of valid looks, so that nights, holidays and outages do not count. Missing or bad data changes nothing but
the age of what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial

import msgspec
from msgspec.structs import replace

from alerts.events import Cause, Event, event_id, measured
from alerts.judge import Judgement, judge, refresh
from alerts.message import Kind, Severity
from alerts.reading import Reading, Verdict
from alerts.reference import Reference
from alerts.rules import Rule, Side
from alerts.values import digest, stamp

__all__ = ["Phase", "State", "fresh", "retire", "step"]


class Phase(StrEnum):
    """Where an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"  # extreme, not yet for long enough
    FIRING = "firing"
    RECOVERING = "recovering"  # back under the exit, not yet for long enough

    @property
    def active(self) -> bool:
        """Whether an episode is open."""
        return self in {Phase.FIRING, Phase.RECOVERING}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an alert remembers.

    Attributes
    ----------
    rule, meaning, symbol, measure : str
    side : Side
        With the rule's meaning they are the key: a rule that means something else is another alert.
    phase : Phase
    passing, closes : int
        PENDING: valid looks in a row that enter, and official closes among them.
    failing, failing_since : int, int or None
        RECOVERING: valid looks in a row that do not stay; number of the first one's session.
    frozen : mapping of str to Reference
        What the episode compares with, as it was when it became PENDING.
    episode : str
    number : int
        Of the last event of the episode.
    began, began_at : int or None, datetime or None
        Number of the session, and instant of the quotes, that fired the episode.
    slots : int
        Valid looks since.
    reopened : int
        How often it came back within days of closing.
    peak, peak_at : float or None, datetime or None
        The most extreme value of the episode.
    told : float or None
        The most extreme value that people have heard of.
    told_slots, told_number : int, int or None
        Valid looks since they last heard; number of that session.
    closed : int or None
        Number of the session that closed the last episode.
    released : bool
        It was closed as a new level.
    as_of : datetime or None
        Quotes of the last valid look: an earlier or the same one again changes nothing.
    seen : int or None
        Number of its session.
    title, severity, channels
        Of the rule, for the notice that it is gone.
    version : int
        Of the stored row.
    """

    rule: str
    meaning: str
    symbol: str
    measure: str
    side: Side
    phase: Phase = Phase.INACTIVE
    passing: int = 0
    closes: int = 0
    failing: int = 0
    failing_since: int | None = None
    frozen: Mapping[str, Reference] = msgspec.field(default_factory=dict)
    episode: str = ""
    number: int = 0
    began: int | None = None
    began_at: datetime | None = None
    slots: int = 0
    reopened: int = 0
    peak: float | None = None
    peak_at: datetime | None = None
    told: float | None = None
    told_slots: int = 0
    told_number: int | None = None
    closed: int | None = None
    released: bool = False
    as_of: datetime | None = None
    seen: int | None = None
    title: str = ""
    severity: Severity = Severity.WARNING
    channels: tuple[str, ...] = ()
    version: int = 0

    @property
    def key(self) -> str:
        """Name of the alert."""
        return f"{self.rule}:{self.meaning}:{self.symbol}:{self.measure}:{self.side}"


Step = tuple[State, tuple[Event, ...]]


def fresh(rule: Rule, meaning: str, symbol: str, measure: str) -> State:
    """Return the state of an alert that has seen nothing yet; `meaning` is the rule's own, computed once for many."""
    return State(rule=rule.id, meaning=meaning, symbol=symbol, measure=measure, side=rule.side)


def step(state: State, reading: Reading, rule: Rule, now: datetime, *, armed: bool = True) -> Step:
    """Take one reading.

    Parameters
    ----------
    state : State
    reading : Reading
        Of the state's symbol.
    rule : Rule
        Of the state's meaning.
    now : datetime
        Stamped on events; nothing is decided by it.
    armed : bool
        Whether an episode may begin. A companion's may not while the measure itself can be read.

    Returns
    -------
    (State, tuple of Event)
        The same state and nothing where the reading is not newer than the last one.
    """
    if reading.as_of is None or reading.verdict is not Verdict.OK:
        return _blind(state, reading, rule, now)
    seen = state.as_of is not None and reading.as_of <= state.as_of
    if seen or (rule.hold.slots is None and not reading.official):  # without slots it looks at official closes only
        return state, ()
    if state.phase is Phase.PENDING and _age(state, reading) > rule.max_age:
        state = _disarmed(state)
    if state.phase is Phase.INACTIVE:
        return _waiting(state, reading, rule, judge(rule, state.measure, reading), now, armed=armed)
    frozen = refresh(rule, state.measure, reading, state.frozen)
    view = judge(rule, state.measure, reading, frozen)
    if (view.stays if state.phase.active else view.enters) is None:
        return _blind(state, reading, rule, now)
    state = replace(state, as_of=reading.as_of, seen=reading.number, frozen=frozen)
    if state.phase.active:
        return _firing(state, reading, rule, view, now)
    return _waiting(state, reading, rule, view, now, armed=armed)


def retire(state: State, cause: Cause, reading: Reading, now: datetime) -> Step:
    """Close an alert whose rule means something else now, or is gone; people hear of it where it was firing."""
    if not state.phase.active:
        return _disarmed(state), ()
    return _closed(state, reading, now, Kind.RULE_CHANGED, cause)


def _waiting(state: State, reading: Reading, rule: Rule, view: Judgement, now: datetime, *, armed: bool) -> Step:
    """Take a valid reading where no episode is open."""
    released = state.released and state.closed is not None and reading.number - state.closed <= rule.reopen
    if not view.enters or not armed or released:
        return _disarmed(state), ()
    state = replace(
        state,
        phase=Phase.PENDING,
        as_of=reading.as_of,
        seen=reading.number,
        passing=state.passing + 1,
        closes=state.closes + reading.official,
        frozen=view.frozen,
    )
    if not rule.hold.met(state.passing, state.closes):
        return state, ()
    return _fire(state, reading, rule, view, now)


def _fire(state: State, reading: Reading, rule: Rule, view: Judgement, now: datetime) -> Step:
    again = state.closed is not None and not state.released and reading.number - state.closed <= rule.reopen
    state = replace(
        state, phase=Phase.FIRING, passing=0, closes=0, closed=None, released=False,
        title=rule.title, severity=rule.severity, channels=rule.channels,
    )  # fmt: skip
    if again:
        state = _peaked(replace(state, reopened=state.reopened + 1), reading)
        return _told(state, reading, view, now, Kind.REMINDER, Cause.REOPENED)
    assert reading.as_of is not None  # noqa: S101 - for the type checker: the reading is valid
    state = replace(
        state,
        episode="e-" + digest(state.key, stamp(reading.as_of)),
        number=0,
        began=reading.number,
        began_at=reading.as_of,
        slots=0,
        reopened=0,
        peak=reading.measures[state.measure].value,
        peak_at=reading.as_of,
    )
    return _told(state, reading, view, now, Kind.FIRED, None)


def _firing(state: State, reading: Reading, rule: Rule, view: Judgement, now: datetime) -> Step:
    """Take a valid reading of an open episode."""
    state = replace(_peaked(state, reading), slots=state.slots + 1, told_slots=state.told_slots + 1)
    began = reading.number if state.began is None else state.began
    if rule.release is not None and rule.refers and reading.number - began >= rule.release:
        return _closed(state, reading, now, Kind.RESOLVED, Cause.NEW_LEVEL, view)
    if not view.stays:
        return _leaving(state, reading, rule, view, now)
    if state.phase is Phase.RECOVERING:
        return replace(state, phase=Phase.FIRING, failing=0, failing_since=None), ()
    if rule.escalate is not None and _beyond(state, rule.escalate) and state.told_slots >= rule.cooldown:
        return _told(state, reading, view, now, Kind.ESCALATED, None)
    since = reading.number if state.told_number is None else state.told_number
    if rule.repeat is not None and reading.number - since >= rule.repeat:
        return _told(state, reading, view, now, Kind.REMINDER, Cause.REPEAT)
    return state, ()


def _leaving(state: State, reading: Reading, rule: Rule, view: Judgement, now: datetime) -> Step:
    since = reading.number if state.failing_since is None else state.failing_since
    state = replace(state, phase=Phase.RECOVERING, failing=state.failing + 1, failing_since=since)
    settled = not state.reopened or reading.number - since >= rule.reopen
    if state.failing < rule.keep_firing or not settled:
        return state, ()
    return _closed(state, reading, now, Kind.RESOLVED, Cause.LEFT, view)


def _blind(state: State, reading: Reading, rule: Rule, now: datetime) -> Step:
    """No valid reading: counters are frozen, and in the end what is not known any more is said to be so."""
    if state.phase is Phase.INACTIVE or _age(state, reading) <= rule.max_age:
        return state, ()
    if state.phase is Phase.PENDING:
        return _disarmed(state), ()
    return _closed(state, reading, now, Kind.EXPIRED, None)


def _age(state: State, reading: Reading) -> int:
    """Sessions since the last valid look."""
    return 0 if state.seen is None else reading.number - state.seen


def _disarmed(state: State) -> State:
    if state.phase is Phase.INACTIVE:
        return state
    return replace(state, phase=Phase.INACTIVE, passing=0, closes=0, failing=0, failing_since=None, frozen={})


def _peaked(state: State, reading: Reading) -> State:
    value = reading.measures[state.measure].value
    if value is None or (state.peak is not None and state.side.sign * (value - state.peak) <= 0):
        return state
    return replace(state, peak=value, peak_at=reading.as_of)


def _beyond(state: State, by: float) -> bool:
    """Whether the peak is further out than what people have heard by more than a step."""
    return state.peak is not None and state.told is not None and state.side.sign * (state.peak - state.told) >= by


def _told(state: State, reading: Reading, view: Judgement, now: datetime, kind: Kind, cause: Cause | None) -> Step:
    state = replace(state, number=state.number + 1, told=state.peak, told_slots=0, told_number=reading.number)
    return state, (_event(state, reading, view, now, kind, cause),)


def _closed(
    state: State, reading: Reading, now: datetime, kind: Kind, cause: Cause | None, view: Judgement | None = None
) -> Step:
    state = replace(state, number=state.number + 1)
    event = _event(state, reading, view, now, kind, cause)
    state = replace(_disarmed(state), closed=reading.number, released=cause is Cause.NEW_LEVEL)
    return state, (event,)


def _event(
    state: State, reading: Reading, view: Judgement | None, now: datetime, kind: Kind, cause: Cause | None
) -> Event:
    make = partial(measured, reading, state.measure, state.side)
    return Event(
        id=event_id(state.key, state.episode, state.number),
        kind=kind,
        cause=cause,
        alert=state.key,
        rule=state.rule,
        title=state.title,
        symbol=state.symbol,
        measure=state.measure,
        side=state.side,
        severity=state.severity,
        episode=state.episode,
        number=state.number,
        observed_at=reading.as_of or reading.slot,
        created_at=now,
        session=reading.session,
        official=reading.official,
        confirmed=view is None or view.confirmed,
        measured=make(state.frozen if view is None else view.frozen),
        peak=state.peak,
        peak_at=state.peak_at,
        began_at=state.began_at,
        sessions=0 if state.began is None else reading.number - state.began,
        slots=state.slots,
        reason=reading.reason,
        source=reading.source,
        snapshot=reading.snapshot,
    )
