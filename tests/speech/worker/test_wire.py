from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import RecognitionError, SpeechError, SpeechWorkerLostError, SynthesisError
from voicebot.speech.worker.wire import Message, WireError, error_fields, error_from_fields, read_message


def read_all(data: bytes) -> list[Message]:
    async def read() -> list[Message]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        messages = []
        while (message := await read_message(reader)) is not None:
            messages.append(message)
        return messages

    return asyncio.run(read())


FIELDS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name not in {"id", "op"}), st.text() | st.integers() | st.none(), max_size=4
)
MESSAGES = st.builds(Message, st.integers(0, 2**53), st.text(), FIELDS, st.binary(max_size=200))


@given(st.lists(MESSAGES, max_size=5))
def test_what_is_written_is_read(messages: list[Message]) -> None:
    assert read_all(b"".join(message.encode() for message in messages)) == messages


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 12, -1])
def test_a_message_cut_off_is_an_error(cut: int) -> None:
    data = Message(1, "audio", {}, b"12345").encode()
    with pytest.raises(WireError, match="within a message"):
        read_all(data[:cut])


@pytest.mark.parametrize("header", [b"", b"[]", b"{}", b'{"id": 1}', b'{"id": "x", "op": "y"}', b"\xff"])
def test_a_header_without_id_and_op_is_an_error(header: bytes) -> None:
    with pytest.raises(WireError, match="id and op"):
        read_all(len(header).to_bytes(4, "big") + bytes(4) + header)


def test_a_length_beyond_all_reason_is_an_error_before_it_is_read() -> None:
    with pytest.raises(WireError, match="too long"):
        read_all(b"\xff\xff\xff\xff" + bytes(4))


@pytest.mark.parametrize("kind", [SpeechError, RecognitionError, SynthesisError, SpeechWorkerLostError])
def test_errors_keep_their_kind_and_message(kind: type[SpeechError]) -> None:
    copy = error_from_fields(error_fields(kind("why")))
    assert type(copy) is kind
    assert copy.message == "why"


def test_an_error_code_of_another_version_is_a_speech_error() -> None:
    assert type(error_from_fields({"code": "new", "message": "x"})) is SpeechError
