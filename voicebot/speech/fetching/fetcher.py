"""Audio files to telephone audio: WAV as it comes, everything else once it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator

import numpy as np
import soxr

from voicebot.errors import AudioFileError
from voicebot.speech.fetching.download import DownloadLimits, download
from voicebot.speech.fetching.guard import AddressGuard
from voicebot.speech.fetching.wave import NotStreamableError, Samples, WaveDecoder, WaveFormat, read_header
from voicebot.speech.fetching.whole import decode_whole
from voicebot.speech.types import AudioRequest

MAX_AUDIO_S = 300.0
"""The longest clip; nobody listens to a telephone bot for five minutes without a word."""
_PIECE_BYTES = 32_768


class AudioFileFetcher:
    """Fetches audio files for calls; an ``AudioFetcher``.

    Args:
        max_bytes: the longest file.
        allowed: hosts, addresses and networks that files may come from although they are internal.
    """

    def __init__(self, max_bytes: int, allowed: Iterable[str] = ()) -> None:
        self._limits = DownloadLimits(max_bytes)
        self._allowed = tuple(allowed)
        self._decoding = asyncio.Semaphore(1)  # one core for files; speech must not wait for them

    async def fetch(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        """Yield the audio of a file at the rate of the line as soon as it is there.

        Raises:
            AudioBlockedError: it lies where nothing may be fetched from.
            AudioFileError: it cannot be fetched or decoded, or is longer than allowed.
        """
        guard = AddressGuard(self._allowed, request.engine_url)
        async with download(request.url, guard, self._limits) as pieces:
            head, form = await _read_head(pieces)
            if form is not None:
                async for pcm in _stream(form, head, pieces, request.rate_hz):
                    yield pcm
                return
            data = bytearray(head)
            async for piece in pieces:
                data += piece
        for pcm in await self._decode(bytes(data), request.rate_hz):
            yield pcm

    async def _decode(self, data: bytes, rate_hz: int) -> Iterator[bytes]:
        async with self._decoding:
            pcm = await asyncio.to_thread(_decode, data, rate_hz)
        return _cut(pcm)


async def _read_head(pieces: AsyncIterator[bytes]) -> tuple[bytes, WaveFormat | None]:
    """Read until it is clear whether the file can be decoded as it comes."""
    head = b""
    async for piece in pieces:
        head += piece
        try:
            form = read_header(head)
        except NotStreamableError:
            return head, None
        if form is not None:
            return head, form
    return head, None


async def _stream(
    form: WaveFormat, head: bytes, pieces: AsyncIterator[bytes], rate_hz: int
) -> AsyncGenerator[bytes, None]:
    decoder, line = WaveDecoder(form), _LineAudio(form.rate_hz, rate_hz)
    for pcm in _cut(line.feed(decoder.feed(head[form.data_offset :]))):
        yield pcm
    while not decoder.complete:
        try:
            piece = await pieces.__anext__()
        except StopAsyncIteration:
            break
        for pcm in _cut(line.feed(decoder.feed(piece))):
            yield pcm
    for pcm in _cut(line.finish()):
        yield pcm
    if not line.sent_samples:
        raise AudioFileError("the audio file is empty")


def _cut(pcm: bytes) -> Iterator[bytes]:
    return (pcm[start : start + _PIECE_BYTES] for start in range(0, len(pcm), _PIECE_BYTES))


def _decode(data: bytes, rate_hz: int) -> bytes:
    samples, own_rate_hz = decode_whole(data, MAX_AUDIO_S)
    line = _LineAudio(own_rate_hz, rate_hz)
    return line.feed(samples) + line.finish()


class _LineAudio:
    """Brings samples to the rate of the line, and counts them."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16") if from_hz != to_hz else None
        self._max_samples = int(MAX_AUDIO_S * to_hz)
        self.sent_samples = 0

    def feed(self, samples: Samples) -> bytes:
        return self._sent(samples, last=False)

    def finish(self) -> bytes:
        return self._sent(np.zeros(0, np.int16), last=True)

    def _sent(self, samples: Samples, *, last: bool) -> bytes:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        self.sent_samples += len(samples)
        if self.sent_samples > self._max_samples:
            raise AudioFileError(f"the audio file is longer than {MAX_AUDIO_S:g} s")
        return samples.astype("<i2").tobytes()
