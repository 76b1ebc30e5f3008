"""The key that callers send."""

from __future__ import annotations

import hashlib
import hmac

from voicebot.server.secrets import kept_secret
from voicebot.settings import Settings


def api_key(settings: Settings) -> str:
    """Return the key of the HTTP interface: the configured one, or one made once and kept in ``<data>/api_key``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    return settings.http.api_key or kept_secret(settings.paths.data / "api_key")


def same_key(given: str, expected: str) -> bool:
    """Compare keys in a time that tells nothing about either of them."""
    one, other = (hashlib.sha256(key.encode("utf-8", "replace")).digest() for key in (given, expected))
    return hmac.compare_digest(one, other)
