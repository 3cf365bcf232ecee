"""What every channel must do: inherit, say how to make one and what its other side took, get the tests."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from alerts.channel import Channel, DeliveryError, Receipt
from tests.alerts.channels import samples
from tests.alerts.servers import How, Trouble

LATE = 2.0  # [s] what a busy machine may add to a deadline
SECONDS = 0.6  # of a channel under test whose server fails [s]


@dataclass
class Rig:
    """A channel and its other side.

    Attributes
    ----------
    channel : Channel
    taken : callable
        Texts that the other side has, one a message.
    secrets : sequence of str
        Canaries: they may stand nowhere.
    fail : callable
        Makes the other side fail.
    """

    channel: Channel
    taken: Callable[[], list[str]]
    secrets: Sequence[str] = ()
    fail: Callable[[Trouble], None] = lambda _: None
    made: dict[str, Any] = field(default_factory=dict)


def tells_nothing(rig: Rig, error: BaseException, log: str = "") -> None:
    """Look for canaries in all that an error is, chains and frames included, and in the log."""
    assert error.__cause__ is None
    assert error.__context__ is None
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    ours = [frame for frame in frames if "/alerts/" in frame.filename and "/tests/" not in frame.filename]
    places = [str(error), repr(error), repr(error.args), repr(vars(error)), log]
    places += [repr(frame.locals) for frame in ours]
    for secret in rig.secrets:
        assert all(secret not in place for place in places)


class ChannelConformance:
    """Tests of any channel. A subclass gives the fixture `rig`."""

    @pytest.fixture
    def rig(self) -> Rig:
        raise NotImplementedError

    def test_a_message_arrives_once_and_whole(self, rig):
        receipt = rig.channel.send(samples.FIRED, attempt=1)
        assert isinstance(receipt, Receipt)
        assert receipt.text
        (text,) = rig.taken()
        assert "1.79 (1.76 to 1.82)" in text
        assert "97th percentile of 252 closes" in text
        assert "no difference that can be told from chance" in text
        assert samples.FIRED.id in text
        assert f"skewwatch explain {samples.FIRED.id}" in text

    @pytest.mark.parametrize("message", samples.every_kind(), ids=lambda message: str(message.kind))
    def test_every_kind_can_be_sent(self, rig, message):
        assert rig.channel.send(message, attempt=1).text
        assert len(rig.taken()) == 1

    @pytest.mark.parametrize("text", samples.AWKWARD, ids=range(len(samples.AWKWARD)))
    def test_any_text_can_be_sent(self, rig, text):
        assert rig.channel.send(samples.awkward(text), attempt=1).text
        (taken,) = rig.taken()
        assert "\x1b" not in taken
        assert "\x00" not in taken

    def test_a_message_of_one_line_can_be_sent(self, rig):
        message = samples.fired(facts=(), sections=(), subject="IWM")
        assert rig.channel.send(message, attempt=1).text

    def test_another_attempt_says_the_same(self, rig):
        for attempt in (1, 2):
            rig.channel.send(samples.FIRED, attempt=attempt)
        taken = rig.taken()
        assert len(set(taken)) == 1

    def test_no_secret_is_shown(self, rig, caplog, capfd):
        caplog.set_level(logging.NOTSET)
        receipt = rig.channel.send(samples.FIRED, attempt=1)
        out, err = capfd.readouterr()
        shown = [repr(rig.channel), str(rig.channel), repr(vars(rig.channel)), receipt.text, caplog.text, err]
        if rig.secrets:
            shown.append(out)
        for secret in rig.secrets:
            assert all(secret not in each for each in shown)

    def test_charts_that_cannot_be_had_do_not_hold_the_message_up(self, rig, tmp_path):
        charts = (("History", str(tmp_path / "none.png")), ("Smiles", str(tmp_path / "none-either.png")))
        assert rig.channel.send(samples.fired(charts=charts), attempt=1).text
        assert len(rig.taken()) == 1


class ServerConformance(ChannelConformance):
    """Tests of a channel whose other side is a server. A subclass gives the fixture `hasty`: a short deadline."""

    @pytest.fixture
    def hasty(self) -> Rig:
        raise NotImplementedError

    def fails(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> DeliveryError:
        """Send, and expect an error within the deadline that tells nothing, and no thread left behind."""
        caplog.set_level(logging.NOTSET)
        start = time.monotonic()
        with pytest.raises(DeliveryError) as caught:
            rig.channel.send(samples.FIRED, attempt=1)
        assert time.monotonic() - start < SECONDS + LATE
        error = caught.value
        assert error.reason.isprintable()
        tells_nothing(rig, error, caplog.text)
        return error

    @pytest.mark.parametrize("how", [How.HANG, How.DRIP, How.RESET, How.CLOSE], ids=lambda how: how.name)
    @pytest.mark.parametrize("taken", [False, True], ids=["not-taken", "taken"])
    def test_a_reply_that_is_lost_leaves_the_outcome_open(self, hasty, caplog, how, taken):
        hasty.fail(Trouble(how, taken=taken, stage="body"))
        error = self.fails(hasty, caplog)
        assert (error.permanent, error.ambiguous) == (False, True)
        assert "may have arrived" in error.reason
        assert len(hasty.taken()) == taken

    def test_after_a_trouble_the_next_attempt_arrives(self, hasty, caplog):
        hasty.fail(Trouble(How.RESET, stage="body"))
        self.fails(hasty, caplog)
        assert hasty.channel.send(samples.FIRED, attempt=2).text
        assert len(hasty.taken()) == 1

    def test_what_was_called_off_never_leaves(self, hasty, caplog, monkeypatch):
        """A resolver that answers after the deadline: the message must not go out when nobody waits any more."""
        resolve, slow = socket.getaddrinfo, SECONDS + 0.3

        def sleepy(*arguments, **named):
            time.sleep(slow if threading.current_thread().name == "delivery" else 0.0)
            return resolve(*arguments, **named)

        monkeypatch.setattr(socket, "getaddrinfo", sleepy)
        before = set(threading.enumerate())
        error = self.fails(hasty, caplog)
        assert (error.permanent, error.ambiguous) == (False, False)
        for thread in set(threading.enumerate()) - before:
            if thread.name == "delivery":
                thread.join(slow + LATE)
        assert not hasty.taken()

    def test_nothing_is_left_running(self, hasty, caplog):
        before = set(threading.enumerate())
        hasty.fail(Trouble(How.DRIP, stage="body"))
        self.fails(hasty, caplog)
        own = [thread for thread in set(threading.enumerate()) - before if thread.name == "delivery"]
        for thread in own:
            thread.join(LATE)
            assert not thread.is_alive()


def with_charts(folder: Any, *names: str, content: bytes | None = None) -> Any:
    """Return a message with charts in a folder."""
    png = content or (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    charts = []
    for name in names:
        path = folder / f"{name}.png"
        path.write_bytes(png)
        charts.append((name, str(path)))
    return replace(samples.FIRED, charts=tuple(charts))
