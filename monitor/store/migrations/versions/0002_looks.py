"""Of official snapshots, what a later one is compared with.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of looks; earlier snapshots have none."""
    op.create_table(
        "looks",
        sa.Column("snapshot_id", sa.Text, nullable=False),
        sa.Column("measure", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("seal", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "measure", name="pk_looks"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_looks_snapshot_id_snapshots"),
    )
