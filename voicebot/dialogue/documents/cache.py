"""Documents that were read and encoded before: a file for each, named by the hash of what went into it."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from voicebot.dialogue.documents.chunking import Chunk
from voicebot.dialogue.documents.index import Vectors

logger = logging.getLogger(__name__)

_VERSION = "1"
_SUFFIX, _TEMPORARY = ".npz", ".part"


class Encoded(NamedTuple):
    """A document ready to be searched: its passages, and the vectors of each."""

    chunks: tuple[Chunk, ...]
    vectors: tuple[Vectors, ...]


def key_of(name: str, content: bytes, language: str, model: str) -> str:
    """Return the name under which a document is kept: it changes with anything that its passages depend on."""
    digest = hashlib.sha256(content)
    digest.update("\0".join(("", name, language, model, _VERSION)).encode("utf-8", "replace"))
    return digest.hexdigest()[:40]


class DocumentCache:
    """Encoded documents in a folder. Files are written beside their place and renamed: readers see all or nothing.

    Args:
        folder: made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> Encoded | None:
        """Return a document; None if it is not there. A broken one is told in the log, and counts as not there."""
        file = self._folder / f"{key}{_SUFFIX}"
        if not file.is_file():
            return None
        try:
            with file.open("rb") as content, np.load(content, allow_pickle=False) as parts:
                rows: list[dict[str, Any]] = json.loads(parts["chunks"].tobytes())
                vectors = parts["vectors"]
            chunks = tuple(_chunk(row) for row in rows)
            ends = np.cumsum([row["rows"] for row in rows]).tolist()
            if vectors.dtype != np.float32 or len(vectors) != (ends[-1] if ends else 0):
                raise ValueError("the vectors do not belong to the passages")
            return Encoded(chunks, tuple(np.split(vectors, ends[:-1])) if ends else ())
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("%s is broken and will be made anew (%s)", file, error)
            return None

    def keep(self, key: str, encoded: Encoded) -> None:
        """Keep a document.

        Raises:
            OSError: it cannot be written.
        """
        rows = [
            {
                **{"id": chunk.id, "document": chunk.document, "path": chunk.path, "sentences": chunk.sentences},
                "rows": len(vectors),
            }
            for chunk, vectors in zip(encoded.chunks, encoded.vectors, strict=True)
        ]
        out = io.BytesIO()
        np.savez(
            out,
            chunks=np.frombuffer(json.dumps(rows).encode(), dtype=np.uint8),
            vectors=np.concatenate(encoded.vectors or [np.zeros((0, 512), dtype=np.float32)]),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=_TEMPORARY, dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(out.getvalue())
            os.replace(name, self._folder / f"{key}{_SUFFIX}")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def forget_all_but(self, keys: Sequence[str]) -> None:
        """Delete the documents that are not in use any more."""
        for file in self._folder.glob(f"*{_SUFFIX}"):
            if file.name.removesuffix(_SUFFIX) not in keys:
                file.unlink(missing_ok=True)


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(str(row["id"]), str(row["document"]), tuple(row["path"]), tuple(row["sentences"]))
