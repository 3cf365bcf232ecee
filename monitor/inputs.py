"""Everything beside the payload that makes a number: settings, rates, dividends; kept, they make it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from monitor import rates
from monitor.config.model import Config
from monitor.errors import Failure
from pricing.chain import Chain
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Flag
from pricing.settings import Base, Settings
from pricing.snapshot import Snapshot
from pricing.take import take

__all__ = ["Inputs"]


@dataclass(frozen=True)
class Inputs:
    """What a chain is read with.

    Attributes
    ----------
    settings : Settings
    curve : Curve
    rates_source : str
        "treasury", "fred" or "configured"; see `monitor.rates.Chosen`.
    rates_day : date or None
        Of the yields.
    dividends : Schedule
    flags : frozenset of Flag
        What is to be doubted about them.
    """

    settings: Settings
    curve: Curve
    rates_source: str
    rates_day: date | None
    dividends: Schedule
    flags: frozenset[Flag]

    @classmethod
    def of(cls, chain: Chain, config: Config, folder: Path) -> Inputs:
        """Gather what a chain is read with: its symbol's settings and dividends, the rates known at its instant.

        Parameters
        ----------
        chain : Chain
        config : Config
        folder : Path
            The data folder; only kept yields are read from it.
        """
        chosen = rates.choose(config.rates, folder, chain.as_of)
        return cls(
            settings=config.settings(chain.symbol),
            curve=chosen.curve,
            rates_source=chosen.source,
            rates_day=chosen.day,
            dividends=config.schedule(chain.symbol),
            flags=chosen.flags,
        )

    def take(self, chain: Chain) -> Snapshot:
        """Read everything a chain says; what is to be doubted about these inputs is flagged."""
        doubted = replace(chain, flags=chain.flags | self.flags)
        return take(doubted, self.curve, self.dividends, self.settings)

    @cached_property
    def text(self) -> str:
        """JSON, written in one way only; doubles keep their last digit."""
        content = {
            "settings": asdict(self.settings),
            "rates": {
                "source": self.rates_source,
                "day": self.rates_day.isoformat() if self.rates_day else None,
                "years": self.curve.years,
                "rates": self.curve.rates,
            },
            "dividends": {
                "known": [[paid.ex_date.isoformat(), paid.amount, paid.projected] for paid in self.dividends.known],
                "continuous": self.dividends.continuous,
            },
            "flags": sorted(self.flags),
        }
        return json.dumps(content, allow_nan=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        """Digest of `text`, hexadecimal."""
        return sha256(self.text.encode()).hexdigest()

    @classmethod
    def read(cls, text: str) -> Inputs:
        """Read what `text` wrote.

        Raises
        ------
        Failure
            Where this program does not know what it asks for: a setting of a later version.
        """
        try:
            content = json.loads(text)
            curve, paid = content["rates"], content["dividends"]
            return cls(
                settings=_settings(content["settings"]),
                curve=Curve(tuple(curve["years"]), tuple(curve["rates"])),
                rates_source=curve["source"],
                rates_day=date.fromisoformat(curve["day"]) if curve["day"] else None,
                dividends=Schedule(
                    tuple(Dividend(date.fromisoformat(day), *rest) for day, *rest in paid["known"]), paid["continuous"]
                ),
                flags=frozenset(Flag(flag) for flag in content["flags"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise Failure(
                f"the stored settings cannot be read by this version ({type(error).__name__}: {error})",
                "use the version of skewwatch that saved them",
            ) from error


def _settings(content: dict[str, Any]) -> Settings:
    """Read settings; one that they do not have, because it came later, has its default."""
    typed = {
        "pairs": tuple((low, high) for low, high in content["pairs"]),
        "moneyness": Base(content["moneyness"]),
    }
    return Settings(**(content | typed))
