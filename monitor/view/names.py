"""What the name of a skew ratio says: its tenor and its two sides."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Ratio", "is_ratio", "read_ratio"]

NAME = re.compile(r"skew_ratio_(?P<days>\d+)d_(?:(?P<down>\d+)_(?P<up>\d+)|1sd)")


@dataclass(frozen=True, slots=True)
class Ratio:
    """A skew ratio.

    Attributes
    ----------
    days : int
        Tenor. [day]
    down, up : int or None
        Strikes, per cent of the moneyness; None where they are a standard deviation away.
    """

    days: int
    down: int | None
    up: int | None

    @property
    def tenor(self) -> str:
        """The tenor as an adjective."""
        return {7: "one-week", 30: "one-month"}.get(self.days, f"{self.days}-day")

    @property
    def fall(self) -> str:
        """How far down, e.g. "10 %"."""
        return "one-sigma" if self.down is None else f"{100 - self.down} %"

    @property
    def rise(self) -> str:
        """How far up, with its article, e.g. "a 10 %"."""
        if self.up is None:
            return "a one-sigma"
        far = self.up - 100
        article = "an" if far in {11, 18} or str(far).startswith("8") else "a"
        return f"{article} {far} %"

    @property
    def pair(self) -> str:
        """Both strikes, e.g. "90/110"."""
        return "one-sigma" if self.down is None else f"{self.down}/{self.up}"


def is_ratio(name: str) -> bool:
    """Whether a measure is a skew ratio."""
    return NAME.fullmatch(name) is not None


def read_ratio(name: str) -> Ratio:
    """Read ``skew_ratio_30d_90_110`` or ``skew_ratio_30d_1sd``.

    Raises
    ------
    ValueError
        Where it is another kind of measure.
    """
    read = NAME.fullmatch(name)
    if read is None:
        raise ValueError(f"needed the name of a skew ratio, got {name!r}")
    down, up = read["down"], read["up"]
    return Ratio(int(read["days"]), int(down) if down else None, int(up) if up else None)
