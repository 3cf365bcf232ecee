"""Ways to people: each module is one channel, and one line in a dictionary here.

Modules are imported when they are asked for: a daemon that only mails never waits for an HTTP client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from alerts.channel import Channel
from alerts.secret import SecretError, read_secret

__all__ = ["CHANNELS", "SECRETS", "open_channel"]

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "console": "alerts.channels.console:Console",
        "slack": "alerts.channels.slack:Slack",
        "email": "alerts.channels.email:Email",
        "webhook": "alerts.channels.webhook:Webhook",
        "apprise": "alerts.channels.apprise:Apprise",
    }
)
SECRETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "slack": {"webhook": "SKEWWATCH_SLACK_WEBHOOK", "token": "SKEWWATCH_SLACK_TOKEN"},
        "email": {"password": "SKEWWATCH_SMTP_PASSWORD"},
        "webhook": {"url": "SKEWWATCH_WEBHOOK_URL", "key": "SKEWWATCH_WEBHOOK_KEY"},
        "apprise": {"url": "SKEWWATCH_APPRISE_URL"},
    }
)
"""Arguments that are secrets, and the variables that hold them where a channel's settings name no other."""
NEEDED = {("webhook", "url"), ("apprise", "url")}
BESIDE = {("slack", "token"): "channel", ("email", "password"): "username"}
"""Secrets that are looked for only beside another setting: a variable may be there for another channel."""
ELSEWHERE = "_env"  # webhook_env: DESK_WEBHOOK takes another variable


def open_channel(kind: str, *, environ: Mapping[str, str] = os.environ, **settings: Any) -> Channel:  # noqa: ANN401 - of each class
    """Make a channel from its settings and from the secrets around it.

    Parameters
    ----------
    kind : str
        "console", "slack", "email", "webhook" or "apprise".
    environ : mapping of str to str
        Where secrets are looked up, see `alerts.secret.read_secret`.
    **settings
        Arguments of the channel's class, without its secrets; ``ARGUMENT_env`` names the variable of one.

    Raises
    ------
    ValueError
        Where there is no such channel, a setting means nothing or has a secret in it, a secret is missing or cannot
        be read.
    """
    if kind not in CHANNELS:
        raise ValueError(f"no kind of channel {kind!r}; there are {', '.join(CHANNELS)}")
    for argument, variable in SECRETS.get(kind, {}).items():
        if argument in settings:
            raise ValueError(f"{argument} is a secret: name the variable that holds it, {argument}{ELSEWHERE}: NAME")
        named = settings.pop(argument + ELSEWHERE, None)
        beside = BESIDE.get((kind, argument))
        if named is None and beside is not None and not settings.get(beside):
            continue
        found = read_secret(named or variable, environ)
        if found is None and (named or (kind, argument) in NEEDED):
            raise SecretError(f"{named or variable} is not set; neither is {named or variable}_FILE")
        if found is not None:
            settings[argument] = found
    module, _, name = CHANNELS[kind].partition(":")
    make = getattr(import_module(module), name)
    try:
        return cast("Channel", make(**settings))
    except TypeError as error:
        raise ValueError(f"a channel of the kind {kind} cannot be made so: {error}") from error
