"""One look at the rules: readings in, states and events written, notices out. All inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from alerts import crash, health
from alerts.events import Cause, Event
from alerts.judge import judge
from alerts.persist import record, saved_health, saved_states, write_health, write_states
from alerts.reading import Reading, Verdict
from alerts.rules import Rule, Side
from alerts.state import State, fresh, retire, step

__all__ = ["Notice", "evaluate", "look_at", "withdraw"]

Mark = tuple[str, str, str, Side]
"""What tells one symbol's alerts apart: rule, its meaning, measure, side."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An event on its way to people.

    Attributes
    ----------
    event : Event
    channels : tuple of str
        Empty: all.
    not_before : datetime or None
        The end of quiet hours.
    """

    event: Event
    channels: tuple[str, ...] = ()
    not_before: datetime | None = None


def evaluate(
    connection: sa.Connection,
    rules: Sequence[Rule],
    readings: Sequence[Reading],
    now: datetime,
    *,
    after: int = health.AFTER,
) -> tuple[Notice, ...]:
    """Judge readings by the rules; write what changed.

    Parameters
    ----------
    connection : Connection
        Of the slot's writing transaction.
    rules : sequence of Rule
    readings : sequence of Reading
        In the order of time where a symbol has several.
    now : datetime
    after : int
        Looks without data that are told as an outage.

    Returns
    -------
    tuple of Notice
        To be put into words and given to `alerts.outbox.post` in the same transaction. Empty where the same readings
        were judged before.

    Raises
    ------
    Conflict
        Where another process has written one of the states meanwhile.
    """
    symbols = {reading.symbol for reading in readings}
    desk = _Desk(rules, saved_states(connection, symbols), now)
    sights = {each.subject: each for each in saved_health(connection, {f"symbol:{symbol}" for symbol in symbols})}
    seen = dict(sights)
    for reading in readings:
        desk.take(reading)
        look = health.look(reading)
        before = seen.get(look.subject, health.Health(subject=look.subject))
        seen[look.subject], told = health.step(before, look, now, after)
        desk.notices += [Notice(event) for event in told]
    crash.point("slot.judged")
    write_states(connection, desk.changed())
    write_health(connection, (each for name, each in seen.items() if each is not sights.get(name) and each.slot))
    record(connection, (notice.event for notice in desk.notices))
    crash.point("slot.states")
    return tuple(desk.notices)


def look_at(
    connection: sa.Connection, look: health.Look, now: datetime, *, after: int = health.AFTER
) -> tuple[Notice, ...]:
    """Take one look at a vendor's health, as `evaluate` does at each symbol's.

    While a vendor is told as lost, the health of its symbols is not told one by one.
    """
    found = saved_health(connection, [look.subject])
    before = found[0] if found else health.Health(subject=look.subject)
    seen, told = health.step(before, look, now, after)
    if seen is not before:
        write_health(connection, [seen])
    record(connection, told)
    return tuple(Notice(event) for event in told)


def withdraw(
    connection: sa.Connection,
    symbols: Collection[str],
    session: date,
    number: int,
    now: datetime,
) -> tuple[Notice, ...]:
    """Close the alerts of symbols that are not watched any more, at a start and after a change of configuration.

    Those of symbols that are, but whose rule is gone or means something else, are closed by their next `evaluate`.

    Parameters
    ----------
    connection : Connection
    symbols : collection of str
        All that are watched.
    session, number : date, int
        The last session, as in `Reading`.
    now : datetime
    """
    gone = [state for state in saved_states(connection) if state.symbol not in symbols]
    desk = _Desk((), gone, now)
    for state in gone:
        here = Reading(symbol=state.symbol, slot=now, session=session, number=number, verdict=Verdict.NO_DATA)
        desk.close(here, [state])
    write_states(connection, desk.changed())
    record(connection, (notice.event for notice in desk.notices))
    return tuple(desk.notices)


class _Desk:
    """Where the readings of one slot are judged: the states as they were found, and as they became."""

    def __init__(self, rules: Sequence[Rule], states: Iterable[State], now: datetime) -> None:
        self._rules = [(rule, rule.meaning) for rule in rules]
        self._found: dict[str, dict[Mark, State]] = {}
        for state in states:
            self._found.setdefault(state.symbol, {})[_mark(state)] = state
        self._states = {symbol: dict(those) for symbol, those in self._found.items()}
        self._now = now
        self.notices: list[Notice] = []

    def changed(self) -> list[State]:
        """Return the states that are other than they were found; one that is still untouched has no row."""
        return [
            state
            for symbol, states in self._states.items()
            for mark, state in states.items()
            if state is not self._found.get(symbol, {}).get(mark) and (state.version or state.as_of is not None)
        ]

    def take(self, reading: Reading) -> None:
        """Judge one symbol's reading by every rule that watches it; close what no rule stands behind."""
        states = self._states.setdefault(reading.symbol, {})
        live: set[Mark] = set()
        for rule, meaning in self._rules:
            if rule.watches(reading.symbol):
                live |= self._judge(rule, meaning, reading, states)
        self.close(reading, [state for mark, state in states.items() if mark not in live])

    def close(self, reading: Reading, gone: Iterable[State]) -> None:
        """Close alerts that no rule stands behind any more."""
        ids = {rule.id for rule, _ in self._rules if rule.watches(reading.symbol)}
        for state in gone:
            cause = Cause.CHANGED if state.rule in ids else Cause.REMOVED
            closed, told = retire(state, cause, reading, self._now)
            self._states[reading.symbol][_mark(state)] = closed
            self.notices += [Notice(event, state.channels) for event in told]

    def _judge(self, rule: Rule, meaning: str, reading: Reading, states: dict[Mark, State]) -> set[Mark]:
        """Judge the measure and its companions: of them one fires at a time, the first that can be read."""
        marks = [(rule.id, meaning, measure, rule.side) for measure in rule.measures]
        readable = False
        for mark in marks:
            before = states.get(mark) or fresh(rule, meaning, reading.symbol, mark[2])
            others = (other in states and states[other].phase.active for other in marks if other != mark)
            armed = not readable and not any(others)
            states[mark], told = step(before, reading, rule, self._now, armed=armed)
            if told:
                until = None if rule.quiet is None else rule.quiet.until(self._now)
                self.notices += [Notice(event, rule.channels, until) for event in told]
            if not readable and mark != marks[-1]:
                readable = judge(rule, mark[2], reading).enters is not None
        return set(marks)


def _mark(state: State) -> Mark:
    return state.rule, state.meaning, state.measure, state.side
