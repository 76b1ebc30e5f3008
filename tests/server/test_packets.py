from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.protocol import AudioField, Chunk, Framing, Hangup, Reply, ReplySource, ShortMessage
from voicebot.server.packets import Packets
from voicebot.server.tokens import split_tokens


def make(**options: Any) -> Packets:
    return Packets("s", Framing.LINES, AudioField.EXAMPLE, **options)


def read(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def chunk(text: str | None, **fields: Any) -> Chunk:
    reply = None if text is None else Reply(text, ReplySource.FAQ, allow_interrupt=False)
    return Chunk("s", "q", fields.pop("chunk_id", 0), reply=reply, **fields)


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [packet["answer"][0]["reply"]["text"] for packet in found]


def check_shape(found: list[dict[str, Any]]) -> None:
    """Check what the page promises of every answer."""
    answers = [packet["answer"][0] for packet in found]
    assert [answer["chunkId"] for answer in answers] == list(range(len(found)))
    assert [answer["status"] for answer in answers] == ["running"] * (len(found) - 1) + ["done"]
    assert len({(packet["sessionId"], packet["queryId"]) for packet in found}) == 1
    assert found[0]["queryId"]
    for packet in found[1:]:
        assert not {"identifyDuration", "nodeSilentDurationSeconds"} & packet.keys()
    assert answers[-1]["reply"]["text"] == ""
    assert all({"type", "text", "replySource"} <= answer["reply"].keys() for answer in answers if "reply" in answer)


def test_ids_are_counted_anew_and_durations_come_first() -> None:
    packets = make()
    chunks = [
        *(chunk("a", chunk_id=7, identify_duration_ms=700), chunk("b", chunk_id=7, node_silent_duration_s=5)),
        *(chunk(None), chunk(""), chunk("", done=True, chunk_id=99, instructions=(Hangup(),))),
    ]
    found = read(packets.write(chunks))
    check_shape(found)
    assert texts(found) == ["a", "b", ""]
    assert found[0]["identifyDuration"] == 700
    assert "nodeSilentDurationSeconds" not in found[0]
    assert found[-1]["answer"][0]["instruction"] == {"system_hangup": None}
    assert packets.done


def test_durations_of_chunks_that_are_left_out_go_with_the_first_packet() -> None:
    found = read(make().write([chunk("", identify_duration_ms=700), chunk(None, node_silent_duration_s=5), chunk("a")]))
    assert (found[0]["identifyDuration"], found[0]["nodeSilentDurationSeconds"]) == (700, 5)


def test_what_comes_after_the_done_chunk_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    packets = make()
    assert len(read(packets.write([chunk("a"), chunk("", done=True), chunk("b"), chunk("", done=True)]))) == 2
    assert packets.write([chunk("c")]) == b""
    assert caplog.text.count("after its done chunk") == 3


def test_a_text_in_the_done_chunk_gets_a_packet_of_its_own() -> None:
    found = read(make().write([chunk("bye", done=True, instructions=(Hangup(),), identify_duration_ms=700)]))
    check_shape(found)
    assert texts(found) == ["bye", ""]
    assert found[0]["identifyDuration"] == 700
    assert "instruction" not in found[0]["answer"][0]
    assert found[1]["answer"][0]["instruction"] == {"system_hangup": None}


def test_a_done_chunk_without_reply_takes_source_and_interruption_of_the_last() -> None:
    found = read(make().write([chunk("a"), chunk(None, done=True)]))
    assert found[1]["answer"][0]["reply"] == {
        **{"type": 1, "text": "", "audioUrl": None, "replySource": "FAQ"},
        **{"allowInterrupt": False, "allowSemanticInterruption": False},
    }


def test_instructions_in_the_middle_stay_there() -> None:
    message = (ShortMessage("1", "2", "3"),)
    for by_token in (False, True):
        packets = make(by_token=by_token)
        found = read(packets.write([chunk("a b", instructions=message), chunk(None, instructions=message)]))
        assert ["instruction" in packet["answer"][0] for packet in found][-2:] == [True, True]
        assert "instruction" not in found[0]["answer"][0] or not by_token
        found += read(packets.write([chunk(None, done=True)]))
        check_shape(found)


def test_an_answer_that_is_closed_is_whole() -> None:
    for chunks in ([], [chunk("a", identify_duration_ms=700)]):
        packets = make()
        found = read(packets.write(chunks) + packets.close())
        check_shape(found)
        assert "instruction" not in found[-1]["answer"][0]


def test_the_server_s_own_sentences_come_before_and_after() -> None:
    packets = make(audio_url=lambda text: f"http://{text}")
    found = read(packets.say("wait", (700, 6)) + packets.write([chunk("a", identify_duration_ms=900)]))
    found += read(packets.say("sorry", (1, 1)) + packets.close())
    check_shape(found)
    assert texts(found) == ["wait", "a", "sorry", ""]
    assert found[0]["queryId"] not in ("", "q")
    assert (found[0]["identifyDuration"], found[0]["nodeSilentDurationSeconds"]) == (700, 6)
    assert found[0]["answer"][0]["reply"]["audioUrl"] == "http://wait"
    assert found[0]["answer"][0]["reply"]["replySource"] == "TEXT_REPLY"


def test_the_ids_of_the_brain_are_believed() -> None:
    packets = make()
    found = read(packets.write([Chunk("other", "q1", 0, reply=Reply("a")), Chunk("x", "q2", 1, reply=Reply("b"))]))
    assert {(packet["sessionId"], packet["queryId"]) for packet in found} == {("other", "q1")}


@pytest.mark.parametrize(
    ("field", "names"),
    [
        (AudioField.BOTH, ["audioURL", "audioUrl"]),
        (AudioField.TABLE, ["audioURL"]),
        (AudioField.EXAMPLE, ["audioUrl"]),
    ],
)
def test_sentences_have_audio_and_tokens_have_none(field: AudioField, names: list[str]) -> None:
    def url(text: str) -> str:
        return f"http://x/{text}"

    def replies(by_token: bool) -> list[dict[str, Any]]:
        packets = Packets("s", Framing.LINES, field, by_token=by_token, audio_url=url)
        own = Chunk("s", "q", 0, reply=Reply("c", audio_url="http://own"))
        found = read(packets.write([chunk("a b"), chunk(" "), own, chunk("", done=True)]))
        return [packet["answer"][0]["reply"] for packet in found]

    sentences, tokens = replies(by_token=False), replies(by_token=True)
    assert [name for name in sentences[0] if "audio" in name.lower()] == names
    for name in names:
        assert [reply[name] for reply in sentences] == ["http://x/a b", None, "http://own", None]
        assert [reply["text"] for reply in tokens] == ["a ", "b", " ", "c", ""]
        assert {reply[name] for reply in tokens} == {None}


def test_brains_that_go_wrong_are_logged_without_their_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make().write([chunk("secret", done=True), chunk("secret")])
    assert "secret" not in caplog.text


CHUNKS = st.lists(
    st.builds(
        Chunk,
        session_id=st.sampled_from(["", "s"]),
        query_id=st.sampled_from(["", "q"]),
        chunk_id=st.integers(-5, 5),
        done=st.booleans(),
        reply=st.none() | st.builds(Reply, st.text(alphabet="ab 。，", max_size=5)),
        instructions=st.sampled_from([(), (Hangup(),)]),
        identify_duration_ms=st.none() | st.integers(1, 9),
        node_silent_duration_s=st.none() | st.integers(1, 9),
    ),
    max_size=6,
)


@given(CHUNKS, st.booleans())
def test_whatever_a_brain_says_is_an_answer(chunks: list[Chunk], by_token: bool) -> None:
    packets = make(by_token=by_token)
    data = packets.write(chunks)
    check_shape(read(data + (b"" if packets.done else packets.close())))


# --- tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我呀,是", ["我", "呀", ",", "是"]),
        ("您好，王女士。", ["您", "好", "，", "王", "女", "士", "。"]),
        ("Don't pay 3.50 now. ", ["Don't ", "pay ", "3.50 ", "now", ". "]),
        ("a@b.com e-mail", ["a@b.com ", "e-mail"]),
        (" \n x", [" \n ", "x"]),
        ("e\u0301t\u00e9", ["e\u0301t\u00e9"]),
        ("", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert split_tokens(text) == tokens


@given(st.text())
def test_tokens_put_together_are_the_text(text: str) -> None:
    tokens = split_tokens(text)
    assert "".join(tokens) == text
    assert all(tokens)
