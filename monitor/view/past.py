"""A snapshot's past for people and programs: sentences in the order of their weight, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.history import words
from monitor.history.events import Around
from monitor.history.settings import Settings
from monitor.history.standing import Refusal, Standing
from monitor.past.recollection import Beside, Move, Recollection
from monitor.view.plain import plain
from monitor.view.sentence import sentence
from pricing.snapshot import Snapshot

__all__ = ["clause", "document", "paragraphs"]

NOT_ASKED: Mapping[str, object] = {"percentile": None, "n": 0, "reason": "not_asked"}
UNSPOKEN = {Refusal.NO_VALUE, Refusal.NO_HISTORY}  # the sentence has said it already, or there is nothing to say yet
FRESH = 5  # sessions after which an index or overlay is no longer news


def clause(standing: Standing, settings: Settings) -> str:
    """Say where a value is, as part of its sentence; empty where the sentence says enough."""
    return "" if standing.reason in UNSPOKEN else words.placed(standing, settings)


def paragraphs(recollection: Recollection, settings: Settings) -> list[str]:
    """Say what stands behind the sentence and beside it, each in one sentence.

    Parameters
    ----------
    recollection : Recollection
    settings : Settings
        Of standings.
    """
    spoken, said = recollection.spoken, []
    if spoken.reason in UNSPOKEN:
        said.append(f"standing: {words.placed(spoken, settings)}")
    if spoken.regime is not None and spoken.regime.percentile is not None:
        said.append(f"at like volatility: {words.ranked(spoken.regime.percentile)} of {spoken.regime.n:,} closes")
    if behind := words.provenance(spoken.provenance):
        said.append(f"compared with {behind}" if behind.startswith("closes") else behind)
    if recollection.base_rate is not None:
        said.append(words.base_rate(recollection.base_rate))
    said += [
        words.attributed(move.attribution, _since(move, is_extreme=move is recollection.extreme))
        for move in (recollection.previous, recollection.extreme)
        if move is not None
    ]
    if around := _around(recollection):
        said.append(around)
    return [f"{each[0].upper()}{each[1:]}." for each in said]


def document(recollection: Recollection, snapshot: Snapshot, settings: Settings) -> dict[str, Any]:
    """Lay the past out as the keys that it adds to a snapshot's JSON, and those that it says better."""
    found = {name: each.to_dict() for name, each in recollection.standings.items()}
    moves = (("previous_close", recollection.previous), ("last_extreme", recollection.extreme))
    known = any((recollection.context, recollection.beside, recollection.events))
    return {
        "sentence": sentence(snapshot, useless=settings.useless, standing=clause(recollection.spoken, settings)),
        "standing": {name: found.get(name, dict(NOT_ASKED)) for name in snapshot.measures},
        "attribution": {
            name: None if move is None else {"session": move.since.isoformat(), **move.attribution.to_dict()}
            for name, move in moves
        }
        | {"measure": recollection.speaker},
        "context": {
            "prices": plain(recollection.context),
            "against": plain(recollection.against),
            "beside": {each.name: _beside(each) for each in recollection.beside},
            "events": [plain(each) for each in recollection.events],
        }
        if known
        else None,
        "base_rate": None if recollection.base_rate is None else recollection.base_rate.to_dict(),
    }


def _since(move: Move, *, is_extreme: bool) -> str:
    if is_extreme:
        return f"the last extreme of {move.since}"
    return "the previous close" if move.adjacent else f"the close of {move.since}"


def _around(recollection: Recollection) -> str:
    """Say what stands around the value: prices, indices and overlays, planned days."""
    said = []
    if recollection.context is not None:
        said.append(words.situated(recollection.context, recollection.against))
    beside = [_placed(each) for each in recollection.beside if each.age <= FRESH]
    said += [", ".join(beside)] if beside else []
    ahead = [each for each in recollection.events if each.days >= 0]
    said += [", ".join(_event(each) for each in ahead)] if ahead else []
    return "; ".join(said)


def _placed(beside: Beside) -> str:
    percentile = beside.standing.percentile
    rank = "" if percentile is None else f" ({words.ranked(percentile)})"
    return f"{beside.name} {beside.value:.4g}{rank}"


def _event(near: Around) -> str:
    if not near.days:
        return f"{near.event.name} today"
    return f"{near.event.name} in {near.days} day{'s' if near.days > 1 else ''} ({near.event.on})"


def _beside(beside: Beside) -> dict[str, Any]:
    own = beside.standing
    return {
        "value": beside.value,
        "session": str(beside.session),
        "age": beside.age,
        "percentile": own.percentile,
        "n": own.n,
        "reason": None if own.reason is None else str(own.reason),
    }
