"""Killed at every step, and at random: nothing is lost, copies stay within the bound, the store is that of a calm run.

P1, P2, P3 and P6 in small, on a real database and with real SIGKILLs; `python -m tests.chaos` does it to the daemon.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

import alerts
from alerts import tables
from alerts.crash import POINTS
from tests.alerts.make import Desk, dice
from tests.alerts.victim import CHANNELS, SLOTS

ROOT = Path(__file__).resolve().parents[2]


class Victims:
    """One process that has imported everything and forks those that are killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.alerts.victim"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._server = subprocess.Popen(  # noqa: S603 - ours
            command, env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def begin(self, folder, point="", pause=0.0) -> int:
        print(json.dumps([str(folder), point, pause]), file=self._server.stdin, flush=True)
        return int(self._server.stdout.readline())

    def end(self) -> int:
        return int(self._server.stdout.readline())

    def run(self, folder, point="") -> int:
        self.begin(folder, point)
        return self.end()

    def close(self) -> None:
        self._server.communicate(timeout=10)


@pytest.fixture(scope="module")
def victims():
    made = Victims()
    yield made
    made.close()


def facts(folder):
    """What must not depend on how often the process died: states, events and the health, without moments of writing."""
    desk = Desk(folder / "alerts.db")
    found = {table.name: desk.rows(table) for table in (tables.states, tables.events, tables.health, tables.references)}
    with desk.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("SELECT count(*) FROM slots").scalar() == SLOTS
    return found


def verdict(folder):
    """Return messages lost, most copies of one less what is allowed, and attempts of unknown outcome."""
    desk = Desk(folder / "alerts.db")
    with desk.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT channel, message, state, ambiguous, dedup, parent FROM alert_outbox"
        ).all()
    said = {name: [json.loads(line) for line in (folder / name).read_text().splitlines()] for name in CHANNELS}
    text = {name: (folder / name).read_text() for name in CHANNELS}
    lost = [row for row in rows if row.state != "suppressed" and row.message not in text[row.channel]]
    assert {row.state for row in rows} <= {"sent", "suppressed", "digested"}
    beyond = 0
    for row in rows:
        copies = sum(each["id"] == row.message for each in said[row.channel])
        parents = sum(other.ambiguous for other in rows if other.dedup == row.parent)
        beyond = max(beyond, copies - 1 - row.ambiguous - parents)
    return lost, beyond, sum(row.ambiguous for row in rows)


@pytest.fixture(scope="module")
def calm(victims, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calm")
    assert victims.run(folder) == 0
    lost, beyond, ambiguous = verdict(folder)
    assert (lost, beyond, ambiguous) == ([], 0, 0)
    assert len(facts(folder)["alert_events"]) > 12
    return facts(folder)


IN_FLIGHT = ("start.after_commit", "send.before", "send.after", "outcome.before_commit")


@pytest.mark.parametrize("point", [name for name in POINTS if not name.startswith("recover")])
def test_killed_at_every_step(point, victims, calm, tmp_path):
    time = 1 if point.startswith("resume") else 6
    assert victims.run(tmp_path, f"{point}:{time}") == -signal.SIGKILL
    assert victims.run(tmp_path) == 0
    lost, beyond, ambiguous = verdict(tmp_path)
    assert (lost, beyond) == ([], 0)
    assert (point in IN_FLIGHT) <= ambiguous <= len(CHANNELS)
    assert facts(tmp_path) == calm


@pytest.mark.parametrize("point", ["recover.before_commit", "recover.after_commit"])
def test_killed_while_it_takes_back_what_was_in_flight(point, victims, calm, tmp_path):
    assert victims.run(tmp_path, "send.after:3") == -signal.SIGKILL
    assert victims.run(tmp_path, point) == -signal.SIGKILL
    assert victims.run(tmp_path) == 0
    lost, beyond, ambiguous = verdict(tmp_path)
    assert (lost, beyond) == ([], 0)
    assert 1 <= ambiguous <= len(CHANNELS)
    assert facts(tmp_path) == calm


def test_killed_at_random(victims, calm, tmp_path):
    random, kills = dice(11), 0
    while kills < 8:
        process = victims.begin(tmp_path, pause=0.02)
        while not (tmp_path / "alerts.db").exists():
            sleep(0.01)
        sleep(random.uniform(0.05, 0.25))
        with suppress(ProcessLookupError):  # it has finished
            os.kill(process, signal.SIGKILL)
        if victims.end() == 0:
            break
        kills += 1
    assert victims.run(tmp_path) == 0
    lost, beyond, _ = verdict(tmp_path)
    assert kills >= 3
    assert (lost, beyond) == ([], 0)
    assert facts(tmp_path) == calm


def test_every_point_is_on_the_list_and_in_the_code():
    code = "".join(path.read_text() for path in Path(alerts.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'crash\.point\("([^"]+)"\)', code)) == set(POINTS)
