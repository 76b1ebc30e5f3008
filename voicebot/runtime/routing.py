"""Which line takes a call: the routes of the settings, then the numbers of the lines."""

from __future__ import annotations

import re

from voicebot.conversation.leg import CallInfo
from voicebot.errors import ConfigError
from voicebot.runtime.lines import line_for
from voicebot.settings.model import LineSettings, Settings
from voicebot.settings.sip import RouteSettings

ACCOUNT_HEADER = "x-voicebot-account"


def line_of_call(info: CallInfo, settings: Settings) -> LineSettings:
    """Return the line that takes a call: of the first route that fits, else by the called number.

    Raises:
        ConfigError: there is no line at all, or a route names one that is not there.
    """
    for route in settings.sip.routes:
        if fits(route, info):
            return _line(route, settings)
    return line_for(info.called, settings.lines)


def check_routes(settings: Settings) -> None:
    """Make sure that every route leads to a line.

    Raises:
        ConfigError: one does not.
    """
    for route in settings.sip.routes:
        _line(route, settings)


def fits(route: RouteSettings, info: CallInfo) -> bool:
    """Whether all that a route asks for is so."""
    headers = {name.lower(): value for name, value in info.headers.items()}
    wanted = [
        (route.called, info.called),
        (route.caller, info.caller),
        (route.account, headers.get(ACCOUNT_HEADER, "")),
    ]
    if route.header:
        value = headers.get(route.header.lower())
        if value is None:
            return False
        wanted.append((route.value, value))
    return all(_matches(pattern, value) for pattern, value in wanted if pattern)


def _matches(pattern: str, value: str) -> bool:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return re.fullmatch(pattern[1:-1], value, re.IGNORECASE) is not None
    if pattern.endswith("*"):
        return value.lower().startswith(pattern[:-1].lower())
    return value.lower() == pattern.lower()


def _line(route: RouteSettings, settings: Settings) -> LineSettings:
    for line in settings.lines:
        if line.name == route.line:
            return line
    raise ConfigError(f"sip.routes: there is no line {route.line!r}")
