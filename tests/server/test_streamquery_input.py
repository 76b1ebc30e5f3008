"""Everything that clients send wrongly: 4xx with a code, a message and the field, and a connection in good order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import HEADERS, KEY, EchoBrain, serving, settings
from tests.server.scripted import ScriptedBrain, done, say
from voicebot.protocol import Chunk
from voicebot.server import HostedBot, body

HEAD = f"POST /stream/query HTTP/1.1\r\nHost: x\r\ntoken: {KEY}\r\n"
GOOD = b'{"queryText":"good","sessionId":"good"}'


def echo() -> list[HostedBot]:
    return [HostedBot("echo", EchoBrain(), "en")]


class Wire:
    """One connection to a server, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    def send(self, body: bytes, headers: str = "") -> None:
        length = f"Content-Length: {len(body)}\r\n"
        self.writer.write(f"{HEAD}{headers}{length}\r\n".encode() + body)

    async def receive(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the next response."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "content-length" in headers:
            return int(status.split()[1]), headers, await self._reader.readexactly(int(headers["content-length"]))
        data = b""
        while size := int(await self._reader.readline(), 16):
            data += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return int(status.split()[1]), headers, data

    async def refused(self) -> tuple[int, str, str]:
        """Return status, code and field of the next response, which is an error."""
        status, headers, data = await self.receive()
        told = json.loads(data)
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert told.keys() == {"code", "message", "field"}
        assert told["message"]
        return status, told["code"], told["field"]

    async def works(self) -> bool:
        """Tell whether the connection still takes a query."""
        self.send(GOOD)
        status, _, data = await self.receive()
        return status == 200 and b'"done"' in data

    async def is_closed(self) -> bool:
        return await self._reader.read() == b""


@asynccontextmanager
async def wire(tmp_path: Path, *overrides: str) -> AsyncIterator[Wire]:
    async with serving(settings(tmp_path, *overrides), echo()) as (server, _):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()


WRONG_TYPES: list[tuple[str, list[Any]]] = [
    ("queryText", [1, 1.5, True, [], {}, ["x"]]),
    ("sessionId", [1, False, [], {}, "x" * 257, "a\nb", "\0", "a\u200bb", "\ud800", "?\udfff"]),
    ("variables", ["x", 1, True, [], ["a"]]),
    ("silence", ["true", 1, 0, [], {}, "yes"]),
    ("silenceType", ["1", 2, -1, 1.5, True, [], {}, 1e308, 10**30, -(10**400)]),
]


@pytest.mark.parametrize(
    ("field", "value"), [pytest.param(name, value, id=name) for name, values in WRONG_TYPES for value in values]
)
async def test_wrong_values_name_their_field(tmp_path: Path, field: str, value: object) -> None:
    async with wire(tmp_path) as connection:
        connection.send(json.dumps({field: value}).encode())
        assert await connection.refused() == (400, "protocol", field)
        assert await connection.works()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b"{",
        b'{"queryText":}',
        b"{'queryText': 'x'}",
        b'{"queryText":"x"}{}',
        b'{"queryText":"\xff"}',
        b'{"queryText":"\xed\xa0\x80"}',  # a surrogate as UTF-8
        b'\xef\xbb\xbf{"queryText":"x"}',  # a byte order mark
        '{"queryText":"x"}'.encode("utf-16"),
        b'{"variables":{"a":NaN}}',
        b'{"variables":{"a":Infinity}}',
        b'{"variables":{"a":' + b"9" * 5000 + b"}}",
        b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
        b"[" * 100_000,
        b'{"queryText":"line\nbreak"}',
        b"--boundary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--boundary--",
        b"queryText=x",
    ],
)
async def test_what_is_not_a_json_object(tmp_path: Path, sent: bytes) -> None:
    async with wire(tmp_path) as connection:
        connection.send(sent)
        assert await connection.refused() == (400, "protocol", "")
        assert await connection.works()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b'{"queryText":"x","queryText":"y"}', "y"),  # the last one counts, as everywhere in Python
        (b'{"queryText":"a\\ud800b"}', "a?b"),
        (b'{"queryText":"\\ud83d\\ude00"}', "\U0001f600"),
        (b'{"queryText":"x","deep":' + b"[" * 500 + b"]" * 500 + b"}", "x"),
        (b'{"queryText":"x","silence":null,"variables":null,"silenceType":null}', "x"),
        (b'{"queryText":"x","silenceType":1.0}', "x"),
        (b'\r\n {"queryText":"x"} \r\n', "x"),
    ],
)
async def test_odd_but_right(tmp_path: Path, sent: bytes, said: str) -> None:
    async with wire(tmp_path) as connection:
        connection.send(sent)
        status, _, data = await connection.receive()
        assert status == 200
        assert json.loads(data.splitlines()[0])["answer"][0]["reply"]["text"] == said


async def test_numbers_among_the_variables_keep_all_their_digits(tmp_path: Path) -> None:
    brain = ScriptedBrain([done()])
    sent = b'{"variables":{"order":123456789012345678901234567890,"price":3.50,"\\ud800":"\\udfff"}}'
    async with serving(settings(tmp_path), [HostedBot("echo", brain, "en")]) as (_, client):
        assert (await client.post("/stream/query", data=sent, headers=HEADERS)).status == 200
    assert brain.queries[0].variables == {"order": "123456789012345678901234567890", "price": "3.5", "?": "?"}


@pytest.mark.parametrize(
    "session_id", ["a", "x" * 256, " with blanks ", "会话 1", "3_f7de7ec487694bc7bf2f64cf309cbd8d", "?"]
)
async def test_the_client_s_own_session_id_comes_back_as_it_is(tmp_path: Path, session_id: str) -> None:
    script = [Chunk("", "q", 0, True)]
    async with serving(settings(tmp_path), [HostedBot("echo", ScriptedBrain(script), "en")]) as (_, client):
        answer = await client.post("/stream/query", json={"sessionId": session_id}, headers=HEADERS)
        assert (await answer.json(content_type=None))["sessionId"] == session_id


@pytest.mark.parametrize("session_id", ["", "  ", None])
async def test_no_session_id_makes_one(tmp_path: Path, session_id: str | None) -> None:
    script = [Chunk("", "q", 0, True)]
    async with serving(settings(tmp_path), [HostedBot("echo", ScriptedBrain(script), "en")]) as (_, client):
        answer = await client.post("/stream/query", json={"sessionId": session_id}, headers=HEADERS)
        assert (await answer.json(content_type=None))["sessionId"].startswith("3_")


# --- bodies


async def test_a_body_in_chunks(tmp_path: Path) -> None:
    async with wire(tmp_path, "http.max_body_bytes=1024") as connection:
        head = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()
        pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (GOOD[:5], GOOD[5:]))
        connection.writer.write(head + pieces + b"0\r\n\r\n")
        assert (await connection.receive())[0] == 200
        too_much = b"400\r\n" + b"x" * 1024 + b"\r\n"
        connection.writer.write(head + too_much + too_much + b"0\r\n\r\n")
        assert await connection.refused() == (413, "too_large", "")
        assert await connection.works()
        connection.writer.write(head + b"zz\r\n")
        assert await connection.refused() == (400, "bad_request", "")
        assert await connection.is_closed()


async def test_a_body_that_is_announced_too_large(tmp_path: Path) -> None:
    async with wire(tmp_path, "http.max_body_bytes=1024") as connection:
        connection.writer.write(f"{HEAD}Content-Length: 1025\r\n\r\n".encode())
        assert await connection.refused() == (413, "too_large", "")
        assert await connection.is_closed()


async def test_a_body_of_the_largest_size(tmp_path: Path) -> None:
    async with wire(tmp_path, "http.max_body_bytes=1024") as connection:
        connection.send(GOOD.ljust(1024))
        assert (await connection.receive())[0] == 200


async def test_a_body_that_does_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_TIMEOUT_S", 0.05)
    async with wire(tmp_path) as connection:
        connection.writer.write(f'{HEAD}Content-Length: 100\r\n\r\n{{"queryText"'.encode())
        assert await connection.refused() == (408, "timeout", "")
        assert await connection.is_closed()


async def test_a_client_that_leaves_in_the_middle_of_its_body(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(settings(tmp_path), echo()) as (server, client):
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(f'{HEAD}Content-Length: 100\r\n\r\n{{"queryText"'.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await client.post("/stream/query", data=GOOD, headers=HEADERS)).status == 200
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


# --- connections


@pytest.mark.parametrize(
    ("path", "method", "key", "headers", "expected"),
    [
        ("/stream/query", "POST", "wrong", "", (401, "unauthorized", "")),
        ("/bots/none/stream/query", "POST", KEY, "", (404, "unknown_bot", "bot")),
        ("/nowhere", "POST", KEY, "", (404, "not_found", "")),
        ("/stream/query", "GET", KEY, "", (405, "method_not_allowed", "")),
        ("/stream/query", "POST", KEY, "Content-Encoding: gzip\r\n", (415, "unsupported", "Content-Encoding")),
    ],
)
async def test_a_connection_goes_on_after_an_error(
    tmp_path: Path, path: str, method: str, key: str, headers: str, expected: tuple[int, str, str]
) -> None:
    async with wire(tmp_path) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\ntoken: {key}\r\n{headers}Content-Length: {len(GOOD)}\r\n\r\n"
        connection.writer.write(head.encode() + GOOD)
        assert await connection.refused() == expected
        assert await connection.works()


async def test_queries_in_one_piece_are_answered_one_after_the_other(tmp_path: Path) -> None:
    async with wire(tmp_path) as connection:
        bodies = [b'{"queryText":"a"}', b"not json", b'{"queryText":"b","sessionId":7}', b'{"queryText":"c"}']
        for sent in bodies:
            connection.send(sent)
        assert b'"text":"a"' in (await connection.receive())[2]
        assert await connection.refused() == (400, "protocol", "")
        assert await connection.refused() == (400, "protocol", "sessionId")
        assert b'"text":"c"' in (await connection.receive())[2]


async def test_an_answer_leaves_the_connection_usable(tmp_path: Path) -> None:
    async with wire(tmp_path) as connection:
        for _ in range(3):
            assert await connection.works()


async def test_http_1_0(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), [HostedBot("echo", ScriptedBrain([say("a"), done()]), "en")]) as (server, _):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(f"POST /stream/query HTTP/1.0\r\ntoken: {KEY}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        data = await reader.read()
        writer.close()
    assert data.startswith(b"HTTP/1.0 200 ")
    assert b'"done"' in data
