"""Nonces that need no memory until they are used, and each use of which counts once (RFC 7616 section 3.3)."""

from __future__ import annotations

import enum
import hashlib
import hmac
import time
from collections.abc import Callable

from telephony.edge.table import FadingTable

MAX_USED = 10_000
_MAC_BYTES = 12


class NonceState(enum.Enum):
    """What a nonce in a request is worth."""

    FRESH = "fresh"
    STALE = "stale"
    FOREIGN = "foreign"
    REPLAYED = "replayed"


class Nonces:
    """Makes nonces and judges those that come back.

    A nonce is its time and a keyed hash of that and of the address it was made for, so that nobody can use one
    that was made for somebody else.

    Args:
        secret: key of the hashes.
        lasts_s: age at which a nonce is stale.
        clock: monotonic seconds.
    """

    def __init__(self, secret: bytes, lasts_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secret
        self._lasts_s = lasts_s
        self._clock = clock
        self._used: FadingTable[tuple[int, str]] = FadingTable(MAX_USED, lasts_s + 60.0, clock)

    def make(self, source: str) -> str:
        """A nonce for a source."""
        stamp = f"{int(self._clock() * 1000):012x}"
        return stamp + self._mac(stamp, source)

    def judge(self, nonce: str, source: str) -> NonceState:
        """Whether a nonce is ours, and young enough."""
        stamp, mac = nonce[:12], nonce[12:]
        if not nonce.isascii() or not hmac.compare_digest(mac, self._mac(stamp, source)):
            return NonceState.FOREIGN
        age_s = self._clock() - int(stamp, 16) / 1000
        return NonceState.FRESH if age_s <= self._lasts_s else NonceState.STALE

    def use(self, nonce: str, count: int, request: str) -> NonceState:
        """Note that a proof was made with a nonce.

        Args:
            nonce: a fresh one.
            count: the sender's count of its uses, which must grow.
            request: names the request: the same one may come again, UDP repeats.
        """
        key = hashlib.blake2b(nonce.encode("ascii"), digest_size=16).digest()
        last = self._used.get(key)
        if last is not None and (count, request) != last and count <= last[0]:
            return NonceState.REPLAYED
        self._used.put(key, (count, request))
        return NonceState.FRESH

    def _mac(self, stamp: str, source: str) -> str:
        return hashlib.blake2b(f"{stamp}\n{source}".encode(), digest_size=_MAC_BYTES, key=self._secret).hexdigest()
