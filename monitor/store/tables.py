"""The tables of the store. Migrations make them; a test compares the two.

Instants are UTC text of one width, days ISO text: both sort as time does, in every database and in a shell. Numbers
are doubles, NULL where there is none. No table holds the moment of writing: the same imports give the same rows.
Columns are only ever added at the end, and nullable (see `monitor.store.values.seal`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

__all__ = [
    "REVISION",
    "dividends",
    "events",
    "gaps",
    "imports",
    "inputs",
    "looks",
    "measures",
    "metadata",
    "overlays",
    "payloads",
    "points",
    "prices",
    "rates",
    "snapshots",
]

REVISION = "0003"
"""The newest migration. They are numbered, so that the text says which of two is older."""

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


def _seal() -> Column[int]:
    return Column("seal", BigInteger, nullable=False)


payloads = Table(
    "payloads",  # what the archive holds and a snapshot rests on
    metadata,
    _key("sha256"),
    _key("fetched_at"),  # the same bytes may come twice, and mean another instant
    _text("source"),
    _text("symbol"),
    _text("url"),
    Column("http_status", Integer),
    Column("fetched_at_known", Integer, nullable=False),  # 0 or 1
    Column("spot", Double),
    Column("bytes", Integer, nullable=False),
    _text("file"),  # below the archive's folder
    _seal(),
)

inputs = Table(
    "inputs",  # everything beside the payload that made a number: settings, curve, dividends
    metadata,
    _key("sha256"),
    _text("content"),
    _seal(),
)

snapshots = Table(
    "snapshots",
    metadata,
    _key("id"),
    Column("digest", Text, nullable=False, unique=True),
    _text("symbol"),
    _text("as_of"),
    _text("fetched_at"),
    Column("session", Text),  # whose official point it may be
    _text("source"),
    _text("method"),
    _text("origin"),
    _text("payload_sha256"),
    Column("inputs_sha256", Text, ForeignKey("inputs.sha256"), nullable=False),
    Column("spot", Double),
    Column("spot_sync", Double),
    Column("spot_gap", Double),
    Column("forward", Double),
    _text("status"),
    _text("flags"),
    _text("headline"),
    Column("companion", Text),
    Column("quotes_total", Integer, nullable=False),
    Column("quotes_kept", Integer, nullable=False),
    _text("quotes_dropped"),
    _text("expiries"),
    _seal(),
    ForeignKeyConstraint(["payload_sha256", "fetched_at"], ["payloads.sha256", "payloads.fetched_at"]),
    Index(None, "symbol", "as_of"),
    Index(None, "symbol", "session"),
)


def _numbers() -> list[Column[float]]:
    return [Column("value", Double), Column("low", Double), Column("high", Double)]


measures = Table(
    "measures",
    metadata,
    Column("snapshot_id", Text, ForeignKey("snapshots.id"), primary_key=True),
    _key("name"),
    Column("place", Integer, nullable=False),  # in the snapshot's own order
    *_numbers(),
    _text("unit"),
    _text("status"),
    Column("reason", Text),
    _seal(),
    sqlite_with_rowid=False,
)

points = Table(
    "points",  # official daily points; the key's order makes a series one range of the table
    metadata,
    _key("symbol"),
    _key("measure"),
    _key("session"),
    _key("source"),
    _key("method"),
    Column("as_of", Text),
    *_numbers(),
    _text("unit"),
    _text("status"),
    Column("reason", Text),
    _text("origin"),
    Column("snapshot_id", Text, ForeignKey("snapshots.id")),
    Column("payload_sha256", Text),  # of a payload, or of a file in `imports`
    _seal(),
    sqlite_with_rowid=False,
)

looks = Table(
    "looks",  # of an official snapshot: what a later one is compared with, contract by contract, to say what moved
    metadata,
    Column("snapshot_id", Text, ForeignKey("snapshots.id"), primary_key=True),
    _key("measure"),  # the skew ratio
    _text("content"),  # JSON of `monitor.history.look.Look`
    _seal(),
)

gaps = Table(
    "gaps",
    metadata,
    _key("symbol"),
    _key("source"),
    _key("session"),
    _key("slot"),  # the instant of a look that was due; empty: the session has no point
    _text("cause"),
    _text("detail"),
    _seal(),
    sqlite_with_rowid=False,
)

imports = Table(
    "imports",  # files that points came from without passing through the archive
    metadata,
    _key("sha256"),
    _key("symbol"),
    _text("source"),
    _text("name"),
    Column("bytes", BigInteger, nullable=False),
    _text("report"),
    _seal(),
)

prices = Table(
    "prices",  # daily, split- but not dividend-adjusted; indices too
    metadata,
    _key("symbol"),
    _key("session"),
    Column("open", Double),
    Column("high", Double),
    Column("low", Double),
    Column("close", Double),
    Column("volume", Double),
    _text("source"),
    _seal(),
    sqlite_with_rowid=False,
)

dividends = Table(
    "dividends",
    metadata,
    _key("symbol"),
    _key("ex_date"),
    Column("amount", Double, nullable=False),
    _text("source"),
    _seal(),
    sqlite_with_rowid=False,
)

rates = Table(
    "rates",  # par yields, per cent a year, by tenor in months
    metadata,
    _key("source"),
    _key("day"),
    Column("months", Double, primary_key=True),
    Column("percent", Double, nullable=False),
    _seal(),
    sqlite_with_rowid=False,
)

overlays = Table(
    "overlays",  # any dated series; a revision is a row of its own, known later
    metadata,
    _key("name"),
    _key("day"),
    _key("known_at"),
    Column("value", Double, nullable=False),
    _text("source"),
    _seal(),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    _key("name"),
    _key("day"),
    _text("note"),
    _text("source"),
    _seal(),
    sqlite_with_rowid=False,
)
