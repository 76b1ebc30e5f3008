"""The real voices, heard by the real recogniser: what was to be said must come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.settings.model import RecogniserSettings
from voicebot.speech.recognition.model import WhisperModel
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.synthesis.engine import SynthesisEngine
from voicebot.speech.synthesis.kokoro import MAX_PHONEMES, KokoroEngine, KokoroModel, fitting
from voicebot.speech.synthesis.kokoro_network import speech_loudness
from voicebot.speech.synthesis.mandarin import MandarinPhonemes
from voicebot.speech.synthesis.piper import PiperEngine
from voicebot.speech.synthesis.resample import ClauseAudio, speech_span
from voicebot.speech.types import TranscriptionRequest

pytestmark = [pytest.mark.audio, pytest.mark.timeout(90)]

_MANDARIN = ("抱歉，我没有听清楚，请您再说一遍。",)
_ENGLISH = ("Thank you for calling. How can I help you today?", "Your appointment is on Friday afternoon.")


@pytest.fixture(scope="module")
def kokoro(real_models: ModelStore, prepared: Path) -> KokoroModel:
    return KokoroModel(real_models.path("kokoro-zh"), prepared / "synthesis")


@pytest.fixture(scope="module")
def phonemes() -> MandarinPhonemes:
    return MandarinPhonemes()


@pytest.fixture(scope="module")
def whisper(whisper_directory: Path) -> WhisperModel:
    return WhisperModel(whisper_directory, RecogniserSettings())


def _error_rate(engine: SynthesisEngine, texts: tuple[str, ...], whisper: WhisperModel) -> float:
    wrong = total = 0
    for text in texts:
        audio = ClauseAudio(engine.rate_hz, 8000, 500, engine.loudness)
        pcm = b"".join([*map(audio.feed, engine.synthesise_clause(text)), audio.finish()])
        transcript = whisper.transcribe(TranscriptionRequest(pcm, 8000, engine.language))
        count, units = errors(text, transcript.text, engine.language)
        wrong += count
        total += units
    return wrong / total


def test_mandarin_is_understood_over_the_telephone(
    kokoro: KokoroModel, phonemes: MandarinPhonemes, whisper: WhisperModel
) -> None:
    engine = KokoroEngine(kokoro, "zf_xiaoxiao", phonemes)
    # Whisper base mishears a tenth of the characters of human Mandarin on the telephone.
    assert _error_rate(engine, _MANDARIN, whisper) < 0.2


def test_english_is_understood_over_the_telephone(real_models: ModelStore, whisper: WhisperModel) -> None:
    engine = PiperEngine(real_models.path("piper-en-joe"))
    assert (engine.language, engine.rate_hz) == ("en", 22_050)
    assert _error_rate(engine, _ENGLISH, whisper) < 0.2


def test_kokoro_leaves_out_what_it_cannot_say(kokoro: KokoroModel, phonemes: MandarinPhonemes) -> None:
    assert kokoro.encode("xau↓\u0329☃") == kokoro.encode("xau↓")
    engine = KokoroEngine(kokoro, "zf_xiaoxiao", phonemes)
    assert not list(engine.synthesise_clause("，。"))


def test_a_clause_comes_in_pieces_without_the_silence_around_it(
    kokoro: KokoroModel, phonemes: MandarinPhonemes
) -> None:
    engine = KokoroEngine(kokoro, "zf_xiaoxiao", phonemes)
    pieces = list(engine.synthesise_clause("您预约了明天下午三点半的体检，"))
    assert len(pieces) >= 3
    assert len(pieces[0]) < 0.8 * engine.rate_hz
    samples = np.concatenate(pieces)
    assert 2.0 < len(samples) / engine.rate_hz < 3.5
    span = speech_span(samples, engine.rate_hz)
    assert span is not None
    assert span[0] < 0.15 * engine.rate_hz
    assert len(samples) - span[1] < 0.25 * engine.rate_hz
    # The level measured once for the voice is that of its clauses.
    assert 20 * np.log10(speech_loudness(samples) / engine.loudness) == pytest.approx(0, abs=3)


def test_what_was_measured_of_a_voice_is_kept_and_made_again_when_damaged(
    kokoro: KokoroModel, phonemes: MandarinPhonemes, prepared: Path
) -> None:
    first = KokoroEngine(kokoro, "zf_xiaoxiao", phonemes)
    (file,) = (prepared / "synthesis").glob("*.npz")
    before = file.read_bytes()
    file.write_bytes(before[:1000])
    assert KokoroEngine(kokoro, "zf_xiaoxiao", phonemes).loudness == pytest.approx(first.loudness, rel=1e-3)
    assert len(file.read_bytes()) == len(before)


def test_long_texts_are_cut_at_pauses() -> None:
    ids = [7, 7, 7, 1] * 200
    parts = fitting(ids, frozenset({1}))
    assert [len(part) for part in parts] == [508, 292]
    assert [*parts[0], *parts[1]] == ids
    assert [len(part) for part in fitting([7] * 1100, frozenset({1}))] == [MAX_PHONEMES, MAX_PHONEMES, 80]
    assert fitting([], frozenset()) == []


def test_a_voice_that_is_cut_short_is_refused(real_models: ModelStore, prepared: Path, tmp_path: Path) -> None:
    whole = real_models.path("kokoro-zh")
    for name in ("vocab.json", "model.onnx"):
        (tmp_path / name).symlink_to((whole / name).resolve())
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "zf_cut.bin").write_bytes((whole / "voices" / "zf_xiaoxiao.bin").read_bytes()[:1000])
    model = KokoroModel(tmp_path, prepared / "synthesis")
    with pytest.raises(SynthesisError, match="not a Kokoro voice"):
        model.style("zf_cut")
    with pytest.raises(SynthesisError, match="cannot be read"):
        model.style("zf_none")
    (tmp_path / "vocab.json").unlink()
    (tmp_path / "vocab.json").write_text("[]")
    with pytest.raises(SynthesisError, match="vocabulary"):
        KokoroModel(tmp_path, prepared / "synthesis")


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
