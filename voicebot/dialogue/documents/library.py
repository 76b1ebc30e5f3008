"""The documents of a bot, kept ready: only what changed is read and encoded again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from voicebot.dialogue.documents.cache import DocumentCache, Encoded, key_of
from voicebot.dialogue.documents.chunking import Chunk, chunks_of
from voicebot.dialogue.documents.index import PassageIndex, Vectors, texts_to_encode
from voicebot.dialogue.documents.reading import SUFFIXES, read_document
from voicebot.dialogue.textfile import read_bytes
from voicebot.dialogue.vectors import MODEL_ID, Encoder
from voicebot.errors import ConfigError

logger = logging.getLogger(__name__)

_BATCH = 8  # passages that are encoded at once: a running call waits for the interpreter no longer than that
_TELL_EVERY_S = 5.0


def document_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder of documents and below it."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.startswith((".", "~$")):
            yield file


class DocumentLibrary:
    """All documents in a folder and below it.

    Args:
        folder: of the documents.
        encoder: makes the vectors.
        language: of the bot.
        cache: folder where encoded documents are kept for the next start; None to keep none.

    Attributes:
        index: the passages; empty until ``refresh`` was called.
        problems: what was wrong with documents at the last refresh, each with the name of the file.
    """

    def __init__(self, folder: Path, encoder: Encoder, language: str, cache: Path | None = None) -> None:
        self.index = PassageIndex((), (), language)
        self.problems: tuple[str, ...] = ()
        self._folder = folder
        self._encoder = encoder
        self._language = language
        self._cache = DocumentCache(cache) if cache is not None else None
        self._ready: dict[str, Encoded] = {}
        self._refreshing = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Give up a running refresh, from any thread; what it has encoded so far is kept for the next start."""
        self._stopped = True

    def refresh(self) -> None:
        """Bring the index up to date with the folder. Takes about 10 ms for each passage that is new.

        A document that cannot be read is told in the log and left out; the others are found as soon as all are ready.
        """
        with self._refreshing:
            ready: dict[str, Encoded] = {}
            problems: list[str] = []
            for file in document_files(self._folder):
                if self._stopped:
                    return
                try:
                    key, encoded = self._encoded(file)
                    ready[key] = encoded
                except ConfigError as error:
                    problems.append(str(error))
                    logger.error("document left out: %s", error)
            chunks = [chunk for encoded in ready.values() for chunk in encoded.chunks]
            vectors = [each for encoded in ready.values() for each in encoded.vectors]
            self.index = PassageIndex(chunks, vectors, self._language)
            self.problems = tuple(problems)
            self._ready = ready
            if self._cache is not None:
                self._cache.forget_all_but(tuple(ready))
            if ready:
                logger.info("%s: %d documents, %d passages", self._folder, len(ready), len(chunks))

    def _encoded(self, file: Path) -> tuple[str, Encoded]:
        if file.suffix.lower() not in SUFFIXES:
            raise ConfigError(f"{file}: is no document that can be read; allowed: {', '.join(SUFFIXES)}")
        content = read_bytes(file)
        key = key_of(file.name, content, self._language, MODEL_ID)
        encoded = self._ready.get(key) or (self._cache.load(key) if self._cache is not None else None)
        if encoded is None:
            encoded = self._encode(file, content)
            self._keep(key, encoded)
        return key, encoded

    def _encode(self, file: Path, content: bytes) -> Encoded:
        document = read_document(file, content)
        if not document.sections:
            logger.warning("%s holds no text; a PDF of scanned pages has to go through text recognition first", file)
        chunks = tuple(chunks_of(document, self._language))
        vectors: list[Vectors] = []
        told = time.monotonic()
        for start in range(0, len(chunks), _BATCH):
            vectors += self._vectors(chunks[start : start + _BATCH])
            if time.monotonic() - told > _TELL_EVERY_S:
                told = time.monotonic()
                logger.info("%s: %d of %d passages encoded", file, len(vectors), len(chunks))
        return Encoded(chunks, tuple(vectors))

    def _vectors(self, chunks: tuple[Chunk, ...]) -> list[Vectors]:
        texts = [texts_to_encode(chunk, self._language) for chunk in chunks]
        encoded = self._encoder.encode([text for each in texts for text in each])
        return np.split(encoded, np.cumsum([len(each) for each in texts])[:-1])

    def _keep(self, key: str, encoded: Encoded) -> None:
        if self._cache is None:
            return
        try:
            self._cache.keep(key, encoded)
        except OSError as error:
            logger.warning("an encoded document cannot be kept: %s", error.strerror or error)
