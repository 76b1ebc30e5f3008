"""The keys that callers of the HTTP interface send, as they are kept: by their hash, in ``<data>/keys.json``.

A key has 192 random bits, so a plain SHA-256 is enough to keep it by: there is nothing to guess that a slow hash would
have to protect, as there is with passwords.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from voicebot.errors import ConfigError
from voicebot.settings import Settings

logger = logging.getLogger(__name__)

ALL_BOTS = "*"
SUPERVISE = "supervise"
"""Right to see calls that are up, to listen to them and to step in."""
CONTENT = "content"
"""Right to read what was said last in these calls."""
RIGHTS = (SUPERVISE, CONTENT)
FILE_NAME = "keys.json"
_OLD_FILE_NAME = "api_key"
_KEY_BYTES = 24
_HASH_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as it is kept.

    Attributes:
        id: names it; the middle part of the key.
        sha256: SHA-256 of the key, in hexadecimal digits.
        bots: names of the bots that it opens; ``ALL_BOTS`` for all there are and will be.
        note: what its owner wrote about it.
        created: when, ISO 8601, UTC.
        rights: what it may besides asking the bots and ordering calls, of ``RIGHTS``.
    """

    id: str
    sha256: str
    bots: tuple[str, ...] = (ALL_BOTS,)
    note: str = ""
    created: str = ""
    rights: tuple[str, ...] = ()


class KeyFile:
    """The file with the keys. Each change is made whole or not at all; changes of several processes do not mix."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, settings: Settings) -> KeyFile:
        """Return the file of an installation, and take the key into it that older versions kept as plain text."""
        file = cls(settings.paths.data / FILE_NAME)
        old = settings.paths.data / _OLD_FILE_NAME
        if old.is_file():
            file._adopt(old, in_force=not settings.http.api_key)
        return file

    def read(self) -> list[KeyEntry]:
        """Return the keys; none if there is no file.

        Raises:
            ConfigError: the file cannot be read, or is not what we write.
        """
        try:
            return [_entry(item) for item in json.loads(self.path.read_bytes())["keys"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{self.path}: is damaged; restore it, or delete it and make new keys") from error

    def add(self, bots: Sequence[str] = (ALL_BOTS,), note: str = "", rights: Sequence[str] = ()) -> str:
        """Make a key and return it; nobody can ever find it out again from the file.

        Raises:
            ConfigError: the file cannot be read or written.
        """
        made: list[str] = []

        def change(entries: list[KeyEntry]) -> list[KeyEntry]:
            taken = {entry.id for entry in entries}
            key_id = next(name for name in iter(lambda: secrets.token_hex(3), "") if name not in taken)
            made.append(f"vb_{key_id}_{secrets.token_urlsafe(_KEY_BYTES)}")
            return [*entries, KeyEntry(key_id, hash_key(made[0]).hex(), tuple(bots), note, _now(), tuple(rights))]

        self._change(change)
        return made[0]

    def remove(self, key_id: str) -> bool:
        """Take a key away; False if there is none of that id.

        Raises:
            ConfigError: the file cannot be read or written.
        """
        found: list[KeyEntry] = []

        def change(entries: list[KeyEntry]) -> list[KeyEntry]:
            found.extend(entry for entry in entries if entry.id == key_id)
            return [entry for entry in entries if entry.id != key_id]

        self._change(change)
        return bool(found)

    def _adopt(self, old: Path, in_force: bool) -> None:
        """Keep the hash of a key of an older version, and remove its file."""
        try:
            key = old.read_text(encoding="utf-8", errors="replace").strip()
            # A key that the settings had put out of force must not come back.
            if key and in_force:
                entry = KeyEntry("old", hash_key(key).hex(), (ALL_BOTS,), f"from {_OLD_FILE_NAME}", _now())
                self._change(lambda entries: [*(other for other in entries if other.id != entry.id), entry])
            old.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{old}: cannot be moved to {self.path}: {error.strerror}") from error
        what = f"its key is kept by its hash in {self.path} now" if in_force else "http.api_key had replaced its key"
        logger.info("%s removed: %s", old, what)

    def _change(self, change: Callable[[list[KeyEntry]], list[KeyEntry]]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.path.with_name(f".{self.path.name}.lock")):
                self._write(change(self.read()))
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _write(self, entries: list[KeyEntry]) -> None:
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump({"keys": [asdict(entry) for entry in entries]}, stream, ensure_ascii=False, indent=2)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(draft, self.path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def hash_key(key: str) -> bytes:
    """Return the SHA-256 of a key, as it came in a header or stands in the settings."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def configured_hash(setting: str) -> bytes:
    """Return the hash of the key in ``http.api_key``, which may be a hash already ("sha256:" and 64 hex digits).

    Raises:
        ConfigError: it begins like a hash and is none.
    """
    if not setting.startswith(_HASH_PREFIX):
        return hash_key(setting)
    try:
        digest = bytes.fromhex(setting.removeprefix(_HASH_PREFIX))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise ConfigError("http.api_key: after 'sha256:' there must be 64 hexadecimal digits")
    return digest


def _entry(item: dict[str, Any]) -> KeyEntry:
    entry = KeyEntry(
        *(str(item["id"]), str(item["sha256"]), tuple(map(str, item["bots"])), str(item["note"])),
        *(str(item["created"]), tuple(map(str, item.get("rights", ())))),
    )
    if len(bytes.fromhex(entry.sha256)) != hashlib.sha256().digest_size:
        raise ValueError(entry.id)
    return entry


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
