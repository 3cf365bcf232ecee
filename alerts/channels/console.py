"""The console: a message as text on a stream, standard output by default."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from alerts.channel import DeliveryError, Receipt
from alerts.message import Message
from alerts.render.text import plain

__all__ = ["Console"]

RULE = "-"
WIDEST = 100  # columns that are still read easily


class Console:
    """A stream of text.

    Parameters
    ----------
    stream : text file, optional
        Without it standard output, as it is at each message.
    name : str
    """

    def __init__(self, stream: TextIO | None = None, *, name: str = "console") -> None:
        self.name = name
        self._stream = stream

    def send(self, message: Message, *, attempt: int) -> Receipt:  # noqa: ARG002 - a stream takes a text or does not
        """Write the message and see it leave.

        Raises
        ------
        DeliveryError
            Where the stream is closed, its reader has gone or its disk is full.
        """
        stream = self._stream or sys.stdout
        try:
            width = min(shutil.get_terminal_size().columns, WIDEST) if stream.isatty() else None
            text = f"{plain(message, width=width)}{RULE * (width or WIDEST)}\n"
            stream.write(text.encode(stream.encoding or "utf-8", "replace").decode(stream.encoding or "utf-8"))
            stream.flush()
        except (OSError, ValueError, AttributeError) as error:  # ValueError: closed; AttributeError: there is none
            failure = DeliveryError(f"cannot write: {getattr(error, 'strerror', None) or error}")
        else:
            return Receipt("written")
        raise failure
