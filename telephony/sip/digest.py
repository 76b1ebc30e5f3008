"""Digest authentication of callers: challenge and proof (RFC 7616, RFC 8760; MD5 as in RFC 2617). No clock, no I/O."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from telephony.sip.grammar import TOKEN, unquote
from voicebot.errors import SipMessageError

# SHA-256 first: who understands both takes the first (RFC 7616 section 3.7).
ALGORITHMS = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}

_PARAM = re.compile(rf'\s*({TOKEN})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)\s*(?:,|$)', re.DOTALL)
_MAX_PARAMS = 32
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization header of the Digest scheme.

    Attributes:
        username: who the sender says it is.
        realm: as the challenge gave it.
        nonce: as the challenge gave it.
        uri: the request URI that the proof is made for.
        response: the proof, in lower case.
        algorithm: "SHA-256" or "MD5".
        cnonce: the sender's own part.
        count: how often the sender has used the nonce.
        qop: "auth", or "" for a proof without count (RFC 2069), which cannot be told from a replay.
    """

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    cnonce: str = ""
    count: int = 0
    qop: str = ""

    def proves(self, method: str, password: str) -> bool:
        """Whether the sender knows the password (RFC 7616 section 3.4.1)."""
        owner = _hash(self.algorithm, self.username, self.realm, password)
        asked = _hash(self.algorithm, method, self.uri)
        count = f"{self.count:08x}"
        expected = _hash(self.algorithm, owner, self.nonce, count, self.cnonce, self.qop, asked)
        return hmac.compare_digest(expected, self.response)


def challenge(realm: str, nonce: str, algorithm: str, stale: bool = False) -> str:
    """The value of a WWW-Authenticate header.

    Args:
        realm: printable ASCII without quotes.
        nonce: the same.
        algorithm: one of ALGORITHMS.
        stale: the nonce was too old, the password may be right: the sender need not ask its user again.
    """
    end = ", stale=true" if stale else ""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{end}'


def parse_credentials(value: str) -> Credentials | None:
    """Read an Authorization header; None for another scheme.

    Raises:
        SipMessageError: something that the Digest scheme demands is missing or malformed.
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    params = _parse(rest)
    algorithm = params.get("algorithm", "MD5").upper()
    response, count, qop = params.get("response", "").lower(), params.get("nc", ""), params.get("qop", "").lower()
    wanted = all(params.get(name) for name in ("username", "realm", "nonce", "uri"))
    if not wanted or algorithm not in ALGORITHMS or not response.isascii() or not response:
        raise SipMessageError("Malformed Authorization")
    if qop != "auth" or not _COUNT.fullmatch(count) or not params.get("cnonce"):
        raise SipMessageError("Malformed Authorization")
    return Credentials(
        username=params["username"],
        realm=params["realm"],
        nonce=params["nonce"],
        uri=params["uri"],
        response=response,
        algorithm=algorithm,
        cnonce=params["cnonce"],
        count=int(count, 16),
        qop=qop,
    )


def _parse(text: str) -> Mapping[str, str]:
    params: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAM.match(text, position)
        if match is None or match[1].lower() in params or len(params) >= _MAX_PARAMS:
            raise SipMessageError("Malformed Authorization")
        params[match[1].lower()] = unquote(match[2])
        position = match.end()
    return params


def _hash(algorithm: str, *parts: str) -> str:
    text = ":".join(parts)
    return ALGORITHMS[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest()
