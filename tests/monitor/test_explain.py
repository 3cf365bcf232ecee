"""A saved number comes out of its payload again, and what it rests on is laid open; damage is never explained away."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from vollib.black.implied_volatility import implied_volatility

from monitor.archive import FOLDER, Archive
from monitor.errors import Failure, NoDataError
from monitor.explain import Verdict, explain
from monitor.inputs import Inputs
from monitor.store import FILE, Store, tables
from monitor.store.values import seal
from monitor.view.explanation import document, render
from monitor.view.table import console
from pricing.reasons import Reason
from pricing.settings import Settings
from pricing.snapshot import Quality
from tests.monitor.saved import INPUTS, keep_simulated, simulated

HEADLINE = "skew_ratio_30d_90_110"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    return folder, keep_simulated(folder)


@pytest.fixture
def kept(original, tmp_path):
    folder, name = original
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path, name


def explained(folder, name):
    with Store.open(folder / FILE, read_only=True) as store:
        return explain(store, Archive(folder / FOLDER), name)


def text(explanation, *, everything=False):
    screen = console()
    screen.width = 120
    with screen.capture() as captured:
        screen.print(render(explanation, everything=everything))
    return captured.get()


def change(folder, table, **values):
    """Change a column of every row and seal it again, as another version of the program might have written it."""
    with Store.open(folder / FILE) as store, store.writing() as connection:
        for row in connection.execute(table.select()).mappings().all():
            new = {**row, **{name: make(row) for name, make in values.items()}}
            new["seal"] = seal([value for name, value in new.items() if name != "seal"])
            key = [column == row[column.name] for column in table.primary_key]
            connection.execute(table.update().where(*key).values(new))


def test_the_last_digit(original):
    found = explained(*original)
    assert found.verdict is Verdict.IDENTICAL
    assert found.differences == ()
    assert found.same_method
    assert replace(found.again, smiles=()) == found.saved.snapshot == replace(simulated()[2], smiles=())
    assert "every number the same to the last digit" in text(found)


def test_inputs_are_written_and_read_to_the_last_digit():
    assert Inputs.read(INPUTS.text) == INPUTS
    assert Inputs.read(INPUTS.text).sha256 == INPUTS.sha256
    assert 0.1 + 0.2 in Inputs.read(INPUTS.text).curve.rates
    for broken in ("{}", "[]", "", INPUTS.text.replace('"noisy"', '"loud"'), INPUTS.text.replace("_fallback", "_x")):
        with pytest.raises(Failure, match="cannot be read by this version"):
            Inputs.read(broken)


def test_every_row_has_its_reason(original):
    """What is laid open adds up to what was counted."""
    found = explained(*original)
    rows = document(found, everything=True)["rows"]
    counted = Counter(row["reason"] for row in rows)
    quotes = found.saved.snapshot.quotes
    assert counted.pop("kept") == quotes.kept
    refused = {reason.name.lower(): number for reason, number in found.chain.refused.items()}
    assert counted + Counter(refused) == Counter({reason.name.lower(): n for reason, n in quotes.dropped.items()})


def test_every_vol_is_that_of_its_quote(original):
    """By vollib's own inversion of Black's formula, on the mid less the early-exercise premium."""
    found = explained(*original)
    content = document(found)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    forwards = {report["expiry"]: report for report in content["stored"]["expiries"] if report["used"]}
    assert len(forwards) == 2
    kept = [row for row in content["rows"] if row["reason"] == "kept"]
    assert len(kept) > 50
    for row in kept:
        report = forwards[row["expiry"]]
        years = report["days"] / 365
        price = (row["bid"] + row["ask"]) / 2 - row["premium"]
        vol = implied_volatility(price, report["forward"], row["strike"], report["rate"], years, row["type"][0])
        assert row["mid_vol"] == pytest.approx(vol, abs=1e-9)
        assert row["bid_vol"] < row["mid_vol"] < row["ask_vol"]


def test_the_headline_from_what_is_laid_open(original):
    """Total variance linear in time (METHOD section 9) on the smiles' readings gives the stored ratio."""
    content = document(explained(*original))
    days = {report["expiry"]: report["days"] for report in content["stored"]["expiries"]}
    variance = [
        sum(leg["weight"] * leg["vol"][side] ** 2 * days[leg["expiry"]] / 365 for leg in content["expiries_used"])
        for side in (0, 1)
    ]
    assert (variance[0] / variance[1]) ** 0.5 == pytest.approx(
        content["stored"]["measures"][HEADLINE]["value"], rel=1e-12
    )
    near, far = (days[leg["expiry"]] for leg in content["expiries_used"])
    assert content["expiries_used"][1]["weight"] == pytest.approx((30 - near) / (far - near), rel=1e-12)
    spot = content["stored"]["spot_sync"]
    assert content["strikes"] == pytest.approx([0.9 * spot, 1.1 * spot], rel=1e-14)


def test_for_a_person_short_first(original):
    found = explained(*original)
    short, everything = text(found), text(found, everything=True)
    assert len(short.splitlines()) < 35
    assert found.saved.id in short
    assert "Quotes: " in short
    assert len(everything.splitlines()) > len(found.chain)
    for expiry in (leg["expiry"] for leg in document(found)["expiries_used"]):
        assert expiry in short
    assert max(len(line) for line in short.splitlines()) <= 120


def test_another_number_is_named(kept):
    folder, name = kept
    change(folder, tables.measures, value=lambda row: row["value"] * 1.01 if row["name"] == HEADLINE else row["value"])
    found = explained(folder, name)
    assert found.verdict is Verdict.DIFFERENT
    assert [each.what for each in found.differences] == [f"{HEADLINE} value"]
    assert "NOT the same" in text(found)
    assert f"{HEADLINE} value" in text(found)


def test_another_machines_last_digit_is_rounding(kept):
    folder, name = kept
    change(folder, tables.measures, low=lambda row: None if row["low"] is None else row["low"] * (1 + 4e-16))
    found = explained(folder, name)
    assert found.verdict is Verdict.ROUNDING
    assert "not to the last digit" in text(found)
    change(folder, tables.measures, reason=lambda _: "no_bid")
    assert explained(folder, name).verdict is Verdict.DIFFERENT


def test_another_method_is_named(kept, monkeypatch):
    folder, name = kept
    stored = simulated()[2].method  # before the version changes: it is drawn once for all tests
    monkeypatch.setattr("pricing.settings.VERSION", 2)
    found = explained(folder, name)
    assert not found.same_method
    assert found.verdict is Verdict.IDENTICAL
    assert "They were made by method 1-" in text(found)
    assert document(found)["method"] == {"stored": stored, "code": found.again.method}


def test_a_snapshot_without_surface(tmp_path):
    """Whatever a chain lacks, what is there is laid open."""
    narrow = replace(INPUTS, settings=Settings(min_days=29.99, max_days=30.01))  # no expiry is so near the tenor
    found = explained(tmp_path, keep_simulated(tmp_path, narrow))
    assert found.verdict is Verdict.IDENTICAL
    assert found.saved.snapshot.status is Quality.NO_DATA
    assert "No two expiries make a surface" in text(found)
    content = document(found)
    assert (content["expiries_used"], content["rows"], content["strikes"]) == ([], [], [None, None])
    assert {row["mid_vol"] for row in document(found, everything=True)["rows"]} == {None}


def test_what_is_not_there(original):
    folder, _ = original
    with pytest.raises(NoDataError, match="no snapshot s-0000000000"):
        explained(folder, "s-0000000000")


def test_damage_is_not_explained_away(kept):
    folder, name = kept
    (path,) = (folder / FOLDER).rglob("*.json.gz")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(NoDataError, match=r"gzip|changed"):
        explained(folder, name)
    path.unlink()
    with pytest.raises(NoDataError, match="has no"):
        explained(folder, name)
    path.write_bytes(whole)
    explained(folder, name)
    beside = path.with_name(f"{path.name}.meta.json")
    beside.write_text(beside.read_text().replace('"spot": null', '"spot": 1.5'))
    with pytest.raises(NoDataError, match="not as the store recorded it"):
        explained(folder, name)


def test_reasons_have_names_in_json(original):
    names = {row["reason"] for row in document(explained(*original), everything=True)["rows"]}
    assert names <= {reason.name.lower() for reason in Reason}
