"""The real voices, heard by the real recogniser: what was to be said must come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voicebot.errors import SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.settings.model import RecogniserSettings
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.synthesis.engine import SynthesisEngine
from voicebot.speech.synthesis.kokoro import MAX_PHONEMES, KokoroEngine, KokoroModel, fitting
from voicebot.speech.synthesis.mandarin import MandarinPhonemes
from voicebot.speech.synthesis.piper import PiperEngine
from voicebot.speech.synthesis.resample import telephone_audio
from voicebot.speech.types import TranscriptionRequest

pytestmark = [pytest.mark.audio, pytest.mark.timeout(90)]

_MANDARIN = (
    "正在为您转接人工客服，请稍候。",
    "抱歉，我没有听清楚，请您再说一遍。",
)
_ENGLISH = ("Thank you for calling. How can I help you today?", "Your appointment is on Friday afternoon.")


@pytest.fixture(scope="module")
def kokoro(real_models: ModelStore) -> KokoroModel:
    return KokoroModel(real_models.path("kokoro-zh"))


@pytest.fixture(scope="module")
def phonemes() -> MandarinPhonemes:
    return MandarinPhonemes()


async def _error_rate(engine: SynthesisEngine, texts: tuple[str, ...], whisper: Path) -> float:
    recogniser = await WhisperRecogniser.load(whisper, RecogniserSettings())
    wrong = total = 0
    for text in texts:
        pcm = telephone_audio(engine.synthesise_clause(text), engine.rate_hz, 8000, gap_ms=500)
        transcript = await recogniser.transcribe(TranscriptionRequest(pcm, 8000, engine.language))
        count, units = errors(text, transcript.text, engine.language)
        wrong += count
        total += units
    await recogniser.close()
    return wrong / total


async def test_mandarin_is_understood_over_the_telephone(
    kokoro: KokoroModel, phonemes: MandarinPhonemes, whisper_directory: Path
) -> None:
    engine = KokoroEngine(kokoro, "zf_xiaoxiao", phonemes)
    # Whisper base mishears a tenth of the characters of human Mandarin on the telephone.
    assert await _error_rate(engine, _MANDARIN, whisper_directory) < 0.2


async def test_english_is_understood_over_the_telephone(real_models: ModelStore, whisper_directory: Path) -> None:
    engine = PiperEngine(real_models.path("piper-en-joe"))
    assert (engine.language, engine.rate_hz) == ("en", 22_050)
    assert await _error_rate(engine, _ENGLISH, whisper_directory) < 0.2


def test_kokoro_leaves_out_what_it_cannot_say(kokoro: KokoroModel, phonemes: MandarinPhonemes) -> None:
    assert kokoro.encode("xau↓\u0329☃") == kokoro.encode("xau↓")
    engine = KokoroEngine(kokoro, "zm_yunxi", phonemes)
    assert not len(engine.synthesise_clause("，。"))


def test_long_texts_are_cut_at_pauses() -> None:
    ids = [7, 7, 7, 1] * 200
    parts = fitting(ids, frozenset({1}))
    assert [len(part) for part in parts] == [508, 292]
    assert [*parts[0], *parts[1]] == ids
    assert [len(part) for part in fitting([7] * 1100, frozenset({1}))] == [MAX_PHONEMES, MAX_PHONEMES, 80]
    assert fitting([], frozenset()) == []


def test_a_voice_that_is_cut_short_is_refused(kokoro: KokoroModel, real_models: ModelStore, tmp_path: Path) -> None:
    whole = real_models.path("kokoro-zh")
    for name in ("vocab.json", "model.onnx"):
        (tmp_path / name).symlink_to((whole / name).resolve())
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "zf_cut.bin").write_bytes((whole / "voices" / "zf_xiaoxiao.bin").read_bytes()[:1000])
    model = KokoroModel(tmp_path)
    with pytest.raises(SynthesisError, match="not a Kokoro voice"):
        model.style("zf_cut")
    with pytest.raises(SynthesisError, match="cannot be read"):
        model.style("zf_none")
    (tmp_path / "vocab.json").unlink()
    (tmp_path / "vocab.json").write_text("[]")
    with pytest.raises(SynthesisError, match="vocabulary"):
        KokoroModel(tmp_path)


def test_a_directory_without_exactly_one_piper_voice_is_refused(real_models: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="found 0"):
        PiperEngine(tmp_path)
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(SynthesisError, match="config"):
        PiperEngine(tmp_path)
    config = next(real_models.path("piper-en-joe").glob("*.json"))
    shutil.copy(config, tmp_path / "a.onnx.json")
    (tmp_path / "a.onnx.json").write_text("{}")
    with pytest.raises(SynthesisError, match="not the config"):
        PiperEngine(tmp_path)
