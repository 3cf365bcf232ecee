"""Some hundred and seventy other services, through the library Apprise (the extra ``apprise``); one address a channel.

An address holds its credentials, so it is a secret as a whole, and what the library says of it is told without them.
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from alerts.channel import DeliveryError, Receipt
from alerts.channels.deadline import Deadline, Departure
from alerts.chart import Album, Chart, charts_of, from_files
from alerts.message import Kind, Message, Severity
from alerts.render.text import plain, printable
from alerts.secret import Secret

__all__ = ["Apprise"]

DEADLINE = 24.0  # [s]
SHOWN = 200  # characters of the library's words in a reason
MISSING = "needs the library apprise: pip install 'skewwatch[apprise]'"
TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}
QUIET = {"apprise": logging.CRITICAL + 1, "urllib3": logging.ERROR}  # they log addresses and paths
GOOD = frozenset({Kind.RESOLVED, Kind.RECOVERED})


class Apprise:
    """One of Apprise's services.

    Parameters
    ----------
    url : Secret
        As the service's page in Apprise's documentation says, e.g. ``ntfy://host/topic``.
    name : str
    album : callable
        Finds charts; services that know attachments get them.
    seconds : float
        Deadline. [s]

    Raises
    ------
    ValueError
        Where the library is not installed.
    """

    def __init__(
        self, url: Secret, *, name: str = "apprise", album: Album = from_files, seconds: float = DEADLINE
    ) -> None:
        if find_spec("apprise") is None:
            raise ValueError(f"{name} {MISSING}")
        self.name = name
        self._url = url
        self._album = album
        self._seconds = seconds

    def send(self, message: Message, *, attempt: int) -> Receipt:  # noqa: ARG002 - the library knows no idempotency key
        """Hand the message to the service.

        Raises
        ------
        DeliveryError
            Where it was not taken. The library does not tell a refusal from an outage: none is permanent but that
            of an address it cannot read.
        """
        charts, lost = charts_of(message, self._album)
        sending = _Sending(self._url, message, charts, self._seconds)
        deadline = Deadline(self._seconds + 1.0)  # the library's own comes first, and says more
        deadline.run(sending.run, lambda: None)
        return Receipt(f"taken; {lost}" if lost else "taken")


class _Sending:
    """A notification under way in its thread."""

    def __init__(self, url: Secret, message: Message, charts: list[Chart], seconds: float) -> None:
        self._url = url
        self._message = message
        self._charts = charts
        self._seconds = seconds

    def run(self, departure: Departure) -> None:
        """Notify; what the library logs in its own name is kept from every log, for it quotes addresses."""
        library: Any = import_module("apprise")
        for logger, level in QUIET.items():
            logging.getLogger(logger).setLevel(level)
        service = library.Apprise()
        if not service.add(self._url.reveal()):
            raise DeliveryError(f"{self._url.name} is no address that Apprise can read", permanent=True)
        message = self._message
        attachment: Any = import_module("apprise.attachment.memory").AttachMemory
        attached = [attachment(each.png, each.file, "image/png") for each in self._charts]
        departure.leave()
        outcome = service.notify(
            title=printable(message.subject),
            body=plain(message),
            notify_type="success" if message.kind in GOOD else TYPES[message.severity],
            attach=attached or None,
            timeout=self._seconds,
        )
        if not outcome:
            said = "; ".join(" ".join(str(entry.message).split()) for result in outcome for entry in result.logs())
            late = outcome.status == library.AppriseResultStatus.TIMEOUT
            what = self._url.hide(said)[:SHOWN] or outcome.status.name.lower()
            raise DeliveryError(f"not taken: {what}", ambiguous=late)
