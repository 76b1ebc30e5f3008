"""A process that answers SIP calls and sends back what it hears: ``python -m voicebot.caller.echo_process``."""

from __future__ import annotations

import asyncio
import json
from collections import deque

from telephony.line.agent import LineAgent
from telephony.line.call import SipCallLeg
from telephony.line.config import UserAgentConfig
from voicebot.conversation.leg import HangupCause, TransferResult
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.stdio import report, stdin_lines
from voicebot.settings.model import LogSettings


class Echo:
    """Sends back each frame as soon as it can; listener and audio source of a call."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()

    def read(self, samples: int) -> bytes:
        """Return the frame that waits, else silence."""
        return self._frames.popleft() if self._frames else bytes(2 * samples)

    def on_audio(self, pcm: bytes) -> None:
        """Keep the newest frame for the next read."""
        self._frames.append(pcm)
        while len(self._frames) > 1:
            self._frames.popleft()

    def on_answered(self) -> None:
        """The call is up."""

    def on_dtmf(self, digit: str) -> None:
        """Keys are not echoed."""

    def on_hold(self, held: bool) -> None:
        """Nothing changes."""

    def on_transfer_done(self, result: TransferResult) -> None:
        """Nobody transfers."""

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over."""


async def _main() -> int:
    lines = stdin_lines()
    json.loads(await lines.__anext__())
    set_up_logging(LogSettings(level="warning"), "echo")

    def answer(leg: SipCallLeg) -> None:
        echo = Echo()
        leg.start(echo, echo)

    agent = LineAgent(UserAgentConfig(codecs=("PCMA",), rate_hz=8000), asyncio.get_running_loop(), answer)
    await agent.start()
    report("ready", {"sip_port": agent.sip_port})
    async for _ in lines:
        pass
    await agent.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(_main()))
