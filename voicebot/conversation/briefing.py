"""What a person hears before he gets a caller, spoken in advance."""

from __future__ import annotations

import asyncio
import logging

from voicebot.conversation.voice import LineVoice
from voicebot.errors import SpeechError

logger = logging.getLogger(__name__)

RENDER_TIMEOUT_S = 5.0
LONGEST_S = 20.0


async def briefing(voice: LineVoice, text: str, rate_hz: int) -> bytes:
    """Return the audio of a briefing, cut after ``LONGEST_S``; none if the voice fails or takes too long.

    The caller waits meanwhile, and a person who is not told anything is better than none.
    """
    rendering = asyncio.ensure_future(_render(voice, text, int(LONGEST_S * rate_hz) * 2))
    try:
        done, _ = await asyncio.wait({rendering}, timeout=RENDER_TIMEOUT_S)
        if done:
            return rendering.result()
        logger.warning("a briefing was not spoken in time")
    except SpeechError as error:
        logger.warning("a briefing could not be spoken (%s): %s", error.code, error.message)
    except Exception:
        # Whatever it is, the caller is waiting.
        logger.exception("a briefing could not be spoken")
    finally:
        rendering.cancel()
    return b""


async def _render(voice: LineVoice, text: str, most_bytes: int) -> bytes:
    spoken = bytearray()
    async for pcm in voice.speak(text):
        spoken += pcm
        if len(spoken) >= most_bytes:
            break
    return bytes(spoken[:most_bytes])
