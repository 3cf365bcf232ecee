"""Alembic's way in: the connection and its transaction are the caller's, `monitor.store.migrate`."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
