"""Silences and acknowledgements: what people do not want to hear now. They gate sending, never evaluation."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

import sqlalchemy as sa

from alerts import rows, tables
from alerts.fields import nearest
from alerts.values import digest, instant, stamp

__all__ = ["LABELS", "Silence", "acknowledge", "acknowledged", "answered", "end", "silence", "silences"]

LABELS = ("rule", "symbol", "measure", "side", "severity", "kind", "channel")
"""What a silence can match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Messages that are not sent for a while.

    Attributes
    ----------
    id : str
        ``z-`` and twelve hexadecimal digits.
    matchers : mapping of str to str
        A pattern (``*``, ``?``, ``[...]``) for each label named; all of them must match.
    begins_at, ends_at : datetime
        The end is outside.
    who, why : str
    ended : bool
        What was silenced has been told again.
    """

    id: str
    matchers: Mapping[str, str]
    begins_at: datetime
    ends_at: datetime
    who: str
    why: str
    ended: bool = False

    def covers(self, now: datetime) -> bool:
        """Whether it holds now."""
        return self.begins_at <= now < self.ends_at

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about something with these labels."""
        return all(fnmatchcase(labels.get(name, ""), pattern) for name, pattern in self.matchers.items())


def silence(
    connection: sa.Connection,
    matchers: Mapping[str, str],
    begins_at: datetime,
    ends_at: datetime,
    *,
    who: str,
    why: str,
) -> Silence:
    """Note a silence; the same one again is the same.

    Raises
    ------
    ValueError
        Where it would match everything by mistake, names no label, or ends before it begins.
    """
    if not matchers:
        raise ValueError("a silence needs something to match, such as symbol=IWM; symbol=* for everything")
    for name in matchers:
        if name not in LABELS:
            raise ValueError(f"'{name}' is nothing that a silence can match; {nearest(name, LABELS)}")
    if not ends_at > begins_at:
        raise ValueError(f"a silence needs an end after its beginning, got {begins_at} to {ends_at}")
    wanted = json.dumps(dict(matchers), sort_keys=True)
    name = "z-" + digest(wanted, stamp(begins_at), stamp(ends_at), who, why)
    made = Silence(id=name, matchers=dict(matchers), begins_at=begins_at, ends_at=ends_at, who=who, why=why)
    rows.insert(connection, tables.silences, [_row(made)])
    return made


def end(connection: sa.Connection, name: str, now: datetime) -> Silence | None:
    """End a silence now; None where there is none of this id. One that has ended stays as it is."""
    found = next((each for each in silences(connection) if each.id == name), None)
    if found is None or now >= found.ends_at:
        return found
    ended = replace(found, begins_at=min(found.begins_at, now), ends_at=now)
    rows.put(connection, tables.silences, [_row(ended)])
    return ended


def silences(connection: sa.Connection, *, open_only: bool = False) -> list[Silence]:
    """Return silences in the order of their beginning: every one, or those whose end was not answered yet."""
    table = tables.silences
    conditions = [table.c.ended == 0] if open_only else []
    return [
        Silence(
            id=row["id"],
            matchers=json.loads(row["matchers"]),
            begins_at=instant(row["begins_at"]),
            ends_at=instant(row["ends_at"]),
            who=row["who"],
            why=row["why"],
            ended=bool(row["ended"]),
        )
        for row in rows.read(connection, table, *conditions, order=(table.c.begins_at, table.c.id))
    ]


def answered(connection: sa.Connection, ended: Collection[Silence]) -> None:
    """Note that what was silenced has been told again."""
    rows.put(connection, tables.silences, (_row(each) | {"ended": 1} for each in ended))


def acknowledge(connection: sa.Connection, episode: str, now: datetime, *, who: str, why: str = "") -> None:
    """Note that somebody has an episode in hand: its reminders and escalations are not sent."""
    rows.put(
        connection,
        tables.acknowledgements,
        [{"episode": episode, "created_at": stamp(now), "who": who, "why": why}],
    )


def acknowledged(connection: sa.Connection, episodes: Collection[str]) -> dict[str, str]:
    """Return who has which of some episodes in hand."""
    table = tables.acknowledgements
    return {row["episode"]: row["who"] for row in rows.among(connection, table, table.c.episode, episodes)}


def _row(each: Silence) -> rows.Row:
    return {
        "id": each.id,
        "matchers": json.dumps(dict(each.matchers), sort_keys=True),
        "begins_at": stamp(each.begins_at),
        "ends_at": stamp(each.ends_at),
        "who": each.who,
        "why": each.why,
        "ended": int(each.ended),
    }
