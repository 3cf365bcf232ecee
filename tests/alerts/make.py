"""Rules, readings and a store for the tests of alerts: one symbol whose percentile can be chosen at will."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlalchemy import event

from alerts import outbox, tables
from alerts.channel import DeliveryError, Receipt
from alerts.events import Event
from alerts.message import Kind, Message, Severity
from alerts.parse import parse
from alerts.reading import Reading, Span, Value, Verdict
from alerts.reference import Reference
from alerts.rules import Rule
from alerts.slot import Notice, evaluate

MEASURE = "skew_ratio_30d_90_110"
COMPANION = "skew_ratio_30d_95_105"
BEGIN = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)  # a Monday
FIRST = date(2026, 1, 5)
METHOD = "m1"
HUNDRED = tuple(float(x) for x in range(200))
"""Closes whose percentiles are half their value: 190 is the 95th (and a quarter, for half of the tie)."""

PAST = Reference(HUNDRED, FIRST - timedelta(days=3), METHOD)


def dice(seed: int) -> Random:
    """The pauses' randomness, seeded."""
    return Random(seed)  # noqa: S311 - no secret


def rule(**changes) -> Rule:
    """The first shipped rule, high side, without cadence."""
    document = {
        "id": "high",
        "measure": MEASURE,
        "side": "high",
        "when": {"percentile": 95},
        "exit": {"percentile": 80},
    }
    (made,) = parse([document | changes])
    return made


def value(x, *, half=0.0, reference=PAST, **more) -> Value:
    """A measure whose percentile is x / 2, with an envelope of half-width `half`."""
    low, high = (None, None) if x is None else (x - half, x + half)
    return Value(value=x, low=low, high=high, reference=reference, **more)


def reading(at, x=None, *, symbol="IWM", per_day=1, verdict=Verdict.OK, half=0.0, reference=PAST, **more) -> Reading:
    """The look number `at`, `per_day` of them a session. x None and a verdict other than ok is no data."""
    number, slot = divmod(at, per_day)
    when = BEGIN + timedelta(days=number, minutes=15 * slot)
    fine = verdict is Verdict.OK
    measures = more.pop("measures", {MEASURE: value(x, half=half, reference=reference)} if fine else {})
    return Reading(
        symbol=symbol,
        slot=when,
        session=FIRST + timedelta(days=number),
        number=number,
        verdict=verdict,
        as_of=when if fine else None,
        official=more.pop("official", slot == per_day - 1),
        source="cboe",
        measures=measures,
        **more,
    )


def blind(at, **more) -> Reading:
    return reading(at, verdict=Verdict.NO_DATA, reason="every quote is crossed", **more)


def span(sessions, near=None) -> Span:
    return Span(sessions=sessions, near=sessions if near is None else near)


def words(told: Event) -> Message:
    """The shortest words for an event."""
    return Message(
        id=told.id,
        kind=told.kind,
        symbol=told.symbol,
        severity=told.severity,
        subject=f"{told.symbol}: {told.title or told.rule} {told.kind}",
        sections=(("Measured", f"{told.measured.value}"),),
        thread=told.episode,
        observed_at=told.observed_at,
        created_at=told.created_at,
    )


def message(name="a-1", *, kind=Kind.FIRED, at=BEGIN, symbol="IWM", **more) -> Message:
    return Message(
        id=name,
        kind=kind,
        symbol=symbol,
        severity=Severity.WARNING,
        subject=f"{symbol}: {name}",
        observed_at=at,
        created_at=at,
        **more,
    )


class Desk:
    """A store of alerts alone, opened as LIBRARIES says. `Store` of the monitor has the same two methods."""

    def __init__(self, path: Path | None = None, *, synchronous: str = "FULL") -> None:
        where = {"poolclass": sa.pool.StaticPool} if path is None else {}
        connect = {"isolation_level": None, "timeout": 5.0, "check_same_thread": False}
        address = "sqlite://" if path is None else f"sqlite:///{path}"
        self.engine = sa.create_engine(address, connect_args=connect, **where)

        @event.listens_for(self.engine, "connect")
        def settle(connection, _) -> None:
            for pragma in ("journal_mode=DELETE", f"synchronous={synchronous}", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()

        @event.listens_for(self.engine, "begin")
        def begin(connection) -> None:
            reading = connection.get_execution_options().get("read_only")
            connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

        self._reader = self.engine.execution_options(read_only=True)

    def make(self) -> Desk:
        with self.writing() as connection:
            tables.metadata.create_all(connection)
        return self

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self._reader.begin() as connection:
            yield connection

    def rows(self, table: sa.Table, *columns: str) -> list[tuple]:
        with self.reading() as connection:
            chosen = [table.c[name] for name in columns] if columns else [table]
            return [tuple(row) for row in connection.execute(sa.select(*chosen).order_by(*table.primary_key)).all()]

    def outbox(self, *columns: str) -> list[tuple]:
        with self.reading() as connection:
            table = tables.outbox
            query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.place, table.c.dedup)
            return [tuple(row) for row in connection.execute(query).all()]

    def slot(self, rules, readings, now, channels=("slack",)) -> tuple[Notice, ...]:
        """What the monitor does in a slot, without the snapshot."""
        with self.writing() as connection:
            notices = evaluate(connection, rules, readings, now)
            outbox.post(connection, [(each, words(each.event)) for each in notices], channels, now)
        return notices


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = BEGIN) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


class Recorder:
    """A channel that keeps what it is given, and fails as told: a list of errors, or of None for a success."""

    def __init__(self, name="slack", errors=()) -> None:
        self.name = name
        self.sent: list[Message] = []
        self.tried: list[tuple[str, int]] = []
        self.errors = list(errors)

    def send(self, message: Message, *, attempt: int) -> Receipt:
        self.tried.append((message.id, attempt))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.sent.append(message)
        return Receipt(f"ok {len(self.sent)}")


def refused(reason="HTTP 404") -> DeliveryError:
    return DeliveryError(reason, permanent=True)


def busy(retry_after=None) -> DeliveryError:
    return DeliveryError("HTTP 429", retry_after=retry_after)
