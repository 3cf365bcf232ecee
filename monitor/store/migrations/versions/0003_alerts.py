"""Alerts: what they stand at, what happened, what is said, and what became of it.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alerts."""
    op.create_table(
        "alert_states",
        *_key("alert", of="alert_states"),
        *_texts("rule", "symbol", "phase", "episode"),
        *_wholes("version"),
        *_texts("content", "frozen"),
        *_wholes("seal"),
    )
    op.create_index("ix_alert_states_symbol", "alert_states", ["symbol"])
    op.create_index("ix_alert_states_phase", "alert_states", ["phase"])
    op.create_table(
        "alert_references",
        *_key("id", of="alert_references"),
        *_texts("session", "method", "line"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *_wholes("seal"),
    )
    op.create_table(
        "alert_health",
        *_key("subject", of="alert_health"),
        *_texts("phase"),
        *_wholes("version"),
        *_texts("content"),
        *_wholes("seal"),
    )
    op.create_table(
        "alert_events",
        *_key("id", of="alert_events"),
        *_texts("alert", "episode"),
        *_wholes("number"),
        *_texts("kind", "symbol", "created_at", "content"),
        *_wholes("seal"),
    )
    op.create_index("ix_alert_events_created_at", "alert_events", ["created_at"])
    op.create_index("ix_alert_events_episode", "alert_events", ["episode"])
    op.create_table("alert_messages", *_key("id", of="alert_messages"), *_texts("content"), *_wholes("seal"))
    op.create_table(
        "alert_outbox",
        *_key("dedup", of="alert_outbox"),
        *_wholes("place"),
        *_texts("channel", "message", "alert", "episode", "kind", "labels", "state", "reason"),
        sa.Column("parent", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("ambiguous", sa.Integer, nullable=False),
        *_texts("observed_at", "created_at", "next_at", "updated_at"),
        sa.Column("first_at", sa.Text),
        *_wholes("seal"),
        sa.ForeignKeyConstraint(["message"], ["alert_messages.id"], name="fk_alert_outbox_message_alert_messages"),
    )
    op.create_index("ix_alert_outbox_place", "alert_outbox", ["place"])
    op.create_index("ix_alert_outbox_state_channel", "alert_outbox", ["state", "channel"])
    op.create_index("ix_alert_outbox_episode_channel", "alert_outbox", ["episode", "channel"])
    op.create_index("ix_alert_outbox_parent", "alert_outbox", ["parent"])
    op.create_table(
        "alert_attempts",
        sa.Column("dedup", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        *_texts("started_at"),
        *(sa.Column(name, sa.Text) for name in ("ended_at", "outcome", "detail")),
        *_wholes("seal"),
        sa.PrimaryKeyConstraint("dedup", "number", name="pk_alert_attempts"),
    )
    op.create_table(
        "alert_channels",
        *_key("name", of="alert_channels"),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Text),
        *_texts("updated_at"),
        *(sa.Column(name, sa.Text) for name in ("sent_at", "error")),
        *_wholes("seal"),
    )
    op.create_table(
        "alert_silences",
        *_key("id", of="alert_silences"),
        *_texts("matchers", "begins_at", "ends_at", "who", "why"),
        sa.Column("ended", sa.Integer, nullable=False),
        *_wholes("seal"),
    )
    op.create_table(
        "alert_acknowledgements",
        *_key("episode", of="alert_acknowledgements"),
        *_texts("created_at", "who", "why"),
        *_wholes("seal"),
    )


def _key(name: str, *, of: str) -> list[sa.Column[str] | sa.PrimaryKeyConstraint]:
    return [*_texts(name), sa.PrimaryKeyConstraint(name, name=f"pk_{of}")]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
