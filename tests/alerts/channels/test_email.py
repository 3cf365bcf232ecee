"""Email against a mail server with its own certificate, a login, and every failure that a delivery may meet."""

from __future__ import annotations

import smtplib
from base64 import b64encode
from email import message_from_bytes
from email.policy import default as modern

import pytest

from alerts.channel import DeliveryError
from alerts.channels import email
from alerts.channels.email import Email, Security
from alerts.chart import Chart
from alerts.message import Kind, Severity
from alerts.render.mail import address, mail
from alerts.secret import Secret
from tests.alerts.channels import samples
from tests.alerts.channels.conformance import SECONDS, Rig, ServerConformance, tells_nothing, with_charts
from tests.alerts.servers import Certificates, How, Mailbox, Trouble, nobody

SENDER, DESK, QUANT = "skewwatch <alerts@example.com>", "desk@example.com", "quant@example.org"
USER, PASSWORD = "alerts@example.com", "canary-smtp-password-42"
STAGES = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "body")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates):
    with Mailbox(certificates=certificates, username=USER, password=PASSWORD) as server:
        yield server


def rigged(server, **settings):
    arguments = {
        "host": "localhost",
        "port": server.port,
        "sender": SENDER,
        "recipients": [DESK],
        "username": USER,
        "password": Secret(PASSWORD, "SKEWWATCH_SMTP_PASSWORD"),
        "ca_file": server.certificates.ca_file if server.certificates else None,
    }
    channel = Email(**(arguments | settings))
    secrets = [PASSWORD, b64encode(PASSWORD.encode()).decode(), b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()]
    return Rig(channel, lambda: [_text(each) for each in server.mails], secrets, server.troubles.append)


def _text(taken):
    return taken.message.get_body(("plain",)).get_content()


class TestStartTls(ServerConformance):
    @pytest.fixture
    def rig(self, server):
        return rigged(server)

    @pytest.fixture
    def hasty(self, server):
        return rigged(server, seconds=SECONDS)

    @pytest.mark.parametrize(
        ("stage", "how"),
        [
            *((stage, how) for stage in STAGES[:-1] for how in (How.RESET, How.CLOSE)),
            *((stage, How.HANG) for stage in ("greeting", "STARTTLS", "MAIL", "DATA")),
            *((stage, How.DRIP) for stage in ("EHLO", "AUTH", "RCPT")),
        ],
        ids=lambda each: getattr(each, "name", each),
    )
    def test_a_server_that_fails_before_the_mail_has_certainly_not_got_it(self, hasty, caplog, stage, how):
        hasty.fail(Trouble(how, stage=stage))
        error = self.fails(hasty, caplog)
        assert (error.permanent, error.ambiguous) == (False, False)
        assert not hasty.taken()


def test_encrypted_logged_in_and_once(server):
    receipt = rigged(server, recipients=[DESK, QUANT]).channel.send(samples.FIRED, attempt=1)
    assert receipt.text == "250 2.0.0 taken"
    (taken,) = server.mails
    assert (taken.encrypted, taken.login) == (True, USER)
    assert (taken.sender, taken.recipients) == ("alerts@example.com", (DESK, QUANT))


def test_implicit_tls(certificates):
    with Mailbox(certificates=certificates, implicit=True) as server:
        rigged(server, security="ssl", username="", password=None).channel.send(samples.FIRED, attempt=1)
        assert server.mails[0].encrypted


def test_in_clear_on_this_machine_only():
    with Mailbox() as server:
        plain = {"security": Security.NONE, "username": "", "password": None}
        rigged(server, **plain).channel.send(samples.FIRED, attempt=1)
        assert not server.mails[0].encrypted
    with pytest.raises(ValueError, match=r"would speak to mail\.example\.com in clear"):
        Email(host="mail.example.com", sender=SENDER, recipients=[DESK], security=Security.NONE)


def test_a_server_without_starttls_gets_nothing():
    """Whoever strips the offer from the greeting must not get the mail."""
    with Mailbox() as server:
        rig = rigged(server)
        with pytest.raises(DeliveryError, match="offers no STARTTLS: nothing is sent in clear") as caught:
            rig.channel.send(samples.FIRED, attempt=1)
        assert not server.mails
        tells_nothing(rig, caught.value)


def test_certificates_are_checked(server, certificates, tmp_path):
    with pytest.raises(DeliveryError, match="certificate is not trusted") as caught:
        rigged(server, ca_file=None).channel.send(samples.FIRED, attempt=1)
    assert not caught.value.permanent
    other = Certificates.make(tmp_path, "mail.example.com")
    with Mailbox(certificates=other) as elsewhere:
        hostile = rigged(elsewhere, username="", password=None)
        with pytest.raises(DeliveryError, match="certificate is not trusted: Hostname mismatch"):
            hostile.channel.send(samples.FIRED, attempt=1)
        assert not elsewhere.mails
    assert certificates.ca_file.exists()


def test_certificates_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match="cannot read certificates in"):
        Email(host="h", sender=SENDER, recipients=[DESK], ca_file=tmp_path / "none.pem")


def test_a_wrong_password_is_hopeless_and_not_told(server):
    rig = rigged(server)
    server.password = "another"  # noqa: S105 - of no real server
    with pytest.raises(DeliveryError, match="535") as caught:
        rig.channel.send(samples.FIRED, attempt=1)
    assert caught.value.permanent
    tells_nothing(rig, caught.value)


@pytest.mark.parametrize("stage", ["greeting", *STAGES[2:]])
@pytest.mark.parametrize(
    ("status", "text", "permanent"),
    [(421, "4.3.2 closing", False), (451, "4.3.0 try again later", False), (550, "5.7.1 not for you", True)],
)
def test_refusals(server, stage, status, text, permanent):
    """4yz is transient, 5yz permanent (RFC 5321, section 4.2.1)."""
    rig = rigged(server)
    server.always = Trouble(status=status, text=text, stage=stage)  # always: a client may try several ways to log in
    with pytest.raises(DeliveryError, match=f"{status} .*{text.split()[-1]}") as caught:
        rig.channel.send(samples.FIRED, attempt=1)
    assert (caught.value.permanent, caught.value.ambiguous) == (permanent, False)
    assert not server.mails
    tells_nothing(rig, caught.value)


def test_one_recipient_refused_does_not_keep_the_mail_from_the_other(server):
    server.refused[QUANT] = "550 5.1.1 no such user"
    receipt = rigged(server, recipients=[QUANT, DESK]).channel.send(samples.FIRED, attempt=1)
    assert "quant@example.org was refused: 550 5.1.1 no such user" in receipt.text
    assert server.mails[0].recipients == (DESK,)


@pytest.mark.parametrize(("second", "permanent"), [("550 5.1.1 no", True), ("450 4.2.1 later", False)])
def test_all_recipients_refused(server, second, permanent):
    server.refused |= {DESK: "550 5.1.1 no", QUANT: second}
    with pytest.raises(DeliveryError) as caught:
        rigged(server, recipients=[DESK, QUANT]).channel.send(samples.FIRED, attempt=1)
    assert caught.value.permanent is permanent


def test_nobody_listens():
    with nobody() as port:
        channel = Email(host="127.0.0.1", port=port, sender=SENDER, recipients=[DESK], security="none")
        with pytest.raises(DeliveryError, match=r"the connection failed \(.*refused") as caught:
            channel.send(samples.FIRED, attempt=1)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_the_servers_word_is_not_waited_for_after_quit(server, monkeypatch):
    """The mail is taken: a server that hangs at QUIT must not make it be sent again."""
    monkeypatch.setattr("aiosmtpd.smtp.SMTP.smtp_QUIT", lambda *_: __import__("asyncio").sleep(30))
    assert rigged(server, seconds=SECONDS).channel.send(samples.FIRED, attempt=1).text
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nobody",
        "a@b, c@d",
        "a@b\nBcc: x@y",
        "two words@example.com",
        "@example.com",
        "a@",
        "ünï@example.com",
        "a@exämple.com",
        "group: a@b;",
    ],
)
def test_addresses_that_are_none(bad):
    with pytest.raises(ValueError, match="needed one address"):
        address(bad)


def test_what_is_needed():
    with pytest.raises(ValueError, match="a username and a password, or neither"):
        Email(host="h", sender=SENDER, recipients=[DESK], username="u")
    with pytest.raises(ValueError, match="a recipient or more"):
        Email(host="h", sender=SENDER, recipients=[])


class TestLetter:
    """The mail itself, read back by the standard library's parser."""

    def letter(self, message=samples.FIRED, charts=(), sender=SENDER):
        written = mail(message, address(sender), [address(DESK)], charts)
        return message_from_bytes(written.as_bytes(), policy=modern)

    def test_headers(self):
        letter = self.letter()
        assert letter["From"] == SENDER
        assert letter["Subject"] == samples.FIRED.subject
        assert letter["Date"].datetime == samples.FIRED.created_at.replace(microsecond=0)
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["List-Id"] == "skewwatch alerts <alerts.skewwatch.example.com>"
        assert letter["Importance"] == "normal"
        assert self.letter(samples.fired(severity=Severity.CRITICAL))["Importance"] == "high"
        assert not letter.defects

    def test_one_message_has_one_id_and_an_episode_one_thread(self):
        one, again = self.letter(), self.letter()
        assert one["Message-ID"] == again["Message-ID"]
        later = self.letter(samples.fired(kind=Kind.RESOLVED, dedup="another"))
        assert later["Message-ID"] != one["Message-ID"]
        assert later["References"] == one["References"] == later["In-Reply-To"]
        assert "In-Reply-To" not in one
        other = self.letter(samples.fired(thread="e-another"))
        assert other["References"] != one["References"]
        alone = self.letter(samples.fired(thread=""))
        assert "References" not in alone

    def test_a_long_domain_does_not_break_an_id(self):
        """An identity folded or encoded is another one: threads would fall apart."""
        sender = f"a@{'sub-domain.' * 9}example.com"
        raw = mail(samples.fired(kind=Kind.RESOLVED), address(sender), [address(DESK)], ()).as_bytes()
        letter = message_from_bytes(raw, policy=modern)
        assert letter["Message-ID"].count("@") == letter["References"].count("@") == 1
        assert letter["References"] == letter["In-Reply-To"]
        assert letter["References"].startswith("<")
        assert b"=?" not in raw.partition(b"\r\n\r\n")[0]

    @pytest.mark.parametrize("text", samples.AWKWARD, ids=range(len(samples.AWKWARD)))
    def test_no_text_makes_a_header_or_a_tag(self, text):
        message = samples.awkward(text)
        letter = self.letter(message)
        assert letter.keys().count("Bcc") == 0
        assert len(letter["To"].addresses) == 1
        page = letter.get_body(("html",)).get_content()
        assert "<script" not in page
        assert page.count("<h1") == 1

    def test_lines_are_short_enough_for_any_server(self):
        """998 characters and CRLF in a header (RFC 5322, section 2.1.1), 76 in an encoded body (RFC 2045, 6.7, 6.8)."""
        png = Chart("History", b"\x89PNG" + bytes(range(256)) * 20)
        raw = mail(samples.awkward("a" * 20_000), address(SENDER), [address(DESK)], [png]).as_bytes()
        head, *bodies = raw.split(b"\r\n\r\n")
        assert max(len(line) for line in head.split(b"\r\n")) <= 998
        lines = [line for body in bodies for line in body.split(b"\r\n")]
        assert (
            max(len(line) for line in lines if not line.startswith((b"Content-", b" "))) <= 76
        )  # parts have heads too

    def test_charts_are_inside(self, server, tmp_path):
        message = with_charts(tmp_path, "History of the ratio", "The two smiles")
        assert rigged(server).channel.send(message, attempt=1).text == "250 2.0.0 taken"
        letter = server.mails[0].message
        page = letter.get_body(("related", "html"))
        images = [part for part in letter.walk() if part.get_content_type() == "image/png"]
        html = letter.get_body(("html",)).get_content()
        assert [each.get_filename() for each in images] == ["history-of-the-ratio.png", "the-two-smiles.png"]
        for image in images:
            assert f'src="cid:{image["Content-ID"][1:-1]}"' in html
            assert image.get_content_disposition() == "inline"
        assert 'alt="History of the ratio"' in html
        assert page is not None

    def test_what_a_list_of_mails_shows_after_the_subject(self):
        page = self.letter().get_body(("html",)).get_content()
        assert page.index("Since the previous close +1.2 vol points") < page.index("<h1")

    def test_a_chart_that_is_no_picture_is_left_out_and_said(self, server, tmp_path):
        message = with_charts(tmp_path, "History", content=b"<html>")
        receipt = rigged(server).channel.send(message, attempt=1)
        assert "chart 'History' is no PNG" in receipt.text
        assert len(server.mails) == 1


def test_the_library_logs_nothing():
    assert smtplib.SMTP.debuglevel == 0
    assert email.SILENCE < email.DEADLINE
