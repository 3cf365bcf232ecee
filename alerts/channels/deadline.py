"""Work on a socket within one deadline by the wall: a slow resolver, a silent server, one that drips, all included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

from alerts.channel import DeliveryError

__all__ = ["AFTER", "Deadline", "Departure"]

T = TypeVar("T")

AFTER = "; it may have arrived all the same"


class Departure:
    """The moment from which the other side may have the message: passed once, or called off before.

    The work says `leave` and the one who waits says `cancel`, from two threads. Each sets its own mark before it
    looks at the other's, so that a message that was called off never leaves, and one that left is known to have.
    """

    def __init__(self) -> None:
        self.passed = False
        self._cancelled = False

    def leave(self) -> None:
        """Let the message go.

        Raises
        ------
        DeliveryError
            Where it has been called off.
        """
        self.passed = True
        if self._cancelled:
            raise DeliveryError("called off: the time was up")

    def cancel(self) -> bool:
        """Call the message off; True where it has left already."""
        self._cancelled = True
        return self.passed


class Deadline:
    """How much time is left of one delivery, for all its steps together.

    Parameters
    ----------
    seconds : float
        From now, by the monotonic clock. [s]
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds

    @property
    def left(self) -> float:
        """What remains. [s]"""
        return max(self._end - monotonic(), 0.0)

    def run(self, work: Callable[[Departure], T], stop: Callable[[], None]) -> T:
        """Do work in a thread that is abandoned when the time is up.

        No socket's timeout catches a server that sends one byte a second, and none a resolver: only leaving does.

        Parameters
        ----------
        work : callable
            Told of the departure, which it passes right before the message goes out.
        stop : callable
            Closes the work's socket, so that its thread ends with the next byte.

        Raises
        ------
        DeliveryError
            That of the work; or where the time is up; or, for any other error, one that names its kind and place
            only: its text, its chain and its frames may hold what is secret.
        """
        running = _Running(work)
        thread = Thread(target=running.run, name="delivery", daemon=True)
        thread.start()
        thread.join(self.left)
        if running.failure is not None:
            raise running.failure
        if running.result:
            return running.result[0]
        ambiguous = running.departure.cancel()
        stop()
        raise DeliveryError(f"no answer within {self.seconds:.3g} s{AFTER if ambiguous else ''}", ambiguous=ambiguous)


class _Running(Generic[T]):
    """Work under way in its thread."""

    def __init__(self, work: Callable[[Departure], T]) -> None:
        self.departure = Departure()
        self.result: list[T] = []
        self.failure: DeliveryError | None = None
        self._work = work

    def run(self) -> None:
        """Keep what comes of the work; never raises."""
        try:
            self.result.append(self._work(self.departure))
        except DeliveryError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - a channel's surprise is its own failure, told without its text
            what = f"failed unexpectedly: {type(error).__name__} in {_place(error)}"
            self.failure = DeliveryError(what, ambiguous=self.departure.passed)


def _place(error: Exception) -> str:
    """Name the file and line that an error came from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "nowhere" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
