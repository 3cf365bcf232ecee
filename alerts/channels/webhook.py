"""A webhook: the message as JSON, signed, with a key by which copies are recognised. See docs/channels.md."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from alerts.channel import Receipt
from alerts.channels.deadline import Deadline
from alerts.channels.post import post, refusal
from alerts.message import Message
from alerts.render.text import plain
from alerts.secret import Secret, SecretError

__all__ = ["Webhook", "payload", "signature"]

VERSION = 1  # of the document's shape: additions only
DEADLINE = 15.0  # [s]
ENCODED = "whsec_"  # a key of the Standard Webhooks specification, in base64


def payload(message: Message) -> bytes:
    """Write a message as the JSON document that is sent: the same bytes at every attempt."""
    document = {
        "version": VERSION,
        "id": message.id,
        "kind": str(message.kind),
        "symbol": message.symbol,
        "severity": str(message.severity),
        "subject": message.subject,
        "text": plain(message),
        "facts": [{"label": label, "value": value} for label, value in message.facts],
        "sections": [{"heading": heading, "text": text} for heading, text in message.sections],
        "thread": message.thread,
        "dedup": message.dedup,
        "observed_at": _stamp(message.observed_at),
        "created_at": _stamp(message.created_at),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def signature(key: Secret, delivery: str, timestamp: int, body: bytes) -> str:
    """Sign a delivery as the Standard Webhooks specification does (standardwebhooks.com, version 1).

    Parameters
    ----------
    key : Secret
        Text of any kind, or ``whsec_`` and base64.
    delivery : str
        The header `webhook-id`.
    timestamp : int
        The header `webhook-timestamp`. [s since 1970, UTC]
    body : bytes

    Returns
    -------
    str
        ``v1,`` and the base64 of HMAC-SHA256 over ``delivery.timestamp.body``.
    """
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(_raw(key), signed, sha256).digest()).decode()


class Webhook:
    """An address of the user's that takes JSON.

    Parameters
    ----------
    url : Secret
        It may hold a token.
    key : Secret, optional
        Signs each delivery.
    name : str
    now : callable
        Time of the signature: receivers refuse old ones.
    seconds : float
        Deadline. [s]

    Raises
    ------
    SecretError
        Where the key begins with ``whsec_`` and is no base64.
    """

    def __init__(
        self,
        url: Secret,
        *,
        key: Secret | None = None,
        name: str = "webhook",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = DEADLINE,
    ) -> None:
        if key is not None:
            _raw(key)
        self.name = name
        self._url = url
        self._key = key
        self._now = now
        self._seconds = seconds

    def send(self, message: Message, *, attempt: int) -> Receipt:
        """Post the document; any 2xx says that it was taken.

        Raises
        ------
        DeliveryError
            Where it was not.
        """
        body = payload(message)
        delivery = message.dedup or message.id
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": delivery,
            "Skewwatch-Attempt": str(attempt),
            "webhook-id": delivery,
            "webhook-timestamp": str(timestamp),
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, delivery, timestamp, body)
        reply = post(self._url, body, headers, deadline=Deadline(self._seconds))
        failure = refusal(reply, self._url, self._key)
        if failure is not None:
            raise failure
        return Receipt(f"HTTP {reply.status}")


def _raw(key: Secret) -> bytes:
    """Return a key's bytes."""
    if not key.reveal().startswith(ENCODED):
        return key.reveal().encode()
    try:
        return b64decode(key.reveal().removeprefix(ENCODED), validate=True)
    except ValueError:
        pass  # raised below: the error's own frames hold the key
    raise SecretError(f"{key.name} begins with {ENCODED} and is no base64 after it")


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
