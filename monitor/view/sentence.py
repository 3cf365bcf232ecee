"""One sentence that says what a snapshot says, and no more: the same words on the terminal and in an alert."""

from __future__ import annotations

from enum import Enum, auto

from monitor.view.names import read_ratio
from monitor.view.words import CAUSES, DOUBTS, FLAGS, amount, between
from pricing.reasons import Cause, Level
from pricing.settings import Settings
from pricing.snapshot import Measure, Quality, Snapshot

__all__ = ["Voice", "sentence", "title", "voice"]

DIGITS = 2  # of a ratio in a sentence: its quote envelope is seldom narrower than 0.01


class Voice(Enum):
    """How firmly a measure can be spoken of."""

    CLEAR = auto()
    NOISY = auto()  # a value with wide quotes
    USELESS = auto()  # quotes so wide that rules take it for no data
    BOUNDED = auto()  # only a lower bound
    MISSING = auto()


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


def sentence(snapshot: Snapshot, *, useless: float = Settings().useless) -> str:
    """Say in one sentence what downside protection costs against an upside bet.

    Where the headline has no value that can be used, its companion speaks, named as what it is, and the headline
    says why it does not. Every number stands with its quote envelope.
    """
    headline = snapshot.measures.get(snapshot.headline)
    companion = snapshot.measures.get(snapshot.companion) if snapshot.companion else None
    said = voice(headline, useless)
    name = snapshot.headline
    text = _spoken(name, headline, said)
    if said in {Voice.USELESS, Voice.BOUNDED, Voice.MISSING} and snapshot.companion and companion is not None:
        instead = voice(companion, useless)
        if instead in {Voice.CLEAR, Voice.NOISY}:
            text = f"{_spoken(snapshot.companion, companion, instead)}; {_aside(name, headline, said)}"
    if snapshot.status is Quality.DEGRADED:
        text += "".join(f"; doubtful, {FLAGS[flag]}" for flag in DOUBTS if flag in snapshot.flags)
    return f"{snapshot.symbol}: {text}."


def title(snapshot: Snapshot, *, useless: float = Settings().useless) -> str:
    """Name the snapshot's number in a few words, for the head of a chart or the subject of a message."""
    candidates = [name for name in (snapshot.headline, snapshot.companion) if name]
    voices = {name: voice(snapshot.measures.get(name), useless) for name in candidates}
    name = next((name for name in candidates if voices[name] in {Voice.CLEAR, Voice.NOISY}), snapshot.headline)
    measure = snapshot.measures.get(name)
    ratio = read_ratio(name)
    what = f"{snapshot.symbol} {ratio.tenor} {ratio.pair} skew ratio"
    if measure is None or voices[name] is Voice.MISSING:
        return f"{what}: none"
    envelope = between(measure.low, measure.high, "ratio", DIGITS)
    if voices[name] in {Voice.BOUNDED, Voice.USELESS}:
        return f"{what} {envelope}"
    return f"{what} {amount(measure.value, 'ratio', DIGITS)} ({envelope})"


def _spoken(name: str, measure: Measure | None, said: Voice) -> str:
    """Speak of a ratio as the subject of the sentence."""
    ratio = read_ratio(name)
    protection = f"{ratio.tenor} {ratio.fall} downside protection"
    bet = f"the implied volatility of {ratio.rise} upside bet"
    if measure is None or said is Voice.MISSING:
        return f"no price of {protection} against {ratio.rise} upside bet: {_why(measure)}"
    envelope = between(measure.low, measure.high, "ratio", DIGITS)
    if said is Voice.BOUNDED:
        return f"{protection} costs {envelope} times {bet}: {_why(measure)}"
    if said is Voice.USELESS:
        return f"{protection} costs {envelope} times {bet}: the quotes are too wide to say more"
    value = amount(measure.value, "ratio", DIGITS)
    if said is Voice.NOISY:
        return f"{protection} costs about {value} times {bet} ({envelope}, wide quotes)"
    edge = "; a target lies a hair beyond the last quoted strike" if measure.status is Level.EDGE else ""
    return f"{protection} costs {value} times {bet} ({envelope}){edge}"


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
