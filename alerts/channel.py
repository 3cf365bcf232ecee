"""What a channel promises: to hand one message over, or to say why not. Retries are the outbox's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from alerts.message import Message

__all__ = ["Channel", "DeliveryError", "Receipt"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side's word that it has the message: an id, a status line. It is stored, so it holds no secret."""

    text: str


class DeliveryError(Exception):
    """A message was not handed over.

    Attributes
    ----------
    reason : str
        In words; stored and shown, so it holds no secret.
    permanent : bool
        Trying again is hopeless.
    retry_after : float or None
        What the other side asked to wait before anything more is sent to it. [s]
    ambiguous : bool
        It may have arrived all the same: the reply was lost or late.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, retry_after: float | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.ambiguous = ambiguous


class Channel(Protocol):
    """A way to people.

    `send` is called from a thread of its own, never twice at once for the same channel. It sets socket deadlines of
    its own, shorter than the deliverer's; it does not retry, sleep or log.
    """

    name: str

    def send(self, message: Message, *, attempt: int) -> Receipt:
        """Hand one message over.

        Parameters
        ----------
        message : Message
        attempt : int
            1 for the first.

        Raises
        ------
        DeliveryError
            Where it was not handed over.
        """
        ...
