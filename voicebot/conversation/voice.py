"""The voice of a line: texts to audio, with the sentences that must never fail kept ready in memory."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable

from voicebot.errors import SpeechError
from voicebot.speech.types import SpeechRequest, Synthesiser

logger = logging.getLogger(__name__)


class LineVoice:
    """Speaks with one voice at one sample rate.

    Args:
        synthesiser: where audio comes from.
        voice: voice id, or a language for its default voice.
        rate_hz: sample rate of the line.
    """

    def __init__(self, synthesiser: Synthesiser, voice: str, rate_hz: int) -> None:
        self._synthesiser = synthesiser
        self._voice = voice
        self._rate_hz = rate_hz
        self._kept: dict[str, bytes] = {}

    async def keep(self, texts: Iterable[str]) -> None:
        """Render texts and hold them in memory, so that they can be said when synthesis is down.

        A text that cannot be rendered now is logged and tried again when it is said.
        """
        for text in texts:
            try:
                self._kept[text] = b"".join([pcm async for pcm in self._render(text)])
            except SpeechError as error:
                logger.warning("a standing prompt could not be rendered: %s (%s)", error.message, error.code)

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        """Yield the audio of a text as soon as it exists.

        Raises:
            SpeechError: the text could not be spoken.
        """
        kept = self._kept.get(text)
        if kept is not None:
            yield kept
            return
        async for pcm in self._render(text):
            yield pcm

    def _render(self, text: str) -> AsyncIterator[bytes]:
        return self._synthesiser.synthesise(SpeechRequest(text, self._voice, self._rate_hz))
