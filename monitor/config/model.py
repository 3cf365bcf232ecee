"""The configuration as one frozen, typed object, and its translation into what `pricing` takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from monitor.config.backfill import Backfill
from monitor.config.section import Section
from monitor.config.standing import Standing
from monitor.errors import ConfigError
from monitor.sources import SOURCES
from monitor.underlyings import underlying
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.settings import Base, Settings

__all__ = ["Cash", "Config", "Dividends", "Measures", "Pillar", "Rates", "Source", "Sources", "Symbol", "ticker"]

VERSION = 1  # of the configuration's shape: the value of its first key
USUAL = Settings()
HIGHEST_RATE = 0.5  # a rate or yield over 50 % a year is a per cent written for a decimal [1/year]
ADDRESS = r"^https?://[^\s/]+\S*$"

Rate = Annotated[float, Field(ge=-0.05, le=HIGHEST_RATE, allow_inf_nan=False)]
Address = Annotated[str, Field(pattern=ADDRESS)]
Deadline = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


def ticker(name: str) -> str:
    """Write a symbol as exchanges do, however it is spelled."""
    return underlying(name).symbol


def _spelled(name: object) -> object:
    """Take a symbol as it stands in the file, its index mark included.

    YAML reads the tickers ON, NO and Y as truth values; that is said plainly.
    """
    if isinstance(name, bool):
        message = 'YAML reads this symbol as true or false: put it in quotes, as in "ON"'
        raise ValueError(message)  # noqa: TRY004 - pydantic makes a problem of the file of a ValueError only
    if not isinstance(name, str):
        return name
    try:
        underlying(name)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return name.strip().upper()


def _written(name: object) -> object:
    spelled = _spelled(name)
    return ticker(spelled) if isinstance(spelled, str) else spelled


def _source(spec: str) -> str:
    name = spec.partition(":")[0]
    if name not in SOURCES:
        raise ValueError(f"no source of the name '{name}'; there are {', '.join(SOURCES)}")
    return spec


Spelling = Annotated[str, BeforeValidator(_spelled)]
Ticker = Annotated[str, BeforeValidator(_written)]
Spec = Annotated[str, AfterValidator(_source)]


class Symbol(Section):
    """One underlying to watch, with what differs for it."""

    symbol: Spelling = Field(description="IWM, BRK.B, SPX; a mark in front says that it is an index, ^XYZ.")
    source: Spec | None = Field(default=None, description="Where its quotes come from; null: the common `source`.")
    moneyness: Base | None = Field(default=None, description="What 90 % is a share of; null: as under `measures`.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, entry: object) -> object:
        """Read ``IWM`` as ``{symbol: IWM}``."""
        return {"symbol": entry} if isinstance(entry, str | bool) else entry


class Source(Section):
    """How one vendor is asked."""

    base_url: Address | None = Field(
        default=None, description="Address its paths are added to; null: the vendor's own."
    )
    deadline_seconds: Deadline = Field(default=20.0, description="Time allowed to one fetch, retries included. [s]")


class Sources(Section):
    """The vendors, each by the name that `source` knows it by."""

    cboe: Source = Field(default=Source(), description="Cboe's delayed quotes.")

    def arguments(self, name: str) -> dict[str, Any]:
        """Return what the class of a source takes; nothing where a source has no settings."""
        source = getattr(self, name, None)
        if not isinstance(source, Source):
            return {}
        address = {} if source.base_url is None else {"address": source.base_url}
        return {"deadline": source.deadline_seconds, **address}


class Pillar(Section):
    """One point of a configured curve."""

    years: float = Field(gt=0, le=50, description="Tenor. [year]")
    rate: Rate = Field(description="Continuously compounded, a decimal. [1/year]")


class Rates(Section):
    """Interest rates: where they come from, and what stands in for them."""

    source: Literal["treasury", "fred", "configured"] = Field(
        default="treasury",
        description="Whose yields `skewwatch rates update` keeps; configured: `curve` or `flat` and nothing else.",
    )
    flat: Rate = Field(
        default=0.0375, description="Continuously compounded rate where there is no curve, a decimal. [1/year]"
    )
    curve: tuple[Pillar, ...] = Field(default=(), description="Pillars by tenor; where given they stand before `flat`.")
    max_age_days: int = Field(
        default=7, ge=0, le=366, description="Kept yields older than this against the quotes are not used. [day]"
    )
    treasury_url: Address = Field(
        default="https://home.treasury.gov/resource-center/data-chart-center/interest-rates/pages/xml",
        description="The Treasury's feed of daily par yields.",
    )
    fred_url: Address = Field(
        default="https://fred.stlouisfed.org/graph/fredgraph.csv", description="FRED's download of one series."
    )
    deadline_seconds: Deadline = Field(default=30.0, description="Time allowed to one request. [s]")
    retries: int = Field(default=2, ge=0, le=10, description="Further attempts after a failure that may pass.")

    @field_validator("curve")
    @classmethod
    def _by_tenor(cls, curve: tuple[Pillar, ...]) -> tuple[Pillar, ...]:
        if any(later.years <= earlier.years for earlier, later in pairwise(curve)):
            raise ValueError(f"the pillars' years must increase, got {[pillar.years for pillar in curve]}")
        return curve

    @property
    def configured(self) -> Curve:
        """The curve that this section gives by itself."""
        if self.curve:
            return Curve(tuple(p.years for p in self.curve), tuple(p.rate for p in self.curve))
        return Curve.flat(self.flat)


class Cash(Section):
    """One cash dividend, paid or announced."""

    ex_date: date = Field(description="First session without it.")
    amount: float = Field(gt=0, le=1e4, description="[$ a share]")


class Dividends(Section):
    """What one underlying pays: cash by date, or a continuous yield."""

    cash: tuple[Cash, ...] = Field(default=(), description="Paid and announced dividends; later ones are projected.")
    continuous: Rate | None = Field(
        default=None, description="Yield of an index, a decimal; 0.0: it pays none; null: unknown. [1/year]"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Dividends:
        if self.cash and self.continuous is not None:
            raise ValueError("needed cash dividends or a continuous yield, got both")
        days = [paid.ex_date for paid in self.cash]
        if len(set(days)) < len(days):
            raise ValueError(f"two dividends on {next(day for day in days if days.count(day) > 1)}")
        return self

    @property
    def schedule(self) -> Schedule:
        """The same as `pricing` takes it."""
        return Schedule(tuple(Dividend(paid.ex_date, paid.amount) for paid in self.cash), self.continuous)


class Measures(Section):
    """Every setting that changes a number: `pricing.settings.Settings`, name by name."""

    tenor_days: int = Field(
        default=USUAL.tenor_days, ge=2, le=1000, description="Tenor that two expiries are interpolated to. [day]"
    )
    pairs: tuple[tuple[int, int], ...] = Field(
        default=USUAL.pairs,
        description="Downside and upside strikes, per cent of `moneyness`: the headline, then its companion.",
    )
    moneyness: Base = Field(default=USUAL.moneyness, description="What the strikes are a share of.")
    min_days: float = Field(default=USUAL.min_days, description="Nearer expiries make no measure. [day]")
    max_days: float = Field(default=USUAL.max_days, description="Farther expiries make no measure. [day]")
    single_days: float = Field(
        default=USUAL.single_days, ge=0, description="One expiry this near the tenor may stand alone. [day]"
    )
    noisy: float = Field(
        default=USUAL.noisy, description="Half-width of the envelope, a share of the value, called noisy."
    )
    useless: float = Field(default=USUAL.useless, description="Half-width from which a measure is no data for rules.")
    neighbours: int = Field(default=USUAL.neighbours, description="Quotes in each local fit of the smile.")
    parity_pairs: int = Field(
        default=USUAL.parity_pairs, description="Strikes whose call and put make an expiry's forward."
    )
    wide_spreads: float = Field(
        default=USUAL.wide_spreads, gt=0, description="A spread over this many times its neighbours' is wide."
    )
    wide_share: float = Field(
        default=USUAL.wide_share, gt=0, description="A spread over this share of its mid is wide."
    )

    @model_validator(mode="after")
    def _meaningful(self) -> Measures:
        """Let `Settings` refuse what means nothing, here, where the file and the line are known."""
        self.settings()
        return self

    def settings(self, moneyness: Base | None = None) -> Settings:
        """Return the same as `pricing` takes it, with a symbol's own `moneyness` where it has one."""
        values: dict[str, Any] = dict(self)
        return Settings(**(values if moneyness is None else values | {"moneyness": moneyness}))


class Config(Section):
    """The whole configuration. Every key may be left out except the first."""

    skewwatch: Literal[1] = Field(description="Version of this file's shape; first key of the file, and its mark.")
    data_dir: Path | None = Field(
        default=None, description="Folder of everything kept; null: the platform's folder for a user's data."
    )
    symbols: tuple[Symbol, ...] = Field(
        default=(Symbol(symbol="IWM"),), description="What to look at where a command names no symbol."
    )
    source: Spec = Field(default="cboe", description="Where quotes come from: cboe, simulated or recorded:PATH.")
    sources: Sources = Field(default=Sources(), description="How each vendor is asked.")
    rates: Rates = Field(default=Rates(), description="Interest rates.")
    dividends: dict[Ticker, Dividends] = Field(
        default_factory=dict, description="By symbol; symbols left out have those of the shipped file."
    )
    measures: Measures = Field(default=Measures(), description="How a chain is read: each key changes the `method`.")
    standing: Standing = Field(default=Standing(), description="What a value is compared with.")
    backfill: Backfill = Field(default=Backfill(), description="Importing vendors' history.")

    @field_validator("symbols")
    @classmethod
    def _once(cls, symbols: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        names = [ticker(entry.symbol) for entry in symbols]
        if not names:
            raise ValueError("needs an entry or more")
        if len(set(names)) < len(names):
            raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
        return symbols

    def symbol(self, name: str) -> Symbol:
        """Return what is configured for a symbol; any other has nothing of its own."""
        same = (entry for entry in self.symbols if ticker(entry.symbol) == ticker(name))
        return next(same, Symbol(symbol=name))

    def settings(self, name: str) -> Settings:
        """Return how a symbol's chain is read; the source of rates is part of the method's name."""
        return replace(self.measures.settings(self.symbol(name).moneyness), rates=self.rates.source)

    def schedule(self, name: str) -> Schedule:
        """Return what is known of a symbol's dividends; nothing is a schedule that says so."""
        paid = self.dividends.get(ticker(name))
        return Schedule() if paid is None else paid.schedule
