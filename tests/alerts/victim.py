"""Processes to be killed: slots of two symbols through rules, outbox and two channels, on a real database.

``python -m tests.alerts.victim`` reads orders, a JSON line each: folder, crash point, pause between slots [s]. For each
it forks a process that goes on where the last one in that folder died, says its number, and then how it ended. The
other side of a channel is a file that a line is appended to, which no crash takes back.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from alerts import crash
from alerts.channel import DeliveryError, Receipt
from alerts.delivery import Deliverer
from alerts.message import Message
from alerts.outbox import post
from alerts.pace import Pace, Rate
from alerts.silences import silence
from alerts.slot import evaluate
from tests.alerts.make import BEGIN, Clock, Desk, blind, dice, reading, rule, words

SLOTS = 16
LEVELS = (100.0, 195.0, 197.0, 100.0, 196.0, None, 199.0)
CHANNELS = ("slack", "email")


class Line:
    """A channel whose every fourth attempt fails first."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._file = name, folder / name

    def send(self, message: Message, *, attempt: int) -> Receipt:
        if attempt == 1 and int(message.id[-1], 16) % 4 == 0:
            raise DeliveryError("HTTP 503")
        with self._file.open("ab", buffering=0) as file:
            file.write(message.to_json().encode() + b"\n")
        return Receipt("ok")


def level(symbol: str, at: int) -> float | None:
    return LEVELS[(at + 3 * (symbol == "SPY")) * 5 % 7]


def run(folder: Path, pause: float) -> None:
    fresh = not (folder / "alerts.db").exists()
    desk = Desk(folder / "alerts.db", synchronous="OFF")  # a kill is no loss of power: what was written is there
    made = [rule(**{"for": 1, "repeat": 2, "reopen": 0})]
    clock = Clock()
    rates = dict.fromkeys(CHANNELS, Rate(1e6, 10**6))
    lines = [Line(name, folder) for name in CHANNELS]
    if fresh:
        desk.make()
    with desk.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS slots (at INTEGER PRIMARY KEY)")
    deliverer = Deliverer(desk, lines, clock, dice(os.getpid()), pace=Pace(rates=rates, few=10**6))
    with desk.reading() as connection:
        done = connection.execute(sa.text("SELECT coalesce(max(at) + 1, 0) FROM slots")).scalar()
    for at in range(done, SLOTS):
        clock.at = BEGIN + timedelta(days=at)
        looks = [
            blind(at, symbol=name) if level(name, at) is None else reading(at, level(name, at), symbol=name)
            for name in ("IWM", "SPY")
        ]
        slot(desk, at, made, looks, clock())
        deliverer.drain()
        time.sleep(pause)
    for hours in range(400):
        clock.at = BEGIN + timedelta(days=SLOTS, hours=hours)
        if deliverer.drain().next_due is None:
            break


def slot(desk, at, made, looks, now) -> None:
    """What `monitor.run` does: one transaction for the claim of the slot and everything that comes of it."""
    with desk.writing() as connection:
        connection.execute(sa.text("INSERT INTO slots VALUES (:at)"), {"at": at})
        if at == 3:
            silence(connection, {"symbol": "SPY"}, now, now + timedelta(days=4, hours=1), who="ada", why="")
        notices = evaluate(connection, made, looks, now)
        post(connection, [(each, words(each.event)) for each in notices], CHANNELS, now)


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        folder, point, pause = json.loads(line)
        child = os.fork()
        if not child:
            os.environ[crash.VARIABLE] = point
            run(Path(folder), pause)
            os._exit(0)
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
