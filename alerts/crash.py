"""Where a process can be made to die, so that tests can kill it between any two steps."""

from __future__ import annotations

import os
import signal
from collections import Counter

__all__ = ["POINTS", "VARIABLE", "point"]

VARIABLE = "SKEWWATCH_CRASH"  # a point's name, or NAME:N for the N-th time that it is passed

POINTS = (
    "slot.judged",  # states stepped, nothing written
    "slot.states",  # states and events written
    "slot.posted",  # outbox written; the caller's commit follows
    "start.before_commit",  # an attempt is about to be on record
    "start.after_commit",  # it is, and nothing is sent
    "send.before",
    "send.after",  # the other side has it, nobody here knows
    "outcome.before_commit",
    "outcome.after_commit",
    "recover.before_commit",  # at start, what was in flight goes back
    "recover.after_commit",
    "resume.before_commit",  # a silence has ended, its reminders are about to be in the outbox
    "resume.after_commit",
)
"""The points of this package, in the order in which an alert passes them."""

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Die here as by ``kill -9`` where the environment asks for it."""
    asked = os.environ.get(VARIABLE)
    if not asked:
        return
    wanted, _, time = asked.partition(":")
    _passed[name] += wanted == name
    if wanted == name and _passed[name] >= int(time or 1):
        os.kill(os.getpid(), signal.SIGKILL)
