"""The speech worker process: loads the models, says READY, serves until its stdin ends or SIGTERM comes."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.errors import ConfigError, VoicebotError
from voicebot.modelstore.store import ModelStore
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.stdio import report, stdin_lines
from voicebot.settings import Settings
from voicebot.speech.fetching.fetcher import AudioFileFetcher
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.synthesis.service import SynthesisService
from voicebot.speech.turnend import SmartTurnService
from voicebot.speech.worker.server import SpeechServer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """What the process is told in its first line of stdin.

    Attributes:
        socket: where to listen.
        settings: the settings of the service.
    """

    socket: Path
    settings: Settings

    def as_json(self) -> dict[str, Any]:
        """Return the order as the line's JSON object."""
        return {"socket": str(self.socket), "settings": self.settings.model_dump(mode="json")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SpeechOrder:
        """Read what ``as_json`` wrote."""
        return cls(Path(data["socket"]), Settings.model_validate(data["settings"]))


async def serve(order: SpeechOrder, stop: asyncio.Event) -> None:
    """Load the models, listen, report ``ready``, and serve until ``stop``.

    Raises:
        ModelError: a model is missing or broken.
        ConfigError: the socket cannot be bound, or ``conversation.turn_model`` names no turn model.
    """
    store = ModelStore(order.settings)
    turns = await _load_turns(order.settings.conversation.turn_model)
    try:
        ears, mouth = await _load(store, order.settings)
    except VoicebotError:
        await _close_turns(turns)
        raise
    files = AudioFileFetcher(order.settings.brain.max_audio_bytes, order.settings.brain.audio_hosts)
    try:
        server = SpeechServer(ears, mouth, files, turns)
        try:
            await server.start(order.socket)
        except OSError as error:
            raise ConfigError(f"the speech worker cannot listen at {order.socket}: {error.strerror}") from error
        report("ready", {"socket": str(order.socket), "voices": [voice.id for voice in mouth.voices]})
        logger.info("ready at %s", order.socket)
        await stop.wait()
        await server.close()
    finally:
        await asyncio.gather(ears.close(), mouth.close(), _close_turns(turns))


async def _load_turns(path: str) -> SmartTurnService | None:
    return await SmartTurnService.load(Path(path)) if path else None


async def _close_turns(turns: SmartTurnService | None) -> None:
    if turns is not None:
        await turns.close()


async def _load(store: ModelStore, settings: Settings) -> tuple[WhisperRecogniser, SynthesisService]:
    recogniser = settings.speech.recogniser
    directory = await asyncio.to_thread(store.path, recogniser.model)
    ears = await WhisperRecogniser.load(directory, recogniser)
    try:
        mouth = await SynthesisService.load(store, settings)
    except VoicebotError:
        await ears.close()
        raise
    return ears, mouth


async def run() -> int:
    """Do what the first line of stdin orders, until stdin ends or a signal comes."""
    stop = asyncio.Event()
    lines = stdin_lines()
    try:
        order = SpeechOrder.from_json(json.loads(await lines.__anext__()))
    except StopAsyncIteration:
        return 0  # whoever started us is gone already
    # Not before: without an order there is nothing to end in good order, and a signal simply kills.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    set_up_logging(order.settings.log, "speech")
    watch = asyncio.create_task(_set_at_end(lines, stop), name="watch-stdin")
    try:
        await serve(order, stop)
    except VoicebotError as error:
        report("failed", {"message": error.message, "code": error.code})
        return 1
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    return 0


async def _set_at_end(lines: AsyncIterator[bytes], stop: asyncio.Event) -> None:
    async for _ in lines:
        logger.warning("unexpected line on stdin")
    stop.set()


def main() -> int:
    """Run the process."""
    argparse.ArgumentParser(prog="python -m voicebot.speech.worker", description=__doc__).parse_args()
    return asyncio.run(run())
