"""What was learnt, kept for the next start beside the model that it was learnt with."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicebot.filecache import MIB, FileCache

logger = logging.getLogger(__name__)

LIMIT_BYTES = 512 * MIB
_SUFFIX = ".npz"
Arrays = dict[str, NDArray[np.float32]]


class LearntStore:
    """Arrays by key, in a folder that may be lost at any time.

    Args:
        folder: made when it is not there; None, or one that cannot be written, keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._cache: FileCache | None = None
        if folder is not None:
            try:
                self._cache = FileCache(folder, LIMIT_BYTES, _SUFFIX)
            except OSError as error:
                logger.info("what bots learn is not kept for the next start: %s", error)

    def has(self, key: str) -> bool:
        """Tell whether something is kept under a key."""
        return self._cache is not None and self._cache.path(key).is_file()

    def load(self, key: str) -> Arrays | None:
        """Return what was kept under a key; None if nothing is, or it is damaged."""
        content = self._cache.read(key) if self._cache is not None else None
        if content is None or content[: hashlib.sha256().digest_size] != _digest(content):
            return None
        with np.load(io.BytesIO(content[hashlib.sha256().digest_size :]), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def keep(self, key: str, arrays: Arrays) -> None:
        """Keep arrays for the next start; a full disk is told in the log."""
        if self._cache is None:
            return
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its keywords are arrays, one of its options a bool
        body = buffer.getvalue()
        try:
            self._cache.write(key, hashlib.sha256(body).digest() + body)
        except OSError as error:
            logger.warning("what a bot has learnt cannot be kept: %s", error.strerror or error)


def key_of(*parts: str, texts: Iterable[str] = ()) -> str:
    """Return the key of what is learnt from some texts."""
    digest = hashlib.sha256()
    for part in (*parts, "", *texts):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content[hashlib.sha256().digest_size :]).digest()
