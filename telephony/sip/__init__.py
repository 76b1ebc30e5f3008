"""SIP messages (RFC 3261): parse, check, answer, serialise. No sockets, no state."""

from telephony.sip.check import check_request, check_response
from telephony.sip.headers import Header
from telephony.sip.message import SipMessage, SipRequest, SipResponse
from telephony.sip.parser import parse_message
from telephony.sip.reply import can_reply, make_reply
from telephony.sip.uri import NameAddr, SipUri, parse_name_addr, parse_uri
from telephony.sip.via import Via, parse_via

__all__ = [
    "Header",
    "NameAddr",
    "SipMessage",
    "SipRequest",
    "SipResponse",
    "SipUri",
    "Via",
    "can_reply",
    "check_request",
    "check_response",
    "make_reply",
    "parse_message",
    "parse_name_addr",
    "parse_uri",
    "parse_via",
]
