"""The rules that ship: data in the words of config.yaml."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SHIPPED"]

RATIO, COMPANION = "skew_ratio_30d_90_110", "skew_ratio_30d_95_105"

SHIPPED: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "extreme-high",
        "title": "downside demand is extreme",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "high",
        "when": {"percentile": 95},
        "exit": {"percentile": 80},
        "for": 2,
        "repeat": 10,
        "escalate": 0.1,
        "cooldown": 4,
    },
    {
        "id": "extreme-low",
        "title": "downside demand is unusually low",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "low",
        "when": {"percentile": 5},
        "exit": {"percentile": 20},
        "for": 2,
        "repeat": 10,
    },
    {
        "id": "record-high",
        "title": "downside demand is at its highest in half a year or more",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "high",
        "when": {"record": 120},
        "exit": {"percentile": 80},
        "for": {"slots": 2, "closes": 1},
    },
    {
        "id": "record-low",
        "title": "downside demand is at its lowest in half a year or more",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "low",
        "when": {"record": 120},
        "exit": {"percentile": 20},
        "for": {"slots": 2, "closes": 1},
    },
    {
        "id": "regime-high",
        "title": "downside demand is extreme for this level of volatility",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "high",
        "when": {"regime_percentile": 95},
        "exit": {"regime_percentile": 80},
        "for": 2,
    },
    {
        "id": "regime-low",
        "title": "downside demand is unusually low for this level of volatility",
        "measure": RATIO,
        "companion": COMPANION,
        "side": "low",
        "when": {"regime_percentile": 5},
        "exit": {"regime_percentile": 20},
        "for": 2,
    },
)
"""For every symbol that is watched. Three questions on each side: extreme within a year, a record within half a year
or more, extreme once the level of volatility is taken out."""
