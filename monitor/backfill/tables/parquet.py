"""Parquet, row group by row group; a damaged one does not take the others with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.backfill.tables import ROWS, Batch, Damage, Part, UnreadableError, counted

__all__ = ["ParquetTable"]

BUFFER = 1 << 20  # of a column: without it a row group of millions of rows is held whole [byte]


class ParquetTable:
    """A file of Parquet."""

    def __init__(self, path: Path) -> None:
        try:
            with pq.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError(f"is a damaged Parquet file ({_line(error)})") from error
        self._path = path
        self.names = tuple(schema.names)
        self._text = [
            field.name for field in schema if pa.types.is_large_string(field.type) or pa.types.is_string(field.type)
        ]
        self._sizes = [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]

    def batches(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Read some columns; see `monitor.backfill.tables.Table`.

        Text of few different values is read as a dictionary, and so each value is looked at once. Columns of
        single values (a contract's name) are not.
        """
        few = [name for name in self._text if name in wanted and "contract" not in name.lower()]
        first = 1
        with pq.ParquetFile(self._path, read_dictionary=few, buffer_size=BUFFER, pre_buffer=False) as file:
            for at, size in enumerate(self._sizes):
                done = 0
                try:
                    for batch in file.iter_batches(ROWS, row_groups=[at], columns=list(wanted), use_threads=False):
                        yield Batch(
                            dict(zip(batch.schema.names, batch.columns, strict=True)),
                            counted(first + done, batch.num_rows),
                        )
                        done += batch.num_rows
                except (pa.ArrowException, OSError) as error:
                    lost = range(first + done, first + size)
                    yield Damage(f"row group {at} is damaged ({_line(error)}): rows {lost[0]} to {lost[-1]} are lost")
                first += size


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
