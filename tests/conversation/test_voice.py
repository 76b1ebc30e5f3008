from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.conversation.in_memory import RATE_HZ, MemoryBrain, MemoryCall, MemorySynthesiser
from voicebot.conversation.voice import LineVoice
from voicebot.errors import (
    AudioBlockedError,
    AudioFileError,
    BrainSessionLostError,
    SpeechError,
    SpeechWorkerLostError,
    SynthesisError,
)
from voicebot.protocol.query import Query
from voicebot.speech.types import AudioRequest

SOUND = b"\x20\x20" * 100
SPOKEN = b"\x10\x10" * (RATE_HZ // 10)


class MemoryFiles:
    """Files of a few pieces, one of which may be missing."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.requests: list[AudioRequest] = []
        self.closed = 0

    async def fetch(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        self.requests.append(request)
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1


async def said(
    files: MemoryFiles | None, text: str = "hi", url: str = "http://a/1.wav", unspeakable: str = ""
) -> bytes:
    voice = LineVoice(MemorySynthesiser(unspeakable), "en", RATE_HZ, files, "http://engine/")
    return b"".join([pcm async for pcm in voice.speak(text, url)])


async def test_a_file_is_played_in_place_of_the_text() -> None:
    files = MemoryFiles(SOUND, SOUND)
    assert await said(files) == SOUND * 2
    assert files.requests == [AudioRequest("http://a/1.wav", RATE_HZ, "http://engine/")]


async def test_a_text_without_a_file_is_spoken() -> None:
    files = MemoryFiles(SOUND)
    assert await said(files, url="") == SPOKEN * 2
    assert not files.requests


async def test_without_somebody_who_fetches_the_text_is_spoken() -> None:
    assert await said(None) == SPOKEN * 2


@pytest.mark.parametrize(
    "error", [AudioFileError("broken"), AudioBlockedError("inside"), SpeechWorkerLostError("gone")]
)
async def test_a_file_that_cannot_be_played_is_spoken(error: SpeechError, caplog: pytest.LogCaptureFixture) -> None:
    assert await said(MemoryFiles(error), url="http://a/1.wav?key=secret") == SPOKEN * 2
    assert error.code in caplog.text
    assert "secret" not in caplog.text


async def test_a_file_that_breaks_off_is_spoken_from_the_beginning() -> None:
    assert await said(MemoryFiles(SOUND, AudioFileError("broken"))) == SOUND + SPOKEN * 2


async def test_a_file_without_text_that_cannot_be_played_is_skipped() -> None:
    assert await said(MemoryFiles(AudioFileError("broken")), text="") == b""


async def test_when_nothing_works_the_clip_fails() -> None:
    with pytest.raises(SynthesisError):
        await said(MemoryFiles(AudioFileError("broken")), unspeakable="hi")


async def test_who_stops_listening_gives_the_file_up() -> None:
    files = MemoryFiles(SOUND, SOUND)
    voice = LineVoice(MemorySynthesiser(), "en", RATE_HZ, files)
    pieces = voice.speak("hi", "http://a/1.wav")
    assert await anext(pieces) == SOUND
    await pieces.aclose()
    assert files.closed == 1


async def test_in_a_call_the_file_is_heard_and_its_text_recorded() -> None:
    files = MemoryFiles(SOUND)
    call = MemoryCall(MemoryBrain(["hello there"]), files=files)
    call.session.start()
    heard = await call.listen()
    assert heard.startswith(SOUND)
    assert not any(heard[len(SOUND) :])
    assert files.requests[0].url == "http://files/0.wav"
    (turn,) = call.session.stopwatch.record.turns
    assert [item.text for item in turn.heard] == ["hello there"]
    await call.session.close()


async def test_a_lost_session_is_asked_anew_within_the_same_turn() -> None:
    brain = MemoryBrain(["Hello."], BrainSessionLostError("gone"), ["Sure."])
    call = MemoryCall(brain)
    call.session.start()
    await call.listen()
    call.session.on_dtmf("1")
    call.session.on_dtmf("#")
    await call.listen()
    assert brain.queries[1].session_id == "s"
    assert brain.queries[2] == Query("1#", variables={"dtmf": "1#"})
    turns = call.session.stopwatch.record.turns
    assert [[item.text for item in turn.heard] for turn in turns] == [["Hello."], ["Sure."]]
    assert [turn.failures for turn in turns] == [[], []]
    await call.session.close()
