"""Rules as data: what is extreme, for how long it must be so, and who hears of it. Nothing here acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from alerts.message import Severity
from alerts.values import digest

__all__ = ["Condition", "Group", "Hold", "Join", "Quantity", "Quiet", "Rule", "Side", "Test", "conditions", "lookbacks"]

FULL = 100.0  # [%]


class Side(StrEnum):
    """Which end is extreme."""

    HIGH = "high"
    LOW = "low"

    @property
    def other(self) -> Side:
        """The opposite end."""
        return Side.LOW if self is Side.HIGH else Side.HIGH

    @property
    def sign(self) -> int:
        """1 upwards, -1 downwards."""
        return 1 if self is Side.HIGH else -1


class Quantity(StrEnum):
    """What of a measure a threshold is on."""

    VALUE = "value"  # in the measure's unit
    PERCENTILE = "percentile"  # of the reference [%]
    REGIME_PERCENTILE = "regime_percentile"  # with the level of volatility taken out [%]
    Z = "z"  # robust: from the median in 1.4826 MAD
    RECORD = "record"  # the most extreme in so many sessions or more
    CHANGE = "change"  # from the close so many `sessions` ago, in the measure's unit


REFERRING = frozenset({Quantity.PERCENTILE, Quantity.REGIME_PERCENTILE, Quantity.Z})
"""Quantities that are taken against a reference, which an episode freezes."""


class Join(StrEnum):
    """How several tests are one."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One threshold: at or over it on the high side, at or under it on the low side.

    Attributes
    ----------
    quantity : Quantity
    at : float
    side : Side
    measure : str
        "" is the alert's own.
    sessions : int
        Of a change: how far back. 0 for the others.
    """

    quantity: Quantity
    at: float
    side: Side
    measure: str = ""
    sessions: int = 0

    def mirrored(self) -> Condition:
        """Return the same at the other end."""
        at = self.at
        if self.quantity in {Quantity.PERCENTILE, Quantity.REGIME_PERCENTILE}:
            at = FULL - at
        elif self.quantity is not Quantity.RECORD:
            at = -at
        return replace(self, at=at, side=self.side.other)


@dataclass(frozen=True, slots=True)
class Group:
    """Several tests that must all hold, or one of them."""

    join: Join
    tests: tuple[Test, ...]

    def mirrored(self) -> Group:
        """Return the same at the other end."""
        return Group(self.join, tuple(test.mirrored() for test in self.tests))


Test: TypeAlias = Condition | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long a test must hold before an alert fires: either count suffices.

    Attributes
    ----------
    slots : int or None
        Valid looks in a row: slots of a live day, days of a daily replay. None: only official closes are looked at.
    closes : int or None
        Official closes among them.
    """

    slots: int | None = 2
    closes: int | None = None

    def met(self, slots: int, closes: int) -> bool:
        """Whether so many looks, and closes among them, are enough."""
        enough = self.slots is not None and slots >= self.slots
        return enough or (self.closes is not None and closes >= self.closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the day in which nothing is sent; what falls into them waits for their end.

    Attributes
    ----------
    begin, end : time
        Of every day in `zone`; an end before the beginning is the next day's.
    zone : str
        IANA name.
    """

    begin: time
    end: time
    zone: str = "America/New_York"

    def until(self, now: datetime) -> datetime | None:
        """Return when sending is allowed again; None where it is allowed now."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock = local.time().replace(tzinfo=None)
        over_night = self.end <= self.begin
        inside = clock >= self.begin or clock < self.end if over_night else self.begin <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=over_night and clock >= self.begin)
        return datetime.combine(day, self.end, ZoneInfo(self.zone)).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When one measure, on one side, is worth a person's attention.

    Attributes
    ----------
    id : str
        With the side it is unique.
    side : Side
    measures : tuple of str
        The measure, then the companions that speak where it cannot be read, each named as what it is.
    when, exit : Test
        What begins an episode; what keeps it going. Where neither holds any more it ends.
    hold : Hold
    keep_firing : int
        Valid looks in a row without `exit` that end an episode.
    reopen : int
        Sessions within which a re-entry continues the episode that had closed; a continued one closes only after so
        many sessions without `exit`, so that a value that swings over the whole band makes no storm.
    release : int or None
        Sessions after which an episode is closed as a new level. It is the end of its frozen reference: a rule
        without one is not released.
    max_age : int
        Sessions without a valid look after which an episode is closed without knowing.
    minimum : int
        Closes that a reference needs.
    confirmed : bool
        The near end of the quote envelope must pass too. Otherwise an alert whose near end does not is worded
        "indicative".
    title : str
        What is extreme, in words: "downside demand is extreme".
    severity : Severity
    symbols, channels : tuple of str
        Empty: all.
    repeat : int or None
        Sessions after which a firing alert is told again.
    escalate : float or None
        How far beyond the last value told a new peak is told too. [the measure's unit]
    cooldown : int
        Valid looks between an escalation and whatever was told before it.
    quiet : Quiet or None
    """

    id: str
    side: Side
    measures: tuple[str, ...]
    when: Test
    exit: Test
    hold: Hold = Hold()
    keep_firing: int = 1
    reopen: int = 5
    release: int | None = 63
    max_age: int = 5
    minimum: int = 120
    confirmed: bool = True
    title: str = ""
    severity: Severity = Severity.WARNING
    symbols: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    repeat: int | None = None
    escalate: float | None = None
    cooldown: int = 4
    quiet: Quiet | None = None

    @property
    def meaning(self) -> str:
        """Digest of what the rule means: it stays where only words, cadence or addressees change.

        What has its default is left out, so that a later version's new setting changes no digest.
        """
        means = {field.name: getattr(self, field.name) for field in fields(self) if field.name in MEANING}
        told = {name: _plain(value) for name, value in means.items() if value != DEFAULTS.get(name)}
        return digest(msgspec.json.encode(told, order="sorted").decode(), length=8)

    @property
    def refers(self) -> bool:
        """Whether any of its thresholds is taken against a reference."""
        return any(each.quantity in REFERRING for test in (self.when, self.exit) for each in conditions(test))

    def watches(self, symbol: str) -> bool:
        """Whether it is about a symbol."""
        return not self.symbols or symbol in self.symbols

    def mirrored(self) -> Rule:
        """Return the same rule at the other end."""
        return replace(self, side=self.side.other, when=self.when.mirrored(), exit=self.exit.mirrored())


MEANING = frozenset(
    ("side", "measures", "when", "exit", "hold", "keep_firing", "reopen", "release", "max_age", "minimum", "confirmed")
)
"""The fields of a rule that decide when it fires and when it ends."""

DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Rule)}


def conditions(test: Test) -> Iterator[Condition]:
    """Yield every threshold of a test."""
    if isinstance(test, Condition):
        yield test
        return
    for inner in test.tests:
        yield from conditions(inner)


def lookbacks(rules: Iterable[Rule]) -> frozenset[tuple[str, int]]:
    """Return the measures and numbers of sessions whose earlier closes some rule compares with."""
    return frozenset(
        (measure, each.sessions)
        for rule in rules
        for test in (rule.when, rule.exit)
        for each in conditions(test)
        if each.quantity is Quantity.CHANGE
        for measure in ((each.measure,) if each.measure else rule.measures)
    )


def _plain(value: object) -> object:
    """Write a part of a rule in one way: the tests of a group in an order of their own."""
    if isinstance(value, Group):
        return {str(value.join): sorted((_plain(test) for test in value.tests), key=msgspec.json.encode)}
    if isinstance(value, Condition):
        more = {"of": value.measure, "over": value.sessions}
        return {str(value.quantity): float(value.at), "side": value.side} | {name: x for name, x in more.items() if x}
    return value
