"""Secrets that are made at the first start and kept in the data directory, with mode 0600."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from voicebot.errors import ConfigError
from voicebot.settings import Settings

_SECRET_BYTES = 24


def audio_secret(settings: Settings) -> bytes:
    """Return the secret behind the addresses of audio files, kept in ``<data>/audio_secret``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    return kept_secret(settings.paths.data / "audio_secret").encode()


def session_secret(settings: Settings) -> bytes:
    """Return the secret by which session ids of ours are known again, kept in ``<data>/session_secret``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    return kept_secret(settings.paths.data / "session_secret").encode()


def kept_secret(file: Path) -> str:
    """Return the secret in a file; the first to ask makes it, and processes that start together agree.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_once(file, secrets.token_urlsafe(_SECRET_BYTES))
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
