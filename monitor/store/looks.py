"""Looks in the store: of an official snapshot, what the next one is compared with to say what moved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

import sqlalchemy as sa

from monitor.history.look import Look, look_of
from monitor.store import tables
from monitor.store.read import unsealed
from monitor.store.values import Value, json_of
from pricing.settings import Settings
from pricing.snapshot import Snapshot

__all__ = ["look", "rows"]


def rows(name: str, snapshot: Snapshot, settings: Settings) -> Iterator[tuple[Value, ...]]:
    """Give the rows of a snapshot, one for each of its skew ratios that has a value; none without its smiles.

    Parameters
    ----------
    name : str
        The snapshot's id.
    snapshot : Snapshot
    settings : Settings
        That it was taken with.
    """
    for pair, (low, high) in enumerate(settings.pairs if snapshot.pair else ()):
        kept = look_of(snapshot, settings, pair)
        if kept is not None:
            yield name, f"skew_ratio_{settings.tenor_days}d_{low}_{high}", json_of(kept.to_dict())


def look(
    connection: sa.Connection,
    symbol: str,
    measure: str,
    *,
    method: str,
    sources: Sequence[str],
    before: date,
    since: date | None = None,
) -> Look | None:
    """Return what is kept of the last official snapshot of a session before a day.

    Parameters
    ----------
    connection : Connection
    symbol, measure, method : str
    sources : sequence of str
        Of one session the first of them that has a look.
    before : date
    since : date, optional
        No earlier session; the day before `before` and it alone name one session.

    Raises
    ------
    Failure
        Where the row was changed behind the program's back.
    """
    points, looks = tables.points, tables.looks
    preference = sa.case({name: place for place, name in enumerate(sources)}, value=points.c.source)
    query = (
        sa.select(looks)
        .join(points, sa.and_(points.c.snapshot_id == looks.c.snapshot_id, points.c.measure == looks.c.measure))
        .where(
            points.c.symbol == symbol,
            points.c.measure == measure,
            points.c.method == method,
            points.c.source.in_(sources),
            points.c.session < before.isoformat(),
            *([] if since is None else [points.c.session >= since.isoformat()]),
        )
        .order_by(points.c.session.desc(), preference)
        .limit(1)
    )
    found = connection.execute(query).all()
    if not found:
        return None
    _, _, content = unsealed(looks, found[0])
    return Look.from_dict(json.loads(content))
