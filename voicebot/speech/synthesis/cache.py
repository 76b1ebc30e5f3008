"""Rendered speech on disk, named by a hash of all that made it, with the latest in memory on top."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import struct
import tempfile
import threading
import wave
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

RENDERER_VERSION = "2"
"""Part of every key. To be raised when the same text comes to sound different: levels, gaps, phonemes."""

_MIB = 1024 * 1024
_MEMORY_BYTES = 32 * _MIB
# After an eviction there is room for a while: an eviction reads the whole directory.
_EVICT_TO = 0.9
_WAV_HEADER_BYTES = 44
# The last 12 bytes of a file: a chunk that players skip, with the CRC-32 of the audio.
_CHECKSUM = struct.Struct("<4sII")
_CHECKSUM_NAME = b"crc "
_TEMPORARY_SUFFIX = ".part"

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

    Files are written beside their place and renamed, so that a reader in any process sees a whole file
    or none. A file whose checksum is wrong all the same (a full disk, a bad sector) is a miss, and removed.
    All methods block for a file access at most, and may be called from any thread.

    Args:
        directory: made when it is not there.
        limit_mib: what the files may take together.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, directory: Path, limit_mib: int) -> None:
        self._directory = directory
        self._limit_bytes = limit_mib * _MIB
        self._lock = threading.Lock()
        self._memory: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._memory_bytes = 0
        self._hits = self._misses = self._evicted = self._corrupt = 0
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(f"*/*{_TEMPORARY_SUFFIX}"):
            leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote
        self._size_bytes = sum(size for _, size, _ in self._files())

    @property
    def stats(self) -> CacheStats:
        """Figures of this moment."""
        return CacheStats(self._hits, self._misses, self._evicted, self._corrupt, self._size_bytes)

    def path(self, key: str) -> Path:
        """Return where the audio of a key lies, or would lie."""
        return self._directory / key[:2] / f"{key}.wav"

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
        path = self.path(key)
        try:
            raw = path.read_bytes()
        except OSError:
            self._misses += 1
            return None
        pcm = _unwrap(raw, rate_hz)
        if pcm is None:
            logger.warning("removed a damaged file from the prompt cache: %s", path.name)
            self._corrupt += 1
            self._misses += 1
            self._remove(path, len(raw))
            return None
        self._hits += 1
        self._touch(path)
        self.keep(key, rate_hz, pcm)
        return pcm

    def put(self, key: str, rate_hz: int, pcm: bytes) -> None:
        """Store audio. A disk that cannot take it costs the entry, not the call: it is logged."""
        self.keep(key, rate_hz, pcm)
        path = self.path(key)
        raw = _wrap(pcm, rate_hz)
        try:
            before = path.stat().st_size if path.exists() else 0
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, raw)
        except OSError as error:
            logger.warning("the prompt cache cannot be written: %s", error.strerror)
            return
        with self._lock:
            self._size_bytes += len(raw) - before
            full = self._size_bytes > self._limit_bytes
        if full:
            self._evict()

    def keep(self, key: str, rate_hz: int, pcm: bytes) -> None:
        """Take audio into memory only; microseconds."""
        with self._lock:
            old = self._memory.pop((key, rate_hz), b"")
            self._memory[key, rate_hz] = pcm
            self._memory_bytes += len(pcm) - len(old)
            while self._memory_bytes > _MEMORY_BYTES and len(self._memory) > 1:
                _, dropped = self._memory.popitem(last=False)
                self._memory_bytes -= len(dropped)

    def _write(self, path: Path, raw: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=_TEMPORARY_SUFFIX)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(raw)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _evict(self) -> None:
        """Remove the files that were not used for longest."""
        files = sorted(self._files(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in files)
        for path, size, _ in files:
            if total <= self._limit_bytes * _EVICT_TO:
                break
            path.unlink(missing_ok=True)
            total -= size
            self._evicted += 1
        with self._lock:
            self._size_bytes = total

    def _files(self) -> Iterator[tuple[Path, int, int]]:
        """Yield path, size in bytes and time of last use in ns."""
        for path in self._directory.glob("*/*.wav"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another process evicts too
            yield path, status.st_size, status.st_mtime_ns

    def _touch(self, path: Path) -> None:
        # The time of last use is kept in the modification time: many file systems do not keep access times.
        try:
            os.utime(path)
        except OSError as error:
            logger.debug("the time of use of a prompt cannot be kept: %s", error.strerror)

    def _remove(self, path: Path, size: int) -> None:
        path.unlink(missing_ok=True)
        with self._lock:
            self._size_bytes -= size


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
