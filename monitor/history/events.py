"""Dates that a month of options may be about: meetings of the Fed, prints of inflation, from a dated file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from monitor.history.sessions import Day, day, sessions_after

__all__ = ["Around", "Event", "Refused", "around", "parse"]

SEPARATORS = ",;\t"
LONGEST = 80  # characters of a name: it stands in a sentence


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One dated event."""

    on: date
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no event. Lines are counted from 1."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Around:
    """An event near a session.

    Attributes
    ----------
    event : Event
    days, sessions : int
        To it; negative where it is past, 0 on the day itself. Sessions count from the one asked about.
    """

    event: Event
    days: int
    sessions: int


def parse(text: str, usual: str = "") -> tuple[tuple[Event, ...], tuple[Refused, ...]]:
    """Read a file of events: a line each, ``2026-09-16, FOMC``.

    Commas, semicolons or tabs separate; blank lines and those that begin with ``#`` are comments; a first line
    without a date is a header. A bad line is refused and the rest goes on.

    Parameters
    ----------
    text : str
    usual : str
        Name of the events of lines that have none.

    Returns
    -------
    (tuple of Event, tuple of Refused)
        Events in order of time, each once.
    """
    found: set[Event] = set()
    refused: list[Refused] = []
    begun = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.removeprefix("\ufeff").strip()
        if not line or line.startswith("#"):
            continue
        header, begun = not begun, True
        mark = next((mark for mark in SEPARATORS if mark in line), ",")
        first, _, rest = line.partition(mark)
        name = rest.split(mark)[0].strip().strip('"') or usual
        try:
            when = date.fromisoformat(first.strip().strip('"'))
        except ValueError:
            if not header:
                refused.append(Refused(number, f"{first.strip()[:LONGEST]!r} is not a date like 2026-09-16"))
            continue
        if not name or len(name) > LONGEST:
            refused.append(Refused(number, f"an event needs a name of 1 to {LONGEST} characters, got {len(name)}"))
            continue
        found.add(Event(when, name))
    return tuple(sorted(found)), tuple(refused)


def around(
    events: Sequence[Event], session: Day | str | date, *, ahead: int = 30, behind: int = 5
) -> tuple[Around, ...]:
    """Choose the events of the coming days and of those just past, in order of time.

    Parameters
    ----------
    events : sequence of Event
    session : datetime64[D], str or date
    ahead, behind : int
        Calendar days; the month that the ratio looks ahead, and a week of sessions back.
    """
    today = day(session)
    near = []
    for event in sorted(events):
        days = int((day(event.on) - today) / np.timedelta64(1, "D"))
        if -behind <= days <= ahead:
            near.append(Around(event, days, int(sessions_after(today, event.on))))
    return tuple(near)
