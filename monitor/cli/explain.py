"""``skewwatch explain``: everything behind one saved number."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from monitor.archive import FOLDER, Archive
from monitor.cli.options import AsJson, ConfigFile, DataDir, configured, emit
from monitor.errors import Exit
from monitor.explain import Verdict
from monitor.explain import explain as computed_again
from monitor.store import FILE, Store
from monitor.view.explanation import document, render
from monitor.view.table import console

__all__ = ["app", "explain"]

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of a saved snapshot: s-... as --save printed it.")],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every row of the chain and what became of it.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Compute a saved snapshot again from its archived payload, compare, and show what it rests on.

    Exits with 1 where the same method gives other numbers.
    """
    _, _, folder = configured(config, data_dir)
    with Store.open(folder / FILE, read_only=True) as store:
        found = computed_again(store, Archive(folder / FOLDER), name)
    if as_json:
        emit(json.dumps(document(found, everything=everything), allow_nan=False) + "\n")
    else:
        screen = console()
        with screen.capture() as captured:
            screen.print(render(found, everything=everything))
        emit(captured.get())
    return Exit.FAILED if found.same_method and found.verdict is Verdict.DIFFERENT else Exit.FINE
