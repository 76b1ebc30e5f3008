"""The voice of a line: texts and audio files to audio, with the sentences that must never fail kept ready in memory."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from urllib.parse import urlsplit

from voicebot.errors import SpeechError
from voicebot.speech.types import Aligner, AudioFetcher, AudioRequest, SpeechRequest, Synthesiser, WordEnds

logger = logging.getLogger(__name__)


class LineVoice:
    """Speaks with one voice at one sample rate.

    Args:
        synthesiser: where the audio of texts comes from.
        voice: voice id, or a language for its default voice.
        rate_hz: sample rate of the line.
        files: where the audio of the brain's files comes from; None: its texts are spoken instead.
        engine_url: the brain's own address, from which its files may come in any case.
        aligner: knows when the words of a text are over; None: that is estimated.
    """

    def __init__(
        self,
        synthesiser: Synthesiser,
        voice: str,
        rate_hz: int,
        files: AudioFetcher | None = None,
        engine_url: str = "",
        aligner: Aligner | None = None,
    ) -> None:
        self._synthesiser = synthesiser
        self._voice = voice
        self._rate_hz = rate_hz
        self._files = files
        self._engine_url = engine_url
        self._aligner = aligner
        self._kept: dict[str, bytes] = {}

    async def keep(self, texts: Iterable[str]) -> None:
        """Render texts and hold them in memory, so that they can be said when synthesis is down.

        Raises:
            SpeechError: a text could not be rendered; those before it are kept.
        """
        for text in texts:
            if text not in self._kept:
                self._kept[text] = b"".join([pcm async for pcm in self._render(text)])

    async def speak(self, text: str, audio_url: str = "", *, speculative: bool = False) -> AsyncGenerator[bytes, None]:
        """Yield the audio of a text as soon as it exists.

        Args:
            text: what to say; "" if only the file knows it.
            audio_url: a file with the text as audio. If it cannot be played to its end, the text is spoken from its
                beginning; without a text the clip ends there.
            speculative: it may never be said: nothing comes where the synthesiser is busy.

        Raises:
            SpeechError: the text could not be spoken.
        """
        if audio_url and self._files is not None:
            request = AudioRequest(audio_url, self._rate_hz, self._engine_url)
            try:
                async with _closing(self._files.fetch(request)) as pieces:
                    async for pcm in pieces:
                        yield pcm
                return
            except SpeechError as error:
                logger.warning("a file of %.100s was not played (%s): %s", _host(audio_url), error.code, error.message)
        kept = self._kept.get(text)
        if kept is not None:
            yield kept
        elif text:
            async with _closing(self._render(text, speculative=speculative)) as pieces:
                async for pcm in pieces:
                    yield pcm

    async def word_ends(self, text: str, audio_url: str = "") -> WordEnds:
        """Return when each word of a text that was spoken is over; nothing if that is not known.

        Args:
            text: what was said.
            audio_url: the file that was played instead of our own voice, of whose words nothing is known.
        """
        if self._aligner is None or not text or (audio_url and self._files is not None):
            return ()
        try:
            return await self._aligner.word_ends(SpeechRequest(text, self._voice, self._rate_hz))
        except SpeechError as error:
            logger.debug("the words of a clip are not known (%s): %s", error.code, error.message)
            return ()

    def _render(self, text: str, *, speculative: bool = False) -> AsyncIterator[bytes]:
        return self._synthesiser.synthesise(SpeechRequest(text, self._voice, self._rate_hz, speculative))


def _host(url: str) -> str:
    """Return the host of a URL for the log; all the rest of it may be secret."""
    try:
        return urlsplit(url).hostname or "nowhere"
    except ValueError:
        return "nowhere"


@contextlib.asynccontextmanager
async def _closing(pieces: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """Close a generator on the way out: who stops listening gives the work up at once."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
