from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.page import FIRST, LAST, LINES
from tests.protocol.test_instruction import INSTRUCTIONS, TEXTS
from tests.protocol.test_query import JSON_VALUES
from voicebot.errors import ProtocolError
from voicebot.protocol import (
    AudioField,
    Chunk,
    FrameDecoder,
    Framing,
    Hangup,
    Reply,
    ReplySource,
    ShortMessage,
    emit_packet,
    parse_packet,
    run_order,
)

REPLIES = st.builds(
    Reply, TEXTS, st.sampled_from(ReplySource), st.none() | st.just("http://a/b.wav"), st.booleans(), st.booleans()
)
CHUNKS = st.builds(
    Chunk,
    session_id=TEXTS,
    query_id=TEXTS,
    chunk_id=st.integers(0, 10_000),
    done=st.booleans(),
    reply=st.none() | REPLIES,
    instructions=st.lists(INSTRUCTIONS, unique_by=type).map(run_order),
    identify_duration_ms=st.none() | st.integers(200, 3000),
    node_silent_duration_s=st.none() | st.integers(1, 120),
)


def packet(line: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(line[line.index("{") :])
    return loaded


def test_the_page_s_first_packet(caplog: pytest.LogCaptureFixture) -> None:
    (chunk,) = parse_packet(packet(FIRST))
    assert chunk.session_id == "3_f7de7ec487694bc7bf2f64cf309cbd8d"
    assert (chunk.chunk_id, chunk.done, chunk.identify_duration_ms) == (0, False, 800)
    assert chunk.reply == Reply("我", ReplySource.CHITCHAT, None, True, True)
    # 1000 seconds of silence is the page's own slip: taken as the longest sensible one.
    assert chunk.node_silent_duration_s == 120
    assert "nodeSilentDurationSeconds 1000" in caplog.text


def test_the_page_s_last_packet() -> None:
    (chunk,) = parse_packet(packet(LAST))
    assert chunk.done
    assert chunk.instructions == (ShortMessage("12345678", "47284801", "30340608"), Hangup())


@pytest.mark.parametrize("line", LINES)
def test_the_page_s_packets_come_back_the_same(line: str) -> None:
    original = packet(line)
    (chunk,) = parse_packet(original)
    expected = dict(original)
    if "nodeSilentDurationSeconds" in expected:
        expected["nodeSilentDurationSeconds"] = 120
    assert emit_packet(chunk, AudioField.EXAMPLE) == expected


def test_golden_bytes() -> None:
    chunk = Chunk("s", "q", 0, reply=Reply("我", ReplySource.CHITCHAT, None, True, True), identify_duration_ms=800)
    body = (
        '{"sessionId":"s","queryId":"q","answer":[{"chunkId":0,"status":"running","reply":{"type":1,"text":"我",'
        '"audioUrl":null,"replySource":"CHITCHAT","allowInterrupt":true,"allowSemanticInterruption":true}}],'
        '"identifyDuration":800}'
    )
    assert Framing.LINES.encode(emit_packet(chunk, AudioField.EXAMPLE)) == body.encode() + b"\n"
    assert Framing.EVENTS.encode(emit_packet(chunk, AudioField.EXAMPLE)) == b"data:" + body.encode() + b"\n\n"


def test_audio_field_names() -> None:
    chunk = Chunk("s", "q", 0, reply=Reply("x", audio_url="http://a"))
    for field, names in (
        (AudioField.BOTH, {"audioURL", "audioUrl"}),
        (AudioField.TABLE, {"audioURL"}),
        (AudioField.EXAMPLE, {"audioUrl"}),
    ):
        reply = emit_packet(chunk, field)["answer"][0]["reply"]
        assert {name for name in reply if name.lower() == "audiourl"} == names
        assert parse_packet(emit_packet(chunk, field)) == [chunk]


def test_a_packet_of_several_chunks_gives_the_durations_to_the_first() -> None:
    answers = [{"chunkId": 0, "status": "running"}, {"chunkId": 1, "status": "done"}]
    chunks = parse_packet({"sessionId": "s", "queryId": "q", "answer": answers, "identifyDuration": 500})
    assert [(chunk.chunk_id, chunk.done, chunk.identify_duration_ms) for chunk in chunks] == [
        (0, False, 500),
        (1, True, None),
    ]


@pytest.mark.parametrize(
    ("value", "expected"), [(0, None), (-5, None), (None, None), (1, 200), (200, 200), (800.0, 800), (9999, 3000)]
)
def test_identify_duration_is_brought_into_range(value: object, expected: int | None) -> None:
    (chunk,) = parse_packet({"answer": [{"chunkId": 0, "status": "done"}], "identifyDuration": value})
    assert chunk.identify_duration_ms == expected


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"answer": [{"status": "done"}]}, "answer.0.chunkId"),
        ({"answer": [{"chunkId": "0", "status": "done"}]}, "answer.0.chunkId"),
        ({"answer": [{"chunkId": 0, "status": "over"}]}, "answer.0.status"),
        ({"answer": [{"chunkId": 0, "status": "done", "reply": "hi"}]}, "answer.0.reply"),
        ({"answer": [{"chunkId": 0, "status": "done", "reply": {"text": 3}}]}, "answer.0.reply.text"),
        ({"answer": {}}, "answer"),
        ({"answer": [{"chunkId": 0, "status": "done"}], "identifyDuration": "x"}, "identifyDuration"),
        ({"sessionId": 5}, "sessionId"),
    ],
)
def test_wrong_types_name_the_field(data: object, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_packet(data)
    assert caught.value.field == field


def test_unknown_reply_source_is_read_as_text() -> None:
    (chunk,) = parse_packet({"answer": [{"chunkId": 0, "status": "done", "reply": {"replySource": "CLARIFY"}}]})
    assert chunk.reply is not None
    assert chunk.reply.reply_source is ReplySource.TEXT_REPLY


@given(st.lists(CHUNKS, max_size=5), st.sampled_from(Framing), st.sampled_from(AudioField), st.data())
def test_any_chunks_survive_the_wire_in_any_pieces(
    chunks: list[Chunk], framing: Framing, field: AudioField, data: st.DataObject
) -> None:
    stream = b"".join(framing.encode(emit_packet(chunk, field)) for chunk in chunks)
    decoder, position, found = FrameDecoder(), 0, list[Chunk]()
    while position < len(stream):
        size = data.draw(st.integers(1, max(1, len(stream) - position)))
        for item in decoder.feed(stream[position : position + size]):
            found += parse_packet(item)
        position += size
    found += [chunk for item in decoder.close() for chunk in parse_packet(item)]
    assert found == chunks


@given(st.dictionaries(st.sampled_from(["sessionId", "queryId", "answer", "identifyDuration"]), JSON_VALUES))
def test_any_json_is_read_or_refused(data: dict[str, object]) -> None:
    try:
        chunks = parse_packet(data)
    except ProtocolError:
        return
    assert all(isinstance(chunk.chunk_id, int) for chunk in chunks)
