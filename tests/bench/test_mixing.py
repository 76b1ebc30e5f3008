from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.bench.turns import RATE_HZ, a_case, tone, write_wav
from voicebot.bench.cases import Background, Part
from voicebot.bench.mixing import NOMINAL_DBOV, Rendered, click, cough, cut_out, render
from voicebot.caller.audio import load_clip
from voicebot.caller.words import active_dbov


def silent(text: str, voice: str) -> bytes:
    raise AssertionError("nothing is spoken by a machine here")


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A folder with a tone of half a second in a clip of 1.1 s, and ten seconds of noise."""
    folder = tmp_path / "speech"
    quiet = np.zeros(int(0.3 * RATE_HZ))
    write_wav(folder / "tone.wav", np.concatenate([quiet, tone(0.5), quiet]))
    write_wav(folder / "noise.wav", np.random.default_rng(1).normal(0, 500, 10 * RATE_HZ))
    return folder


def rendered(
    speech: Path, parts: tuple[Part, ...], **changes: object
) -> tuple[Rendered, np.ndarray[tuple[int], np.dtype[np.int16]]]:
    case = replace(a_case(), parts=parts, **changes)  # type: ignore[arg-type]
    item = render(case, speech, speech.parent / "clips", RATE_HZ, silent)
    return item, np.frombuffer(load_clip(item.file, RATE_HZ), "<i2")


def test_a_single_clip_stays_as_it_was_recorded(speech: Path) -> None:
    item, samples = rendered(speech, ("tone.wav",))
    assert samples.size == int(1.1 * RATE_HZ)
    assert [item.start_ms, item.end_ms] == [pytest.approx(300, abs=25), pytest.approx(800, abs=25)]


def test_a_pause_is_as_long_as_it_says_whatever_silence_the_clips_have(speech: Path) -> None:
    item, samples = rendered(speech, ("tone.wav", 400, "tone.wav"))
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)
    pause_ms = np.diff(loud).max() * 1000 / RATE_HZ
    assert pause_ms == pytest.approx(400, abs=45)
    assert item.end_ms - item.start_ms == pytest.approx(500 + 400 + 500, abs=60)


def test_a_pause_at_an_exact_cut_is_not_shortened_there(speech: Path) -> None:
    half: Part = {"clip": "tone.wav", "from_ms": 400, "to_ms": 700}
    _, samples = rendered(speech, (half, 400, half))
    assert samples.size == (300 + 400 + 300) * RATE_HZ // 1000


def test_speech_is_brought_to_its_level(speech: Path) -> None:
    _, samples = rendered(speech, ("tone.wav",), level_dbov=-30.0)
    assert active_dbov(samples, RATE_HZ) == pytest.approx(-30, abs=0.2)


def test_noise_alone_lies_below_the_nominal_level_of_speech(speech: Path) -> None:
    item, samples = rendered(speech, (2000,), background=Background("noise.wav", 15.0))
    level = 20 * np.log10(np.sqrt(np.mean((samples / 32768.0) ** 2)))
    assert level == pytest.approx(NOMINAL_DBOV - 15, abs=0.3)
    assert (item.start_ms, item.end_ms) == (0, 2000)


def test_noise_behind_speech_begins_before_it_and_ends_after_it(speech: Path) -> None:
    item, samples = rendered(speech, ("tone.wav",), background=Background("noise.wav", 10.0))
    assert samples.size == int((1.1 + 0.6) * RATE_HZ)
    assert item.start_ms == pytest.approx(600, abs=25)
    lead = samples[: int(0.3 * RATE_HZ)] / 32768.0
    level = 20 * np.log10(np.sqrt(np.mean(lead**2)))
    assert level == pytest.approx(active_dbov(tone(0.5).astype(np.int16), RATE_HZ) - 10, abs=0.5)


def test_short_noise_is_repeated(speech: Path) -> None:
    write_wav(speech / "short.wav", np.random.default_rng(1).normal(0, 500, RATE_HZ // 2))
    _, samples = rendered(speech, (2000,), background=Background("short.wav", 10.0))
    assert np.array_equal(samples[:4000], samples[4000:8000])


def test_words_of_a_machine_come_from_the_voice(speech: Path) -> None:
    asked = []

    def speak(text: str, voice: str) -> bytes:
        asked.append((text, voice))
        return tone(0.4).astype("<i2").tobytes()

    case = replace(a_case(), parts=({"say": "好"}, 300, {"say": "对", "voice": "another"}))
    item = render(case, speech, speech.parent, RATE_HZ, speak)
    assert asked == [("好", "zh"), ("对", "another")]
    assert item.end_ms == pytest.approx(400 + 300 + 400, abs=30)


def test_a_stretch_of_a_clip_can_be_taken(speech: Path) -> None:
    _, samples = rendered(speech, ({"clip": "tone.wav", "from_ms": 300, "to_ms": 600},))
    assert samples.size == int(0.3 * RATE_HZ)


def test_a_missing_clip_is_an_error(speech: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        rendered(speech, ("gone.wav",))


def test_coughs_and_knocks_are_loud_and_each_one_is_another() -> None:
    for make in (cough, click):
        first, second = (make(np.random.default_rng(seed), RATE_HZ) for seed in (1, 2))
        assert 0.3 * RATE_HZ < first.size < 0.8 * RATE_HZ
        assert np.abs(first).max() > 5000
        assert not np.array_equal(first, second)


def test_what_is_cut_out_does_not_click() -> None:
    cut = cut_out(np.full(RATE_HZ, 8000.0), (300.0, 700.0), RATE_HZ)
    assert cut.size == int(0.48 * RATE_HZ)
    assert abs(cut[0]) < 1
    assert np.abs(np.diff(cut)).max() < 100
