"""What the turn bench needs before it can ring: its own bots and lines, and its cases as recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from voicebot.bench.cases import Case
from voicebot.bench.mixing import Rendered, render
from voicebot.errors import ConfigError
from voicebot.modelstore.store import ModelStore
from voicebot.settings.model import LineSettings, Settings
from voicebot.speech.synthesis.service import SynthesisService
from voicebot.speech.types import SpeechRequest

BOTS = Path(__file__).with_name("bots")
FIXED_LINE = "_fixed"
"""Ends the names of lines whose turns end after ``identifyDuration`` alone."""
_SILENCES = 20  # the bots ask whether anybody is there, and go on


def with_bench_bots(settings: Settings) -> Settings:
    """Return the settings with a line for each of the bench's bots; all else stays as it is configured."""
    names = sorted(folder.name for folder in BOTS.iterdir() if (folder / "bot.yaml").is_file())
    lines = [LineSettings(name=name, called=[name], bot=name, language=_language(name)) for name in names]
    lines += [
        line.model_copy(
            update={"name": line.name + FIXED_LINE, "called": [line.name + FIXED_LINE], "endpointing": "fixed"}
        )
        for line in lines
    ]
    bots = settings.bots.model_copy(update={"directory": BOTS, "default": names[0], "reload": "off"})
    conversation = settings.conversation.model_copy(update={"max_silences": _SILENCES})
    return settings.model_copy(update={"lines": lines, "bots": bots, "conversation": conversation})


async def render_cases(settings: Settings, cases: Sequence[Case], speech: Path, folder: Path) -> list[Rendered]:
    """Put together what callers say, as files in a folder.

    Raises:
        ConfigError: a clip is missing in the folder of recorded speech.
        VoicebotError: a voice cannot be had.
    """
    rate_hz = settings.sip.audio_rate_hz
    spoken = await _speak_all(settings, cases, rate_hz)

    def speak(text: str, voice: str) -> bytes:
        return spoken[text, voice]

    found = []
    for case in cases:
        try:
            found.append(await asyncio.to_thread(render, case, speech, folder, rate_hz, speak))
        except (OSError, ValueError) as error:
            raise ConfigError(f"the case {case.id} cannot be put together: {error}") from error
    return found


async def _speak_all(settings: Settings, cases: Sequence[Case], rate_hz: int) -> dict[tuple[str, str], bytes]:
    wanted = {
        (str(part["say"]), str(part.get("voice", case.language)))
        for case in cases
        for part in case.parts
        if not isinstance(part, str | int) and "say" in part
    }
    if not wanted:
        return {}
    service = await SynthesisService.load(ModelStore(settings), settings)
    try:
        return {(text, voice): await _speak(service, SpeechRequest(text, voice, rate_hz)) for text, voice in wanted}
    finally:
        await service.close()


async def _speak(service: SynthesisService, request: SpeechRequest) -> bytes:
    async with aclosing(service.synthesise(request)) as stream:
        return b"".join([piece async for piece in stream])


def _language(name: str) -> str:
    return name.partition("_")[0]
