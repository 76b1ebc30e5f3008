from __future__ import annotations

import pytest

from voicebot.conversation.leg import CallInfo, TransferMode, TransferRequest
from voicebot.errors import ConfigError, TransferError
from voicebot.protocol.instruction import ToCustomerService, TransferType
from voicebot.runtime.lines import fallback_transfer, line_for, pbx_host, transfer_request
from voicebot.settings.model import AccountSettings, LineSettings, SipSettings, TransferSettings

ANY = LineSettings(name="any", called=["8001", "*"])
SHOP = LineSettings(name="shop", called=["Shop", "8002"])
PBX = AccountSettings(registrar="sip:10.0.0.5:5070", username="bot", password="secret")
TEMPLATES = TransferSettings(
    agent_uri="sip:seat{value}@{pbx}", group_uri="sip:{value}@queues.example", number_uri="sip:0{value}@{pbx}"
)
CALL = CallInfo("a84b@host", "139", "8002")


def request(transfer: ToCustomerService, sip: SipSettings, session_id: str = "s1") -> TransferRequest:
    return transfer_request(transfer, session_id, sip=sip, call=CALL, line="shop")


@pytest.mark.parametrize(("called", "name"), [("8002", "shop"), ("shop", "shop"), ("8001", "any"), ("4711", "any")])
def test_a_number_finds_its_line(called: str, name: str) -> None:
    assert line_for(called, [ANY, SHOP]).name == name


def test_without_a_star_the_first_line_takes_the_rest() -> None:
    assert line_for("4711", [SHOP]).name == "shop"


def test_no_lines_is_an_error() -> None:
    with pytest.raises(ConfigError, match="at least one line"):
        line_for("1", [])


@pytest.mark.parametrize("kind", list(TransferType))
def test_a_given_address_wins(kind: TransferType) -> None:
    found = request(ToCustomerService("1001@10.10.10.10:5060", kind, "9"), SipSettings())
    assert found.target == "sip:1001@10.10.10.10:5060"
    assert found.mode is TransferMode.ATTENDED
    assert found.ring_timeout_s == 25


@pytest.mark.parametrize("kind", list(TransferType))
def test_a_given_address_that_is_a_bare_number_is_dialled_as_one(kind: TransferType) -> None:
    sip = SipSettings(accounts=[PBX], transfer=TEMPLATES)
    assert request(ToCustomerService(" 1001", kind, "9"), sip).target == "sip:01001@10.0.0.5:5070"


@pytest.mark.parametrize(
    ("kind", "value", "target"),
    [
        (TransferType.SEAT, "1001", "sip:seat1001@10.0.0.5:5070"),
        (TransferType.GROUP, "销售", "sip:%E9%94%80%E5%94%AE@queues.example"),
        (TransferType.NUMBER, "13800138000", "sip:013800138000@10.0.0.5:5070"),
    ],
)
def test_the_type_picks_a_template(kind: TransferType, value: str, target: str) -> None:
    assert request(ToCustomerService("", kind, value), SipSettings(accounts=[PBX], transfer=TEMPLATES)).target == target


def test_a_template_may_name_the_caller_and_the_called() -> None:
    transfer = TransferSettings(mode="blind", group_uri="sip:{called}-{caller}-{value}@10.0.0.9")
    found = request(ToCustomerService("", TransferType.GROUP, "sales"), SipSettings(transfer=transfer))
    assert found.target == "sip:8002-139-sales@10.0.0.9"
    assert found.mode is TransferMode.BLIND


def test_a_transfer_is_told_what_to_do_where_refer_is_refused_and_what_to_say_first() -> None:
    settings = TransferSettings.model_validate(
        {"mode": "bridge", "bridge_on": [405], "briefing": {"zh": "{line}：{reason}，{caller}，{unknown}"}}
    )
    found = request(
        ToCustomerService("", TransferType.NUMBER, "1", "投诉"), SipSettings(accounts=[PBX], transfer=settings)
    )
    assert found.mode is TransferMode.BRIDGE
    assert found.bridge_on == {405}
    assert found.briefing == "shop：投诉，139，{unknown}"


def test_there_is_no_briefing_unless_it_was_set() -> None:
    found = request(ToCustomerService("", TransferType.NUMBER, "1", "x"), SipSettings(accounts=[PBX]))
    assert found.briefing == ""
    assert found.bridge_on == {405, 501, 603}


@pytest.mark.parametrize(
    "transfer",
    [
        ToCustomerService("", TransferType.NUMBER, "1"),
        ToCustomerService("", TransferType.NUMBER, "1\r\nX: y"),
        ToCustomerService("1001@10.0.0.5?X=y", TransferType.NUMBER, "1"),
        ToCustomerService("1001", TransferType.SEAT),
    ],
)
def test_what_cannot_be_dialled_is_an_error(transfer: ToCustomerService) -> None:
    with pytest.raises(TransferError):
        request(transfer, SipSettings())


def test_the_other_side_is_told_the_session_and_the_reason() -> None:
    transfer = ToCustomerService("1001@10.0.0.5", TransferType.SEAT, "", "complaint")
    assert request(transfer, SipSettings()).headers == {
        "X-Voicebot-Session": "s1",
        "X-Voicebot-Call": "a84b@host",
        "X-Voicebot-Reason": "complaint",
        "X-Voicebot-Line": "shop",
    }


def test_without_a_reason_it_came_up_in_the_dialogue() -> None:
    headers = request(ToCustomerService("1001@10.0.0.5"), SipSettings(), session_id="").headers
    assert headers["X-Voicebot-Reason"] == "dialogue"
    assert headers["X-Voicebot-Session"] == "a84b@host"


def test_the_headers_can_be_switched_off() -> None:
    sip = SipSettings(transfer=TransferSettings(headers=False))
    assert request(ToCustomerService("1001@10.0.0.5"), sip).headers == {}


@pytest.mark.parametrize(("target", "uri"), [("1001", "sip:01001@10.0.0.5:5070"), ("me@10.0.0.7 ", "sip:me@10.0.0.7")])
def test_the_fallback_is_an_address_or_a_number(target: str, uri: str) -> None:
    transfer = fallback_transfer(target)
    assert transfer is not None
    found = request(transfer, SipSettings(accounts=[PBX], transfer=TEMPLATES))
    assert found.target == uri
    assert found.headers["X-Voicebot-Reason"] == "fallback"


def test_without_a_fallback_there_is_nobody() -> None:
    assert fallback_transfer(" ") is None


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
