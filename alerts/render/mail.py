"""A message as a mail: headers that hold a thread together, HTML beside plain text, the charts inside."""

from __future__ import annotations

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from alerts.chart import Chart
from alerts.message import Kind, Message, Severity
from alerts.render.page import html
from alerts.render.text import plain, printable

__all__ = ["address", "mail"]

NARROW = SMTP.clone(max_line_length=76)  # of an encoded body (RFC 2045, 6.7); by default Python makes it 78
WIDE = SMTP.clone(
    max_line_length=800
)  # Python folds an id that is longer than a line as encoded words, which breaks it
DIGITS = 32  # of a Message-ID, hexadecimal
IMPORTANCE = {Severity.CRITICAL: "high", Severity.WARNING: "normal", Severity.INFO: "normal"}


def mail(message: Message, sender: Address, recipients: Sequence[Address], charts: Sequence[Chart]) -> EmailMessage:
    """Write a mail; the same message gives the same headers at every attempt.

    Every mail of an episode refers to one Message-ID that is nobody's own, so that the thread holds together
    whichever of them arrive, and in whatever order.
    """
    letter = EmailMessage(policy=NARROW)
    domain = sender.domain
    letter["From"] = sender
    letter["To"] = list(recipients)
    letter["Subject"] = " ".join(printable(message.subject).split())
    letter["Date"] = message.created_at
    letter["Message-ID"] = _message_id(message.dedup or message.id, domain)
    if message.thread:
        first = _message_id(message.thread, domain)
        letter["References"] = first
        if message.kind is not Kind.FIRED:
            letter["In-Reply-To"] = first
    letter["List-Id"] = f"skewwatch alerts <alerts.skewwatch.{domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    letter["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    letter["Importance"] = IMPORTANCE[message.severity]
    letter["X-Skewwatch-Id"] = printable(message.id)
    letter["X-Skewwatch-Kind"] = str(message.kind)
    letter["X-Skewwatch-Symbol"] = printable(message.symbol)
    letter.set_content(plain(message), cte="quoted-printable")
    identities = [_message_id(f"{message.id} {at}", domain) for at in range(len(charts))]
    page = html(message, [(each[1:-1], chart.name) for each, chart in zip(identities, charts, strict=True)])
    letter.add_alternative(page, subtype="html", cte="quoted-printable")
    _, rich = letter.iter_parts()
    for identity, chart in zip(identities, charts, strict=True):
        rich.add_related(chart.png, "image", "png", cid=identity, filename=chart.file, disposition="inline")
    letter.policy = WIDE  # of the headers; the bodies are encoded by now
    return letter


def address(text: str) -> Address:
    """Read one address.

    Raises
    ------
    ValueError
        Where the text is none, several, or one that SMTP carries as an extension only.
    """
    found: tuple[Address, ...] = ()
    try:
        header = SMTP.header_factory("To", text)
        named = any(group.display_name is not None for group in header.groups)  # "desk: a@b, c@d;"
        found = () if header.defects or named else header.addresses
    except (ValueError, IndexError, AttributeError):  # the library's parser fails in all these ways
        pass
    if len(found) != 1 or not found[0].username or not found[0].domain or not found[0].addr_spec.isascii():
        raise ValueError(f"needed one address such as alerts@example.com, in ASCII, got {text!r}")
    return found[0]


def _message_id(key: str, domain: str) -> str:
    return f"<{sha256(key.encode()).hexdigest()[:DIGITS]}@{domain}>"
