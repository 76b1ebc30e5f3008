"""Encoders: PCM in pieces becomes a file in pieces."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

import av
import numpy as np

from voicebot.server.audio.formats import AudioFormat
from voicebot.server.audio.g711 import ALAW_SILENCE, ULAW_SILENCE, to_alaw, to_ulaw
from voicebot.speech.types import BYTES_PER_SAMPLE

_UNKNOWN = 0xFFFFFFFF
_TAG_PCM, _TAG_ALAW, _TAG_ULAW = 1, 6, 7
_MP3_BITS_PER_S = {8000: 32_000, 16000: 64_000}


class Encoder(Protocol):
    """Writes one file. What ``header``, ``feed`` and ``finish`` return makes up the stream."""

    slow: bool
    """Whether it should not work on the event loop's thread."""

    def header(self) -> bytes:
        """Return what stands at the front while the length is not known."""
        ...

    def feed(self, pcm: bytes) -> bytes:
        """Encode whole samples (s16le); some of the result may come with the next call."""
        ...

    def finish(self) -> bytes:
        """Return what is left."""
        ...

    def whole(self, streamed: bytes) -> bytes:
        """Return the file to keep: all that was streamed, but with the right length at its front."""
        ...


def make_encoder(audio_format: AudioFormat, rate_hz: int) -> Encoder:
    """Return an encoder for a file."""
    if audio_format is AudioFormat.MP3:
        return Mp3Encoder(rate_hz)
    if audio_format is AudioFormat.PCMU:
        return G711Encoder(rate_hz, _TAG_ULAW, to_ulaw, ULAW_SILENCE)
    if audio_format is AudioFormat.PCMA:
        return G711Encoder(rate_hz, _TAG_ALAW, to_alaw, ALAW_SILENCE)
    return WavEncoder(rate_hz)


class WavEncoder:
    """A mono WAV of 16-bit PCM. While the length is not known it is all ones, as ffmpeg streams it."""

    slow = False

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz

    def header(self) -> bytes:
        """Return a header of unknown length."""
        return self._header(None)

    def feed(self, pcm: bytes) -> bytes:
        """Return the samples as they are."""
        return pcm

    def finish(self) -> bytes:
        """Return nothing."""
        return b""

    def whole(self, streamed: bytes) -> bytes:
        """Return the file with the lengths that players want."""
        data = streamed[len(self.header()) :]
        return self._header(len(data)) + data

    def _header(self, data_bytes: int | None) -> bytes:
        rate = self._rate_hz
        fmt = struct.pack("<HHIIHH", _TAG_PCM, 1, rate, rate * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE)
        return _riff(_chunk(b"fmt ", fmt), data_bytes)


class G711Encoder:
    """A mono WAV of G.711 codes. Formats other than PCM have a ``fact`` chunk with the number of samples.

    Args:
        rate_hz: sample rate.
        tag: number of the coding in a WAV file (RFC 2361).
        encode: samples to codes.
        silence: a code that makes the number of codes even: chunks of a RIFF file are.
    """

    slow = False

    def __init__(self, rate_hz: int, tag: int, encode: Callable[[bytes], bytes], silence: int) -> None:
        self._rate_hz = rate_hz
        self._tag = tag
        self._encode = encode
        self._silence = bytes([silence])
        self._codes = 0

    def header(self) -> bytes:
        """Return a header of unknown length."""
        return self._header(None)

    def feed(self, pcm: bytes) -> bytes:
        """Encode samples."""
        codes = self._encode(pcm)
        self._codes += len(codes)
        return codes

    def finish(self) -> bytes:
        """Make the length even."""
        return self._silence * (self._codes % 2)

    def whole(self, streamed: bytes) -> bytes:
        """Return the file with the lengths that players want."""
        data = streamed[len(self.header()) :]
        return self._header(len(data)) + data

    def _header(self, data_bytes: int | None) -> bytes:
        fmt = struct.pack("<HHIIHHH", self._tag, 1, self._rate_hz, self._rate_hz, 1, 8, 0)
        fact = struct.pack("<I", _UNKNOWN if data_bytes is None else data_bytes)
        return _riff(_chunk(b"fmt ", fmt) + _chunk(b"fact", fact), data_bytes)


class Mp3Encoder:
    """MP3 of a constant bit rate, by LAME: 32 kbit/s at 8 kHz, 64 kbit/s at 16 kHz.

    Each frame stands for itself (no bit reservoir), so that a part of a file can be played.
    The sound begins 1105 samples into the file, the delay of the coding.
    """

    slow = True

    def __init__(self, rate_hz: int) -> None:
        self._codec = av.CodecContext.create("libmp3lame", "w")
        self._codec.format = "s16p"
        self._codec.layout = "mono"
        self._codec.sample_rate = rate_hz
        self._codec.bit_rate = _MP3_BITS_PER_S[rate_hz]
        self._codec.options = {"reservoir": "0"}
        self._codec.open()
        self._frame_bytes = self._codec.frame_size * BYTES_PER_SAMPLE
        self._pending = b""
        self._position_samples = 0

    def header(self) -> bytes:
        """Return nothing: an MP3 is a row of frames."""
        return b""

    def feed(self, pcm: bytes) -> bytes:
        """Encode as many frames as are full."""
        pcm = self._pending + pcm
        full = len(pcm) - len(pcm) % self._frame_bytes
        self._pending = pcm[full:]
        return b"".join(self._frame(pcm[at : at + self._frame_bytes]) for at in range(0, full, self._frame_bytes))

    def finish(self) -> bytes:
        """Encode the rest."""
        rest = self._frame(self._pending) if self._pending else b""
        return rest + b"".join(map(bytes, self._codec.encode(None)))

    def whole(self, streamed: bytes) -> bytes:
        """Return what was streamed: frames tell no length."""
        return streamed

    def _frame(self, pcm: bytes) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16p", layout="mono")
        frame.sample_rate = self._codec.sample_rate
        frame.pts = self._position_samples
        self._position_samples += frame.samples
        return b"".join(map(bytes, self._codec.encode(frame)))


def _riff(chunks: bytes, data_bytes: int | None) -> bytes:
    """Return the front of a WAV file up to its data; None: as long as the data go on."""
    riff_bytes = _UNKNOWN if data_bytes is None else 4 + len(chunks) + 8 + data_bytes
    data = struct.pack("<4sI", b"data", _UNKNOWN if data_bytes is None else data_bytes)
    return struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + chunks + data


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content
