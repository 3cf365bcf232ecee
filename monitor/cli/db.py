"""``skewwatch db``: is the store whole, a copy of it, and its tables brought up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from monitor.archive import FOLDER, Archive
from monitor.cli import say
from monitor.cli.options import AsJson, ConfigFile, DataDir, configured, emit
from monitor.errors import Exit
from monitor.store import FILE, Store
from monitor.store import check as checks

__all__ = ["app", "backup", "check", "upgrade"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The store: is it whole, a copy of it.")


@app.command()
def check(*, as_json: AsJson = False, config: ConfigFile = None, data_dir: DataDir = None) -> int:
    """Check every page, row and reference of the store, and every archived payload; exit with 1 where one is wrong."""
    _, _, folder = configured(config, data_dir)
    with Store.open(folder / FILE, read_only=True) as store:
        found = checks.check(store, Archive(folder / FOLDER))
        place = store.name
    if as_json:
        content = {
            "store": place,
            "problems": found.problems,
            "notes": found.notes,
            "rows": found.rows,
            "payloads": found.payloads,
        }
        emit(json.dumps(content) + "\n")
    else:
        for problem in found.problems:
            say(problem)
        counts = ", ".join(f"{number:,} {name}" for name, number in found.rows.items() if number)
        state = f"{len(found.problems)} problems" if found.problems else "whole"
        lines = [f"{place}: {state}; {counts or 'empty'}; {found.payloads:,} payloads archived."]
        emit("\n".join([*lines, *(f"note: {note}" for note in found.notes)]) + "\n")
    return Exit.FAILED if found.problems else Exit.FINE


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; replaced in one step where it is there.")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Copy the store as it is at one instant, while others write, and check the copy.

    The archive is files that never change: copy its folder as it stands.
    """
    _, _, folder = configured(config, data_dir)
    with Store.open(folder / FILE, read_only=True) as store:
        checks.backup(store, file)
    emit(f"{file}: copied and checked, {file.stat().st_size:,} bytes\n")


@app.command()
def upgrade(*, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Make the store, or bring the tables of an earlier version up to date; what it holds stays."""
    _, _, folder = configured(config, data_dir)
    with Store.open(folder / FILE) as store:
        emit(f"{store.name}: up to date\n")
