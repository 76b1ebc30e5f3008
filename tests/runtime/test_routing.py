from __future__ import annotations

import pytest

from voicebot.conversation.leg import CallInfo
from voicebot.errors import ConfigError
from voicebot.runtime.lines import home_pbx
from voicebot.runtime.routing import check_routes, fits, line_of_call
from voicebot.settings import Settings
from voicebot.settings.sip import PeerSettings, RouteSettings, SipSettings

CALL = CallInfo("id", "+8613800138000", "08001234", {"X-Queue": "VIP-3", "X-Voicebot-Account": "trunk"})


@pytest.mark.parametrize(
    ("route", "fit"),
    [
        ({}, True),
        ({"called": "08001234"}, True),
        ({"called": "0800"}, False),
        ({"called": "0800*"}, True),
        ({"called": "/0800\\d{4}/"}, True),
        ({"called": "/0800/"}, False),
        ({"caller": "+86*", "called": "0800*"}, True),
        ({"caller": "+49*", "called": "0800*"}, False),
        ({"account": "trunk"}, True),
        ({"account": "other"}, False),
        ({"header": "x-queue"}, True),
        ({"header": "X-Queue", "value": "vip*"}, True),
        ({"header": "X-Queue", "value": "std*"}, False),
        ({"header": "X-None"}, False),
    ],
)
def test_what_a_route_fits(route: dict[str, str], fit: bool) -> None:
    assert fits(RouteSettings(line="x", **route), CALL) is fit


def settings(*routes: dict[str, str]) -> Settings:
    return Settings.model_validate({"sip": {"routes": list(routes)}})


def test_the_first_route_that_fits_is_taken_and_without_one_the_number_decides() -> None:
    by_trunk = {"account": "trunk", "line": "service"}
    assert line_of_call(CALL, settings(by_trunk, {"line": "appointment"})).name == "service"
    assert line_of_call(CALL, settings({"line": "appointment"}, by_trunk)).name == "appointment"
    assert line_of_call(CallInfo("id", "1", "8002"), settings({"called": "9", "line": "appointment"})).name == "service"


def test_a_route_to_nowhere_is_told() -> None:
    check_routes(settings({"line": "service"}))
    with pytest.raises(ConfigError, match="no line 'sales'"):
        check_routes(settings({"line": "sales"}))


@pytest.mark.parametrize(
    "route", [{"called": "/[/"}, {"line": 1}, {"peer": "x"}], ids=["no regular expression", "no name", "no such key"]
)
def test_a_route_that_is_none_is_refused(route: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="routes"):
        Settings.model_validate({"sip": {"routes": [{"line": "service", **route}]}})


@pytest.mark.parametrize("address", ["10.0.0.5", "tel:123", "sip:10.0.0.5;transport=ws", "sip:a b"])
def test_a_peer_needs_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        PeerSettings(name="x", address=address)


def test_without_an_account_the_first_peer_is_the_pbx() -> None:
    peer = PeerSettings(name="x", address="sip:10.0.0.5:5080")
    assert home_pbx(SipSettings(peers=[peer])) == "10.0.0.5:5080"
    assert home_pbx(SipSettings(peers=[peer.model_copy(update={"domain": "pbx.example.com"})])) == "pbx.example.com"
    assert home_pbx(SipSettings()) == ""
