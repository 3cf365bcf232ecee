"""The tables of alerts: what they stand at, what happened, what is said, and what became of it.

Instants are UTC text of one width, content is JSON with its keys in one order, and every row stands under a seal of
all its columns, as in the rest of the store. The monitor's migrations make them; a test compares the two. Columns are
only ever added before the seal, and nullable.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

__all__ = [
    "acknowledgements",
    "attempts",
    "channels",
    "events",
    "health",
    "messages",
    "metadata",
    "outbox",
    "references",
    "silences",
    "states",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _seal() -> Column[int]:
    return _whole("seal")


states = Table(
    "alert_states",  # one a rule's meaning, symbol, measure and side that was ever more than inactive
    metadata,
    _key("alert"),
    _text("rule"),
    _text("symbol"),
    _text("phase"),
    _text("episode"),
    _whole("version"),  # one more with every change: a writer that read an older one is refused
    _text("content"),
    _text("frozen"),  # references by name
    _seal(),
    Index(None, "symbol"),
    Index(None, "phase"),
)

references = Table(
    "alert_references",  # what episodes compare with, named by content: both sides of a measure share one
    metadata,
    _key("id"),
    _text("session"),
    _text("method"),
    _text("line"),  # slope and intercept of what was taken out, JSON
    Column("content", LargeBinary, nullable=False),
    _seal(),
)

health = Table(
    "alert_health",  # of symbols and vendors
    metadata,
    _key("subject"),
    _text("phase"),
    _whole("version"),
    _text("content"),
    _seal(),
)

events = Table(
    "alert_events",
    metadata,
    _key("id"),
    _text("alert"),
    _text("episode"),
    _whole("number"),
    _text("kind"),
    _text("symbol"),
    _text("created_at"),
    _text("content"),
    _seal(),
    Index(None, "created_at"),
    Index(None, "episode"),
)

messages = Table(
    "alert_messages",  # one for all channels
    metadata,
    _key("id"),
    _text("content"),
    _seal(),
)

outbox = Table(
    "alert_outbox",  # one a message and channel
    metadata,
    _key("dedup"),
    _whole("place"),  # in the order of sending; a digest has that of its first part
    _text("channel"),
    Column("message", Text, ForeignKey("alert_messages.id"), nullable=False),
    _text("alert"),
    _text("episode"),
    _text("kind"),
    _text("labels"),  # what silences match: rule, symbol, measure, side, severity, cause, vendor
    _text("state"),
    _text("reason"),  # receipt, or why it is not sent
    Column("parent", Text),  # the digest that it went out with
    Column("attempts", Integer, nullable=False),
    Column("ambiguous", Integer, nullable=False),  # attempts whose outcome nobody knows
    _text("observed_at"),
    _text("created_at"),
    _text("next_at"),
    _text("updated_at"),
    Column("first_at", Text),  # the first attempt
    _seal(),
    Index(None, "place"),
    Index(None, "state", "channel"),
    Index(None, "episode", "channel"),
    Index(None, "parent"),
)

attempts = Table(
    "alert_attempts",
    metadata,
    _key("dedup"),
    Column("number", Integer, primary_key=True),
    _text("started_at"),
    Column("ended_at", Text),
    Column("outcome", Text),  # none while in flight
    Column("detail", Text),
    _seal(),
)

channels = Table(
    "alert_channels",  # how each is doing
    metadata,
    _key("name"),
    Column("failures", Integer, nullable=False),  # in a row
    Column("not_before", Text),
    _text("updated_at"),
    Column("sent_at", Text),  # the last success
    Column("error", Text),  # the last failure, in words
    _seal(),
)

silences = Table(
    "alert_silences",
    metadata,
    _key("id"),
    _text("matchers"),  # label to pattern, JSON
    _text("begins_at"),
    _text("ends_at"),
    _text("who"),
    _text("why"),
    Column("ended", Integer, nullable=False),  # 1: its end has been answered with reminders
    _seal(),
)

acknowledgements = Table(
    "alert_acknowledgements",
    metadata,
    _key("episode"),
    _text("created_at"),
    _text("who"),
    _text("why"),
    _seal(),
)
