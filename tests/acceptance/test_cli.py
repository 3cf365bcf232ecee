"""The command line as its user meets it: one line for each failure, the documented code, nothing half-written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug import Response

from monitor.cli import main, snapshot
from monitor.sources.payload import sidecar_path
from monitor.sources.simulated import Simulated
from monitor.view.contract import COLUMNS
from tests.monitor.synthetic import EXPIRIES, cboe_answer

EXPIRIES_OF_A_PAIR = 2


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A folder, a home and an environment of the test's own."""
    for name in list(os.environ):
        if name.startswith(("SKEWWATCH_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    return home


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Path:
    """A chain of the simulated market, as a recorded payload with its sidecar."""
    payload = Simulated().fetch("IWM")
    path = tmp_path_factory.mktemp("recorded") / f"{payload.fetched_at:%Y%m%dT%H%M%SZ}.json.gz"
    path.write_bytes(gzip.compress(payload.body, mtime=0))
    sidecar_path(path).write_text(payload.sidecar())
    return path


@pytest.fixture
def run(capsys):
    """Run a command in this process; give its code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(each) for each in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", *(str(each) for each in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - ours


# snapshot


def test_json_is_what_the_contract_says(run, recorded):
    code, out, err = run("snapshot", "--source", f"recorded:{recorded}", "--json")
    content = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    assert content["symbol"] == "IWM"
    assert content["status"] in {"ok", "degraded"}
    for name in ("skew_ratio_30d_90_110", "skew_spread_30d_90_110", "put_vol_30d_90", "risk_reversal_30d_25"):
        measure = content["measures"][name]
        assert measure["low"] <= measure["value"] <= measure["high"]
        assert content["standing"][name] == {"percentile": None, "n": 0, "reason": "no_history"}
    for measure in content["measures"].values():
        assert measure["status"] in {"ok", "noisy", "bounded", "edge", "missing"}
        assert measure["value"] is not None or measure["reason"]
    assert 0.05 < content["measures"]["put_vol_30d_90"]["value"] < 1.0
    used = [each for each in content["expiries"] if each["used"]]
    assert len(used) == EXPIRIES_OF_A_PAIR
    assert used[0]["days"] < 30 < used[1]["days"]
    quotes = content["quotes"]
    assert quotes["total"] == quotes["kept"] + sum(quotes["dropped"].values())


def test_the_same_recording_gives_the_same_bytes(run, recorded):
    arguments = ("snapshot", "--source", f"recorded:{recorded}", "--json")
    assert run(*arguments) == run(*arguments)


def test_csv_has_a_row_a_measure(run, recorded):
    _, as_json, _ = run("snapshot", "--source", f"recorded:{recorded}", "--json")
    code, out, err = run("snapshot", "--source", f"recorded:{recorded}", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    measures = json.loads(as_json)["measures"]
    assert (code, err) == (0, "")
    assert tuple(rows[0]) == COLUMNS
    assert [row["measure"] for row in rows] == list(measures)
    assert [row["value"] for row in rows] == [
        "" if each["value"] is None else str(each["value"]) for each in measures.values()
    ]


def test_a_person_reads_the_sentence_first(run, recorded):
    code, out, err = run("snapshot", "--source", f"recorded:{recorded}")
    assert (code, err) == (0, "")
    assert out.startswith("IWM: one-month 10 % downside protection costs ")
    assert "skew_ratio_30d_90_110" in out
    assert "expiry used" in out
    assert "\x1b[" not in out


@pytest.mark.parametrize("columns", ["60", "80"])
def test_it_fits_the_terminal(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run("snapshot", "IWM", "--source", "simulated")
    assert max(len(line.rstrip()) for line in out.splitlines()) <= int(columns)


def test_several_symbols_are_a_line_each(run):
    code, out, err = run("snapshot", "SPY", "^SPX", "--source", "simulated", "--json")
    assert (code, err) == (0, "")
    assert [json.loads(line)["symbol"] for line in out.splitlines()] == ["SPY", "SPX"]


def test_without_a_symbol_those_of_the_configuration_are_looked_at(run, alone):
    (alone / "config.yaml").write_text("skewwatch: 1\nsource: simulated\nsymbols: [QQQ, {symbol: SPX}]\n")
    _, out, _ = run("snapshot", "--csv")
    assert list(dict.fromkeys(row["symbol"] for row in csv.DictReader(io.StringIO(out)))) == ["QQQ", "SPX"]


def test_one_symbol_that_fails_does_not_silence_the_others(run, alone):
    text = (
        "skewwatch: 1\nsymbols: [{symbol: SPY, source: 'recorded:/no/such/place'}, {symbol: IWM, source: simulated}]\n"
    )
    (alone / "config.yaml").write_text(text)
    code, out, err = run("snapshot", "--json")
    assert code == 2
    assert json.loads(out)["symbol"] == "IWM"
    assert err.startswith("skewwatch: /no/such/place does not exist; ")


def test_moneyness_of_the_configuration_changes_the_method(run, alone):
    methods = []
    for moneyness in ("spot", "forward"):
        (alone / "config.yaml").write_text(f"skewwatch: 1\nmeasures: {{moneyness: {moneyness}}}\n")
        _, out, _ = run("snapshot", "IWM", "--source", "simulated", "--json")
        methods.append(json.loads(out)["method"])
    assert methods[0] != methods[1]


def test_looking_writes_nothing(run, alone, recorded):
    before = sorted(recorded.parent.iterdir())
    run("snapshot", "--source", f"recorded:{recorded}", "--json", "--data-dir", alone / "kept")
    assert list(alone.iterdir()) == []
    assert sorted(recorded.parent.iterdir()) == before


def test_a_chart_is_drawn_beside_the_answer(run, alone, recorded):
    (alone / "charts").mkdir()
    code, out, err = run("snapshot", "--source", f"recorded:{recorded}", "--json", "--plot", "charts/smiles.png")
    assert (code, err) == (0, "")
    assert json.loads(out)["symbol"] == "IWM"
    assert (alone / "charts" / "smiles.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert [each.name for each in (alone / "charts").iterdir()] == ["smiles.png"]


def test_charts_of_several_symbols_have_a_name_each(run, alone):
    (alone / "charts").mkdir()
    code, _, _ = run("snapshot", "IWM", "BRK.B", "--source", "simulated", "--csv", "--plot", "charts/{symbol}.png")
    assert code == 0
    assert sorted(each.name for each in (alone / "charts").iterdir()) == ["BRK.B.png", "IWM.png"]


def test_without_history_nothing_is_extreme(run):
    code, out, _ = run("snapshot", "IWM", "--source", "simulated", "--json", "--exit-code")
    assert code == 0
    assert [json.loads(out)[key] for key in ("attribution", "context", "base_rate")] == [None, None, None]


# a live vendor, imitated on a loopback address


def test_a_vendor_is_asked_at_its_configured_address(run, httpserver, monkeypatch):
    httpserver.expect_request("/feed/IWM.json").respond_with_json(cboe_answer())
    monkeypatch.setenv("SKEWWATCH_SOURCES__CBOE__BASE_URL", httpserver.url_for("/feed"))
    code, out, _ = run("snapshot", "iwm", "--json")
    assert code in {0, 3}
    assert json.loads(out)["source"] == "cboe"


def test_an_unknown_symbol_is_no_data(run, httpserver, monkeypatch):
    httpserver.expect_request("/feed/NOPE.json").respond_with_data("Access Denied", status=403)
    monkeypatch.setenv("SKEWWATCH_SOURCES__CBOE__BASE_URL", httpserver.url_for("/feed"))
    code, out, err = run("snapshot", "NOPE", "--json")
    assert (code, out) == (3, "")
    assert err.startswith("skewwatch: cboe: no options on NOPE (HTTP 403); check the symbol")


# failures: one line, the documented code, nothing on standard output


def spoilt(alone: Path) -> dict[str, Path]:
    files = {
        "empty": b"",
        "words": b"not a payload\n",
        "html": b"<html>maintenance</html>",
        "cut": json.dumps(cboe_answer()).encode()[:900],
        "hollow": json.dumps(cboe_answer() | {"data": {"options": []}}).encode(),
    }
    for name, body in files.items():
        (alone / f"{name}.json").write_bytes(body)
    (alone / "theirs.yaml").write_text("services: {}\n")
    (alone / "typo.yaml").write_text("skewwatch: 1\nrates:\n  flatt: 0.03\n")
    return {each.stem: each for each in alone.iterdir()}


FAILURES = [
    ("snapshot --bogus", 2, "No such option: --bogus; see skewwatch snapshot --help"),
    ("snapshot --source", 2, "Option '--source' requires an argument"),
    ("snapshot IWM --json --csv", 2, "--json and --csv exclude each other; give one of them"),
    ("snapshto", 2, "no command 'snapshto'; did you mean 'snapshot'?"),
    ("rates", 2, "Missing command; see skewwatch rates --help"),
    ("rates shw", 2, "No such command 'shw'"),
    ("rates update --since soon", 2, "--since 'soon' is no day; write it as 2026-01-31"),
    ("rates update --since 2999-01-01", 2, "--since 2999-01-01 lies ahead"),
    ("snapshot --source cbeo", 2, "no source of the name 'cbeo'; did you mean cboe?"),
    ("snapshot --source recorded:", 2, "a source cannot be written 'recorded:'"),
    ("snapshot --source recorded:missing.json", 2, "missing.json does not exist"),
    ("snapshot 1+1 --source simulated", 2, "'1+1' is not a symbol"),
    ("snapshot --config missing.yaml", 2, "cannot read the configuration missing.yaml: no such file or directory"),
    ("snapshot --config theirs.yaml", 2, "theirs.yaml is no configuration of skewwatch"),
    ("snapshot --config typo.yaml", 2, "typo.yaml:3: unknown key 'rates.flatt'; did you mean 'flat'?"),
    ("config check --config typo.yaml", 2, "typo.yaml:3: unknown key 'rates.flatt'; did you mean 'flat'?"),
    ("config show --config typo.yaml", 2, "typo.yaml:3: unknown key 'rates.flatt'; did you mean 'flat'?"),
    (
        "snapshot IWM --source simulated --plot a.pdf",
        2,
        "--plot a.pdf: a chart is a PNG; give a name that ends in .png",
    ),
    ("snapshot IWM --source simulated --plot no/a.png", 2, "--plot no/a.png: there is no folder no; make it first"),
    ("snapshot IWM SPY --source simulated --plot a.png", 2, "--plot a.png: one file for 2 symbols; put {symbol} into"),
    ("snapshot --source recorded:empty.json", 3, "empty.json is empty"),
    ("snapshot --source recorded:words.json", 3, "words.json is no payload of a known shape"),
    ("snapshot --source recorded:html.json", 3, "html.json is no payload of a known shape"),
    ("snapshot --source recorded:cut.json", 3, "cut.json"),
    ("snapshot --source recorded:hollow.json", 3, "hollow.json"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), FAILURES, ids=[each[0] for each in FAILURES])
def test_a_failure_is_one_line_and_its_code(run, alone, arguments, code, said):
    files = spoilt(alone)
    got, out, err = run(*arguments.split())
    assert (got, out) == (code, "")
    assert err.startswith("skewwatch: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert said.split(".json")[0] in err
    assert {each.stem: each for each in alone.iterdir()} == files


def test_a_recording_of_another_symbol_is_no_data(run, recorded):
    code, out, err = run("snapshot", "SPY", "--source", f"recorded:{recorded}", "--json")
    assert (code, out) == (3, "")
    assert "holds IWM, not SPY" in err


def test_a_chain_that_says_nothing_is_shown_and_is_no_data(run, alone):
    answer = cboe_answer()
    near = [row for row in answer["data"]["options"] if f"IWM{EXPIRIES[0]:%y%m%d}" in row["option"]]
    answer["data"]["options"] = near  # sixteen days to expiry, and nothing after
    (alone / "20260304T160020Z.json").write_text(json.dumps(answer))
    code, out, err = run("snapshot", "--source", "recorded:20260304T160020Z.json", "--json", "--plot", "a.png")
    content = json.loads(out)
    assert (code, content["status"]) == (3, "no_data")
    assert content["measures"]["skew_ratio_30d_90_110"]["reason"]
    assert "skewwatch: IWM: no usable data; " in err
    assert not (alone / "a.png").exists()


def test_somebody_elses_configuration_in_the_folder_is_passed_over(run, alone):
    (alone / "config.yaml").write_text("theme: dark\nrates: {nonsense: [}\n")
    code, _, err = run("snapshot", "IWM", "--source", "simulated", "--json")
    assert (code, err) == (0, "")


def test_a_message_is_one_printable_line_whatever_it_holds(run):
    code, _, err = run("snapshot", "a\nb\x1b[31m", "--source", "simulated")
    assert code == 2
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_what_nobody_foresaw_is_one_line_too(run, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr(snapshot, "look", broken)
    code, out, err = run("snapshot", "IWM")
    assert (code, out) == (1, "")
    assert err == (
        "skewwatch: unexpected RuntimeError: first second; set SKEWWATCH_DEBUG=1 for the traceback, and report it\n"
    )
    monkeypatch.setenv("SKEWWATCH_DEBUG", "1")
    assert "Traceback" in run("snapshot", "IWM")[2]
    monkeypatch.delenv("SKEWWATCH_DEBUG")
    assert "Traceback" in run("--debug", "snapshot", "IWM")[2]


def test_an_interrupt_is_quiet(run, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot, "look", interrupted)
    assert run("snapshot", "IWM") == (130, "", "")


# as a process


def test_a_reader_that_leaves_is_no_failure(recorded):
    command = [sys.executable, "-m", "monitor", "snapshot", "--source", f"recorded:{recorded}", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:  # noqa: S603 - ours
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == b""
        assert child.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_the_output_is_one_line(recorded):
    command = [sys.executable, "-m", "monitor", "snapshot", "--source", f"recorded:{recorded}", "--json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 1
    assert done.stderr == "skewwatch: cannot write to standard output: No space left on device; free the place\n"


def test_colour_is_for_terminals_that_want_it(recorded):
    plain = {**os.environ, "TERM": "xterm-256color"}
    seen = [
        process("snapshot", "--source", f"recorded:{recorded}", env={**plain, **more}).stdout
        for more in ({}, {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"})
    ]
    assert "\x1b[" not in seen[0]
    assert "\x1b[" in seen[1]
    assert "\x1b[3" not in seen[2]


SLOW = {
    *("pandas", "pyarrow", "matplotlib", "rich", "exchange_calendars", "hypothesis", "structlog"),
    *("httpx2", "httpcore2", "stamina", "ssl", "asyncio", "http.client"),
    *("sqlalchemy", "alembic", "sqlite3"),
    *("scipy.optimize", "scipy.interpolate", "scipy.integrate", "scipy.stats", "scipy.linalg", "scipy.sparse"),
}


def test_a_recorded_snapshot_imports_nothing_slow(recorded):
    code = (
        "import sys\n"
        "from monitor.cli import main\n"
        "code = main(sys.argv[1:])\n"
        f"late = sorted({SLOW!r} & set(sys.modules))\n"
        "sys.exit(f'imported: {late}' if late else code)"
    )
    command = [sys.executable, "-c", code, "snapshot", "--source", f"recorded:{recorded}", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (0, "")


def test_version_and_help_are_for_asking():
    assert process("--version").stdout.startswith("skewwatch ")
    done = process("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "snapshot" in done.stdout
    bare = process()
    assert (bare.returncode, bare.stdout) == (2, "")
    assert "Usage: skewwatch" in bare.stderr


# rates


def test_yields_are_fetched_kept_and_used(run, httpserver, monkeypatch, alone):
    yesterday = datetime.now(UTC) - timedelta(days=2)
    served = {}

    def answer(request):
        series = request.args["id"]
        served[series] = request.args["cosd"]
        return Response(f"observation_date,{series}\n{yesterday:%Y-%m-%d},3.65\n")

    httpserver.expect_request("/fred").respond_with_handler(answer)
    monkeypatch.setenv("SKEWWATCH_RATES__SOURCE", "fred")
    monkeypatch.setenv("SKEWWATCH_RATES__FRED_URL", httpserver.url_for("/fred"))
    kept = alone / "kept"
    code, out, err = run("rates", "update", "--data-dir", kept, "--since", f"{yesterday:%Y-%m-01}")
    assert (code, err) == (0, "")
    assert "1 kept in" in out
    assert served.keys() == {"DGS1MO", "DGS3MO", "DGS6MO", "DGS1", "DGS2"}
    code, out, _ = run("rates", "show", "--data-dir", kept, "--json")
    content = json.loads(out)
    assert (code, content["source"], content["flags"]) == (0, "fred", [])
    assert len(content["pillars"]) == 5
    assert "fred of " in run("rates", "show", "--data-dir", kept)[1]


def test_a_source_of_yields_that_fails_changes_nothing(run, httpserver, monkeypatch, alone):
    httpserver.expect_request("/xml").respond_with_data("<html>maintenance</html>")
    monkeypatch.setenv("SKEWWATCH_RATES__TREASURY_URL", httpserver.url_for("/xml"))
    code, out, err = run("rates", "update", "--data-dir", alone / "kept")
    assert (code, out) == (3, "")
    assert "not with a feed; check rates.treasury_url" in err
    assert not (alone / "kept").exists()


def test_without_yields_the_configured_rate_stands_in_and_is_flagged(run, recorded):
    _, out, _ = run("rates", "show")
    assert "all tenors" in out
    assert "stands in" in out
    _, out, _ = run("snapshot", "--source", f"recorded:{recorded}", "--json")
    assert "rates_fallback" in json.loads(out)["flags"]


# config


def test_what_is_in_effect_can_be_seen_and_used_again(run, alone, monkeypatch):
    (alone / "mine.yaml").write_text("skewwatch: 1\nrates: {flat: 0.01}\n")
    monkeypatch.setenv("SKEWWATCH_MEASURES__NEIGHBOURS", "13")
    _, as_json, _ = run("config", "show", "--config", "mine.yaml", "--json")
    _, text, _ = run("config", "show", "--config", "mine.yaml")
    content = json.loads(as_json)
    assert (content["rates"]["flat"], content["measures"]["neighbours"]) == (0.01, 13)
    assert text.startswith("# in effect, from mine.yaml (--config)\nskewwatch: 1\n")
    monkeypatch.delenv("SKEWWATCH_MEASURES__NEIGHBOURS")
    (alone / "again.yaml").write_text(text)
    assert json.loads(run("config", "show", "--config", "again.yaml", "--json")[1]) == content


def test_check_says_which_file_is_fine(run, alone):
    (alone / "config.yaml").write_text("skewwatch: 1\n")
    assert run("config", "check") == (0, "config.yaml: fine (the folder)\n", "")


def test_check_names_every_mistake(run, alone):
    (alone / "config.yaml").write_text("skewwatch: 1\nzebra: 1\nrates: {flat: 9}\n")
    code, out, err = run("config", "check")
    assert (code, out, err.count("\n")) == (2, "", 2)


def test_the_schema_is_json(run):
    assert json.loads(run("config", "schema")[1])["additionalProperties"] is False


# doctor


def test_doctor_finds_nothing_that_would_fail(run, alone):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("ok    skewwatch ")
    assert f"ok    data folder: {alone}/.local/share/skewwatch, not made yet" in lines
    assert "ok    source: cboe, not asked" in lines
    assert any(line.startswith("warn  rates: no yields from before ") for line in lines)
    assert not list(alone.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skewwatch: 1\nzebra: 1\n", "fail  configuration: config.yaml:2: unknown key 'zebra'"),
        ("skewwatch: 1\nsource: recorded:/no/such/place\n", "fail  source: /no/such/place does not exist"),
        ("skewwatch: 1\ndata_dir: /dev/null/below\n", "fail  data folder: /dev/null/below cannot be written"),
    ],
)
def test_doctor_fails_where_a_command_would(run, alone, text, said):
    (alone / "config.yaml").write_text(text)
    code, out, _ = run("doctor")
    assert code == 1
    assert said in out


def test_doctor_knows_what_it_does_not_know(run, alone):
    text = "skewwatch: 1\nsymbols: [XYZ, OLD]\ndividends: {OLD: {cash: [{ex_date: 2001-01-02, amount: 1}]}}\n"
    (alone / "config.yaml").write_text(text)
    code, out, _ = run("doctor")
    assert code == 0
    assert "warn  dividends: none known of XYZ; its carry is read off the forwards" in out
    assert "warn  dividends: the last known of OLD is of 2001-01-02; add the newer ones" in out


def test_doctor_says_where_a_named_configuration_is_missing(run):
    code, out, _ = run("doctor", "--config", "missing.yaml")
    assert code == 1
    assert "fail  configuration: cannot read the configuration missing.yaml" in out
