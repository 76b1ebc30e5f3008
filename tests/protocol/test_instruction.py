from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import ProtocolError
from voicebot.protocol import Blacklist, Hangup, Instruction, ShortMessage, ToCustomerService, TransferType
from voicebot.protocol.fields import Fields
from voicebot.protocol.instruction import emit_instructions, parse_instructions, run_order

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INSTRUCTIONS: st.SearchStrategy[Instruction] = st.one_of(
    st.just(Hangup()),
    st.just(Blacklist()),
    st.builds(ShortMessage, TEXTS, TEXTS, TEXTS),
    st.builds(
        ToCustomerService,
        st.just("1001@10.10.10.10:5060"),
        st.sampled_from(TransferType),
        st.just("8000"),
        TEXTS.map(str.strip),
    ),
)


def parse(data: object) -> tuple[Instruction, ...]:
    return parse_instructions(Fields(data, "instruction"))


def test_the_page_s_list() -> None:
    found = parse(
        {
            "system_hangup": None,
            "system_blacklist_event": {},
            "system_shortmessage": {"mobile": "12345678", "signatureId": "47284801", "templateId": "30340608"},
            "system_toCustomerService": {
                "transAddr": "1001@10.10.10.10:5060",
                "transType": "3",
                "transValue": "12345678",
            },
        }
    )
    # Notes before the transfer, the hang-up last: whatever the order in the map.
    assert found == (
        ShortMessage("12345678", "47284801", "30340608"),
        Blacklist(),
        ToCustomerService("1001@10.10.10.10:5060", TransferType.NUMBER, "12345678"),
        Hangup(),
    )


def test_numbers_without_quotes_are_understood() -> None:
    assert parse({"system_toCustomerService": {"transType": 1, "transValue": 1001}}) == (
        ToCustomerService("", TransferType.SEAT, "1001"),
    )


def test_the_reason_of_a_transfer_is_an_extra() -> None:
    transfer = {"transAddr": "", "transType": "2", "transValue": "sales"}
    assert emit_instructions(parse({"system_toCustomerService": transfer})) == {"system_toCustomerService": transfer}
    (told,) = parse({"system_toCustomerService": {**transfer, "reason": " wants a person "}})
    assert told == ToCustomerService("", TransferType.GROUP, "sales", "wants a person")
    assert emit_instructions([told]) == {"system_toCustomerService": {**transfer, "reason": "wants a person"}}


@pytest.mark.parametrize("reason", [None, 7, ["a"], {"code": 1}])
def test_a_reason_that_means_something_else_does_not_stop_the_transfer(reason: object) -> None:
    (transfer,) = parse({"system_toCustomerService": {"transValue": "8000", "reason": reason}})
    assert transfer == ToCustomerService("", TransferType.NUMBER, "8000")


def test_unknown_instructions_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert parse({"system_dance": {}, "system_hangup": {}}) == (Hangup(),)
    assert "system_dance" in caplog.text


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"system_toCustomerService": {"transType": "9", "transValue": "1"}}, "transType"),
        ({"system_toCustomerService": {"transType": "1"}}, "transValue"),
        ({"system_toCustomerService": {"transValue": ["1"]}}, "transValue"),
        ({"system_shortmessage": {"mobile": {}}}, "mobile"),
    ],
)
def test_wrong_parameters_are_named(data: dict[str, object], field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(data)
    assert caught.value.field == f"instruction.{next(iter(data))}.{field}"


@given(st.lists(INSTRUCTIONS, unique_by=type))
def test_what_is_written_is_read(instructions: list[Instruction]) -> None:
    assert parse(emit_instructions(instructions)) == run_order(instructions)
