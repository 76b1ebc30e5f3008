"""Rendered speech on disk, named by a hash of all that made it, with the latest in memory on top."""

from __future__ import annotations

import hashlib
import io
import logging
import struct
import threading
import wave
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voicebot.filecache import MIB, FileCache

RENDERER_VERSION = "3"
"""Part of every key. To be raised when the same text comes to sound different: levels, gaps, phonemes."""

_MEMORY_BYTES = 32 * MIB
_WAV_HEADER_BYTES = 44
# The last 12 bytes of a file: a chunk that players skip, with the CRC-32 of the audio.
_CHECKSUM = struct.Struct("<4sII")
_CHECKSUM_NAME = b"crc "

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How a cache is doing; counts since it was opened."""

    hits: int
    misses: int
    evicted: int
    corrupt: int
    size_bytes: int


def content_key(engine: str, model: str, voice: str, rate_hz: int, text: str) -> str:
    """Return the name of a rendered text.

    Args:
        engine: name of the engine.
        model: fingerprint of the model files.
        voice: voice within the model, "" if it has one only.
        rate_hz: sample rate of the audio.
        text: the normalised text.
    """
    parts = (RENDERER_VERSION, engine, model, voice, str(rate_hz), text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


class PromptCache:
    """WAV files in a directory, the least recently used thrown away beyond a size.

    A file whose checksum is wrong (a full disk, a bad sector) is a miss, and removed.
    All methods block for a file access at most, and may be called from any thread.

    Args:
        directory: made when it is not there.
        limit_mib: what the files may take together.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, directory: Path, limit_mib: int) -> None:
        self._files = FileCache(directory, limit_mib * MIB, ".wav")
        self._lock = threading.Lock()
        self._memory: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._memory_bytes = 0
        self._hits = self._misses = self._corrupt = 0

    @property
    def stats(self) -> CacheStats:
        """Figures of this moment."""
        return CacheStats(self._hits, self._misses, self._files.evicted, self._corrupt, self._files.size_bytes)

    def path(self, key: str) -> Path:
        """Return where the audio of a key lies, or would lie."""
        return self._files.path(key)

    def get_kept(self, keys: Sequence[str], rate_hz: int) -> list[bytes] | None:
        """Return audio if all of it is in memory; microseconds, never a file access."""
        with self._lock:
            found = [pcm for key in keys if (pcm := self._memory.get((key, rate_hz))) is not None]
            if len(found) < len(keys):
                return None
            for key in keys:
                self._memory.move_to_end((key, rate_hz))
            self._hits += len(keys)
            return found

    def get(self, key: str, rate_hz: int) -> bytes | None:
        """Return the PCM of a key, None when it is not there or not whole."""
        kept = self.get_kept([key], rate_hz)
        if kept is not None:
            return kept[0]
        raw = self._files.read(key)
        if raw is None:
            self._misses += 1
            return None
        pcm = _unwrap(raw, rate_hz)
        if pcm is None:
            logger.warning("removed a damaged file from the prompt cache: %s", self.path(key).name)
            self._corrupt += 1
            self._misses += 1
            self._files.remove(key, len(raw))
            return None
        self._hits += 1
        self._files.touch(key)
        self.keep(key, rate_hz, pcm)
        return pcm

    def put(self, key: str, rate_hz: int, pcm: bytes) -> None:
        """Store audio. A disk that cannot take it costs the entry, not the call: it is logged."""
        self.keep(key, rate_hz, pcm)
        try:
            self._files.write(key, _wrap(pcm, rate_hz))
        except OSError as error:
            logger.warning("the prompt cache cannot be written: %s", error.strerror)

    def keep(self, key: str, rate_hz: int, pcm: bytes) -> None:
        """Take audio into memory only; microseconds."""
        with self._lock:
            old = self._memory.pop((key, rate_hz), b"")
            self._memory[key, rate_hz] = pcm
            self._memory_bytes += len(pcm) - len(old)
            while self._memory_bytes > _MEMORY_BYTES and len(self._memory) > 1:
                _, dropped = self._memory.popitem(last=False)
                self._memory_bytes -= len(dropped)


def _wrap(pcm: bytes, rate_hz: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    raw = bytearray(buffer.getvalue() + _CHECKSUM.pack(_CHECKSUM_NAME, 4, zlib.crc32(pcm)))
    raw[4:8] = struct.pack("<I", len(raw) - 8)  # the length that RIFF tells
    return bytes(raw)


def _unwrap(raw: bytes, rate_hz: int) -> bytes | None:
    """Return the PCM of a WAV file that is whole and of this rate, else None."""
    pcm = raw[_WAV_HEADER_BYTES : -_CHECKSUM.size]
    try:
        with wave.open(io.BytesIO(raw), "rb") as file:
            right = (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate_hz)
            right = right and len(pcm) == 2 * file.getnframes()
    except (wave.Error, EOFError):
        return None
    return pcm if right and raw[-_CHECKSUM.size :] == _CHECKSUM.pack(_CHECKSUM_NAME, 4, zlib.crc32(pcm)) else None
