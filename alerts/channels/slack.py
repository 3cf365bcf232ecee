"""Slack: an incoming webhook, or a bot that also threads an episode and adds the charts as files.

Slack's own client library is not used: its sockets know a timeout for each read only, so that a server that drips
would hold the deliverer, and the four calls needed here are four posts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

from alerts.channel import DeliveryError, Receipt
from alerts.channels.deadline import Deadline
from alerts.channels.post import Reply, post, refusal
from alerts.chart import Album, Chart, charts_of, from_files
from alerts.message import Kind, Message
from alerts.render.blocks import blocks, notification
from alerts.secret import Secret

__all__ = ["Slack", "Threads"]

API = "https://slack.com/api/"
DEADLINE = 12.0  # [s] for the text; the charts get as much again
JSON = {"Content-Type": "application/json; charset=utf-8"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PNG = {"Content-Type": "image/png"}
PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited"}
)
"""Errors of Slack's methods that another attempt may not meet; every other one is a mistake of configuration."""
LOST_THREADS = frozenset({"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message"})
STRANGE = "a success that is not as Slack answers: something stands in between"
POSTED = re.compile(r"(?P<channel>[CDG][A-Z0-9]+) (?P<ts>\d+\.\d+)")

Threads: TypeAlias = Callable[[str], str | None]
"""Finds the text of this channel's receipt for the first message of an episode, by the message's `thread`."""


@dataclass(frozen=True, slots=True)
class _Posted:
    """Where a message stands, and the thread that its charts belong to."""

    channel: str
    ts: str
    thread: str


def no_threads(_: str) -> None:
    """Know of no earlier message: each stands alone."""


class Slack:
    """A Slack channel, by a webhook or by a bot.

    Parameters
    ----------
    webhook : Secret, optional
        Address of an incoming webhook; a secret as a whole.
    token, channel : Secret and str, optional
        A bot's token (scopes chat:write and files:write) and the id of the channel that it was invited to. They
        stand before the webhook.
    name : str
    album : callable
        Finds charts; only a bot sends them.
    threads : callable
    api : str
        Address that the methods' names are added to.
    seconds : float
        Deadline. [s]

    Raises
    ------
    ValueError
        Where there is neither a webhook nor a bot with a channel, or half of a bot.
    """

    def __init__(
        self,
        *,
        webhook: Secret | None = None,
        token: Secret | None = None,
        channel: str = "",
        name: str = "slack",
        album: Album = from_files,
        threads: Threads = no_threads,
        api: str = API,
        seconds: float = DEADLINE,
    ) -> None:
        if bool(channel) != (token is not None):
            raise ValueError(f"{name} needs a bot's token and the id of the channel to post to, or neither; got one")
        if token is None and webhook is None:
            raise ValueError(f"{name} needs a webhook, or a bot's token with a channel; got neither")
        self.name = name
        self._webhook = webhook
        self._token = token
        self._channel = channel
        self._album = album
        self._threads = threads
        self._api = api.rstrip("/") + "/"
        self._seconds = seconds

    def send(self, message: Message, *, attempt: int) -> Receipt:  # noqa: ARG002 - Slack knows no idempotency key
        """Post the text; a bot then adds the charts, whose failure is on the receipt and no failure of the message.

        Raises
        ------
        DeliveryError
            Where Slack has not taken the text.
        """
        said: dict[str, Any] = {
            "text": notification(message),
            "blocks": blocks(message),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        deadline = Deadline(self._seconds)
        if self._token is None:
            return self._hook(said, deadline)
        posted = self._post(said, message, deadline)
        receipt = f"{posted.channel} {posted.ts}"
        if not message.charts:
            return Receipt(receipt)
        charts, lost = charts_of(message, self._album)
        try:
            if charts:
                self._upload(charts, posted, Deadline(self._seconds))
        except DeliveryError as error:
            lost = "; ".join(filter(None, (lost, f"charts not sent: {error.reason}")))
        return Receipt(f"{receipt}; {lost}" if lost else receipt)

    def _hook(self, said: Mapping[str, Any], deadline: Deadline) -> Receipt:
        webhook = self._webhook
        if webhook is None:
            raise DeliveryError("no webhook", permanent=True)
        reply = post(webhook, json.dumps(said).encode(), JSON, deadline=deadline)
        self._check(reply)
        if reply.text.strip() != "ok":
            raise DeliveryError(STRANGE, ambiguous=True)
        return Receipt("ok")

    def _post(self, said: Mapping[str, Any], message: Message, deadline: Deadline) -> _Posted:
        """Post as the bot: an episode's first message in the channel, the others in its thread and in the channel."""
        body = {"channel": self._channel, **said}
        first = None
        if message.thread and message.kind is not Kind.FIRED:
            first = POSTED.match(self._threads(message.thread) or "")
        if first is not None:
            reply = {"thread_ts": first["ts"], "reply_broadcast": True}
            answer = self._call("chat.postMessage", body | reply, deadline, excused=LOST_THREADS)
            if answer["ok"]:
                return _Posted(_text(answer, "channel"), _text(answer, "ts"), first["ts"])
        answer = self._call("chat.postMessage", body, deadline)
        return _Posted(_text(answer, "channel"), _text(answer, "ts"), _text(answer, "ts"))

    def _upload(self, charts: list[Chart], posted: _Posted, deadline: Deadline) -> None:
        """Add charts to a thread: each is announced and sent, then all are shown at once."""
        files = []
        for chart in charts:
            form = urlencode({"filename": chart.file, "length": len(chart.png), "alt_txt": chart.name}).encode()
            place = self._call("files.getUploadURLExternal", form, deadline)
            address = Secret(_text(place, "upload_url"), "an upload's address")
            self._check(post(address, chart.png, PNG, deadline=deadline))
            files.append({"id": _text(place, "file_id"), "title": chart.name})
        shown = {"files": files, "channel_id": posted.channel, "thread_ts": posted.thread}
        self._call("files.completeUploadExternal", shown, deadline)

    def _call(
        self,
        method: str,
        body: Mapping[str, Any] | bytes,
        deadline: Deadline,
        excused: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Call a method, with JSON or a form; its answer's `ok` says whether it worked, whatever the status."""
        sent, kind = (body, FORM) if isinstance(body, bytes) else (json.dumps(body).encode(), JSON)
        reply = post(self._api + method, sent, kind, deadline=deadline, bearer=self._token)
        self._check(reply)
        try:
            answer = json.loads(reply.text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "ok" not in answer:
            raise DeliveryError(f"{method}: {STRANGE}", ambiguous=True)
        error = str(answer.get("error", "no reason given"))
        if answer["ok"] or error in excused:
            return answer
        needed = f", needs the scope {answer['needed']}" if "needed" in answer else ""
        raise DeliveryError(f"{method}: {error}{needed}", permanent=error not in PASSING)

    def _check(self, reply: Reply) -> None:
        failure = refusal(reply, self._webhook, self._token)
        if failure is not None:
            raise failure


def _text(answer: Mapping[str, Any], name: str) -> str:
    """Read a field that Slack always gives."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise DeliveryError(f"{STRANGE}: no '{name}' in it", ambiguous=True)
    return value
