from __future__ import annotations

import pytest

from voicebot.conversation.leg import TransferMode
from voicebot.errors import ConfigError, TransferError
from voicebot.protocol.instruction import ToCustomerService, TransferType
from voicebot.runtime.lines import line_for, pbx_host, transfer_request
from voicebot.settings.model import AccountSettings, LineSettings, SipSettings, TransferSettings

ANY = LineSettings(name="any", called=["8001", "*"])
SHOP = LineSettings(name="shop", called=["Shop", "8002"])
PBX = AccountSettings(registrar="sip:10.0.0.5:5070", username="bot", password="secret")


@pytest.mark.parametrize(("called", "name"), [("8002", "shop"), ("shop", "shop"), ("8001", "any"), ("4711", "any")])
def test_a_number_finds_its_line(called: str, name: str) -> None:
    assert line_for(called, [ANY, SHOP]).name == name


def test_without_a_star_the_first_line_takes_the_rest() -> None:
    assert line_for("4711", [SHOP]).name == "shop"


def test_no_lines_is_an_error() -> None:
    with pytest.raises(ConfigError, match="at least one line"):
        line_for("1", [])


def test_a_given_address_wins() -> None:
    request = transfer_request(
        ToCustomerService("1001@10.10.10.10:5060", TransferType.SEAT, "9"), "", sip=SipSettings()
    )
    assert request.target == "sip:1001@10.10.10.10:5060"
    assert request.mode is TransferMode.ATTENDED


def test_the_type_picks_a_template() -> None:
    transfer = TransferSettings(mode="blind", group_uri="sip:queue-{value}@{pbx}")
    sip = SipSettings(accounts=[PBX], transfer=transfer)
    request = transfer_request(ToCustomerService("", TransferType.GROUP, "sales"), "", sip=sip)
    assert request.target == "sip:queue-sales@10.0.0.5:5070"
    assert request.mode is TransferMode.BLIND


def test_a_template_that_needs_the_pbx_says_so() -> None:
    with pytest.raises(TransferError, match=r"sip\.accounts"):
        transfer_request(ToCustomerService("", TransferType.NUMBER, "1"), "", sip=SipSettings())


@pytest.mark.parametrize(
    ("registrar", "host"),
    [
        ("sip:10.0.0.5", "10.0.0.5"),
        ("sip:pbx.example:5070;transport=udp", "pbx.example:5070"),
        ("[::1]:5062", "[::1]:5062"),
    ],
)
def test_the_host_of_a_registrar(registrar: str, host: str) -> None:
    assert pbx_host(registrar) == host
