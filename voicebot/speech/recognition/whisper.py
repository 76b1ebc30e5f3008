"""The recogniser seam on Whisper: queues, urgency and cancelling around the blocking model."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from voicebot.errors import RecogniserBusyError
from voicebot.settings.model import RecogniserSettings
from voicebot.speech.pool import PoolStats, UrgencyPool
from voicebot.speech.recognition.model import WhisperModel
from voicebot.speech.types import Transcript, TranscriptionRequest, Urgency


class WhisperRecogniser:
    """Implements ``Recogniser``: ``settings.parallel`` transcriptions at a time, the urgent ones first."""

    def __init__(self, model: WhisperModel, parallel: int) -> None:
        self._model = model
        self._parallel = parallel
        self._pool: UrgencyPool[Transcript] = UrgencyPool(parallel, "recogniser")

    @classmethod
    async def load(cls, directory: Path, settings: RecogniserSettings) -> WhisperRecogniser:
        """Load the model in ``directory`` and warm it up.

        Raises:
            ModelError: the files are missing or cannot be loaded.
        """
        model = await asyncio.to_thread(WhisperModel, directory, settings)
        await asyncio.to_thread(model.warm_up)
        return cls(model, settings.parallel)

    @property
    def stats(self) -> PoolStats:
        """What is running and waiting."""
        return self._pool.stats

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        """Transcribe one utterance. Cancelling drops it, in the middle if need be.

        Raises:
            RecognitionError: the model failed.
            RecogniserBusyError: it is a preview, and no thread would be left for what callers wait for.
        """
        if request.urgency == Urgency.PREVIEW and not self._has_room:
            raise RecogniserBusyError("the recogniser has no room for previews")
        given_up = threading.Event()
        try:
            return await self._pool.run(
                lambda: self._model.transcribe(request, given_up.is_set), request.urgency, request
            )
        except asyncio.CancelledError:
            given_up.set()  # a thread that encodes for nobody is needed for the words that come instead
            raise

    def promote(self, request: TranscriptionRequest) -> None:
        """Let a request that waits go before the speculative ones."""
        self._pool.promote(request, Urgency.FINAL)

    @property
    def _has_room(self) -> bool:
        """One thread stays free for a caller who pauses just now; with a single one, previews run when it is idle."""
        stats = self._pool.stats
        return stats.waiting == 0 and stats.running < max(1, self._parallel - 1)

    async def close(self) -> None:
        """Give up what waits and wait for what runs."""
        await self._pool.close()
