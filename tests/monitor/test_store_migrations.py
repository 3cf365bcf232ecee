"""The tables come by migration only: the first makes them, a later one keeps what they hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from alerts.tables import metadata as alerts
from monitor.errors import Failure
from monitor.store import FILE, Origin, Store, migrate, migrations, tables
from monitor.store.write import save
from tests.monitor.saved import INPUTS, content, payload, snapshot

SECOND = '''
"""A table with children gets a column that may not be empty: on SQLite it is copied and the old one dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    with op.batch_alter_table("snapshots", recreate="always") as batch:
        batch.add_column(sa.Column("desk", sa.Text, nullable=False, server_default="-"))
    {more}
'''


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / FILE) as opened:
        with opened.writing() as connection:
            save(connection, payload(), snapshot(), INPUTS, Origin.LIVE)
        yield opened


@pytest.fixture
def later(tmp_path):
    """The program's migrations and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder)

    def add(more=""):
        (folder / "versions" / "0004_later.py").write_text(SECOND.format(more=more))
        return str(folder)

    return add


def test_migrations_make_the_tables_of_the_code(store):
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), [tables.metadata, alerts]) == []


def test_the_newest_migration_is_the_one_the_code_knows():
    config = Config()
    config.set_main_option("script_location", migrate.MIGRATIONS)
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


def test_a_rebuilt_table_keeps_its_children(store, later):
    """With foreign keys on, SQLite would delete them as the old table is dropped (LIBRARIES)."""
    before = content(store)
    migrate.upgrade(store.engine, to="0004", migrations=later())
    after = content(store)
    assert len(before["measures"]) > 0
    assert len(before["points"]) > 0
    assert after == before
    with store.writing() as connection:
        assert connection.execute(sa.text("SELECT desk FROM snapshots")).scalars().all() == ["-"]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert migrate.revision(connection) == "0004"


def test_a_migration_that_would_lose_a_parent_changes_nothing(store, later):
    before = content(store)
    broken = later('op.execute("DELETE FROM inputs")')
    with pytest.raises(Failure, match="would refer to nothing"):
        migrate.upgrade(store.engine, to="0004", migrations=broken)
    assert content(store) == before
    with store.reading() as connection:
        assert migrate.revision(connection) == tables.REVISION
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_migration_that_fails_changes_nothing(store, later):
    before = content(store)
    with pytest.raises(sa.exc.OperationalError):
        migrate.upgrade(store.engine, to="0004", migrations=later('op.execute("DELETE FROM nowhere")'))
    assert content(store) == before
    with store.reading() as connection:
        assert migrate.revision(connection) == tables.REVISION


def test_an_older_store_is_not_read_until_it_is_migrated(store, monkeypatch):
    monkeypatch.setattr("monitor.store.engine.REVISION", "0004")
    with pytest.raises(Failure, match=r"earlier skewwatch.*db upgrade"):
        Store.open(store.path, read_only=True)
