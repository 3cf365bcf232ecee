"""How fast and how long: pauses between attempts, tokens of a channel, the grace in which a burst becomes a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

__all__ = ["Bucket", "Pace", "Rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a channel may be used: `per_second` in the long run, `burst` at once."""

    per_second: float = 1.0
    burst: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How deliveries are timed.

    Attributes
    ----------
    first, most : float
        Ceiling of the first pause after a failure, and of any. [s]
    span : float
        How long a message is tried. [s]
    attempts : int
        ... and how often at least: a night asleep or a clock that jumps must not use the span up.
    grace : float
        How long a message waits for others, unless the deliverer is told that none is coming. [s]
    few : int
        More messages than these for one channel become one digest.
    deadline : float
        What a channel may take for one message, by the real clock. [s]
    late : float
        From this delay on a message says that it is late. [s]
    longest : float
        The longest Retry-After that is honoured. [s]
    rates : mapping of str to Rate
        By channel; one a second where none is given, which is what Slack takes.
    zone : str
        Of the times in messages; IANA name.
    """

    first: float = 2.0
    most: float = 900.0
    span: float = 86_400.0
    attempts: int = 10
    grace: float = 5.0
    few: int = 5
    deadline: float = 30.0
    late: float = 300.0
    longest: float = 21_600.0
    rates: Mapping[str, Rate] = field(default_factory=dict)
    zone: str = "America/New_York"

    def pause(self, failures: int, asked: float | None, random: Random) -> timedelta:
        """Return how long to wait after so many failures in a row.

        Full jitter: uniform up to a ceiling that doubles with each failure [1]_. What the other side asked for is
        a lower bound.

        References
        ----------
        .. [1] M. Brooker, "Exponential backoff and jitter," AWS Architecture Blog, 2015.
        """
        ceiling = min(self.most, self.first * 2.0 ** min(failures - 1, 30))
        wished = 0.0 if asked is None or not asked > 0 else min(asked, self.longest)
        return timedelta(seconds=max(random.uniform(0.0, ceiling), wished))

    def hopeless(self, first: datetime, now: datetime, attempts: int) -> bool:
        """Whether a message has been tried for long enough."""
        return attempts >= self.attempts and (now - first).total_seconds() >= self.span


class Bucket:
    """Tokens of one channel: each message takes one, and they come back with time."""

    def __init__(self, rate: Rate) -> None:
        if not rate.per_second > 0 or rate.burst < 1:
            raise ValueError(f"a rate needs per_second > 0 and a burst of 1 or more, got {rate}")
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at: datetime | None = None

    def free_at(self, now: datetime) -> datetime:
        """Return when a token is there: `now`, or later."""
        self._refill(now)
        lacking = max(0.0, 1.0 - self._tokens)
        return now + timedelta(seconds=lacking / self._rate.per_second)

    def take(self, now: datetime) -> None:
        """Take one that is there."""
        self._refill(now)
        self._tokens -= 1.0

    def _refill(self, now: datetime) -> None:
        passed = 0.0 if self._at is None else max(0.0, (now - self._at).total_seconds())  # a clock may be set back
        self._tokens = min(self._tokens + passed * self._rate.per_second, float(self._rate.burst))
        self._at = now
