"""Ids of sessions: ours can be told from those that clients make."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable

_OURS = re.compile(r"3_([0-9a-f]{24})([0-9a-f]{8})")


def _random_hex() -> str:
    return secrets.token_hex(12)


class SessionIds:
    """Makes ids, and knows them again after the session itself is forgotten.

    An id is "3_" and 32 hexadecimal digits, as on the interface's page. The last eight are an HMAC of the others, cut
    short: enough to tell our ids from others, not meant to keep anybody out.
    """

    def __init__(self, secret: bytes = b"", random_hex: Callable[[], str] = _random_hex) -> None:
        """Begin to make ids.

        Args:
            secret: of the installation, so that ids are known again after a restart; b"" for one of its own.
            random_hex: returns 24 fresh hexadecimal digits.
        """
        self._secret = secret or secrets.token_bytes(24)
        self._random_hex = random_hex

    def make(self) -> str:
        """Return a new id."""
        digits = self._random_hex()
        return f"3_{digits}{self._tag(digits)}"

    def made(self, session_id: str) -> bool:
        """Tell whether an id is one of ours."""
        found = _OURS.fullmatch(session_id)
        return found is not None and hmac.compare_digest(self._tag(found[1]), found[2])

    def _tag(self, digits: str) -> str:
        return hmac.digest(self._secret, digits.encode("ascii"), hashlib.sha256)[:4].hex()
