"""What keeps a message from being sent: silences, acknowledgements, outages that explain it, nothing to take back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa

from alerts import rows, tables
from alerts.events import CLOSING, Cause
from alerts.message import Kind
from alerts.persist import lost
from alerts.rows import Row
from alerts.silences import Silence, acknowledged, silences
from alerts.values import stamp

__all__ = ["MUTED", "Gates", "gates", "labels_of"]

MUTED = "muted: "  # begins the reason of what is told again when the outage ends
UNHEARD = "nobody here heard of what this would end"
OPEN = frozenset((Kind.FIRED, Kind.ESCALATED, Kind.REMINDER))
REPEATS = frozenset((Kind.ESCALATED, Kind.REMINDER))
GATED = OPEN | CLOSING | {Kind.DATA_HEALTH}


@dataclass(frozen=True, slots=True)
class Gates:
    """What holds now, as far as some rows go.

    Attributes
    ----------
    silences : tuple of Silence
        Those that cover now.
    owners : mapping of str to str
        Who has which episode in hand.
    lost : mapping of str to str
        Subjects that are told as lost, and since when.
    unheard : frozenset of (str, str)
        Channels and episodes of which nothing was sent but kept back.
    """

    silences: tuple[Silence, ...]
    owners: Mapping[str, str]
    lost: Mapping[str, str]
    unheard: frozenset[tuple[str, str]] = frozenset()

    def reason(self, row: Row) -> str | None:
        """Return why a row is not sent; None where it is."""
        kind, labels = Kind(row["kind"]), labels_of(row)
        if kind not in GATED:
            return None
        silenced = next((each for each in self.silences if each.matches(labels)), None)
        if silenced is not None:
            return f"silence {silenced.id} by {silenced.who}"
        owner = self.owners.get(row["episode"])
        if owner is not None and kind in REPEATS and labels.get("cause") != Cause.REOPENED:
            return f"acknowledged by {owner}"
        if kind in CLOSING:
            return UNHEARD if (row["channel"], row["episode"]) in self.unheard else None
        outage = explanation(kind, labels)
        since = self.lost.get(outage)
        return f"{MUTED}{outage}" if since is not None and since <= row["observed_at"] else None


def explanation(kind: Kind, labels: Mapping[str, str]) -> str:
    """Name the outage that would explain a message: a symbol's for its measures, the vendor's for a symbol's outage."""
    if kind is Kind.DATA_HEALTH:
        return f"vendor:{labels.get('vendor', '')}" if labels.get("symbol") else ""
    return f"symbol:{labels.get('symbol', '')}"


def gates(connection: sa.Connection, about: Sequence[Row], now: datetime) -> Gates:
    """Return what holds now for some rows of one channel."""
    covering = tuple(each for each in silences(connection, open_only=True) if each.covers(now))
    owners = acknowledged(connection, {row["episode"] for row in about if row["kind"] in REPEATS})
    since = {each.subject: stamp(each.since) for each in lost(connection) if each.since is not None}
    return Gates(covering, owners, since, _unheard(connection, about))


def _unheard(connection: sa.Connection, about: Sequence[Row]) -> frozenset[tuple[str, str]]:
    """Find the episodes whose end waits and of which everything before was kept back."""
    ends = {row["episode"]: row for row in about if row["kind"] in CLOSING}
    if not ends:
        return frozenset()
    table = tables.outbox
    earlier = rows.among(connection, table, table.c.episode, ends, table.c.channel == about[0]["channel"])
    before: dict[str, set[str]] = {}
    for row in earlier:
        if row["place"] < ends[row["episode"]]["place"] and row["kind"] not in CLOSING:
            before.setdefault(row["episode"], set()).add(row["state"])
    return frozenset((about[0]["channel"], episode) for episode, were in before.items() if were == {"suppressed"})


def labels_of(row: Row) -> dict[str, str]:
    """Return what a silence can match in a row."""
    return cast("dict[str, str]", json.loads(row["labels"])) | {"kind": row["kind"], "channel": row["channel"]}
