"""SIP URIs and the name-addr form that From, To, Contact and Route carry (RFC 3261 sections 19.1 and 20.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote as percent_decode

from telephony.sip.grammar import HOST, Params, no_params, parse_params, parse_port
from voicebot.errors import SipMessageError

DEFAULT_PORT = 5060
SECURE_PORT = 5061

# The same few values are asked for many times while a message is worked on, and again in the next of its dialog.
PARSED = 256

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_HOST_PART = re.compile(rf"({HOST})(?::(\d{{1,5}}))?(;[^?]*)?(\?.*)?", re.DOTALL | re.ASCII)
_NOT_IN_URI = re.compile(r"[\x00-\x20<>\"\x7f]")
_NAME_ADDR = re.compile(r'(?:("(?:[^"\\]|\\.)*")\s*|([^"<>]*))<([^<>]*)>\s*(;.*)?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class SipUri:
    """A sip, sips or tel URI.

    Attributes:
        scheme: "sip", "sips" or "tel".
        user: user part as written, escapes kept; "" if there is none. The number of a tel URI.
        host: name or address, in lower case, IPv6 without brackets; "" for tel.
        port: as written, None if left out.
        params: URI parameters ("lr", "transport", …).
        headers: what follows "?", "" if nothing does.
    """

    scheme: str
    user: str
    host: str
    port: int | None = None
    params: Params = field(default_factory=no_params)
    headers: str = ""

    @property
    def target_port(self) -> int:
        """The port, or the scheme's default."""
        return self.port or (SECURE_PORT if self.scheme == "sips" else DEFAULT_PORT)

    @property
    def plain_user(self) -> str:
        """User part without password and user parameters, escapes decoded: what a number is compared by."""
        return percent_decode(self.user.partition(":")[0].partition(";")[0])


@lru_cache(maxsize=PARSED)
def parse_uri(text: str) -> SipUri:
    """Parse an addr-spec.

    Raises:
        SipMessageError: 416 for a scheme other than sip, sips and tel; 400 for the rest.
    """
    match = _SCHEME.match(text)
    if match is None or _NOT_IN_URI.search(text):
        raise SipMessageError("Malformed URI")
    scheme = match[1].lower()
    rest = text[match.end() :]
    if scheme == "tel":
        number, mark, rest = rest.partition(";")
        if not number:
            raise SipMessageError("Malformed URI")
        return SipUri("tel", number, "", params=parse_params(mark + rest))
    if scheme not in ("sip", "sips"):
        raise SipMessageError("Unsupported URI Scheme", 416)
    user, at, host_part = rest.rpartition("@")
    if "@" in user or (at and not user):
        raise SipMessageError("Malformed URI")
    parts = _HOST_PART.fullmatch(host_part)
    if parts is None:
        raise SipMessageError("Malformed URI")
    params = parse_params(parts[3] or "")
    return SipUri(scheme, user, parts[1].strip("[]").lower(), parse_port(parts[2]), params, (parts[4] or "")[1:])


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A value of From, To, Contact, Route or Record-Route.

    Attributes:
        display: display name as written, quotes included.
        uri: the URI as written; ``parse_uri`` reads it.
        params: header parameters ("tag", "expires", …), not the URI's.
    """

    display: str
    uri: str
    params: Params = field(default_factory=no_params)

    @property
    def tag(self) -> str:
        """The dialog tag, "" if there is none."""
        return self.params.get("tag") or ""


@lru_cache(maxsize=PARSED)
def parse_name_addr(text: str) -> NameAddr:
    """Parse name-addr or addr-spec with header parameters.

    Without brackets everything from the first ";" on belongs to the header (RFC 3261 section 20.10),
    and "?" and "," may not stand in the URI.

    Raises:
        SipMessageError: unbalanced quotes or brackets, or no URI.
    """
    text = text.strip()
    if "<" in text:
        match = _NAME_ADDR.fullmatch(text)
        if match is None:
            raise SipMessageError("Malformed address")
        display, uri, params = match[1] or match[2].strip(), match[3].strip(), match[4]
    else:
        display, (uri, mark, params) = "", text.partition(";")
        uri, params = uri.strip(), mark + params
        if "?" in uri or "," in uri or '"' in uri:
            raise SipMessageError("Address needs angle brackets")
    if _SCHEME.match(uri) is None or " " in uri:
        raise SipMessageError("Malformed address")
    return NameAddr(display, uri, parse_params((params or "").rstrip()))
