"""The configuration: found where it should be, read whole, and every mistake told with its place."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from monitor.config import Config, Found, Origin, data_dir, find, load, problems, search, ticker
from monitor.config.model import Measures
from monitor.errors import ConfigError
from pricing.dividends import Dividend
from pricing.settings import Base, Settings

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = ROOT / "config.yaml"
NOWHERE = {"HOME": "/nonexistent"}


def leaves(model: type[BaseModel], prefix: str = ""):
    """Keys of a section and of the sections below it that stand once in the file."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        yield prefix + name
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{prefix}{name}.")


def written(tmp_path: Path, text: str) -> Found:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return Found(path, Origin.OPTION)


# the shipped file


def test_the_shipped_file_is_complete_and_holds_the_defaults():
    document = yaml.safe_load(SHIPPED.read_text())
    default = Config(skewwatch=1).model_dump(mode="json")
    shipped = load(Found(SHIPPED, Origin.SHIPPED), {}).model_dump(mode="json")
    assert {**shipped, "dividends": {}} == default
    for key in leaves(Config):
        inside = document
        for part in key.split("."):
            assert part in inside, f"{key} is not in config.yaml"
            inside = inside[part]


def test_every_key_of_the_shipped_file_is_explained_beside_or_above_it():
    lines = SHIPPED.read_text().splitlines()
    explained = False
    for line in lines[1:]:
        if not line.strip():
            explained = False
        elif line.lstrip().startswith("#"):
            explained = True
        elif ":" in line and not line.lstrip().startswith("- "):
            assert explained or "#" in line, f"no comment on {line!r}"


def test_the_shipped_file_is_found_beside_the_package_and_in_a_checkout(tmp_path, monkeypatch):
    assert search.shipped() == SHIPPED
    installed = tmp_path / "site-packages" / "monitor"
    (installed / "config").mkdir(parents=True)
    (installed / "config.yaml").write_text("skewwatch: 1\n")
    monkeypatch.setattr(search, "__file__", str(installed / "config" / "search.py"))
    assert search.shipped() == installed / "config.yaml"


def test_dividends_of_the_fund_are_those_it_paid():
    """Ex-dates and amounts as the fund's issuer announced them; the schedule reads them all as known."""
    schedule = load(Found(SHIPPED, Origin.SHIPPED), {}).schedule("IWM")
    assert schedule.known[0] == Dividend(date(2024, 6, 11), 0.562)
    assert schedule.known[-1] == Dividend(date(2026, 6, 15), 0.695)
    assert len(schedule.known) == 9
    assert not any(paid.projected for paid in schedule.known)


def test_measures_are_the_settings_of_pricing_name_by_name():
    assert [*Measures.model_fields, "rates"] == [field.name for field in fields(Settings)]  # rates: a section's name
    assert Measures().settings() == Settings()
    assert load(Found(SHIPPED, Origin.SHIPPED), {}).settings("IWM") == Settings(rates="treasury")


def test_numbers_made_with_other_rates_are_of_another_method(tmp_path):
    usual = load(written(tmp_path, "skewwatch: 1\n"), {}).settings("IWM")
    other = load(written(tmp_path, "skewwatch: 1\nrates: {source: configured}\n"), {}).settings("IWM")
    assert usual.method != other.method


# the search


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Every place that the search looks at, each with a file of its own."""
    folder, home = tmp_path / "folder", tmp_path / "home"
    for name, path in {
        "option": tmp_path / "option.yaml",
        "environment": tmp_path / "environment.yaml",
        "folder": folder / "config.yaml",
        "user": home / ".config" / "skewwatch" / "config.yaml",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"skewwatch: 1\ndata_dir: {name}\n")
    monkeypatch.chdir(folder)
    return tmp_path


def test_the_order_of_the_search(places):
    environ = {"HOME": str(places / "home"), "SKEWWATCH_CONFIG": str(places / "environment.yaml")}
    found = [find(places / "option.yaml", environ)]
    found.append(find(None, environ))
    del environ["SKEWWATCH_CONFIG"]
    found.append(find(None, environ))
    (places / "folder" / "config.yaml").unlink()
    found.append(find(None, environ))
    (places / "home" / ".config" / "skewwatch" / "config.yaml").unlink()
    found.append(find(None, environ))
    assert [each.origin for each in found] == list(Origin)
    assert found[-1].path == SHIPPED


@pytest.mark.parametrize(
    "text",
    [
        "site_name: mine\nskewwatch: 1\n",
        "# skewwatch: 1\nother: 1\n",
        "- skewwatch\n",
        "skewwatch\n",
        "skewwatches: 1\n",
        "",
        "\x00\x01",
        "%YAML 1.2\n---\nother: 1\n",
    ],
)
def test_somebody_elses_file_in_the_folder_is_passed_over(places, text):
    (places / "folder" / "config.yaml").write_text(text)
    assert find(None, {"HOME": str(places / "home")}).origin is Origin.USER


@pytest.mark.parametrize(
    "text",
    ["skewwatch: 1", "\n# ours\n\nskewwatch: 1\n", '"skewwatch": 1\n', "---\nskewwatch : 7\n", "\ufeffskewwatch: 1\n"],
)
def test_our_file_in_the_folder_is_taken(places, text):
    (places / "folder" / "config.yaml").write_text(text)
    assert find(None, {"HOME": str(places / "home")}).origin is Origin.FOLDER


def test_a_folder_of_that_name_is_passed_over(places):
    (places / "folder" / "config.yaml").unlink()
    (places / "folder" / "config.yaml").mkdir()
    assert find(None, {"HOME": str(places / "home")}).origin is Origin.USER


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("missing.yaml", "cannot read the configuration .*missing.yaml: no such file or directory; name another"),
        ("home", "cannot read the configuration .*home: is a directory"),
        ("theirs.yaml", "theirs.yaml is no configuration of skewwatch: its first key is not 'skewwatch'; begin"),
    ],
)
def test_a_file_that_was_named_must_be_there_and_ours(places, named, said):
    (places / "theirs.yaml").write_text("other: 1\n")
    with pytest.raises(ConfigError, match=said):
        find(places / named, {})
    with pytest.raises(ConfigError, match=said):
        find(None, {"SKEWWATCH_CONFIG": str(places / named)})


@pytest.mark.parametrize(
    ("environ", "platform", "kind", "folder"),
    [
        ({"HOME": "/h"}, "linux", "data", "/h/.local/share/skewwatch"),
        ({"HOME": "/h"}, "linux", "config", "/h/.config/skewwatch"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/x"}, "linux", "data", "/x/skewwatch"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "relative"}, "linux", "config", "/h/.config/skewwatch"),
        ({"HOME": "/h"}, "darwin", "data", "/h/Library/Application Support/skewwatch"),
    ],
)
def test_folders_of_the_platform(environ, platform, kind, folder):
    """XDG Base Directory Specification 0.8: a path that is not absolute is ignored."""
    assert search.user_folder(kind, environ, platform) == Path(folder)


def test_where_things_are_kept():
    environ = {"HOME": "/h", "SKEWWATCH_DATA_DIR": "/env"}
    assert data_dir(Path("/option"), Path("/configured"), environ) == Path("/option")
    assert data_dir(None, Path("/configured"), environ) == Path("/env")
    assert data_dir(None, Path("/configured"), {"HOME": "/h"}) == Path("/configured")
    assert data_dir(None, None, {"HOME": "/h"}) == search.user_folder("data", {"HOME": "/h"})


def test_a_user_without_a_home_can_still_look(tmp_path, monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search.Path, "home", homeless)
    assert find(None, {}).origin is Origin.SHIPPED
    assert data_dir(None, None, {"SKEWWATCH_DATA_DIR": "/env"}) == Path("/env")
    with pytest.raises(ConfigError, match="no home folder to keep things in; set SKEWWATCH_DATA_DIR"):
        data_dir(None, None, {})


# reading


def test_what_is_left_out_has_its_default(tmp_path):
    config = load(written(tmp_path, "skewwatch: 1\nrates: {flat: 0.04}\n"), {})
    assert config.rates.flat == 0.04
    assert config.measures == Measures()
    assert config.schedule("IWM").is_known


def test_own_dividends_stand_beside_the_shipped_ones(tmp_path):
    config = load(written(tmp_path, "skewwatch: 1\ndividends: {spx: {continuous: 0.012}, ABC: {continuous: 0}}\n"), {})
    assert config.schedule("^SPX").continuous == 0.012
    assert config.schedule("ABC").is_known
    assert config.schedule("IWM").known
    assert not config.schedule("XYZ").is_known


def test_a_symbol_has_its_own_source_and_moneyness(tmp_path):
    text = "skewwatch: 1\nsymbols: [IWM, {symbol: brk/b, source: simulated, moneyness: forward}]\n"
    config = load(written(tmp_path, text), {})
    assert config.symbol("BRK.B").source == "simulated"
    assert config.settings("BRK-B").moneyness is Base.FORWARD
    assert config.settings("IWM") == config.settings("SPY") == Settings(rates="treasury")
    assert config.symbol("spy").source is None


def test_an_index_keeps_its_mark_for_the_vendor(tmp_path):
    config = load(written(tmp_path, "skewwatch: 1\nsymbols: [^abc]\n"), {})
    assert config.symbols[0].symbol == "^ABC"
    assert ticker("^abc") == ticker("ABC") == "ABC"


def test_a_relative_data_folder_is_meant_from_the_file(tmp_path):
    assert load(written(tmp_path, "skewwatch: 1\ndata_dir: kept\n"), {}).data_dir == tmp_path / "kept"
    assert load(written(tmp_path, "skewwatch: 1\ndata_dir: /kept\n"), {}).data_dir == Path("/kept")


def test_it_cannot_be_changed(tmp_path):
    config = load(written(tmp_path, "skewwatch: 1\n"), {})
    with pytest.raises(ValidationError, match="frozen"):
        config.source = "simulated"  # type: ignore[misc]


# the environment


def test_the_environment_stands_before_the_file(tmp_path):
    found = written(tmp_path, "skewwatch: 1\nrates: {flat: 0.04}\n")
    environ = {
        "SKEWWATCH_RATES__FLAT": "0.02",
        "SKEWWATCH_SOURCES__CBOE__BASE_URL": "http://127.0.0.1:9/x",
        "SKEWWATCH_MEASURES__PAIRS": "[[80, 120]]",
        "SKEWWATCH_DATA_DIR": "/no/key/of/the/file",
    }
    config = load(found, environ)
    assert config.rates.flat == 0.02
    assert config.sources.cboe.base_url == "http://127.0.0.1:9/x"
    assert config.measures.pairs == ((80, 120),)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SKEWWATCH_RATES__FLTA", "1", "SKEWWATCH_RATES__FLTA: unknown key 'rates.flta'; did you mean 'flat'?"),
        ("SKEWWATCH_RATES__FLAT", "3.65", "SKEWWATCH_RATES__FLAT: rates.flat: .*rates are decimals: 3.65 % is 0.0365"),
        ("SKEWWATCH_RATES__FLAT", "[", "SKEWWATCH_RATES__FLAT: cannot be read as YAML; write the value as it would"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(tmp_path, name, value, said):
    with pytest.raises(ConfigError, match=said):
        load(written(tmp_path, "skewwatch: 1\n"), {name: value})


# mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rates:\n  flat: 0.03\n  flatt: 0.04\n", "4: unknown key 'rates.flatt'; did you mean 'flat'?"),
        ("zebra: 1\n", "2: unknown key 'zebra'; known here: skewwatch, data_dir, symbols"),
        ("symbols:\n- IWM\n- {symbol: SPY, moneynes: spot}\n", "4: unknown key 'symbols[1].moneynes'; did you mean"),
        ("sources:\n  cbeo: {}\n", "3: unknown key 'sources.cbeo'; did you mean 'cboe'?"),
        ("rates:\n  flat: soon\n", "3: rates.flat: should be a valid number, unable to parse string as a number, got"),
        ("rates:\n  flat: 3.75\n", "got 3.75; rates are decimals: 3.75 % is 0.0375"),
        ("rates: 3\n", "2: rates: needs keys with values below it, got 3"),
        ("rates:\n  fred_url: ftp://x\n", "3: rates.fred_url: needs an address that begins with http://"),
        ("rates: {curve: [{years: 1, rate: 0.1}, {years: 1, rate: 0.1}]}\n", "rates.curve: the pillars' years must"),
        ("measures:\n  moneyness: spott\n", "3: measures.moneyness: should be 'spot' or 'forward', got 'spott'"),
        ("measures:\n  noisy: 0.5\n", "2: measures: needed 0 < noisy < useless, got 0.5 and 0.06"),
        ("measures: {tenor_days: .nan}\n", "measures.tenor_days: should be a finite number, got nan"),
        ("symbols:\n- ON\n", "3: symbols[0].symbol: YAML reads this symbol as true or false: put it in quotes"),
        ("symbols: [x y]\n", "symbols[0].symbol: 'x y' is not a symbol; write one like IWM"),
        ("symbols: []\n", "2: symbols: needs an entry or more"),
        ("symbols: [IWM, iwm]\n", "2: symbols: IWM is there twice"),
        ("source: cbeo\n", "2: source: no source of the name 'cbeo'; there are cboe, "),
        ("dividends: {SPX: {continuous: 1.2}}\n", "rates are decimals: 1.2 % is 0.012"),
        ("dividends:\n  IWM:\n    cash: [{ex_date: 2026-06-15}]\n", "4: the key 'dividends.IWM.cash[0].amount' is"),
        ("dividends: {A: {continuous: 0, cash: [{ex_date: 2026-06-15, amount: 1}]}}\n", "a continuous yield, got both"),
        ("rates: {}\nrates: {}\n", "3: cannot be read as YAML: 'rates' is there twice"),
        ("rates:\n\tflat: 1\n", "3: cannot be read as YAML: found character"),
        ("? [a]\n: 1\n", "cannot be read as YAML: a key must be one word"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(tmp_path, text, said):
    found = written(tmp_path, "skewwatch: 1\n" + text)
    told = [str(problem) for problem in problems(found, {})]
    assert len(told) == 1
    assert told[0].startswith(f"{found.path}:")
    assert said in told[0]
    assert "\n" not in told[0]
    with pytest.raises(ConfigError) as raised:
        load(found, {})
    assert str(raised.value) == told[0]


def test_several_mistakes_are_all_told_by_check_and_counted_by_the_rest(tmp_path):
    found = written(tmp_path, "skewwatch: 1\nzebra: 1\nrates: {flat: 9}\n")
    assert len(problems(found, {})) == 2
    with pytest.raises(ConfigError, match=r"\(and 1 more: skewwatch config check\)"):
        load(found, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skewwatch: 2\n", "1: this program reads skewwatch: 1, the file says 2"),
        ("skewwatch: {a: 1}\n", "the file says {'a': 1}"),
    ],
)
def test_the_version_of_the_file(tmp_path, text, said):
    (problem,) = problems(written(tmp_path, text), {})
    assert said in str(problem)


def test_a_file_that_is_no_text(tmp_path):
    found = written(tmp_path, "")
    found.path.write_bytes(b"skewwatch: 1\n\xff\xfe")
    (problem,) = problems(found, {})
    assert "byte 14 is not UTF-8" in str(problem)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_is_answered_with_anything_but_problems(tmp_path_factory, text):
    found = written(tmp_path_factory.mktemp("any"), "skewwatch: 1\n" + text)
    told = [str(problem) for problem in problems(found, NOWHERE)]
    assert all("\n" not in each for each in told)
    if not told:
        assert load(found, NOWHERE).skewwatch == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cash", "flat", "symbol", "x"]), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Config.model_fields, "zebra"]), values, max_size=4))
def test_no_value_is_answered_with_anything_but_problems(tmp_path_factory, document):
    text = yaml.safe_dump({"skewwatch": 1, **document}, sort_keys=False)
    for problem in problems(written(tmp_path_factory.mktemp("any"), text), NOWHERE):
        assert "\n" not in str(problem)


def test_the_schema_explains_every_key():
    schema = Config.model_json_schema()
    sections = [schema, *(each for each in schema["$defs"].values() if each.get("type") == "object")]
    for section in sections:
        assert section["additionalProperties"] is False
        for name, each in section["properties"].items():
            assert each.get("description"), name
