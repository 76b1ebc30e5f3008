"""What makes a message fit to be worked on (RFC 3261 section 16.3; cases of RFC 4475)."""

from __future__ import annotations

from telephony.sip.grammar import is_token, split_list
from telephony.sip.headers import MANDATORY, SINGLES
from telephony.sip.message import SIP_VERSION, SipMessage, SipRequest, SipResponse
from telephony.sip.uri import SipUri, parse_name_addr, parse_uri
from voicebot.errors import SipMessageError


def check_request(request: SipRequest) -> SipUri:
    """Check the parts of a request that a proxy relies on; returns its request URI.

    Raises:
        SipMessageError: with the status that answers it: 505 for another SIP version, 416 for a URI scheme
            nobody here speaks, 513 for too large, else 400.
    """
    if request.version != SIP_VERSION:
        raise SipMessageError("Version Not Supported", 505)
    if request.defect is not None:
        raise request.defect
    if not is_token(request.method):
        raise SipMessageError("Malformed method")
    _check_shared(request)
    if request.cseq[1] != request.method:
        raise SipMessageError("CSeq names another method")
    if not request.from_.tag and request.top_via.has_cookie:
        raise SipMessageError("Missing From tag")
    # Only calls it by name here: reading it is the check (0 to 255).
    _ = request.max_forwards
    if request.method == "INVITE":
        # The first is enough: there must be one (section 8.1.1.8), and a peer may send thousands.
        parse_name_addr(split_list(request.require("contact"))[0])
    uri = parse_uri(request.uri)
    # Headers have no place in a request URI (RFC 3261 section 19.1.1, table 1).
    if uri.headers:
        raise SipMessageError("Headers in the request URI")
    return uri


def check_response(response: SipResponse) -> None:
    """Check the parts of a response that a proxy relies on.

    Raises:
        SipMessageError: such a response is dropped, whatever the status says.
    """
    if response.version != SIP_VERSION or not 100 <= response.status <= 699:
        raise SipMessageError("Malformed status line")
    if response.defect is not None:
        raise response.defect
    _check_shared(response)
    _ = response.cseq


def _check_shared(message: SipMessage) -> None:
    seen: set[str] = set()
    for header in message.headers:
        key = header.key
        if key in SINGLES and key in seen:
            raise SipMessageError(f"Repeated {header.name}")
        seen.add(key)
    for key in MANDATORY:
        if key not in seen:
            raise SipMessageError(f"Missing {key.title()}")
    call_id = message.call_id
    if not call_id or " " in call_id or "\t" in call_id:
        raise SipMessageError("Malformed Call-ID")
    for via in message.vias:
        if via.version != "2.0":
            raise SipMessageError("Malformed Via")
    _ = message.from_, message.to
