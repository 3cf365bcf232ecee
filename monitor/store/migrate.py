"""Bring a database to the newest revision, whoever else is trying the same at the same time."""

from __future__ import annotations

import sqlalchemy as sa

from alerts.tables import metadata as alerts
from monitor.errors import Failure
from monitor.store.tables import REVISION, metadata

__all__ = ["revision", "upgrade"]

MIGRATIONS = "monitor.store:migrations"


def revision(connection: sa.Connection) -> str | None:
    """Return a database's revision, without alembic, whose import costs a quarter of a second; None where it has none.

    Raises
    ------
    Failure
        Where it is no database of this program.
    """
    tables = sa.inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return found
    if tables:
        raise Failure(f"the database is another program's: it has the table {tables[0]}", "name another place")
    return None


def upgrade(engine: sa.Engine, *, to: str = REVISION, migrations: str = MIGRATIONS) -> None:
    """Make the tables, or change them to those of a later revision, in one transaction.

    SQLite changes a table by copying it and dropping the old one, which with foreign keys on deletes its children's
    rows; the switch is ignored inside a transaction. So they are off before it begins, and checked before it ends.

    Raises
    ------
    Failure
        Where a row would be left without the one it refers to; nothing is changed then.
    """
    from alembic import command  # noqa: PLC0415 - see `revision`
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", migrations)
    config.attributes["metadata"] = [metadata, alerts]
    with engine.connect() as connection:
        _foreign_keys(connection, on=False)
        try:
            with connection.begin():
                if (revision(connection) or "") >= to:  # another process was faster
                    return
                config.attributes["connection"] = connection
                command.upgrade(config, to)
                _check_references(connection)
        finally:
            _foreign_keys(connection, on=True)


def _foreign_keys(connection: sa.Connection, *, on: bool) -> None:
    """Switch them on the driver's connection: through SQLAlchemy's a transaction would begin."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - for the type checker: the connection is open
        driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).all()
    if broken:
        raise Failure(
            f"the store was not changed: {len(broken)} rows of {broken[0][0]} would refer to nothing",
            "run skewwatch db check",
        )
