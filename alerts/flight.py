"""One message in the air: a thread of its own, so that a channel that hangs holds up nobody else."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from queue import SimpleQueue

from alerts import crash
from alerts.channel import Channel, DeliveryError, Receipt
from alerts.message import Message
from alerts.rows import Row

__all__ = ["Answer", "Answers", "Flight", "probe"]

Answer = Receipt | DeliveryError


@dataclass(eq=False, slots=True)
class Flight:
    """An attempt under way.

    Attributes
    ----------
    channel : Channel
    row : Row
        As it was when the attempt began.
    message : Message
    answers : Answers
        Where its answer is put.
    overdue : bool
        It has been given up; what it answers now comes late.
    """

    channel: Channel
    row: Row
    message: Message
    answers: Answers
    overdue: bool = False
    _began: float = field(default_factory=time.monotonic)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread; the process does not wait for it at its end."""
        name = f"send-{self.channel.name}"
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._send, name=name, daemon=True)
        self._thread.start()

    @property
    def airborne(self) -> bool:
        """Whether the channel is still at it."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """Time since it began, by the real clock."""
        return time.monotonic() - self._began

    def _send(self) -> None:
        crash.point("send.before")
        answer = attempt(self.channel, self.message, self.row["attempts"])
        crash.point("send.after")
        self.answers.put((self, answer))


Answers = SimpleQueue[tuple[Flight, Answer]]


def attempt(channel: Channel, message: Message, number: int) -> Answer:
    """Send once, and turn whatever goes wrong into an answer.

    Of an unexpected error only the type is told: its text may hold an address with a secret in it.
    """
    try:
        return channel.send(message, attempt=number)
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a channel's bug must not end the deliverer
        return DeliveryError(f"unexpected {type(error).__name__}", ambiguous=True)


def probe(channel: Channel, message: Message, deadline: float) -> Receipt:
    """Send one message past the outbox and return the other side's true answer.

    Raises
    ------
    DeliveryError
        Where it was not handed over within `deadline` [s].
    """
    answers: SimpleQueue[Answer] = SimpleQueue()
    thread = threading.Thread(target=lambda: answers.put(attempt(channel, message, 1)), daemon=True)
    thread.start()
    thread.join(deadline)
    if answers.empty():
        raise DeliveryError(f"no answer within {deadline:g} s", ambiguous=True)
    answer = answers.get()
    if isinstance(answer, DeliveryError):
        raise answer
    return answer
