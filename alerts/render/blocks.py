"""A message as Slack's Block Kit, within its limits, and the line that a phone's lock screen shows."""

from __future__ import annotations

import re
from typing import Any

from alerts.message import Message
from alerts.render.text import command, printable, split

__all__ = ["blocks", "escaped", "notification"]

Block = dict[str, Any]

MOST_BLOCKS = 50  # Slack: blocks in a message
SECTION, HEADER, FIELD = 3000, 150, 2000  # Slack: characters of a text
FIELDS = 10  # Slack: fields in a section
WHOLE = 12_000  # characters of all texts; Slack refuses about 13,000 (msg_blocks_too_long), which it does not document
NOTIFICATION = 300  # a lock screen shows the first 100 or so
LEFT_OUT = "... more than fits here"
RESERVED = 3  # blocks kept for what was left out, the rule and the foot
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
LOOK_ALIKE = str.maketrans("*_~`", "∗ˍ∼ˋ")
EDGE_MARK = re.compile(r"(?<!\w)[*_~`]|[*_~`](?!\w)")  # inside a word, as in a measure's name, they mean nothing


def blocks(message: Message) -> list[Block]:
    """Lay a message out: claim, numbers, facts in two columns, sections, and how to see more.

    What does not fit Slack's limits is left out from the end, and that is said.
    """
    claim, numbers = split(message.subject)
    laid = [_header(claim or message.symbol or message.id)]
    if numbers:
        laid.append(_section(escaped(numbers)))
    facts = [_pieces(f"*{escaped(label)}*\n{escaped(value)}", FIELD)[0] for label, value in message.facts]
    rows = [facts[at : at + FIELDS] for at in range(0, len(facts), FIELDS)]
    laid += [{"type": "section", "fields": [_mrkdwn(fact) for fact in row]} for row in rows]
    for heading, text in message.sections:
        head = f"*{escaped(heading)}*\n" if heading else ""
        laid += [_section(piece) for piece in _pieces(head + escaped(text), SECTION)]
    more = command(message)
    foot = escaped(message.id) + (f" - `{escaped(more)}`" if more else "")
    return [*_fitting(laid, len(foot)), {"type": "context", "elements": [_mrkdwn(foot)]}]


def notification(message: Message) -> str:
    """Return the text of push notifications and of whatever shows no blocks."""
    return escaped(_shortened(message.subject, NOTIFICATION))


def escaped(text: str) -> str:
    """Write text so that Slack shows it as it is: no mention, link or mark-up can be made of it."""
    marked = EDGE_MARK.sub(lambda found: found[0].translate(LOOK_ALIKE), printable(text))
    return marked.translate(ENTITIES)


def _header(claim: str) -> Block:
    text = _shortened(printable(claim), HEADER)
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # verbatim: addresses and names are not made links


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _pieces(text: str, most: int) -> list[str]:
    """Cut a text into pieces of at most so many characters: at a line break, else a blank, never inside an entity."""
    pieces = []
    while len(text) > most:
        cut = max(text.rfind("\n", most // 2, most), text.rfind(" ", most // 2, most))
        if cut < 0:
            cut = text.rfind("&", most - len("&amp;"), most)
        if cut < 0 or ";" in text[cut:most]:
            cut = most
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text] if text else pieces


def _fitting(laid: list[Block], foot: int) -> list[Block]:
    """Keep the blocks that fit, all but the foot; the first that does not ends them."""
    room = WHOLE - foot - len(LEFT_OUT)
    for at, block in enumerate(laid):
        texts = block.get("fields") or [block["text"]]
        room -= sum(len(each["text"]) for each in texts)
        if room < 0 or at >= MOST_BLOCKS - RESERVED + 1:
            return [*laid[:at], _section(LEFT_OUT)]
    return laid
