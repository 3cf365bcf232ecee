"""Payloads, snapshots, official points and what stands beside them.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "payloads",
        *_key("sha256", "fetched_at", of="payloads"),
        *_texts("source", "symbol", "url"),
        sa.Column("http_status", sa.Integer),
        sa.Column("fetched_at_known", sa.Integer, nullable=False),
        *_numbers("spot"),
        sa.Column("bytes", sa.Integer, nullable=False),
        *_texts("file"),
        _seal(),
    )
    op.create_table("inputs", *_key("sha256", of="inputs"), *_texts("content"), _seal())
    op.create_table(
        "snapshots",
        *_key("id", of="snapshots"),
        *_texts("digest", "symbol", "as_of", "fetched_at"),
        sa.Column("session", sa.Text),
        *_texts("source", "method", "origin", "payload_sha256", "inputs_sha256"),
        *_numbers("spot", "spot_sync", "spot_gap", "forward"),
        *_texts("status", "flags", "headline"),
        sa.Column("companion", sa.Text),
        sa.Column("quotes_total", sa.Integer, nullable=False),
        sa.Column("quotes_kept", sa.Integer, nullable=False),
        *_texts("quotes_dropped", "expiries"),
        _seal(),
        sa.UniqueConstraint("digest", name="uq_snapshots_digest"),
        sa.ForeignKeyConstraint(["inputs_sha256"], ["inputs.sha256"], name="fk_snapshots_inputs_sha256_inputs"),
        sa.ForeignKeyConstraint(
            ["payload_sha256", "fetched_at"],
            ["payloads.sha256", "payloads.fetched_at"],
            name="fk_snapshots_payload_sha256_fetched_at_payloads",
        ),
    )
    op.create_index("ix_snapshots_symbol_as_of", "snapshots", ["symbol", "as_of"])
    op.create_index("ix_snapshots_symbol_session", "snapshots", ["symbol", "session"])
    op.create_table(
        "measures",
        *_key("snapshot_id", "name", of="measures"),
        sa.Column("place", sa.Integer, nullable=False),
        *_numbers("value", "low", "high"),
        *_texts("unit", "status"),
        sa.Column("reason", sa.Text),
        _seal(),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_measures_snapshot_id_snapshots"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points",
        *_key("symbol", "measure", "session", "source", "method", of="points"),
        sa.Column("as_of", sa.Text),
        *_numbers("value", "low", "high"),
        *_texts("unit", "status"),
        sa.Column("reason", sa.Text),
        *_texts("origin"),
        sa.Column("snapshot_id", sa.Text),
        sa.Column("payload_sha256", sa.Text),
        _seal(),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_points_snapshot_id_snapshots"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gaps",
        *_key("symbol", "source", "session", "slot", of="gaps"),
        *_texts("cause", "detail"),
        _seal(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "imports",
        *_key("sha256", "symbol", of="imports"),
        *_texts("source", "name"),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        *_texts("report"),
        _seal(),
    )
    op.create_table(
        "prices",
        *_key("symbol", "session", of="prices"),
        *_numbers("open", "high", "low", "close", "volume"),
        *_texts("source"),
        _seal(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dividends",
        *_key("symbol", "ex_date", of="dividends"),
        sa.Column("amount", sa.Double, nullable=False),
        *_texts("source"),
        _seal(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rates",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("months", sa.Double, nullable=False),
        sa.Column("percent", sa.Double, nullable=False),
        _seal(),
        sa.PrimaryKeyConstraint("source", "day", "months", name="pk_rates"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "overlays",
        *_key("name", "day", "known_at", of="overlays"),
        sa.Column("value", sa.Double, nullable=False),
        *_texts("source"),
        _seal(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events", *_key("name", "day", of="events"), *_texts("note", "source"), _seal(), sqlite_with_rowid=False
    )


def _key(*names: str, of: str) -> list[sa.Column[str] | sa.PrimaryKeyConstraint]:
    return [*_texts(*names), sa.PrimaryKeyConstraint(*names, name=f"pk_{of}")]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double) for name in names]


def _seal() -> sa.Column[int]:
    return sa.Column("seal", sa.BigInteger, nullable=False)
