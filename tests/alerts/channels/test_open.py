"""Channels by name: their settings, and secrets from around them."""

from __future__ import annotations

import pytest

from alerts.channels import CHANNELS, SECRETS, open_channel

SETTINGS = {
    "console": {},
    "slack": {},
    "email": {"host": "localhost", "sender": "a@example.com", "recipients": ["b@example.com"]},
    "webhook": {},
    "apprise": {},
}
ENVIRON = {
    "SKEWWATCH_SLACK_WEBHOOK": "https://hooks.slack.com/services/T/B/canary",
    "SKEWWATCH_WEBHOOK_URL": "https://example.com/canary",
    "SKEWWATCH_APPRISE_URL": "json://canary@localhost",
}


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_kind_opens_by_its_name(kind):
    channel = open_channel(kind, name="desk", environ=ENVIRON, **SETTINGS[kind])
    assert channel.name == "desk"
    assert "canary" not in repr(vars(channel))


def test_a_secret_under_another_name():
    channel = open_channel("slack", environ={"DESK": "https://hooks.slack.com/services/T/B/x"}, webhook_env="DESK")
    assert channel.name == "slack"
    with pytest.raises(ValueError, match=r"^DESK is not set; neither is DESK_FILE$"):
        open_channel("slack", environ=ENVIRON, webhook_env="DESK")


@pytest.mark.parametrize("kind", ["webhook", "apprise"])
def test_a_secret_that_is_needed_and_missing(kind):
    with pytest.raises(ValueError, match=f"^{SECRETS[kind]['url']} is not set"):
        open_channel(kind, environ={})


def test_a_secret_in_the_settings_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match=r"webhook is a secret: .*, webhook_env: NAME") as caught:
        open_channel("slack", environ={}, webhook="https://hooks.slack.com/services/T/B/canary")
    assert "canary" not in str(caught.value)


def test_a_variable_that_is_there_for_another_channel_is_left_alone():
    everything = ENVIRON | {"SKEWWATCH_SLACK_TOKEN": "xoxb-canary", "SKEWWATCH_SMTP_PASSWORD": "canary"}
    assert open_channel("slack", environ=everything)._token is None
    assert open_channel("slack", environ=everything, channel="C0ALERTS")._token is not None
    assert open_channel("email", environ=everything, **SETTINGS["email"])._server.password is None
    with_login = open_channel("email", environ=everything, **SETTINGS["email"], username="a")
    assert with_login._server.password is not None
    with pytest.raises(ValueError, match="a username and a password, or neither"):
        open_channel("email", environ=ENVIRON, **SETTINGS["email"], username="a")


def test_settings_that_mean_nothing():
    with pytest.raises(ValueError, match="no kind of channel 'smoke'; there are console, slack"):
        open_channel("smoke")
    with pytest.raises(ValueError, match=r"of the kind console cannot be made so: .*'colour'"):
        open_channel("console", colour="red")
