"""Files that are broken somewhere: what can be read is read, with its numbers, and what cannot is told."""

from __future__ import annotations

import gzip
import json
import sqlite3

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitor.backfill import tables
from monitor.backfill.tables import Batch, Damage, UnreadableError, key, open_table
from monitor.backfill.tables import database as database_module
from monitor.backfill.tables import objects as objects_module
from monitor.backfill.tables import text as text_module

ROWS = 5000


def read(path, wanted=("a", "b"), **options):
    """Read a file to its end: values of the first column, numbers of the rows, and damages."""
    values, numbers, damages = [], [], []
    for part in open_table(path, **options).batches(wanted):
        if isinstance(part, Damage):
            damages.append(part)
        else:
            assert isinstance(part, Batch)
            values += part.columns[wanted[0]].to_pylist()
            numbers += part.numbers.tolist()
    return values, numbers, damages


def text(rows=ROWS):
    return "a,b,c\n" + "".join(f"{at},x,{at}\n" for at in range(rows))


def test_names_are_compared_without_what_vendors_add():
    assert key(" [C_BID]") == key("cBid") == key("c_bid") == "cbid"


def test_lines_have_their_numbers_past_those_that_are_refused(tmp_path):
    lines = text().splitlines()
    for at, bad in ((3, "1"), (700, "1,2,3,4"), (701, ""), (4000, "9,9")):
        lines[at] = bad
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    values, numbers, damages = read(tmp_path / "t.csv")
    assert [each.numbers for each in damages] == [(4, 701, 4001)]
    assert not any(each.breaks for each in damages)
    gone = {4, 701, 702, 4001}  # the third is an empty line, which is nothing
    assert numbers == [number for number in range(2, ROWS + 2) if number not in gone]
    assert values == [str(number - 2) for number in numbers]


def test_numbers_hold_over_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "BLOCK", 512)
    lines = text().splitlines()
    for at in range(10, ROWS, 97):
        lines[at] = "short"
    (tmp_path / "t.csv").write_text("\n".join(lines))
    values, numbers, damages = read(tmp_path / "t.csv")
    assert values == [str(number - 2) for number in numbers]
    assert sorted(each for damage in damages for each in damage.numbers) == [at + 1 for at in range(10, ROWS, 97)]


def test_text_that_ends_in_the_middle_of_a_line(tmp_path):
    (tmp_path / "t.csv").write_text(text()[:-3].rpartition("\n")[0] + "\n4999,")
    values, _, damages = read(tmp_path / "t.csv")
    assert len(values) == ROWS - 1
    assert [each.breaks for each in damages] == [False, True]
    assert "middle of line 5001" in damages[1].why


def test_packed_text_that_breaks_off(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "BLOCK", 1 << 14)
    packed = gzip.compress("".join(f"{np.sqrt(at)},x\n" for at in range(20_000)).encode())
    whole = gzip.compress(b"a,b\n") + packed
    (tmp_path / "t.csv.gz").write_bytes(whole)
    assert len(read(tmp_path / "t.csv.gz")[0]) == 20_000
    (tmp_path / "t.csv.gz").write_bytes(whole[: -len(whole) // 4])
    values, _, (damage,) = read(tmp_path / "t.csv.gz")
    assert 0 < len(values) < 20_000
    assert damage.breaks


@pytest.mark.parametrize(("separator", "given"), [(";", None), ("\t", None), ("|", None), (",", ","), (" ", " ")])
def test_delimiters(tmp_path, separator, given):
    (tmp_path / "t.csv").write_text(text(3).replace(",", separator))
    assert read(tmp_path / "t.csv", delimiter=given)[0] == ["0", "1", "2"]


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "t.csv").write_bytes(text(3).encode().replace(b"1,x", b"\xff\xfe,x"))
    values, _, _ = _raw(tmp_path / "t.csv")
    assert values == 3


def _raw(path):
    parts = list(open_table(path).batches(("a", "b")))
    return sum(part.numbers.size for part in parts), parts, None


def parquet(path, rows=ROWS, group=1000):
    column = np.arange(rows)
    table = pa.table({"a": column, "b": [f"v{at % 7}" for at in range(rows)], "c": np.sqrt(column)})
    pq.write_table(table, path, row_group_size=group, compression="none", use_dictionary=["b"])
    return path


def test_parquet_without_its_end_is_refused(tmp_path):
    path = parquet(tmp_path / "t.parquet")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableError, match="damaged Parquet"):
        open_table(path)


def test_a_damaged_row_group_does_not_take_the_others_with_it(tmp_path):
    path = parquet(tmp_path / "t.parquet")
    metadata = pq.ParquetFile(path).metadata.row_group(2).column(0)
    start = min(each for each in (metadata.dictionary_page_offset, metadata.data_page_offset) if each)
    content = bytearray(path.read_bytes())
    content[start : start + 40] = b"\xff" * 40  # the page's header
    path.write_bytes(content)
    values, numbers, (damage,) = read(path)
    assert values == [*range(2000), *range(3000, ROWS)]
    assert numbers == [each + 1 for each in values]
    assert damage.breaks
    assert "rows 2001 to 3000 are lost" in damage.why


@pytest.mark.parametrize("group", [1, 7, 1000, 10**6])
def test_row_groups_of_any_size(tmp_path, group):
    values, numbers, _ = read(parquet(tmp_path / "t.parquet", 300, group))
    assert values == list(range(300))
    assert numbers == list(range(1, 301))


def database(path, rows=ROWS):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE small (x)")
        connection.execute('CREATE TABLE "large ""one""" (a, b, c)')
        values = [(at, str(at) if at % 3 else None, "x" * 50) for at in range(rows)]
        connection.executemany('INSERT INTO "large ""one""" VALUES (?, ?, ?)', values)
    connection.close()
    return path


def test_the_table_with_most_columns(tmp_path):
    path = database(tmp_path / "t.db")
    assert open_table(path).names == ("a", "b", "c")
    assert open_table(path, table="small").names == ("x",)
    with pytest.raises(UnreadableError, match="no table nothing"):
        open_table(path, table="nothing")
    values, numbers, _ = read(path)
    assert values == list(range(ROWS))
    assert numbers == list(range(1, ROWS + 1))


def test_a_database_that_breaks_off(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "ROWS", 100)
    path = database(tmp_path / "t.db")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    values, _, (damage,) = read(path)
    assert 0 < len(values) < ROWS
    assert damage.breaks


def test_objects_over_many_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(objects_module, "CHUNK", 100)
    rows = [{"a": at, "b": f"{at}"} for at in range(500)]
    for content in (json.dumps({"data": rows}), json.dumps(rows, indent=1), "\n".join(map(json.dumps, rows))):
        (tmp_path / "t.json").write_text(content)
        values, numbers, damages = read(tmp_path / "t.json")
        assert values == list(range(500))
        assert numbers == list(range(1, 501))
        assert not damages


@pytest.mark.parametrize("cut", [5, 12, 3])
def test_objects_that_break_off(tmp_path, cut):
    whole = json.dumps({"data": [{"a": at, "b": 1} for at in range(50)]})
    (tmp_path / "t.json").write_text(whole[:-cut])
    values, _, (damage,) = read(tmp_path / "t.json")
    assert len(values) >= 49
    assert damage.breaks


def test_a_bad_object_is_refused_alone(tmp_path):
    (tmp_path / "t.json").write_text('[{"a": 1, "b": 1}, {"a": 2 "b": 2}, {"a": NaN, "b": 3}, {"b": 4}]')
    values, numbers, (damage,) = read(tmp_path / "t.json")
    assert numbers == [1, 3, 4]
    assert values[0] == 1
    assert values[2] is None
    assert damage.numbers == (2,)


@pytest.mark.parametrize("content", [b"", b"  \n", b"one column\n1\n", b"a,a\n1,2\n", b'{"a": {}}', b"\x1f\x8bx"])
def test_what_is_no_table(tmp_path, content):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(UnreadableError):
        list(open_table(tmp_path / "t").batches(()))


def test_memory_does_not_grow_with_the_file(tmp_path):
    """Arrow counts what it holds: the peak over a file ten times as long is no larger than a few batches."""
    peaks = []
    for rows in (300_000, 3_000_000):
        path = parquet(tmp_path / f"{rows}.parquet", rows, group=rows)
        pool = pa.default_memory_pool()
        before, most = pool.bytes_allocated(), 0
        for part in open_table(path).batches(("a", "c")):
            most = max(most, pool.bytes_allocated() - before)
            del part
        peaks.append(most)
    assert peaks[1] < 3 * tables.ROWS * 16 * 4
