"""``/api/v1/blacklist``: who may see and change what, and what it tells."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.server.test_calls import PLAN, Served, fits, served
from voicebot.server.keys import KeyFile
from voicebot.storage.spool import Order

LIST = "/api/v1/blacklist"
NUMBER = "13800138000"
CAMPAIGN = "autumn"


async def of_one_bot(one: Served, folder: Path, bot: str = "echo") -> dict[str, str]:
    """Make a key for one bot, and a campaign of echo's."""
    key = await asyncio.to_thread(lambda: KeyFile(folder / "keys.json").add([bot]))
    assert (await one.ask("PUT", f"/api/v1/campaigns/{CAMPAIGN}", json=PLAN))[0] == 200
    return {"token": key}


async def entries(one: Served, **query: Any) -> list[dict[str, Any]]:
    status, shown = await one.ask("GET", LIST, params=query)
    assert status == 200, shown
    assert all(fits("BlacklistEntry", entry) for entry in shown["entries"])
    listed: list[dict[str, Any]] = shown["entries"]
    return listed


async def history(one: Served, **query: Any) -> list[dict[str, Any]]:
    status, shown = await one.ask("GET", f"{LIST}/history", params=query)
    assert status == 200, shown
    assert all(fits("BlacklistEvent", event) for event in shown["events"])
    told: list[dict[str, Any]] = shown["events"]
    return told


async def test_a_number_comes_on_the_list_and_off_it_again(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        until = "2090-01-01T08:00:00+08:00"
        body = {"number": "+86 138-0013-8000", "reason": "wrote a letter", "expires_at": until}
        status, entry = await one.ask("POST", LIST, json=body)
        assert status == 201
        assert (entry["number"], entry["source"], entry["expires_at"]) == (NUMBER, "api", "2090-01-01T00:00:00Z")
        assert (await one.ask("POST", LIST, json={"number": NUMBER, "reason": "called"}))[0] == 200
        (entry,) = await entries(one, number="013800138000")
        assert (entry["reason"], entry["expires_at"]) == ("called", None)
        assert (await one.ask("POST", "/api/v1/calls", json={"number": NUMBER, "bot": "echo"}))[0] == 403
        assert (await one.ask("DELETE", LIST, params={"number": NUMBER, "reason": "asked back"}))[0] == 204
        assert await entries(one, number=NUMBER) == []
        assert (await one.ask("POST", "/api/v1/calls", json={"number": NUMBER, "bot": "echo"}))[0] == 202
        told = await history(one, number=NUMBER)
        assert [event["action"] for event in told] == ["add", "add", "refused", "remove"]
        assert told[0]["actor"].startswith("key ")
        status, error = await one.ask("DELETE", LIST, params={"number": NUMBER})
        assert (status, error["code"]) == (404, "not_found")


async def test_the_list_and_its_history_come_in_parts(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        for number in range(5):
            await one.ask("POST", LIST, json={"number": f"1380013800{number}"})
        found, after, parts = [], 0, 0
        while True:
            _, shown = await one.ask("GET", LIST, params={"limit": 2, "after": after})
            found += [entry["number"][-1] for entry in shown["entries"]]
            after, parts = shown["next"], parts + 1
            if not after:
                break
        assert (found, parts) == (["0", "1", "2", "3", "4"], 3)
        latest = await history(one, limit=3)
        assert len(latest) == 3
        assert await history(one, before="2020-01-01T00:00:00Z") == []
        assert len(await history(one)) == 5


async def test_what_bots_have_ordered_a_moment_ago_is_there(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        one.storage.spool.write(Order("system_blacklist_event", {}, party=NUMBER, call_id="c1", reason="bot echo"))
        (entry,) = await entries(one)
        assert (entry["number"], entry["source"], entry["call_id"]) == (NUMBER, "call", "c1")


async def test_a_key_of_one_bot_has_the_lists_of_its_campaigns_and_no_others(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        key, stranger = await of_one_bot(one, tmp_path), {"token": KeyFile(tmp_path / "keys.json").add(["other"])}
        await one.ask("POST", LIST, json={"number": "13900139000"})
        own = {"number": NUMBER, "campaign": CAMPAIGN}
        assert (await one.ask("POST", LIST, json=own, headers=key))[0] == 201
        for path in (LIST, f"{LIST}/history"):
            assert (await one.ask("GET", path, headers=key))[0] == 401
            status, shown = await one.ask("GET", path, params={"campaign": CAMPAIGN}, headers=key)
            assert status == 200
            assert [item["number"] for item in shown.get("entries", shown.get("events"))] == [NUMBER]
            assert (await one.ask("GET", path, params={"campaign": CAMPAIGN}, headers=stranger))[0] == 404
        assert (await one.ask("POST", LIST, json={"number": NUMBER}, headers=key))[0] == 401
        assert (await one.ask("DELETE", LIST, params={"number": "13900139000"}, headers=key))[0] == 401
        assert (await one.ask("POST", f"{LIST}/import", data=b"number\n1", headers=key))[0] == 401
        # Whether its campaign may dial a number, it may ask; entries for everybody count.
        status, shown = await one.ask("GET", LIST, params={"number": "13900139000", "campaign": CAMPAIGN}, headers=key)
        assert (status, len(shown["entries"])) == (200, 1)
        assert (await one.ask("DELETE", LIST, params=own, headers=key))[0] == 204
        assert [entry["number"] for entry in await entries(one)] == ["13900139000"]


async def test_a_file_of_numbers(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        await of_one_bot(one, tmp_path)
        content = "手机号\n13800138000\nnobody\n13800138000\n13900139000\n".encode("gb18030")
        query = {"campaign": CAMPAIGN, "expires_at": "2090-01-01T00:00:00Z", "file": "register.csv"}
        status, report = await one.ask("POST", f"{LIST}/import", params=query, data=content)
        assert (status, report["rows"], report["imported"]) == (200, 4, 2)
        assert [(row["line"], row["code"]) for row in report["bad"]] == [(3, "invalid_number"), (4, "duplicate")]
        listed = await entries(one, campaign=CAMPAIGN)
        assert {entry["number"] for entry in listed} == {NUMBER, "13900139000"}
        assert {(entry["source"], entry["reason"], entry["campaign"]) for entry in listed} == {
            ("import", "register.csv", CAMPAIGN)
        }
        status, error = await one.ask("POST", f"{LIST}/import", data=b"\0")
        assert (status, error["code"]) == (400, "campaign_sheet")


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("POST", LIST, {"json": {"number": "anonymous"}}, 400, "invalid_number"),
        ("POST", LIST, {"json": {"number": "1380013800"}}, 400, "invalid_number"),
        ("GET", LIST, {"params": {"number": "1380013800O"}}, 400, "invalid_number"),
        ("POST", LIST, {"json": {"number": NUMBER, "expires_at": "2020-01-01T00:00:00Z"}}, 400, "bad_request"),
        ("POST", LIST, {"json": {"number": NUMBER, "expires_at": "2090-01-01T00:00:00"}}, 400, "protocol"),
        ("POST", LIST, {"json": {"number": NUMBER, "campaign": "none"}}, 404, "unknown_campaign"),
        ("POST", LIST, {"json": {"number": NUMBER, "until": "x"}}, 400, "protocol"),
        ("DELETE", LIST, {}, 400, "invalid_number"),
        ("GET", LIST, {"params": {"limit": "many"}}, 400, "bad_request"),
        ("GET", LIST, {"params": {"limit": "1001"}}, 400, "bad_request"),
        ("GET", f"{LIST}/history", {"params": {"before": "yesterday"}}, 400, "bad_request"),
        ("GET", LIST, {"headers": {"token": "wrong"}}, 401, "unauthorized"),
    ],
)
async def test_what_is_refused(
    tmp_path: Path, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    async with served(tmp_path) as one:
        answered, error = await one.ask(method, path, **more)
        assert (answered, error["code"]) == (status, code)
        assert await entries(one) == []


async def test_an_entry_ends_by_itself(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        soon = datetime.now(timezone.utc) + timedelta(hours=1)
        await one.ask("POST", LIST, json={"number": NUMBER, "expires_at": soon.isoformat()})
        one.storage._now = lambda: soon
        assert await entries(one, number=NUMBER) == []
