"""When the words of a text are over, from phonemes that are made up and from those of the real voices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings, load_settings
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.synthesis.voices import VoiceShelf
from voicebot.speech.synthesis.wordends import Timed, joined, pack, unpack, word_ends
from voicebot.speech.types import SpeechRequest, TranscriptionRequest, WordEnds

_VOICES = {"zh": "kokoro-zh/zf_xiaoxiao", "en": "piper-en-joe"}


@pytest.fixture(scope="module")
def shelf(real_models: ModelStore, prepared: Path) -> VoiceShelf:
    """Voices that are loaded once for all tests."""
    return open_shelf(load_settings(overrides=[f"paths.data={prepared}"]), real_models.path, _VOICES)


def spoken(sounds: str, step_ms: int = 100) -> Timed:
    return tuple((sign, (number + 1) * step_ms) for number, sign in enumerate(sounds))


def ends(text: str, phones: Timed) -> WordEnds:
    """Words that sound as they are written; Han characters in pairs."""
    return word_ends(text, phones, str.lower, lambda run: [run[at : at + 2] for at in range(0, len(run), 2)])


def test_each_word_is_over_with_its_last_phoneme() -> None:
    assert ends("Go on.", spoken("go on.")) == ((2, 200), (5, 500))
    assert ends("您好，王女士", spoken("您好王女士")) == ((2, 200), (5, 400), (6, 500))


def test_marks_belong_to_the_phoneme_before_and_pauses_to_none() -> None:
    assert ends("go on", spoken("goː ˈon")) == ((2, 300), (5, 700))


def test_a_word_that_sounds_otherwise_in_its_sentence_is_held_by_its_neighbours() -> None:
    found = dict(ends("the second thing", spoken("the xxxxx thing")))
    assert found[3] == 300
    assert 300 < found[10] <= 1000
    assert found[16] == 1500


def test_what_was_not_spoken_cannot_be_told() -> None:
    assert ends("something else", spoken("qqqqqqqqqqqq")) == ()
    assert ends("something", ()) == ()
    assert ends("", spoken("abc")) == ()


def test_clauses_lie_one_behind_the_other() -> None:
    assert joined([((("a", 90), ("b", 500)), 300, 100), ((("c", 50),), 100, 0)]) == (("a", 90), ("b", 200), ("c", 350))


@given(st.lists(st.tuples(st.text(), st.integers(0, 100_000))))
def test_what_is_packed_is_unpacked(phones: list[tuple[str, int]]) -> None:
    assert unpack(pack(tuple(phones)) + b" ") == tuple(phones)


@given(st.binary())
def test_bytes_that_are_no_phonemes_are_none(packed: bytes) -> None:
    assert isinstance(unpack(packed), tuple)


@given(st.text(), st.text())
def test_moments_never_go_back_and_words_never_overlap(text: str, sounds: str) -> None:
    found = ends(text, spoken(sounds))
    assert list(found) == sorted(found)
    assert all(0 < index <= len(text) for index, _ in found)


@pytest.mark.audio
@pytest.mark.timeout(90)
async def test_words_that_are_over_are_those_that_a_recogniser_understands(
    real_models: ModelStore, own_settings: Settings, shelf: VoiceShelf
) -> None:
    """Cut the audio of a sentence behind a word, and have it recognised: no word more, none less."""
    # Voices vary from run to run and Whisper errs at a cut; boundaries that are off by a word would be off each time.
    cases = [
        ("en", "Your monthly bill is ready, you can pay it online or at one of our branches.", 5),
        ("zh", "您预约了明天下午三点半看牙，到时候方便过来吗？", 4),
    ]
    service = SynthesisService(own_settings, shelf)
    settings = own_settings.speech.recogniser
    ears = await WhisperRecogniser.load(real_models.path(settings.model), settings)
    try:
        for language, text, most_wrong in cases:
            request = SpeechRequest(text, language, 16000)
            audio = b"".join([piece async for piece in service.synthesise(request)])
            timed = await service.word_ends(request)
            assert timed[-1][0] == len(text) - 1
            assert timed[-1][1] <= len(audio) / 32
            wrong = 0
            for index, end_ms in timed[len(timed) // 3 :: 3]:
                heard = audio[: end_ms * 32] + bytes(16000)
                understood = (await ears.transcribe(TranscriptionRequest(heard, 16000, language))).text
                wrong += errors(text[:index], understood, language)[0]
            assert wrong <= most_wrong, f"{wrong} words more, less or others than were over"
    finally:
        await ears.close()
        await service.close()


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_the_times_of_words_survive_a_restart(own_settings: Settings, shelf: VoiceShelf) -> None:
    service = SynthesisService(own_settings, shelf)
    request = SpeechRequest("Your bill is $35.50, due on Friday.", "en", 8000)
    assert await service.word_ends(request) == ()  # not spoken yet
    await service.prerender(request)
    timed = await service.word_ends(request)
    await service.close()
    assert [request.text[:index].rpartition(" ")[2] for index, _ in timed] == [
        *("Your", "bill", "is", "$35.50", "due", "on", "Friday")
    ]
    again = SynthesisService(own_settings, shelf)
    assert await again.word_ends(request) == timed
    await again.close()
