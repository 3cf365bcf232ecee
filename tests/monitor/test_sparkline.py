"""A line of a terminal: a character a stretch, spikes kept, gaps blank."""

import numpy as np
import pytest

from monitor.view.sparkline import ASCII, BLOCKS, sparkline


def test_from_the_lowest_to_the_highest():
    assert sparkline(np.arange(8.0), 8) == BLOCKS
    assert sparkline(np.arange(8.0)[::-1], 8, ASCII) == ASCII[::-1]


def test_never_wider_than_it_may_be_and_no_wider_than_its_values():
    assert len(sparkline(np.arange(1000.0), 60)) == 60
    assert len(sparkline(np.arange(5.0), 60)) == 5


def test_a_spike_of_one_day_in_a_thousand_is_seen():
    values = np.full(1000, 1.0)
    values[400] = 2.0
    drawn = sparkline(values, 50)
    assert drawn.count("█") == 1
    assert drawn.index("█") == 20
    values[700] = 0.0
    assert sparkline(values, 50).count("▁") == 1


def test_a_stretch_without_values_is_blank():
    values = np.arange(10.0)
    values[4:6] = np.nan
    assert sparkline(values, 5)[2] == " "


@pytest.mark.parametrize(("values", "width"), [([], 10), ([np.nan], 10), ([1.0], 0), ([1.0], -3)])
def test_nothing_to_draw(values, width):
    assert sparkline(np.array(values, float), width) == ""


def test_what_does_not_move_is_in_the_middle():
    assert set(sparkline(np.full(9, 3.0), 9)) == {BLOCKS[4]}
