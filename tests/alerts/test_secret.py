"""Secrets are found where they are put, and shown nowhere."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from base64 import b64encode
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.secret import HIDDEN, Secret, SecretError, read_secret

CANARY = "canary-0123456789"
NAME = "SKEWWATCH_SLACK_WEBHOOK"


@dataclass
class Holder:
    secret: Secret


def fail_with(secret):
    raise ValueError(secret)


def test_it_is_its_name_wherever_it_is_shown(caplog):
    secret = Secret(CANARY, NAME)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("x").warning("with %s, %r and %s", secret, secret, [secret])
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr(Holder(secret)), caplog.text]  # noqa: UP031 - every way of writing
    with pytest.raises(ValueError, match=NAME) as caught:
        fail_with(secret)
    shown.append("".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()))
    assert all(NAME in each for each in shown)
    assert all(CANARY not in each for each in shown)
    assert secret.reveal() == CANARY


def test_it_is_not_written_down():
    secret = Secret(CANARY, NAME)
    for write in (pickle.dumps, json.dumps, msgspec.json.encode, lambda s: json.dumps({"x": s})):
        with pytest.raises(TypeError) as caught:
            write(secret)
        assert CANARY not in str(caught.value)
    with pytest.raises(TypeError):
        vars(secret)
    assert copy.deepcopy(Holder(secret)).secret is secret


def test_equality_and_hash():
    assert Secret("one", "a") == Secret("one", "b")
    assert Secret("one") != Secret("two")
    assert Secret("one") != "one"
    assert len({Secret("one"), Secret("one"), Secret("two")}) == 2


@pytest.mark.parametrize("bad", ["", "line\nbreak", "nul\0", "tab\t"])
def test_what_is_no_secret(bad):
    with pytest.raises(SecretError) as caught:
        Secret(bad, NAME)
    assert str(caught.value).startswith(NAME)
    assert "break" not in str(caught.value).replace("a line break", "")


@pytest.mark.parametrize(
    "quoted",
    [
        "https://hooks.slack.com/services/T000/B000/canaryToken",
        "POST /services/T000/B000/canaryToken HTTP/1.1",
        "no such path: canaryToken",
        "https%3A%2F%2Fhooks.slack.com%2Fservices%2FT000%2FB000%2FcanaryToken",
        b64encode(b"https://hooks.slack.com/services/T000/B000/canaryToken").decode(),
    ],
)
def test_what_others_quote_of_it_is_struck(quoted):
    secret = Secret("https://hooks.slack.com/services/T000/B000/canaryToken")
    hidden = secret.hide(f"before {quoted} after")
    assert "canaryToken" not in hidden
    assert quoted not in hidden
    assert HIDDEN in hidden
    assert hidden.startswith("before ")


def test_a_password_in_an_address_and_its_query():
    secret = Secret("json://someone:canarypass@host/path?token=canary%20token&x=1")
    assert "canary" not in secret.hide("login someone:canarypass, token 'canary token' or canary%20token")


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1), st.text(), st.text())
def test_no_text_keeps_it(value, before, after):
    secret = Secret(value)
    if value not in HIDDEN:
        assert value not in secret.hide(before + value + after) or value in HIDDEN * 3 + before + after


def test_where_it_is_looked_for(tmp_path):
    file = tmp_path / "webhook"
    file.write_text(CANARY + "\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / NAME.lower()).write_text("from systemd\n")
    held = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert read_secret(NAME, {}) is None
    for environ, value in (
        ({NAME: "direct"} | held, "direct"),
        ({NAME + "_FILE": str(file)} | held, CANARY),
        (held, "from systemd"),
    ):
        found = read_secret(NAME, environ)
        assert found is not None
        assert (found.reveal(), repr(found)) == (value, f"<{NAME}>")
    (credentials / NAME).write_text("as it stands")
    assert read_secret(NAME, held) == Secret("as it stands")


def test_what_cannot_be_read_is_said_without_it(tmp_path):
    for content, said in (
        (b"\xff\xfe" + CANARY.encode(), "holds no text"),
        (b"x" * 70_000, "holds no text"),
        (b"", "is empty"),
    ):
        file = tmp_path / "secret"
        file.write_bytes(content)
        with pytest.raises(SecretError, match=said) as caught:
            read_secret(NAME, {NAME + "_FILE": str(file)})
        assert CANARY not in str(caught.value)
        assert caught.value.__context__ is None
    with pytest.raises(SecretError, match=r"cannot read .*none \(No such file"):
        read_secret(NAME, {NAME + "_FILE": str(tmp_path / "none")})
    with pytest.raises(SecretError, match="are both set"):
        read_secret(NAME, {NAME: "x", NAME + "_FILE": "y"})
