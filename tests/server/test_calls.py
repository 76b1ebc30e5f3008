"""``/api/v1``: outgoing calls and campaigns over HTTP."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from tests.server.running import HEADERS, EchoBrain, settings
from voicebot.campaigns.desk import Desk
from voicebot.server import HostedBot, create_app, start_server
from voicebot.server.keys import KeyFile
from voicebot.server.openapi import openapi_document
from voicebot.storage.blacklist import BlacklistEvent
from voicebot.storage.store import Storage

PLAN = {"bot": "echo", "hours": {"timezone": "Asia/Shanghai"}}
DOCUMENT = openapi_document()
WHERE = "/api/v1/campaigns/autumn"


class Served:
    """A server with a desk, and how often the driver was woken."""

    def __init__(self, client: aiohttp.ClientSession, storage: Storage) -> None:
        self.client = client
        self.storage = storage
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {**HEADERS, **more.pop("headers", {})}
        async with self.client.request(method, path, headers=headers, **more) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else answer


@contextlib.asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    config = settings(folder, "dialling.max_import_mib=1")
    storage = Storage(config)
    bots = [HostedBot("echo", EchoBrain(), "en"), HostedBot("other", EchoBrain(), "en")]
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(storage.close)
        made: list[Served] = []
        app = create_app(config, bots, desk=Desk(storage, config), wake_driver=lambda: made[0].wake())
        server = await start_server(app, "127.0.0.1", 0)
        stack.push_async_callback(server.close)
        client = await stack.enter_async_context(aiohttp.ClientSession(server.url))
        made.append(Served(client, storage))
        yield made[0]


def fits(name: str, value: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


async def test_a_call_is_ordered_and_found(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        order = {"number": "138 0013 8000", "bot": "echo", "variables": {"name": "Ann"}, "caller_number": "01088886666"}
        status, call = await one.ask("POST", "/api/v1/calls", json=order)
        assert status == 202
        assert fits("Call", call)
        assert (call["number"], call["state"], call["caller_number"]) == ("+8613800138000", "waiting", "01088886666")
        assert await one.ask("GET", f"/api/v1/calls/{call['id']}") == (200, call)
        assert one.woken == 1
        kept = one.storage.outgoing.find(call["id"])
        assert kept is not None
        assert kept.variables == {"name": "Ann"}


@pytest.mark.parametrize(
    ("order", "status", "code", "field"),
    [
        ({"number": "1380013800", "bot": "echo"}, 400, "invalid_number", "number"),
        ({"number": "13900139000", "bot": "echo"}, 403, "blacklisted", "number"),
        ({"number": "1001", "bot": "nobody"}, 404, "unknown_bot", "bot"),
        ({"number": "1001"}, 400, "protocol", "bot"),
        ({"number": 1001, "bot": "echo"}, 400, "protocol", "number"),
        ({"number": "1001", "bot": "echo", "variables": {"a": 1}}, 400, "protocol", "variables.a"),
        ({"number": "1001", "bot": "echo", "caller_number": "me;you"}, 400, "protocol", "caller_number"),
        ({"number": "1001", "bot": "echo", "variables": {"a": "x" * 2001}}, 400, "campaign", ""),
        ([], 400, "protocol", ""),
    ],
)
async def test_orders_that_are_refused(tmp_path: Path, order: Any, status: int, code: str, field: str) -> None:
    async with served(tmp_path) as one:
        one.storage.blacklist.apply(BlacklistEvent("013900139000", "add"))
        answered, error = await one.ask("POST", "/api/v1/calls", json=order)
        assert (answered, error["code"], error["field"]) == (status, code, field)
        assert one.storage.outgoing.claim_waiting(one.storage._now(), 9) == []


async def test_an_id_of_the_client_s_own(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        order = {"number": "1001", "bot": "echo", "id": "mine"}
        first, again = [await one.ask("POST", "/api/v1/calls", json=order) for _ in range(2)]
        assert first == again
        status, error = await one.ask("POST", "/api/v1/calls", json={**order, "number": "1002"})
        assert (status, error["code"]) == (409, "conflict")


async def test_a_campaign_over_http(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        status, made = await one.ask("PUT", WHERE, json=PLAN)
        assert (status, made["state"], made["plan"]["bot"]) == (200, "ready", "echo")
        assert fits("Campaign", made)
        rows = "号码,name\n13800138000,Ann\n12,x\n".encode()
        status, report = await one.ask("POST", f"{WHERE}/numbers?file=list.csv", data=rows)
        assert (status, report["rows"], report["imported"]) == (200, 2, 1)
        assert [(bad["line"], bad["code"]) for bad in report["bad"]] == [(3, "invalid_number")]
        for command, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
            status, shown = await one.ask("POST", f"{WHERE}/{command}")
            assert (status, shown["state"]) == (200, state)
        status, error = await one.ask("POST", f"{WHERE}/resume")
        assert (status, error["code"]) == (409, "campaign_state")
        status, listed = await one.ask("GET", "/api/v1/campaigns")
        assert [(shown["name"], shown["numbers"]) for shown in listed["campaigns"]] == [("autumn", 1)]
        async with one.client.get(f"{WHERE}/results", headers=HEADERS) as answer:
            assert (answer.status, answer.content_type) == (200, "text/csv")
            assert (await answer.text()).splitlines()[1].startswith("+8613800138000,waiting,")


async def test_what_is_wrong_with_a_campaign(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        plan = {**PLAN, "hours": {"timezone": "Peking"}}
        status, error = await one.ask("PUT", WHERE, json=plan)
        assert (status, error["code"], error["field"]) == (400, "campaign_plan", "hours.timezone")
        assert (await one.ask("PUT", WHERE, json={**PLAN, "bot": "nobody"}))[0] == 404
        assert (await one.ask("GET", WHERE))[0] == 404
        await one.ask("PUT", WHERE, json=PLAN)
        status, error = await one.ask("POST", f"{WHERE}/numbers", data=b"\0\1")
        assert (status, error["code"]) == (400, "campaign_sheet")
        huge = b"number\n" + b"1" * (2 * 2**20)
        assert (await one.ask("POST", f"{WHERE}/numbers", data=io.BytesIO(huge)))[0] == 413


async def test_a_key_for_another_bot_sees_nothing(tmp_path: Path) -> None:
    key = KeyFile.of(settings(tmp_path)).add(["other"])
    async with served(tmp_path) as one:
        await one.ask("PUT", WHERE, json=PLAN)
        _, call = await one.ask("POST", "/api/v1/calls", json={"number": "1001", "bot": "echo"})
        other = {"token": key}
        assert (await one.ask("GET", WHERE, headers=other))[0] == 404
        assert (await one.ask("GET", f"/api/v1/calls/{call['id']}", headers=other))[0] == 404
        assert (await one.ask("PUT", WHERE, headers=other, json={**PLAN, "bot": "other"}))[0] == 404
        assert (await one.ask("GET", "/api/v1/campaigns", headers=other))[1] == {"campaigns": []}
        order = {"number": "1001", "bot": "echo"}
        assert (await one.ask("POST", "/api/v1/calls", headers=other, json=order))[0] == 401
        assert (await one.ask("GET", "/api/v1/campaigns", headers={"token": "wrong"}))[0] == 401
