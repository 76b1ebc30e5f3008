"""A bot changes while calls are running."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.service.configured import config, line
from tests.service.peers import sipp
from tests.service.running import RunningService, heard, is_alive
from tests.service.script import Script

CHANGED = "bot office has changed"
pytestmark = [pytest.mark.audio, pytest.mark.timeout(120)]

BOT = """\
language: en
start: greeting
silence_s: 2
silence: {prompts: ["Still at VERSION."], limit: 20, goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  greeting:
    say: We open at VERSION.
    transitions: [{contains: [process], goto: process}, {any: true, goto: greeting}]
  process:
    skill: {call: process, save: process, on_error: bye}
    goto: told
  told: {say: "{{process}}", goto: greeting}
  bye: {say: Bye., instructions: {hangup: true}}
"""
SKILL = '''\
"""Who runs this."""

import os


def process() -> int:
    """Tell the process."""
    return os.getpid()
'''


@pytest.fixture(scope="module")
def bots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the bots."""
    folder = tmp_path_factory.mktemp("bots")
    (folder / "office" / "skills").mkdir(parents=True)
    (folder / "office" / "skills" / "process.py").write_text(SKILL)
    write(folder, "nine")
    return folder


@pytest.fixture(scope="module")
def reloading(bots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service whose bots change."""
    settings = config(
        lines=[line("office")], bots={"directory": str(bots), "default": "office"}, log={"level": "debug"}
    )
    running = RunningService(tmp_path_factory.mktemp("reloading"), settings)
    try:
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(20) == 0, running.log.text
    finally:
        running.destroy()


def write(folder: Path, version: str, text: str = BOT) -> None:
    """Write the bot, whole or not at all, as editors do."""
    new = folder / "office" / "bot.yaml.tmp"
    new.write_text(text.replace("VERSION", version), encoding="utf-8")
    new.replace(folder / "office" / "bot.yaml")


@contextlib.contextmanager
def another(line: str, service: RunningService, times: int = 1) -> Iterator[None]:
    """Wait until the log has some more lines of a kind than before the block."""
    count = len([one for one in service.log.lines if re.search(line, one)])
    yield
    service.log.wait_for(line, count=count + times)


class Asking:
    """One conversation over HTTP."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._session_id = ""

    async def say(self, text: str) -> str:
        """Return the answer."""
        async with (
            aiohttp.ClientSession(headers={"token": self._service.key}, raise_for_status=True) as client,
            client.post(
                f"{self._service.url}/stream/query", json={"queryText": text, "sessionId": self._session_id}
            ) as response,
        ):
            packets = [json.loads(one) for one in (await response.text()).splitlines() if one.startswith("{")]
        self._session_id = packets[0]["sessionId"]
        return "".join(packet["answer"][0]["reply"]["text"] for packet in packets).strip()


async def test_running_conversations_end_on_the_version_they_began_with(reloading: RunningService, bots: Path) -> None:
    old = Asking(reloading)
    assert await old.say("") == "We open at nine."
    answer = await old.say("process")
    pid = int(answer.split(" ")[0])
    with another("sentences of the bots are rendered", reloading), another(CHANGED, reloading):
        write(bots, "ten")
    new = Asking(reloading)
    assert await new.say("") == "We open at ten."
    assert await old.say("and when") == "We open at nine."
    assert is_alive(pid), "the skills of the old version work as long as it talks"
    assert (await old.say("process")).endswith("We open at nine.")
    assert await new.say("and when") == "We open at ten."


async def test_a_call_in_progress_keeps_its_text_while_a_new_one_hears_the_new(
    reloading: RunningService, bots: Path
) -> None:
    with another(CHANGED, reloading):
        write(bots, "two")

    def calling(name: str) -> Script:
        return Script(name, "office").rings().is_answered().waits_for_cue().hangs_up()

    async with contextlib.AsyncExitStack() as calls:
        with another(" turn 1 at", reloading):
            early = await calls.enter_async_context(sipp(calling("early"), reloading.sip_port))
        with another(CHANGED, reloading):
            write(bots, "three")
        with another(": silence", reloading, times=4):
            late = await calls.enter_async_context(sipp(calling("late"), reloading.sip_port))
        for caller in (early, late):
            caller.cue()
            await caller.succeeds()
    told = {name: [text for text, _ in heard(await reloading.record(name))] for name in ("early", "late")}
    assert told["early"][:2] == ["We open at two.", "Still at two."]
    assert told["late"][:2] == ["We open at three.", "Still at three."]
    assert not any("three" in text for text in told["early"])


async def test_a_bot_that_is_wrong_changes_nothing(reloading: RunningService, bots: Path) -> None:
    write(bots, "eleven", BOT.replace("goto: bye}\nfallback", "goto: nowhere}\nfallback"))
    reloading.log.wait_for(r"bot office is not taken over: .*office/bot\.yaml:4: silence\.goto: .*'nowhere'")
    assert "eleven" not in await Asking(reloading).say("")
    with another(CHANGED, reloading):
        write(bots, "twelve")
    assert await Asking(reloading).say("") == "We open at twelve."


async def test_a_signal_loads_all_bots_anew(reloading: RunningService, bots: Path) -> None:
    with another(CHANGED, reloading):
        os.kill(reloading.process.pid, signal.SIGHUP)


async def test_a_new_bot_answers_without_a_restart(reloading: RunningService, bots: Path) -> None:
    (bots / "branch").mkdir()
    (bots / "branch" / "bot.yaml").write_text(BOT.replace("VERSION", "noon").replace("skill:", "# skill:"))
    reloading.log.wait_for(r"bot branch has changed")
    async with (
        aiohttp.ClientSession(headers={"token": reloading.key}, raise_for_status=True) as client,
        client.post(f"{reloading.url}/bots/branch/stream/query", json={"queryText": ""}) as response,
    ):
        assert "We open at noon." in await response.text()
