"""Turns spoken, carried over a line and transcribed by the real models."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import ConfigError
from voicebot.evaluation.hearing import error_rate, hear, noises, write_heard
from voicebot.evaluation.turns import Heard, Turn, load_heard
from voicebot.settings import load_settings


def write_clips(folder: Path, kind: str) -> None:
    with wave.open(str(folder / "hum.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.random.default_rng(0).normal(0, 1000, 8000).astype("<i2").tobytes())
    entry = {"file": "hum.wav", "lang": "-", "text": None, "kind": kind}
    (folder / "manifest.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")


@pytest.mark.audio
async def test_turns_are_heard_on_a_quiet_and_on_a_noisy_line(tmp_path: Path) -> None:
    write_clips(tmp_path, "office")
    said = "Where is my order, please?"
    turns = [Turn("en-1", "greeting", said, ("fallback",), "x"), Turn("en-2", "greeting", said, ("fallback",), "x")]
    done: list[int] = []
    heard = await hear(turns, "en", load_settings(environ=os.environ), tmp_path, done.append)
    assert [(entry.id, entry.noise, entry.snr_db, entry.speed) for entry in heard] == [
        ("en-1", "", None, 1.0),
        ("en-1", "hum.wav", 15.0, 1.0),
        ("en-2", "", None, 0.93),
        ("en-2", "hum.wav", 15.0, 0.93),
    ]
    assert all("order" in entry.heard.lower() for entry in heard)
    assert done == [1, 2]
    write_heard(tmp_path / "asr_en.jsonl", heard)
    assert load_heard(tmp_path / "asr_en.jsonl") == heard


def test_a_folder_without_noise_is_told(tmp_path: Path) -> None:
    write_clips(tmp_path, "music on hold")
    with pytest.raises(ConfigError, match="no clip in its manifest is of the kind noise, office"):
        noises(tmp_path)


def test_the_error_rate_counts_characters_or_words_of_all_together() -> None:
    def heard(said: str, text: str) -> Heard:
        return Heard("1", said, text, "whisper", "joe", 1.0)

    assert error_rate([heard("one two three", "one two"), heard("yes", "yes")], "en") == 0.25
    assert error_rate([heard("\u4f60\u597d\u554a", "\u4f60\u597d")], "zh") == pytest.approx(1 / 3)
