"""What RFC 3261 section 16.6 does to every request on its way, whichever the direction."""

from __future__ import annotations

from telephony.sip import SipRequest, SipUri, parse_uri
from voicebot.errors import SipMessageError

DEFAULT_MAX_FORWARDS = 70

# Requests that start a dialog (RFC 3261 section 16.6 item 4).
RECORDED = frozenset({"INVITE", "SUBSCRIBE", "REFER"})


def count_hop(request: SipRequest) -> None:
    """Take one off Max-Forwards, or set it where it is missing (RFC 3261 section 16.6 item 3)."""
    hops = request.max_forwards
    if hops is None:
        request.append("Max-Forwards", str(DEFAULT_MAX_FORWARDS))
    else:
        request.replace("max-forwards", str(hops - 1))


def read_target(request: SipRequest) -> SipUri:
    """Where a request goes next: its first Route, else its request URI (RFC 3261 section 16.6 items 6 and 7).

    A next hop without ``lr`` is a strict router: it gets its address in the request URI, and the real one as the
    last Route.

    Raises:
        SipMessageError: 416 for a target that is no sip URI.
    """
    routes = request.routes
    uri = parse_uri(routes[0].uri if routes else request.uri)
    if routes and "lr" not in uri.params:
        request.pop("route")
        request.append("Route", f"<{request.uri}>")
        request.uri = routes[0].uri
    if uri.scheme not in ("sip", "sips"):
        raise SipMessageError("Unsupported URI Scheme", 416)
    return uri
