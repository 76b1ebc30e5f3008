"""What an INVITE says about the call it starts."""

from __future__ import annotations

from telephony.sip import SipMessage, SipRequest, parse_message, parse_uri
from voicebot.conversation.leg import CallInfo
from voicebot.errors import SipMessageError

_ANONYMOUS = ("anonymous", "unavailable", "unknown")


def read_invite(text: str, call_id: str, contact_user: str) -> CallInfo:
    """Read caller, called number and X- headers.

    Args:
        text: the message as it came.
        call_id: the Call-ID, known from the library.
        contact_user: our own Contact user: where the request URI is our Contact, the To address tells who
            was called.
    """
    try:
        message = parse_message(text.encode("utf-8", "surrogateescape"))
    except SipMessageError:
        # The library understood it, we did not: the call is taken all the same, without its details.
        return CallInfo(call_id, "", "")
    caller = _user(message, "from")
    called = _request_user(message)
    if called in ("", contact_user):
        called = _user(message, "to")
    return CallInfo(
        call_id,
        "" if caller.lower() in _ANONYMOUS else caller,
        "" if called == contact_user else called,
        {header.name: _readable(header.value) for header in message.headers if header.name.lower().startswith("x-")},
    )


def from_host(text: str) -> str:
    """Return the host of the From address in lower case; "" if it cannot be read."""
    try:
        message = parse_message(text.encode("utf-8", "surrogateescape"))
        return parse_uri(message.from_.uri).host.lower()
    except SipMessageError:
        return ""


def _request_user(message: SipMessage) -> str:
    try:
        return parse_uri(message.uri).plain_user if isinstance(message, SipRequest) else ""
    except SipMessageError:
        return ""


def _user(message: SipMessage, header: str) -> str:
    try:
        address = message.from_ if header == "from" else message.to
        return parse_uri(address.uri).plain_user
    except SipMessageError:
        return ""


def _readable(value: str) -> str:
    """Bytes that are no UTF-8 must not travel on as lone surrogates: no JSON could carry them."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
