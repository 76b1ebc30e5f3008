"""SIP messages: start line, headers in their order and spelling, body; typed access, and bytes out again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from telephony.sip.grammar import parse_number, split_list
from telephony.sip.headers import Header, key_of
from telephony.sip.uri import NameAddr, parse_name_addr
from telephony.sip.via import Via, parse_via
from voicebot.errors import SipMessageError

SIP_VERSION = "SIP/2.0"

_CSEQ = re.compile(r"(\d+)\s+(\S+)", re.ASCII)


class SipMessage:
    """What requests and responses share: headers and body.

    Attributes:
        headers: in the order sent; Via, Route and Record-Route split into one value each.
        body: as Content-Length cut it.
        defect: what the parser found wrong, None if nothing.
    """

    __slots__ = ("body", "defect", "headers")

    def __init__(self, headers: Iterable[Header] = (), body: bytes = b"") -> None:
        self.headers = list(headers)
        self.body = body
        self.defect: SipMessageError | None = None

    @property
    def start_line(self) -> str:
        """The first line, without its line end."""
        raise NotImplementedError

    def first(self, key: str) -> str | None:
        """Value of the first header of that name (full name, lower case), None if there is none."""
        for header in self.headers:
            if header.key == key:
                return header.value
        return None

    def all(self, key: str) -> list[str]:
        """Values of all headers of that name."""
        return [header.value for header in self.headers if header.key == key]

    def require(self, key: str) -> str:
        """Value of a header that must be there.

        Raises:
            SipMessageError: it is not.
        """
        value = self.first(key)
        if value is None:
            raise SipMessageError(f"Missing {key.title()}")
        return value

    def push(self, name: str, value: str) -> None:
        """Put a header above the first one of its name, or on top of all."""
        key = key_of(name)
        index = next((i for i, header in enumerate(self.headers) if header.key == key), 0)
        self.headers.insert(index, Header(key, name, value))

    def append(self, name: str, value: str) -> None:
        """Put a header below the last one of its name, or at the end."""
        key = key_of(name)
        last = next((i for i in range(len(self.headers) - 1, -1, -1) if self.headers[i].key == key), None)
        self.headers.insert(len(self.headers) if last is None else last + 1, Header(key, name, value))

    def pop(self, key: str, last: bool = False) -> str | None:
        """Take out the first (or last) header of that name; its value, None if there is none."""
        indexes = range(len(self.headers) - 1, -1, -1) if last else range(len(self.headers))
        for index in indexes:
            if self.headers[index].key == key:
                return self.headers.pop(index).value
        return None

    def remove(self, key: str) -> None:
        """Take out all headers of that name."""
        self.headers = [header for header in self.headers if header.key != key]

    def replace(self, key: str, value: str) -> None:
        """Give the first header of that name another value; its name stays as sent."""
        for index, header in enumerate(self.headers):
            if header.key == key:
                self.headers[index] = header._replace(value=value)
                return
        self.headers.append(Header(key, key.title(), value))

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.require("call-id")

    @property
    def from_(self) -> NameAddr:
        """The From header."""
        return parse_name_addr(self.require("from"))

    @property
    def to(self) -> NameAddr:
        """The To header."""
        return parse_name_addr(self.require("to"))

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact values; none for ``*``."""
        values = [part for line in self.all("contact") for part in split_list(line)]
        return [parse_name_addr(value) for value in values if value != "*"]

    @property
    def routes(self) -> list[NameAddr]:
        """All Route values, the next hop first."""
        return [parse_name_addr(value) for value in self.all("route")]

    @property
    def vias(self) -> list[Via]:
        """All Via values, the last hop first."""
        return [parse_via(value) for value in self.all("via")]

    @property
    def top_via(self) -> Via:
        """The Via of whoever sent the message to us (or, in a response, our own)."""
        return parse_via(self.require("via"))

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method (RFC 3261 section 8.1.1.5: the number stays below 2**31)."""
        match = _CSEQ.fullmatch(self.require("cseq"))
        if match is None:
            raise SipMessageError("Malformed CSeq")
        return parse_number(match[1], "CSeq", 2**31 - 1), match[2]

    @property
    def max_forwards(self) -> int | None:
        """Hops left, None if the header is not there (RFC 3261 section 20.22: 0 to 255)."""
        value = self.first("max-forwards")
        return None if value is None else parse_number(value, "Max-Forwards", 255)

    @property
    def content_length(self) -> int | None:
        """Length of the body in bytes as the sender counted it, None if not told."""
        value = self.first("content-length")
        return None if value is None else parse_number(value, "Content-Length", 2**31 - 1)

    def tokens(self, key: str) -> list[str]:
        """All members of a header that lists tokens (Require, Supported, Allow), in lower case."""
        return [part.lower() for line in self.all(key) for part in split_list(line) if part]

    def __bytes__(self) -> bytes:
        lines = [f"{header.name}: {header.value}" for header in self.headers]
        head = "\r\n".join([self.start_line, *lines, "", ""])
        return head.encode("utf-8", "surrogateescape") + self.body


class SipRequest(SipMessage):
    """A request.

    Attributes:
        method: as sent; methods are case-sensitive.
        uri: request URI as sent.
        version: "SIP/2.0" unless the sender speaks something else.
    """

    __slots__ = ("method", "uri", "version")

    def __init__(
        self, method: str, uri: str, headers: Iterable[Header] = (), body: bytes = b"", version: str = SIP_VERSION
    ) -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri
        self.version = version

    @property
    def start_line(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} {self.version}"


class SipResponse(SipMessage):
    """A response.

    Attributes:
        status: 100 to 699.
        reason: reason phrase, "" allowed.
    """

    __slots__ = ("reason", "status", "version")

    def __init__(
        self, status: int, reason: str, headers: Iterable[Header] = (), body: bytes = b"", version: str = SIP_VERSION
    ) -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason
        self.version = version

    @property
    def start_line(self) -> str:
        """The status line."""
        return f"{self.version} {self.status} {self.reason}"
