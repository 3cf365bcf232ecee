"""What is documented is what there is: every command, option, code and key, and nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from monitor.cli.commands import COMMANDS, root
from monitor.config import Config
from monitor.errors import Exit

ROOT = Path(__file__).resolve().parent.parent.parent
CLI = (ROOT / "docs" / "cli.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


def commands():
    """Every command with the options that it takes."""
    for name in COMMANDS:
        command = root().get_command(None, name)
        below = getattr(command, "commands", None)
        for words, each in (
            {(name, inner): one for inner, one in below.items()}.items() if below else [((name,), command)]
        ):
            yield " ".join(words), each


def section(title: str) -> str:
    """Text under a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) skewwatch {title}\n(.*?)(?=^#{{1,3}} skewwatch |\Z)", CLI, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section on skewwatch {title}"
    return found[2]


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda each: each if isinstance(each, str) else "")
def test_every_command_and_option_is_documented(name, command):
    text = section(name)
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--") and option != "--help":
                assert f"`{option}" in text or f"{option} " in text or f"{option}]" in text, f"{name} {option}"
    assert command.help


def test_options_of_the_program_are_documented():
    for parameter in root().params:
        assert all(f"`{option}" in CLI for option in parameter.opts)


def test_no_option_is_documented_that_is_not_there():
    known = {option for _, command in commands() for parameter in command.params for option in parameter.opts}
    known |= {option for parameter in root().params for option in parameter.opts} | {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]*", CLI)) <= known


def test_every_code_is_documented():
    assert all(f"| {int(code)} |" in CLI for code in Exit)


def test_the_summary_of_a_command_fits_a_terminal():
    assert all(len(f"  {name}  {summary}") <= 90 for name, (_, summary) in COMMANDS.items())


def keys(model: type[BaseModel], prefix: str = ""):
    """Every key that a file can hold, lists as [] and mappings by symbol as SYMBOL."""
    for name, field in model.model_fields.items():
        yield prefix + name, field
        inner = next(
            (each for each in walk(field.annotation) if isinstance(each, type) and issubclass(each, BaseModel)), None
        )
        if inner is None:
            continue
        origin = str(field.annotation)
        step = "[]." if origin.startswith("tuple") else ".SYMBOL." if origin.startswith("dict") else "."
        yield from keys(inner, prefix + name + step)


def walk(annotation: object):
    yield annotation
    for inner in get_args(annotation):
        yield from walk(inner)


def rows() -> dict[str, str]:
    """Keys and defaults of the table."""
    cells = [line.split("|") for line in CONFIGURATION.splitlines() if line.startswith("| `")]
    return {key.strip(" `"): default.strip() for _, key, default, *_ in cells}


def test_every_key_is_documented_and_no_other():
    assert rows().keys() == {key for key, _ in keys(Config)}


DEFAULTS = [key for key in rows() if re.fullmatch(r"(measures|rates|standing)\.\w+(?<!_url)", key)]


@pytest.mark.parametrize("key", DEFAULTS)
def test_defaults_are_those_in_effect(key):
    written = rows()[key]
    inside, name = key.split(".")
    default = getattr(getattr(Config(skewwatch=1), inside), name)
    plain = json.loads(json.dumps(default))  # tuples become lists
    assert yaml.safe_load(written) == plain
