"""Recorded payloads from files and folders."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError, Exit, NoDataError
from monitor.sources import open_source, recorded
from monitor.sources.payload import sidecar_path
from monitor.sources.recorded import Recorded
from pricing.reasons import Flag
from tests.monitor import synthetic
from tests.monitor.conformance import SourceConformance, VendorConformance, one_clear_line, same

STAMPED = "20260304T160020Z.json"


def body(symbol: str = "IWM", **more: object) -> bytes:
    return json.dumps(synthetic.cboe_answer(symbol) | more).encode()


def write(folder, name, content, sidecar=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    if sidecar is not None:
        sidecar_path(path).write_text(sidecar)
    return path


class TestSimulated(SourceConformance):
    @pytest.fixture
    def source(self):
        return open_source("simulated")


class TestFile(VendorConformance):
    @pytest.fixture
    def source(self, tmp_path):
        return Recorded(write(tmp_path, f"{STAMPED}.gz", body()))


class TestFolder(VendorConformance):
    @pytest.fixture
    def source(self, tmp_path):
        write(tmp_path, "20260304T160020Z.json", body())
        write(tmp_path, "20260304T160120Z.json.gz", body("SPY"))
        return Recorded(tmp_path)


@pytest.mark.parametrize("name", [STAMPED, f"{STAMPED}.gz", f"IWM_{STAMPED}.gz"])
def test_plain_or_gzip_with_the_moment_in_the_name(tmp_path, name):
    source = Recorded(write(tmp_path, name, body()))
    payload = source.fetch("IWM")
    assert (payload.source, payload.symbol, payload.fetched_at) == ("cboe", "IWM", synthetic.FETCHED_AT)
    assert same(source.parse(payload), source.parse(synthetic.payload(body())))


def test_gzip_is_known_by_content_not_by_name(tmp_path):
    path = tmp_path / STAMPED
    path.write_bytes(gzip.compress(body()))
    assert Recorded(path).fetch().body == body()


def test_the_feeds_time_stands_in_and_is_flagged(tmp_path):
    source = Recorded(write(tmp_path, "some.json", body()))
    payload = source.fetch()
    assert (payload.fetched_at, payload.fetched_at_known) == (synthetic.FEED_TIME, False)
    assert source.parse(payload).flags == {Flag.FETCHED_AT_FROM_FEED}


@pytest.mark.parametrize("name", ["20261304T160020Z.json", "99990304T160020Z.json", "120260304T160020Z.json"])
def test_a_stamp_that_is_no_moment_is_not_believed(tmp_path, name):
    assert not Recorded(write(tmp_path, name, body())).fetch().fetched_at_known


def test_no_time_at_all(tmp_path):
    path = write(tmp_path, "some.json", body(timestamp=None))
    with pytest.raises(NoDataError, match="does not say when it was fetched"):
        Recorded(path).fetch()


def test_the_sidecar_has_the_last_word(tmp_path):
    kept = synthetic.payload(body(), url="https://host.example/IWM.json", http_status=200)
    source = Recorded(write(tmp_path, "20200101T000000Z.json.gz", body(), kept.sidecar()))
    assert source.fetch("IWM") == kept


def test_a_body_that_has_changed_is_refused(tmp_path):
    path = write(tmp_path, STAMPED, body(), synthetic.payload(body("SPY")).sidecar())
    with pytest.raises(NoDataError, match="has changed since it was recorded"):
        Recorded(path).fetch()


def test_a_sidecar_of_an_unknown_source(tmp_path):
    path = write(tmp_path, STAMPED, body(), synthetic.payload(body(), source="nasdaq").sidecar())
    with pytest.raises(NoDataError, match="names a source unknown here: 'nasdaq'"):
        Recorded(path).fetch()


def test_a_collectors_notes_beside_a_yahoo_table(tmp_path):
    path = write(tmp_path, "IWM_2026-03-03.csv.gz", synthetic.yahoo_table(spot=99.0))
    notes = {"utc": synthetic.FETCHED_AT.isoformat(), "tickers": {"IWM": {"spot": 99.0, "spot_live": 100.25}}}
    (tmp_path / "IWM_2026-03-03.meta.json").write_text(json.dumps(notes))
    source = Recorded(path)
    payload = source.fetch("IWM")
    assert (payload.source, payload.fetched_at, payload.spot) == ("yahoo", synthetic.FETCHED_AT, 100.25)
    chain = source.parse(payload)
    assert (chain.spot, chain.as_of) == (100.25, synthetic.FETCHED_AT - timedelta(minutes=15))
    assert Recorded(tmp_path).fetch() == payload  # the notes are no payload


def test_another_symbol_than_asked_for(tmp_path):
    path = write(tmp_path, STAMPED, body("HOOD"))
    assert Recorded(path).fetch().symbol == "HOOD"
    with pytest.raises(NoDataError, match="holds HOOD, not IWM"):
        Recorded(path).fetch("IWM")


def test_an_index_keeps_its_mark(tmp_path):
    answer = synthetic.cboe_answer("^MXEA", root="MXEA")
    source = Recorded(write(tmp_path, STAMPED, json.dumps(answer).encode()))
    assert source.parse(source.fetch()).symbol == "MXEA"
    assert source.fetch("^MXEA").symbol == "^MXEA"


def test_a_folder_in_the_order_of_time(tmp_path):
    def at(minute):
        return datetime(2026, 3, 4, 16, minute, tzinfo=UTC)

    write(tmp_path, "b/20260304T160300Z.json.gz", body())
    write(tmp_path, "a/20260304T160100Z.json", body())
    write(tmp_path, "a/20260304T160400Z.json", body("SPY"))
    write(tmp_path, "late.json", body(timestamp="2026-03-04 16:05:00"))
    kept = synthetic.payload(body(), fetched_at=at(2))
    write(tmp_path, "x/y/kept.json.gz", body(), kept.sidecar())
    write(tmp_path, ".hidden.json", b"{")
    write(tmp_path, "README.txt", b"not a payload")
    source = Recorded(tmp_path)
    assert [p.fetched_at for p in source.payloads("IWM")] == [at(1), at(2), at(3), at(5)]
    assert [p.symbol for p in source.payloads()] == ["IWM", "IWM", "IWM", "SPY", "IWM"]
    assert source.fetch("IWM").fetched_at == at(5)
    assert source.fetch("SPY").fetched_at == at(4)
    with pytest.raises(NoDataError, match="holds no payload of QQQ"):
        source.fetch("QQQ")


def test_a_lone_file_replays_too(tmp_path):
    assert len(list(Recorded(write(tmp_path, STAMPED, body())).payloads("IWM"))) == 1


def test_a_bad_file_in_a_folder_is_raised_or_told(tmp_path):
    write(tmp_path, "20260304T160100Z.json", body())
    bad = write(tmp_path, "20260304T160200Z.json", b"<html>busy</html>")
    odd = write(tmp_path, "odd.json", b"<html>busy</html>")
    with pytest.raises(NoDataError, match="no payload of a known shape"):
        list(Recorded(tmp_path).payloads())
    told = []
    assert len(list(Recorded(tmp_path).payloads(refused=lambda path, failure: told.append((path, failure.code))))) == 1
    assert told == [(odd, Exit.NO_DATA), (bad, Exit.NO_DATA)]


def test_an_empty_folder(tmp_path):
    with pytest.raises(NoDataError, match="holds no payload"):
        Recorded(tmp_path).fetch()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.json", b"", "is empty"),
        ("x.json", b"<!DOCTYPE html>", "no payload of a known shape: it begins with '<!DOCTYPE html>'"),
        ("x.json", b'{"results": []}', "no payload of a known shape"),
        ("x.json", b"\x00\x01", "no payload of a known shape"),
        ("x.json", b'{"data": {"options": []}}', "names no symbol"),
        ("x.csv", b"a,b\n1,2\n", "no payload of a known shape"),
        ("x.json", b'{"errors": [{"status": "400", "title": "Bad", "detail": "No"}]}', "a refusal: '400 Bad: No'"),
    ],
)
def test_files_that_are_no_payload(tmp_path, name, content, says):
    path = write(tmp_path, name, content)
    with pytest.raises(NoDataError, match=str(path)) as caught:
        Recorded(path).fetch()
    assert says in str(caught.value)


def test_a_file_that_breaks_off_says_so(tmp_path):
    source = Recorded(write(tmp_path, STAMPED, body()[:2000]))
    with pytest.raises(NoDataError, match=f"{STAMPED}.* breaks off after 2000 characters"):
        source.parse(source.fetch("IWM"))


def test_gzip_by_name_only(tmp_path):
    path = tmp_path / f"{STAMPED}.gz"
    path.write_bytes(body())
    with pytest.raises(NoDataError, match="is not gzip, as its name says"):
        Recorded(path).fetch()


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:300], lambda raw: raw[:-6] + b"\0" * 6, lambda raw: raw[:40] + b"\xff" * 40 + raw[80:]]
)
def test_broken_gzip(tmp_path, damage):
    path = tmp_path / f"{STAMPED}.gz"
    path.write_bytes(damage(gzip.compress(body())))
    with pytest.raises(NoDataError, match="is broken gzip"):
        Recorded(path).fetch()


@given(st.data())
def test_flipped_bits_of_a_gzip_file_never_pass_for_a_payload(tmp_path_factory, data):
    """Its checksum is there for that. What differs may be the header's time or name, never the content."""
    raw = bytearray(gzip.compress(body()))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.getbasetemp() / f"{STAMPED}.gz"
    path.write_bytes(raw)
    try:
        assert Recorded(path).fetch().body == body()
    except NoDataError as failure:
        one_clear_line(failure)


@pytest.mark.parametrize("name", [STAMPED, f"{STAMPED}.gz"])
def test_a_file_beyond_all_measure(tmp_path, name, monkeypatch):
    monkeypatch.setattr(recorded, "LIMIT", 1000)
    with pytest.raises(NoDataError, match="MiB, no chain"):
        Recorded(write(tmp_path, name, b" " * 2000)).fetch()


def test_no_such_path(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        Recorded(tmp_path / "none.json")


def test_a_path_through_a_file(tmp_path):
    with pytest.raises(NoDataError, match="cannot be read"):
        Recorded(write(tmp_path, STAMPED, body()) / "x.json")


def test_no_permission(tmp_path, monkeypatch):
    path = write(tmp_path, STAMPED, body())
    path.chmod(0)
    if os.geteuid() == 0:  # root reads everything: let the system call itself refuse

        def refuse(_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(NoDataError, match="no permission to read it"):
        Recorded(path).fetch()


def test_open_source(tmp_path):
    path = write(tmp_path, STAMPED, body())
    assert open_source(f"recorded:{path}").fetch("IWM").symbol == "IWM"
    assert type(open_source("cboe", deadline=1.0)).__name__ == "Cboe"
    assert type(open_source("simulated:7")).__name__ == "Simulated"


@pytest.mark.parametrize("spec", ["", "recorded", "recorded:", "cboe:", "cboe:IWM", "simulated:", "yahoo", "Cboe"])
def test_a_source_that_is_none(spec):
    with pytest.raises(ConfigError, match="source"):
        open_source(spec)


def test_a_near_miss_is_named():
    with pytest.raises(ConfigError, match=r"did you mean recorded\?"):
        open_source("recoded:x.json")
