from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.page import LINES
from voicebot.errors import ProtocolError
from voicebot.protocol.framing import FrameDecoder, Framing, load_json


def decode(stream: bytes, size: int = 1 << 20) -> list[object]:
    decoder, found = FrameDecoder(), list[object]()
    for start in range(0, len(stream), size):
        found += decoder.feed(stream[start : start + size])
    return found + decoder.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
def test_the_page_s_lines_with_their_numbers(size: int) -> None:
    stream = "\n".join(LINES).encode()
    assert decode(stream, size) == [json.loads(line[line.index("{") :]) for line in LINES]


@pytest.mark.parametrize(
    "stream",
    [
        b'{"a":1}\n{"a":2}\n',
        b'{"a":1}\r\n\r\n{"a":2}',
        b'data:{"a":1}\n\ndata:{"a":2}\n\n',
        b'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n',
        b'data:{"a":1}\ndata:{"a":2}\n',
        b': ping\n\nevent: message\nid: 7\nretry: 100\ndata:{"a":1}\n\n: ping\ndata:\n\ndata:{"a":2}',
        b'1{"a":1}\n 12 {"a":2}\n',
        b'data: {"a":\ndata: 1}\n\n{"a":2}\n',
        b'\n\n\n{"a":1}\n\n\n  {"a":2}  \n\n',
    ],
)
@pytest.mark.parametrize("size", [1, 5, 4096])
def test_what_servers_send(stream: bytes, size: int) -> None:
    assert decode(stream, size) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "stream",
    [b"hello\n", b'{"a":1\n', b'{"a":NaN}\n', b'{"a":\xff}\n', b'data: {"a":\n\n', b"<html>\n", b'data: {"a":1'],
)
def test_what_is_not_json_is_refused(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(stream)


@pytest.mark.parametrize("data", [b"x" * 101, b"x" * 101 + b"\n", b'{"a":1}\n' + b"x" * 101, b"data: [" * 20])
def test_long_lines_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="longer than 100 bytes"):
        FrameDecoder(max_line_bytes=100).feed(data)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b"", b"\xff\xfe", b'{"a":Infinity}'])
def test_hostile_json_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        load_json(body)


@pytest.mark.parametrize(
    ("accept", "framing"),
    [
        ("", Framing.LINES),
        ("*/*", Framing.LINES),
        ("application/x-ndjson", Framing.LINES),
        ("text/event-stream", Framing.EVENTS),
        ("application/json, Text/Event-Stream;q=0.5", Framing.EVENTS),
        ("text/event-stream, application/x-ndjson", Framing.EVENTS),
        ("application/x-ndjson, text/event-stream; q=0.9, */*;q=0.1", Framing.LINES),
        ("application/x-ndjson;q=0.5, text/event-stream;q=0.9", Framing.EVENTS),
        ("text/event-stream;q=0", Framing.LINES),
        ("text/event-stream;q=much;charset=utf-8", Framing.EVENTS),
    ],
)
def test_framing_by_accept(accept: str, framing: Framing) -> None:
    assert Framing.from_accept(accept) is framing


PACKETS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), PACKETS))
def test_packets_are_compact_json_as_the_standard_library_writes_it(packet: dict[str, object]) -> None:
    body = json.dumps(packet, ensure_ascii=False, separators=(",", ":")).encode()
    assert Framing.LINES.encode(packet) == body + b"\n"
    assert Framing.EVENTS.encode(packet) == b"data:" + body + b"\n\n"
    assert load_json(body) == packet


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"-9999999999999999999", -9999999999999999999),
        (b'"\\ud800"', "\ud800"),
        (b'{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_values_that_libraries_differ_about(body: bytes, value: object) -> None:
    assert load_json(body) == value


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_are_read_or_refused(stream: bytes, size: int) -> None:
    try:
        packets = decode(stream, size)
    except ProtocolError:
        return
    json.dumps(packets)
