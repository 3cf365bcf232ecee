"""One request over HTTP: a body out, an answer in, within a deadline, and no address told to anybody."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx2

from alerts.channel import DeliveryError
from alerts.channels.deadline import AFTER, Deadline, Departure
from alerts.secret import Secret

__all__ = ["Reply", "post", "refusal"]

for _logger in ("httpx2", "httpcore2"):  # they write each request's address, which may be a secret as a whole
    logging.getLogger(_logger).setLevel(logging.WARNING)

CONNECT, READ = 5.0, 10.0  # [s] to connect; of silence
LIMIT = 65_536  # bytes read of an answer
SHOWN = 200  # characters of an answer in a reason
OK, REDIRECT, REFUSED, FAULT = 200, 300, 400, 500
PASSING = {408, 425, 429}  # refusals that another attempt may not meet
GATEWAY = {502, 504}  # answered by somebody in between: the server behind may have the message


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, the first `LIMIT` bytes as text, and how long the server asks to wait [s]."""

    status: int
    text: str
    retry_after: float | None


def post(
    url: Secret | str, body: bytes, headers: Mapping[str, str], *, deadline: Deadline, bearer: Secret | None = None
) -> Reply:
    """Send a body once. Redirects are not followed: they would carry it somewhere else.

    Parameters
    ----------
    url : Secret or str
    body : bytes
    headers : mapping of str to str
    deadline : Deadline
    bearer : Secret, optional
        Token for the header Authorization.

    Raises
    ------
    DeliveryError
        Where no answer came; any answer at all is returned.
    """
    sending = _Post(url, body, headers, bearer)
    return deadline.run(sending.run, sending.stop)


def refusal(reply: Reply, *secrets: Secret | None) -> DeliveryError | None:
    """Judge an answer by its status; None where it is a success.

    408, 425, 429 and every server's fault may pass; other refusals will not, nor will a redirect.
    """
    if OK <= reply.status < REDIRECT:
        return None
    said = " ".join(reply.text.split())
    for secret in secrets:
        said = secret.hide(said) if secret else said
    reason = f"HTTP {reply.status}" + (f": {said[:SHOWN]}" if said else "")
    if reply.status < REFUSED:
        return DeliveryError(f"{reason} (a redirect is not followed: correct the address)", permanent=True)
    passing = reply.status in PASSING or reply.status >= FAULT
    ambiguous = reply.status in GATEWAY
    return DeliveryError(reason, permanent=not passing, retry_after=reply.retry_after, ambiguous=ambiguous)


def user_agent() -> str:
    """Say who asks."""
    try:
        return f"skewwatch/{version('skewwatch')} (options skew monitor)"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "skewwatch (options skew monitor)"


class _Post:
    """A request under way in its thread."""

    def __init__(self, url: Secret | str, body: bytes, headers: Mapping[str, str], bearer: Secret | None) -> None:
        self._url = url
        self._body = body
        self._headers = headers
        self._bearer = bearer
        self._client = _client()

    def stop(self) -> None:
        """Close the connection: the thread ends with its next byte."""
        self._client.close()

    def run(self, departure: Departure) -> Reply:
        """Send and read; what fails is told without a chain, whose links know the address."""
        try:
            with self._client:
                return self._exchange(departure)
        except DeliveryError:  # called off
            failure = DeliveryError("called off")
        except httpx2.ConnectTimeout:
            failure = DeliveryError("no connection in time")
        except httpx2.ConnectError as error:
            failure = DeliveryError(f"no connection ({self._hidden(error)})")
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeError):
            failure = DeliveryError("its address is none: it begins with https://", permanent=True)
        except httpx2.TimeoutException as error:
            failure = _lost(f"no answer in time ({type(error).__name__})", departure)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            failure = _lost(f"the answer broke off ({self._hidden(error) or type(error).__name__})", departure)
        raise failure

    def _exchange(self, departure: Departure) -> Reply:
        def trace(event: str, _: Mapping[str, Any]) -> None:
            if event.endswith("send_request_body.started"):
                departure.leave()

        authorization = {} if self._bearer is None else {"Authorization": f"Bearer {self._bearer.reveal()}"}
        with self._client.stream(
            "POST",
            self._url.reveal() if isinstance(self._url, Secret) else self._url,
            content=self._body,
            headers={"User-Agent": user_agent(), **self._headers, **authorization},
            extensions={"trace": trace},
        ) as response:
            read = bytearray()
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) >= LIMIT:
                    break
            return Reply(response.status_code, bytes(read[:LIMIT]).decode(errors="replace"), _retry_after(response))

    def _hidden(self, error: Exception) -> str:
        """Return an error's text without the secrets that it may quote."""
        text = " ".join(str(error).split())
        for secret in (self._url, self._bearer):
            text = secret.hide(text) if isinstance(secret, Secret) else text
        return text[:SHOWN]


def _lost(what: str, departure: Departure) -> DeliveryError:
    return DeliveryError(what + (AFTER if departure.passed else ""), ambiguous=departure.passed)


def _client() -> httpx2.Client:
    try:
        return httpx2.Client(timeout=httpx2.Timeout(READ, connect=CONNECT))
    except (ValueError, ImportError, httpx2.InvalidURL) as error:  # not quoted: a proxy's address has a password
        failure = DeliveryError(f"the proxy in the environment cannot be used ({type(error).__name__})")
    raise failure


def _retry_after(response: httpx2.Response) -> float | None:
    """Read Retry-After: seconds, or a time as against the server's own clock."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
