"""The music that callers hear while somebody is rung for them."""

from __future__ import annotations

import logging
import wave
from pathlib import Path

import numpy as np
import soxr

from voicebot.errors import ConfigError
from voicebot.settings.sip import TransferSettings

logger = logging.getLogger(__name__)

_LONGEST_S = 300


def waiting_music(settings: TransferSettings, rate_hz: int) -> bytes:
    """Return the music (s16le mono), or nothing where a ringing tone is wanted or the file cannot be read."""
    if settings.waiting != "music" or not settings.music:
        return b""
    try:
        return read_music(Path(settings.music), rate_hz)
    except ConfigError as error:
        logger.error("callers hear a ringing tone instead of music: %s", error.message)
        return b""


def read_music(path: Path, rate_hz: int) -> bytes:
    """Return a WAV file as s16le mono at another rate; its first five minutes.

    Raises:
        ConfigError: it cannot be read, is no 16-bit WAV file, or is empty.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, own_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(min(file.getnframes(), own_hz * _LONGEST_S))
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"sip.transfer.music {path}: {error}") from None
    if width != 2 or not data:
        raise ConfigError(f"sip.transfer.music {path}: not a WAV file with 16-bit audio in it")
    mono = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1) / 32768
    resampled = soxr.resample(mono, own_hz, rate_hz)
    pcm: bytes = (np.clip(resampled, -1, 1) * 32767).astype("<i2").tobytes()
    return pcm
