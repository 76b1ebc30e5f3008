from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voicebot.errors import ModelError, RecogniserBusyError, RecognitionError
from voicebot.settings.model import RecogniserSettings
from voicebot.speech.clips import load_clips, own_directory
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.types import TranscriptionRequest, Urgency

pytestmark = [pytest.mark.audio, pytest.mark.timeout(60)]


async def test_final_requests_overtake_speculative_ones_and_cancelled_ones_are_dropped(
    whisper_directory: Path,
) -> None:
    recogniser = await WhisperRecogniser.load(whisper_directory, RecogniserSettings(parallel=1))
    clip = load_clips(own_directory(), "en")[1]
    pcm = clip.pcm(8000)
    finished: list[str] = []

    async def ask(name: str, urgency: Urgency) -> None:
        transcript = await recogniser.transcribe(TranscriptionRequest(pcm, 8000, "en", urgency=urgency))
        assert transcript.text
        finished.append(name)

    tasks = [asyncio.create_task(ask(f"guess {number}", Urgency.SPECULATIVE)) for number in range(4)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(ask("final", Urgency.FINAL)))
    await asyncio.sleep(0)
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [asyncio.CancelledError]
    assert finished == ["guess 0", "final", "guess 1", "guess 3"]
    assert recogniser.stats.done == 4
    assert recogniser.stats.dropped == 1
    await recogniser.close()


async def test_a_preview_is_refused_while_others_are_served_and_a_promoted_guess_overtakes(
    whisper_directory: Path,
) -> None:
    recogniser = await WhisperRecogniser.load(whisper_directory, RecogniserSettings(parallel=1))
    pcm = load_clips(own_directory(), "en")[1].pcm(8000)
    finished: list[int] = []

    async def ask(number: int, request: TranscriptionRequest) -> None:
        await recogniser.transcribe(request)
        finished.append(number)

    requests = [TranscriptionRequest(pcm, 8000, "en", urgency=Urgency.SPECULATIVE) for _ in range(3)]
    tasks = [asyncio.create_task(ask(number, request)) for number, request in enumerate(requests)]
    await asyncio.sleep(0)
    with pytest.raises(RecogniserBusyError):
        await recogniser.transcribe(TranscriptionRequest(pcm, 8000, "en", urgency=Urgency.PREVIEW))
    recogniser.promote(requests[2])
    recogniser.promote(TranscriptionRequest(pcm, 8000, "en"))  # nobody's
    await asyncio.gather(*tasks)
    assert finished == [0, 2, 1]
    preview = await recogniser.transcribe(TranscriptionRequest(pcm, 8000, "en", urgency=Urgency.PREVIEW))
    assert preview.text
    await recogniser.close()


async def test_errors_of_the_model_arrive(whisper_directory: Path, tmp_path: Path) -> None:
    recogniser = await WhisperRecogniser.load(whisper_directory, RecogniserSettings(parallel=1))
    with pytest.raises(RecognitionError, match="language"):
        await recogniser.transcribe(TranscriptionRequest(b"", 8000, "xx"))
    await recogniser.close()
    with pytest.raises(ModelError):
        await WhisperRecogniser.load(tmp_path, RecogniserSettings())
