"""Email over SMTP: HTML beside plain text, the charts inside, an episode's mails in one thread."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from alerts.channel import DeliveryError, Receipt
from alerts.channels.deadline import AFTER, Deadline, Departure
from alerts.chart import Album, charts_of, from_files
from alerts.message import Message
from alerts.render.mail import address, mail
from alerts.secret import HIDDEN, Secret

__all__ = ["Email", "Security"]

DEADLINE = 25.0  # [s] for the whole conversation
SILENCE = 15.0  # [s] of a server; some check a sender for that long before they answer
SHOWN = 200  # characters of a server's answer in a reason
READY, OK, GO_AHEAD, PERMANENT = 220, 250, 354, 500  # replies (RFC 5321, section 4.2)
TAKEN = (OK, 251, 252)  # a recipient is taken, forwarded, or tried without being verified
DOT = re.compile(rb"(?m)^\.")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


class Security(StrEnum):
    """How a server is spoken to."""

    STARTTLS = "starttls"
    SSL = "ssl"
    NONE = "none"  # on this machine only


PORTS = {Security.STARTTLS: 587, Security.SSL: 465, Security.NONE: 25}


class Email:
    """Mails to people through a server.

    Parameters
    ----------
    host : str
    sender : str
        Address; alone or as ``Name <address>``.
    recipients : sequence of str, or str
    security : Security or str
    port : int, optional
        Without it 587, 465 or 25, by `security`.
    username, password : str and Secret, optional
        Both or neither.
    ca_file : path, optional
        Certificates to trust instead of the system's.
    name : str
    album : callable
        Finds charts.
    seconds : float
        Deadline. [s]

    Raises
    ------
    ValueError
        Where an address is none, a name comes without a password, or a server elsewhere would be spoken to in clear.
    """

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        recipients: Sequence[str] | str,
        security: Security | str = Security.STARTTLS,
        port: int | None = None,
        username: str = "",
        password: Secret | None = None,
        ca_file: Path | None = None,
        name: str = "email",
        album: Album = from_files,
        seconds: float = DEADLINE,
    ) -> None:
        if bool(username) != (password is not None):
            raise ValueError(f"{name} needs a username and a password, or neither; got one")
        security = Security(security)
        recipients = [recipients] if isinstance(recipients, str) else recipients
        if security is Security.NONE and not _here(host):
            raise ValueError(f"{name} would speak to {host} in clear: security none is for this machine only")
        if not recipients:
            raise ValueError(f"{name} needs a recipient or more, got none")
        self.name = name
        self._sender = address(sender)
        self._recipients = tuple(address(each) for each in recipients)
        self._album = album
        self._seconds = seconds
        self._server = _Server(host, port or PORTS[security], security, username, password, ca_file)

    def send(self, message: Message, *, attempt: int) -> Receipt:  # noqa: ARG002 - the Message-ID is that of all attempts
        """Hand the mail to the server.

        Raises
        ------
        DeliveryError
            Where it was not taken for any recipient.
        """
        charts, lost = charts_of(message, self._album)
        letter = mail(message, self._sender, self._recipients, charts)
        recipients = [each.addr_spec for each in self._recipients]
        talk = _Conversation(self._server, self._sender.addr_spec, recipients, letter.as_bytes())
        said = Deadline(self._seconds).run(talk.run, talk.stop)
        return Receipt("; ".join(filter(None, (said, lost))))


class _Server:
    """Where mails are handed over, and how.

    Raises
    ------
    ValueError
        Where the certificates to trust cannot be read.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str,
        password: Secret | None,
        ca_file: Path | None,
    ) -> None:
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.password = password
        try:
            self.context = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise ValueError(f"cannot read certificates in {ca_file} ({error.strerror})") from error


class _Client(smtplib.SMTP):
    """The library's client, whose socket is known from the moment that it is there: it can be cut at any time."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=_own_name(), timeout=SILENCE)
        self.opened: socket.socket | None = None
        self._context = context

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self.opened = socket.create_connection((host, port), timeout)
        if self._context is None:
            return self.opened
        return self._context.wrap_socket(self.opened, server_hostname=host)

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on and forget what was said in clear (RFC 3207, section 4.2)."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("closed before TLS began")
        self.sock = context.wrap_socket(self.sock, server_hostname=host)
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def cut(self) -> None:
        """End the connection from another thread, past the TLS that may be in the middle of a record."""
        for each in (self.opened, self.sock):
            if each is not None:
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Conversation:
    """One mail being handed over in its thread."""

    def __init__(self, server: _Server, sender: str, recipients: Sequence[str], mail: bytes) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._mail = mail
        self._client = _Client(server.context if server.security is Security.SSL else None)

    def stop(self) -> None:
        """Close the connection: the thread ends with its next byte."""
        self._client.cut()

    def run(self, departure: Departure) -> str:
        """Hand the mail over; what fails is told without a chain, whose frames know the password."""
        try:
            return self._hand_over(departure)
        except smtplib.SMTPResponseException as error:
            failure = self._refusal("refused", error.smtp_code, error.smtp_error)
        except ssl.SSLCertVerificationError as error:
            failure = DeliveryError(f"the server's certificate is not trusted: {error.verify_message}")
        except TimeoutError:
            failure = _lost("no answer in time", departure)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            failure = _lost(f"the connection failed ({self._hidden(str(error))})", departure)
        finally:
            self._client.close()
        raise failure

    def _hand_over(self, departure: Departure) -> str:
        client = self._client
        self._open(client)
        size = [f"size={len(self._mail)}"] if client.has_extn("size") else []
        self._expect("the sender was refused", client.mail(self._sender, size))
        refused = []
        for each in self._recipients:
            code, answer = client.rcpt(each)
            if code not in TAKEN:
                refused.append(self._refusal(f"{each} was refused", code, answer))
        if len(refused) == len(self._recipients):
            reasons = "; ".join(each.reason for each in refused)
            raise DeliveryError(reasons, permanent=all(each.permanent for each in refused))
        self._expect("the mail was refused", client.docmd("DATA"), GO_AHEAD)
        departure.leave()
        client.send(DOT.sub(b"..", self._mail) + b".\r\n")
        answered = client.getreply()
        self._expect("the mail was refused", answered)
        client.putcmd("QUIT")  # its answer is not waited for: the mail is the server's by now
        return "; ".join([self._told(*answered), *(each.reason for each in refused)])

    def _open(self, client: _Client) -> None:
        """Connect, secure the connection and log in."""
        server = self._server
        self._expect("the server is not ready", client.connect(server.host, server.port), READY)
        client.ehlo_or_helo_if_needed()
        if server.security is Security.STARTTLS:
            if not client.has_extn("starttls"):
                raise DeliveryError("the server offers no STARTTLS: nothing is sent in clear")
            self._expect("STARTTLS was refused", client.docmd("STARTTLS"), READY)
            client.secure(server.context, server.host)
            client.ehlo_or_helo_if_needed()
        if server.password is not None:
            client.login(server.username, server.password.reveal())

    def _expect(self, what: str, answered: tuple[int, bytes], wanted: int = OK) -> None:
        if answered[0] != wanted:
            raise self._refusal(what, *answered)

    def _refusal(self, what: str, code: int, answer: bytes | str) -> DeliveryError:
        """Make an error of an answer: 4xx may pass, 5xx will not; -1 is no answer at all."""
        return DeliveryError(f"{what}: {self._told(code, answer)}", permanent=code >= PERMANENT)

    def _told(self, code: int, answer: bytes | str) -> str:
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        return self._hidden(f"{code} {' '.join(text.split())}")[:SHOWN]

    def _hidden(self, text: str) -> str:
        """Strike the password, alone and as the login sends it (RFC 4616)."""
        server = self._server
        if server.password is None:
            return text
        sent = b64encode(f"\0{server.username}\0{server.password.reveal()}".encode()).decode()
        return server.password.hide(text.replace(sent, HIDDEN))


def _lost(what: str, departure: Departure) -> DeliveryError:
    return DeliveryError(what + (AFTER if departure.passed else ""), ambiguous=departure.passed)


def _here(host: str) -> bool:
    """Whether a server is on this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _own_name() -> str:
    """Return what to call this machine; asking for its full name may wait for a resolver."""
    name = socket.gethostname()
    return name if NAME.fullmatch(name) else "localhost"
