"""Files of dated series into the store, as users have them: odd columns, rubbish in the middle, the same file twice."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import pytest

from monitor import rates
from monitor.cli import main
from monitor.dated import keep
from monitor.store import FILE, Store, read
from tests.monitor.saved import content

PRICES = (
    "Date,Close,High,Low,Open,Volume\n2026-07-06,289.5,290.1,288.0,288.2,1000\n2026-07-07,291.0,292,289,289.9,1200\n"
)
CBOE = "DATE,OPEN,HIGH,LOW,CLOSE\n07/06/2026,16.1,17.0,15.9,16.5\n07/07/2026,19.9,17.1,16.2,16.3\n"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch, data):
    """Write a file, run an import of it on a data folder of its own; give its code, output and errors."""
    monkeypatch.setenv("SKEWWATCH_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)

    def run(kind: str, text: str | bytes, *options: object, name: str = "file.csv") -> tuple[int, str, str]:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        code = main(["import", kind, name, *(str(each) for each in options)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def stored(data, ask):
    with Store.open(data / FILE, read_only=True) as store, store.reading() as connection:
        return ask(connection)


SHAPES = {
    "yahoo": PRICES,
    "broker": (
        "date,open,high,low,close,volume,wap,count\n"
        "2026-07-06,288.2,290.1,288.0,289.5,1000.0,0.0,7\n"
        "2026-07-07,289.9,292,289,291.0,1200,0.0,\n"
    ),
    "semicolons under a disclaimer": (
        "Disclaimer: not advice\n\n"
        "Date;Close;High;Low;Open;Volume\n"
        "2026-07-06 00:00:00;289.5;290.1;288.0;288.2;1e3\n"
        "2026-07-07;291.0;292;289;289.9;1200\n"
    ),
    "tabs, quotes, a mark, Windows": (
        '\ufeff"Date"\t"Close"\t"High"\t"Low"\t"Open"\t"Volume"\r\n'
        "07/06/2026\t289.5\t290.1\t288.0\t288.2\t1000\r\n"
        "20260707\t291\t292\t289\t289.9\t1200\r\n"
    ),
    "several symbols": (
        "ticker,date,close,high,low,open,volume\n"
        "SPY,2026-07-06,1,1,1,1,1\n"
        "IWM,2026-07-06,289.5,290.1,288.0,288.2,1000\n"
        "IWM,2026-07-07,291.0,292,289,289.9,1200\n"
    ),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_prices_of_any_shape_are_the_same_prices(run, data, text):
    code, out, err = run("prices", text, "--symbol", "iwm")
    assert (code, err) == (0, "")
    assert out.startswith("IWM: 2 prices from 2026-07-06 to 2026-07-07, 2 new")
    rows = stored(data, lambda connection: read.prices(connection, "IWM"))
    assert [row[1:7] for row in rows] == [
        (date(2026, 7, 6), 288.2, 290.1, 288.0, 289.5, 1000.0),
        (date(2026, 7, 7), 289.9, 292.0, 289.0, 291.0, 1200.0),
    ]


def test_the_same_file_twice_changes_nothing(run, data):
    run("prices", PRICES, "--symbol", "IWM")
    with Store.open(data / FILE) as store:
        before = content(store)
    code, out, err = run("prices", PRICES, "--symbol", "IWM")
    assert (code, out, err) == (0, "IWM: 2 prices from 2026-07-06 to 2026-07-07, nothing new.\n", "")
    with Store.open(data / FILE) as store:
        assert content(store) == before
    assert [each[3] for each in before["imports"]] == ["file.csv"]
    assert main(["db", "check"]) == 0


def test_what_another_file_says_differently_is_counted(run, data):
    run("prices", PRICES, "--symbol", "IWM")
    closes = "date,close\n2026-07-06,289.5\n2026-07-07,291.4\n2026-07-08,292\n"
    _, out, _ = run("prices", closes, "--symbol", "IWM", "--source", "other")
    assert out == "IWM: 3 prices from 2026-07-06 to 2026-07-08, 1 new, 1 changed.\n"
    rows = stored(data, lambda connection: read.prices(connection, "IWM"))
    assert [(row.close, row.high) for row in rows] == [(289.5, 290.1), (291.4, 292.0), (292.0, None)]
    assert [row.source for row in rows] == ["file", "other", "other"]


RUBBISH = (
    "Date,Close,High,Low\n"
    "2026-07-01,10,11,9\n"
    "2026-07-02,ten,11,9\n"  # 3
    '2026-07-06,"10,5",11,9\n'  # 4
    "2026-07-07,10,11\n"  # 5
    "2026-07-08,12,11,9\n"  # 6
    "2026-07-09,10,9,11\n"  # 7
    "2026-07-10,0,11,9\n"  # 8
    "2026-13-10,10,11,9\n"  # 9
    "2026-07-13,10,11,9\n"  # 10
    "2026-07-14,10,11,9\n"
    "2026-07-13,10.5,11,9\n"  # 12
    "2026-07-14,10,11,9\n"  # repeated
    "2026-07-11,10,11,9\n"  # a Saturday
    "2026-07-15,1e999,11,9\n"  # 15
    ",,,\n"
    "2026-07-16,,,\n"
)


def test_rubbish_is_refused_with_its_line_and_the_rest_goes_on(run, data):
    code, out, err = run("prices", RUBBISH, "--symbol", "IWM")
    assert code == 1
    lines = dict(re.findall(r"^skewwatch: file.csv:(\d+): (.*)$", err, re.MULTILINE))
    assert list(lines) == ["3", "4", "5", "6", "7", "8", "9", "10", "12", "15"]
    assert lines["3"] == "close 'ten' is no number"
    assert lines["4"] == "close '10,5' is no number, write a decimal point"
    assert lines["5"] == "3 cells where the header has 4"
    assert lines["6"] == "the close 12 is outside the day's range"
    assert lines["7"] == "the low 11 is over the high 9"
    assert lines["9"] == "'2026-13-10' is no day like 2026-01-31"
    assert lines["10"] == "a later line says otherwise of the same day"
    assert lines["12"] == "says otherwise than line 10 of the same day"
    assert "2 prices from 2026-07-01 to 2026-07-14, 2 new" in out
    assert "1 left out: no value; 1 left out: not a session; 1 left out: repeated; 10 refused." in out
    days = [row.session.day for row in stored(data, lambda connection: read.prices(connection, "IWM"))]
    assert days == [1, 14]


def test_a_report_for_programs(run):
    _, out, _ = run("prices", RUBBISH, "--symbol", "IWM", "--json")
    told = json.loads(out)
    assert {name: told[name] for name in ("kind", "name", "rows", "new", "changed", "same", "first", "last")} == {
        "kind": "prices", "name": "IWM", "rows": 2, "new": 2, "changed": 0, "same": 0,
        "first": "2026-07-01", "last": "2026-07-14",
    }  # fmt: skip
    assert told["left_out"] == {"no_value": 1, "not_a_session": 1, "repeated": 1}
    assert [each["line"] for each in told["refused"]] == [3, 4, 5, 6, 7, 8, 9, 10, 12, 15]


def test_many_refused_lines_are_not_all_said(run):
    text = "date,close\n2026-07-01,10\n" + "".join("2026-07-02,x\n" for _ in range(100))
    _, _, err = run("prices", text, "--symbol", "IWM")
    assert err.count("\n") == 21
    assert err.endswith("and 80 more lines were refused\n")


NOTHING = [
    ("prices", b"", ["--symbol", "IWM"], "file.csv has no header with a column of days"),
    ("prices", b"date,close\n", ["--symbol", "IWM"], "file.csv has a header and no rows"),
    ("prices", b"date,open\n2026-07-01,1\n", ["--symbol", "IWM"], "no column of closes; the columns are date, open"),
    ("prices", b"date,close\n2026-07-01,x\n", ["--symbol", "IWM"], "file.csv:2: close 'x' is no number; not one row"),
    (
        "prices",
        b"date,close\n2026-07-04,1\n",
        ["--symbol", "IWM"],
        "not one row can be used; 1 not a session",
    ),
    ("prices", b"date,close\n2026-07-01,\xff\n", ["--symbol", "IWM"], "file.csv:2 is not UTF-8"),
    ("prices", b"date,close\n13/07/2026,1\n", ["--symbol", "IWM"], "writes 13/07/2026, the day before the month"),
    ("prices", b"date,close,close\n2026-07-01,1,2\n", ["--symbol", "IWM"], "file.csv:1 has two columns 'close'"),
    ("prices", b"\x00\x01PAR1", ["--symbol", "IWM"], "has no header with a column of days"),
    ("index", b"date,a,b\n2026-07-01,1,2\n", ["--name", "RVX"], "no column of closes"),
    (
        "overlay",
        b"date,a,b\n2026-07-01,1,2\n",
        ["--name", "x"],
        "several columns: a, b; name the values' with",
    ),
    ("overlay", b"week,a\n2026-07-01,1\n", ["--name", "x"], "no header with a column of days"),
    ("rates", b"date,SOFR\n2026-07-01,3.6\n", [], "no column of a known tenor; name the series with --series"),
    ("events", b"someday, FOMC\nnever, CPI\n", [], "holds no event that can be used"),
    ("measure", b"date,x\n2026-07-01,?\n", ["--symbol", "SPX", "--name", "put_vol_30d_90"], "x '?' is no number"),
]


@pytest.mark.parametrize(("kind", "text", "options", "said"), NOTHING, ids=[each[3][:40] for each in NOTHING])
def test_a_file_of_which_nothing_can_be_used_changes_nothing(run, data, kind, text, options, said):
    code, out, err = run(kind, text, *options)
    assert (code, out) == (3, "")
    assert said in err
    assert not data.exists()


def test_a_write_that_fails_in_the_middle_leaves_nothing_half_written(run, data, monkeypatch):
    run("prices", PRICES, "--symbol", "IWM")
    with Store.open(data / FILE) as store:
        before = content(store)

    def broken(connection, rows):
        whole(connection, rows)
        raise OSError("the disk is gone")

    whole = keep.prices
    monkeypatch.setattr(keep, "prices", broken)
    code, _, err = run("prices", PRICES.replace("289.5", "288.5"), "--symbol", "IWM")
    assert (code, err.count("\n")) == (1, 1)
    with Store.open(data / FILE) as store:
        assert content(store) == before


def test_an_index_as_cboe_writes_it(run, data):
    """The second open lies over the high, as some of the exchange's own do: the close is good."""
    assert run("index", CBOE, "--name", "vix")[0] == 0
    wide = "date,VIX,VVIX\n2026-07-07,16.3,88\n2026-07-08,16.9,\n2026-07-04,16.0,87\n"
    code, out, _ = run("index", wide, "--name", "VIX")
    assert (code, out) == (
        0, "VIX: 2 closes from 2026-07-07 to 2026-07-08, 1 new; 1 left out: not a session.\n"
    )  # fmt: skip
    assert run("index", wide, "--name", "VVIX")[1].startswith("VVIX: 1 closes")
    single = "DATE,SKEW\n07/08/2026,135.59\n"
    assert run("index", single, "--name", "SKEW")[0] == 0
    rows = stored(data, lambda connection: read.prices(connection, "VIX"))
    assert [row.close for row in rows] == [16.5, 16.3, 16.9]


def test_dividends_of_one_of_several(run, data):
    text = (
        "ticker,ex_date,amount_per_share,source\nSPY,2026-06-19,1.8,x\nIWM,2026-06-15,0.695,x\nIWM,2026-03-17,0.442,x\n"
    )
    code, out, err = run("dividends", text, "--symbol", "IWM")
    assert (code, err) == (0, "")
    assert out == "IWM: 2 dividends from 2026-03-17 to 2026-06-15, 2 new; 1 left out: other symbol.\n"
    assert run("dividends", "Date,Dividend\n2026-06-15,0.695\n", "--symbol", "IWM")[1].endswith("nothing new.\n")
    found = stored(data, lambda connection: read.dividends(connection, "IWM"))
    assert [(paid.ex_date, paid.amount) for paid in found] == [(date(2026, 3, 17), 0.442), (date(2026, 6, 15), 0.695)]


def test_yields_go_where_a_snapshot_looks_for_them(run, data):
    wide = "date,DFF,SOFR,DGS1MO,DGS3MO\n2026-07-06,3.6,3.6,3.74,3.70\n2026-07-07,3.6,3.6,.,3.71\n"
    assert run("rates", wide, "--source", "fred")[1] == (
        "fred: 2 yields from 2026-07-06 to 2026-07-07, 2 new.\n"
    )  # fmt: skip
    one = "observation_date,DGS1MO\n2026-07-07,3.75\n"
    assert "1 changed" in run("rates", one, "--source", "fred")[1]
    assert "nothing new" in run("rates", "date,value\n2026-07-07,3.75\n", "--source", "fred", name="DGS1MO.csv")[1]
    treasury = 'Date,"1 Mo","1.5 Month","2 Mo",30 Yr\n07/06/2026,3.74,3.73,3.72,4.9\n'
    assert run("rates", treasury)[1].startswith("treasury: 1 yields")
    assert rates.read(rates.kept_path(data, "fred")) == {
        date(2026, 7, 6): {1.0: 3.74, 3.0: 3.70}, date(2026, 7, 7): {1.0: 3.75, 3.0: 3.71},
    }  # fmt: skip
    assert run("rates", wide, "--source", "ecb")[0] == 2
    assert not (data / FILE).exists()


def test_an_overlay_knows_when_it_was_known(run, data):
    text = (
        "week,bulls,published\n"
        "2026-06-25,41.0,2026-06-25T08:00:00-04:00\n"
        "2026-06-25,42.5,2026-07-01\n"
        "2026-07-02,44.0,2026-07-02T12:00:00\n"  # 4: no time zone
        "2026-07-09,,2026-07-09T12:00:00Z\n"
    )
    code, out, err = run("overlay", text, "--name", "bulls", "--date", "Week", "--column", "Bulls")
    assert (code, err) == (1, "skewwatch: file.csv:4: '2026-07-02T12:00:00' has no time zone: add Z, or -05:00\n")
    assert "2 values from 2026-06-25 to 2026-06-25, 2 new; 1 left out: no value; 1 refused." in out
    rows = stored(data, lambda connection: read.overlay(connection, "bulls", revisions=True))
    assert [(row.known_at, row.value) for row in rows] == [
        (datetime(2026, 6, 25, 12, tzinfo=UTC), 41.0),
        (datetime(2026, 7, 2, 4, tzinfo=UTC), 42.5),  # the end of the day in New York
    ]


def test_an_overlay_without_instants_is_known_the_day_after(run, data):
    assert run("overlay", "date,value\n2026-01-05,1.5\n", "--name", "flows")[0] == 0
    (row,) = stored(data, lambda connection: read.overlay(connection, "flows"))
    assert row.known_at == datetime(2026, 1, 6, 5, tzinfo=UTC)


def test_events_with_names_and_without(run, data):
    code, out, err = run("events", "# the Fed\n2026-09-16, FOMC\n2026-13-01, FOMC\n2026-07-29; FOMC\n")
    assert (code, err) == (1, "skewwatch: file.csv:3: '2026-13-01' is not a date like 2026-09-16\n")
    assert out == "FOMC: 2 events from 2026-07-29 to 2026-09-16, 2 new; 1 refused.\n"
    assert run("events", "date\n2026-07-14\n2026-08-12\n", "--name", "CPI")[0] == 0
    found = stored(data, read.events)
    assert [(each.name, each.day.isoformat()) for each in found] == [
        ("CPI", "2026-07-14"), ("FOMC", "2026-07-29"), ("CPI", "2026-08-12"), ("FOMC", "2026-09-16"),
    ]  # fmt: skip


def test_a_measure_of_somebody_else_is_a_series_of_its_own(run, data):
    text = "date,iv90,iv110,ratio_90_110\n2026-07-06,0.27,0.18,1.5\n2026-07-07,0.28,0.18,1.55\n2026-07-03,0.3,0.2,1.5\n"
    options = ("--symbol", "SPX", "--name", "skew_ratio_30d_90_110", "--source", "dealer", "--method", "dealer-forward")
    code, out, err = run("measure", text, *options, "--column", "ratio_90_110")
    assert (code, err) == (0, "")
    assert "2 points of skew_ratio_30d_90_110 from 2026-07-06 to 2026-07-07, 2 new; 1 left out: not a session." in out
    found = stored(data, lambda connection: read.points(connection, "SPX"))
    assert {(each.source, each.method, each.unit, each.origin) for each in found} == {
        ("dealer", "dealer-forward", "ratio", "backfilled")
    }  # fmt: skip
    assert [each.value for each in found] == [1.5, 1.55]
    assert main(["db", "check"]) == 0


def test_what_is_not_there_or_cannot_be_a_name(run):
    assert main(["import", "prices", "missing.csv", "--symbol", "IWM"]) == 2
    assert run("prices", PRICES, "--symbol", "1+1")[0] == 2
    assert run("index", CBOE, "--name", "a b")[0] == 2
    assert run("prices", PRICES)[0] == 2
