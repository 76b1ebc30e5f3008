"""Who may ask which bot: the check of the keys that a request carries."""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from voicebot.errors import ConfigError
from voicebot.server.keys import ALL_BOTS, KeyFile, configured_hash, hash_key

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one key opens.

    Attributes:
        id: names the key; it is no secret.
        bots: names of bots, or ``ALL_BOTS``.
        rights: what may be done with calls of these bots besides.
    """

    id: str
    bots: frozenset[str]
    rights: frozenset[str] = frozenset()

    def has(self, bot: str) -> bool:
        """Whether the key is for a bot."""
        return ALL_BOTS in self.bots or bot in self.bots


class KeyRing:
    """All keys of a running service: those in the file, which may change meanwhile, and those that are given here."""

    def __init__(
        self, file: KeyFile, configured: str = "", internal: str = "", configured_rights: Iterable[str] = ()
    ) -> None:
        """Read the keys.

        Args:
            file: keys that ``voicebot keys`` made; looked at again whenever it has changed.
            configured: the setting ``http.api_key``; "" for none.
            internal: key of our own phone side; "" for none.
            configured_rights: the setting ``http.api_key_rights``.

        Raises:
            ConfigError: the file cannot be read, or ``configured`` is not a key.
        """
        everything = frozenset({ALL_BOTS})
        self._given: list[tuple[bytes, Grant]] = []
        if configured:
            grant = Grant("configured", everything, frozenset(configured_rights))
            self._given.append((configured_hash(configured), grant))
        if internal:
            self._given.append((hash_key(internal), Grant("internal", everything)))
        self._file = file
        self._stamp = self._current_stamp()
        self._all = self._given + self._read()

    def bots(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the bots that some keys open together; ``ALL_BOTS`` may be among them, and nothing means: none."""
        opened: frozenset[str] = frozenset()
        return opened.union(*(grant.bots for grant in self.grants(keys)))

    def grants(self, keys: Iterable[str]) -> list[Grant]:
        """Return what some keys open, each for itself.

        Every key is compared with every kept one, each time in constant time, so that the time taken does not tell
        which of the headers was wrong or how nearly right it was.
        """
        self._refresh()
        hashes = [hash_key(key) for key in keys if key]
        opened: list[Grant] = []
        for kept, grant in self._all:
            fits = [hmac.compare_digest(kept, given) for given in hashes]
            opened += [grant] if any(fits) else []
        return opened

    def _refresh(self) -> None:
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._all = self._given + self._read()
        except ConfigError as error:
            logger.error("the keys stay as they were: %s", error.message)

    def _current_stamp(self) -> _Stamp | None:
        try:
            status = os.stat(self._file.path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[tuple[bytes, Grant]]:
        return [
            (bytes.fromhex(entry.sha256), Grant(entry.id, frozenset(entry.bots), frozenset(entry.rights)))
            for entry in self._file.read()
        ]


KEYS = web.AppKey("keys", KeyRing)


def keys_of(request: web.Request) -> list[str]:
    """Return the keys in a request: ``token`` and ``Authorization: Bearer``. The page wants both, clients differ."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return [request.headers.get("token", ""), credentials.strip() if scheme.lower() == "bearer" else ""]


def choose_bot(opened: frozenset[str], default: str) -> str:
    """Return the bot that ``/stream/query`` means for a key, "" if that is not clear.

    It is the default bot where the key opens that; else the key's only bot. A key for several others has to name one
    in the address (``/bots/NAME/stream/query``).
    """
    if ALL_BOTS in opened or default in opened:
        return default
    return next(iter(opened)) if len(opened) == 1 else ""
