"""What is said to a person: words and numbers without any channel's markup, so that every channel says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

__all__ = ["Kind", "Message", "Severity"]


class Kind(StrEnum):
    """Why a message is sent."""

    FIRED = "fired"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    EXPIRED = "expired"  # closed without knowing: there was no data for too long
    RULE_CHANGED = "rule_changed"
    DATA_HEALTH = "data_health"
    RECOVERED = "recovered"  # of data health
    DIGEST = "digest"
    TEST = "test"
    SUMMARY = "summary"
    UNDELIVERED = "undelivered"  # another channel has refused a message for good


class Severity(StrEnum):
    """How much it matters, from least to most."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes
    ----------
    id : str
        Short, for a person to quote: ``a-`` and twelve hexadecimal digits. The same for every channel and attempt.
    kind : Kind
    symbol : str
        "" where it is about none or about several.
    severity : Severity
    subject : str
        One line, whose first 100 characters say it all.
    sections : tuple of (str, str)
        Heading and text.
    facts : tuple of (str, str)
        Label and value.
    charts : tuple of (str, str)
        Name, and path of a PNG or the key that it is found by; may be empty.
    thread : str
        Of the episode: messages with the same one belong together. "" stands alone.
    dedup : str
        Two deliveries with the same one are copies of one message.
    observed_at, created_at : datetime
        Of the quotes that it tells of; of the message itself. With a time zone.
    """

    id: str
    kind: Kind
    symbol: str
    severity: Severity
    subject: str
    observed_at: datetime
    created_at: datetime
    sections: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    charts: tuple[tuple[str, str], ...] = ()
    thread: str = ""
    dedup: str = ""

    def __post_init__(self) -> None:
        """Refuse instants without a time zone and a subject of several lines."""
        if self.observed_at.tzinfo is None or self.created_at.tzinfo is None:
            raise ValueError(f"a message needs instants with a time zone, got {self.observed_at}, {self.created_at}")
        if len(self.subject.splitlines()) != 1:
            raise ValueError(f"a message needs a subject of one line, got {self.subject!r}")

    def to_json(self) -> str:
        """Write it as JSON, the same content always as the same text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            Where the text is something else.
        """
        return msgspec.json.decode(text, type=cls)
