"""The shelf: whole audio files on disk, so that nothing is rendered twice, and a restart forgets none of them."""

from __future__ import annotations

import hashlib
import logging
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voicebot.filecache import FileCache

logger = logging.getLogger(__name__)

# Behind each file: when it was made, its SHA-256, and the CRC-32 of these two.
_TRAILER = struct.Struct("<Q32s")
_TRAILER_CHECK = struct.Struct("<I")
_TRAILER_BYTES = _TRAILER.size + _TRAILER_CHECK.size
_ETAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """A whole file.

    Attributes:
        body: its content.
        etag: changes with the content; without quotes.
        made_s: when it was made, in seconds since 1970.
    """

    body: bytes
    etag: str
    made_s: int


class AudioShelf:
    """Files by key, the least recently used thrown away beyond a size. All methods block for a file access.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, directory: Path, limit_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._files = FileCache(directory, limit_bytes, ".audio")
        self._clock = clock
        self._lock = threading.Lock()

    def has(self, key: str) -> bool:
        """Whether there is a file; microseconds, for use on the event loop."""
        return self._files.path(key).exists()

    def read(self, key: str) -> StoredAudio | None:
        """Return a file, None when it is not there. One that is not whole is removed."""
        raw = self._files.read(key)
        if raw is None:
            return None
        stored = _unwrap(raw)
        if stored is None:
            self._remove_damaged(key, raw)
            return None
        self._files.touch(key)
        return stored

    def store(self, key: str, body: bytes) -> StoredAudio:
        """Store a file. A disk that cannot take it costs the entry, not the answer: it is logged."""
        made_s, digest = int(self._clock()), hashlib.sha256(body).digest()
        trailer = _TRAILER.pack(made_s, digest)
        try:
            with self._lock:
                self._files.write(key, body + trailer + _TRAILER_CHECK.pack(zlib.crc32(trailer)))
        except OSError as error:
            logger.warning("an audio file cannot be kept: %s", error.strerror)
        return StoredAudio(body, _etag(digest), made_s)

    def _remove_damaged(self, key: str, damaged: bytes) -> None:
        with self._lock:
            # By now another reader may have had it made again.
            if self._files.read(key) == damaged:
                logger.warning("removed a damaged audio file")
                self._files.remove(key, len(damaged))


def _unwrap(raw: bytes) -> StoredAudio | None:
    body, trailer = raw[:-_TRAILER_BYTES], raw[-_TRAILER_BYTES : -_TRAILER_CHECK.size]
    if len(raw) < _TRAILER_BYTES or raw[-_TRAILER_CHECK.size :] != _TRAILER_CHECK.pack(zlib.crc32(trailer)):
        return None
    made_s, digest = _TRAILER.unpack(trailer)
    return StoredAudio(body, _etag(digest), made_s) if hashlib.sha256(body).digest() == digest else None


def _etag(digest: bytes) -> str:
    return digest[:_ETAG_BYTES].hex()
