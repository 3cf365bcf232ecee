"""``skewwatch config``: what is configured, and whether it can be used."""

from __future__ import annotations

import json

import typer
import yaml

from monitor.cli import say
from monitor.cli.options import AsJson, ConfigFile, emit
from monitor.config import Config, find, load, problems
from monitor.errors import Exit

__all__ = ["app", "check", "schema", "show"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="What is configured, and whether it can be used.")


@app.command()
def check(*, config: ConfigFile = None) -> int:
    """Name everything wrong with the configuration, a line each, with file and line."""
    found = find(config)
    wrong = problems(found)
    for problem in wrong:
        say(str(problem))
    if wrong:
        return Exit.USAGE
    emit(f"{found.path}: fine ({found.origin})\n")
    return Exit.FINE


@app.command()
def show(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Print the configuration in effect, defaults and environment included."""
    found = find(config)
    content = load(found).model_dump(mode="json")
    if as_json:
        emit(json.dumps(content, allow_nan=False) + "\n")
        return
    text = yaml.safe_dump(content, sort_keys=False, width=100)
    emit(f"# in effect, from {found.path} ({found.origin})\n{text}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    emit(json.dumps(Config.model_json_schema(), indent=2) + "\n")
