"""Apprise, the library itself, posting to a server of ours."""

from __future__ import annotations

import json
import sys
from subprocess import run

import pytest

from alerts.channel import DeliveryError
from alerts.channels.apprise import Apprise
from alerts.message import Kind
from alerts.secret import Secret
from tests.alerts.channels import samples
from tests.alerts.channels.conformance import ChannelConformance, Rig, tells_nothing, with_charts
from tests.alerts.servers import Answer, How, HttpServer, Trouble, nobody

pytest.importorskip("apprise")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of its plugins, as they are imported
TOKEN = "canaryappriseuser0123456789"  # noqa: S105 - of no real service


class Service(HttpServer):
    """Takes what Apprise's own JSON service posts."""

    def __init__(self):
        self.documents = []
        super().__init__()

    def take(self, request):
        self.documents.append(request.json)
        return Answer()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def service():
    with Service() as server:
        yield server


def rigged(service, **settings):
    url = Secret(f"json://{TOKEN}:{TOKEN}@127.0.0.1:{service.port}/{TOKEN}", "SKEWWATCH_APPRISE_URL")
    return Rig(
        Apprise(url, **settings),
        lambda: [f"{each['title']}\n{each['message']}" for each in service.documents],
        [TOKEN],
        service.troubles.append,
    )


class TestApprise(ChannelConformance):
    @pytest.fixture
    def rig(self, service):
        return rigged(service)


@pytest.mark.parametrize(
    ("kind", "said"), [(Kind.FIRED, "warning"), (Kind.RESOLVED, "success"), (Kind.RECOVERED, "success")]
)
def test_what_kind_of_news_it_is(service, kind, said):
    rigged(service).channel.send(samples.fired(kind=kind), attempt=1)
    assert service.documents[0]["type"] == said


def test_charts_are_attached(service, tmp_path):
    rigged(service).channel.send(with_charts(tmp_path, "History of the ratio"), attempt=1)
    (attached,) = service.documents[0]["attachments"]
    assert (attached["filename"], attached["mimetype"]) == ("history-of-the-ratio.png", "image/png")


@pytest.mark.parametrize(
    "trouble", [Trouble(status=500), Trouble(status=403, text=f"no {TOKEN}"), Trouble(How.RESET), Trouble(How.HANG)]
)
def test_failures_are_told_without_the_address(service, caplog, trouble):
    caplog.set_level(0)
    rig = rigged(service, seconds=1.0)
    rig.fail(trouble)
    with pytest.raises(DeliveryError, match=r"^(not taken: .+|no answer within)") as caught:
        rig.channel.send(samples.FIRED, attempt=1)
    assert not caught.value.permanent
    tells_nothing(rig, caught.value, caplog.text)


def test_nobody_listens(caplog):
    caplog.set_level(0)
    with nobody() as port, pytest.raises(DeliveryError, match=r"^not taken") as caught:
        Apprise(Secret(f"json://{TOKEN}@127.0.0.1:{port}/{TOKEN}")).send(samples.FIRED, attempt=1)
    assert TOKEN not in caught.value.reason + caplog.text


def test_an_address_that_the_library_does_not_know(caplog):
    caplog.set_level(0)
    with pytest.raises(DeliveryError, match="SKEWWATCH_APPRISE_URL is no address that Apprise can read") as caught:
        Apprise(Secret(f"nonsense://{TOKEN}", "SKEWWATCH_APPRISE_URL")).send(samples.FIRED, attempt=1)
    assert caught.value.permanent
    assert TOKEN not in caplog.text


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("alerts.channels.apprise.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'skewwatch\[apprise\]'"):
        Apprise(Secret("json://localhost"))


def test_the_library_is_imported_to_send_only():
    code = (
        "import json, sys; from alerts.channels import open_channel; "
        "open_channel('apprise', environ={'SKEWWATCH_APPRISE_URL': 'json://localhost'}); "
        "print(json.dumps([m for m in ('apprise', 'requests', 'httpx2') if m in sys.modules]))"
    )
    told = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert json.loads(told.stdout) == []
