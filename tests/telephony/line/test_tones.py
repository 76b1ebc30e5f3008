"""Keys in the audio: found over G.711 with noise, and not in speech."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from telephony.line.tones import COLUMNS_HZ, KEYS, ROWS_HZ, ToneDetector
from voicebot.speech.clips import load_clips

RATE_HZ = 8000
ALL = "0123456789*#ABCD"
Audio = npt.NDArray[np.float64]


def tone(key: str, length_ms: int, *, level: float = 4000, twist_db: float = 0, off: float = 1.0) -> Audio:
    row = next(number for number in range(4) if key in KEYS[number])
    low, high = ROWS_HZ[row] * off, COLUMNS_HZ[KEYS[row].index(key)] * off
    at = np.arange(RATE_HZ * length_ms // 1000) / RATE_HZ
    wave: Audio = level * (np.sin(2 * np.pi * low * at) + 10 ** (twist_db / 20) * np.sin(2 * np.pi * high * at + 1))
    return wave


def dialled(
    keys: str, length_ms: int, pause_ms: int, *, snr_db: float = 40, level: float = 4000, **how: float
) -> bytes:
    """Keys as they sound on a line: with noise, and through A-law."""
    parts: list[Audio] = [np.zeros(800)]
    for key in keys:
        parts += [tone(key, length_ms, level=level, **how), np.zeros(RATE_HZ * pause_ms // 1000)]
    clean = np.concatenate([*parts, np.zeros(800)])
    noise = np.random.default_rng(7).normal(0, level * 10 ** (-snr_db / 20), clean.size)
    return through_alaw(clean + noise)


def through_alaw(samples: Audio) -> bytes:
    """Quantise as A-law does (13 bits, segments)."""
    pcm = np.clip(samples, -32767, 32767)
    step = 2.0 ** np.maximum(np.floor(np.log2(np.maximum(np.abs(pcm), 1))) - 4, 4)
    quantised: npt.NDArray[np.int16] = (np.round(pcm / step) * step).clip(-32767, 32767).astype("<i2")
    return quantised.tobytes()


def found(pcm: bytes, rate_hz: int = RATE_HZ) -> str:
    detector = ToneDetector(rate_hz)
    frame = rate_hz // 50 * 2
    return "".join(detector.feed(pcm[start : start + frame]) for start in range(0, len(pcm), frame))


@pytest.mark.parametrize(
    ("length_ms", "pause_ms", "how"),
    [
        (100, 100, {}),
        (45, 45, {}),
        (1000, 60, {"snr_db": 20}),
        (80, 60, {"snr_db": 12}),
        (80, 60, {"off": 1.015}),
        (80, 60, {"off": 0.985}),
        (80, 60, {"twist_db": 6}),
        (80, 60, {"twist_db": -5}),
        (80, 60, {"level": 300.0, "snr_db": 25}),
        (80, 60, {"level": 15000.0}),
    ],
)
def test_every_key_counts_once(length_ms: int, pause_ms: int, how: dict[str, float]) -> None:
    assert found(dialled(ALL, length_ms, pause_ms, **how)) == ALL


def test_the_same_key_twice_is_two() -> None:
    assert found(dialled("1155", 60, 50)) == "1155"


def test_wideband_audio() -> None:
    narrow = np.frombuffer(dialled("159D", 80, 60), "<i2").astype(float)
    wide = np.interp(np.arange(narrow.size * 2) / 2, np.arange(narrow.size), narrow)
    assert found(wide.astype("<i2").tobytes(), 16000) == "159D"


@pytest.mark.parametrize("off", [0.965, 1.035])
def test_tones_beside_the_right_ones_are_none(off: float) -> None:
    """ITU-T Q.24: 3.5 % off must not count."""
    assert found(dialled(ALL, 100, 60, off=off)) == ""


def test_single_tones_and_call_progress_tones_are_no_keys() -> None:
    at = np.arange(RATE_HZ) / RATE_HZ
    for frequencies in ((697,), (1209,), (450,), (350, 440), (440, 480), (480, 620), (697, 770), (1400, 2060)):
        wave = sum(4000 * np.sin(2 * np.pi * hz * at) for hz in frequencies)
        assert found(through_alaw(np.asarray(wave))) == "", frequencies


def test_noise_is_no_key() -> None:
    assert found(through_alaw(np.random.default_rng(3).normal(0, 3000, 60 * RATE_HZ))) == ""


def test_speech_is_no_key() -> None:
    """Talk-off: what people say on the telephone must not dial."""
    clips = load_clips()[:60]
    assert clips
    heard = {clip.path.name: keys for clip in clips if (keys := found(clip.pcm(RATE_HZ)))}
    assert heard == {}


def test_keys_over_soft_speech_are_found() -> None:
    speech = np.frombuffer(next(clip for clip in load_clips() if clip.kind == "sentence").pcm(RATE_HZ), "<i2")
    clean = np.frombuffer(dialled("4711", 80, 80), "<i2").astype(float)
    mixed = clean + np.resize(speech, clean.size) * 0.03
    assert found(through_alaw(mixed)) == "4711"
