"""The OpenAPI document: valid, true, and its examples are examples."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.dialogue.shared import small_engine
from tests.protocol.page import FIRST, LAST
from tests.protocol.test_chunk import CHUNKS
from tests.protocol.test_query import JSON_VALUES, NAMES
from tests.server.running import HEADERS, EchoBrain, ToneSynthesiser, serving, settings
from voicebot import __version__
from voicebot.errors import ProtocolError
from voicebot.protocol import AudioField, FrameDecoder, ReplySource, SilenceType, TransferType, emit_packet, parse_query
from voicebot.protocol.query import MAX_SESSION_ID_LENGTH
from voicebot.server import HostedBot
from voicebot.server.openapi import openapi_document
from voicebot.settings import Settings

DOCUMENT = openapi_document()


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def schema_of(name: str) -> jsonschema_rs.Draft202012Validator:
    return validator({"$ref": f"#/components/schemas/{name}"})


QUERY, PACKET, ERROR = (schema_of(name) for name in ("Query", "Packet", "Error"))


def echo() -> list[HostedBot]:
    return [HostedBot("echo", EchoBrain(), "en")]


def walk(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a document with its place."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            yield from walk(value, f"{path}/{name}")
    if isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, f"{path}/{number}")


def test_it_is_openapi_3_1() -> None:
    schemathesis.openapi.from_dict(openapi_document()).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["version"] == __version__


def test_every_schema_is_a_schema() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
        validator(schema)


def examples(node: dict[str, Any]) -> list[Any]:
    """Return the examples of a media type or a schema."""
    found = [node["example"]] if "example" in node else []
    several = node.get("examples", [])
    return found + ([example["value"] for example in several.values()] if isinstance(several, dict) else several)


def test_every_example_fits_its_schema() -> None:
    seen = 0
    for path, node in walk(DOCUMENT):
        if path.endswith("/properties") or not {"example", "examples"} & node.keys():
            continue
        fits = validator(node.get("schema", node))
        for example in examples(node):
            assert fits.is_valid(example), f"{path}: {example}"
            seen += 1
    assert seen > 20


def test_every_answer_with_json_has_an_example() -> None:
    for path, node in walk(DOCUMENT["paths"] | DOCUMENT["components"]["responses"]):
        if path.endswith("/content/application/json") and "/openapi.json/" not in path:
            assert examples(node), path


def test_the_page_s_lines_are_among_the_examples() -> None:
    content = DOCUMENT["paths"]["/stream/query"]["post"]["responses"]["200"]["content"]
    for line in (FIRST, LAST):
        assert json.loads(line[line.index("{") :]) in examples(content["application/x-ndjson"])


def test_the_example_of_an_event_holds_a_packet() -> None:
    content = DOCUMENT["paths"]["/stream/query"]["post"]["responses"]["200"]["content"]
    (event,) = examples(content["text/event-stream"])
    PACKET.validate(json.loads(event["data"]))


def test_it_says_what_the_code_enforces() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    query, reply, instructions = (schemas[name]["properties"] for name in ("Query", "Reply", "Instructions"))
    assert query["sessionId"]["maxLength"] == MAX_SESSION_ID_LENGTH
    assert query["silenceType"]["enum"] == [*map(int, SilenceType), None]
    assert reply["replySource"]["enum"] == [source.value for source in ReplySource]
    transfer = instructions["system_toCustomerService"]["properties"]["transType"]
    assert transfer["enum"] == [str(int(kind)) for kind in TransferType]
    size = str(Settings().http.max_body_bytes)
    assert size in DOCUMENT["paths"]["/stream/query"]["post"]["requestBody"]["description"]


ON_THE_EDGE = st.sampled_from(["x" * 257, "a b", "a\tb", "\u3000", 0, 1, 2, 1.0])


@given(JSON_VALUES | st.dictionaries(st.sampled_from(NAMES), JSON_VALUES | ON_THE_EDGE))
def test_a_body_is_taken_if_and_only_if_it_fits(body: Any) -> None:
    try:
        parse_query(body)
        taken = True
    except ProtocolError:
        taken = False
    text = json.dumps(body, ensure_ascii=False)
    assume("NaN" not in text and "Infinity" not in text)  # no JSON
    # Python and the validator may know different versions of Unicode.
    assume("Cn" not in map(unicodedata.category, text))
    assert QUERY.is_valid(json.loads(text)) == taken


@given(CHUNKS, st.sampled_from(AudioField))
def test_every_packet_fits(chunk: Any, audio_field: AudioField) -> None:
    packet = emit_packet(chunk, audio_field)
    ids_are_there = bool(chunk.session_id and chunk.query_id)
    assert PACKET.is_valid(packet) == ids_are_there


TURNS: list[dict[str, object]] = [
    {"queryText": "", "variables": {"name": "Ann", "mobile": "12345678"}},
    {"queryText": "what does it cost?"},
    {"silence": True, "silenceType": 1},
    {"queryText": "a person please"},
    {"variables": {"Trans_result": "2"}},
    {"queryText": "yes"},
    {"queryText": "I forgot"},
]


@pytest.mark.parametrize(
    ("accept", "override"),
    [
        ("*/*", "answers.framing=auto"),
        ("text/event-stream", "answers.framing=auto"),
        ("*/*", "answers.framing=events"),
        ("*/*", "answers.chunks=token"),
        ("*/*", "answers.audio_field=audioUrl"),
        ("*/*", "answers.audio=false"),
    ],
)
async def test_real_answers_fit(tmp_path: Path, accept: str, override: str) -> None:
    bots = [HostedBot.of(small_engine(tmp_path), "small")]
    session_id, instructions = "", set()
    async with serving(settings(tmp_path, "bots.default=small", override), bots, ToneSynthesiser()) as (_, client):
        for turn in TURNS:
            body = {**turn, "sessionId": session_id}
            assert QUERY.is_valid(body)
            answer = await client.post("/stream/query", json=body, headers=HEADERS | {"Accept": accept})
            assert answer.status == 200
            content = DOCUMENT["paths"]["/stream/query"]["post"]["responses"]["200"]["content"]
            assert answer.content_type in content
            for packet in FrameDecoder().feed(await answer.read()):
                PACKET.validate(packet)
                session_id = packet["sessionId"]
                instructions |= packet["answer"][0].get("instruction", {}).keys()
            assert packet["answer"][0]["status"] == "done"
    assert instructions == {"system_toCustomerService", "system_hangup", "system_shortmessage"}


async def test_it_is_served_without_a_key(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        answer = await client.get("/openapi.json")
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert await answer.json() == DOCUMENT
        assert DOCUMENT["servers"] == [{"url": "/"}]
        assert "max-age" in answer.headers["Cache-Control"]
        for known, status in [(answer.headers["ETag"], 304), ('"old"', 200), ("*", 304)]:
            again = await client.get("/openapi.json", headers={"If-None-Match": known})
            assert (again.status, again.headers["ETag"]) == (status, answer.headers["ETag"])
            assert bool(await again.read()) == (status == 200)
        head = await client.head("/openapi.json")
        assert (head.status, head.headers["Content-Length"]) == (200, answer.headers["Content-Length"])


async def test_it_names_the_public_address(tmp_path: Path) -> None:
    async with serving(settings(tmp_path, "http.public_url=https://bot.example.com/"), echo()) as (_, client):
        document = await (await client.get("/openapi.json")).json()
    assert document["servers"] == [{"url": "https://bot.example.com"}]
