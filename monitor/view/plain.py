"""Values of `monitor.history` as what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

__all__ = ["plain"]


def plain(thing: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Write a value of `monitor.history` as what JSON can hold: objects by their fields, days as text."""
    if is_dataclass(thing):
        return {each.name: plain(getattr(thing, each.name)) for each in fields(thing)}
    if isinstance(thing, Mapping):
        return {str(name): plain(each) for name, each in thing.items()}
    if isinstance(thing, tuple | list):
        return [plain(each) for each in thing]
    return thing if thing is None or isinstance(thing, bool | int | float) else str(thing)
