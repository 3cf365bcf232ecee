"""Every setting that changes a number, in one frozen object whose digest is part of a measure's method."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["VERSION", "Base", "Settings"]

VERSION = 1  # of the method: raised whenever the same chain and settings would give another number


class Base(StrEnum):
    """What a moneyness is a share of."""

    SPOT = "spot"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a chain is read.

    Attributes
    ----------
    tenor_days : int
        Calendar days to which two expiries are interpolated.
    pairs : tuple of (int, int)
        Downside and upside strikes in per cent of `moneyness`; the first is the headline, the second the
        companion that stands in on calm days.
    moneyness : Base
    min_days, max_days : float
        Expiries nearer or farther do not make measures.
    single_days : float
        One expiry this near the tenor may stand alone.
    noisy, useless : float
        Half-widths of the envelope as a share of the value: from the first a measure is noisy, from the second
        it is no data for rules.
    neighbours : int
        Quotes in each local fit of the smile, the farthest without weight.
    parity_pairs : int
        Strikes nearest the forward whose call and put make it.
    wide_spreads, wide_share : float
        A quote is wide where its spread exceeds this many times the median of its neighbours', or this share of
        its mid.
    rates : str
        Name of the source of rates. It changes no arithmetic here; it tells apart the methods of numbers that were
        made with different rates.
    """

    tenor_days: int = 30
    pairs: tuple[tuple[int, int], ...] = ((90, 110), (95, 105))
    moneyness: Base = Base.SPOT
    min_days: float = 7.0
    max_days: float = 60.0
    single_days: float = 1.0
    noisy: float = 0.03
    useless: float = 0.06
    neighbours: int = 11
    parity_pairs: int = 10
    wide_spreads: float = 4.0
    wide_share: float = 1.5
    rates: str = "configured"

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing, naming what was needed and what came."""
        if not self.pairs or any(not 0 < low < 100 < high for low, high in self.pairs):  # noqa: PLR2004 - per cent
            raise ValueError(f"pairs need strikes under and over 100 per cent, got {self.pairs}")
        if not 0 < self.min_days < self.tenor_days < self.max_days:
            raise ValueError(
                f"needed 0 < min_days < tenor_days < max_days, got {self.min_days}, {self.tenor_days}, {self.max_days}"
            )
        if not 0 < self.noisy < self.useless:
            raise ValueError(f"needed 0 < noisy < useless, got {self.noisy} and {self.useless}")
        if self.neighbours < 5:  # noqa: PLR2004 - a quadratic, one to spare, one for the bandwidth
            raise ValueError(f"a local quadratic needs 5 neighbours or more, got {self.neighbours}")
        if self.parity_pairs < 1:
            raise ValueError(f"a forward needs a pair or more, got {self.parity_pairs}")

    @property
    def method(self) -> str:
        """Version of the method and digest of these settings, e.g. ``1-0a1b2c3d``."""
        text = repr(sorted(asdict(self).items()))
        return f"{VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
