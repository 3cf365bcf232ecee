"""In which ways a server fails, and when."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["LOOPBACK", "PAUSE", "How", "Trouble", "Troubled", "nobody"]

LOOPBACK = "127.0.0.1"
PAUSE = 0.05  # [s] between the bytes of a server that drips


class How(Enum):
    """In what way a server fails."""

    ANSWER = auto()  # with a status of its own
    HANG = auto()  # takes everything, says nothing
    DRIP = auto()  # answers a byte at a time, for ever
    RESET = auto()  # ends the connection by a reset
    CLOSE = auto()  # ends it politely, without an answer


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failure.

    Attributes
    ----------
    how : How
    taken : bool
        The message has been taken before the trouble begins: the sender cannot know.
    status, text, headers
        Of an answer.
    stage : str
        Of a mail server: greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, or body (after the mail's last line).
    """

    how: How = How.ANSWER
    taken: bool = False
    status: int = 503
    text: str = "busy"
    headers: tuple[tuple[str, str], ...] = ()
    stage: str = "RCPT"


class Troubled:
    """A server that fails as asked: `troubles` one after the other, then `always`."""

    def __init__(self) -> None:
        self.troubles: deque[Trouble] = deque()
        self.always: Trouble | None = None
        self.over = threading.Event()
        self.lock = threading.Lock()

    def trouble(self, stage: str | None = None) -> Trouble | None:
        with self.lock:
            head = self.troubles[0] if self.troubles else self.always
            if head is None or (stage is not None and head.stage != stage):
                return None
            return self.troubles.popleft() if self.troubles else head


@contextmanager
def nobody() -> Iterator[int]:
    """Yield a port on which nobody listens."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    yield port
