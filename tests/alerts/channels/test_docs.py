"""docs/channels.md says what is true: its receiver accepts our signatures, its tables are complete."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest

from alerts.channels import CHANNELS, SECRETS
from alerts.channels.apprise import DEADLINE as APPRISE
from alerts.channels.email import DEADLINE as EMAIL
from alerts.channels.slack import DEADLINE as SLACK
from alerts.channels.webhook import DEADLINE as WEBHOOK
from alerts.channels.webhook import Webhook, payload
from alerts.message import Kind
from alerts.pace import Pace
from alerts.secret import Secret
from tests.alerts.channels import samples
from tests.alerts.servers import Receiver

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text()
KEYS = ["any text at all", "whsec_" + b64encode(bytes(range(24))).decode()]


@pytest.fixture
def verified():
    """The function of the page, as a reader would paste it."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict = {}
    exec(code, names)  # noqa: S102 - our own page
    return names["verified"]


@pytest.mark.parametrize("key", KEYS)
def test_the_receiver_of_the_page_accepts_what_is_sent_and_nothing_else(verified, key, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Receiver() as receiver:
        Webhook(Secret(receiver.address + "/in"), key=Secret(key)).send(samples.FIRED, attempt=1)
        (request,) = receiver.log
    assert verified(request.headers, request.body, key)
    assert not verified(request.headers, request.body + b" ", key)
    assert not verified(request.headers, request.body, "another key")
    assert not verified(request.headers | {"webhook-id": "another"}, request.body, key)
    assert not verified(request.headers | {"webhook-timestamp": "1760000000"}, request.body, key)
    assert not verified(request.headers, request.body, key, tolerance=-1.0)


def test_the_page_names_every_channel_secret_kind_and_key():
    for kind in CHANNELS:
        assert f"| `{kind}` |" in PAGE
    for secrets in SECRETS.values():
        for variable in secrets.values():
            assert f"`{variable}`" in PAGE
    for kind in Kind:
        assert str(kind) in PAGE
    for key in re.findall(r'"(\w+)":', payload(samples.FIRED).decode()):
        assert f'"{key}":' in PAGE


def test_every_channel_has_answered_before_the_deliverer_gives_it_up():
    """Slack's text and charts have a deadline each; Apprise's own comes a second before ours."""
    assert max(2 * SLACK, EMAIL, WEBHOOK, APPRISE + 1.0) < Pace().deadline
