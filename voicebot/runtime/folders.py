"""Which files a bot consists of, and whether they have changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from voicebot.dialogue.botfile import FILE_NAME

Fingerprint = frozenset[tuple[str, int, int]]
"""Name, time of change in ns and size in bytes of each file."""

_LEFTOVERS = ("~", ".swp", ".part", ".tmp", ".pyc")


def fingerprints(directory: Path) -> dict[str, Fingerprint]:
    """Return the bots of a directory by the names of their folders, each with what tells whether it has changed.

    Hidden files and folders, and what editors and Python leave beside a file, do not count.
    """
    return {file.parent.name: fingerprint(file.parent) for file in sorted(directory.glob(f"*/{FILE_NAME}"))}


def fingerprint(folder: Path) -> Fingerprint:
    """Return what tells whether a bot has changed."""
    return frozenset(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in names:
            if name.startswith(".") or name.endswith(_LEFTOVERS):
                continue
            path = Path(parent, name)
            try:
                status = path.stat()
            except OSError:
                continue  # it was there a moment ago: the next look tells
            yield str(path.relative_to(folder)), status.st_mtime_ns, status.st_size
