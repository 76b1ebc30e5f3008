"""Who may ask something of us: known addresses, callers with a password, and nobody else.

A stranger gets no answer at all, so that a scan finds nothing here. Only where callers with a password are expected
a stranger's INVITE is answered: with a challenge (401, RFC 3261 section 22.2).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable

from telephony.edge.config import AccessConfig, EdgeStats
from telephony.edge.networks import Networks
from telephony.edge.nonces import Nonces, NonceState
from telephony.edge.rates import RateLimit
from telephony.edge.screening import Verdict
from telephony.edge.sources import SourceLog
from telephony.sip import SipRequest
from telephony.sip.digest import Credentials, challenge, parse_credentials
from voicebot.errors import SipMessageError

_WRONG_PER_S = 1 / 30
_WRONG_BURST = 5.0
# What strangers may send before it is even read: answers to our own calls come from them, too.
_UNREAD_FACTOR = 20.0


class Access:
    """Judges requests from outside.

    Args:
        config: who may call.
        networks: the sources that need no password.
        stats: silence is counted there.
        sources: told of strangers.
        secret: key of the nonces.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        config: AccessConfig,
        networks: Networks,
        stats: EdgeStats,
        sources: SourceLog,
        secret: bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._networks = networks
        self._stats = stats
        self._sources = sources
        self._nonces = Nonces(secret, config.nonce_s, clock)
        self._known_rate = RateLimit(config.requests_per_s, 2 * config.requests_per_s, clock)
        unread_per_s = _UNREAD_FACTOR * config.strangers_per_s
        self._unread_rate = RateLimit(unread_per_s, 2 * unread_per_s, clock)
        self._stranger_rate = RateLimit(config.strangers_per_s, 4 * config.strangers_per_s, clock)
        self._guesses = RateLimit(_WRONG_PER_S, _WRONG_BURST, clock)
        self._scanners = re.compile("|".join(map(re.escape, config.scanners)) or r"(?!)", re.IGNORECASE)

    def known(self, source: str) -> bool:
        """Whether a source needs no password."""
        return source in self._networks

    def opens(self, source: str) -> bool:
        """Whether a source may send anything at all: if not, its connections are not even taken."""
        return self.known(source) or bool(self._config.users)

    def hears(self, source: str) -> bool:
        """Whether a message is read at all, or the source sends too much."""
        rate = self._known_rate if self.known(source) else self._unread_rate
        return rate.allows(source) or self._silence("rate", source, "too many messages")

    def judge(self, request: SipRequest, source: str, in_call: bool) -> Verdict | str | None:
        """Judge a well-formed request.

        Args:
            request: it has passed ``check_request``.
            source: address it came from.
            in_call: it belongs to a call of ours.

        Returns:
            None for silence, what the edge answers, or the name of the user that it is from, "" for no name.
        """
        if self._scanners.search(request.first("user-agent") or ""):
            self._silence("scanner", source, "a scanner")
            return None
        if in_call or self.known(source):
            return ""
        if request.method == "ACK":
            self._stats.dropped["stray ack"] += 1
            return None
        if not self._config.users or request.method not in ("INVITE", "OPTIONS"):
            self._silence("stranger", source, "nobody we know")
            return None
        if not self._stranger_rate.allows(source):
            self._silence("rate", source, "too many messages")
            return None
        return self._prove(request, source)

    def _prove(self, request: SipRequest, source: str) -> Verdict | str | None:
        credentials = self._credentials(request)
        if credentials is None:
            return self._challenge(source)
        state = self._nonces.judge(credentials.nonce, source)
        password = self._config.users.get(credentials.username)
        # Proven against nothing all the same: how long it takes tells nobody which names exist.
        proven = credentials.proves(request.method, password or "") and password is not None
        proven = proven and credentials.algorithm in self._config.algorithms
        if state is NonceState.FRESH and proven and credentials.uri == request.uri:
            state = self._nonces.use(credentials.nonce, credentials.count, _name(request, credentials))
            if state is NonceState.FRESH:
                return credentials.username
        if state is NonceState.STALE and proven:
            return self._challenge(source, stale=True)
        if not self._guesses.allows(source):
            self._silence("guessing", source, "wrong passwords")
            return None
        self._stats.refused["password"] += 1
        self._sources.note(source, "wrong name or password")
        return self._challenge(source)

    def _credentials(self, request: SipRequest) -> Credentials | None:
        for value in request.all("authorization"):
            credentials = parse_credentials(value)
            if credentials is not None and credentials.realm == self._config.realm:
                return credentials
        return None

    def _challenge(self, source: str, stale: bool = False) -> Verdict:
        nonce = self._nonces.make(source)
        values = [challenge(self._config.realm, nonce, algorithm, stale) for algorithm in self._config.algorithms]
        return Verdict(401, tuple(("WWW-Authenticate", value) for value in values))

    def silent_about(self, error: SipMessageError, source: str) -> bool:
        """Whether a malformed request stays unanswered: that of a stranger does."""
        if self.known(source):
            return False
        self._silence("stranger", source, error.message)
        return True

    def _silence(self, why: str, source: str, what: str) -> bool:
        self._stats.refused[why] += 1
        self._sources.note(source, f"no answer, {what}")
        return False


def _name(request: SipRequest, credentials: Credentials) -> str:
    parts = (request.call_id, request.require("cseq"), credentials.response)
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
