from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.framing import StreamFramer
from tests.telephony.messages import SDP, request

FIRST, SECOND = request(body=SDP), request("BYE", to_tag="near", cseq=2)


def cut(data: bytes, *at: int) -> tuple[list[bytes], StreamFramer]:
    framer = StreamFramer(4096)
    places = [0, *sorted(at), len(data)]
    return [message for start, end in itertools.pairwise(places) for message in framer.feed(data[start:end])], framer


@given(st.lists(st.integers(0, len(FIRST + SECOND) + 4), max_size=8))
def test_messages_come_out_whole_however_the_stream_is_cut(at: list[int]) -> None:
    messages, framer = cut(FIRST + b"\r\n\r\n" + SECOND, *at)
    assert messages == [FIRST, SECOND]
    assert (framer.broken, framer.pings, framer.pending) == ("", 1, False)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_will_do(chunks: list[bytes]) -> None:
    framer = StreamFramer(200)
    for chunk in chunks:
        for message in framer.feed(chunk):
            assert len(message) <= 200


def test_keep_alive_is_no_message_and_an_answer_to_ours_waits_for_nothing() -> None:
    framer = StreamFramer(4096)
    assert framer.feed(b"\r\n") == []
    assert not framer.pending
    assert framer.feed(SECOND) == [SECOND]
    assert framer.pings == 0


@pytest.mark.parametrize("length", ["", "-1", "x", "1\r\nl: 2", "99999999999"])
def test_without_a_length_nothing_can_follow(length: str) -> None:
    head = FIRST[: FIRST.index(b"\r\n\r\n")].replace(f"Content-Length: {len(SDP)}".encode(), b"Content-Length: ?")
    line = f"Content-Length: {length}".encode() if length else b"X: y"
    data = head.replace(b"Content-Length: ?", line) + b"\r\n\r\n"
    messages, framer = cut(data + SECOND)
    assert messages == [data]
    assert framer.broken
    assert framer.feed(SECOND) == []


@pytest.mark.parametrize(
    "data", [b"INVITE " + b"x" * 5000, request(headers={"Content-Length": "5000"}, body=b"y" * 5000)]
)
def test_too_long(data: bytes) -> None:
    messages, framer = cut(data)
    assert framer.broken == "a message is too long"
    assert sum(map(len, messages)) <= len(data)
