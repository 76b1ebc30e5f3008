"""Keys: the one callers send, and the one that makes audio addresses unguessable.

Made at the first start, kept in the data directory with mode 0600.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from voicebot.errors import ConfigError
from voicebot.settings import Settings

_KEY_BYTES = 24


def api_key(settings: Settings) -> str:
    """Return the key of the HTTP interface: the configured one, or one made once and kept in ``<data>/api_key``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    return settings.http.api_key or _kept_secret(settings.paths.data / "api_key")


def audio_secret(settings: Settings) -> bytes:
    """Return the secret behind the names of audio files, kept in ``<data>/audio_secret``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    return _kept_secret(settings.paths.data / "audio_secret").encode()


def same_key(given: str, expected: str) -> bool:
    """Compare keys in a time that tells nothing about either of them."""
    one, other = (hashlib.sha256(key.encode("utf-8", "replace")).digest() for key in (given, expected))
    return hmac.compare_digest(one, other)


def _kept_secret(file: Path) -> str:
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_once(file, secrets.token_urlsafe(_KEY_BYTES))
        return _read(file)
    except OSError as error:
        raise ConfigError(f"{file}: cannot keep a key here: {error.strerror}") from error


def _read(file: Path) -> str:
    secret = file.read_text(encoding="ascii", errors="replace").strip()
    if not secret:
        raise ConfigError(f"{file}: is empty; delete it and start again to have a new key made")
    return secret


def _write_once(file: Path, secret: str) -> None:
    """Write a file that appears whole or not at all; whoever comes second keeps the first one's."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secret + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
