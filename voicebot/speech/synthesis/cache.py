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

RENDERER_VERSION = "4"
"""Part of every key. To be raised when the same text comes to sound different (levels, gaps, phonemes), or when more is
kept of it."""

_MEMORY_BYTES = 32 * MIB
_WAV_HEADER_BYTES = 44
# Behind the audio, in chunks that players skip: the phonemes if they are known; and as the last 12 bytes of the file
# the CRC-32 of audio and phonemes.
_CHUNK = struct.Struct("<4sI")
_PHONES_NAME = b"phon"
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
        self._memory: OrderedDict[tuple[str, int], tuple[bytes, bytes]] = OrderedDict()
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
            found = [kept[0] for key in keys if (kept := self._memory.get((key, rate_hz))) is not None]
            if len(found) < len(keys):
                return None
            for key in keys:
                self._memory.move_to_end((key, rate_hz))
            self._hits += len(keys)
            return found

    def get(self, key: str, rate_hz: int) -> bytes | None:
        """Return the PCM of a key, None when it is not there or not whole."""
        found = self.get_spoken(key, rate_hz)
        return None if found is None else found[0]

    def get_spoken(self, key: str, rate_hz: int) -> tuple[bytes, bytes] | None:
        """Return the PCM of a key and what is kept of its phonemes; None when it is not there or not whole."""
        with self._lock:
            kept = self._memory.get((key, rate_hz))
            if kept is not None:
                self._memory.move_to_end((key, rate_hz))
                self._hits += 1
                return kept
        raw = self._files.read(key)
        if raw is None:
            self._misses += 1
            return None
        spoken = _unwrap(raw, rate_hz)
        if spoken is None:
            logger.warning("removed a damaged file from the prompt cache: %s", self.path(key).name)
            self._corrupt += 1
            self._misses += 1
            self._files.remove(key, len(raw))
            return None
        self._hits += 1
        self._files.touch(key)
        self.keep(key, rate_hz, *spoken)
        return spoken

    def put(self, key: str, rate_hz: int, pcm: bytes, phones: bytes = b"") -> None:
        """Store audio and its phonemes. A disk that cannot take it costs the entry, not the call: it is logged."""
        self.keep(key, rate_hz, pcm, phones)
        try:
            self._files.write(key, _wrap(pcm, rate_hz, phones))
        except OSError as error:
            logger.warning("the prompt cache cannot be written: %s", error.strerror)

    def keep(self, key: str, rate_hz: int, pcm: bytes, phones: bytes = b"") -> None:
        """Take audio and its phonemes into memory only; microseconds."""
        with self._lock:
            old = self._memory.pop((key, rate_hz), (b"", b""))
            self._memory[key, rate_hz] = pcm, phones
            self._memory_bytes += len(pcm) + len(phones) - sum(map(len, old))
            while self._memory_bytes > _MEMORY_BYTES and len(self._memory) > 1:
                _, dropped = self._memory.popitem(last=False)
                self._memory_bytes -= sum(map(len, dropped))


def _wrap(pcm: bytes, rate_hz: int, phones: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    # Chunks begin at even places: a space more does not hurt JSON.
    padded = phones + b" " * (len(phones) % 2)
    chunk = _CHUNK.pack(_PHONES_NAME, len(padded)) + padded if phones else b""
    checksum = _CHECKSUM.pack(_CHECKSUM_NAME, 4, zlib.crc32(chunk, zlib.crc32(pcm)))
    raw = bytearray(buffer.getvalue() + chunk + checksum)
    raw[4:8] = struct.pack("<I", len(raw) - 8)  # the length that RIFF tells
    return bytes(raw)


def _unwrap(raw: bytes, rate_hz: int) -> tuple[bytes, bytes] | None:
    """Return the PCM and the phonemes of a WAV file that is whole and of this rate, else None."""
    body = raw[_WAV_HEADER_BYTES : -_CHECKSUM.size]
    try:
        with wave.open(io.BytesIO(raw), "rb") as file:
            right = (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate_hz)
            pcm, chunk = body[: 2 * file.getnframes()], body[2 * file.getnframes() :]
    except (wave.Error, EOFError):
        return None
    if not right or raw[-_CHECKSUM.size :] != _CHECKSUM.pack(_CHECKSUM_NAME, 4, zlib.crc32(body)):
        return None
    return pcm, chunk[_CHUNK.size :] if chunk.startswith(_PHONES_NAME) else b""
