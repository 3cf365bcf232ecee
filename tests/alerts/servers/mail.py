"""A mail server with its own certificate, a login, and every failure that a delivery may meet."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
import threading
import warnings
from base64 import b64encode
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.alerts.servers.trouble import LOOPBACK, PAUSE, How, Trouble, Troubled

__all__ = ["Certificates", "Mail", "Mailbox"]

logging.getLogger("mail.log").setLevel(logging.ERROR)  # of the library: it warns of itself


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate for the loopback and the authority that signed it, made for the occasion.

    Attributes
    ----------
    context : ssl.SSLContext
        Of a server.
    ca_file : Path
        What a client is to trust.
    """

    context: ssl.SSLContext
    ca_file: Path

    @classmethod
    def make(cls, folder: Path, *names: str) -> Certificates:
        """Write an authority's certificate into a folder; the server's is for the names, or the loopback's."""
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(*(names or ("localhost", LOOPBACK))).configure_cert(context)
        ca_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        return cls(context, ca_file)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    login: str
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=modern)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Mailbox(Troubled):
    """A mail server.

    Attributes
    ----------
    certificates : Certificates or None
    implicit : bool
        TLS from the first byte; otherwise by STARTTLS where there are certificates.
    username, password : str
        A login that is asked for; "" for none.
    mails : list of Mail
    refused : dict of str to str
        Recipients and the answer that they get, every time.
    """

    certificates: Certificates | None = None
    implicit: bool = False
    username: str = ""
    password: str = ""
    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.host = LOOPBACK
        self.transports: list[asyncio.BaseTransport] = []
        self._socket = socket.create_server((LOOPBACK, self.port))
        self.port = self._socket.getsockname()[1]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="mailbox", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.over.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        """Serve until told to stop, then leave nothing open."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tls = self.certificates.context if self.certificates is not None else None
        server = await self._loop.create_server(self._protocol, sock=self._socket, ssl=tls if self.implicit else None)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for transport in self.transports:
            transport.abort()  # type: ignore[attr-defined] # of sockets
        await asyncio.sleep(PAUSE / 5)  # connections notice

    def _protocol(self) -> SMTP:
        arguments: dict[str, Any] = {}
        if self.certificates is not None and not self.implicit:
            arguments["tls_context"] = self.certificates.context
        if self.username:
            arguments |= {"authenticator": self.login, "auth_required": True}
            arguments["auth_require_tls"] = self.certificates is not None and not self.implicit
        with warnings.catch_warnings():  # that a login without STARTTLS is unwise
            warnings.simplefilter("ignore")
            return _Faulty(self, self._loop, **arguments)

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        good = isinstance(data, LoginPassword) and data == LoginPassword(self.username.encode(), self.password.encode())
        if good:
            return AuthResult(success=True, auth_data=self.username)
        spelled = b64encode(b"\0" + data.login + b"\0" + data.password).decode()
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 no such login: {spelled}")

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Faulty, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        return await server.finished(session, envelope)

    def keep(self, session: Session, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        login = str(session.auth_data or "")
        encrypted = self.implicit or session.ssl is not None
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, login, encrypted))


def _staged(stage: str) -> Any:
    """Override a command: trouble first, where there is any for it."""

    async def command(self: _Faulty, arg: str | None = None) -> None:
        if not await self.troubled(stage):
            await getattr(SMTP, f"smtp_{stage}")(self, arg)

    return command


class _Faulty(SMTP):
    """The library's server with troubles."""

    smtp_EHLO, smtp_STARTTLS, smtp_AUTH = _staged("EHLO"), _staged("STARTTLS"), _staged("AUTH")  # noqa: N815
    smtp_MAIL, smtp_RCPT, smtp_DATA = _staged("MAIL"), _staged("RCPT"), _staged("DATA")  # noqa: N815

    def __init__(self, mailbox: Mailbox, loop: asyncio.AbstractEventLoop, **arguments: Any) -> None:
        self._mailbox = mailbox
        super().__init__(mailbox, loop=loop, hostname="mail.test", enable_SMTPUTF8=True, **arguments)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mailbox.transports.append(transport)
        super().connection_made(transport)

    async def _handle_client(self) -> None:
        self._mailbox.connections += 1
        if not await self.troubled("greeting"):
            await super()._handle_client()

    async def finished(self, session: Session, envelope: Envelope) -> str:
        """Keep a mail whose last line has come; trouble may be before or after."""
        trouble = self._mailbox.trouble("body")
        if trouble is None or trouble.taken:
            self._mailbox.keep(session, envelope)
        if trouble is None:
            return "250 2.0.0 taken"
        return await self._fail(trouble)

    async def troubled(self, stage: str) -> bool:
        trouble = self._mailbox.trouble(stage)
        if trouble is None:
            return False
        await self.push(await self._fail(trouble))
        return True

    async def _fail(self, trouble: Trouble) -> str:
        if trouble.how is How.ANSWER:
            return f"{trouble.status} {trouble.text}"
        if trouble.how is How.HANG:
            await self._until_over()
        if trouble.how is How.DRIP:
            await self._until_over(b"250-s", b"x")
        if trouble.how is How.RESET:
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        await asyncio.sleep(0)
        raise ConnectionResetError

    async def _until_over(self, first: bytes = b"", more: bytes = b"") -> None:
        self._writer.write(first)
        while not self._mailbox.over.is_set() and not self.transport.is_closing():
            self._writer.write(more)
            await asyncio.sleep(PAUSE)
