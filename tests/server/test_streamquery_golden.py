"""What goes over the wire, byte for byte: the page's own example, and whole conversations of bots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server import golden
from tests.server.running import HEADERS, serving, settings
from tests.server.scripted import ScriptedBrain
from tests.server.test_packets import check_shape
from voicebot.protocol import Chunk, FrameDecoder, Framing, Hangup, Reply, ReplySource, ShortMessage
from voicebot.server import HostedBot

PAGE = (golden.FOLDER / "page.ndjson").read_text(encoding="utf-8").splitlines()


def page_lines() -> list[str]:
    """Return the lines of the page's example without the page's line numbers and its white space."""
    found = [json.loads(line[line.index("{") :]) for line in PAGE]
    return [json.dumps(packet, ensure_ascii=False, separators=(",", ":")) for packet in found]


def page_chunks() -> list[Chunk]:
    """Return what a brain says that answers like the page's example."""
    found = [json.loads(line) for line in page_lines()]
    session_id, query_id = found[0]["sessionId"], found[0]["queryId"]
    texts = [packet["answer"][0]["reply"]["text"] for packet in found]
    replies = [Reply(text, ReplySource.CHITCHAT, allow_semantic_interruption=True) for text in texts]
    first = Chunk(session_id, query_id, 0, False, replies[0], (), 800, 1000)
    middle = [Chunk(session_id, query_id, number, False, reply) for number, reply in enumerate(replies[1:-1], 1)]
    message = ShortMessage("12345678", "47284801", "30340608")
    return [first, *middle, Chunk(session_id, query_id, 15, True, replies[-1], (Hangup(), message))]


@pytest.mark.parametrize("framing", Framing)
async def test_the_page_s_example(tmp_path: Path, framing: Framing) -> None:
    brain = ScriptedBrain(page_chunks())
    config = settings(tmp_path, "answers.audio=false", "answers.audio_field=audioUrl")
    request = {
        "queryText": "你是谁啊",
        "sessionId": "3_f7de7ec487694bc7bf2f64cf309cbd8d",
        "variables": {"homeAddress": "chengdu"},
    }
    async with serving(config, [HostedBot("echo", brain, "zh")]) as (_, client):
        answer = await client.post("/stream/query", json=request, headers=HEADERS | {"Accept": framing.value})
        body = (await answer.read()).decode()
    assert len(PAGE) == 16
    form = "{}\n" if framing is Framing.LINES else "data:{}\n\n"
    assert body == "".join(form.format(line) for line in page_lines())
    assert brain.queries[0].query_text == "你是谁啊"
    assert brain.queries[0].variables == {"homeAddress": "chengdu"}


@pytest.mark.parametrize("framing", Framing)
@pytest.mark.parametrize("name", golden.names())
async def test_conversations(tmp_path: Path, name: str, framing: Framing) -> None:
    bodies = await golden.converse(name, framing, tmp_path)
    assert b"".join(bodies).decode() == (golden.FOLDER / name).with_suffix(golden.SUFFIXES[framing]).read_text("utf-8")


def packets(name: str, framing: Framing) -> list[Any]:
    decoder = FrameDecoder()
    return decoder.feed((golden.FOLDER / name).with_suffix(golden.SUFFIXES[framing]).read_bytes()) + decoder.close()


@pytest.mark.parametrize("name", golden.names())
def test_the_files_say_the_same_in_both_framings_and_keep_to_the_page(name: str) -> None:
    lines = packets(name, Framing.LINES)
    assert lines == packets(name, Framing.EVENTS)
    ends = [number for number, packet in enumerate(lines, 1) if packet["answer"][0]["status"] == "done"]
    assert ends[-1] == len(lines)
    for start, end in zip([0, *ends], ends, strict=False):
        check_shape(lines[start:end])


def test_the_files_have_everything_that_the_page_has() -> None:
    found = [packet for name in golden.names() for packet in packets(name, Framing.LINES)]
    answers = [packet["answer"][0] for packet in found]
    assert {name for answer in answers for name in answer.get("instruction", {})} == {
        *("system_hangup", "system_blacklist_event", "system_shortmessage", "system_toCustomerService")
    }
    assert {answer["reply"]["replySource"] for answer in answers} == {"FAQ", "TEXT_REPLY"}
    assert {answer["reply"]["allowInterrupt"] for answer in answers} == {True, False}
