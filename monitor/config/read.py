"""Read a configuration: YAML to the frozen model, and every mistake as one line with its place in the file."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.model import ADDRESS, VERSION, Config
from monitor.config.search import Found, Origin, read_bytes, shipped
from monitor.errors import ConfigError

__all__ = ["Problem", "load", "problems"]

PREFIX, NESTING = "SKEWWATCH_", "__"  # SKEWWATCH_RATES__FLAT=0.04 stands before rates.flat in the file
Loc = tuple[int | str, ...]

WORDS = {
    "dict_type": "needs keys with values below it",
    "model_type": "needs keys with values below it",
    "tuple_type": "needs a list",
    f"string_pattern_mismatch {ADDRESS}": "needs an address that begins with http:// or https://",
}
"""Kinds of pydantic's errors whose own words would not help."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C parser where it was built
    """YAML's safe subset, where a key that comes twice is a mistake instead of the last one winning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be one word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is there twice", key.start_mark)
            seen.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration.

    Attributes
    ----------
    place : str
        ``file:line``, or the environment variable.
    what, hint : str
    """

    place: str
    what: str
    hint: str

    def __str__(self) -> str:
        """Put it in one line."""
        return "; ".join(filter(None, (f"{self.place}: {self.what}", self.hint)))


def load(found: Found, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration and lay the environment over it.

    Dividends of symbols that the file does not mention are those of the shipped file; every other key left out has
    its default. A relative `data_dir` is meant from the file's folder.

    Raises
    ------
    ConfigError
        With the first mistake and the number of the others.
    """
    config, wrong = _read(found.path, environ)
    if config is None:
        more = f" (and {len(wrong) - 1} more: skewwatch config check)" if len(wrong) > 1 else ""
        raise ConfigError(f"{wrong[0].place}: {wrong[0].what}{more}", wrong[0].hint)
    changes: dict[str, Any] = {}
    if config.data_dir is not None:
        folder = found.path.resolve().parent
        changes["data_dir"] = folder / config.data_dir.expanduser()
    if found.origin is not Origin.SHIPPED:
        default, _ = _read(shipped(), {})
        if default is not None:
            changes["dividends"] = {**default.dividends, **config.dividends}
    return config.model_copy(update=changes) if changes else config


def problems(found: Found, environ: Mapping[str, str] = os.environ) -> list[Problem]:
    """Return everything wrong with a configuration; nothing where it can be used."""
    return _read(found.path, environ)[1]


def _read(path: Path, environ: Mapping[str, str]) -> tuple[Config | None, list[Problem]]:
    try:
        text = read_bytes(path).decode()
        document = yaml.load(text, _Loader)  # noqa: S506 - a subclass of the safe loader
    except UnicodeDecodeError as error:
        return None, [Problem(str(path), f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8")]
    except (yaml.YAMLError, RecursionError) as error:
        return None, [_unreadable(path, error)]
    if not isinstance(document, dict):
        return None, [Problem(str(path), "holds no keys", f"begin the file with 'skewwatch: {VERSION}'")]
    overlay, wrong = _overlay(document, environ)
    if wrong:
        return None, wrong
    try:
        return Config.model_validate(document), []
    except ValidationError as error:
        root = yaml.compose(text, _Loader)
        return None, [_problem(each, path, root, overlay) for each in error.errors(include_url=False)]


def _unreadable(path: Path, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = f"{path}:{mark.line + 1}" if mark else str(path)
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    return Problem(place, f"cannot be read as YAML: {what}", "mend this line, then run skewwatch config check")


def _overlay(document: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[Loc, str], list[Problem]]:
    """Lay ``SKEWWATCH_SECTION__KEY`` over the document, each value read as YAML; return who set what."""
    names: dict[Loc, str] = {}
    wrong = []
    for name, value in sorted(environ.items()):
        if not (name.startswith(PREFIX) and NESTING in name):
            continue
        loc = tuple(name.removeprefix(PREFIX).lower().split(NESTING))
        try:
            parsed = yaml.load(value, _Loader)  # noqa: S506 - a subclass of the safe loader
        except yaml.YAMLError:
            wrong.append(Problem(name, "cannot be read as YAML", "write the value as it would stand in config.yaml"))
            continue
        inner = document
        for key in loc[:-1]:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        inner[loc[-1]] = parsed
        names[loc] = name
    return names, wrong


def _problem(error: ErrorDetails, path: Path, root: yaml.Node | None, overlay: Mapping[Loc, str]) -> Problem:
    """Turn one of pydantic's errors into a line that a person can act on."""
    kind, value = error["type"], error["input"]
    keys = tuple(key for key in error["loc"] if key != "[key]")
    variable = next((name for start, name in overlay.items() if keys[: len(start)] == start), None)
    place = variable or f"{path}:{_line(root, keys)}"
    dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
    if kind in {"extra_forbidden", "invalid_key"}:
        return Problem(place, f"unknown key '{dotted}'", _nearest(str(keys[-1]), _known(keys[:-1])))
    if kind == "missing":
        return Problem(place, f"the key '{dotted}' is missing", "add it")
    if keys == ("skewwatch",):
        what = f"this program reads skewwatch: {VERSION}, the file says {_short(value)}"
        return Problem(place, what, "install the skewwatch that it was written for, or begin from the shipped file")
    if kind == "value_error":
        return Problem(place, f"{dotted}: {error['ctx']['error']}", "")
    message = error["msg"].removeprefix("Input ")
    pattern = error.get("ctx", {}).get("pattern", "")
    what = WORDS.get(f"{kind} {pattern}".strip(), message[:1].lower() + message[1:])
    return Problem(place, f"{dotted}: {what}, got {_short(value)}", _advice(kind, dotted, value))


def _advice(kind: str, dotted: str, value: object) -> str:
    """Name the mistake that hides behind most errors of a kind."""
    if (
        kind == "less_than_equal"
        and dotted.endswith((".flat", ".rate", ".continuous"))
        and isinstance(value, float | int)
    ):
        return f"rates are decimals: {value} % is {value / 100:g}"
    return ""


def _short(value: object, most: int = 40) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only somebody with a mistake waits for it

    close = get_close_matches(name, known, 1)
    return f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"


def _known(loc: Loc) -> list[str]:
    """Keys that the model knows at a place."""
    model: type[BaseModel] = Config
    for key in loc:
        field = model.model_fields.get(str(key))
        if field is not None:  # else the index of a list, or a name within a mapping
            model = next(_models(field.annotation), model)
    return list(model.model_fields)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Models inside a type: ``dict[str, Source]`` holds ``Source``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _line(root: yaml.Node | None, keys: Loc) -> int:
    """Line of a key in the file, or of the nearest thing around it that is there."""
    node, line = root, 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, inner) for name, inner in node.value if str(name.value) == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
