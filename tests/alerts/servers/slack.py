"""Slack: incoming webhooks and a bot's methods, with the limits that its documentation gives.

Block Kit's reference, "Rate limits", "Sending messages using incoming webhooks", `chat.postMessage` and
`files.getUploadURLExternal`. The size of all texts together it does not document: about 13,000 characters is what
people report it to refuse as ``msg_blocks_too_long``.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any
from urllib.parse import parse_qs

from tests.alerts.servers.http import Answer, HttpServer, Request

__all__ = ["SlackServer"]

PAYLOAD = 16_384  # bytes of a body that are read
BLOCKS, WHOLE = 50, 13_000
HEADER, SECTION, FIELD, FIELDS, ELEMENTS = 150, 3000, 2000, 10, 10


class SlackServer(HttpServer):
    """Slack: incoming webhooks and the methods of a bot.

    Attributes
    ----------
    hooks : dict of str to str
        Path of each webhook and the channel it posts to.
    revoked : dict of str to (int, str)
        Path of a webhook that works no more, and its answer.
    token : str
    channels : set of str
        Those that the bot is in.
    pace : float
        Least time between two messages to a channel [s]; 0 for no limit.
    messages : list of dict
        Taken, with `channel` and `ts`.
    files : list of dict
        Shown: id, title, name, content, channel, thread_ts.
    """

    HOOK = "/services/T0SKEW/B0WATCH/canaryhooktoken12345678"

    def __init__(self, port: int = 0, *, pace: float = 1.0) -> None:
        self.hooks = {self.HOOK: "C0HOOK"}
        self.revoked: dict[str, tuple[int, str]] = {}
        self.token = "xoxb-canarybottoken1234567890"  # noqa: S105 - of no real bot
        self.channels = {"C0ALERTS"}
        self.scopes = {"chat:write", "files:write"}
        self.pace = pace
        self.messages: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self._announced: dict[str, dict[str, Any]] = {}
        self._last: dict[str, float] = {}
        self._count = 0
        super().__init__(port)

    @property
    def hook(self) -> str:
        return self.address + self.HOOK

    @property
    def api(self) -> str:
        return self.address + "/api/"

    def take(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        if path.startswith("/services/"):
            return self._hook(path, request)
        if path.startswith("/upload/"):
            return self._uploaded(path, request)
        method = path.removeprefix("/api/")
        known = {
            "chat.postMessage": self._posted,
            "files.getUploadURLExternal": self._announce,
            "files.completeUploadExternal": self._complete,
        }
        if method not in known:
            return _no("unknown_method")
        if "authorization" not in request.headers:
            return _no("not_authed")
        if request.headers["authorization"] != f"Bearer {self.token}":
            return _no("invalid_auth")
        return known[method](request)

    def _hook(self, path: str, request: Request) -> Answer:
        if path in self.revoked:
            status, text = self.revoked[path]
            return Answer(status, text)
        if path not in self.hooks:
            return Answer(403, "invalid_token")
        late = self._too_soon(self.hooks[path])
        if late is not None:
            return Answer(429, "rate_limited", (("Retry-After", str(late)),))
        try:
            said = json.loads(request.body)
        except ValueError:
            return Answer(400, "invalid_payload")
        wrong = _faults(request, said)
        if wrong:
            return Answer(400, wrong)
        self._keep(self.hooks[path], said)
        return Answer()

    def _posted(self, request: Request) -> Answer:  # noqa: PLR0911 - as many refusals as Slack has
        if "chat:write" not in self.scopes:
            return Answer.of({"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": ""})
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _no("invalid_form_data")
        said = request.json
        channel = said.get("channel", "")
        if channel not in self.channels:
            return _no("not_in_channel" if channel.startswith("C") else "channel_not_found")
        late = self._too_soon(channel)
        if late is not None:
            return Answer.of({"ok": False, "error": "ratelimited"}, 429, (("Retry-After", str(late)),))
        wrong = _faults(request, said)
        if wrong:
            return _no(wrong)
        thread = said.get("thread_ts")
        if thread and all(each["ts"] != thread for each in self.messages):
            return _no("thread_not_found")
        kept = self._keep(channel, said)
        return Answer.of({"ok": True, "channel": channel, "ts": kept["ts"], "message": {"text": said.get("text", "")}})

    def _announce(self, request: Request) -> Answer:
        if "files:write" not in self.scopes:
            return Answer.of({"ok": False, "error": "missing_scope", "needed": "files:write", "provided": "chat:write"})
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if not form.get("filename") or not form.get("length", "").isdecimal():
            return _no("invalid_arguments")
        self._count += 1
        identity = f"F{self._count:09d}"
        self._announced[f"/upload/v1/{identity}"] = {"id": identity, "name": form["filename"], **form, "content": None}
        return Answer.of({"ok": True, "upload_url": f"{self.address}/upload/v1/{identity}", "file_id": identity})

    def _uploaded(self, path: str, request: Request) -> Answer:
        file = self._announced.get(path)
        if file is None:
            return Answer(404, "not found")
        if "authorization" in request.headers:
            return Answer(400, "a token has no business here")
        if len(request.body) != int(file["length"]):
            return Answer(400, "length mismatch")
        file["content"] = request.body
        return Answer(200, f"OK - {len(request.body)}")

    def _complete(self, request: Request) -> Answer:
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            asked = request.json
        else:
            asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            asked["files"] = json.loads(asked["files"])
        if asked.get("channel_id") not in self.channels:
            return _no("channel_not_found")
        for shown in asked["files"]:
            file = self._announced.get(f"/upload/v1/{shown['id']}")
            if file is None or file["content"] is None:
                return _no("file_not_found")
            self.files.append(
                {**file, **shown, "channel": asked["channel_id"], "thread_ts": asked.get("thread_ts")},
            )
        return Answer.of({"ok": True, "files": [{"id": each["id"]} for each in asked["files"]]})

    def _too_soon(self, channel: str) -> int | None:
        now = time.monotonic()
        wait = self._last.get(channel, -math.inf) + self.pace - now
        if wait > 0:
            return max(math.ceil(wait), 1)
        self._last[channel] = now
        return None

    def _keep(self, channel: str, said: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        kept = {**said, "channel": channel, "ts": f"17600000{self._count:02d}.{self._count:06d}"}
        self.messages.append(kept)
        return kept


def _no(error: str) -> Answer:
    return Answer.of({"ok": False, "error": error})


def _faults(request: Request, said: Any) -> str:
    """Name what Slack would refuse of a message; "" for nothing."""
    if not isinstance(said, dict) or not (said.get("text") or said.get("blocks")):
        return "no_text"
    if len(request.body) > PAYLOAD:
        return "msg_too_long"
    blocks = said.get("blocks", [])
    if len(blocks) > BLOCKS:
        return "invalid_blocks"
    texts: list[dict[str, Any]] = []
    for block in blocks:
        if not _valid(block, texts):
            return "invalid_blocks"
    return "msg_blocks_too_long" if sum(len(each["text"]) for each in texts) > WHOLE else ""


def _valid(block: Any, texts: list[dict[str, Any]]) -> bool:
    """Hold a block against the reference of Block Kit; collect its texts."""
    kind = block.get("type")
    if kind == "divider":
        return True
    if kind == "header":
        return _text(block.get("text"), HEADER, texts, kinds=("plain_text",))
    if kind == "context":
        elements = block.get("elements", [])
        return 1 <= len(elements) <= ELEMENTS and all(_text(each, SECTION, texts) for each in elements)
    if kind == "section":
        fields = block.get("fields")
        if fields is not None and not (
            1 <= len(fields) <= FIELDS and all(_text(each, FIELD, texts) for each in fields)
        ):
            return False
        return fields is not None or _text(block.get("text"), SECTION, texts)
    return False


def _text(text: Any, most: int, texts: list[dict[str, Any]], kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> bool:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        return False
    allowed = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    texts.append(text)
    return set(text) <= allowed and 1 <= len(text["text"]) <= most
