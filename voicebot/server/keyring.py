"""Who may ask which bot: the check of the keys that a request carries."""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Iterable

from aiohttp import web

from voicebot.errors import ConfigError
from voicebot.server.keys import ALL_BOTS, KeyFile, configured_hash, hash_key

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


class KeyRing:
    """All keys of a running service: those in the file, which may change meanwhile, and those that are given here."""

    def __init__(self, file: KeyFile, configured: str = "", internal: str = "") -> None:
        """Read the keys.

        Args:
            file: keys that ``voicebot keys`` made; looked at again whenever it has changed.
            configured: the setting ``http.api_key``; "" for none.
            internal: key of our own phone side; "" for none.

        Raises:
            ConfigError: the file cannot be read, or ``configured`` is not a key.
        """
        everything = frozenset({ALL_BOTS})
        self._given: list[tuple[bytes, frozenset[str]]] = []
        if configured:
            self._given.append((configured_hash(configured), everything))
        if internal:
            self._given.append((hash_key(internal), everything))
        self._file = file
        self._stamp = self._current_stamp()
        self._all = self._given + self._read()

    def bots(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the bots that some keys open together; ``ALL_BOTS`` may be among them, and nothing means: none.

        Every key is compared with every kept one, each time in constant time, so that the time taken does not tell
        which of the headers was wrong or how nearly right it was.
        """
        self._refresh()
        hashes = [hash_key(key) for key in keys if key]
        opened: frozenset[str] = frozenset()
        for kept, bots in self._all:
            fits = [hmac.compare_digest(kept, given) for given in hashes]
            opened |= bots if any(fits) else frozenset()
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

    def _read(self) -> list[tuple[bytes, frozenset[str]]]:
        return [(bytes.fromhex(entry.sha256), frozenset(entry.bots)) for entry in self._file.read()]


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
