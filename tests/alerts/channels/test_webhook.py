"""The webhook against a receiver that checks signatures and keeps each message once."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channel import DeliveryError
from alerts.channels.webhook import Webhook, signature
from alerts.secret import Secret, SecretError
from tests.alerts.channels import samples
from tests.alerts.channels.conformance import SECONDS, Rig, ServerConformance
from tests.alerts.servers import How, Receiver, Trouble, nobody

KEY = "canary-signing-key-0123456789"
TOKEN = "canaryurltoken0123456789"  # noqa: S105 - of no real receiver


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def receiver():
    with Receiver(key=KEY) as server:
        yield server


def rigged(server, **settings):
    url = Secret(f"{server.address}/in/{TOKEN}?token={TOKEN}", "SKEWWATCH_WEBHOOK_URL")
    channel = Webhook(url, key=Secret(KEY, "SKEWWATCH_WEBHOOK_KEY"), **settings)
    return Rig(
        channel,
        lambda: [json.dumps(each, ensure_ascii=False) for each in server.messages.values()],
        [TOKEN, KEY],
        server.troubles.append,
    )


class TestWebhook(ServerConformance):
    @pytest.fixture
    def rig(self, receiver):
        return rigged(receiver)

    @pytest.fixture
    def hasty(self, receiver):
        return rigged(receiver, seconds=SECONDS)


def test_what_is_sent(receiver):
    rigged(receiver).channel.send(samples.FIRED, attempt=3)
    (request,) = receiver.log
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["idempotency-key"] == samples.FIRED.dedup == request.headers["webhook-id"]
    assert request.headers["skewwatch-attempt"] == "3"
    assert request.headers["user-agent"].startswith("skewwatch/")
    document = request.json
    assert document["version"] == 1
    assert document["kind"] == "fired"
    assert document["facts"][0] == {"label": "30-day 90/110 skew ratio", "value": "1.79 (1.76 to 1.82)"}
    assert document["sections"][0]["heading"] == "Why it moved"
    assert document["observed_at"] == "2026-10-16T14:15:00Z"
    assert document["text"].startswith(samples.FIRED.subject)


def test_a_copy_is_recognised(receiver):
    channel = rigged(receiver).channel
    receiver.troubles.append(Trouble(How.RESET, taken=True))
    with pytest.raises(DeliveryError) as caught:
        channel.send(samples.FIRED, attempt=1)
    assert caught.value.ambiguous
    channel.send(samples.FIRED, attempt=2)
    assert (len(receiver.messages), receiver.copies) == (1, 1)
    assert receiver.log[0].body == receiver.log[1].body


def test_the_example_of_the_standard():
    """Standard Webhooks, specification 1.0.0: id, timestamp, payload, secret and signature of its own test vector."""
    key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_key_of_the_standard(receiver):
    receiver.key = "whsec_" + b64encode(b"k" * 24).decode()
    channel = Webhook(Secret(receiver.address + "/in"), key=Secret(receiver.key))
    assert channel.send(samples.FIRED, attempt=1).text == "HTTP 202"


def test_a_key_that_is_none():
    with pytest.raises(SecretError, match="SKEWWATCH_WEBHOOK_KEY begins with whsec_ and is no base64") as caught:
        Webhook(Secret("http://127.0.0.1/"), key=Secret("whsec_canary!", "SKEWWATCH_WEBHOOK_KEY"))
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("key", ["another", ""])
def test_a_wrong_signature_is_refused_for_good(receiver, key):
    channel = Webhook(Secret(receiver.address + "/in"), key=Secret(key) if key else None)
    with pytest.raises(DeliveryError, match="HTTP 401: bad signature") as caught:
        channel.send(samples.FIRED, attempt=1)
    assert caught.value.permanent


def test_an_old_signature_is_refused(receiver):
    """A clock that is ten minutes slow."""
    url = Secret(receiver.address + "/in")
    slow = Webhook(url, key=Secret(KEY), now=lambda: datetime.now(UTC) - timedelta(minutes=10))
    with pytest.raises(DeliveryError, match="HTTP 401"):
        slow.send(samples.FIRED, attempt=1)


def test_without_a_key_nothing_is_signed():
    with Receiver() as receiver:
        Webhook(Secret(receiver.address + "/in")).send(samples.FIRED, attempt=1)
        assert "webhook-signature" not in receiver.log[0].headers


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "retry_after", "ambiguous"),
    [
        (400, (), True, None, False),
        (401, (), True, None, False),
        (403, (), True, None, False),
        (404, (), True, None, False),
        (410, (), True, None, False),
        (413, (), True, None, False),
        (302, (("Location", "http://elsewhere.example/"),), True, None, False),
        (408, (), False, None, False),
        (425, (), False, None, False),
        (429, (), False, None, False),
        (429, (("Retry-After", "37"),), False, 37.0, False),
        (429, (("Retry-After", "soon"),), False, None, False),
        (500, (), False, None, False),
        (503, (("Retry-After", "3"),), False, 3.0, False),
        (502, (), False, None, True),
        (504, (), False, None, True),
    ],
)
def test_answers(receiver, status, headers, permanent, retry_after, ambiguous):
    """What can pass is tried again; what a gateway says tells nothing of the server behind it."""
    receiver.troubles.append(Trouble(status=status, headers=headers, text="the reason"))
    with pytest.raises(DeliveryError, match=f"^HTTP {status}: the reason") as caught:
        rigged(receiver).channel.send(samples.FIRED, attempt=1)
    error = caught.value
    assert (error.permanent, error.retry_after, error.ambiguous) == (permanent, retry_after, ambiguous)
    assert len(receiver.log) == 1


def test_a_date_to_wait_for_is_held_against_the_servers_own_clock(receiver):
    receiver.troubles.append(
        Trouble(status=503, headers=(("Retry-After", "Wed, 04 Mar 2099 16:00:30 GMT"),)),
    )
    with pytest.raises(DeliveryError) as caught:
        rigged(receiver).channel.send(samples.FIRED, attempt=1)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 1e9


def test_an_answer_that_quotes_the_address_or_the_key(receiver):
    receiver.troubles.append(Trouble(status=404, text=f"no such place: /in/{TOKEN}?token={TOKEN}, key {KEY}"))
    with pytest.raises(DeliveryError, match="no such place") as caught:
        rigged(receiver).channel.send(samples.FIRED, attempt=1)
    assert TOKEN not in caught.value.reason
    assert KEY not in caught.value.reason


def test_nobody_listens():
    with nobody() as port:
        channel = Webhook(Secret(f"http://127.0.0.1:{port}/{TOKEN}"), seconds=5.0)
        with pytest.raises(DeliveryError, match="no connection") as caught:
            channel.send(samples.FIRED, attempt=1)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert TOKEN not in caught.value.reason


@pytest.mark.parametrize("url", ["nowhere", "ftp://host/canary", "http://", "http://[bad/canary", "https://a b/canary"])
def test_an_address_that_is_none(url):
    with pytest.raises(DeliveryError) as caught:
        Webhook(Secret(url)).send(samples.FIRED, attempt=1)
    assert "canary" not in caught.value.reason
    assert caught.value.__context__ is None


def test_a_proxy_that_cannot_be_used(monkeypatch, receiver):
    monkeypatch.setenv("ALL_PROXY", "nonsense://user:canary@host:1")
    with pytest.raises(DeliveryError, match="the proxy in the environment") as caught:
        rigged(receiver).channel.send(samples.FIRED, attempt=1)
    assert "canary" not in caught.value.reason
    assert caught.value.__context__ is None


def test_an_endless_answer_is_not_read_to_its_end(receiver):
    receiver.troubles.append(Trouble(status=400, text="x" * 2_000_000))
    with pytest.raises(DeliveryError) as caught:
        rigged(receiver).channel.send(samples.FIRED, attempt=1)
    assert len(caught.value.reason) < 300
