"""What the store says of one snapshot, where the snapshot is odd: bounded, too wide, of no session, of two sources."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from monitor.config import Config
from monitor.history.extremes import Side
from monitor.history.settings import Settings
from monitor.history.standing import Refusal
from monitor.past import series as past
from monitor.past.recollection import recall
from monitor.store import FILE, Store, read
from monitor.view.past import clause, document, paragraphs
from pricing.reasons import Cause, Level
from tests.monitor import snapshots
from tests.monitor.closes import ATM, COMPANION, HEADLINE, days_before, fill, points, prices
from tests.monitor.snapshots import bounded, missing, ratio

CONFIG = Config(skewwatch=1)
DAY = date(2026, 6, 18)  # of the invented snapshot, 16:15 New York
METHOD = "1-0a1b2c3d"


def closes(values, measure=HEADLINE, source="cboe", **changes):
    return points(values, days_before(DAY, len(values)), measure=measure, source=source, by=METHOD, **changes)


def recalled(folder, one, config=CONFIG):
    with Store.open(folder / FILE, read_only=True) as store:
        return recall(store, one, config)


@pytest.fixture
def folder(tmp_path):
    rising = np.linspace(1.0, 1.3, 252).tolist()
    wide = closes(np.linspace(1.2, 1.6, 252).tolist())
    fill(tmp_path, found=[*wide, *closes(rising, COMPANION), *closes([0.2] * 252, ATM)])
    return tmp_path


def test_the_headline_speaks_where_it_can(folder):
    found = recalled(folder, snapshots.snapshot())
    assert (found.speaker, found.side) == (HEADLINE, None)
    assert found.spoken.provisional is False
    assert found.standings.keys() == {HEADLINE, COMPANION, ATM}
    assert found.previous is None
    assert found.extreme is None


@pytest.mark.parametrize("odd", [bounded(1.38), missing(Cause.LADDER_ENDS), ratio(1.5, 0.09, Level.NOISY)])
def test_on_other_days_the_companion_carries_standing_and_extreme(folder, odd):
    found = recalled(folder, snapshots.snapshot(odd, ratio(1.31)))
    assert (found.speaker, found.side) == (COMPANION, Side.HIGH)
    assert found.spoken.percentile == 100.0
    assert found.standings[HEADLINE].percentile is None
    said = document(found, snapshots.snapshot(odd, ratio(1.31)), Settings())
    assert "downside protection costs 1.31 times" in said["sentence"]
    assert ", 100th percentile of 252 closes, highest on record" in said["sentence"]


def test_a_bound_is_ranked_as_what_it_is(folder):
    found = recalled(folder, snapshots.snapshot(bounded(1.58), missing(Cause.NO_BID)))
    assert (found.speaker, found.spoken.reason) == (HEADLINE, Refusal.BOUNDED)
    assert clause(found.spoken, Settings()).startswith("at least the 94th percentile of 252 closes")
    assert found.side is None


def test_nothing_to_rank_says_nothing_twice(folder):
    one = snapshots.snapshot(missing(Cause.NO_BRACKET), missing(Cause.NO_BRACKET))
    found = recalled(folder, one)
    assert found.spoken.reason is Refusal.NO_VALUE
    assert clause(found.spoken, Settings()) == ""
    assert paragraphs(found, Settings())[0] == "Standing: no percentile: there is no value."
    assert document(found, one, Settings())["standing"][HEADLINE]["reason"] == "no_value"


def test_a_snapshot_without_any_measure_is_no_failure(folder):
    one = snapshots.snapshot(measures={}, smiles=(), spot=None, spot_sync=None, forward=None)
    found = recalled(folder, one)
    assert found.spoken.reason is Refusal.NO_VALUE
    assert document(found, one, Settings())["standing"] == {}


def test_measures_can_be_ranked_beside_the_ratios(folder):
    fill(folder, found=closes(np.linspace(100, 118, 252).tolist(), "moment_skew_30d"))
    config = Config.model_validate({"skewwatch": 1, "standing": {"measures": ["moment_skew_30d"]}})
    assert recalled(folder, snapshots.snapshot(), config).standings["moment_skew_30d"].percentile == 100.0
    assert "moment_skew_30d" not in recalled(folder, snapshots.snapshot()).standings


@pytest.mark.parametrize(("hour", "price"), [(19, 200.0), (20, 300.0)])
def test_the_sessions_own_close_is_known_once_it_is_over(folder, hour, price):
    """15:00 and 16:00 New York: the spot by the quotes, then the close."""
    days = days_before(DAY, 300)
    fill(folder, paid=prices("IWM", [250.0] * 300 + [300.0], [*days, DAY]))
    as_of = datetime(2026, 6, 18, hour, tzinfo=UTC)
    found = recalled(folder, snapshots.snapshot(as_of=as_of))
    assert (found.context.price, found.context.provisional) == (price, hour < 20)
    assert found.spoken.provisional is (hour < 20)


def test_the_values_own_source_stands_before_the_others(tmp_path):
    days = days_before(DAY, 30)
    rows = [
        *points([1.0] * 30, days, source="dataset", by=METHOD),
        *points([2.0] * 10, days[-10:], source="cboe", by=METHOD),
        *points([3.0] * 30, days, source="simulated", by=METHOD),
    ]
    fill(tmp_path, found=rows)
    with Store.open(tmp_path / FILE, read_only=True) as store, store.reading() as connection:
        found = read.series(connection, "IWM", HEADLINE)
    assert past.preference(found, METHOD) == ("dataset", "cboe")
    assert past.preference(found, METHOD, first="cboe") == ("cboe", "dataset")
    assert past.preference(found, METHOD, first="yahoo") == ("yahoo", "dataset", "cboe")
    assert past.preference(found, METHOD, first="simulated") == ("simulated",)
    assert past.preference(found, METHOD, wanted=["cboe"]) == ("cboe",)
    series = past.chosen(found, first="cboe")
    assert series.value.tolist() == [1.0] * 20 + [2.0] * 10
    assert past.chosen(found, wanted=["simulated"]).value.tolist() == [3.0] * 30


def test_a_source_that_was_named_brings_its_own_method(tmp_path):
    """The latest points are of another method: that is not the one that is meant."""
    old, new = points([1.0], [date(2026, 1, 5)], source="a", by="m-a"), points([2.0], [DAY], source="b", by="m-b")
    fill(tmp_path, found=[*old, *new])
    with Store.open(tmp_path / FILE, read_only=True) as store, store.reading() as connection:
        found = read.series(connection, "IWM", HEADLINE)
    assert past.chosen(found).method == "m-b"
    assert past.chosen(found, wanted=["a"]).method == "m-a"
