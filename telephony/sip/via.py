"""The Via header: where a request came by and where its response goes (RFC 3261 section 20.42, RFC 3581)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from telephony.sip.grammar import HOST, TOKEN, Params, no_params, parse_params, parse_port
from telephony.sip.uri import DEFAULT_PORT, PARSED
from voicebot.errors import SipMessageError

MAGIC_COOKIE = "z9hG4bK"

_VIA = re.compile(
    rf"SIP\s*/\s*({TOKEN})\s*/\s*({TOKEN})\s+({HOST})(?:\s*:\s*(\d{{1,5}}))?\s*(;.*)?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Via:
    """One hop.

    Attributes:
        transport: "UDP", "TCP", … in upper case.
        host: the sent-by host as written, in lower case; IPv6 keeps its brackets.
        port: the sent-by port, None if left out.
        params: parameters, with "branch", "received", "rport" among them.
        version: "2.0".
    """

    transport: str
    host: str
    port: int | None = None
    params: Params = field(default_factory=no_params)
    version: str = "2.0"

    @property
    def branch(self) -> str:
        """The transaction's name, "" if the sender gave none."""
        return self.params.get("branch") or ""

    @property
    def has_cookie(self) -> bool:
        """Whether the branch is unique as RFC 3261 demands (and not only the cookie: RFC 4475 section 3.2.1)."""
        return self.branch.startswith(MAGIC_COOKIE) and len(self.branch) > len(MAGIC_COOKIE)

    @property
    def reply_address(self) -> tuple[str, int]:
        """Where a response goes: received and rport if set, else sent-by (section 18.2.2, RFC 3581 section 4).

        Raises:
            SipMessageError: rport is no port.
        """
        host = self.params.get("received") or self.host
        port = parse_port(self.params.get("rport") or None) or self.port or DEFAULT_PORT
        return host.strip("[]"), port

    def seen_from(self, host: str, port: int) -> Via:
        """The Via with the source of its request noted: received where sent-by differs, rport where asked for.

        Whatever the sender wrote there itself is replaced: it must not choose where responses go.
        """
        params = {name: value for name, value in self.params.items() if name not in ("received", "rport")}
        if "rport" in self.params:
            params["rport"] = str(port)
        if "rport" in self.params or self.host.strip("[]") != host:
            params["received"] = host
        return replace(self, params=params)

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        params = "".join(
            f";{name}" if value is None else f";{name}={_quote(value)}" for name, value in self.params.items()
        )
        return f"SIP/{self.version}/{self.transport} {self.host}{port}{params}"


_PLAIN = re.compile(rf"{TOKEN}|\[?[0-9A-Fa-f:.]+\]?")


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=PARSED)
def parse_via(text: str) -> Via:
    """Parse one Via value.

    Raises:
        SipMessageError: it is none.
    """
    match = _VIA.fullmatch(text.strip())
    if match is None:
        raise SipMessageError("Malformed Via")
    version, transport, host, port, params = match.groups()
    return Via(transport.upper(), host.lower(), parse_port(port), parse_params((params or "").rstrip()), version)
