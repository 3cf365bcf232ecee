"""The part of the configuration that says what a value is compared with, and what stands beside it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from monitor.config.section import Section
from monitor.errors import ConfigError
from monitor.history.settings import MINIMUM, Settings
from monitor.underlyings import underlying

__all__ = ["Extremes", "Standing"]

USUAL = Settings()
MIDDLE = 50  # [%]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")

Extremes = tuple[float, float]
Window = Annotated[int, Field(ge=1, le=100_000)]


class Standing(Section):
    """Where a value is in its own past."""

    windows: tuple[Window, ...] = Field(
        default=USUAL.windows, description="Sessions looked back over; the first is meant where none is named."
    )
    minimum: int = Field(
        default=MINIMUM,
        ge=1,
        le=100_000,
        description="Closes without which there is no percentile; a lower one is said.",
    )
    extremes: Extremes = Field(
        default=(5.0, 95.0), description="Percentiles at and beyond which a value is at an extreme. [%]"
    )
    sources: tuple[str, ...] | None = Field(
        default=None, description="Whose closes are compared with, preferred first; null: all of the value's method."
    )
    measures: tuple[str, ...] = Field(default=(), description="Measures ranked beside the skew ratios.")
    benchmark: str | None = Field(default="SPY", description="What the underlying is held against; null: nothing.")
    beside: tuple[str, ...] = Field(
        default=("VIX", "RVX"), description="Imported indices and overlays shown beside a value, where they are there."
    )

    @field_validator("extremes")
    @classmethod
    def _either_side(cls, extremes: Extremes) -> Extremes:
        low, high = extremes
        if not 0 <= low < MIDDLE < high <= 2 * MIDDLE:
            raise ValueError(f"needed a percentile under 50 and one over it, got {low:g} and {high:g}")
        return extremes

    @field_validator("benchmark")
    @classmethod
    def _ticker(cls, symbol: str | None) -> str | None:
        try:
            return None if symbol is None else underlying(symbol).symbol
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @field_validator("beside")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if NAME.fullmatch(name) is None:
                raise ValueError(f"{name!r} is not the name of an index or overlay: letters, digits, _ . - of them")
        return names

    @model_validator(mode="after")
    def _meaningful(self) -> Standing:
        """Let `Settings` refuse what means nothing, here, where the file and the line are known."""
        self.settings(USUAL.useless)
        return self

    def settings(self, useless: float) -> Settings:
        """Return the same as `monitor.history` takes it.

        Parameters
        ----------
        useless : float
            `measures.useless`: half-width of an envelope from which a skew ratio is no data. [1]
        """
        return Settings(windows=self.windows, minimum=self.minimum, useless=useless)
