"""One sentence that says what a snapshot says, and no more: the same words on the terminal and in an alert."""

from __future__ import annotations

from enum import Enum, auto

from monitor.view.names import read_ratio
from monitor.view.words import CAUSES, DOUBTS, FLAGS, amount, between
from pricing.reasons import Cause, Level
from pricing.settings import Settings
from pricing.snapshot import Measure, Quality, Snapshot

__all__ = ["Voice", "sentence", "speaker", "title", "voice"]

REFUSED = "no percentile"  # how a refusal of `monitor.history.words.placed` begins: a clause of its own
DIGITS = 2  # of a ratio in a sentence: its quote envelope is seldom narrower than 0.01


class Voice(Enum):
    """How firmly a measure can be spoken of."""

    CLEAR = auto()
    NOISY = auto()  # a value with wide quotes
    USELESS = auto()  # quotes so wide that rules take it for no data
    BOUNDED = auto()  # only a lower bound
    MISSING = auto()


SURE = frozenset({Voice.CLEAR, Voice.NOISY})  # a value that can be used


def voice(measure: Measure | None, useless: float) -> Voice:
    """Decide how firmly to speak of a measure.

    Parameters
    ----------
    measure : Measure or None
    useless : float
        Half-width of the envelope, as a share of the value, from which a value is no data. [1]
    """
    if measure is None or measure.value is None:
        bounded = measure is not None and measure.status is Level.BOUNDED and measure.low is not None
        return Voice.BOUNDED if bounded else Voice.MISSING
    if measure.low is not None and measure.high is not None:
        half_width = (measure.high - measure.low) / 2
        if half_width > useless * abs(measure.value):
            return Voice.USELESS
    return Voice.NOISY if measure.status is Level.NOISY else Voice.CLEAR


def speaker(snapshot: Snapshot, *, useless: float = Settings().useless) -> str:
    """Name the ratio that speaks for a snapshot: the headline, or its companion where only that has a usable value."""
    if snapshot.companion and voice(snapshot.measures.get(snapshot.headline), useless) not in SURE:
        companion = snapshot.measures.get(snapshot.companion)
        if voice(companion, useless) in SURE:
            return snapshot.companion
    return snapshot.headline


def sentence(snapshot: Snapshot, *, useless: float = Settings().useless, standing: str = "") -> str:
    """Say in one sentence what downside protection costs against an upside bet.

    Where the headline has no value that can be used, its companion speaks, named as what it is, and the headline
    says why it does not. Every number stands with its quote envelope.

    Parameters
    ----------
    snapshot : Snapshot
    useless : float
        See `voice`.
    standing : str
        Where the one that speaks is in its own past, in words (`monitor.history.words.placed`).
    """
    name = speaker(snapshot, useless=useless)
    measure = snapshot.measures.get(name)
    text = _spoken(name, measure, voice(measure, useless), standing)
    if name != snapshot.headline:
        headline = snapshot.measures.get(snapshot.headline)
        text += f"; {_aside(snapshot.headline, headline, voice(headline, useless))}"
    if snapshot.status is Quality.DEGRADED:
        text += "".join(f"; doubtful, {FLAGS[flag]}" for flag in DOUBTS if flag in snapshot.flags)
    return f"{snapshot.symbol}: {text}."


def title(snapshot: Snapshot, *, useless: float = Settings().useless) -> str:
    """Name the snapshot's number in a few words, for the head of a chart or the subject of a message."""
    name = speaker(snapshot, useless=useless)
    measure = snapshot.measures.get(name)
    ratio = read_ratio(name)
    what = f"{snapshot.symbol} {ratio.tenor} {ratio.pair} skew ratio"
    said = voice(measure, useless)
    if measure is None or said is Voice.MISSING:
        return f"{what}: none"
    envelope = between(measure.low, measure.high, "ratio", DIGITS)
    if said in {Voice.BOUNDED, Voice.USELESS}:
        return f"{what} {envelope}"
    return f"{what} {amount(measure.value, 'ratio', DIGITS)} ({envelope})"


def _spoken(name: str, measure: Measure | None, said: Voice, standing: str) -> str:
    """Speak of a ratio as the subject of the sentence."""
    ratio = read_ratio(name)
    protection = f"{ratio.tenor} {ratio.fall} downside protection"
    bet = f"the implied volatility of {ratio.rise} upside bet"
    apart = f"; {standing}" if standing else ""
    if measure is None or said is Voice.MISSING:
        return f"no price of {protection} against {ratio.rise} upside bet: {_why(measure)}{apart}"
    envelope = between(measure.low, measure.high, "ratio", DIGITS)
    if said is Voice.BOUNDED:
        return f"{protection} costs {envelope} times {bet}: {_why(measure)}{apart}"
    if said is Voice.USELESS:
        return f"{protection} costs {envelope} times {bet}: the quotes are too wide to say more{apart}"
    value = amount(measure.value, "ratio", DIGITS)
    place = apart if standing.startswith(REFUSED) else f", {standing}" if standing else ""
    if said is Voice.NOISY:
        return f"{protection} costs about {value} times {bet} ({envelope}, wide quotes){place}"
    edge = "; a target lies a hair beyond the last quoted strike" if measure.status is Level.EDGE else ""
    return f"{protection} costs {value} times {bet} ({envelope}){place}{edge}"


def _aside(name: str, measure: Measure | None, said: Voice) -> str:
    """Say why a ratio does not speak itself."""
    down = read_ratio(name).fall
    if measure is None or said is Voice.MISSING:
        return f"at {down} there is no number, {_why(measure)}"
    envelope = between(measure.low, measure.high, "ratio", DIGITS)
    if said is Voice.BOUNDED:
        return f"at {down} it is {envelope} times, {_why(measure)}"
    return f"at {down} it is {envelope} times, the quotes are too wide to say more"


def _why(measure: Measure | None) -> str:
    return CAUSES[Cause.NO_QUOTES if measure is None or measure.reason is None else measure.reason]
