"""Responses that a stateless server makes from a request alone (RFC 3261 sections 8.2.6 and 8.2.7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from telephony.sip.headers import Header
from telephony.sip.message import SipRequest, SipResponse
from telephony.sip.via import Via
from voicebot.errors import SipMessageError

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    486: "Busy Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
}

_COPIED = ("via", "from", "to", "call-id", "cseq")


def make_reply(
    request: SipRequest,
    status: int,
    top_via: Via,
    *,
    reason: str = "",
    extra: Iterable[tuple[str, str]] = (),
    secret: bytes = b"",
) -> SipResponse:
    """Answer a request.

    The To tag is a keyed hash of what names the transaction, so that each retransmission gets the same one
    (section 8.2.7).

    Args:
        request: the request, as received.
        status: final status code.
        top_via: the request's top Via with received and rport set; it decides where the answer goes.
        reason: reason phrase; "" takes the usual one.
        extra: more headers, name and value.
        secret: key of the To tag.
    """
    headers = [header for header in request.headers if header.key in _COPIED]
    top = next(index for index, header in enumerate(headers) if header.key == "via")
    headers[top] = headers[top]._replace(value=str(top_via))
    for index, header in enumerate(headers):
        if header.key == "to" and not _has_tag(request):
            headers[index] = header._replace(value=f"{header.value};tag={_tag(request, secret)}")
    headers.extend(Header(name.lower(), name, value) for name, value in extra)
    headers.append(Header("content-length", "Content-Length", "0"))
    return SipResponse(status, reason or REASONS[status], headers)


def can_reply(request: SipRequest) -> bool:
    """Whether a malformed request holds enough to be answered: an ACK never is (section 17.2.1)."""
    if request.method == "ACK" or any(request.first(key) is None for key in _COPIED):
        return False
    try:
        _ = request.top_via.reply_address
    except SipMessageError:
        return False
    return True


def _has_tag(request: SipRequest) -> bool:
    try:
        return bool(request.to.tag)
    except SipMessageError:
        # A To that cannot be read is given back as it came: a tag after an open quote would be part of the name.
        return True


def _tag(request: SipRequest, secret: bytes) -> str:
    named = "\n".join((request.require("call-id"), request.require("from"), request.require("cseq").split(" ")[0]))
    return hashlib.blake2b(named.encode("utf-8", "surrogateescape"), digest_size=8, key=secret).hexdigest()
