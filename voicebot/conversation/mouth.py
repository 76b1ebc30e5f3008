"""The mouth of a call: takes sentences in order, has them spoken and fills the playout."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from voicebot.conversation.events import ClipFailed, ClipPaused, ClipStopped, ClipTimed
from voicebot.conversation.playout import Playout
from voicebot.conversation.voice import LineVoice
from voicebot.errors import VoicebotError

logger = logging.getLogger(__name__)


class Mouth:
    """Synthesises one clip after the other, each into the playout as its audio comes.

    Args:
        voice: where audio comes from.
        playout: where it goes.
        on_failed: told of a clip that could not be spoken.
        on_audio: told when the first audio of a clip is in the playout.
        on_timed: told when the words of a clip are over, if the voice knows; nobody waits for it.
    """

    def __init__(
        self,
        voice: LineVoice,
        playout: Playout,
        on_failed: Callable[[ClipFailed], None],
        on_audio: Callable[[int], None],
        on_timed: Callable[[ClipTimed], None],
    ) -> None:
        self._voice = voice
        self._playout = playout
        self._on_failed = on_failed
        self._on_audio = on_audio
        self._on_timed = on_timed
        self._timing: set[asyncio.Task[None]] = set()
        self._queue: deque[tuple[int, str, str]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._paused = False

    @property
    def is_paused(self) -> bool:
        """Fallen silent, with more to say."""
        return self._paused

    def say(self, clip_id: int, text: str, audio_url: str = "") -> None:
        """Append a sentence, or an audio file whose text it is."""
        self._playout.begin(clip_id)
        self._queue.append((clip_id, text, audio_url))
        self._go_on()

    def pause(self) -> list[ClipPaused]:
        """Fall silent and keep what was to be said; return what was heard of the clip that had begun.

        The clip in the making is made to its end, no other is begun: who knows whether it will be heard.
        """
        self._paused = True
        return self._playout.pause()

    def resume(self, *, from_start: bool = False) -> None:
        """Go on after a pause, or say the clip that was paused from its beginning."""
        self._paused = False
        self._playout.resume(from_start=from_start)
        if self._queue:
            self._go_on()

    def stop(self) -> list[ClipStopped]:
        """Fall silent; return what was heard of the clips that had begun."""
        self._queue.clear()
        self._paused = False
        for timing in self._timing:
            timing.cancel()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        return self._playout.stop()

    async def close(self) -> None:
        """Give up the work and wait until that is done."""
        tasks = [*self._timing, *([self._task] if self._task is not None else [])]
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _go_on(self) -> None:
        if not self._paused and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._work(), name="mouth")

    async def _work(self) -> None:
        while self._queue and not self._paused:
            clip_id, text, audio_url = self._queue.popleft()
            try:
                await self._speak(clip_id, text, audio_url)
            except VoicebotError as error:
                self._fail(clip_id, error.code)
            except Exception:
                logger.exception("a clip could not be spoken")
                self._fail(clip_id, "internal")

    async def _speak(self, clip_id: int, text: str, audio_url: str) -> None:
        first = True
        async with contextlib.aclosing(self._voice.speak(text, audio_url)) as pieces:
            async for pcm in pieces:
                if not self._playout.append(clip_id, pcm):
                    return
                if first:
                    first = False
                    self._on_audio(clip_id)
        self._playout.finish(clip_id)
        # Beside the next clip's audio, which a caller waits for.
        timing = asyncio.get_running_loop().create_task(self._time(clip_id, text, audio_url), name="word-ends")
        self._timing.add(timing)
        timing.add_done_callback(self._timing.discard)

    async def _time(self, clip_id: int, text: str, audio_url: str) -> None:
        word_ends = await self._voice.word_ends(text, audio_url)
        if word_ends:
            self._on_timed(ClipTimed(clip_id, word_ends))

    def _fail(self, clip_id: int, code: str) -> None:
        self._playout.drop(clip_id)
        self._on_failed(ClipFailed(clip_id, code))
