"""A process with scripted callers: ``python -m voicebot.caller.process``.

Its first line on stdin is its order (scripts and settings of the SIP side); events go to stdout as
JSON lines: ``ready``, ``mark``, ``outcome``, ``failed``. One process carries as many simultaneous
calls as the SIP library allows.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from telephony.line.agent import LineAgent
from telephony.line.config import UserAgentConfig
from voicebot.caller.call import ScriptedCall
from voicebot.caller.script import SCRIPT_HEADER, Script, script_from
from voicebot.errors import VoicebotError
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.stdio import report, stdin_lines
from voicebot.settings.model import LogSettings

logger = logging.getLogger(__name__)


class CallerProcess:
    """Rings the bot once for each script."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._recordings = Path(order["recordings"]) if order.get("recordings") else None
        self._scripts = [script_from(script) for script in order["scripts"]]
        config = UserAgentConfig(
            codecs=tuple(order.get("codecs", ("PCMA",))), contact_user="caller", rate_hz=order.get("rate_hz", 8000)
        )
        self._agent = LineAgent(config, asyncio.get_running_loop(), lambda leg: leg.reject(486))

    async def run(self) -> None:
        """Carry out all scripts at the same time."""
        await self._agent.start()
        report("ready", {})
        try:
            await asyncio.gather(*(self._call(script) for script in self._scripts))
        finally:
            await self._agent.stop()

    async def _call(self, script: Script) -> None:
        await asyncio.sleep(script.start_after_ms / 1000)
        leg = await self._agent.call(script.target, {SCRIPT_HEADER: script.name})
        call = ScriptedCall(leg, script, lambda mark: report("mark", {"name": script.name, **asdict(mark)}))
        recording = self._recordings / f"{script.name}.wav" if self._recordings else None
        outcome = await call.run(recording)
        outcome.lost_packets = leg.stream_stats.lost + leg.stream_stats.discarded
        report("outcome", {"outcome": asdict(outcome)})


async def _main() -> int:
    lines = stdin_lines()
    order = json.loads(await lines.__anext__())
    set_up_logging(LogSettings(level=order.get("log_level", "warning")), "caller")
    work = asyncio.create_task(CallerProcess(order).run())
    parent = asyncio.create_task(_until_orphaned(lines))
    await asyncio.wait({work, parent}, return_when=asyncio.FIRST_COMPLETED)
    parent.cancel()
    work.cancel()
    results = await asyncio.gather(work, parent, return_exceptions=True)
    error = results[0]
    if isinstance(error, VoicebotError):
        report("failed", {"message": error.message, "code": error.code})
        return 1
    if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
        raise error
    return 0


async def _until_orphaned(lines: Any) -> None:
    async for _ in lines:
        pass


def main() -> int:
    """Run the scripts of the order."""
    return asyncio.run(_main())


if __name__ == "__main__":
    raise SystemExit(main())
