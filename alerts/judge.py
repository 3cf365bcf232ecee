"""What a reading says about a rule: does it enter, does it stay, or can it not be told?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from alerts.reading import Reading, Value
from alerts.reference import Reference, known
from alerts.rules import Condition, Join, Quantity, Rule, Side, Test, conditions

__all__ = ["End", "Frozen", "Judgement", "judge", "near", "references", "refresh"]

Frozen = Mapping[str, Reference]
"""References by name: a measure, or a measure and `REGIME`."""

REGIME = "|regime"


class End(Enum):
    """Which number of an envelope is asked."""

    VALUE = auto()
    NEAR = auto()  # the end that is less extreme: what is known to be passed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reading says about one alert. None where it cannot be told.

    Attributes
    ----------
    enters, stays : bool or None
        `stays` holds wherever `enters` does.
    confirmed : bool
        The near end of the envelope enters too.
    frozen : Frozen
        The references that were asked.
    """

    enters: bool | None
    stays: bool | None
    confirmed: bool
    frozen: Frozen = field(default_factory=dict)


def judge(rule: Rule, measure: str, reading: Reading, frozen: Frozen | None = None) -> Judgement:
    """Judge one measure by a rule.

    Parameters
    ----------
    rule : Rule
    measure : str
        The alert's own: one of `rule.measures`.
    reading : Reading
    frozen : Frozen, optional
        The references of an episode; without them those of the reading.

    Returns
    -------
    Judgement
        Nothing can be told where the measure, another one that decides, or a long enough reference is missing.
    """
    asked = references(rule, measure, reading) if frozen is None else frozen
    if reading.value(measure) is None:
        return Judgement(None, None, confirmed=False, frozen=asked)
    look = _Look(measure, reading, asked, rule.minimum)
    value, sure = look.holds(rule.when, End.VALUE), look.holds(rule.when, End.NEAR)
    enters = sure if rule.confirmed else value
    stays = look.holds(rule.exit, End.VALUE)
    return Judgement(enters, True if enters else stays, confirmed=sure is True, frozen=asked)


def references(rule: Rule, measure: str, reading: Reading) -> Frozen:
    """Return the references that a rule asks, as the reading has them."""
    found: dict[str, Reference] = {}
    for name in sorted({_name(each, measure) for test in (rule.when, rule.exit) for each in conditions(test)} - {""}):
        held = reading.measures.get(name.removesuffix(REGIME))
        reference = None if held is None else held.regime if name.endswith(REGIME) else held.reference
        if reference is not None:
            found[name] = reference
    return found


def refresh(rule: Rule, measure: str, reading: Reading, frozen: Frozen) -> Frozen:
    """Complete frozen references by the reading's own where one is missing or of another method.

    Only like can be compared with like: after a change of method the past has been computed again.
    """
    now = references(rule, measure, reading)
    stale = {name for name, held in frozen.items() if name in now and held.method != now[name].method}
    return {**now, **{name: held for name, held in frozen.items() if name not in stale}}


def near(value: Value, side: Side) -> float | None:
    """Return the end of the envelope that is less extreme; the value where it has none."""
    end = value.low if side is Side.HIGH else value.high
    return end if known(end) else value.value


@dataclass(frozen=True, slots=True)
class _Look:
    measure: str
    reading: Reading
    frozen: Frozen
    minimum: int

    def holds(self, test: Test, end: End) -> bool | None:
        """Ask a test; of several, what is known decides where the rest cannot change it."""
        if isinstance(test, Condition):
            return self._passes(test, end)
        answers = [self.holds(inner, end) for inner in test.tests]
        decisive = test.join is Join.ANY
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive

    def _passes(self, condition: Condition, end: End) -> bool | None:
        name = condition.measure or self.measure
        value = self.reading.value(name)
        if value is None:
            return None
        if condition.quantity is Quantity.RECORD:
            span = value.highest if condition.side is Side.HIGH else value.lowest
            if span is None:
                return None
            return (span.near if end is End.NEAR else span.sessions) >= condition.at
        x = near(value, condition.side) if end is End.NEAR else value.value
        score = self._score(condition, name, value, x)
        if not known(score):
            return None
        return score >= condition.at if condition.side is Side.HIGH else score <= condition.at

    def _score(self, condition: Condition, name: str, value: Value, x: float | None) -> float | None:
        if condition.quantity is Quantity.VALUE or not known(x):
            return x
        if condition.quantity is Quantity.CHANGE:
            before = value.earlier.get(condition.sessions)
            return x - before if known(before) else None
        reference = self.frozen.get(_name(condition, name))
        if reference is None or reference.n < self.minimum:
            return None
        if condition.quantity is Quantity.Z:
            return reference.z(x)
        return reference.percentile(x, value.level)


def _name(condition: Condition, measure: str) -> str:
    """Name the reference that a condition asks; "" where it asks none."""
    own = condition.measure or measure
    if condition.quantity is Quantity.REGIME_PERCENTILE:
        return own + REGIME
    return own if condition.quantity in {Quantity.PERCENTILE, Quantity.Z} else ""
