"""The recorded series and base rates as a user asks for them; the truth is pandas and plain Python, written apart."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from monitor.cli import main
from monitor.history.sessions import sessions_between
from monitor.store import Point, Reading, Store
from monitor.store.write import record_overlay, record_points
from monitor.view.history import COLUMNS
from pricing.reasons import Level
from tests.monitor.closes import ATM, COMPANION, HEADLINE, days_before, fill, points, prices
from tests.monitor.history.make import persistent

PNG = b"\x89PNG\r\n\x1a\n"
LAST = date(2026, 7, 7)
KEYS = {"date", "as_of", "value", "low", "high", "status", "source", "method"}


@pytest.fixture
def closes() -> pd.Series:
    """600 closes with ties, by session, some of them missing."""
    days = days_before(LAST + timedelta(1), 640)
    value = pd.Series(np.round(persistent(640, 3), 2), index=pd.DatetimeIndex(days))
    return value.drop(value.index[[100, 101, 300, 555, 600]])


@pytest.fixture
def data(tmp_path, closes):
    """A data folder with those closes, the level of volatility, and prices."""
    days = [day.date() for day in closes.index]
    rng = np.random.default_rng(5)
    own = 200 * np.exp(np.cumsum(rng.normal(0, 0.012, 640)))
    every = days_before(LAST + timedelta(1), 640)
    fill(
        tmp_path / "data",
        found=[*points(closes.tolist(), days, source="cboe"), *points([0.2] * 635, days, measure=ATM, source="cboe")],
        paid=[*prices("IWM", own.tolist(), every), *prices("SPY", (own * 2).tolist(), every)],
    )
    return tmp_path / "data"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch, data):
    """Run a command in this process on that data folder; give its code, output and errors."""
    monkeypatch.setenv("SKEWWATCH_DATA_DIR", str(data))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(each) for each in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def percentile(closes: pd.Series, at: pd.Timestamp, window: int = 252) -> tuple[float, int]:
    """Mid-rank among the closes of the sessions before, by pandas."""
    sessions = pd.DatetimeIndex(sessions_between(closes.index[0].date(), closes.index[-1].date()))
    before = closes.reindex(sessions)[: sessions.get_loc(at)].tail(window).dropna()
    both = pd.concat([before, pd.Series([closes[at]])])
    rank = both.rank(method="average").iloc[-1] - 1 - (before == closes[at]).sum() / 2
    return 100 * (rank + (before == closes[at]).sum() / 2) / len(before), len(before)


def test_json_is_what_the_contract_says(run, closes):
    code, out, err = run("history", "IWM", "--json")
    content = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    assert (content["symbol"], content["measure"]) == ("IWM", HEADLINE)
    assert len(content["points"]) == len(closes)
    assert all(each.keys() >= KEYS for each in content["points"])
    assert [each["date"] for each in content["points"]] == [str(day.date()) for day in closes.index]
    assert [each["value"] for each in content["points"]] == closes.tolist()
    for each in content["points"][-40:]:
        expected, n = percentile(closes, pd.Timestamp(each["date"]))
        assert each["percentile"] == pytest.approx(expected, abs=1e-9)
        assert each["n"] == n
    own = content["standing"]
    assert own["percentile"] == content["points"][-1]["percentile"]
    assert own["session"] == str(LAST)
    assert own["provisional"] is False
    assert content["unit"] == "ratio"


def test_since_shows_less_and_ranks_the_same(run):
    whole = json.loads(run("history", "IWM", "--json")[1])
    part = json.loads(run("history", "IWM", "--since", "2026-06-01", "--json")[1])
    assert part["points"] == [each for each in whole["points"] if each["date"] >= "2026-06-01"]
    assert part["standing"] == whole["standing"]


def test_csv_is_a_row_a_point(run, closes):
    code, out, err = run("history", "IWM", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, err) == (0, "")
    assert tuple(rows[0]) == COLUMNS
    assert [float(row["value"]) for row in rows] == closes.tolist()
    assert {row["source"] for row in rows} == {"cboe"}
    assert rows[0]["as_of"] == ""


def test_a_person_reads_the_standing_first(run, closes):
    code, out, err = run("history", "IWM", "--last", "3", "--highest", "2")
    expected, n = percentile(closes, closes.index[-1])
    assert (code, err) == (0, "")
    assert out.startswith(f"IWM 30-day 90/110 skew ratio {closes.iloc[-1]:.3f} (")
    assert f" on {LAST}, {int(expected)}" in out
    assert f"percentile of {n} closes in 252 sessions" in out
    assert sum(line.startswith("  2026-0") for line in out.splitlines()) == 3
    years = pd.Series(1, index=closes.index).groupby(closes.index.year).sum()
    for year, number in years.items():
        assert any(line.split()[:1] == [str(year)] and str(number) in line.split() for line in out.splitlines())
    top = closes.sort_values(ascending=False, kind="stable").index[0].date()
    assert f"  {top}" in out
    assert "▁" in out


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_it_fits_the_terminal(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run("history", "IWM", "--highest", "3")
    assert max(len(line.rstrip()) for line in out.splitlines()) <= int(columns)
    line = next(line for line in out.splitlines() if "█" in line)
    assert len(line) > int(columns) - 8


def test_a_terminal_without_blocks_gets_letters_that_it_has(data):
    command = [sys.executable, "-m", "monitor", "history", "IWM", "--data-dir", str(data)]
    done = subprocess.run(command, capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii", "PATH": ""})  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    assert any(set("_.-~=+*#") <= set(line) for line in done.stdout.decode("ascii").splitlines())


def test_the_chart_is_a_png(run, tmp_path):
    assert run("history", "IWM", "--plot", "a.png", "--json")[0] == 0
    assert run("study", "IWM", "--plot", "b.png", "--json")[0] == 0
    assert all((tmp_path / name).read_bytes().startswith(PNG) for name in ("a.png", "b.png"))


def test_the_companion_carries_where_the_last_close_has_no_value(run, data, closes):
    days = [day.date() for day in closes.index]
    bound = Point("IWM", HEADLINE, date(2026, 7, 8), "cboe", points([1.0], [LAST])[0].method, None, 1.3, None, "ratio",
                  Level.BOUNDED, points([1.0], [LAST])[0].origin, reason="no_bid", payload_sha256="0" * 64)  # fmt: skip
    with Store.open(data / "skewwatch.db") as store, store.writing() as connection:
        record_points(
            connection, [bound, *points(np.linspace(1.1, 1.3, 635).tolist(), days, measure=COMPANION, source="cboe")]
        )
    _, out, _ = run("history", "IWM")
    assert "IWM 30-day 90/110 skew ratio at least 1.300 on 2026-07-08, at least the " in out
    assert "IWM 30-day 95/105 skew ratio 1.300 (1.287 to 1.313) on 2026-07-07, 100th percentile" in out
    assert "bounded, no bid" in out
    content = json.loads(run("history", "IWM", "--json")[1])
    assert (content["standing"]["percentile"], content["standing"]["reason"]) == (None, "bounded")
    assert content["companion"]["standing"]["percentile"] == 100.0
    assert content["points"][-1]["value"] is None
    assert content["coverage"][-1]["bounded"] == 1


def test_values_of_another_method_are_left_out_and_counted(run, data):
    days = days_before(date(2020, 1, 1), 50)
    fill(data, found=points([1.0] * 50, days, by="iv_only:1-00000000", source="iv-table"))
    content = json.loads(run("history", "IWM", "--json")[1])
    assert content["standing"]["left_out"] == {"other_method": 50}
    other = json.loads(run("history", "IWM", "--source", "iv-table", "--json")[1])
    assert len(other["points"]) == 50
    assert {each["method"] for each in other["points"]} == {"iv_only:1-00000000"}


def test_an_overlay_is_seen_from_the_moment_it_was_known(run, data):
    """Published on Monday evening about Friday: Tuesday's close is the first that knew; a revision comes later."""
    rows = [
        Reading("bulls", date(2026, 6, 26), pd.Timestamp("2026-06-29T22:00Z").to_pydatetime(), 41.0, "test"),
        Reading("bulls", date(2026, 6, 26), pd.Timestamp("2026-07-02T12:00Z").to_pydatetime(), 44.0, "test"),
    ]
    with Store.open(data / "skewwatch.db") as store, store.writing() as connection:
        record_overlay(connection, rows)
    content = json.loads(run("history", "IWM", "--overlay", "bulls", "--since", "2026-06-26", "--json")[1])
    seen = {each["date"]: each["beside"] for each in content["points"]}
    assert seen == {
        "2026-06-26": None, "2026-06-29": None, "2026-06-30": 41.0, "2026-07-01": 41.0, "2026-07-02": 44.0,
        "2026-07-06": 44.0, "2026-07-07": 44.0,
    }  # fmt: skip
    assert "Beside it bulls overlay 44.000" in run("history", "IWM", "--overlay", "bulls")[1]


def test_against_another_symbol(run, data, closes):
    days = [day.date() for day in closes.index]
    fill(data, found=points([2.0] * 635, days, symbol="SPY", source="cboe"))
    content = json.loads(run("history", "IWM", "--against", "SPY", "--json")[1])
    assert content["symbol"] == "IWM/SPY"
    assert [each["value"] for each in content["points"]] == pytest.approx((closes / 2).tolist())


def test_what_has_nothing_in_common_or_was_not_known_yet_is_said(run, data):
    fill(data, found=points([2.0] * 50, days_before(date(2020, 1, 1), 50), symbol="SPY", source="cboe"))
    code, out, err = run("history", "IWM", "--against", "SPY")
    assert (code, out) == (3, "")
    assert "IWM and SPY have no session with skew_ratio_30d_90_110 in common" in err
    late = Reading("late", date(2026, 6, 1), pd.Timestamp("2026-08-01T00:00Z").to_pydatetime(), 1.0, "test")
    with Store.open(data / "skewwatch.db") as store, store.writing() as connection:
        record_overlay(connection, [late])
    for command in ("history", "study"):
        code, out, err = run(command, "IWM", "--overlay", "late")
        assert (code, out) == (3, "")
        assert "nothing of late was known by 2026-07-07" in err


def test_prices_have_a_history_and_a_context_too(run):
    _, out, _ = run("history", "IWM", "--measure", "close", "--support", "2026-06-15")
    assert out.startswith("IWM close ")
    assert "under its 52-week high" in out or "at its 52-week high" in out
    assert "Support at " in out


REFUSED = [
    ("history ZZZ", 3, "no official points of ZZZ are stored; there are IWM"),
    ("history IWM --measure nope", 3, "no points of IWM nope are stored; there are atm_vol_30d, skew_ratio_30d_90_110"),
    ("history IWM --source nobody", 3, "no such points of IWM skew_ratio_30d_90_110; there are cboe by method"),
    ("history IWM --overlay nope", 3, "no overlay and no index nope is stored; there are IWM, SPY"),
    ("history IWM --since 2030-01-01", 3, "no point of IWM skew_ratio_30d_90_110 since 2030-01-01"),
    ("history IWM --since soon", 2, "--since 'soon' is no day"),
    ("history IWM --json --csv", 2, "--json and --csv exclude each other"),
    ("history IWM --plot a.pdf", 2, "--plot a.pdf: a chart is a PNG"),
    ("history VIX --measure close", 3, "no daily prices of VIX are stored; there are IWM, SPY"),
    ("study IWM --run often", 2, "--run 'often' is no run of days; write it as"),
    ("study IWM --run 0x1%", 2, "is no run of days"),
    ("study IWM --overlay a --run 5x1%", 2, "--measure, --overlay and --run exclude each other"),
    ("study IWM --enter 40", 2, "needed 50 < leave <= enter <= 100"),
    ("study IWM --measure atm_vol_30d --at-like-volatility", 2, "atm_vol_30d has no level of volatility to take out"),
    (
        "study IWM --outcome QQQ",
        3,
        "no daily prices of QQQ are stored, so nobody knows what followed",
    ),
]


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED, ids=[each[0] for each in REFUSED])
def test_a_failure_is_one_line_and_its_code(run, arguments, code, said):
    got, out, err = run(*arguments.split())
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert said in err


def test_without_a_store_nothing_is_made(run, tmp_path):
    for command in ("history", "study"):
        code, out, err = run(command, "IWM", "--data-dir", tmp_path / "none")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "there is no store" in err
    assert not (tmp_path / "none").exists()


def runs_of_gains(path: pd.Series, number: int, size: float) -> list[pd.Timestamp]:
    """First days of runs, a re-entry within five sessions of the last day being the same; plain Python."""
    moves, starts, over, length = path.pct_change(), [], None, 0
    for at, move in enumerate(moves):
        was = length >= number
        length = length + 1 if move >= size - 1e-12 else 0
        if length >= number and not was and (over is None or at - over > 5):
            starts.append(path.index[at])
        if was and length < number:
            over = at
    return starts


@pytest.mark.parametrize(("text", "number", "size"), [("2 x +1 %", 2, 0.01), ("3x0.5%", 3, 0.005)])
def test_a_study_of_runs_agrees_with_pandas(run, text, number, size):
    out = json.loads(run("history", "IWM", "--measure", "close", "--json")[1])["points"]
    path = pd.Series([each["value"] for each in out], index=pd.DatetimeIndex([each["date"] for each in out]))
    starts = runs_of_gains(path, number, size)
    code, out, err = run("study", "IWM", "--run", text, "--horizon", "5", "--horizon", "21", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    assert found["episodes"] == [str(day.date()) for day in starts]
    for each in found["horizons"]:
        ahead = path.shift(-each["horizon"]) / path - 1
        after = ahead[starts].dropna()
        assert each["after"]["n"] == len(after)
        assert each["after"]["mean"] == pytest.approx(after.mean())
        assert each["after"]["median"] == pytest.approx(after.median())
        assert each["after"]["hit_rate"] == pytest.approx((after > 0).mean())
        assert each["all_days"]["mean"] == pytest.approx(ahead.iloc[1:].dropna().mean())
    outcomes = {each["date"]: each["5"] for each in found["outcomes"]}
    known = (path.shift(-5) / path - 1)[starts]
    assert outcomes == {
        str(day.date()): None if np.isnan(move) else pytest.approx(move) for day, move in known.items()
    }  # fmt: skip


def test_a_seed_gives_its_numbers_again_and_another_gives_others(run):
    first = run("study", "IWM", "--json")
    assert run("study", "IWM", "--json", "--seed", "0") == first
    other = json.loads(run("study", "IWM", "--json", "--seed", "1")[1])
    mine = json.loads(first[1])
    assert (mine["seed"], other["seed"]) == (0, 1)
    assert mine["horizons"][0]["after"] == other["horizons"][0]["after"]


def test_a_study_says_when_there_are_too_few_and_what_would_be_seen(run):
    _, out, _ = run("study", "IWM", "--record", "400")
    assert "too few to tell" in out.splitlines()[0]
    assert "points in 21 sessions would go unseen." in out
    assert "too few to tell: 10 are needed" in out
    assert "without dividends" in out
    assert "seed 0" in out


def test_what_was_known_on_a_day_is_what_a_store_that_ends_there_says(run, data, closes):
    day = date(2025, 12, 31)
    told = [run(command, "IWM", "--until", day, "--json")[1] for command in ("study", "history")]
    fill(data, found=points([9.0], [LAST], by="later-method", source="cboe"))
    assert [run(command, "IWM", "--until", day, "--json")[1] for command in ("study", "history")] == told
    short = data.parent / "short"
    kept = closes[: str(day)]
    out = json.loads(run("history", "IWM", "--measure", "close", "--json")[1])["points"]
    own = {each["date"]: each["value"] for each in out if each["date"] <= str(day)}
    days = [date.fromisoformat(each) for each in own]
    fill(
        short,
        found=[
            *points(kept.tolist(), [each.date() for each in kept.index], source="cboe"),
            *points([0.2] * len(kept), [each.date() for each in kept.index], measure=ATM, source="cboe"),
        ],
        paid=prices("IWM", list(own.values()), days),
    )
    fill(short, paid=prices("SPY", [2 * each for each in own.values()], days))
    again = [run(command, "IWM", "--json", "--data-dir", short)[1] for command in ("study", "history")]
    assert [json.loads(each) for each in again] == [json.loads(each) for each in told]


@pytest.mark.parametrize(
    "options",
    [["--low"], ["--level", "1.5"], ["--level", "1.4", "--low"], ["--at-like-volatility"], ["--window", "504"],
     ["--hold", "2"], ["--overlay", "SPY"], ["--outcome", "SPY"], ["--enter", "90", "--leave", "70"]],
    ids=" ".join,
)  # fmt: skip
def test_every_question_has_an_answer(run, options):
    code, out, err = run("study", "IWM", *options)
    assert (code, err) == (0, "")
    assert "all days" in out
