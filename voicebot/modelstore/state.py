"""What lies on disk: checksums, and the stamp that says that a model was verified."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voicebot.modelstore.manifest import Model, ModelFile, Variant

log = logging.getLogger(__name__)

STAMP_NAME = ".verified.json"
_CHUNK_BYTES = 1024 * 1024

State = Literal["ready", "unverified", "incomplete", "missing"]
"""ready: verified before and not touched since; unverified: all files there, never hashed; incomplete: some files."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not what the manifest says."""

    path: Path
    reason: str


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    """Return the sha256 of a file in hexadecimal.

    Args:
        path: the file.
        advance: told the number of bytes of each piece read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK_BYTES):
            digest.update(piece)
            if advance:
                advance(len(piece))
    return digest.hexdigest()


def model_state(model: Model, directory: Path) -> tuple[State, Variant | None]:
    """Look, without reading them, at the files of a model.

    Returns:
        The state, and the variant that is ready or unverified.
    """
    complete = [variant for variant in model.variants if _complete(variant, directory)]
    stamp = _read_stamp(directory)
    for variant in complete:
        if stamp == _stamp_of(variant, directory):
            return "ready", variant
    if complete:
        return "unverified", complete[0]
    some = any((directory / file.path).exists() for variant in model.variants for file in variant.files)
    return ("incomplete" if some else "missing"), None


def check_variant(variant: Variant, directory: Path, advance: Callable[[int], None] | None = None) -> list[Problem]:
    """Hash the files of a variant and return what is wrong with them."""
    problems = []
    for file in variant.files:
        reason = check_file(file, directory, advance)
        if reason:
            problems.append(Problem(directory / file.path, reason))
    return problems


def check_file(file: ModelFile, directory: Path, advance: Callable[[int], None] | None = None) -> str:
    """Hash one file; return what is wrong with it, or an empty string."""
    path = directory / file.path
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        return "" if sha256_of(path, advance) == file.sha256 else "has a wrong sha256 checksum"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def present_bytes(variant: Variant, directory: Path) -> int:
    """Return how many bytes of a variant lie in files of the right size."""
    return sum(file.size for file in variant.files if _size(directory / file.path) == file.size)


def write_stamp(variant: Variant, directory: Path) -> None:
    """Record that a variant was verified. A directory that cannot be written to is hashed again next time."""
    target = directory / STAMP_NAME
    part = directory / f"{STAMP_NAME}.{os.getpid()}"
    try:
        part.write_text(json.dumps(_stamp_of(variant, directory), indent=1), encoding="utf-8")
        part.replace(target)
    except OSError as error:
        log.debug("no stamp in %s: %s", directory, error)


def clear_stamp(directory: Path) -> None:
    """Forget that a model was verified."""
    (directory / STAMP_NAME).unlink(missing_ok=True)


def _complete(variant: Variant, directory: Path) -> bool:
    return all(_size(directory / file.path) == file.size for file in variant.files)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _stamp_of(variant: Variant, directory: Path) -> dict[str, Any]:
    files = {
        file.path: {"sha256": file.sha256, "size": file.size, "mtime_ns": (directory / file.path).stat().st_mtime_ns}
        for file in variant.files
    }
    return {"variant": variant.name, "files": files}


def _read_stamp(directory: Path) -> Any:
    try:
        return json.loads((directory / STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
