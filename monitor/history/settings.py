"""What a value is compared with, and from when a comparison means something."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MINIMUM", "Settings"]

MINIMUM = 120  # closes: half a year; below, a percentile moves by a point with every close (METHOD section 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a standing is taken.

    Attributes
    ----------
    windows : tuple of int
        Sessions looked back over; the first is the one that sentences and rules mean. All sessions are a further
        window.
    minimum : int
        Closes below which there is no percentile.
    useless : float
        Half-width of a skew ratio's envelope, as a share of the value, from which it is no data.
    thin : float
        Coverage of a span below which the sentence says so. [1]
    brief : int
        A "highest since" of fewer sessions is not worth a sentence.
    """

    windows: tuple[int, ...] = (252, 504, 1260)
    minimum: int = MINIMUM
    useless: float = 0.06
    thin: float = 0.95
    brief: int = 10

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing, naming what was needed and what came."""
        if not self.windows or any(later <= earlier for earlier, later in zip((0, *self.windows), self.windows)):  # noqa: B905 - of n + 1 and n
            raise ValueError(f"windows need one or more numbers of sessions, rising, got {self.windows}")
        if self.minimum < 1:
            raise ValueError(f"a percentile needs a close or more, got a minimum of {self.minimum}")
        if not self.useless > 0 or not 0 <= self.thin <= 1:
            raise ValueError(f"needed useless > 0 and thin from 0 to 1, got {self.useless} and {self.thin}")
