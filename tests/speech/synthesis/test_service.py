"""The service with real engines: Piper for nearly all (it is fast), both where they differ."""

from __future__ import annotations

import asyncio
import shutil
import threading
import wave
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings, load_settings
from voicebot.speech.synthesis.rendering import LIVE
from voicebot.speech.synthesis.service import SynthesisService, gap_ms, open_shelf
from voicebot.speech.synthesis.voices import VoiceShelf
from voicebot.speech.types import UNKNOWN_WORDS, SpeechRequest

_VOICES = {"zh": "kokoro-zh/zf_xiaoxiao", "en": "piper-en-joe"}
_LONG = "Thank you for calling us. We are open all day long. Goodbye now."


@pytest.fixture(scope="module")
def shelf(real_models: ModelStore, prepared: Path) -> VoiceShelf:
    """Voices that are loaded once for all tests."""
    settings = load_settings(overrides=[f"paths.data={prepared}"])
    return open_shelf(settings, real_models.path, _VOICES)


@pytest.fixture
async def service(own_settings: Settings, shelf: VoiceShelf) -> AsyncIterator[SynthesisService]:
    made = SynthesisService(own_settings, shelf)
    yield made
    await made.close()


async def _speak(service: SynthesisService, request: SpeechRequest) -> list[bytes]:
    async with aclosing(service.synthesise(request)) as pieces:
        return [piece async for piece in pieces]


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_a_text_sounds_the_same_from_the_cache_and_after_a_restart(
    service: SynthesisService, own_settings: Settings, shelf: VoiceShelf
) -> None:
    request = SpeechRequest(_LONG, "en", 8000)
    assert service.cached_path(request) is None
    fresh = b"".join(await _speak(service, request))
    again = await _speak(service, request)
    assert len(again) == 3  # the clauses
    assert b"".join(again) == fresh
    await service.prerender(request)  # waits for the files
    path = service.cached_path(request)
    assert path is not None
    with wave.open(str(path)) as file:
        assert file.readframes(file.getnframes()) == fresh
    after_restart = SynthesisService(own_settings, shelf)
    assert b"".join(await _speak(after_restart, request)) == fresh
    assert after_restart.cache_stats.hits == 3
    await after_restart.close()


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_texts_share_their_clauses(service: SynthesisService) -> None:
    greeting = await _speak(service, SpeechRequest("Thank you for calling. Goodbye for now.", "en", 8000))
    other = await _speak(service, SpeechRequest("Thank you for calling. We are open at nine.", "en", 8000))
    clause = await _speak(service, SpeechRequest("Thank you for calling.", "en", 8000))
    assert len(clause) == 1  # from the cache
    assert b"".join(greeting).startswith(clause[0])
    assert other[0] == clause[0]
    assert service.cached_path(SpeechRequest("We are open at ten.", "en", 8000)) is None


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_what_does_not_depend_on_unknown_words_is_rendered_ahead(service: SynthesisService) -> None:
    await service.prerender(
        SpeechRequest(f"Thank you for calling. Your order is {UNKNOWN_WORDS}. Goodbye for now.", "en")
    )
    spoken = "Thank you for calling. Your order is on its way. Goodbye for now."
    known = [
        await _speak(service, SpeechRequest(text, "en")) for text in ("Thank you for calling.", "Goodbye for now.")
    ]
    assert [len(pieces) for pieces in known] == [1, 1]
    whole = b"".join(await _speak(service, SpeechRequest(spoken, "en")))
    assert whole.startswith(known[0][0])
    assert whole.endswith(known[1][0])
    assert service.cache_stats.size_bytes > 0
    assert service.cached_path(SpeechRequest("Your order is.", "en")) is None


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_mandarin_comes_in_pieces_and_is_cut_where_a_variable_stands(service: SynthesisService) -> None:
    await service.prerender(SpeechRequest(f"好的，给您改到{UNKNOWN_WORDS}，对吗？", "zh", 8000))
    pieces = await _speak(service, SpeechRequest("好的，给您改到后天下午三点，对吗？", "zh", 8000))
    assert len(pieces) >= 4
    fixed = [await _speak(service, SpeechRequest(text, "zh", 8000)) for text in ("好的，", "对吗？")]
    assert [pieces[:1], pieces[-1:]] == fixed


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_many_who_ask_at_once_share_one_rendering(service: SynthesisService) -> None:
    # Piper never says a thing twice in quite the same way: equal audio was rendered once.
    request = SpeechRequest("How can I help you today?", "en", 16000)
    heard = await asyncio.gather(*(_speak(service, request) for _ in range(5)))
    assert len({b"".join(pieces) for pieces in heard}) == 1
    assert len(b"".join(heard[0])) > 16000


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_what_may_never_be_said_gives_way_to_what_is_waited_for(service: SynthesisService) -> None:
    guess = SpeechRequest("This may never be said.", "en", 8000, speculative=True)
    waited_for = threading.Event()

    def render() -> None:
        waited_for.wait(10)

    others = asyncio.gather(*(service._pools[LIVE].run(render, LIVE) for _ in range(service._slots)))
    await asyncio.sleep(0)  # they take the threads
    assert await _speak(service, guess) == []
    waited_for.set()
    await others
    assert await _speak(service, guess)
    assert len(await _speak(service, SpeechRequest(guess.text, "en", 8000))) == 1  # from the cache
    assert await _speak(service, guess)


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_closing_early_gives_up_and_the_next_one_starts_anew(service: SynthesisService) -> None:
    request = SpeechRequest(_LONG, "en", 8000)
    pieces = service.synthesise(request)
    first = await pieces.__anext__()
    await pieces.aclose()
    assert service.cached_path(request) is None
    again = await _speak(service, request)
    assert first not in again
    assert len(again) >= 3


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_a_service_that_closes_ends_what_it_renders(own_settings: Settings, shelf: VoiceShelf) -> None:
    service = SynthesisService(own_settings, shelf)
    pieces = service.synthesise(SpeechRequest(_LONG, "en", 8000))
    await pieces.__anext__()
    await service.close()
    with pytest.raises(SynthesisError):
        async for _ in pieces:
            pass
    with pytest.raises(SynthesisError, match="closed"):
        await _speak(service, SpeechRequest("Something new.", "en", 8000))


@pytest.mark.audio
def test_requests_that_sound_the_same_have_one_key(service: SynthesisService) -> None:
    key = service.cache_key(SpeechRequest("It is **$5**.", "en", 8000))
    assert key == service.cache_key(SpeechRequest("It is 5 dollars.", "piper-en-joe", 8000))
    assert key != service.cache_key(SpeechRequest("It is 5 dollars.", "en", 16000))
    assert service.cache_key(SpeechRequest("您好", "zh")) == service.cache_key(SpeechRequest("您好", "kokoro-zh"))
    assert service.cache_key(SpeechRequest("您好", "zh")) != service.cache_key(
        SpeechRequest("您好", "kokoro-zh/zm_yunxi")
    )


@pytest.mark.audio
def test_voices_are_listed_with_the_defaults_as_aliases(service: SynthesisService) -> None:
    voices = {voice.id: voice for voice in service.voices}
    assert voices["piper-en-joe"].aliases == ("en",)
    assert voices["kokoro-zh/zf_xiaoxiao"].aliases == ("zh",)
    assert (voices["kokoro-zh/zm_yunxi"].language, voices["kokoro-zh/zm_yunxi"].engine) == ("zh", "kokoro")


@pytest.mark.audio
async def test_what_cannot_be_spoken(service: SynthesisService) -> None:
    assert await _speak(service, SpeechRequest("👍 …", "en")) == []
    assert service.cache_key(SpeechRequest("", "zh")) == ""
    for voice in ("nobody", "kokoro-zh/zf_nobody", "../models", "kokoro-zh/../../x", "piper-en-joe/x", "", "fr"):
        with pytest.raises(SynthesisError, match=r"there is no voice .*kokoro-zh/zf_xiaoxiao.*piper-en-joe"):
            await _speak(service, SpeechRequest("Hello", voice))
    with pytest.raises(SynthesisError, match="cannot read Mandarin"):
        await _speak(service, SpeechRequest("您好", "en"))
    with pytest.raises(SynthesisError, match="11025"):
        await _speak(service, SpeechRequest("Hello", "en", 11025))


@pytest.mark.audio
async def test_a_broken_model_is_an_error_of_the_request(
    own_settings: Settings, real_models: ModelStore, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(real_models.path("piper-en-joe"), broken, ignore=shutil.ignore_patterns("*.onnx"))
    (broken / "voice.onnx").write_bytes(b"no model")
    next(broken.glob("*.onnx.json")).rename(broken / "voice.onnx.json")
    service = SynthesisService(own_settings, open_shelf(own_settings, lambda _: broken, {}, ["broken"]))
    with pytest.raises(SynthesisError, match=r"voice\.onnx cannot be loaded"):
        await _speak(service, SpeechRequest("Hello", "broken"))
    await service.close()


async def test_a_cache_that_cannot_be_made_is_reported(own_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "prompts").write_text("a file")
    with pytest.raises(SynthesisError, match="cannot be used for prompts"):
        SynthesisService(own_settings, open_shelf(own_settings, lambda model_id: tmp_path / model_id, _VOICES))


async def test_without_any_voice_the_error_says_so(own_settings: Settings, tmp_path: Path) -> None:
    service = SynthesisService(own_settings, open_shelf(own_settings, lambda model_id: tmp_path / model_id, _VOICES))
    assert service.voices == []
    with pytest.raises(SynthesisError, match="there is no voice 'zh'; there are: none"):
        await _speak(service, SpeechRequest("您好", "zh"))
    await service.close()


def test_pauses_follow_the_punctuation() -> None:
    assert gap_ms("好。”") > gap_ms("好，") > gap_ms("好")


@pytest.mark.audio
@pytest.mark.timeout(60)
async def test_the_voices_of_the_lines_are_loaded_and_no_audio_clips(prepared: Path, real_models: ModelStore) -> None:
    service = await SynthesisService.load(real_models, load_settings(overrides=[f"paths.data={prepared}"]))
    for voice, text in (("zh", "您好。"), ("en", "Hello.")):
        pcm = b"".join(await _speak(service, SpeechRequest(text, voice, 8000)))
        samples = np.frombuffer(pcm, "<i2").astype(np.int32)
        assert 3000 < np.abs(samples).max() < 0.9 * 32767
        # What the caller waits before there is something to hear.
        assert np.flatnonzero(np.abs(samples) > 100)[0] < 0.035 * 8000
    await service.close()
