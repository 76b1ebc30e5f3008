from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from voicebot.conversation.playout import Playout
from voicebot.errors import ConfigError
from voicebot.runtime.waiting import read_music, waiting_music
from voicebot.settings.sip import TransferSettings


def write(path: Path, channels: int, rate_hz: int, frames: int, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(frames) / rate_hz)).astype("<i2")
        file.writeframes(np.repeat(tone, channels).tobytes()[: frames * channels * width])
    return path


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 8000), (2, 44100), (1, 16000)])
def test_a_file_of_any_rate_becomes_what_the_line_plays(tmp_path: Path, channels: int, rate_hz: int) -> None:
    pcm = read_music(write(tmp_path / "hold.wav", channels, rate_hz, rate_hz), 8000)
    samples = np.frombuffer(pcm, "<i2").astype(float)
    assert abs(samples.size - 8000) <= 2
    assert int(np.argmax(np.abs(np.fft.rfft(samples[:8000], 8000)))) == 440


def test_music_is_played_over_and_over_instead_of_the_ringing_tone(tmp_path: Path) -> None:
    settings = TransferSettings(waiting="music", music=str(write(tmp_path / "hold.wav", 1, 8000, 400)))
    playout = Playout(8000, lambda event: None, waiting_music(settings, 8000))
    assert playout.read(400) == bytes(800)
    playout.set_ringback(True)
    first = playout.read(400)
    assert any(first)
    assert playout.read(400) == first
    playout.set_ringback(False)
    assert playout.read(400) == bytes(800)


@pytest.mark.parametrize("content", [None, b"", b"RIFF", b"no sound at all"])
def test_a_file_that_is_none_is_an_error_and_callers_hear_the_ringing_tone(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "hold.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"hold\.wav"):
        read_music(path, 8000)
    assert waiting_music(TransferSettings(waiting="music", music=str(path)), 8000) == b""


def test_eight_bits_are_not_understood(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="16-bit"):
        read_music(write(tmp_path / "hold.wav", 1, 8000, 100, width=1), 8000)
