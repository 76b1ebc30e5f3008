"""WAV while it is still coming: the header, then samples piece by piece.

RIFF/WAVE as in Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" and "Multiple Channel Audio
Data and WAVE Files" (for WAVE_FORMAT_EXTENSIBLE). Who writes a file while its length is unknown puts 0 or 0xFFFFFFFF
there: then the data goes on to the end of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.fetching.g711 import A_LAW, U_LAW

Samples = npt.NDArray[np.int16]

MAX_HEADER_BYTES = 65_536
RATES_HZ = (4_000, 192_000)
_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)
_MAX_CHANNELS = 8
_PCM, _A_LAW, _U_LAW, _EXTENSIBLE = 0x0001, 0x0006, 0x0007, 0xFFFE
_BITS = {_PCM: 16, _A_LAW: 8, _U_LAW: 8}
_FORMAT = struct.Struct("<HHIIHH")


class NotStreamableError(Exception):
    """These bytes are no WAV file of a kind that can be decoded as it comes."""


@dataclass(frozen=True, slots=True)
class WaveFormat:
    """What a header says.

    Attributes:
        codec: format tag: 16-bit PCM, A-law or µ-law.
        channels: how many.
        rate_hz: sample rate.
        data_offset: first byte of the samples in the file.
        data_bytes: how many there are; None if the header does not know.
    """

    codec: int
    channels: int
    rate_hz: int
    data_offset: int
    data_bytes: int | None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * _BITS[self.codec] // 8


def read_header(head: bytes) -> WaveFormat | None:
    """Read the beginning of a file; None while more of it is needed.

    Raises:
        NotStreamableError: it is something else, or a kind of WAV that has to be decoded whole.
    """
    if not _begins(head, 0, b"RIFF") or not _begins(head, 8, b"WAVE"):
        raise NotStreamableError
    position, found = 12, None
    while len(head) >= position + 8:
        kind, length = head[position : position + 4], int.from_bytes(head[position + 4 : position + 8], "little")
        body = position + 8
        if kind == b"data":
            if found is None:
                raise NotStreamableError
            codec, channels, rate_hz = found
            return WaveFormat(codec, channels, rate_hz, body, None if length in _UNKNOWN_LENGTHS else length)
        if kind == b"fmt ":
            if len(head) < body + min(length, 26):
                break
            found = _read_format(head[body : body + min(length, 26)])
        position = body + length + length % 2
        if position > MAX_HEADER_BYTES:
            raise NotStreamableError
    return None


def _begins(head: bytes, at: int, wanted: bytes) -> bool:
    found = head[at : at + len(wanted)]
    return found == wanted[: len(found)]


def _read_format(body: bytes) -> tuple[int, int, int]:
    if len(body) < _FORMAT.size:
        raise NotStreamableError
    codec, channels, rate_hz, _, align, bits = _FORMAT.unpack_from(body)
    if codec == _EXTENSIBLE and len(body) >= 26:
        codec = int.from_bytes(body[24:26], "little")  # the sub-format begins with the tag that it stands for
    known = codec in _BITS and bits == _BITS[codec] and 1 <= channels <= _MAX_CHANNELS
    if not known or align != channels * bits // 8 or not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise NotStreamableError
    return codec, channels, rate_hz


class WaveDecoder:
    """Turns the bytes behind a header into mono samples; pieces may be of any length."""

    def __init__(self, form: WaveFormat) -> None:
        self._form = form
        self._left = form.data_bytes
        self._rest = b""

    @property
    def complete(self) -> bool:
        """All samples that the header announced are there; what follows is not sound."""
        return self._left == 0

    def feed(self, data: bytes) -> Samples:
        """Return the samples that are complete now."""
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        data = self._rest + data
        whole = len(data) // self._form.frame_bytes * self._form.frame_bytes
        self._rest = data[whole:]
        return self._mono(self._linear(data[:whole]))

    def _linear(self, data: bytes) -> Samples:
        if self._form.codec == _PCM:
            return np.frombuffer(data, "<i2").astype(np.int16)
        return (A_LAW if self._form.codec == _A_LAW else U_LAW)[np.frombuffer(data, np.uint8)]

    def _mono(self, samples: Samples) -> Samples:
        if self._form.channels == 1:
            return samples
        mixed: Samples = samples.reshape(-1, self._form.channels).mean(axis=1).astype(np.int16)
        return mixed
