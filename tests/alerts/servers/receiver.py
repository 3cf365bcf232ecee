"""The receiver of a webhook."""

from __future__ import annotations

import hmac
import time
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from tests.alerts.servers.http import Answer, HttpServer, Request

__all__ = ["Receiver"]


class Receiver(HttpServer):
    """A webhook's receiver that checks signatures as docs/channels.md tells to, and keeps each message once.

    Attributes
    ----------
    key : str
        As the sender has it.
    messages : dict of str to dict
        Documents by idempotency key.
    copies : int
        Deliveries of a key that was there already.
    now : callable
        For the age of signatures. [s since 1970]
    """

    TOLERANCE = 300.0  # [s]

    def __init__(self, port: int = 0, *, key: str = "", now: Callable[[], float] = time.time) -> None:
        self.key = key
        self.messages: dict[str, dict[str, Any]] = {}
        self.copies = 0
        self._now = now
        super().__init__(port)

    def take(self, request: Request) -> Answer:
        headers = request.headers
        identity = headers.get("webhook-id", "")
        if self.key and not self._signed(request, identity):
            return Answer(401, "bad signature")
        if not identity or headers.get("idempotency-key") != identity:
            return Answer(400, "no idempotency key")
        self.copies += identity in self.messages
        self.messages.setdefault(identity, request.json)
        return Answer(202, "taken")

    def _signed(self, request: Request, identity: str) -> bool:
        """Check the signature independently of the code under test: RFC 2104 by the standard library."""
        at = request.headers.get("webhook-timestamp", "")
        if not at.isdecimal() or abs(self._now() - int(at)) > self.TOLERANCE:
            return False
        key = b64decode(self.key[6:]) if self.key.startswith("whsec_") else self.key.encode()
        wanted = hmac.new(key, f"{identity}.{at}.".encode() + request.body, sha256).digest()
        given = [each.partition(",") for each in request.headers.get("webhook-signature", "").split()]
        return any(version == "v1" and hmac.compare_digest(b64decode(sign), wanted) for version, _, sign in given)
