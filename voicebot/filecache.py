"""Whole files in a directory, the least recently used thrown away beyond a size.

What several caches of ours have in common. They give every file a checksum of their own.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

MIB = 1024 * 1024
# After an eviction there is room for a while: an eviction reads the whole directory.
_EVICT_TO = 0.9
_TEMPORARY_SUFFIX = ".part"

logger = logging.getLogger(__name__)


class FileCache:
    """Files by name. They are written beside their place and renamed: a reader in any process sees all or nothing.

    All methods block for a file access at most, and may be called from any thread.

    Args:
        directory: made when it is not there.
        limit_bytes: what the files may take together.
        suffix: how the names of the files end, with the dot.

    Raises:
        OSError: the directory cannot be made or read.
    """

    def __init__(self, directory: Path, limit_bytes: int, suffix: str) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._suffix = suffix
        self._lock = threading.Lock()
        self.evicted = 0
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(f"*/*{_TEMPORARY_SUFFIX}"):
            leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote
        self._size_bytes = sum(size for _, size, _ in self._files())

    @property
    def size_bytes(self) -> int:
        """What the files take together."""
        return self._size_bytes

    def path(self, name: str) -> Path:
        """Return where a file lies, or would lie."""
        return self._directory / name[:2] / f"{name}{self._suffix}"

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None when it is not there or cannot be read."""
        try:
            return self.path(name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, raw: bytes) -> None:
        """Write a file, and throw others away if they are too much by now.

        Raises:
            OSError: the disk does not take it; nothing is left of it.
        """
        path = self.path(name)
        before = path.stat().st_size if path.exists() else 0
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_renamed(path, raw)
        with self._lock:
            self._size_bytes += len(raw) - before
            full = self._size_bytes > self._limit_bytes
        if full:
            self._evict()

    def touch(self, name: str) -> None:
        """Note that a file was used."""
        # The time of last use is kept in the modification time: many file systems do not keep access times.
        try:
            os.utime(self.path(name))
        except OSError as error:
            logger.debug("the time of use of a file cannot be kept: %s", error.strerror)

    def remove(self, name: str, size_bytes: int) -> None:
        """Remove a file that was found to be of no use; one that cannot be removed is logged."""
        try:
            self.path(name).unlink()
        except FileNotFoundError:
            return  # somebody else was faster, and has counted it
        except OSError as error:
            logger.warning("a damaged file cannot be removed: %s", error.strerror)
            return
        with self._lock:
            self._size_bytes -= size_bytes

    def _evict(self) -> None:
        """Remove the files that were not used for longest."""
        files = sorted(self._files(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in files)
        for path, size, _ in files:
            if total <= self._limit_bytes * _EVICT_TO:
                break
            path.unlink(missing_ok=True)
            total -= size
            self.evicted += 1
        with self._lock:
            self._size_bytes = total

    def _files(self) -> Iterator[tuple[Path, int, int]]:
        """Yield path, size in bytes and time of last use in ns."""
        for path in self._directory.glob(f"*/*{self._suffix}"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another process evicts too
            yield path, status.st_size, status.st_mtime_ns


def _write_renamed(path: Path, raw: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=_TEMPORARY_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
