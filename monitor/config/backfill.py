"""The part of the configuration that `skewwatch backfill` reads."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from monitor.config.section import Section

__all__ = ["COLUMNS", "Backfill", "CsvMap", "Dataset"]

ADDRESS = r"^https?://[^\s/]+\S*$"
OF_A_CONTRACT = ("bid", "ask", "mid", "vol", "volume", "open_interest")
OF_A_ROW = ("date", "expiry", "strike", "side", "symbol", "contract", "root", "spot")
COLUMNS = (*OF_A_ROW, *OF_A_CONTRACT, *(f"{side}_{name}" for side in ("call", "put") for name in OF_A_CONTRACT))
"""What a column of a CSV can be; those that begin with call_ and put_ stand side by side in one row a strike."""

Address = Annotated[str, Field(pattern=ADDRESS)]


class Dataset(Section):
    """Where options-dataset-hist is downloaded from when no path is given."""

    base_url: Address = Field(
        default="https://media.githubusercontent.com/media/philippdubach/options-dataset-hist/main/data",
        description="Folder of the data files: parquet_iwm/options_2008.parquet and so on are below it.",
    )
    pointers_url: Address | None = Field(
        default="https://raw.githubusercontent.com/philippdubach/options-dataset-hist/main/data",
        description="The same folder with Git LFS pointers, which tell size and SHA-256; null: nothing is checked.",
    )
    first_year: int = Field(default=2008, ge=1990, le=2100, description="First file.")
    last_year: int = Field(default=2025, ge=1990, le=2100, description="Last file.")
    most_mb: float = Field(default=500, gt=0, description="A file larger than this is refused. [MB]")
    retries: int = Field(default=5, ge=0, le=100, description="Further attempts after one that brought nothing new.")

    @model_validator(mode="after")
    def _ordered(self) -> Dataset:
        if self.last_year < self.first_year:
            raise ValueError(f"needed first_year <= last_year, got {self.first_year} and {self.last_year}")
        return self


class CsvMap(Section):
    """One kind of delimited text: which of its columns is what."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="For --map; its points are filed under it.")
    columns: dict[str, str] = Field(description="What is what: our names to the file's; those known are in the docs.")
    measures: dict[str, str] = Field(
        default_factory=dict, description="Of a file that holds measures instead of a chain: measure to column."
    )
    method: str | None = Field(default=None, description="Of such a file: how its numbers were made; null: vendor.")
    percent: bool = Field(default=False, description="Volatilities are in per cent.")
    time: str | None = Field(
        default=None, description="When it was quoted, New York, HH:MM; null: the end of the option session."
    )
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="null: found by itself.")
    decimal: Literal[".", ","] = Field(default=".", description="What stands before the decimals.")

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(columns) - set(COLUMNS))
        if unknown:
            raise ValueError(f"no column can be {unknown[0]!r}; known are {', '.join(COLUMNS)}")
        return columns

    @field_validator("time")
    @classmethod
    def _clock(cls, text: str | None) -> str | None:
        if text is not None:
            time.fromisoformat(text)
        return text

    @model_validator(mode="after")
    def _enough(self) -> CsvMap:
        has = self.columns.keys()
        if self.measures:
            if "date" not in has:
                raise ValueError("measures need columns.date")
            return self
        missing = [name for name in ("expiry", "strike") if name not in has]
        if missing:
            raise ValueError(f"a chain needs columns.{missing[0]}")
        prefixes = ("",) if "side" in has else ("call_", "put_")
        enough = ({"bid", "ask"}, {"mid"}, {"vol"})
        for prefix in prefixes:
            if not any({f"{prefix}{name}" for name in names} <= has for names in enough):
                raise ValueError(
                    f"a chain needs {prefix}bid and {prefix}ask, or {prefix}mid, or {prefix}vol; "
                    "and side, or columns that begin with call_ and put_"
                )
        return self


class Backfill(Section):
    """How vendors' history is imported."""

    jobs: int | None = Field(default=None, ge=1, le=64, description="Processes that compute; null: one a core.")
    options_dataset_hist: Dataset = Field(default=Dataset(), description="Download of that data set.")
    csv: tuple[CsvMap, ...] = Field(default=(), description="Kinds of delimited text for --from csv.")

    @field_validator("csv")
    @classmethod
    def _once(cls, maps: tuple[CsvMap, ...]) -> tuple[CsvMap, ...]:
        names = [each.name for each in maps]
        if len(set(names)) < len(names):
            raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
        return maps
