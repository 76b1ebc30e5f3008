"""``/api/v1/calls`` for supervisors: who may, what is passed on, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from tests.server.running import HEADERS, EchoBrain, settings
from voicebot.campaigns.desk import Desk
from voicebot.errors import (
    CallLostError,
    CallStateError,
    NoRoomError,
    SupervisorLimitError,
    TransferError,
    UnknownCallError,
    UnknownSupervisorError,
    VoicebotError,
)
from voicebot.server import HostedBot, create_app, start_server
from voicebot.server.keys import CONTENT, SUPERVISE, KeyFile
from voicebot.server.openapi import openapi_document
from voicebot.server.supervision import add_supervision
from voicebot.storage.store import Storage
from voicebot.supervision.desk import Listening
from voicebot.supervision.modes import Mode, Then

DOCUMENT = openapi_document()
SUPERVISION = {
    **{"id": "5f3a9c01", "by": "k", "target": "sip:chief@pbx", "mode": "listen", "state": "ringing", "cause": ""},
    **{"sip_status": 0, "since": "2026-11-21T10:01:07.000+00:00"},
}


def up(call_id: str, bot: str) -> dict[str, Any]:
    return {
        **{"id": call_id, "line": bot, "bot": bot, "direction": "incoming", "caller": "139", "called": "8001"},
        **{"state": "talking", "since": "2026-11-21T10:00:00.250+00:00", "started_at": "2026-11-21T10:00:00.123+00:00"},
        **{"transfer": "", "supervisors": [SUPERVISION], "listeners": 0, "words": {"caller": "yes", "bot": "Sure?"}},
    }


class TwoCalls:
    """A call of the bot "echo" and one of "other"; notes what is wanted of them, or fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.failure: VoicebotError | None = None
        self.stream = asyncio.StreamReader()
        self.left = asyncio.Event()
        self._calls = {"a@pbx": up("a@pbx", "echo"), "b": up("b", "other")}

    async def calls(self) -> list[dict[str, Any]]:
        return list(self._calls.values())

    async def call(self, call_id: str) -> dict[str, Any]:
        if call_id not in self._calls:
            raise UnknownCallError("there is no call of that id")
        return self._calls[call_id]

    async def hang_up(self, *order: Any) -> dict[str, Any]:
        return await self._done("hang_up", order)

    async def say(self, *order: Any) -> dict[str, Any]:
        return await self._done("say", order)

    async def whisper(self, *order: Any) -> dict[str, Any]:
        return await self._done("whisper", order)

    async def transfer(self, *order: Any) -> dict[str, Any]:
        return await self._done("transfer", order)

    async def join(self, call_id: str, by: str, target: str, mode: Mode, then: Then | None) -> dict[str, Any]:
        await self._done("join", (call_id, by, target, mode, then))
        return SUPERVISION

    async def switch(self, call_id: str, by: str, supervisor: str, mode: Mode) -> dict[str, Any]:
        await self._done("switch", (call_id, by, supervisor, mode))
        return {**SUPERVISION, "mode": mode.value}

    async def dismiss(self, *order: Any) -> dict[str, Any]:
        return await self._done("dismiss", order)

    @contextlib.asynccontextmanager
    async def listen(self, *order: Any) -> AsyncIterator[Listening]:
        await self._done("listen", order)
        try:
            yield Listening(8000, self.stream)
        finally:
            self.left.set()

    async def _done(self, what: str, order: tuple[Any, ...]) -> dict[str, Any]:
        if self.failure is not None:
            raise self.failure
        self.asked.append((what, *order))
        return self._calls[order[0]]


class Served:
    def __init__(self, client: aiohttp.ClientSession, live: TwoCalls, file: KeyFile, storage: Storage) -> None:
        self.client, self.live, self.file, self.storage = client, live, file, storage

    def key(self, *rights: str, bots: tuple[str, ...] = ("*",)) -> dict[str, str]:
        return {"token": self.file.add(bots, rights=rights)}

    async def ask(self, key: dict[str, str], method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        async with self.client.request(method, f"/api/v1/calls{path}", headers=key, json=body) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None


@contextlib.asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    config, live = settings(folder), TwoCalls()
    async with contextlib.AsyncExitStack() as stack:
        storage = Storage(config)
        stack.callback(storage.close)
        app = create_app(config, [HostedBot("echo", EchoBrain(), "en")], desk=Desk(storage, config))
        add_supervision(app, live)
        server = await start_server(app, "127.0.0.1", 0)
        stack.push_async_callback(server.close)
        client = await stack.enter_async_context(aiohttp.ClientSession(server.url))
        yield Served(client, live, KeyFile.of(config), storage)


def fits(name: str, value: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


async def test_a_key_sees_the_calls_of_its_bots_and_words_only_with_the_right_to_them(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        _, listed = await one.ask(one.key(SUPERVISE), "GET")
        assert [(call["id"], call["words"]) for call in listed["calls"]] == [("a@pbx", None), ("b", None)]
        assert all(fits("LiveCall", call) for call in listed["calls"])
        reader = one.key(SUPERVISE, CONTENT, bots=("other",))
        _, listed = await one.ask(reader, "GET")
        assert [(call["id"], call["words"]["bot"]) for call in listed["calls"]] == [("b", "Sure?")]
        assert fits("LiveCall", listed["calls"][0])
        assert (await one.ask(reader, "GET", "/a@pbx/live"))[0] == 404
        assert (await one.ask(reader, "POST", "/a@pbx/hangup"))[0] == 404
        assert (await one.ask(reader, "GET", "/a@pbx/audio"))[0] == 404
        assert one.live.asked == []


async def test_rights_of_one_key_do_not_open_the_bots_of_another(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        both = {**one.key(SUPERVISE, bots=("other",)), "Authorization": f"Bearer {one.file.add(('echo',))}"}
        assert [call["id"] for call in (await one.ask(both, "GET"))[1]["calls"]] == ["b"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/a@pbx/live"),
        ("POST", "/a@pbx/say"),
        ("GET", "/a@pbx/audio"),
        ("DELETE", "/b/supervisors/x"),
    ],
)
async def test_a_key_without_the_right_may_nothing(tmp_path: Path, method: str, path: str) -> None:
    async with served(tmp_path) as one:
        status, error = await one.ask(HEADERS, method, path)
        assert (status, error["code"]) == (403, "forbidden")
        status, error = await one.ask({"token": "wrong"}, method, path)
        assert (status, error["code"]) == (401, "unauthorized")
        assert (await one.ask(HEADERS, "GET", "/a@pbx"))[0] == 404


async def test_the_configured_key_has_the_rights_of_the_settings(tmp_path: Path) -> None:
    config = settings(tmp_path, "http.api_key_rights=[supervise]")
    app = create_app(config, [HostedBot("echo", EchoBrain(), "en")])
    add_supervision(app, TwoCalls())
    server = await start_server(app, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(server.url) as client, client.get("/api/v1/calls", headers=HEADERS) as answer:
            assert answer.status == 200
    finally:
        await server.close()


async def test_orders_are_passed_on_with_the_id_of_the_key(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        key = one.key(SUPERVISE)
        by = one.file.read()[-1].id
        for path, body in [
            ("hangup", None),
            ("hangup", {"text": " Good bye. "}),
            ("say", {"text": "One moment.", "interrupt": False}),
            ("whisper", {"text": "ten percent"}),
            ("transfer", {"target": "1001", "mode": "bridge", "briefing": "A caller."}),
            ("transfer", {"target": "1001"}),
        ]:
            status, call = await one.ask(key, "POST", f"/a@pbx/{path}", body)
            assert (status, call["id"], call["words"]) == (202, "a@pbx", None)
        assert (await one.ask(key, "GET", "/a@pbx"))[1]["state"] == "talking"
        status, made = await one.ask(
            key, "POST", "/b/supervisors", {"target": "1001", "mode": "talk", "then": "hang_up"}
        )
        assert status == 202
        assert fits("Supervision", made)
        status, made = await one.ask(key, "PATCH", "/b/supervisors/5f3a9c01", {"mode": "take_over"})
        assert (status, made["mode"]) == (200, "take_over")
        assert (await one.ask(key, "DELETE", "/b/supervisors/5f3a9c01"))[0] == 204
        assert one.live.asked == [
            ("hang_up", "a@pbx", by, ""),
            ("hang_up", "a@pbx", by, "Good bye."),
            ("say", "a@pbx", by, "One moment.", False),
            ("whisper", "a@pbx", by, "ten percent"),
            ("transfer", "a@pbx", by, "1001", "bridge", "A caller."),
            ("transfer", "a@pbx", by, "1001", "", ""),
            ("join", "b", by, "1001", Mode.TALK, Then.HANG_UP),
            ("switch", "b", by, "5f3a9c01", Mode.TAKE_OVER),
            ("dismiss", "b", by, "5f3a9c01"),
        ]


async def test_a_call_that_was_ordered_is_found_by_its_order(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        key = one.key(SUPERVISE)
        _, ordered = await one.ask(key, "POST", "", {"number": "1001", "bot": "echo"})
        status, error = await one.ask(key, "GET", f"/{ordered['id']}/live")
        assert (status, error["code"]) == (404, "unknown_call")
        (waiting,) = one.storage.outgoing.claim_waiting(one.storage._now(), 9)
        one.storage.outgoing.placed(waiting, "a@pbx")
        assert (await one.ask(key, "GET", f"/{ordered['id']}/live"))[1]["id"] == "a@pbx"
        assert (await one.ask(key, "POST", f"/{ordered['id']}/hangup"))[0] == 202
        assert (await one.ask(key, "GET", f"/{ordered['id']}"))[1]["call_id"] == "a@pbx"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("say", {}, "text"),
        ("say", {"text": ""}, "text"),
        ("say", {"text": "x" * 1001}, "text"),
        ("hangup", {"txt": "bye"}, "txt"),
        ("transfer", {"target": "1001", "mode": "teleport"}, "mode"),
        ("supervisors", {"target": "1001", "mode": "shout"}, "mode"),
        ("supervisors", {"mode": "listen"}, "target"),
        ("supervisors", [], ""),
    ],
)
async def test_orders_that_make_no_sense(tmp_path: Path, path: str, body: Any, field: str) -> None:
    async with served(tmp_path) as one:
        status, error = await one.ask(one.key(SUPERVISE), "POST", f"/b/{path}", body)
        assert (status, error["code"], error["field"]) == (400, "protocol", field)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (UnknownSupervisorError, 404),
        (CallStateError, 409),
        (SupervisorLimitError, 409),
        (NoRoomError, 503),
        (CallLostError, 503),
        (TransferError, 400),
    ],
)
async def test_what_cannot_be_done_has_a_code(tmp_path: Path, failure: type[VoicebotError], status: int) -> None:
    async with served(tmp_path) as one:
        one.live.failure = failure("no")
        answered, error = await one.ask(one.key(SUPERVISE), "POST", "/b/supervisors", {"target": "1001"})
        assert (answered, error["code"], error["message"]) == (status, failure.code, "no")
        assert (await one.ask(one.key(SUPERVISE), "GET", "/b/audio"))[0] == status


async def test_sound_comes_until_the_call_is_over(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        async with one.client.get("/api/v1/calls/b/audio", headers=one.key(SUPERVISE)) as answer:
            head = await answer.content.readexactly(44)
            assert head[20:36] == bytes.fromhex("0100 0200 401f0000 007d0000 0400 1000")
            one.live.stream.feed_data(b"abcd" * 80)
            assert await answer.content.readexactly(320) == b"abcd" * 80
            one.live.stream.feed_eof()
            assert await answer.content.read() == b""
        await asyncio.wait_for(one.live.left.wait(), 5)


async def test_a_listener_who_leaves_is_let_go_of(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        answer = await one.client.get("/api/v1/calls/b/audio", headers=one.key(SUPERVISE))
        await answer.content.readexactly(44)
        answer.close()
        await asyncio.wait_for(one.live.left.wait(), 5)
