"""Parse datagrams into SIP messages.

Forgiving where it can be, so that a malformed request can still be answered: what is found wrong stays in the
message's ``defect``. ``telephony.sip.check`` is the strict part.
"""

from __future__ import annotations

import re

from telephony.sip.grammar import is_token, split_list
from telephony.sip.headers import KEYS, LISTS, Header, key_of
from telephony.sip.message import SipMessage, SipRequest, SipResponse
from voicebot.errors import SipMessageError

MAX_MESSAGE_BYTES = 65535
MAX_HEADERS = 128

_REQUEST_LINE = re.compile(r"([^ ]+) ([^ ]+) (SIP/\d+\.\d+)", re.IGNORECASE | re.ASCII)
_LOOSE_REQUEST_LINE = re.compile(r"([^ ]{1,64}) .*SIP/\d+\.\d+ *", re.IGNORECASE | re.ASCII)
_STATUS_LINE = re.compile(r"(SIP/\d+\.\d+) (\d{3})(?: (.*))?", re.IGNORECASE | re.ASCII)
# A lone CR or LF, or a control character that no backslash quotes. Other parsers take some of these for line
# ends: let through, they would see other headers than we do.
_STRAY_CONTROL = re.compile(rb"\r(?!\n)|(?<!\r)\n|(?<!\\)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse_message(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> SipRequest | SipResponse:
    """Parse one datagram.

    Args:
        data: the datagram; blank lines before the start line are skipped (RFC 3261 section 7.5).
        max_bytes: of a longer one only that much is read, and the defect says 513.

    Raises:
        SipMessageError: there is no SIP start line, so that nobody could be answered.
    """
    oversize = len(data) > max_bytes
    data = data[:max_bytes].lstrip(b"\r\n")
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    message = _start(lines[0])
    if oversize:
        message.defect = SipMessageError("Message Too Large", 513)
    elif not blank:
        _blame(message, "Missing end of headers")
    if _STRAY_CONTROL.search(head):
        _blame(message, "Control character in headers")
    _read_headers(message, lines)
    message.body = body
    try:
        length = message.content_length
    except SipMessageError as error:
        message.defect = message.defect or error
    else:
        _cut_body(message, length)
    return message


def _start(line: str) -> SipRequest | SipResponse:
    match = _REQUEST_LINE.fullmatch(line)
    if match:
        return SipRequest(match[1], match[2], version=match[3].upper())
    match = _STATUS_LINE.fullmatch(line)
    if match:
        return SipResponse(int(match[2]), match[3] or "", version=match[1].upper())
    match = _LOOSE_REQUEST_LINE.fullmatch(line)
    if match is None or not is_token(match[1]):
        raise SipMessageError("Not a SIP message")
    request = SipRequest(match[1], "")
    _blame(request, "Malformed request line")
    return request


def _read_headers(message: SipMessage, lines: list[str]) -> None:
    if len(lines) > 4 * MAX_HEADERS:
        _blame(message, "Too many headers")
        del lines[4 * MAX_HEADERS :]
    headers = message.headers
    for line in _unfold(lines):
        name, colon, value = line.partition(":")
        key = KEYS.get(name)
        if key is None:
            name = name.rstrip()
            if not colon or not is_token(name):
                _blame(message, "Malformed header")
                continue
            key = key_of(name)
        if key in LISTS and "," in value:
            headers.extend(Header(key, name, part) for part in split_list(value))
        else:
            headers.append(Header(key, name, value.strip()))
    if len(headers) > MAX_HEADERS:
        _blame(message, "Too many headers")
        del headers[MAX_HEADERS:]


def _unfold(lines: list[str]) -> list[str]:
    """Join folded lines by a single blank (RFC 3261 section 7.3.1); leaves the start line out."""
    if not any(line[:1] in (" ", "\t") for line in lines):
        return lines[1:]
    groups: list[list[str]] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and groups:
            groups[-1].append(line.strip())
        else:
            groups.append([line.rstrip()])
    return [" ".join(group) for group in groups]


def _cut_body(message: SipMessage, length: int | None) -> None:
    """RFC 3261 section 18.3: over UDP bytes beyond Content-Length are dropped, and too few are an error."""
    if length is None or length == len(message.body):
        return
    if length > len(message.body):
        _blame(message, "Body shorter than Content-Length")
    else:
        message.body = message.body[:length]


def _blame(message: SipMessage, text: str, status: int = 400) -> None:
    if message.defect is None:
        message.defect = SipMessageError(text, status)
