"""Secrets: taken from the environment, from a file or from systemd's credentials, and never printed."""

from __future__ import annotations

import hmac
import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, unquote, urlsplit

__all__ = ["HIDDEN", "Secret", "SecretError", "read_secret"]

HIDDEN = "***"
LEAST = 6  # characters of a part that is struck by itself: shorter ones are words that any answer may hold
LARGEST = 65_536  # bytes of a secret's file
FILE = "_FILE"
CREDENTIALS = "CREDENTIALS_DIRECTORY"  # where systemd puts what LoadCredential= names


class SecretError(ValueError):
    """A secret cannot be read. Says which and where, never what."""


class Secret:
    """A value that is used and never shown: printed, logged or in a traceback it is its name.

    Parameters
    ----------
    value : str
    name : str
        What it is called where it is shown.

    Raises
    ------
    SecretError
        Where the value is empty or holds a line break or another control character.
    """

    __slots__ = ("_value", "name")

    def __init__(self, value: str, name: str = "a secret") -> None:
        if not value or not value.isprintable():
            what = "is empty" if not value else "holds a line break or another control character"
            raise SecretError(f"{name} {what}")
        self._value = value
        self.name = name

    def reveal(self) -> str:
        """Return the value, to be handed straight to what needs it and kept nowhere."""
        return self._value

    def hide(self, text: str) -> str:
        """Strike the secret from what somebody else wrote: an answer or an error may quote it, whole or in part."""
        for trace in self._traces():
            text = text.replace(trace, HIDDEN)
        return text

    def _traces(self) -> list[str]:
        """List how the secret may be quoted, longest first: as it is, encoded, and an address's path and parts."""
        forms = {self._value, quote(self._value, safe=""), unquote(self._value)}
        forms.add(b64encode(self._value.encode()).decode())
        if "://" in self._value:
            parts = urlsplit(self._value)
            inside = [parts.path, parts.query, parts.fragment, *parts.path.split("/"), *parts.query.split("&")]
            inside += [pair.partition("=")[2] for pair in parts.query.split("&")]
            inside += parts.netloc.rpartition("@")[0].split(":")
            forms |= {form for each in inside for form in (each, unquote(each)) if len(each) >= LEAST}
        return sorted(forms, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self.name} is a secret and is not written down")


def read_secret(name: str, environ: Mapping[str, str] = os.environ) -> Secret | None:
    """Look a secret up.

    Parameters
    ----------
    name : str
        Of an environment variable, say SKEWWATCH_SLACK_WEBHOOK. Asked in this order: the variable; the file that
        ``name_FILE`` gives; a credential of systemd of this name, as it stands or in lower case.
    environ : mapping of str to str

    Returns
    -------
    Secret or None
        None where it is nowhere.

    Raises
    ------
    SecretError
        Where it is given twice, its file cannot be read, or it is empty.
    """
    direct, path = environ.get(name), environ.get(name + FILE)
    if direct is not None and path is not None:
        raise SecretError(f"{name} and {name + FILE} are both set: give one of them")
    if direct is not None:
        return Secret(direct, name)
    if path is not None:
        return Secret(_content(Path(path), name), name)
    folder = environ.get(CREDENTIALS)
    if folder:
        for file in (Path(folder) / name, Path(folder) / name.lower()):
            if file.is_file():
                return Secret(_content(file, name), name)
    return None


def _content(file: Path, name: str) -> str:
    """Read a secret's file without its last line break."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise SecretError(f"{name}: cannot read {file} ({error.strerror})") from None
    text = content.decode(errors="replace")
    if len(content) > LARGEST or "�" in text:  # raised here: a decoding error carries the bytes it was given
        raise SecretError(f"{name}: {file} holds no text of at most {LARGEST:,} bytes")
    return text.rstrip("\r\n")
