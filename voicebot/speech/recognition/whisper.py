"""The recogniser seam on Whisper: queues, urgency and cancelling around the blocking model."""

from __future__ import annotations

import asyncio
from pathlib import Path

from voicebot.settings.model import RecogniserSettings
from voicebot.speech.pool import PoolStats, UrgencyPool
from voicebot.speech.recognition.model import WhisperModel
from voicebot.speech.types import Transcript, TranscriptionRequest

URGENT, SPECULATIVE = 0, 1


class WhisperRecogniser:
    """Implements ``Recogniser``: ``settings.parallel`` transcriptions at a time, speculative ones after the others."""

    def __init__(self, model: WhisperModel, parallel: int) -> None:
        self._model = model
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
        """Transcribe one utterance. Cancelling drops it if the model has not begun with it."""
        urgency = SPECULATIVE if request.speculative else URGENT
        return await self._pool.run(lambda: self._model.transcribe(request), urgency)

    async def close(self) -> None:
        """Give up what waits and wait for what runs."""
        await self._pool.close()
