"""Read rules from plain dictionaries, as YAML gives them; every mistake is named with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.fields import Problem, Section
from alerts.message import Severity
from alerts.rules import DEFAULTS, FULL, Condition, Group, Hold, Join, Quantity, Quiet, Rule, Side, Test, conditions

__all__ = ["Known", "RuleError", "parse", "problems"]

KEYS = (
    "id", "title", "measure", "companion", "side", "when", "exit", "for", "keep_firing", "repeat", "escalate",
    "cooldown", "reopen", "release", "max_age", "minimum", "confirmed", "severity", "symbols", "channels", "quiet",
)  # fmt: skip
CONDITION_KEYS = (*Quantity, "measure", "side", "sessions")
RANKS = frozenset((Quantity.PERCENTILE, Quantity.REGIME_PERCENTILE))
MIDDLE = FULL / 2
ENTER, STAY = 95.0, 80.0  # percentiles of a rule that names none; mirrored on the low side (ALERTS, defaults)
THRESHOLD = "needs a threshold such as {percentile: 95}, or all or any of several"


class Sides(StrEnum):
    """What a rule may say of its side."""

    BOTH = "both"
    HIGH = "high"
    LOW = "low"


class RuleError(ValueError):
    """Rules that cannot be used; `problems` names every mistake."""

    def __init__(self, found: Sequence[Problem]) -> None:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(f"{found[0]}{more}")
        self.problems = tuple(found)


@dataclass(frozen=True, slots=True)
class Known:
    """Names that may stand in a rule; None: any.

    Attributes
    ----------
    measures, channels, symbols : collection of str or None
    """

    measures: Collection[str] | None = None
    channels: Collection[str] | None = None
    symbols: Collection[str] | None = None


def parse(documents: Sequence[Mapping[str, Any]], known: Known = Known()) -> tuple[Rule, ...]:
    """Read rules.

    Parameters
    ----------
    documents : sequence of mapping
        As YAML gives them. A rule for both sides becomes two, of which the second is the mirror of the first.
    known : Known

    Raises
    ------
    RuleError
        With every mistake.
    """
    rules, found = _read(documents, known)
    if found:
        raise RuleError(found)
    return rules


def problems(documents: Sequence[Mapping[str, Any]], known: Known = Known()) -> tuple[Problem, ...]:
    """Return everything wrong with rules; nothing where they can be used."""
    return _read(documents, known)[1]


def _read(documents: object, known: Known) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    found: list[Problem] = []
    if not isinstance(documents, Sequence) or isinstance(documents, str):
        return (), (Problem((), "needs a list of rules", "begin each with '- id:'"),)
    rules: list[Rule] = []
    for at, document in enumerate(documents):
        if not isinstance(document, Mapping):
            found.append(Problem((at,), f"needs keys with values below it, got {document!r}"))
            continue
        for rule in _rules(Section(document, (at,), found), known):
            if any((rule.id, rule.side) == (other.id, other.side) for other in rules):
                found.append(
                    Problem((at, "id"), f"'{rule.id}' is there twice on the {rule.side} side", "name each rule")
                )
            rules.append(rule)
    return tuple(rules), tuple(found)


def _rules(section: Section, known: Known) -> list[Rule]:
    before = len(section.problems)
    section.only(KEYS)
    sides = section.word("side", Sides.BOTH)
    side = Side.LOW if sides is Sides.LOW else Side.HIGH
    names = ["measure", *(["companion"] if "companion" in section.content else [])]
    usual = ENTER if side is Side.HIGH else FULL - ENTER
    when = _test(replace(section, content={"when": {"percentile": usual}, **section.content}), "when", side, known)
    leave = _test(section, "exit", side, known) if "exit" in section.content else None
    if when is not None:
        leave = _usual_exit(when) if leave is None else leave
        _compare(section, when, leave)
        if sides is Sides.BOTH and any(
            each.quantity is Quantity.VALUE for test in (when, leave) for each in conditions(test)
        ):
            section.wrong(
                "side", "a value has no mirror image: needs high or low", "both", "write a rule for each side"
            )
    rule = Rule(
        id=section.name("id"),
        side=side,
        measures=tuple(section.name(name, known.measures) for name in names),
        when=when or _NOTHING,
        exit=leave or _NOTHING,
        hold=_hold(section),
        keep_firing=section.count("keep_firing", DEFAULTS["keep_firing"]),
        reopen=section.count("reopen", DEFAULTS["reopen"], least=0),
        release=section.maybe_count("release", DEFAULTS["release"]),
        max_age=section.count("max_age", DEFAULTS["max_age"]),
        minimum=section.count("minimum", DEFAULTS["minimum"]),
        confirmed=section.flag("confirmed", default=DEFAULTS["confirmed"]),
        title=section.text("title"),
        severity=section.word("severity", Severity.WARNING),
        symbols=section.names("symbols", known.symbols),
        channels=section.names("channels", known.channels),
        repeat=section.maybe_count("repeat"),
        escalate=_step(section),
        cooldown=section.count("cooldown", DEFAULTS["cooldown"], least=0),
        quiet=_quiet(section) if section.content.get("quiet") is not None else None,
    )
    if len(section.problems) > before:
        return []
    return [rule, rule.mirrored()] if sides is Sides.BOTH else [rule]


_NOTHING = Group(Join.ANY, ())


def _test(section: Section, key: str | int, side: Side, known: Known) -> Test | None:
    """Read a threshold, or several with all or any; None where something is wrong."""
    inner = section.section(key, THRESHOLD)
    if inner is None:
        return None
    join = next((join for join in Join if join in inner.content), None)
    if join is None:
        return _thresholds(inner, side, known)
    inner.only((join,))
    several = inner.content[join]
    if not isinstance(several, Sequence) or isinstance(several, str) or not several:
        inner.wrong(join, "needs a list of thresholds", several)
        return None
    each = Section(dict(enumerate(several)), (*inner.place, join), section.problems)
    tests = [_test(each, at, side, known) for at in each.content]
    kept = tuple(test for test in tests if test is not None)
    return Group(join, kept) if len(kept) == len(tests) else None


def _thresholds(section: Section, side: Side, known: Known) -> Test | None:
    """Read the thresholds of one mapping, which must all hold."""
    before = len(section.problems)
    section.only((*CONDITION_KEYS, *Join))
    side = section.word("side", side)
    measure = section.name("measure", known.measures) if "measure" in section.content else ""
    asked = [quantity for quantity in Quantity if quantity in section.content]
    if not asked:
        section.wrong("", f"needs one of {', '.join(Quantity)}", dict(section.content))
    if "sessions" in section.content and Quantity.CHANGE not in asked:
        section.wrong("sessions", "belongs to a change", section.content["sessions"], "add change, or leave it out")
    sessions = section.count("sessions") if Quantity.CHANGE in asked else 0
    tests = [
        Condition(
            quantity=quantity,
            at=_threshold(section, quantity, side),
            side=side,
            measure=measure,
            sessions=sessions if quantity is Quantity.CHANGE else 0,
        )
        for quantity in asked
    ]
    if len(section.problems) > before:
        return None
    return tests[0] if len(tests) == 1 else Group(Join.ALL, tuple(tests))


def _threshold(section: Section, quantity: Quantity, side: Side) -> float:
    if quantity is Quantity.RECORD:
        return section.count(quantity)
    at = section.number(quantity)
    if quantity in RANKS and not 0 < at < FULL:
        section.wrong(quantity, "needs a percentile between 0 and 100", section.content[quantity])
    elif quantity in RANKS and side.sign * (at - MIDDLE) <= 0:
        needed = f"needs a percentile {'over' if side is Side.HIGH else 'under'} 50 on the {side} side"
        section.wrong(quantity, needed, section.content[quantity], f"{FULL - at:g}, or side: {side.other}")
    return at


def _compare(section: Section, when: Test, leave: Test) -> None:
    """Refuse an exit that is stricter than the entry: an alert would end where it begins."""
    ends = {(each.quantity, each.measure, each.side, each.sessions): each.at for each in conditions(leave)}
    for each in conditions(when):
        at = ends.get((each.quantity, each.measure, each.side, each.sessions))
        sign = 1 if each.quantity is Quantity.RECORD else each.side.sign
        if at is not None and sign * (at - each.at) > 0:
            section.wrong("exit", f"needs a {each.quantity} no further out than the {each.at:g} that begins it", at)


def _usual_exit(when: Test) -> Test:
    """Return the exit of a rule that names none: percentiles and records stay to the 80th (20th), others as begun."""
    if isinstance(when, Group):
        return Group(when.join, tuple(_usual_exit(test) for test in when.tests))
    usual = STAY if when.side is Side.HIGH else FULL - STAY
    if when.quantity is Quantity.RECORD:
        return replace(when, quantity=Quantity.PERCENTILE, at=usual)
    if when.quantity in RANKS:
        return replace(when, at=min(usual, when.at) if when.side is Side.HIGH else max(usual, when.at))
    return when


def _hold(section: Section) -> Hold:
    """Read "for": a number of looks, or of looks and official closes."""
    if not isinstance(section.content.get("for"), Mapping):
        return Hold(slots=section.count("for", DEFAULTS["hold"].slots))
    inner = section.section("for", "needs a number, or slots, closes or both")
    if inner is None:
        return Hold()
    inner.only(("slots", "closes"))
    hold = Hold(slots=inner.maybe_count("slots"), closes=inner.maybe_count("closes"))
    if hold.slots is None and hold.closes is None:
        section.wrong("for", "needs a number, or slots, closes or both", dict(inner.content))
    return hold


def _step(section: Section) -> float | None:
    if section.content.get("escalate") is None:
        return None
    step = section.number("escalate")
    if not step > 0:
        section.wrong("escalate", "needs a step over 0, in the measure's unit", section.content["escalate"])
    return step


def _quiet(section: Section) -> Quiet | None:
    inner = section.section("quiet", "needs from and to", 'quiet: {from: "22:00", to: "07:00"}')
    if inner is None:
        return None
    inner.only(("from", "to", "zone"))
    begin, end = inner.clock("from"), inner.clock("to")
    if begin == end:
        inner.wrong("to", "needs an end other than its beginning", str(end))
    zone = inner.text("zone") or "America/New_York"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        inner.wrong("zone", "needs a time zone such as America/New_York", zone)
    return Quiet(begin=begin, end=end, zone=zone)
