"""Rows in any order to whole days: whatever the order, the batches and the memory, the same days come out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.backfill import gather as module
from monitor.backfill.gather import Census, gather
from monitor.backfill.rows import empty


def batches(days, sizes):
    """Cut rows of these days into batches of these sizes."""
    rows = empty(len(days))
    rows["day"] = days
    rows["number"] = np.arange(len(days))
    at, found = 0, []
    for size in sizes:
        if at >= len(days):
            break
        found.append(rows[at : at + size])
        at += size
    found.append(rows[at:])
    return [each for each in found if each.size]


def census_of(given_batches):
    census = Census()
    for each in given_batches:
        census.add(each["day"])
    return census


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=120),
    st.lists(st.integers(1, 30), max_size=8),
    st.sampled_from([0, 20, 10**6]),
)
def test_every_day_comes_once_with_its_rows_in_order(days, sizes, room):
    given_batches = batches(days, sizes)
    found = {
        day: (rows["number"].tolist(), whole)
        for day, rows, whole in gather(
            census_of(given_batches), lambda: ((each, each["day"]) for each in given_batches), open_rows=room
        )
    }
    assert found == {day: ([at for at, each in enumerate(days) if each == day], True) for day in set(days)}


def test_days_of_which_rows_are_missing_are_not_whole():
    given_batches = batches([1, 1, 2, 2, 3, 3], [2, 2])
    census = census_of(given_batches)
    for room in (0, 100):
        found = gather(
            census, lambda: ((each, each["day"]) for each in given_batches[:1] + given_batches[2:]), open_rows=room
        )
        assert [(day, rows.size, whole) for day, rows, whole in sorted(found, key=lambda each: each[0])] == [
            (1, 2, True),
            (2, 0, False),
            (3, 2, True),
        ]


def test_rows_that_are_not_used_count_for_the_day():
    given_batches = batches([5, 5, 5], [3])
    ((day, rows, whole),) = gather(
        census_of(given_batches), lambda: ((each[:1], each["day"]) for each in given_batches)
    )
    assert (day, rows.size, whole) == (5, 1, True)


def test_days_in_order_are_streamed_and_shuffled_ones_are_sorted_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BUCKET_ROWS", 50)
    ordered = batches(np.repeat(np.arange(40), 10), [25] * 16)
    assert census_of(ordered).most_open <= 50
    mixed = batches(np.random.default_rng(0).permutation(np.repeat(np.arange(40), 10)), [25] * 16)
    assert census_of(mixed).most_open == 400
    made = []
    monkeypatch.setattr(module.tempfile, "TemporaryDirectory", _noted(module.tempfile.TemporaryDirectory, made))
    list(gather(census_of(ordered), lambda: ((each, each["day"]) for each in ordered), open_rows=60))
    assert not made
    days = [
        day
        for day, _, _ in gather(census_of(mixed), lambda: ((e, e["day"]) for e in mixed), folder=tmp_path, open_rows=60)
    ]
    assert days == list(range(40))
    assert made
    assert not list(tmp_path.iterdir())


def _noted(make, made):
    def wrapped(*arguments, **named):
        made.append(named)
        return make(*arguments, **named)

    return wrapped


def test_rows_that_wait_do_not_keep_their_batch_alive():
    given_batches = batches([1, 1, 2, 2, 2, 3], [3, 3])
    found = list(gather(census_of(given_batches), lambda: ((each, each["day"]) for each in given_batches)))
    assert [(day, rows["number"].tolist()) for day, rows, _ in found] == [(1, [0, 1]), (2, [2, 3, 4]), (3, [5])]
    second = found[1][1]
    assert not any(np.shares_memory(second, each) for each in given_batches)
