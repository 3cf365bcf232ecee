"""The table of commands; the module of each is imported when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitor.cli import DEBUG_VARIABLE
from monitor.errors import ConfigError, Exit

__all__ = ["COMMANDS", "root", "run"]

COMMANDS = {
    "snapshot": ("monitor.cli.snapshot", "One look, now: what downside protection costs against an upside bet."),
    "history": ("monitor.cli.history", "A recorded series, and where its last point stands in it."),
    "study": ("monitor.cli.study", "What followed earlier extremes, or runs of days."),
    "explain": ("monitor.cli.explain", "Everything behind one saved number, computed again."),
    "db": ("monitor.cli.db", "The store: is it whole, a copy of it."),
    "backfill": ("monitor.cli.backfill", "A vendor's history into the store, resumable."),
    "import": ("monitor.cli.imports", "Dated series from files: prices, indices, overlays, events."),
    "rates": ("monitor.cli.rates", "The interest rates in use, and fetching them."),
    "config": ("monitor.cli.config", "What is configured, and whether it can be used."),
    "doctor": ("monitor.cli.doctor", "What is wrong, before it is noticed."),
}
"""Module and summary of each command; a module's `app` is a Typer of one command or of several."""


class _Commands(TyperGroup):
    """The commands of `COMMANDS`, imported one at a time: a snapshot does not wait for the others."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - Typer's context has no public type
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
        """Import a command, or name the nearest one."""
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches  # noqa: PLC0415 - only somebody with a mistake waits for it

            near = get_close_matches(cmd_name, COMMANDS, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(COMMANDS)}"
            raise ConfigError(f"no command '{cmd_name}'", hint)
        command = typer.main.get_command(import_module(COMMANDS[cmd_name][0]).app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """List the summaries of the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands, add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from monitor.cli.options import program_version  # noqa: PLC0415 - brings the configuration with it

        typer.echo(f"skewwatch {program_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an unexpected error.")] = False,
    version: Annotated[  # noqa: ARG001 - answered by its callback
        bool,
        typer.Option(
            "--version", callback=lambda value: _print_version(wanted=value), help="Print the version.", is_eager=True
        ),
    ] = False,
) -> None:
    """Watch what options that protect against a fall cost against options that bet on a rise."""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(Exit.USAGE)


def root() -> Any:  # noqa: ANN401 - Typer's command has no public type
    """Return the whole command, for running and for the test that compares it with its documentation."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Parse and run; return the exit code.

    Raises
    ------
    Failure
        Where the arguments cannot be read, or the command fails in a way that it can name.
    """
    command = root()
    try:
        with command.make_context("skewwatch", list(arguments)) as context:
            return int(command.invoke(context) or Exit.FINE)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "skewwatch")
        raise ConfigError(error.format_message().rstrip("."), f"see {where} --help") from error
