"""Alert states, health and events as rows, and back. Every function takes the caller's connection."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from alerts import rows, tables
from alerts.events import Event
from alerts.health import Health, Sight
from alerts.reference import Reference
from alerts.state import Phase, State
from alerts.values import stamp

__all__ = ["active", "lost", "record", "saved_health", "saved_states", "write_health", "write_states"]


def saved_states(connection: sa.Connection, symbols: Collection[str] | None = None) -> list[State]:
    """Return the states of some symbols' alerts, or of all, in the order of their keys."""
    return _states(connection, _rows(connection, tables.states, tables.states.c.symbol, symbols))


def active(connection: sa.Connection) -> list[State]:
    """Return the states of the alerts that are firing or recovering, in the order of their keys."""
    table = tables.states
    return _states(connection, rows.read(connection, table, table.c.phase.in_([Phase.FIRING, Phase.RECOVERING])))


def write_states(connection: sa.Connection, states: Iterable[State]) -> None:
    """Write states, each a version on.

    Raises
    ------
    Conflict
        Where one was written by somebody else since it was read.
    """
    written = []
    frozen: dict[str, Reference] = {}
    for state in states:
        names = {name: reference.id for name, reference in state.frozen.items()}
        frozen.update(zip(names.values(), state.frozen.values(), strict=True))
        version = state.version + 1
        written.append(
            {
                "alert": state.key,
                "rule": state.rule,
                "symbol": state.symbol,
                "phase": state.phase.value,
                "episode": state.episode,
                "version": version,
                "content": msgspec.json.encode(replace(state, frozen={}, version=version)).decode(),
                "frozen": json.dumps(names, sort_keys=True),
            }
        )
    rows.insert(connection, tables.references, (_reference_row(name, each) for name, each in frozen.items()))
    rows.change(connection, tables.states, written)


def saved_health(connection: sa.Connection, subjects: Collection[str] | None = None) -> list[Health]:
    """Return the health of some subjects, or of all, in the order of their names."""
    found = _rows(connection, tables.health, tables.health.c.subject, subjects)
    return [msgspec.json.decode(row["content"], type=Health) for row in found]


def lost(connection: sa.Connection) -> list[Health]:
    """Return the subjects that are told as lost."""
    table = tables.health
    found = rows.read(connection, table, table.c.phase == Sight.LOST.value, order=tuple(table.primary_key))
    return [msgspec.json.decode(row["content"], type=Health) for row in found]


def write_health(connection: sa.Connection, states: Iterable[Health]) -> None:
    """Write health, each a version on; as `write_states`."""
    new = [replace(each, version=each.version + 1) for each in states]
    rows.change(
        connection,
        tables.health,
        (
            {
                "subject": each.subject,
                "phase": each.phase.value,
                "version": each.version,
                "content": msgspec.json.encode(each).decode(),
            }
            for each in new
        ),
    )


def record(connection: sa.Connection, events: Iterable[Event]) -> None:
    """Note what happened; an event that is there already stays."""
    rows.insert(
        connection,
        tables.events,
        (
            {
                "id": event.id,
                "alert": event.alert,
                "episode": event.episode,
                "number": event.number,
                "kind": event.kind.value,
                "symbol": event.symbol,
                "created_at": stamp(event.created_at),
                "content": event.to_json(),
            }
            for event in events
        ),
    )


def _rows(
    connection: sa.Connection, table: sa.Table, column: sa.Column[str], names: Collection[str] | None
) -> list[rows.Row]:
    if names is None:
        return rows.read(connection, table, order=tuple(table.primary_key))
    return rows.among(connection, table, column, names)


def _states(connection: sa.Connection, found: list[rows.Row]) -> list[State]:
    frozen = {row["alert"]: json.loads(row["frozen"]) for row in found}
    held = _references(connection, {each for names in frozen.values() for each in names.values()})
    return [
        replace(
            msgspec.json.decode(row["content"], type=State),
            frozen={name: held[each] for name, each in frozen[row["alert"]].items()},
        )
        for row in found
    ]


def _references(connection: sa.Connection, names: Collection[str]) -> Mapping[str, Reference]:
    table = tables.references
    return {row["id"]: _reference(row) for row in rows.among(connection, table, table.c.id, names)}


def _reference_row(name: str, reference: Reference) -> rows.Row:
    return {
        "id": name,
        "session": reference.session.isoformat(),
        "method": reference.method,
        "line": json.dumps([reference.slope, reference.intercept]),
        "content": reference.pack(),
    }


def _reference(row: rows.Row) -> Reference:
    slope, intercept = json.loads(row["line"])
    values = Reference.unpack(row["content"])
    return Reference(values, date.fromisoformat(row["session"]), row["method"], slope, intercept)
