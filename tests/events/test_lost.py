"""Calls whose process dies: their end is told, once, and that of no other call."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from voicebot.events.desk import OPEN, EventDesk
from voicebot.events.event import ANSWERED, ENDED, STARTED, CallEvent
from voicebot.events.lost import LostCalls
from voicebot.events.open import DIED, OpenCalls
from voicebot.events.queue import EventQueue
from voicebot.settings.events import EventSettings

WHOM = {"line": "shop", "caller": "139", "called": "8001", "direction": "outgoing"}
SETTINGS = EventSettings.model_validate(
    {
        "webhooks": [
            {"name": "crm", "url": "http://a/", "secret": "x"},
            {"name": "starts", "url": "http://b/", "secret": "x", "events": [STARTED]},
        ]
    }
)
WORKER = """
import sys
from pathlib import Path
from voicebot.events.desk import EventDesk
from voicebot.events.event import ANSWERED, ENDED, STARTED
desk = EventDesk([], Path(sys.argv[1]), lambda what, values: None)
whom = {"line": "shop", "caller": "139", "called": "8001", "direction": "incoming"}
for call in ("up@b", "rings@b", "over@b"):
    desk.tell(STARTED, call, whom)
desk.tell(ANSWERED, "up@b", {})
desk.tell(ENDED, "over@b", {"mos": 4.0})
print("ready", flush=True)
sys.stdin.read()
"""


def quiet(_what: str, _values: dict[str, Any]) -> None:
    """Tell nobody."""


async def settled(folder: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    await LostCalls(SETTINGS.webhooks, folder, told.append).settle()
    return told


def waiting(folder: Path, name: str) -> list[CallEvent]:
    return [item.event for item in EventQueue(folder / name).waiting()]


def test_the_death_of_a_process_ends_its_calls(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        assert asyncio.run(settled(tmp_path)) == []
    finally:
        worker.kill()
        worker.communicate()
    told = asyncio.run(settled(tmp_path))
    found = {event["callId"]: event["data"] for event in told}
    assert {call: data["answered"] for call, data in found.items()} == {"up@b": True, "rings@b": False}
    up = found["up@b"]
    assert (up["caller"], up["called"], up["line"], up["direction"]) == ("139", "8001", "shop", "incoming")
    assert (up["hangupSide"], up["hangupCause"], up["sipStatus"], up["sipReason"]) == ("line", "failed", 0, DIED)
    assert (up["talkMs"], up["mos"]) == (0, None)
    assert {event.id for event in waiting(tmp_path, "crm")} == {event["id"] for event in told}
    assert waiting(tmp_path, "starts") == []
    assert asyncio.run(settled(tmp_path)) == []


async def test_what_cannot_be_passed_on_is_kept_and_stays_the_same_event(tmp_path: Path) -> None:
    desk = OpenCalls(tmp_path / OPEN)
    desk.note(CallEvent(STARTED, "a@b", WHOM))
    desk.close()
    (tmp_path / "crm").write_text("a file where the folder should be")
    assert await settled(tmp_path) == []
    (tmp_path / "crm").unlink()
    [event] = await settled(tmp_path)
    assert (event["type"], event["data"]["direction"]) == (ENDED, "outgoing")


@pytest.mark.parametrize("torn", [b'{"id": "x", "ty', b"\n[]\n", b""])
async def test_a_file_that_is_torn_counts_as_far_as_it_is_whole(tmp_path: Path, torn: bytes) -> None:
    desk = OpenCalls(tmp_path / OPEN)
    desk.note(CallEvent(STARTED, "a@b", WHOM))
    desk.close()
    [path] = (tmp_path / OPEN).iterdir()
    with path.open("ab") as file:
        file.write(torn)
    [event] = await settled(tmp_path)
    assert (event["callId"], event["data"]["answered"]) == ("a@b", False)


async def test_a_file_that_says_nothing_is_told_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / OPEN).mkdir()
    (tmp_path / OPEN / "x.json").write_bytes(b"{")
    assert await settled(tmp_path) == []
    assert "cannot be read" in caplog.text
    assert list((tmp_path / OPEN).iterdir()) == []


async def test_processes_that_die_at_once_are_told_of_once(tmp_path: Path) -> None:
    desk = OpenCalls(tmp_path / OPEN)
    desk.note(CallEvent(STARTED, "a@b", WHOM))
    desk.close()
    told: list[dict[str, Any]] = []
    lost = LostCalls(SETTINGS.webhooks, tmp_path, told.append)
    lost.look()
    lost.look()
    await lost.stop()
    assert len(told) == 1


def test_a_call_that_is_over_leaves_nothing(tmp_path: Path) -> None:
    desk = EventDesk([], tmp_path, quiet)
    for kind in (STARTED, ANSWERED, ENDED):
        desk.tell(kind, "a@b", WHOM)
    assert list((tmp_path / OPEN).iterdir()) == []
    desk.tell(ENDED, "a@b", {})


def test_a_disk_that_takes_nothing_does_not_stop_the_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / OPEN).write_text("a file where the folder should be")
    told: list[str] = []
    EventDesk([], tmp_path, lambda what, values: told.append(what)).tell(STARTED, "a@b", WHOM)
    assert told == ["call_event"]
    assert "nobody will be told" in caplog.text
