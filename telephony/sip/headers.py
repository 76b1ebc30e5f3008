"""Header field names: compact forms, spellings, and which fields may occur how often."""

from __future__ import annotations

from typing import NamedTuple

# Compact forms: RFC 3261 section 20, RFC 3515, 3841, 3892, 4028, 4474, 6665.
COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_COMMON = """
    Accept Allow Authorization Call-ID Call-Id Contact Content-Length Content-Type CSeq Cseq Event Expires From
    Max-Forwards Min-SE Proxy-Authenticate Proxy-Authorization Reason Record-Route Refer-To Referred-By Replaces
    Require Route Server Session-Expires Subject Supported To User-Agent Via WWW-Authenticate
"""

# Each usual spelling with its key: the parser's fast path.
KEYS = {name: name.lower() for name in _COMMON.split()}
KEYS |= COMPACT | {letter.upper(): name for letter, name in COMPACT.items()}

# Fields whose several values may share a line and are worked on one by one.
LISTS = frozenset({"via", "route", "record-route"})
# Fields that a proxy reads and of which there may be one only (RFC 4475 section 3.3.8: repeats earn a 400).
SINGLES = frozenset({"from", "to", "call-id", "cseq", "max-forwards", "content-length"})
# Fields that every request and response has (RFC 3261 section 8.1.1; Max-Forwards is forgiven, section 16.3).
MANDATORY = ("via", "from", "to", "call-id", "cseq")


class Header(NamedTuple):
    """One header field value.

    Attributes:
        key: full name in lower case: what it is looked up by.
        name: name as sent.
        value: value without outer blanks, unfolded.
    """

    key: str
    name: str
    value: str


def key_of(name: str) -> str:
    """The key of a header name: its full form in lower case."""
    key = KEYS.get(name)
    if key is None:
        lower = name.lower()
        key = COMPACT.get(lower, lower)
    return key
