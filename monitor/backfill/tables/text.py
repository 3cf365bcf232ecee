"""Delimited text, plain or packed, with the number of every line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from monitor.backfill.tables import Batch, Damage, Part, UnreadableError
from monitor.backfill.tables.stream import Stream
from pricing.arrays import Ints

__all__ = ["TextTable"]

BLOCK = 1 << 22  # [byte] of text at a time
DELIMITERS = ",;\t|"
LONGEST_HEADER = 1 << 16
SHORT_ROW = "wrong_number_of_fields"


class TextTable:
    """A file of lines under one line of names."""

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        with Stream(path) as file:
            header = file.readline(LONGEST_HEADER).decode("utf-8-sig", "replace").rstrip("\r")
        self._path = path
        self._delimiter = delimiter or max(DELIMITERS, key=header.count)
        self.names = tuple(each.strip().strip('"') for each in header.split(self._delimiter))
        if len(self.names) < 2 or len(set(self.names)) < len(self.names):  # noqa: PLR2004 - a table has columns
            raise UnreadableError(f"is no table: its first line is {header[:60]!a}")

    def batches(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Read some columns as text; see `monitor.backfill.tables.Table`."""
        short: list[int] = []
        ends_early = False

        def skip(row: pcsv.InvalidRow) -> str:
            nonlocal ends_early
            short.append(row.number)
            ends_early = row.actual_columns < row.expected_columns
            return "skip"

        line, told = 2, 0
        try:
            with Stream(self._path) as file:
                reader = pcsv.open_csv(
                    file,
                    read_options=pcsv.ReadOptions(
                        block_size=BLOCK, use_threads=False, column_names=list(self.names), skip_rows=1
                    ),
                    parse_options=pcsv.ParseOptions(
                        delimiter=self._delimiter, invalid_row_handler=skip, ignore_empty_lines=False
                    ),
                    convert_options=pcsv.ConvertOptions(
                        include_columns=list(wanted),
                        column_types=dict.fromkeys(self.names, pa.string()),
                        check_utf8=False,
                        strings_can_be_null=True,
                        null_values=[""],
                    ),
                )
                for batch in reader:
                    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                    numbers, line = _numbered(line, batch.num_rows, short[told:])
                    passed = [each for each in short[told:] if each < line]
                    if passed:
                        yield Damage(SHORT_ROW, tuple(passed), breaks=False)
                        told += len(passed)
                    blank = np.logical_and.reduce([np.asarray(column.is_null()) for column in batch.columns])
                    if blank.any():
                        keep = pa.array(~blank)
                        columns = {name: column.filter(keep) for name, column in columns.items()}
                        numbers = numbers[~blank]
                    yield Batch(columns, numbers)
                broken = file.broken
        except pa.ArrowException as error:
            broken = " ".join(str(error).split())[:120]
        if short[told:]:
            yield Damage(SHORT_ROW, tuple(short[told:]), breaks=False)
        if broken:
            yield Damage(f"breaks off after line {line - 1} ({broken})")
        elif ends_early and short[-1] >= line:
            yield Damage(f"ends in the middle of line {short[-1]}")


def _numbered(line: int, size: int, skipped: list[int]) -> tuple[Ints, int]:
    """Give numbers to so many lines from `line` on, passing over those that were skipped; and say which comes next."""
    span = np.arange(line, line + size + len(skipped), dtype=np.int64)
    numbers = span[~np.isin(span, skipped)][:size] if skipped else span
    return numbers, int(numbers[-1]) + 1 if size else line
