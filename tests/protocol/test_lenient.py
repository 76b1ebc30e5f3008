from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import ProtocolError
from voicebot.protocol.chunk import Chunk, parse_packet
from voicebot.protocol.instruction import Blacklist, Hangup, Instruction, ToCustomerService, TransferType
from voicebot.protocol.lenient import LenientFields

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["sessionId", "queryId", "answer", "chunkId", "status", "reply", "instruction", "identifyDuration", "text", "type",
     "allowInterrupt", "audioURL", "system_shortmessage", "system_toCustomerService"]
)  # fmt: skip


def parse(answer: dict[str, object], **packet: object) -> Chunk:
    item = {"chunkId": 0, "status": "done", **answer}
    (chunk,) = parse_packet(LenientFields({"sessionId": "s", "queryId": "q", "answer": [item], **packet}))
    return chunk


def replied(**reply: object) -> Chunk:
    return parse({"reply": {"text": "hi", **reply}})


@pytest.mark.parametrize(
    ("value", "expected"), [("800", 800), (" 800 ", 800), ("800.0", 800), (700.6, 701), ("soon", None), ([], None)]
)
def test_durations(value: object, expected: int | None, caplog: pytest.LogCaptureFixture) -> None:
    assert parse({}, identifyDuration=value).identify_duration_ms == expected
    assert "identifyDuration" in caplog.text
    assert "soon" not in caplog.text


@pytest.mark.parametrize(("value", "expected"), [("false", False), ("TRUE", True), (0, False), ("never", True)])
def test_flags(value: object, expected: bool, caplog: pytest.LogCaptureFixture) -> None:
    reply = replied(allowInterrupt=value).reply
    assert reply is not None
    assert reply.allow_interrupt is expected
    assert "answer.0.reply.allowInterrupt" in caplog.text


def test_numbers_and_objects_in_the_wrong_place() -> None:
    assert parse({"chunkId": "7"}, sessionId=5).session_id == "5"
    assert parse({"chunkId": "7"}).chunk_id == 7
    assert parse({"reply": "hi", "instruction": []}).reply is None
    reply = replied(text=42, audioURL={"url": "x"}).reply
    assert reply is not None
    assert (reply.text, reply.audio_url) == ("42", None)


def test_one_answer_that_is_no_list() -> None:
    (chunk,) = parse_packet(LenientFields({"answer": {"chunkId": 0, "status": "done"}}))
    assert chunk.done


def test_what_nobody_can_understand_stays_an_error() -> None:
    for answer in ({"status": "done"}, {"chunkId": "x", "status": "done"}, {"chunkId": 0, "status": "maybe"}):
        with pytest.raises(ProtocolError):
            parse_packet(LenientFields({"answer": [answer]}))


def instructed(**instructions: object) -> tuple[Instruction, ...]:
    return parse({"instruction": instructions}).instructions


def test_an_instruction_that_makes_no_sense_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    assert instructed(
        system_hangup=None, system_shortmessage="12345678", system_toCustomerService={"transType": "9"}, system_x=1
    ) == (Hangup(),)
    assert "system_shortmessage" in caplog.text
    assert "system_toCustomerService" in caplog.text
    assert "12345678" not in caplog.text


@pytest.mark.parametrize("kind", ["9", "number", 3.5, ["3"], True])
def test_a_transfer_of_an_unknown_type_goes_to_the_number(kind: object) -> None:
    assert instructed(system_toCustomerService={"transType": kind, "transValue": 1001}) == (
        ToCustomerService("", TransferType.NUMBER, "1001"),
    )


def test_a_transfer_to_nowhere_is_left_out() -> None:
    assert instructed(system_toCustomerService={"transType": "1"}, system_blacklist_event={}) == (Blacklist(),)


def test_durations_out_of_range_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    noted: set[str] = set()
    for number in range(3):
        data = {"identifyDuration": 9999, "answer": [{"chunkId": number, "status": "running"}]}
        (chunk,) = parse_packet(LenientFields(data, noted=noted))
        assert chunk.identify_duration_ms == 3000
    assert [record.getMessage() for record in caplog.records] == [
        "'identifyDuration': 9999 is out of range, 3000 taken instead"
    ]


def test_each_field_is_told_once_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    noted: set[str] = set()
    for number in range(5):
        data = {"answer": [{"chunkId": str(number), "status": "running"}]}
        parse_packet(LenientFields(data, noted=noted))
    assert len(caplog.records) == 1


@given(st.dictionaries(NAMES, JSON_VALUES | st.lists(st.dictionaries(NAMES, JSON_VALUES), max_size=2)))
def test_any_json_is_read_or_refused(data: dict[str, object]) -> None:
    try:
        chunks = parse_packet(LenientFields(data))
    except ProtocolError:
        return
    assert all(isinstance(chunk.chunk_id, int) for chunk in chunks)
