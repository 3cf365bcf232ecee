"""What can go wrong for a user, each with the exit code that scripts may rely on."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ConfigError", "Exit", "Failure", "NoDataError", "UnreachableError"]


class Exit(IntEnum):
    """Exit codes of the command line: a contract."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    NO_DATA = 3
    UNREACHABLE = 4
    EXTREME = 10


class Failure(Exception):  # noqa: N818 - the base of the errors below, shown to people
    """Something a user can read in one line: what was wrong, where, and what to do.

    Parameters
    ----------
    what : str
        What was wrong and where: what was needed, what came.
    hint : str
        What to do about it.
    """

    code = Exit.FAILED

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Join what was wrong with what to do."""
        return f"{self.what}; {self.hint}" if self.hint else self.what


class ConfigError(Failure):
    """The command or the configuration asks for something that is not there."""

    code = Exit.USAGE


class NoDataError(Failure):
    """A payload came that holds no usable chain, or the symbol is unknown."""

    code = Exit.NO_DATA


class UnreachableError(Failure):
    """The vendor could not be reached within its deadline."""

    code = Exit.UNREACHABLE
