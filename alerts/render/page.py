"""A message as a page of HTML for a mail: one column that fits a phone, light and dark, numbers in tables.

Mail programs know little: colours stand beside what they colour, and the dark ones in a rule that overrides them
where it is understood; where it is not, programs that darken by themselves find an ordinary light page.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from alerts.message import Kind, Message, Severity
from alerts.render.text import command, printable, split

__all__ = ["html"]

INK, MUTED, RULE, PAPER, CANVAS = "#1a1a1a", "#5f6368", "#d9dce0", "#ffffff", "#f4f5f6"
DARK = {"ink": "#e8eaed", "muted": "#a6abb1", "rule": "#3c4043", "paper": "#1f2123", "canvas": "#141517"}
SANS = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
WIDTH = 640  # pixels; narrower windows get what they have
# Okabe and Ito's vermilion, orange, blue and green, which every kind of colour vision tells apart
STRIPES = {Severity.CRITICAL: "#D55E00", Severity.WARNING: "#E69F00", Severity.INFO: "#0072B2"}
GOOD = "#009E73"
ENDINGS = frozenset({Kind.RESOLVED, Kind.RECOVERED})
TITLES = {
    Kind.FIRED: "Alert",
    Kind.RESOLVED: "Resolved",
    Kind.ESCALATED: "Escalated",
    Kind.REMINDER: "Reminder",
    Kind.EXPIRED: "Closed, unknown",
    Kind.RULE_CHANGED: "Rule changed",
    Kind.DATA_HEALTH: "Data health",
    Kind.RECOVERED: "Data again",
    Kind.DIGEST: "Digest",
    Kind.TEST: "Test",
    Kind.SUMMARY: "Summary",
    Kind.UNDELIVERED: "Not delivered",
}
STYLE = f"""
:root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
body {{ margin: 0; padding: 0; -webkit-text-size-adjust: 100%; }}
.canvas {{ padding: 24px 12px; }}
.inside {{ padding: 20px 28px 24px; }}
@media (max-width: 480px) {{
  .canvas {{ padding: 0 !important; }}
  .inside {{ padding: 16px 16px 20px !important; }}
  .claim {{ font-size: 20px !important; }}
}}
@media (prefers-color-scheme: dark) {{
  .canvas {{ background: {DARK["canvas"]} !important; }}
  .paper {{ background: {DARK["paper"]} !important; }}
  .ink {{ color: {DARK["ink"]} !important; }}
  .muted {{ color: {DARK["muted"]} !important; }}
  .line {{ border-color: {DARK["rule"]} !important; }}
}}
"""


def html(message: Message, images: Sequence[tuple[str, str]] = ()) -> str:
    """Write a page.

    Parameters
    ----------
    message : Message
    images : sequence of (str, str)
        Content id and description of each chart in the mail.
    """
    claim, numbers = split(message.subject)
    stripe = GOOD if message.kind in ENDINGS else STRIPES[message.severity]
    parts = [
        f'<p class="muted" style="margin:0 0 6px;font-size:13px;color:{MUTED}">{_text(_title(message))}</p>',
        f'<h1 class="claim ink" style="margin:0 0 8px;font-size:22px;line-height:1.25;color:{INK}">{_text(claim)}</h1>',
        f'<p class="ink" style="margin:0 0 16px;color:{INK}">{_text(numbers)}</p>' if numbers else "",
        *(_image(identity, name) for identity, name in images[:1]),
        _facts(message),
        *(_image(identity, name) for identity, name in images[1:]),
        *(_section(heading, text) for heading, text in message.sections),
        _foot(message),
    ]
    return TEMPLATE.format(
        title=_text(message.subject),
        style=STYLE,
        preview=_text(_preview(message)),
        canvas=CANVAS,
        paper=PAPER,
        sans=SANS,
        stripe=stripe,
        width=WIDTH,
        content="\n".join(filter(None, parts)),
    )


TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="canvas" style="background:{canvas}">
<div style="display:none;max-height:0;overflow:hidden">{preview}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:{width}px;\
margin:0 auto;border-collapse:collapse">
<tr><td style="height:5px;line-height:5px;font-size:0;background:{stripe}">&nbsp;</td></tr>
<tr><td class="inside paper" style="background:{paper};font:15px/1.5 {sans};word-break:break-word">
{content}
</td></tr>
</table>
</body>
</html>
"""


def _title(message: Message) -> str:
    """Name the kind, and the severity in words too: its colour says nothing to some, and nothing to a screen reader."""
    return TITLES[message.kind] + ("" if message.kind in ENDINGS else f", {message.severity}")


def _facts(message: Message) -> str:
    """Write labels and values in two columns; figures stand under each other."""
    if not message.facts:
        return ""
    cell = f"padding:6px 0;border-top:1px solid {RULE};vertical-align:top;font-size:14px"
    rows = "\n".join(
        f'<tr><td class="muted line" width="38%" style="{cell};padding-right:12px;color:{MUTED}">{_text(label)}</td>'
        f'<td class="ink line" style="{cell};color:{INK};font-variant-numeric:tabular-nums">{_text(value)}</td></tr>'
        for label, value in message.facts
    )
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 18px;border-collapse:'
        f'collapse">\n{rows}\n</table>'
    )


def _image(identity: str, name: str) -> str:
    return (
        f'<p style="margin:0 0 16px"><img src="cid:{escape(identity, quote=True)}" alt="{escape(name, quote=True)}" '
        f'width="{WIDTH - 56}" style="display:block;width:100%;height:auto;border:0;border-radius:4px"></p>'
    )


def _section(heading: str, text: str) -> str:
    head = ""
    if heading:
        head = f'<h2 class="ink" style="margin:0 0 2px;font-size:15px;color:{INK}">{_text(heading)}</h2>\n'
    return f'{head}<p class="ink" style="margin:0 0 14px;color:{INK}">{_text(text)}</p>'


def _foot(message: Message) -> str:
    more = command(message)
    shown = f'<br>\n<span style="font-family:{MONO};white-space:nowrap">{_text(more)}</span>' if more else ""
    return (
        f'<p class="muted line" style="margin:18px 0 0;padding-top:12px;border-top:1px solid {RULE};font-size:13px;'
        f'color:{MUTED}">{_text(message.id)}{shown}</p>'
    )


def _preview(message: Message) -> str:
    """Return what a list of mails shows after the subject: the first thing that the subject does not say."""
    return message.sections[0][1] if message.sections else " - ".join(value for _, value in message.facts)


def _text(text: str) -> str:
    return escape(printable(text)).replace("\n", "<br>\n")
