"""What a store holds, by name: for somebody who asked for something that is not there."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store import tables

__all__ = ["measures", "priced", "symbols"]


def measures(connection: sa.Connection, symbol: str) -> list[str]:
    """Name the measures that a symbol has official points of."""
    points = tables.points
    query = sa.select(points.c.measure).where(points.c.symbol == symbol).distinct().order_by(points.c.measure)
    return list(connection.execute(query).scalars())


def symbols(connection: sa.Connection) -> list[str]:
    """Name the symbols that have official points."""
    symbol = tables.points.c.symbol
    return list(connection.execute(sa.select(symbol).distinct().order_by(symbol)).scalars())


def priced(connection: sa.Connection) -> list[str]:
    """Name the underlyings and indices that have daily prices."""
    symbol = tables.prices.c.symbol
    return list(connection.execute(sa.select(symbol).distinct().order_by(symbol)).scalars())
