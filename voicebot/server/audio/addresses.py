"""Addresses of audio files: a name nobody can guess, and a signature that runs out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_NAMES = 20_000
_NAME_BYTES = 24
_SIGNATURE_BYTES = 18
_LONGEST_ROUNDING_S = 60
_EXPIRY = re.compile(r"[0-9]{1,12}")


class Sentence(NamedTuple):
    """What a file says, and in which voice."""

    text: str
    voice: str


class _Address(NamedTuple):
    """An address that was given out, and until which moment it is given out again."""

    path: str
    period: int
    name: str
    sentence: Sentence


class AudioAddresses:
    """Makes and checks addresses, and remembers what they stand for; the ones not given out for longest are forgotten.

    Args:
        secret: what names and signatures are made with.
        valid_s: how long an address can be fetched at least; up to a minute more.
        max_names: how many sentences are remembered.
        clock: the time in seconds since 1970.
    """

    def __init__(
        self, secret: bytes, valid_s: int, max_names: int = MAX_NAMES, clock: Callable[[], float] = time.time
    ) -> None:
        self._name_key = secret
        self._signature_key = _digest(secret, "signature of an audio address")
        self._valid_s = valid_s
        # Addresses of one period share the moment they run out, so that each is signed once.
        self._period_s = max(1, min(_LONGEST_ROUNDING_S, valid_s // 10))
        self._max_names = max_names
        self._clock = clock
        self._given: OrderedDict[tuple[str, str], _Address] = OrderedDict()
        self._sentences: OrderedDict[str, Sentence] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sentences)

    def url_path(self, text: str, voice: str) -> str:
        """Return path and query of a sentence's file; a microsecond or two for one that was given out before."""
        key = (text, voice)
        period = int(self._clock()) // self._period_s
        given = self._given.get(key)
        if given is None or given.period != period:
            given = self._given[key] = self._make(Sentence(text.strip(), voice), period)
            _bound(self._given, self._max_names)
        self._given.move_to_end(key)
        self._sentences[given.name] = given.sentence
        self._sentences.move_to_end(given.name)
        _bound(self._sentences, self._max_names)
        return given.path

    def sentence(self, name: str) -> Sentence | None:
        """Return what a name stands for, None if it was forgotten."""
        return self._sentences.get(name)

    def remaining_s(self, name: str, expiry: str, signature: str) -> int | None:
        """Return how long an address can still be fetched, 0 if it has run out, None if it is none of ours."""
        expected = self._sign(name, expiry).encode()
        ours = hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
        if not ours or _EXPIRY.fullmatch(expiry) is None:
            return None
        return max(0, int(expiry) - int(self._clock()))

    def _make(self, sentence: Sentence, period: int) -> _Address:
        name = _base64(_digest(self._name_key, f"{sentence.voice}\0{sentence.text}")[:_NAME_BYTES])
        expiry = str((period + 1) * self._period_s + self._valid_s)
        path = f"/audio/{name}.wav?e={expiry}&s={self._sign(name, expiry)}"
        return _Address(path, period, name, sentence)

    def _sign(self, name: str, expiry: str) -> str:
        return _base64(_digest(self._signature_key, f"{name}.{expiry}")[:_SIGNATURE_BYTES])


def _digest(key: bytes, message: str) -> bytes:
    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii")


def _bound(entries: OrderedDict[str, Sentence] | OrderedDict[tuple[str, str], _Address], limit: int) -> None:
    while len(entries) > limit:
        entries.popitem(last=False)
