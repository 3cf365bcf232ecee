"""A message as plain text: for a terminal, a mail's other half, and whatever shows nothing better."""

from __future__ import annotations

import textwrap

from alerts.message import Kind, Message

__all__ = ["command", "plain", "printable", "split"]

GAP = 2  # columns between labels and values
MORE = {
    Kind.DATA_HEALTH: "skewwatch health",
    Kind.RECOVERED: "skewwatch health",
    Kind.DIGEST: "skewwatch alerts list",
    Kind.SUMMARY: "skewwatch alerts list",
    Kind.UNDELIVERED: "skewwatch alerts list",
}
"""Commands that show more of what is about no single alert."""


def plain(message: Message, *, width: int | None = None) -> str:
    """Write a whole message.

    Parameters
    ----------
    message : Message
    width : int, optional
        Columns to break lines at; without it a paragraph is one line, which every reader breaks as it likes.
    """
    parts = [message.subject]
    if message.facts:
        column = max(len(label) for label, _ in message.facts) + GAP
        parts.append("\n".join(_broken(f"{label:<{column}}{value}", width, column) for label, value in message.facts))
    parts += [f"{heading}\n{text}" if heading else text for heading, text in message.sections]
    parts.append(" - ".join(filter(None, (message.id, command(message)))))
    return printable("\n\n".join(_broken(part, width) for part in parts)) + "\n"


def command(message: Message) -> str:
    """Name the command that shows more; "" where there is no more."""
    if message.kind is Kind.TEST:
        return ""
    return MORE.get(message.kind, f"skewwatch explain {message.id}")


def split(subject: str) -> tuple[str, str]:
    """Part a subject after its first sentence: what is claimed, and the numbers."""
    claim, stop, rest = subject.partition(". ")
    return (claim, rest) if stop else (subject.removesuffix("."), "")


def printable(text: str) -> str:
    """Replace what would steer a terminal or hide in a mail: everything but text and line breaks."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


def _broken(text: str, width: int | None, indent: int = 0) -> str:
    """Break each line at the width, what follows indented."""
    if width is None:
        return text
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )
