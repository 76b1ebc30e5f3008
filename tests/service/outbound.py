"""A campaign over a crowd of mixed kinds: what each does, and whether the report says so, number by number."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from telephony.announcements.cadences import CADENCES
from tests.service.crowd import Act, Crowd, numbers
from tests.service.running import ROOT, RunningService, heard
from tests.service.sounds import VERY_TASTY, Samples, tape
from tests.telephony.announcements.sounds import rhythm, tone
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest

NAME = "autumn"
BOT = "survey"
CALLERS = ["01088880001", "01088880002"]
MESSAGE = "您好，稍后再联系您。"
_SPOKEN = {
    "switched_off": "您好，您拨打的用户已关机，请稍后再拨。",
    "vacant": "您好，您拨打的号码是空号，请核对后再拨。",
    "mailbox": "您好，我现在不方便接听您的电话，请在嘀声后留言。",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Numbers that do the same.

    Attributes:
        act: what they do.
        outcomes: of each of their calls.
        category: what they turn out to be.
        q850: the cause of that.
        did: what is noted of each of their calls; empty: the name of the act.
    """

    act: Act
    outcomes: str
    category: str
    q850: int
    did: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """All that is noted of one of these numbers."""
        return list(self.did or (self.act.name,)) * len(self.outcomes.split())


KINDS = (
    Kind(Act("talks", sound="person", takes=True), "answered", "human", 16, ("talks", "left alone")),
    Kind(Act("leaves", sound="person", takes=True, leaves_ms=1500), "answered", "undecided", 16, ("leaves", "left")),
    Kind(Act("busy", "486 Busy Here"), "busy busy", "busy", 17),
    Kind(Act("rings"), "no_answer", "no_answer", 19),
    Kind(Act("unknown", "404 Not Found"), "wrong_number", "no_such_number", 1),
    Kind(Act("no lines", "503 Service Unavailable"), "network_busy network_busy", "network_busy", 42),
    Kind(Act("away", "480 Temporarily Unavailable", 20), "unreachable", "powered_off", 20),
    Kind(Act("declines", "603 Decline"), "rejected", "rejected", 21),
    Kind(Act("switched off", sound="switched_off"), "unreachable", "powered_off", 20),
    Kind(Act("vacant", sound="vacant"), "wrong_number", "no_such_number", 1),
    Kind(Act("engaged", sound="busy"), "busy busy", "busy", 17),
    Kind(Act("mailbox", sound="mailbox", takes=True), "message_left", "message_left", 16, ("mailbox", "left alone")),
    Kind(Act("silent", sound="quiet", takes=True, leaves_ms=24_000), "silent", "silence", 16, ("silent", "left")),
)
ACTS = [kind.act for kind in KINDS]


def plan(concurrent: int, ring_timeout_s: float) -> dict[str, Any]:
    """Return what the campaign is to do: busy numbers and lines that are taken are tried once more, at once."""
    again: dict[str, float] = {"times": 1, "wait_minutes": 0.02}
    never: dict[str, float] = {"times": 0}
    retries = {"busy": again, "network_busy": again}
    retries |= dict.fromkeys(("no_answer", "unreachable", "voicemail", "silent", "failed", "cancelled"), never)
    return {
        "bot": BOT,
        "hours": {"timezone": "Asia/Shanghai", "days": {"every": ["00:00-24:00"]}},
        "limits": {"concurrent": concurrent, "calls_per_second": 5, "ring_timeout_s": ring_timeout_s},
        "callers": CALLERS,
        "retries": retries,
        "breaker": {"failed_share": 0.9, "min_calls": 100},
    }


def people(counts: Mapping[str, int]) -> dict[str, Kind]:
    """Return so many numbers of each kind, mixed."""
    made = [
        [(number, kind) for number in numbers(place, counts.get(kind.act.name, 0))] for place, kind in enumerate(KINDS)
    ]
    longest = max(map(len, made))
    return dict(some[index] for index in range(longest) for some in made if index < len(some))


async def sounds(folder: Path) -> dict[str, Samples]:
    """Return what the crowd plays."""
    busy = next(cadence for cadence in CADENCES if cadence.name == "cn busy")
    beep = _as_samples(tone([1000], 400))
    quiet = np.zeros(8000, np.int16)
    spoken = {name: await _spoken(folder, text) for name, text in _SPOKEN.items()}
    return {
        "person": tape(0.4, VERY_TASTY, 4.0),
        "busy": _as_samples(rhythm(busy.frequencies_hz, busy.pattern_ms, 7000)),
        "switched_off": np.concatenate((quiet[:4000], spoken["switched_off"], quiet)),
        "vacant": np.concatenate((quiet[:4000], spoken["vacant"], quiet)),
        "mailbox": np.concatenate((quiet[:4000], spoken["mailbox"], quiet[:3200], beep, np.tile(quiet, 40))),
        "quiet": quiet,
    }


async def _spoken(folder: Path, text: str) -> Samples:
    """Return a text as our Mandarin voice speaks it."""
    settings = Settings()
    store = ModelStore(settings)
    voice = store.voice("zh")
    own = settings.model_copy(update={"paths": settings.paths.model_copy(update={"data": folder})})
    mouth = SynthesisService(own, open_shelf(settings, store.path, {"zh": voice}, [voice.partition("/")[0]]))
    try:
        pieces = [piece async for piece in mouth.synthesise(SpeechRequest(text, voice, 8000))]
    finally:
        await mouth.close()
    return np.frombuffer(b"".join(pieces), np.int16)


def _as_samples(audio: np.ndarray) -> Samples:
    return np.asarray(audio * 32767, np.int16)


class Campaign:
    """A campaign of a running service, by command and over HTTP."""

    def __init__(self, folder: Path, service: RunningService) -> None:
        self._folder = folder
        self._service = service

    async def command(self, *arguments: object) -> str:
        """Run ``voicebot`` with the settings of the service; its output."""
        file = self._service.data.parent / "voicebot.yaml"
        words = [sys.executable, "-m", "voicebot.cli.main", *map(str, arguments), "--config", str(file)]
        done = await asyncio.to_thread(
            subprocess.run, words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    async def start(self, called: Sequence[str], what: Mapping[str, Any]) -> None:
        """Import the numbers and begin to call them."""
        list_file, plan_file = self._folder / "numbers.csv", self._folder / "plan.yaml"
        list_file.write_text("".join(f"{line}\n" for line in ("number", *called)), encoding="utf-8")
        plan_file.write_text(json.dumps(what), encoding="utf-8")
        await self.command("campaign", "import", NAME, list_file, "--plan", plan_file)
        await self.command("campaign", "start", NAME)

    async def report(self, patience_s: float) -> dict[str, dict[str, str]]:
        """Wait for the end of the campaign; its report by number, as the command exports it."""
        async with aiohttp.ClientSession(self._service.url, headers={"token": self._service.key}) as client:
            for _ in range(round(patience_s)):
                async with client.get(f"/api/v1/campaigns/{NAME}") as response:
                    shown = await response.json()
                if shown.get("state") == "done":
                    break
                await asyncio.sleep(1.0)
        assert shown.get("state") == "done", f"{shown}\n{self._service.log.text}"
        text = await self.command("campaign", "export", NAME)
        return {row["number"].removeprefix("+86"): row for row in csv.DictReader(text.splitlines())}


def compare(report: Mapping[str, Mapping[str, str]], crowd: Crowd, called: Mapping[str, Kind]) -> list[str]:
    """Return each number of which the report does not say what was done to it, with both."""
    wrong = [] if list(report) == list(called) else [f"other numbers: {list(report)}"]
    for number, kind in called.items():
        row, did, callers = report[number], crowd.did(number), crowd.callers(number)
        said = (row["outcomes"], row["category"], row["q850"], row["calls"], row["caller_number"])
        expected = (kind.outcomes, kind.category, str(kind.q850), str(len(callers)), callers[-1] if callers else "")
        if said != expected or did != kind.notes or len(callers) != len(kind.outcomes.split()):
            wrong.append(f"{number} {kind.act.name}: the report has {said}, expected {expected}; it did {did}")
    if crowd.rung != sum(int(row["calls"]) for row in report.values()):
        wrong.append(f"{crowd.rung} calls came")
    return wrong


def told_causes(crowd: Crowd, called: Mapping[str, Kind]) -> dict[str, set[str]]:
    """Return the causes that came with the caller's CANCEL or BYE, by act."""
    told: dict[str, set[str]] = {}
    for number, kind in called.items():
        told.setdefault(kind.act.name, set()).update(crowd.causes(number))
    return {name: causes for name, causes in told.items() if causes}


def left_messages(service: RunningService) -> set[str]:
    """Numbers whose mailbox has heard the whole message."""
    return {record["info"]["caller"] for record in service.records() if (MESSAGE, True) in heard(record)}
