"""Requests that nobody meant to be answered: made from the document, and byte by byte on a socket.

The server never answers them with 5xx, never leaves an answer open, says in JSON what was wrong, and goes on to answer
good queries.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.dialogue.shared import engine, small_engine
from tests.server.rawhttp import Reply, first_reply, talk
from tests.server.running import HEADERS, KEY, ToneSynthesiser, settings
from tests.server.test_openapi import PACKET
from tests.server.threaded import server_in_thread
from voicebot.protocol import FrameDecoder
from voicebot.server import HostedBot
from voicebot.server.openapi import openapi_document

SEED = 20261121
GENERATION = {"mode": "all", "max-examples": 50, "deterministic": True, "database": "none"}

schema = schemathesis.openapi.from_dict(
    openapi_document(), config=SchemathesisConfig.from_dict({"seed": SEED, "generation": GENERATION})
)
queries = schema.include(method="POST")
audio = schema.include(path="/audio/{name}.{extension}")
Case = schemathesis.Case[Any]
Check = Callable[[schemathesis.CheckContext, schemathesis.Response, Case], bool | None]
ACCEPT = itertools.cycle(["*/*", "text/event-stream"])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("fuzz")
    # The bots that the document's examples name, and a small one with something for every kind of query.
    bots = [HostedBot.of(small_engine(folder), "small"), *map(HostedBot.of, map(engine, ("appointment", "service")))]
    with server_in_thread(settings(folder, "bots.default=small"), bots, ToneSynthesiser()) as address:
        yield address


# --- from the document


def answers_are_whole(_: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """Check that a stream has its last packet, and an error all that an error has, also where it is not documented."""
    if response.status_code >= 400 and case.method != "HEAD":
        assert response.json().keys() == {"code", "message", "field"}
    elif case.method == "POST" and case.path.endswith("/stream/query"):
        packets = FrameDecoder().feed(response.content)
        assert all(map(PACKET.is_valid, packets))
        assert [packet["answer"][0]["status"] for packet in packets][-1] == "done"


# The stream of events does not end; what it sends is tested with the calls that it tells of.
@schema.exclude(path="/api/v1/events").parametrize()
def test_the_document_holds(case: Case, url: str) -> None:
    headers = HEADERS | {"Accept": next(ACCEPT)}
    session_id = case.body.get("sessionId") if isinstance(case.body, dict) else None
    # Which characters can be printed depends on the version of Unicode; Python and schemathesis may have two of them.
    disputed = isinstance(session_id, str) and not session_id.isascii()
    # Whether a number can be dialled or a campaign started is not in the schema.
    disputed = disputed or case.path.startswith("/api/v1/")
    case.call_and_validate(
        base_url=url,
        headers=headers,
        additional_checks=[answers_are_whole],
        excluded_checks=[positive_data_acceptance, negative_data_rejection] if disputed else [],
    )


@queries.parametrize()
def test_a_wrong_key_is_always_answered_alike(case: Case, url: str) -> None:
    response = case.call(base_url=url, headers={"token": "wrong", "Authorization": "Bearer wrong"})
    if case.method == "POST":
        assert response.status_code == 401
        assert response.json() == {"code": "unauthorized", "message": "the key is missing or wrong", "field": ""}


@pytest.fixture(scope="module")
def audio_url(url: str) -> str:
    """The address of a sentence's audio, from an answer."""
    answer, _ = talk(url, GOOD + LAST).replies
    address: str = answer.packets()[0]["answer"][0]["reply"]["audioURL"]
    return address


AUDIO_CHECKS: list[Check] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@audio.parametrize()
def test_a_real_audio_file_however_it_is_asked_for(case: Case, url: str, audio_url: str) -> None:
    address = urlsplit(audio_url)
    case.path_parameters = {"name": Path(address.path).stem, "extension": "wav"}
    case.query = {**(case.query or {}), **dict(parse_qsl(address.query))}
    # In the coverage phase methods are tried that are not in the document.
    checks = AUDIO_CHECKS if case.method in ("GET", "HEAD") else AUDIO_CHECKS[:1]
    case.call_and_validate(base_url=url, checks=checks)


DATES = [
    "Mon, 01 Jan 99999999999 00:00:00 GMT",
    "Mon, 01 Jan 2020 00:00:00 +99999999999999999999",
    "\xff",
    "Mon, 99 Jan",
]


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since", "If-Range", "If-Match", "Range"])
@pytest.mark.parametrize("value", [*DATES, "bytes=999999999999999999-", "bytes=-0", 'W/"', ""])
def test_odd_conditions_of_an_audio_file(url: str, audio_url: str, name: str, value: str) -> None:
    address = urlsplit(audio_url)
    line = f"GET {address.path}?{address.query} HTTP/1.1".encode()
    condition = f"{name}: {value}".encode("latin-1")
    # The second time it lies on disk, and conditions count.
    for headers in ([condition], [condition, b"Range: bytes=0-99"]):
        reply, health = talk(url, request(HOST, *headers, body=b"", line=line) + LAST).replies
        check(reply, hung_up=False)
        assert (reply.status in (200, 206, 304, 412, 416), health.status) == (True, 200)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_no_depth_of_json_is_a_fault_of_ours(url: str, opening: bytes) -> None:
    """Try all depths around where Python stops to read and to write JSON."""
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]
    bodies = [b'{"variables":{"a":%b1%b}}' % (opening * depth, closing * depth) for depth in range(880, 1080)]
    *answers, health = talk(url, b"".join(post(body=body) for body in [*bodies, b"[" * 200_000]) + LAST).replies
    assert len(answers) == len(bodies) + 1
    assert {reply.status for reply in answers} == {200, 400}
    assert health.status == 200


# --- byte by byte

QUERY = b'{"queryText":"what does it cost?"}'
HOST, TOKEN = b"Host: bot", b"token: " + KEY.encode()
LAST = b"GET /healthz HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n"


def request(*headers: bytes, body: bytes = QUERY, line: bytes = b"POST /stream/query HTTP/1.1") -> bytes:
    return b"\r\n".join([line, *headers, b"", body])


def post(*headers: bytes, body: bytes = QUERY, line: bytes = b"POST /stream/query HTTP/1.1") -> bytes:
    return request(HOST, TOKEN, b"Content-Length: %d" % len(body), *headers, body=body, line=line)


def chunked(body: bytes) -> bytes:
    return request(HOST, TOKEN, b"Transfer-Encoding: chunked", body=body)


CHUNK = b"%x\r\n%b\r\n" % (len(QUERY), QUERY)
GOOD = post()


def check(reply: Reply, hung_up: bool) -> None:
    """Check that an answer is one: no fault of ours, whole, and JSON where it is an error."""
    assert reply.status < 500
    assert reply.whole or hung_up
    if reply.status >= 400:
        assert reply.content_type == "application/json"
        assert reply.json().keys() == {"code", "message", "field"}
        assert reply.json()["code"]
        assert reply.json()["message"]
    elif reply.content_type == "application/x-ndjson" and reply.whole:
        assert reply.packets()[-1]["answer"][0]["status"] == "done"


def check_all_is_well(url: str) -> None:
    answer, health = talk(url, GOOD + LAST).replies
    assert (answer.status, health.status) == (200, 200)
    assert answer.packets()[-1]["answer"][0]["status"] == "done"


MALFORMED = {
    "not HTTP": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": post(line=b"POST /stream/query HTTP/3.7"),
    "no host": request(TOKEN, b"Content-Length: 2", body=b"{}"),
    "no length": request(HOST, TOKEN),
    "negative length": request(HOST, TOKEN, b"Content-Length: -1"),
    "two lengths": post(b"Content-Length: 3"),
    "length and chunks": post(b"Transfer-Encoding: chunked"),
    "no number of a chunk": chunked(b"zz\r\n{}\r\n0\r\n\r\n"),
    "negative chunk": chunked(b"-1\r\n{}\r\n0\r\n\r\n"),
    "chunk without an end": chunked(CHUNK[:-2] + b"XX0\r\n\r\n"),
    "unknown encoding": post(b"Transfer-Encoding: nonsense"),
    "blank in a name": post(b"bad header: x"),
    "no colon": post(b"nonsense"),
    "control character": post(b"A: b\x01"),
    "folded": post(b"A: b\r\n c"),
    "long header": post(b"A: " + b"x" * 20_000),
    "many headers": post(*[b"A: b"] * 2000),
    "long address": post(line=b"POST /" + b"x" * 20_000 + b" HTTP/1.1"),
    "address of nothing": post(line=b"POST * HTTP/1.1"),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_request_is_refused_in_json(url: str, sent: bytes) -> None:
    first, *_ = talk(url, sent + LAST).replies
    assert first.status == 400
    check(first, hung_up=False)
    assert first.json()["code"] == "bad_request"
    check_all_is_well(url)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (post(b"Expect: nonsense"), 417, "bad_request"),
        (request(b"Host: \xff", TOKEN, b"Content-Length: 2", body=b"{}"), 400, "bad_request"),
        (request(b"Host: a b/c?", TOKEN, b"Content-Length: 2", body=b"{}"), 400, "bad_request"),
        (request(b"Host: a:b", TOKEN, b"Content-Length: 2", body=b"{}"), 400, "bad_request"),
        (chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (300_000, b"x" * 300_000)), 413, "too_large"),
        (post(line=b"POST /bots/%ff%00/stream/query HTTP/1.1"), 404, "unknown_bot"),
        (post(line=b"PATCH /stream/query HTTP/1.1"), 405, "method_not_allowed"),
        (post(b"Content-Encoding: gzip"), 415, "unsupported"),
    ],
)
def test_the_connection_goes_on_after_a_refused_request(url: str, sent: bytes, status: int, code: str) -> None:
    refused, health = talk(url, sent + LAST).replies
    assert (refused.status, refused.json()["code"], health.status) == (status, code, 200)
    check(refused, hung_up=False)


def test_a_body_that_is_announced_too_large_is_not_waited_for(url: str) -> None:
    refused = first_reply(url, request(HOST, TOKEN, b"Content-Length: 300000", b"Expect: 100-continue", body=b""))
    assert (refused.status, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "sent",
    [
        chunked(CHUNK + b"0\r\n\r\n"),
        chunked(CHUNK + b"0\r\nTrailer: x\r\n\r\n"),
        chunked(b"".join(b"1\r\n%b\r\n" % bytes([byte]) for byte in QUERY) + b"0\r\n\r\n"),
        post(b"Expect: 100-continue"),
        request(b"Host: [::1]:8080", TOKEN, b"Content-Length: 2", body=b"{}"),
        request(b"Host:", TOKEN, b"Content-Length: 2", body=b"{}"),
        # Java's HttpClient asks for HTTP/2 like this on every new connection.
        post(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk"),
        post(
            b"Content-Type: application/json; charset=nonsense", b"Accept: \xff;;,", b"Cookie: \xff=", b"Range: bytes=-"
        ),
        post(line=b"POST http://bot/stream/query?x=%ff HTTP/1.1"),
        post(line=b"POST /stream/query HTTP/1.0"),
    ],
)
def test_unusual_requests_are_answered(url: str, sent: bytes) -> None:
    first = first_reply(url, sent)
    assert first.status == 200
    check(first, hung_up=False)
    assert first.packets()[-1]["answer"][0]["status"] == "done"


def test_pipelined_queries_are_answered_in_order(url: str) -> None:
    ids = ["one", "two", "three"]
    bodies = [json.dumps({"queryText": "", "sessionId": name}).encode() for name in ids]
    *answers, health = talk(url, b"".join(post(body=body) for body in bodies) + LAST).replies
    assert [reply.packets()[0]["sessionId"] for reply in answers] == ids
    assert health.status == 200


def test_keys_in_broken_requests_are_not_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = b"token: my-secret-key"
    for broken in (secret + b"\x01", secret + b"x" * 20_000, b" " + secret):
        first, *_ = talk(url, post(broken)).replies
        assert first.status == 400
        assert b"my-secret" not in first.body
    assert "my-secret" not in caplog.text
    assert "not a request" in caplog.text


QUIET_S = 0.1
TEXTS = st.binary(max_size=12)
NUMBERS = st.integers(-2, 80).map(lambda number: b"%d" % number) | st.sampled_from([b"", b"0x10", b"1e3", b"9" * 30])

NAMES = [b"Accept", b"Authorization", b"Connection", b"Content-Encoding", b"Content-Type", b"Expect", b"If-None-Match"]
NAMES += [b"Cookie", b"Origin", b"Range", b"Referer", b"TE", b"Trailer", b"Upgrade", b"X", b"token"]
VALUES = [b"close", b"keep-alive", b"upgrade", b"websocket", b"100-continue", b"gzip", b"*/*", b"chunked", b"bytes=0-1"]
VISIBLE = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=12)
HEADER = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(VALUES) | VISIBLE.map(lambda text: text.encode("latin-1"))
).map(b": ".join)
ODD_HEADERS = st.lists(HEADER, max_size=3).map(lambda headers: post(*headers))

METHODS = [b"POST", b"GET", b"PUT", b"OPTIONS", b"CONNECT", b"TRACE", b"Q"]
PATHS = [b"/stream/query", b"/bots/appointment/stream/query", b"/bots//stream/query", b"*", b"//x", b"/%", b"/a b", b""]
PATHS += [b"/bots/%2e%2e/stream/query", b"/stream/query?a=%ff", b"/stream/query#", b"http://[/stream/query", b"/\xff"]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b""]
ODD_LINES = (
    st.tuples(*map(st.sampled_from, (METHODS, PATHS, VERSIONS))).map(b" ".join).map(lambda line: post(line=line))
)

ODD_BODIES = (st.binary(max_size=60) | st.sampled_from([b"null", b"[]", b'{"a":1e999}', b"\xef\xbb\xbf{}"])).map(
    lambda body: post(body=body)
)
CHUNKS = st.lists(st.tuples(NUMBERS | TEXTS | st.just(b"1"), TEXTS | st.just(b"{")).map(b"\r\n".join), max_size=3)
ODD_CHUNKS = CHUNKS.map(lambda chunks: chunked(b"\r\n".join([*chunks, b"0", b"", b""])))
ODD_LENGTHS = (NUMBERS | TEXTS).map(lambda length: request(HOST, TOKEN, b"Content-Length: " + length))
SPOILT = st.builds(
    lambda whole, start, length, put: whole[:start] + put + whole[start + length :],
    st.sampled_from([GOOD, chunked(CHUNK + b"0\r\n\r\n")]),
    st.integers(0, len(GOOD)),
    st.integers(0, 4),
    st.binary(max_size=4),
)
TRUNCATED = st.integers(1, len(GOOD) - 1).map(lambda length: GOOD[:length])
REQUESTS = ODD_HEADERS | ODD_LINES | ODD_BODIES | ODD_CHUNKS | ODD_LENGTHS | SPOILT | st.just(GOOD)


@given(st.lists(REQUESTS, min_size=1, max_size=3).map(b"".join), TRUNCATED | st.just(LAST))
@example(b"", GOOD[: -len(QUERY)])
@hypothesis_settings(max_examples=200, derandomize=True, database=None)
def test_bytes(url: str, sent: bytes, end: bytes) -> None:
    heard = talk(url, sent + end, QUIET_S)
    for reply in heard.replies:
        check(reply, heard.hung_up)
    check_all_is_well(url)
