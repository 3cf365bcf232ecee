"""The console: streams that take a text, and streams that do not."""

from __future__ import annotations

import io
import os
import sys

import pytest

from alerts.channel import DeliveryError
from alerts.channels.console import RULE, WIDEST, Console
from tests.alerts.channels import samples
from tests.alerts.channels.conformance import ChannelConformance, Rig


class TestConsole(ChannelConformance):
    @pytest.fixture
    def rig(self):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)

        def taken():
            text = stream.buffer.getvalue().decode()
            return [each for each in text.split(RULE * WIDEST + "\n") if each]

        return Rig(Console(stream), taken)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_lines_that_fit(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    screen = Terminal()
    Console(screen).send(samples.FIRED, attempt=1)
    assert max(len(line) for line in screen.getvalue().splitlines()) <= 60


def test_standard_output_as_it_is_at_the_time(capsys):
    Console().send(samples.FIRED, attempt=1)
    assert capsys.readouterr().out.startswith(samples.FIRED.subject)


def test_a_narrow_encoding_loses_a_sign_and_no_message():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    Console(stream).send(samples.fired(subject="IWM: 漢字"), attempt=1)
    assert stream.buffer.getvalue().startswith(b"IWM: ??")


def test_streams_that_take_nothing(monkeypatch):
    closed = io.StringIO()
    closed.close()
    with pytest.raises(DeliveryError, match="cannot write: I/O operation on closed file"):
        Console(closed).send(samples.FIRED, attempt=1)
    reader, writer = os.pipe()
    os.close(reader)
    pipe = os.fdopen(writer, "w")
    with pytest.raises(DeliveryError, match="Broken pipe") as caught:
        Console(pipe).send(samples.FIRED, attempt=1)
    with pytest.raises(BrokenPipeError):
        pipe.close()
    assert not caught.value.permanent
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(DeliveryError, match="cannot write"):
        Console().send(samples.FIRED, attempt=1)
