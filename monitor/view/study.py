"""Base rates for people and programs: how often, how far, beside what is usual, and how sure."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.history import words
from monitor.history.paths import Paths
from monitor.history.study import FEWEST, Aftermath, Outcome, Study, Verdict
from monitor.view.table import INDENT, blank_table

__all__ = ["document", "render", "sentence"]

MONTH = 21  # sessions: the horizon of the sentence where it was asked for
HUNDRED = 100.0
VERDICTS = {
    Verdict.TOO_FEW: f"too few to tell: {FEWEST} are needed",
    Verdict.NO_DIFFERENCE: "cannot be told from chance",
    Verdict.HIGHER: "higher than usual by more than chance",
    Verdict.LOWER: "lower than usual by more than chance",
}


def sentence(study: Study) -> str:
    """Say what followed, for a month ahead or for the first horizon asked; without a full stop."""
    by = {each.horizon: each for each in study.horizons}
    ahead = MONTH if MONTH in by else next(iter(by))
    said, found = words.base_rate(study, ahead), by[ahead]
    if found.verdict is Verdict.TOO_FEW and found.detectable is not None:
        said += f", a difference under {HUNDRED * found.detectable:.1f} points in {ahead} sessions would go unseen"
    return said


def document(study: Study, paths: Paths) -> dict[str, Any]:
    """Lay a study out as JSON will show it: its numbers, the sentence, and the outcome of each episode."""
    outcomes = [
        {"date": str(day)} | {str(each.horizon): _none(after[each.horizon]) for each in study.horizons}
        for day, after in zip(paths.days, paths.after, strict=True)
    ]
    return study.to_dict() | {"sentence": f"{sentence(study)}.", "outcomes": outcomes}


def render(study: Study, paths: Paths, *, last: int) -> RenderableType:
    """Lay a study out for reading.

    Parameters
    ----------
    study : Study
    paths : Paths
        From its episodes' first days.
    last : int
        Episodes listed.
    """
    said = sentence(study)
    number = study.starts.size
    going = ", the last still going on" if study.ongoing else ""
    span = f" between {study.first} and {study.last}" if study.first is not None else ""
    parts: list[RenderableType] = [
        Text(f"{said[0].upper()}{said[1:]}.", style="bold"),
        Text(f"{study.what}: {number} episode{'' if number == 1 else 's'}{span}{going}."),
        Text(f"Returns of {study.symbol} from the close of an episode's first day, without dividends."),
        Text(),
        Padding(_outcomes(study), INDENT),
        Text(),
        Padding(_differences(study), INDENT),
    ]
    if number:
        parts += [Text(), Padding(_episodes(study, paths, last), INDENT)]
    parts += [Text(), Text(f"Intervals: 95 %, block bootstrap, seed {study.seed}.", style="dim")]
    return Group(*parts)


def _outcomes(study: Study) -> Table:
    shown = blank_table(
        ("sessions", "right"), ("after", "left"), ("n", "right"), ("mean", "right"), ("median", "right"),
        ("higher", "right"), ("8 in 10 within", "right"), ("worst", "right"), ("best", "right"),
    )  # fmt: skip
    for each in study.horizons:
        for after, outcome in (("episodes", each.after), ("all days", each.all_days)):
            shown.add_row(
                str(each.horizon) if after == "episodes" else "",
                after,
                f"{outcome.n:,}",
                _per_cent(outcome.mean),
                _per_cent(outcome.median),
                "-" if outcome.hit_rate is None else f"{HUNDRED * outcome.hit_rate:.0f} %",
                _within(outcome),
                _per_cent(outcome.worst),
                _per_cent(outcome.best),
                style="dim" if after == "all days" else "",
            )
    return shown


def _differences(study: Study) -> Table:
    shown = blank_table(
        ("sessions", "right"), ("difference", "right"), ("interval", "right"), ("apart", "right"),
        ("would be seen from", "right"), ("", "left"),
    )  # fmt: skip
    for each in study.horizons:
        shown.add_row(
            str(each.horizon),
            _per_cent(each.excess),
            _interval(each),
            str(each.apart),
            "-" if each.detectable is None else f"{HUNDRED * each.detectable:.1f} points",
            VERDICTS[each.verdict],
        )
    return shown


def _episodes(study: Study, paths: Paths, last: int) -> Table:
    left = study.starts.size - last
    header = "first day" if left <= 0 else f"first day ({left} earlier)"
    shown = blank_table((header, "left"), *((f"{each.horizon} later", "right") for each in study.horizons))
    for day, after in list(zip(paths.days, paths.after, strict=True))[-last:]:
        shown.add_row(str(day), *(_per_cent(_none(after[each.horizon])) for each in study.horizons))
    return shown


def _per_cent(share: float | None) -> str:
    return "-" if share is None else f"{HUNDRED * share:+.1f} %"


def _within(outcome: Outcome) -> str:
    if outcome.low is None or outcome.high is None:
        return "-"
    return f"{HUNDRED * outcome.low:+.1f} to {HUNDRED * outcome.high:+.1f} %"


def _interval(each: Aftermath) -> str:
    if each.excess_low is None or each.excess_high is None:
        return "-"
    return f"{HUNDRED * each.excess_low:+.1f} to {HUNDRED * each.excess_high:+.1f}"


def _none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
