"""A payload and its sidecar."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import NoDataError
from monitor.sources.payload import Payload, moment, public_url, sidecar_path
from tests.monitor import synthetic


def test_digest_is_of_the_body():
    assert synthetic.payload(b"abc").sha256 == sha256(b"abc").hexdigest()


def test_fetched_at_is_kept_in_utc():
    tokyo = datetime(2026, 3, 5, 1, 0, 20, tzinfo=timezone(timedelta(hours=9)))
    got = synthetic.payload(b"", fetched_at=tokyo).fetched_at
    assert (got, got.tzinfo) == (synthetic.FETCHED_AT, UTC)


@pytest.mark.parametrize("at", [datetime(2026, 3, 4), datetime(9999, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)])  # noqa: DTZ001
def test_fetched_at_must_be_an_instant_of_our_time(at):
    with pytest.raises(ValueError, match="fetched_at"):
        synthetic.payload(b"", fetched_at=at)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:canary@host.example:8443/a/b.json?key=canary#canary", "https://host.example:8443/a/b.json"),
        ("http://host.example", "http://host.example"),
        ("folder/20260304T160020Z.json.gz", "folder/20260304T160020Z.json.gz"),
        ("", ""),
    ],
)
def test_no_secret_of_an_address_is_kept(url, shown):
    payload = synthetic.payload(b"", url=url)
    assert payload.url == public_url(url) == shown
    assert "canary" not in payload.sidecar() + payload.label + repr(payload)


@given(
    st.binary(max_size=50),
    st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zones beside
    st.none() | st.integers(100, 599),
    st.booleans(),
    st.none() | st.floats(0.01, 1e6),
)
def test_round_trip(body, at, status, known, spot):
    payload = synthetic.payload(
        body, fetched_at=at, http_status=status, fetched_at_known=known, spot=spot, url="https://host.example/x"
    )
    assert Payload.from_sidecar(body, payload.sidecar().encode(), "x") == payload


def test_the_archives_minimum_is_enough():
    fields = {
        "source": "cboe",
        "symbol": "IWM",
        "fetched_at": "2026-03-04T16:00:20Z",
        "url": "https://host.example/IWM.json",
        "http_status": 200,
        "sha256": sha256(b"{}").hexdigest(),
        "later": "keys that are not known yet",
    }
    payload = Payload.from_sidecar(b"{}", json.dumps(fields).encode(), "x")
    assert (payload.fetched_at, payload.fetched_at_known, payload.spot) == (synthetic.FETCHED_AT, True, None)


def test_a_body_that_has_changed_is_refused():
    sidecar = synthetic.payload(b"{}").sidecar().encode()
    with pytest.raises(NoDataError, match="has changed since it was recorded"):
        Payload.from_sidecar(b"{ }", sidecar, "x.json")


@pytest.mark.parametrize("key", ["source", "symbol", "fetched_at", "sha256"])
def test_a_sidecar_that_lacks_something_is_refused(key):
    fields = json.loads(synthetic.payload(b"{}").sidecar())
    del fields[key]
    with pytest.raises(NoDataError, match="is no sidecar"):
        Payload.from_sidecar(b"{}", json.dumps(fields).encode(), "x.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fetched_at", "2026-03-04T16:00:20"),
        ("fetched_at", "soon"),
        ("fetched_at", 7),
        ("fetched_at", "9999-12-31T23:59:59-10:00"),
        ("http_status", "x"),
        ("spot", []),
    ],
)
def test_a_sidecar_with_another_kind_of_value_is_refused(key, value):
    fields = json.loads(synthetic.payload(b"{}").sidecar()) | {key: value}
    with pytest.raises(NoDataError, match="is no sidecar"):
        Payload.from_sidecar(b"{}", json.dumps(fields).encode(), "x.json")


@pytest.mark.parametrize("sidecar", [b"", b"[]", b"null", b"\xff", b"[" * 99_999])
def test_what_is_no_sidecar_is_refused(sidecar):
    with pytest.raises(NoDataError, match="is no sidecar"):
        Payload.from_sidecar(b"{}", sidecar, "x.json")


def test_a_sidecars_name_is_not_a_payloads():
    assert sidecar_path(Path("a/20260304T160020Z.json.gz")) == Path("a/20260304T160020Z.json.gz.meta.json")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-04 16:00:20", synthetic.FETCHED_AT),
        ("2026-03-04T16:00:20Z", synthetic.FETCHED_AT),
        ("2026-03-04T11:00:20-05:00", synthetic.FETCHED_AT),
        ("1899-03-04 16:00:20", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("never", None),
        (None, None),
        (1.5, None),
    ],
)
def test_moment(text, read):
    assert moment(text) == read
