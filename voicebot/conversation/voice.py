"""The voice of a line: texts to audio, with the sentences that must never fail kept ready in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from voicebot.speech.types import SpeechRequest, Synthesiser


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

        Raises:
            SpeechError: a text could not be rendered; those before it are kept.
        """
        for text in texts:
            if text not in self._kept:
                self._kept[text] = b"".join([pcm async for pcm in self._render(text)])

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
