"""A standing, its base rates and its causes in words: pieces of one sentence, without a full stop."""

from __future__ import annotations

import math
from collections.abc import Iterable

from monitor.history.attribution import Attribution
from monitor.history.context import Against, Context
from monitor.history.extremes import Record, Side
from monitor.history.series import Omission
from monitor.history.settings import MINIMUM, Settings
from monitor.history.standing import Place, Provenance, Refusal, Standing
from monitor.history.study import Aftermath, Study, Verdict

__all__ = ["attributed", "base_rate", "ordinal", "placed", "provenance", "ranked", "recorded", "shares", "situated"]

HUNDRED = 100.0
MONTH = 21  # sessions
LEFT_OUT = {
    Omission.OTHER_METHOD: "of another method",
    Omission.OTHER_SOURCE: "of another source",
    Omission.SUPERSEDED: "of sessions that have a preferred one",
    Omission.NOT_A_SESSION: "of days without a session",
}
SPANS = {5: ("a week", "weeks"), 21: ("a month", "months"), 63: ("three months", "spans of three months")}
TEENS = range(11, 14)


def ordinal(number: int) -> str:
    """Write 1st, 2nd, 3rd, 4th, 11th, 12th, 13th, 21st, 111th."""
    ending = "th" if number % 100 in TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def ranked(percentile: float) -> str:
    """Write a percentile, rounded towards the middle: only what is beyond every close is the 100th or the 0th."""
    rounded = math.floor(percentile + 1e-9) if percentile > HUNDRED / 2 else math.ceil(percentile - 1e-9)
    return f"{ordinal(rounded)} percentile"


def placed(standing: Standing, settings: Settings = Settings()) -> str:  # noqa: B008 - frozen
    """Say where a value is: ``97th percentile of 252 closes, highest since 2026-07-29 (57 sessions, 98 % observed)``.

    Percentiles are rounded towards the middle, shares observed downwards: the words never claim more than the
    numbers. A minimum that was lowered is said.
    """
    place = standing.place
    if standing.reason is Refusal.NO_HISTORY:
        return f"no percentile: no earlier close is recorded, {standing.minimum} are needed"
    if standing.reason is Refusal.TOO_SHORT:
        said = f"no percentile: {_closes(place, settings)} recorded, {standing.missing} more needed"
    elif standing.reason is Refusal.NO_VALUE:
        return "no percentile: there is no value"
    else:
        said = f"{_share(standing)} of {_closes(place, settings)}"
    if standing.minimum < MINIMUM:
        said += f" (minimum lowered from {MINIMUM} to {standing.minimum})"
    if standing.provisional:
        said += ", provisional"
    own = standing.record
    if own is not None and (own.sessions >= settings.brief or standing.reason is Refusal.TOO_SHORT):
        said += f", {recorded(own, settings)}"
        if standing.reason in {Refusal.BOUNDED, Refusal.TOO_WIDE}:
            said += " at least"
    return said


def recorded(record: Record, settings: Settings = Settings()) -> str:  # noqa: B008 - frozen
    """Say how long a value has been the most extreme; coverage below the settings' `thin` with "only"."""
    word = "highest" if record.side is Side.HIGH else "lowest"
    share = math.floor(HUNDRED * record.coverage + 1e-9)
    seen = "" if record.coverage >= 1 else f"{'only ' if record.coverage < settings.thin else ''}{share} % observed"
    if record.on_record:
        return f"{word} on record (since {record.since}{', ' + seen if seen else ''})"
    span = "1 session" if record.sessions == 1 else f"{record.sessions:,} sessions"
    bound = "known of that day is a bound" if record.bounded else ""
    return f"{word} since {record.since} ({', '.join(filter(None, (span, seen, bound)))})"


def provenance(found: Provenance) -> str:
    """Say which points were asked and which were not; empty where one source speaks and nothing is left out."""
    said = []
    if len(found.sources) > 1:
        said.append("closes of " + ", ".join(f"{name} ({number:,})" for name, number in found.sources.items()))
    for each in found.overlaps:
        if each.n and each.mean is not None and each.worst is not None:
            said.append(
                f"{each.other} less {each.one} on {each.n:,} sessions: {each.mean:+.4f} on average, {each.worst:+.4f} "
                f"at worst"
            )
        else:
            said.append(f"{each.one} and {each.other} have no session in common")
    left = [f"{number:,} {LEFT_OUT[why]}" for why, number in found.left_out.items()]
    if found.too_wide:
        left.append(f"{found.too_wide:,} with quotes too wide")
    if left:
        said.append("left out " + ", ".join(left))
    return "; ".join(said)


def base_rate(study: Study, horizon: int = 21) -> str:
    """Say what followed, e.g. ``after the 11 earlier episodes IWM was 1.2 % higher a month later``.

    Then ``(from -3.9 to +6.0), all months: +0.9 %``: means, and in brackets eight outcomes in ten. Of fewer than ten
    episodes: too few to tell. Where the two means cannot be told apart the sentence says so, with the smallest
    difference that would have been seen.
    """
    found = next((each for each in study.horizons if each.horizon == horizon), None)
    if found is None:
        raise ValueError(f"needed a horizon of {[each.horizon for each in study.horizons]}, got {horizon}")
    if not found.after.n:
        return "no earlier episode whose outcome is known"
    episodes = "the one earlier episode" if found.after.n == 1 else f"the {found.after.n} earlier episodes"
    if found.verdict is Verdict.TOO_FEW:
        return f"after {episodes}: too few to tell"
    return f"after {episodes} {study.symbol} {_moved(found, horizon)}; {_concluded(found)}"


def attributed(found: Attribution, since: str) -> str:
    """Say why the spread changed: ``since the previous close +1.2 vol points: put wing +1.4 (dearer), ...``.

    The parts as printed add up to the total as printed.
    """
    parts = found.spread
    if parts.put_wing is None or parts.call_wing is None or parts.spot is None or parts.roll is None:
        total, (put, call) = shares(parts.total, (parts.put.total, parts.call.total))
        return f"since {since} {total:+.1f} vol points: put side {put:+.1f}, call side {call:+.1f}"
    total, (put, call, spot, roll) = shares(parts.total, (parts.put_wing, parts.call_wing, parts.spot, parts.roll))
    wings = f"put wing {put:+.1f}{_dearer(put)}, call wing {call:+.1f}{_dearer(-call)}"
    return f"since {since} {total:+.1f} vol points: {wings}, spot {spot:+.1f}, roll {roll:+.1f}"


def shares(total: float, parts: tuple[float, ...], digits: int = 1) -> tuple[float, tuple[float, ...]]:
    """Round parts so that they add up to their rounded total: those nearest to the next step are moved.

    Parameters
    ----------
    total : float
    parts : tuple of float
        Adding up to it.
    digits : int
    """
    unit = 10.0**digits
    whole = round(total * unit)
    down = [math.floor(part * unit) for part in parts]
    rest = sorted(range(len(parts)), key=lambda at: down[at] - parts[at] * unit)
    for at in rest[: whole - sum(down)]:
        down[at] += 1
    return whole / unit + 0.0, tuple(part / unit + 0.0 for part in down)


def situated(found: Context, beside: Against | None = None) -> str:
    """Say where the price stands: distance from the high, averages, the last week, runs, against a benchmark."""
    said = []
    if found.peak is not None:
        below = round(-HUNDRED * found.peak.distance, 1)
        said.append(f"{below:.1f} % under its 52-week high of {found.peak.on}" if below else "at its 52-week high")
    known = {size: each.distance for size, each in found.averages.items() if each is not None}
    for word, sizes in (
        ("over", [size for size, distance in known.items() if distance >= 0]),
        ("under", [size for size, distance in known.items() if distance < 0]),
    ):
        if sizes:
            said.append(f"{word} its {_listed(f'{size}-day' for size in sizes)} average{'s' if len(sizes) > 1 else ''}")
    if found.week is not None:
        rank = "" if found.week_percentile is None else f" ({ranked(found.week_percentile)})"
        said.append(f"{HUNDRED * found.week:+.1f} % in five sessions{rank}")
    if abs(found.run) > 1:
        said.append(f"{abs(found.run)} {'gains' if found.run > 0 else 'losses'} of 1 % or more in a row")
    if beside is not None:
        said += [
            f"{HUNDRED * gap:+.1f} points against {beside.benchmark} in {span} sessions"
            for span, gap in beside.returns.items()
            if gap is not None and span == MONTH
        ]
    old = f" (prices {found.age} sessions old)" if found.age else ""
    return f"{found.symbol} {found.price:.2f}{old}" + (f": {', '.join(said)}" if said else "")


def _dearer(change: float) -> str:
    """Say what a wing's own volatilities did: calls that cheapen raise the skew."""
    return f" ({'dearer' if change > 0 else 'cheaper'})" if change else ""


def _share(standing: Standing) -> str:
    """Write the percentile, or what its bounds leave of it."""
    place = standing.place
    low, high = place.percentile_low, place.percentile_high
    if place.percentile is not None:
        return ranked(place.percentile)
    if standing.reason is Refusal.TOO_WIDE and low is not None and high is not None:
        return f"quotes too wide to say more than {ranked(low)} to {ranked(high)}"
    if low is not None:
        return f"at least the {ranked(low)}"
    return "no percentile" if high is None else f"at most the {ranked(high)}"


def _closes(place: Place, settings: Settings) -> str:
    closes = "1 close" if place.n == 1 else f"{place.n:,} closes"
    if place.n == place.sessions:
        return closes
    return f"{'only ' if place.n < settings.thin * place.sessions else ''}{closes} in {place.sessions:,} sessions"


def _moved(found: Aftermath, horizon: int) -> str:
    after, everything = found.after, found.all_days
    if after.mean is None or after.low is None or after.high is None or everything.mean is None:
        raise ValueError("needed outcomes, got none")
    later, every = SPANS.get(horizon, (f"{horizon} sessions", f"spans of {horizon} sessions"))
    change = round(HUNDRED * after.mean, 1)
    moved = "unchanged" if not change else f"{abs(change):.1f} % {'higher' if change > 0 else 'lower'}"
    spread = f"(from {HUNDRED * after.low:+.1f} to {HUNDRED * after.high:+.1f})"
    return f"was {moved} {later} later {spread}, all {every}: {HUNDRED * everything.mean:+.1f} %"


def _concluded(found: Aftermath) -> str:
    if found.verdict is Verdict.NO_DIFFERENCE:
        least = "" if found.detectable is None else f", one under {HUNDRED * found.detectable:.1f} points could hide"
        return f"no difference that can be told from chance{least}"
    return f"{found.verdict} than usual by more than chance"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
