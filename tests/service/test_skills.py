"""Skills in the running service."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.service.running import RunningService, is_alive, until

pytestmark = [pytest.mark.audio, pytest.mark.timeout(120)]

SKILL_PROCESS = "voicebot.skills.worker"
Say = Callable[[str], Awaitable[str]]


def caller(service: RunningService) -> Say:
    session_id = ""

    async def say(text: str) -> str:
        nonlocal session_id
        async with (
            aiohttp.ClientSession(headers={"token": service.key}, raise_for_status=True) as client,
            client.post(
                f"{service.url}/bots/shop/stream/query", json={"queryText": text, "sessionId": session_id}
            ) as response,
        ):
            packets = [json.loads(line) for line in (await response.text()).splitlines() if line.startswith("{")]
        session_id = packets[0]["sessionId"]
        return "".join(packet["answer"][0]["reply"]["text"] for packet in packets).strip()

    return say


async def test_a_skill_works_in_a_folder_and_a_process_of_its_own(service: RunningService) -> None:
    say = caller(service)
    assert await say("") == "Which stock number?"
    answer = await say("4711")
    found = re.fullmatch(r"Let me count\. We have 2, says process (\d+)\. Which stock number\?", answer)
    assert found is not None, answer
    assert service.processes[int(found[1])] == SKILL_PROCESS
    assert (await say("4711")).startswith("Let me count. We have 1,")
    assert await say("4711") == "Let me count. We have none left. Which stock number?"
    assert (service.data / "skills" / "shop" / "4711.txt").read_text() == "0"


async def test_a_skill_that_crashes_costs_only_itself(service: RunningService) -> None:
    say = caller(service)
    await say("")
    before = {pid for pid, name in service.processes.items() if name == SKILL_PROCESS}
    assert await say("13") == "Let me count. I cannot count now. Which stock number?"
    assert (await say("5")).startswith("Let me count. We have 2,")
    await until(lambda: not all(is_alive(pid) for pid in before), "the end of the process that crashed")
