"""What every part of the configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """A part of the configuration: never changed, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
