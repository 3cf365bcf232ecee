"""The command line: every failure is one line on standard error and an exit code that scripts may rely on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from monitor.errors import Exit, Failure

__all__ = ["DEBUG_VARIABLE", "main", "say"]

DEBUG_VARIABLE = "SKEWWATCH_DEBUG"
INTERRUPTED, PIPE_CLOSED = 130, 141  # as a shell reports a process ended by SIGINT, by SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Without the program's name; by default the process's own, which ends with it: a command lives for less than
        a second, and looking for garbage among what it imports finds none, at the start and again at the end. What
        lives longer turns the collector on again.
    """
    if argv is not None:
        return _answered(list(argv))
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # they are looked for in every distribution installed
    code = _answered(sys.argv[1:])
    gc.freeze()
    return code


def _answered(arguments: list[str]) -> int:
    """Run, and turn whatever is raised into one line and a code."""
    try:
        from monitor.cli.commands import run  # noqa: PLC0415 - an interrupt while importing is answered too

        return run(arguments)
    except Failure as failure:
        say(str(failure))
        return int(failure.code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, `head` for one, has had enough
        _silence()
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person reads one line, not a traceback
        if os.environ.get(DEBUG_VARIABLE):
            import traceback  # noqa: PLC0415 - only where it is asked for

            traceback.print_exc()
        say(f"unexpected {type(error).__name__}: {error}; set {DEBUG_VARIABLE}=1 for the traceback, and report it")
        return int(Exit.FAILED)


def say(line: str) -> None:
    """Print one line on standard error, whatever the text holds."""
    text = " ".join(line.split())
    if sys.stderr is not None:
        sys.stderr.write("".join(c if c.isprintable() else ascii(c)[1:-1] for c in f"skewwatch: {text}") + "\n")


def _silence() -> None:
    """Send what is left in the buffer of standard output nowhere, so that closing it does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
