"""The transcriptions of one call: of pauses and ended utterances, and previews of what is being said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from voicebot.conversation.actions import Transcribe
from voicebot.conversation.ears import Ears
from voicebot.conversation.events import CallerPartial, SpeechGrew, TranscriptFailed, TranscriptReady, TurnEndJudged
from voicebot.conversation.turnending import TurnEndings
from voicebot.errors import RecogniserBusyError, VoicebotError
from voicebot.speech.types import Recogniser, TranscriptionRequest, TurnEndModel, Urgency

logger = logging.getLogger(__name__)

_FIRST_PREVIEW_MS = 200
"""Speech that Whisper can make a word of."""
_PREVIEW_EVERY_MS = 200
_PREVIEW_AGAIN_MS = 100
"""Speech after which a preview that was refused is tried again."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What a recogniser is told about a call.

    Attributes:
        call_id: for the log.
        rate_hz: sample rate of the line.
        language: "zh" or "en".
        hint: words to expect.
    """

    call_id: str
    rate_hz: int
    language: str
    hint: str = ""

    def request(self, pcm: bytes, urgency: Urgency) -> TranscriptionRequest:
        """Return a request for some audio."""
        return TranscriptionRequest(pcm, self.rate_hz, self.language, self.hint, urgency)


class Transcriber:
    """Has the caller's audio transcribed. Every result is an event; every task is held here.

    Args:
        recogniser: audio to text.
        ears: where the audio is.
        listener: what the recogniser is told.
        feed: takes the events.
        on_transcribed: told when a transcript is there that may count.
        turn_ends: asked at each pause whether the caller has finished; None: nobody is.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        ears: Ears,
        listener: Listener,
        feed: Callable[[TranscriptReady | TranscriptFailed | CallerPartial | TurnEndJudged], None],
        on_transcribed: Callable[[], None],
        turn_ends: TurnEndModel | None = None,
    ) -> None:
        self._recogniser = recogniser
        self._ears = ears
        self._listener = listener
        self._feed = feed
        self._on_transcribed = on_transcribed
        self._endings = (
            TurnEndings(turn_ends, listener.rate_hz, listener.call_id, feed) if turn_ends is not None else None
        )
        self._requests: dict[int, TranscriptionRequest] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._previewing: asyncio.Task[None] | None = None
        self._previewed_id = 0
        self._next_preview_ms = 0
        self._ended_id = 0

    def begin(self, action: Transcribe) -> None:
        """Transcribe an attempt; an older one of the same utterance is given up."""
        utterance_id = action.utterance_id
        self._cancel(utterance_id)
        urgency = Urgency.SPECULATIVE if action.speculative else Urgency.FINAL
        pcm = self._ears.audio(utterance_id, action.attempt)
        request = self._listener.request(pcm, urgency)
        self._requests[utterance_id] = request
        self._tasks[utterance_id] = self._start(self._transcribe(action, request), f"hear-{utterance_id}")
        if self._endings is not None and action.speculative:
            self._endings.begin(utterance_id, action.attempt, pcm)

    def hurry(self, utterance_id: int) -> None:
        """The utterance has ended: what is transcribed of it is waited for now."""
        if utterance_id in self._requests:
            self._recogniser.promote(self._requests[utterance_id])

    def drop(self, utterance_id: int) -> None:
        """Nobody waits for the transcripts of an utterance any more."""
        self._cancel(utterance_id)
        self._ears.forget(utterance_id)
        if self._endings is not None:
            self._endings.drop(utterance_id)

    def ended(self, utterance_id: int) -> None:
        """An utterance is over: no previews of it any more."""
        self._ended_id = utterance_id
        if self._endings is not None:
            self._endings.drop(utterance_id)

    def grew(self, event: SpeechGrew) -> None:
        """The caller is speaking, and what he says matters already: preview it from time to time, one at a time."""
        if event.utterance_id != self._previewed_id:
            self._previewed_id, self._next_preview_ms = event.utterance_id, _FIRST_PREVIEW_MS
        if event.speech_ms < self._next_preview_ms or self._previewing is not None:
            return
        self._next_preview_ms = event.speech_ms + _PREVIEW_EVERY_MS
        pcm = self._ears.audio_so_far(event.utterance_id)
        if pcm:
            self._previewing = self._start(self._preview(event, pcm), f"preview-{event.utterance_id}")
            self._previewing.add_done_callback(self._preview_ended)

    async def close(self) -> None:
        """Give all of it up."""
        tasks = [*self._tasks.values(), *([self._previewing] if self._previewing is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._endings is not None:
            await self._endings.close()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work, name=f"{name}-{self._listener.call_id}")

    def _cancel(self, utterance_id: int) -> None:
        self._requests.pop(utterance_id, None)
        task = self._tasks.pop(utterance_id, None)
        # A task whose result is just being told has come to its end by itself.
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _transcribe(self, action: Transcribe, request: TranscriptionRequest) -> None:
        utterance_id, attempt = action.utterance_id, action.attempt
        try:
            transcript = await self._recogniser.transcribe(request)
        except VoicebotError as error:
            self._feed(TranscriptFailed(utterance_id, attempt, error.code))
        except Exception:
            logger.exception("call %s: transcription broke", self._listener.call_id)
            self._feed(TranscriptFailed(utterance_id, attempt, "internal"))
        else:
            self._on_transcribed()
            if utterance_id > self._ended_id:
                self._feed(CallerPartial(utterance_id, attempt, transcript.text))
            self._feed(TranscriptReady(utterance_id, attempt, transcript.text))
        finally:
            if self._requests.get(utterance_id) is request:
                del self._requests[utterance_id], self._tasks[utterance_id]

    async def _preview(self, event: SpeechGrew, pcm: bytes) -> None:
        try:
            transcript = await self._recogniser.transcribe(self._listener.request(pcm, Urgency.PREVIEW))
        except RecogniserBusyError:
            self._next_preview_ms = event.speech_ms + _PREVIEW_AGAIN_MS
        except VoicebotError as error:
            logger.debug("call %s: no preview: %s", self._listener.call_id, error.message)
        except Exception:
            logger.exception("call %s: a preview broke", self._listener.call_id)
        else:
            if event.utterance_id > self._ended_id:
                self._feed(CallerPartial(event.utterance_id, 0, transcript.text))

    def _preview_ended(self, _: asyncio.Task[None]) -> None:
        self._previewing = None
