"""Side by side with the libraries of the field, on the same inputs, in one process.

``python -m benchmarks.peers`` prints a table a section; ``--json`` prints one JSON object as its last line,
a key a section; ``--n`` is how many options the fastest engines are timed on. Ratios carry over from machine
to machine, nanoseconds do not. Run it with the machine otherwise idle.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from benchmarks import european

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECTIONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "european": european.measure,
}
"""A section is a module's `measure(n)`; its figures have `engines`, a dictionary of numbers for each."""


def render(title: str, figures: dict[str, Any]) -> Iterator[str]:
    """Lines of a Markdown table of the engines, and the other figures under it."""
    engines = figures["engines"]
    columns = list(next(iter(engines.values())))
    yield f"## {title}\n"
    yield "| engine | " + " | ".join(column.replace("_", " ") for column in columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for name, numbers in engines.items():
        yield f"| {name} | " + " | ".join(f"{numbers[column]:.3g}" for column in columns) + " |"
    yield ""
    yield from (f"{name.replace('_', ' ')}: {value:,.6g}" for name, value in figures.items() if name != "engines")
    yield ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--n", type=int, default=1_000_000, help="options (default 1,000,000)")
    options = parser.parse_args()
    figures = {name: measure(options.n) for name, measure in SECTIONS.items()}
    for name, section in figures.items():
        print("\n".join(render(name, section)))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
