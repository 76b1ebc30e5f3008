"""What the calls bench needs before anybody rings: settings, a data folder of its own, and the phones' process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voicebot.bench.calls_rtp import Heard
from voicebot.bench.query_process import BenchProcess
from voicebot.bench.rig import Rig
from voicebot.settings.model import LineSettings, Settings

BOT = "talker"
BOTS = Path(__file__).with_name("calls_bots")
_LONGEST_UTTERANCE_S = 30.0
_KEPT = ("models", "prompts")
"""Folders that the bench shares with the service: made once, and not by calls."""
_POLL_S = 0.2


@contextmanager
def calls_settings(settings: Settings, calls: int) -> Iterator[Settings]:
    """Return settings with one line whose bot talks without end, room for so many calls, and a fresh data folder.

    What callers say over the bot is dropped: it is the audio that is measured, not the recogniser.
    """
    with tempfile.TemporaryDirectory(prefix="voicebot-bench-") as folder:
        data = Path(folder)
        for name in _KEPT:
            shared = settings.paths.data / name
            shared.mkdir(parents=True, exist_ok=True)
            (data / name).symlink_to(shared.resolve())
        line = LineSettings(name=BOT, called=[BOT], bot=BOT, language="en")
        vad = settings.speech.vad.model_copy(update={"max_utterance_s": _LONGEST_UTTERANCE_S})
        yield settings.model_copy(
            update={
                "lines": [line],
                "bots": settings.bots.model_copy(update={"directory": BOTS, "default": BOT, "reload": "off"}),
                "sip": settings.sip.model_copy(update={"max_calls": calls, "codecs": ["PCMA"]}),
                "conversation": settings.conversation.model_copy(update={"talk_over": "drop"}),
                "speech": settings.speech.model_copy(update={"vad": vad}),
                "paths": settings.paths.model_copy(update={"data": data}),
            }
        )


@dataclass(slots=True)
class Line:
    """What the bot's side counted of its own frames, over all calls.

    Attributes:
        calls: that ended.
        played: frames played out.
        late: more than 10 ms later than they were due.
        max_gap_ms: the longest time between two.
        dropped: frames of callers thrown away because the conversation lagged.
    """

    calls: int = 0
    played: int = 0
    late: int = 0
    max_gap_ms: float = 0.0
    dropped: int = 0

    def count(self, event: dict[str, Any]) -> None:
        """Take an event of the service."""
        if event["event"] != "call_ended":
            return
        audio = event["record"]["audio"]
        self.calls += 1
        self.played += int(audio["played"])
        self.late += int(audio["late"])
        self.max_gap_ms = max(self.max_gap_ms, float(audio["max_gap_ms"]))
        self.dropped += int(audio["dropped"])

    async def until(self, calls: int, longest_s: float = 5.0) -> None:
        """Wait until so many calls have ended, but not for ever: what is missing then shows in the figures."""
        for _ in range(round(longest_s / _POLL_S)):
            if self.calls >= calls:
                return
            await asyncio.sleep(_POLL_S)

    def taken(self) -> Line:
        """Return what was counted, and begin anew."""
        taken = replace(self)
        self.calls = self.played = self.late = self.dropped = 0
        self.max_gap_ms = 0.0
        return taken


@asynccontextmanager
async def calls_rig(settings: Settings, folder: Path, line: Line) -> AsyncIterator[Rig]:
    """Run the service; what its calls were like is counted, and not kept."""

    def on_event(event: dict[str, Any]) -> None:
        line.count(event)
        rig.records.clear()

    rig = Rig(settings, folder, on_event)
    async with rig:
        yield rig


class PhoneBank:
    """The phones' process.

    Attributes:
        ports: their UDP ports.
    """

    def __init__(self, process: BenchProcess, ports: list[int]) -> None:
        self.ports = ports
        self._process = process
        self._heard = Heard()

    async def in_call(self) -> int:
        """Return how many phones are in a call now."""
        event = await self._process.order({"do": "tell"})
        self._heard.add(Heard(**event["heard"]))
        return int(event["in_call"])

    async def wait_for(self, calls: int, longest_s: float) -> bool:
        """Wait until so many phones are in a call; False if that takes too long."""
        deadline_s = asyncio.get_running_loop().time() + longest_s
        while await self.in_call() != calls:
            if asyncio.get_running_loop().time() > deadline_s:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    async def heard(self) -> Heard:
        """Return what was heard since this was last asked."""
        await self.in_call()
        heard, self._heard = self._heard, Heard()
        return heard


@asynccontextmanager
async def phone_bank(count: int, voices: Sequence[Path]) -> AsyncIterator[PhoneBank]:
    """Run the phones."""
    process = BenchProcess("phones", "voicebot.bench.calls_phones")
    await process.start()
    try:
        ready = await process.order({"count": count, "voices": [str(file) for file in voices]})
        yield PhoneBank(process, [int(port) for port in ready["ports"]])
    finally:
        await process.stop()
