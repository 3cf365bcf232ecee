"""A snapshot beside its own past: sentence, JSON and code; nothing is made, nothing changed, nothing looked ahead."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import numpy as np
import pytest

from monitor.cli import main
from monitor.simulation.record import record
from monitor.sources.simulated import INSTANT, market
from monitor.store import Event, Store
from monitor.store.write import record_events
from tests.monitor.closes import ATM, COMPANION, HEADLINE, days_before, fill, points, prices

TODAY = date(2026, 7, 8)  # of the simulated chain, 14:00 New York
ASK = ("snapshot", "IWM", "--source", "simulated")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in this process on a data folder of its own; give its code, output and errors."""
    monkeypatch.setenv("SKEWWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(each) for each in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def value(run, tmp_path):
    """What the simulated chain says, without a store."""
    _, out, _ = run(*ASK, "--json", "--data-dir", tmp_path / "none")
    return json.loads(out)["measures"][HEADLINE]["value"]


def ranked(value, number=252, above=7):
    """Closes of which so many lie above a value, the last of them on the tenth session before it."""
    closes = np.linspace(value * 0.7, value * 0.99, number)
    closes[-10] = value * 1.2
    closes[5 : 5 + above - 1] = value * 1.1
    return closes.tolist()


def test_it_was_intraday():
    assert (INSTANT.date(), INSTANT.astimezone(UTC).hour) == (TODAY, 18)


def test_the_sentence_goes_on_with_the_standing(run, data, value):
    fill(data, found=points(ranked(value), days_before(TODAY, 252)))
    since = days_before(TODAY, 10)[0]
    code, out, err = run(*ASK)
    assert (code, err) == (0, "")
    assert re.match(
        rf"IWM: one-month 10 % .* upside bet \(.*\), 97th percentile of 252 closes, provisional, "
        rf"highest since {since} \(10 sessions\)\.",
        out,
    )
    assert "no history is recorded" not in out
    code, out, _ = run(*ASK, "--json")
    content = json.loads(out, parse_constant=pytest.fail)
    own = content["standing"][HEADLINE]
    assert own["percentile"] == pytest.approx(100 * 245 / 252)
    assert (own["n"], own["since"], own["sessions"], own["coverage"]) == (252, str(since), 10, 1.0)
    assert (own["direction"], own["provisional"], own["reason"]) == ("high", True, None)
    assert own["sources"] == {"simulated": 252}
    assert "97th percentile of 252 closes" in content["sentence"]
    companion = content["standing"][COMPANION]
    assert (companion["percentile"], companion["n"], companion["reason"]) == (None, 0, "no_history")
    assert content["standing"]["skew_spread_30d_90_110"] == {"percentile": None, "n": 0, "reason": "not_asked"}
    assert content["standing"].keys() == content["measures"].keys()


@pytest.mark.parametrize(
    ("above", "settings", "code"),
    [(12, {}, 10), (14, {}, 0), (14, {"EXTREMES": "[20, 90]"}, 10), (240, {}, 10), (12, {"MINIMUM": "300"}, 0)],
)
def test_an_extreme_has_its_own_code_where_it_is_asked_for(run, data, value, monkeypatch, above, settings, code):
    """Twelve of 252 closes above: the 95.2th percentile; fourteen: the 94.4th."""
    closes = np.where(np.arange(252) < above, value * 1.1, value * 0.9)
    fill(data, found=points(closes.tolist(), days_before(TODAY, 252)))
    for key, setting in settings.items():
        monkeypatch.setenv(f"SKEWWATCH_STANDING__{key}", setting)
    assert run(*ASK, "--json")[0] == 0
    assert run(*ASK, "--json", "--exit-code")[0] == code


def test_too_short_a_history_is_refused_and_a_lowered_minimum_is_said(run, data, value, monkeypatch):
    fill(data, found=points(ranked(value, 43), days_before(TODAY, 43)))
    _, out, _ = run(*ASK)
    assert "; no percentile: 43 closes recorded, 77 more needed, provisional, highest since " in out
    monkeypatch.setenv("SKEWWATCH_STANDING__MINIMUM", "20")
    _, out, _ = run(*ASK)
    assert ", 83rd percentile of 43 closes (minimum lowered from 120 to 20), provisional, highest since" in out


def test_a_store_is_read_and_nothing_else(run, data, value):
    path = fill(data, found=points(ranked(value), days_before(TODAY, 252)))
    before = path.read_bytes()
    assert run(*ASK, "--json")[0] == 0
    assert path.read_bytes() == before
    assert [each.name for each in data.iterdir()] == [path.name]


def test_a_store_of_an_earlier_version_is_left_as_it_is(run, data, value):
    path = fill(data, found=points(ranked(value), days_before(TODAY, 252)))
    with closing(sqlite3.connect(path)) as hand, hand:
        hand.execute("UPDATE alembic_version SET version_num = '0001'")
    before = path.read_bytes()
    code, out, err = run(*ASK, "--json")
    assert (code, err.count("\n")) == (1, 1)
    assert "skewwatch db upgrade" in err
    assert json.loads(out)["standing"][HEADLINE] == {"percentile": None, "n": 0, "reason": "store_unreadable"}
    assert path.read_bytes() == before
    assert "Standing: the store cannot be asked" in run(*ASK)[1]


def test_nothing_later_is_looked_at(run, data, value):
    """Whatever the store knows of the session itself and of later ones changes no byte of the answer."""
    days = days_before(TODAY, 400)
    path = fill(
        data,
        found=[*points(ranked(value), days[-252:]), *points([0.2] * 252, days[-252:], measure=ATM)],
        paid=[*prices("IWM", [200 + at % 7 for at in range(400)], days), *prices("VIX", [15.0] * 400, days)],
    )
    first = run(*ASK, "--json")
    assert json.loads(first[1])["context"]["prices"]["provisional"] is True
    assert json.loads(first[1])["base_rate"] is not None
    later = [date(2026, 7, 8), date(2026, 7, 9), date(2026, 7, 10)]
    fill(
        path.parent,
        found=[*points([9.0] * 3, later), *points([0.9] * 3, later, measure=ATM)],
        paid=[*prices("IWM", [900.0] * 3, later), *prices("SPY", [9.0] * 3, later), *prices("VIX", [99.0] * 3, later)],
    )
    assert run(*ASK, "--json") == first


def test_what_stands_around_it(run, data, value):
    days = days_before(TODAY, 400)
    rising = np.linspace(100, 250, 400).tolist()
    path = fill(
        data,
        found=points(ranked(value), days[-252:]),
        paid=[*prices("IWM", rising, days), *prices("SPY", [500.0] * 400, days), *prices("VIX", rising, days)],
    )
    with Store.open(path) as store, store.writing() as connection:
        record_events(connection, [Event("CPI", date(2026, 7, 14), "test"), Event("FOMC", date(2026, 9, 16), "test")])
    _, out, _ = run(*ASK)
    assert "CPI in 6 days (2026-07-14)." in out
    assert "FOMC" not in out
    assert "VIX 250 (100th percentile)" in out
    assert "points against SPY in 21 sessions" in out
    content = json.loads(run(*ASK, "--json")[1])["context"]
    assert content["prices"]["symbol"] == "IWM"
    assert content["against"]["benchmark"] == "SPY"
    assert content["beside"]["VIX"] == {
        "value": 250.0, "session": "2026-07-07", "age": 1, "percentile": 100.0, "n": 252, "reason": None,
    }  # fmt: skip
    assert [each["days"] for each in content["events"]] == [6]


def test_at_an_extreme_it_says_what_followed_earlier_ones(run, data, value):
    days = days_before(TODAY, 800)
    closes = np.full(800, value * 0.9) - np.linspace(0, 0.001, 800)
    closes[300::50] = value * 0.99  # ten earlier episodes, the last without an outcome of a month
    fill(data, found=points(closes.tolist(), days), paid=prices("IWM", [100.0] * 800, days))
    _, out, _ = run(*ASK)
    assert "After the 10 earlier episodes IWM was unchanged a month later (from +0.0 to +0.0)" in out
    found = json.loads(run(*ASK, "--json")[1])["base_rate"]
    assert [each["horizon"] for each in found["horizons"]] == [21]
    assert found["horizons"][0]["after"]["n"] == 10


def test_the_simulated_market_is_never_mixed_with_another(run, data, value):
    days = days_before(TODAY, 252)
    fill(data, found=[*points(ranked(value), days), *points([9.0] * 252, days, source="cboe")])
    own = json.loads(run(*ASK, "--json")[1])["standing"][HEADLINE]
    assert own["sources"] == {"simulated": 252}
    assert own["left_out"] == {"other_source": 252}


def test_closes_of_several_sources_are_one_history_and_that_is_said(run, data, value, monkeypatch):
    days = days_before(TODAY, 252)
    closes = ranked(value)
    fill(
        data,
        found=[*points(closes[:200], days[:200], source="dataset"), *points(closes[190:], days[190:], source="cboe")],
    )
    monkeypatch.setenv("SKEWWATCH_STANDING__SOURCES", "[cboe, dataset]")
    _, out, _ = run(*ASK)
    assert "97th percentile of 252 closes" in out
    said = "Compared with closes of dataset (190), cboe (62); "
    assert f"{said}cboe backfilled less dataset backfilled on 10 sessions: +0.0000 on average" in out.replace(
        "dataset backfilled less cboe backfilled", "cboe backfilled less dataset backfilled"
    )


@pytest.fixture(scope="module")
def two_closes(tmp_path_factory):
    """The simulated market at two closes in a row, as recorded payloads."""
    folder = tmp_path_factory.mktemp("closes")
    whole = market("IWM")
    record(whole, list(whole.closes(date(2026, 7, 6), date(2026, 7, 7))), folder)
    return sorted(folder.glob("*.json.gz"))


def test_save_keeps_what_explains_the_next_move(run, two_closes):
    spreads = []
    for path in two_closes:
        code, out, err = run("snapshot", "--source", f"recorded:{path}", "--save", "--json")
        assert (code, err) == (0, "")
        content = json.loads(out)
        spreads.append(content["measures"]["skew_spread_30d_90_110"]["value"])
    found = content["attribution"]
    assert (found["measure"], found["last_extreme"]) == (HEADLINE, None)
    move = found["previous_close"]
    assert move["session"] == "2026-07-06"
    parts = [move["spread"][name] for name in ("put_wing", "call_wing", "spot", "roll")]
    assert move["whole"] is True
    assert move["spread"]["total"] == pytest.approx(spreads[1] - spreads[0], abs=1e-9)
    assert sum(parts) == pytest.approx(move["spread"]["total"], abs=1e-9)
    _, out, _ = run("snapshot", "--source", f"recorded:{two_closes[1]}")
    said = re.search(r"^Since the previous close (\S+) vol points: put wing \S+ .*, roll \S+\.$", out, re.MULTILINE)
    assert said
    assert float(said[1]) == pytest.approx(move["spread"]["total"], abs=0.051)
    assert run("db", "check")[0] == 0


def test_a_look_that_is_not_official_is_not_kept(run, data):
    assert run(*ASK, "--save", "--json")[0] == 0  # 14:00
    with closing(sqlite3.connect(data / "skewwatch.db")) as hand:
        assert hand.execute("SELECT count(*) FROM looks").fetchone() == (0,)


def test_with_the_store_just_made_there_is_no_history_yet(run):
    _, out, _ = run(*ASK, "--save", "--json")
    content = json.loads(out)
    own = content["standing"][HEADLINE]
    assert (own["percentile"], own["n"], own["reason"]) == (None, 0, "no_history")
    assert "percentile" not in content["sentence"]
    assert datetime.fromisoformat(content["as_of"]).date() == TODAY
    assert "Standing: no percentile: no earlier close is recorded, 120 are needed." in run(*ASK)[1]
