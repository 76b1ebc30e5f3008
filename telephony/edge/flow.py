"""How a message travels: by which transport, and if by a connection, by which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from telephony.sip import SipUri
from telephony.sip.uri import DEFAULT_PORT, SECURE_PORT
from voicebot.errors import SipMessageError

Transport = Literal["UDP", "TCP", "TLS"]

_TRANSPORTS: dict[str, Transport] = {"udp": "UDP", "tcp": "TCP", "tls": "TLS"}
_TOKEN = re.compile(r"(tcp|tls)-(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Flow:
    """A way that messages go.

    Attributes:
        transport: "UDP", "TCP" or "TLS".
        connection: number of the connection, 0 for UDP and for one that is still to be chosen.
    """

    transport: Transport = "UDP"
    connection: int = 0

    @property
    def token(self) -> str:
        """The flow as a word for the edge's own Via and Record-Route; "" for one without connection."""
        return f"{self.transport.lower()}-{self.connection}" if self.connection else ""


UDP = Flow()


def read_flow(token: str) -> Flow | None:
    """The flow that a word names, None if it names none."""
    match = _TOKEN.fullmatch(token)
    return None if match is None else Flow(_TRANSPORTS[match[1]], int(match[2]))


def target_port(uri: SipUri) -> int:
    """The port of a URI, or the usual one of its transport."""
    return uri.port or (SECURE_PORT if transport_of(uri) == "TLS" else DEFAULT_PORT)


def wanted_transport(uri: SipUri) -> Transport | None:
    """The transport that a URI insists on, None where the records of its domain may choose (RFC 3263 section 4.1).

    Raises:
        SipMessageError: one that is not spoken here.
    """
    return transport_of(uri) if uri.scheme == "sips" or uri.params.get("transport") else None


def transport_of(uri: SipUri) -> Transport:
    """The transport that a SIP URI asks for (RFC 3261 section 19.1.1; no NAPTR here).

    Raises:
        SipMessageError: one that is not spoken here.
    """
    if uri.scheme == "sips":
        return "TLS"
    wanted = _TRANSPORTS.get((uri.params.get("transport") or "udp").lower())
    if wanted is None:
        raise SipMessageError("Unsupported transport", 503)
    return wanted
