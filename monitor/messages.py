"""What an alert says: an event and everything known around it, put into the words of the page and the terminal.

Pure: the same event with the same surroundings gives the same message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from alerts.events import Cause, Event, Measured
from alerts.message import Kind, Message
from alerts.rules import Side
from monitor.history import extremes
from monitor.history.sessions import day
from monitor.history.settings import Settings
from monitor.history.words import attributed, base_rate, ranked, recorded, situated
from monitor.view.measures import ACTIVITY, DEMAND, described
from monitor.view.sentence import DIGITS
from monitor.view.words import DOUBTS, FLAGS, amount, between, instant
from pricing.snapshot import Quality, Snapshot
from pricing.time import NEW_YORK

if TYPE_CHECKING:  # what it is made with, a store, is not needed to read it
    from monitor.past.recollection import Recollection

__all__ = ["Around", "compose"]

Lines: TypeAlias = list[tuple[str, str]]

EXTREME = 90.0  # percentile from which a value is called extreme; a rule that asks for less calls it high
AGREES = 80.0  # percentile from which another measure agrees, and its mirror: where the shipped rules let go
LONG = 60  # sessions of a record that is extreme whatever the percentile
HALF = 50.0
WINGS = ("put_vol_", "call_vol_", "atm_vol_")
LOOKS = 3  # next looks that are told
OPEN = frozenset({Kind.FIRED, Kind.ESCALATED, Kind.REMINDER})
"""Kinds that tell of an extreme that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known around an event; whatever is missing is not spoken of.

    Attributes
    ----------
    snapshot : Snapshot or None
        The one that made the event.
    past : Recollection or None
        What the store knows that bears on it.
    looks : sequence of datetime
        When is looked next.
    charts : sequence of (str, str)
        See `alerts.message.Message`.
    settings : Settings
        That standings are taken with.
    """

    snapshot: Snapshot | None = None
    past: Recollection | None = None
    looks: Sequence[datetime] = ()
    charts: Sequence[tuple[str, str]] = ()
    settings: Settings = field(default_factory=Settings)


def compose(event: Event, around: Around = Around()) -> Message:
    """Put an event into words.

    Parameters
    ----------
    event : Event
    around : Around

    Returns
    -------
    Message
        Whose `dedup` is empty: it belongs to a delivery.
    """
    health = event.kind in {Kind.DATA_HEALTH, Kind.RECOVERED}
    return Message(
        id=event.id,
        kind=event.kind,
        symbol=event.symbol,
        severity=event.severity,
        subject=_unseen(event) if health else f"{event.symbol}: {_claim(event)}. {_numbers(event, around.settings)}.",
        observed_at=event.observed_at,
        created_at=event.created_at,
        sections=tuple((heading, _sentence(text)) for heading, text in _sections(event, around) if text),
        facts=tuple(_facts(event, around)),
        charts=tuple(around.charts),
        thread=event.episode,
    )


# the first line


def _claim(event: Event) -> str:
    """Say in a few words what has happened."""
    subject = described(event.measure).subject
    word = _word(event)
    if event.kind is Kind.EXPIRED:
        return "alert closed, unknown"
    if event.kind is Kind.RULE_CHANGED:
        return f"alert closed, its rule {'is gone' if event.cause is Cause.REMOVED else 'has changed'}"
    if event.kind is Kind.RESOLVED:
        level = event.cause is Cause.NEW_LEVEL
        return f"{subject} has a new level" if level else f"{subject} is {word} no longer"
    still = {Cause.REPEAT: "still ", Cause.UNSILENCED: "still "}.get(event.cause, "") if event.cause else ""
    again = " again" if event.cause is Cause.REOPENED else ""
    more = " and rising" if event.side is Side.HIGH else " and falling"
    said = f"{still}{word}{again}{more if event.kind is Kind.ESCALATED else ''}"
    return f"{subject} is {said}" if event.confirmed else f"{subject} may be {said} (indicative)"


def _word(event: Event) -> str:
    """Call it extreme where it is; a rule with a lower threshold of its own calls it high or low."""
    found = event.measured
    ranks = [rank for rank in (found.percentile, found.regime_percentile) if rank is not None]
    far = max((rank if event.side is Side.HIGH else 100 - rank for rank in ranks), default=0.0)
    closing = event.kind in {Kind.RESOLVED, Kind.EXPIRED, Kind.RULE_CHANGED}
    extreme = closing or far >= EXTREME or found.record >= LONG or found.on_record
    if not extreme:
        return "high" if event.side is Side.HIGH else "low"
    return "extreme" if event.side is Side.HIGH else "extremely low"


def _numbers(event: Event, settings: Settings) -> str:
    """Give the value with its envelope, and where it stands; of what has ended, how long it was."""
    value = _value(event)
    if event.kind in OPEN:
        return ", ".join(filter(None, (value, _placed(event.measured, event.side, settings))))
    lasted = _lasted(event)
    if event.kind is Kind.RESOLVED:
        rank = _ranked(event.measured)
        return f"{', '.join(filter(None, (value, rank)))}; {lasted}"
    why = "There were no usable data for too long"
    if event.kind is Kind.RULE_CHANGED:
        why = "It is watched no longer" if event.cause is Cause.REMOVED else "What it watched is judged anew"
    return f"{why}; {lasted}"


def _value(event: Event) -> str:
    """Write the measure with its value and envelope, e.g. ``30-day 90/110 skew ratio 1.79 (1.76 to 1.82)``."""
    words, found = described(event.measure), event.measured
    if found.value is None:
        return f"{words.name}: no value"
    envelope = between(found.low, found.high, words.unit, DIGITS)
    return f"{words.name} {amount(found.value, words.unit, DIGITS)}" + (f" ({envelope})" if envelope else "")


def _placed(found: Measured, side: Side | None, settings: Settings) -> str:
    """Say where the value stands against the reference of the episode, and how long it is the most extreme."""
    said = [_ranked(found)]
    plain = HALF if found.percentile is None else found.percentile
    regime = found.regime_percentile
    if regime is not None and abs(regime - HALF) >= EXTREME - HALF > abs(plain - HALF):
        said.append(f"{ranked(regime)} at like volatility")
    record = _record(found, side, settings)
    if record is not None:
        said.append(recorded(record, settings))
    return ", ".join(filter(None, said))


def _ranked(found: Measured) -> str:
    return "" if found.percentile is None else f"{ranked(found.percentile)} of {found.n:,} closes"


def _record(found: Measured, side: Side | None, settings: Settings) -> extremes.Record | None:
    """Return how long a value is the most extreme, where that is worth a word."""
    if found.since is None or side is None or found.record < settings.brief:
        return None
    coverage = 1.0 if found.coverage is None else found.coverage
    return extremes.Record(
        extremes.Side(side), day(found.since), found.record, coverage, on_record=found.on_record, bounded=False
    )


def _lasted(event: Event) -> str:
    """Say how long an episode was, and how far it went."""
    unit = described(event.measure).unit
    span = "within a session" if not event.sessions else f"{event.sessions} session{'s' * (event.sessions > 1)}"
    peak = ""
    if event.peak is not None and event.peak_at is not None:
        peak = f", peak {amount(event.peak, unit, DIGITS)} on {event.peak_at.astimezone(NEW_YORK):%Y-%m-%d}"
    return f"it lasted {span}{peak}"


def _unseen(event: Event) -> str:
    """Say that a symbol or a vendor cannot be seen, or can be again."""
    who = event.symbol or event.source
    looks = f"{event.slots} look{'s' * (event.slots != 1)}"
    reason = event.reason or "no reason is known"
    if event.kind is Kind.RECOVERED:
        since = f" since {_time(event.began_at)}" if event.began_at else ""
        return f"{who}: usable data again. They were missing{since}, {looks}: {reason}."
    return f"{who}: no usable data. {looks[0].upper()}{looks[1:]} in a row: {reason}. Its alerts hold their state."


# numbers in two columns


def _facts(event: Event, around: Around) -> Lines:
    """Give what the first line does not: the wings, the spot, when it was seen, which rule saw it."""
    facts: Lines = []
    snapshot = around.snapshot
    if snapshot is not None and event.measure:
        for name, measure in snapshot.measures.items():
            if name.startswith(WINGS) and measure.value is not None and name != event.measure:
                facts.append((described(name).name, amount(measure.value, measure.unit, DIGITS)))
        if snapshot.spot_sync is not None:
            facts.append(("Spot", f"{snapshot.spot_sync:,.2f} $"))
    facts.append(("Observed", instant(event.observed_at)))
    return [*facts, ("Rule", event.title or event.rule)] if event.measure else facts


# what is behind it


def _sections(event: Event, around: Around) -> Lines:
    if not event.measure:
        return [("What this means", "Missing or bad data never fire an alert and never resolve one.")]
    opening, past = _because(event), around.past
    if event.kind in {Kind.EXPIRED, Kind.RULE_CHANGED}:
        return [("Why", opening), ("This episode", _episode(event))]
    return [
        ("Why now", opening),
        ("Why it moved", "" if past is None else _moved(past)),
        ("Other measures", _agreement(event, around) if event.kind in OPEN else ""),
        ("Where the price stands", "" if past is None or past.context is None else _situated(past)),
        ("What followed before", "" if past is None or past.base_rate is None else base_rate(past.base_rate)),
        ("How sure", _sure(event, around)),
        ("This episode", _episode(event)),
        ("Next looks", _next(around.looks, event.created_at)),
    ]


def _because(event: Event) -> str:
    """Explain what the kind alone does not."""
    if event.kind is Kind.EXPIRED:
        return "Whether it is still there is not known, so the alert is closed and not called resolved"
    return {
        Cause.REOPENED: "It had ended and came back within days: the same episode goes on",
        Cause.UNSILENCED: "What had kept this alert silent has ended, and it still fires",
        Cause.NEW_LEVEL: "It has been extreme for so long that the past it is compared with moves on: from now on this "
        "level is part of it",
        Cause.CHANGED: "The rule means something else now; where that is passed, a new alert begins",
        Cause.REMOVED: "The rule is gone, or does not watch this symbol any more",
    }.get(event.cause or Cause.LEFT, "")


def _moved(past: Recollection) -> str:
    """Say why the skew changed, since the previous close and since the last extreme."""
    said = []
    if past.previous is not None:
        since = "the previous close" if past.previous.adjacent else f"the close of {past.previous.since}"
        said.append(_capital(attributed(past.previous.attribution, since)))
    if past.extreme is not None:
        said.append(_capital(attributed(past.extreme.attribution, f"the last extreme of {past.extreme.since}")))
    return ". ".join(said)


def _situated(past: Recollection) -> str:
    """Say where the price stands, and which planned days lie ahead."""
    said = [] if past.context is None else [situated(past.context, past.against)]
    ahead = [each for each in past.events if each.days >= 0]
    for each in ahead:
        away = f"in {each.days} day{'s' * (each.days > 1)}" if each.days else "today"
        said.append(f"{each.event.name} {away} ({each.event.on})")
    return "; ".join(said)


def _agreement(event: Event, around: Around) -> str:
    """Say which measures of the same thing agree, which do not, and what activity says."""
    high = event.side is Side.HIGH
    sides: dict[str, list[str]] = {"agree": [], "in between": [], "against it": []}
    beside = []
    for name, standing in ({} if around.past is None else around.past.standings).items():
        words = described(name)
        if name == event.measure or standing.percentile is None:
            continue
        said = f"{words.name} {_value_of(name, around)}({ranked(standing.percentile)})"
        rank = standing.percentile if high else 100 - standing.percentile
        if words.subject == ACTIVITY:
            beside.append(said)
        elif words.subject == DEMAND == described(event.measure).subject:
            side = "agree" if rank >= AGREES else "against it" if rank <= 100 - AGREES else "in between"
            sides[side].append(said)
    number = sum(map(len, sides.values()))
    parts = []
    if number:
        agree = sides.pop("agree")
        parts.append(f"{len(agree)} of {number} agree" + (f": {', '.join(agree)}" if agree else ""))
        parts += [f"{side}: {', '.join(each)}" for side, each in sides.items() if each]
    regime = event.measured.regime_percentile
    if regime is not None:
        parts.append(f"at like volatility: {ranked(regime)}")
    if beside:
        parts.append(f"activity, which does not say who bought: {', '.join(beside)}")
    return "; ".join(parts)


def _value_of(name: str, around: Around) -> str:
    measure = None if around.snapshot is None else around.snapshot.measures.get(name)
    return "" if measure is None or measure.value is None else f"{amount(measure.value, measure.unit, DIGITS)} "


def _sure(event: Event, around: Around) -> str:
    """Say what the number rests on and what to doubt."""
    found, snapshot = event.measured, around.snapshot
    parts = []
    if found.value and found.low is not None and found.high is not None:
        parts.append(
            f"the quotes leave {50 * (found.high - found.low) / abs(found.value):.1f} % of the value either way"
        )
    if event.kind in OPEN and not event.confirmed:
        parts.append("indicative: with every quote at its other side the threshold is not passed")
    if snapshot is not None:
        parts.append(f"{snapshot.quotes.kept:,} quotes kept of {snapshot.quotes.total:,} rows")
        if snapshot.spot_gap is not None:
            parts.append(f"the feed's spot is {snapshot.spot_gap:+.2f} off that of the quotes")
        doubts = DOUBTS if snapshot.status is Quality.DEGRADED else ()
        parts += [FLAGS[flag] for flag in snapshot.flags if flag in doubts or flag.value in {"noisy", "edge"}]
    now = found.percentile_now
    if found.percentile is not None and now is not None and ranked(now) != ranked(found.percentile):
        since = "" if found.reference_session is None else f" up to {found.reference_session}"
        parts.append(
            f"the percentile is against the closes{since}, as they were known when this began; against those of today, "
            f"as on the page, it is the {ranked(now)}"
        )
    return "; ".join(parts)


def _episode(event: Event) -> str:
    if event.began_at is None or event.kind is Kind.FIRED:
        return ""
    unit = described(event.measure).unit
    looks = f"{event.slots} look{'s' * (event.slots != 1)}"
    parts = [
        f"began {_time(event.began_at)}",
        f"{event.sessions} session{'s' * (event.sessions != 1)} and {looks} since",
    ]
    if event.peak is not None and event.peak_at is not None:
        parts.append(f"peak {amount(event.peak, unit, DIGITS)} at {_time(event.peak_at)}")
    return ", ".join(parts)


def _next(looks: Sequence[datetime], now: datetime) -> str:
    """Name the next looks in New York's time, the day where it is another."""
    said = []
    last = now.astimezone(NEW_YORK).date()
    for each in looks[:LOOKS]:
        local = each.astimezone(NEW_YORK)
        said.append(f"{local:%H:%M}" if local.date() == last else f"{local:%Y-%m-%d %H:%M}")
        last = local.date()
    return f"{', '.join(said)} New York" if said else ""


def _time(when: datetime) -> str:
    return f"{when.astimezone(NEW_YORK):%Y-%m-%d %H:%M} New York"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop."""
    return text and f"{_capital(text)}{'' if text.endswith('.') else '.'}"
