"""Whole files of the usual kinds, decoded by FFmpeg (PyAV). Runs in a thread of its own.

FFmpeg could be led by a file's content to open other files and addresses (playlists, concat scripts). So the kind of
file is told from its first bytes here, only kinds that hold their sound themselves are tried, and no protocol may be
opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt

from voicebot.errors import AudioFileError
from voicebot.speech.fetching.wave import RATES_HZ

Samples = npt.NDArray[np.int16]

_MAGIC = (
    (0, b"RIFF", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (4, b"ftyp", "mp4"),
)
_NO_PROTOCOLS = {"protocol_whitelist": "none"}


def decode_whole(data: bytes, max_s: float) -> tuple[Samples, int]:
    """Decode a file to mono samples; return them and their rate in Hz.

    Raises:
        AudioFileError: it is of no known kind, broken, or longer than ``max_s``.
    """
    kind = kind_of(data)
    if not kind:
        raise AudioFileError("the audio file is of no known kind")
    try:
        with av.open(io.BytesIO(data), "r", format=kind, options=_NO_PROTOCOLS) as container:
            pieces, rate_hz = _decode(container, max_s)
    except (av.FFmpegError, ValueError, IndexError, OverflowError) as error:
        raise AudioFileError(f"the audio file cannot be decoded ({type(error).__name__})") from error
    if not pieces:
        raise AudioFileError("the audio file is empty")
    return np.concatenate(pieces), rate_hz


def kind_of(data: bytes) -> str:
    """Return FFmpeg's name for the kind of a file, "" if it is none of ours."""
    for at, magic, kind in _MAGIC:
        if data[at : at + len(magic)] == magic:
            return kind
    if len(data) > 1 and data[0] == 0xFF:  # an MPEG audio frame: layer 0 is AAC in ADTS, the others are MP3 and kin
        if data[1] & 0xF6 == 0xF0:
            return "aac"
        if data[1] & 0xE0 == 0xE0 and data[1] & 0x06:
            return "mp3"
    return ""


def _decode(container: av.container.InputContainer, max_s: float) -> tuple[list[Samples], int]:
    if not container.streams.audio:
        raise AudioFileError("there is no sound in the audio file")
    pieces: list[Samples] = []
    rate_hz, length = 0, 0
    resampler: av.AudioResampler | None = None
    for frame in container.decode(container.streams.audio[0]):
        if resampler is None:
            rate_hz = frame.sample_rate
            if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
                raise AudioFileError(f"the sample rate of the audio file is {rate_hz} Hz")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        pieces += _mono(resampler.resample(frame))
        length += frame.samples
        if length > max_s * rate_hz:
            raise AudioFileError(f"the audio file is longer than {max_s:g} s")
    if resampler is not None:
        pieces += _mono(resampler.resample(None))
    return pieces, rate_hz


def _mono(frames: list[av.AudioFrame]) -> Iterator[Samples]:
    return (frame.to_ndarray().reshape(-1).astype(np.int16) for frame in frames)
