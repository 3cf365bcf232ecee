"""Slack against a stand-in that enforces its limits, and the stand-in against Slack's own SDK."""

from __future__ import annotations

import json
import time

import pytest

from alerts.channel import DeliveryError
from alerts.channels.slack import Slack
from alerts.message import Kind
from alerts.render.blocks import blocks
from alerts.secret import Secret
from tests.alerts.channels import samples
from tests.alerts.channels.conformance import SECONDS, Rig, ServerConformance, tells_nothing, with_charts
from tests.alerts.servers import How, SlackServer, Trouble, nobody

CHANNEL = "C0ALERTS"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def server():
    with SlackServer(pace=0.0) as server:
        yield server


def texts(server):
    return [json.dumps(each["blocks"], ensure_ascii=False) for each in server.messages]


def by_hook(server, **settings):
    channel = Slack(webhook=Secret(server.hook, "SKEWWATCH_SLACK_WEBHOOK"), **settings)
    secrets = ["canaryhooktoken12345678", server.HOOK, "B0WATCH/canary"]
    return Rig(channel, lambda: texts(server), secrets, server.troubles.append)


def by_bot(server, **settings):
    token = Secret(server.token, "SKEWWATCH_SLACK_TOKEN")
    channel = Slack(token=token, channel=CHANNEL, api=server.api, **settings)
    return Rig(channel, lambda: texts(server), [server.token], server.troubles.append)


class TestWebhook(ServerConformance):
    @pytest.fixture
    def rig(self, server):
        return by_hook(server)

    @pytest.fixture
    def hasty(self, server):
        return by_hook(server, seconds=SECONDS)


class TestBot(ServerConformance):
    @pytest.fixture
    def rig(self, server):
        return by_bot(server)

    @pytest.fixture
    def hasty(self, server):
        return by_bot(server, seconds=SECONDS)


def test_what_a_lock_screen_shows(server):
    by_hook(server).channel.send(samples.FIRED, attempt=1)
    (said,) = server.messages
    assert said["text"] == samples.FIRED.subject
    assert "1.79 (1.76 to 1.82), 97th percentile" in said["text"][:100]
    assert said["blocks"][0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "IWM: downside demand is extreme", "emoji": False},
    }
    assert (said["unfurl_links"], said["unfurl_media"]) == (False, False)


def test_nothing_a_text_holds_is_markup_or_a_mention():
    laid = blocks(samples.awkward("<!channel> *bold* a_b _it_ `x` & skew_ratio_30d_90_110"))
    shown = next(block["fields"] for block in laid if "fields" in block)[0]["text"]
    assert "<" not in shown
    assert "&lt;!channel&gt;" in shown
    assert "∗bold∗" in shown
    assert "skew_ratio_30d_90_110" in shown
    assert "ˍitˍ" in shown
    every = [each for block in laid for each in block.get("fields") or block.get("elements") or [block["text"]]]
    assert all(each.get("verbatim") for each in every if each["type"] == "mrkdwn")


def test_a_digest_of_thousands_stays_within_the_limits(server):
    """5,000 events at once: what does not fit is left out, and that is said."""
    lines = "\n".join(f"IWM{at}: downside demand is extreme. 30-day 90/110 skew ratio 1.79" for at in range(5000))
    digest = samples.fired(kind=Kind.DIGEST, sections=(("Fired (5,000)", lines),) * 3)
    by_hook(server).channel.send(digest, attempt=1)
    (said,) = server.messages
    assert "more than fits here" in said["blocks"][-2]["text"]["text"]
    assert "skewwatch alerts list" in said["blocks"][-1]["elements"][0]["text"]


def test_many_short_sections_stay_within_fifty_blocks(server):
    message = samples.fired(sections=tuple((f"Section {at}", "words") for at in range(200)), facts=())
    by_hook(server).channel.send(message, attempt=1)
    assert len(server.messages[0]["blocks"]) == 50


def test_a_long_text_is_cut_between_words_and_nothing_is_lost(server):
    words = " ".join(f"w{at}&" for at in range(900))
    by_hook(server).channel.send(samples.fired(sections=(("Long", words),), facts=()), attempt=1)
    pieces = [each["text"]["text"] for each in server.messages[0]["blocks"][2:-1]]
    assert len(pieces) > 2
    assert " ".join(pieces).removeprefix("*Long*\n").replace("&amp;", "&") == words


@pytest.mark.parametrize(
    ("status", "text"), [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")]
)
def test_a_revoked_webhook_is_hopeless(server, status, text):
    server.revoked[server.HOOK] = (status, text)
    rig = by_hook(server)
    with pytest.raises(DeliveryError, match=f"^HTTP {status}: {text}$") as caught:
        rig.channel.send(samples.FIRED, attempt=1)
    assert caught.value.permanent
    tells_nothing(rig, caught.value)


def test_one_message_a_second(server):
    """What comes too soon is refused with the time to wait; after it, it is taken."""
    server.pace = 1.0
    channel = by_hook(server).channel
    channel.send(samples.FIRED, attempt=1)
    with pytest.raises(DeliveryError, match="HTTP 429: rate_limited") as caught:
        channel.send(samples.FIRED, attempt=1)
    assert (caught.value.permanent, caught.value.ambiguous, caught.value.retry_after) == (False, False, 1.0)
    time.sleep(1.0)
    channel.send(samples.FIRED, attempt=2)
    assert len(server.messages) == 2


def test_the_bot_is_told_to_wait_as_well(server):
    server.pace = 30.0
    channel = by_bot(server).channel
    channel.send(samples.FIRED, attempt=1)
    with pytest.raises(DeliveryError, match="HTTP 429") as caught:
        channel.send(samples.FIRED, attempt=1)
    assert caught.value.retry_after == 30.0


def test_a_page_that_stands_in_between_has_not_taken_anything(server):
    for rig in (by_hook(server), by_bot(server)):
        server.troubles.append(Trouble(status=200, text="<html>log in</html>"))
        with pytest.raises(DeliveryError, match="something stands in between") as caught:
            rig.channel.send(samples.FIRED, attempt=1)
        assert not caught.value.permanent


def test_an_episode_is_a_thread(server):
    """The first message stands in the channel; later ones in its thread, and in the channel too."""
    receipts = {}
    channel = by_bot(server, threads=receipts.get).channel
    receipts[samples.FIRED.thread] = channel.send(samples.FIRED, attempt=1).text
    channel.send(samples.fired(kind=Kind.RESOLVED, dedup="d-2"), attempt=1)
    first, second = server.messages
    assert "thread_ts" not in first
    assert (second["thread_ts"], second["reply_broadcast"]) == (first["ts"], True)


def test_a_thread_that_is_gone_does_not_lose_the_message(server):
    channel = by_bot(server, threads=lambda _: f"{CHANNEL} 1700000000.000001").channel
    channel.send(samples.fired(kind=Kind.RESOLVED), attempt=1)
    (said,) = server.messages
    assert "thread_ts" not in said


def test_charts_are_files_in_the_thread(server, tmp_path):
    receipt = by_bot(server).channel.send(with_charts(tmp_path, "History of the ratio", "Smiles"), attempt=1)
    (said,) = server.messages
    assert receipt.text == f"{CHANNEL} {said['ts']}"
    assert [each["name"] for each in server.files] == ["history-of-the-ratio.png", "smiles.png"]
    assert {each["thread_ts"] for each in server.files} == {said["ts"]}
    assert all(each["content"].startswith(b"\x89PNG") for each in server.files)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble(How.HANG), "no answer within"),
        (Trouble(How.RESET), "the answer broke off"),
        (Trouble(status=500), "HTTP 500"),
        (Trouble(status=200, text="{}"), "something stands in between"),
        (Trouble(status=200, text='{"ok": true}'), "no 'upload_url'"),
    ],
    ids=["hang", "reset", "500", "strange", "incomplete"],
)
def test_a_chart_that_fails_never_costs_the_text(server, tmp_path, monkeypatch, trouble, said):
    rig = by_bot(server, seconds=SECONDS)
    send = rig.channel._post
    monkeypatch.setattr(rig.channel, "_post", lambda *a: (send(*a), server.troubles.append(trouble))[0])
    receipt = rig.channel.send(with_charts(tmp_path, "History"), attempt=1)
    assert "charts not sent" in receipt.text
    assert said in receipt.text
    assert (len(server.messages), len(server.files)) == (1, 0)


def test_a_missing_scope_is_named(server, tmp_path):
    server.scopes = {"chat:write"}
    receipt = by_bot(server).channel.send(with_charts(tmp_path, "History"), attempt=1)
    assert "files.getUploadURLExternal: missing_scope, needs the scope files:write" in receipt.text


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda server: setattr(server, "token", "xoxb-another"), "chat.postMessage: invalid_auth"),
        (lambda server: server.channels.clear(), "chat.postMessage: not_in_channel"),
        (lambda server: server.scopes.clear(), "chat.postMessage: missing_scope, needs the scope chat:write"),
    ],
)
def test_mistakes_of_configuration_are_hopeless(server, break_it, reason):
    rig = by_bot(server)
    break_it(server)
    with pytest.raises(DeliveryError) as caught:
        rig.channel.send(samples.FIRED, attempt=1)
    assert (caught.value.reason, caught.value.permanent) == (reason, True)
    tells_nothing(rig, caught.value)


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "ratelimited"])
def test_errors_of_slacks_own_pass(server, error):
    server.troubles.append(Trouble(status=200, text=json.dumps({"ok": False, "error": error})))
    with pytest.raises(DeliveryError, match=error) as caught:
        by_bot(server).channel.send(samples.FIRED, attempt=1)
    assert not caught.value.permanent


def test_nobody_listens():
    with nobody() as port:
        channel = Slack(webhook=Secret(f"http://127.0.0.1:{port}/services/T/B/canary1234"))
        with pytest.raises(DeliveryError, match="no connection") as caught:
            channel.send(samples.FIRED, attempt=1)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_what_is_needed():
    with pytest.raises(ValueError, match="needs a webhook, or a bot's token"):
        Slack()
    for half in ({"token": Secret("xoxb-1")}, {"channel": "C0ALERTS", "webhook": Secret("https://example.com/x")}):
        with pytest.raises(ValueError, match="the id of the channel to post to, or neither"):
            Slack(**half)


class TestStandIn:
    """The stand-in answers Slack's own SDK as Slack does: what we send it is judged by more than ourselves."""

    @pytest.fixture
    def client(self, server):
        sdk = pytest.importorskip("slack_sdk")
        return sdk.WebClient(server.token, base_url=server.api, retry_handlers=[])

    def test_a_message_and_its_reply(self, client, server):
        first = client.chat_postMessage(channel=CHANNEL, text="one", blocks=blocks(samples.FIRED))
        client.chat_postMessage(channel=CHANNEL, text="two", thread_ts=first["ts"])
        assert server.messages[1]["thread_ts"] == first["ts"]

    def test_a_file(self, client, server):
        client.files_upload_v2(channel=CHANNEL, filename="a.png", content=b"\x89PNG....", title="A chart")
        assert [(each["name"], each["content"]) for each in server.files] == [("a.png", b"\x89PNG....")]

    def test_a_refusal(self, client):
        errors = pytest.importorskip("slack_sdk.errors")
        with pytest.raises(errors.SlackApiError, match="not_in_channel"):
            client.chat_postMessage(channel="C0OTHER", text="x")

    def test_a_webhook(self, server):
        webhook = pytest.importorskip("slack_sdk.webhook")
        answer = webhook.WebhookClient(server.hook).send(text="x", blocks=blocks(samples.FIRED))
        assert (answer.status_code, answer.body) == (200, "ok")

    def test_too_much_is_refused(self, server):
        webhook = pytest.importorskip("slack_sdk.webhook").WebhookClient(server.hook)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
        assert webhook.send(text="x", blocks=[section] * 5).body == "msg_blocks_too_long"
        assert webhook.send(text="x", blocks=[{"type": "divider"}] * 51).body == "invalid_blocks"
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
        assert webhook.send(text="x", blocks=[section]).body == "invalid_blocks"
        assert webhook.send().body == "no_text"
