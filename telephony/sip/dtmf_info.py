"""Keys in INFO requests: the plain kind, application/dtmf, as the kind that the SIP library understands.

Neither kind is a standard. Both are described in RFC 2976's heirs by vendors alone: application/dtmf has the key itself
as its body ("5", "*", or the number of the telephone-event, "10" for "*"); application/dtmf-relay has lines
("Signal=5", "Duration=160").
"""

from __future__ import annotations

from telephony.sip.message import SipRequest

PLAIN = "application/dtmf"
RELAY = "application/dtmf-relay"
DEFAULT_DURATION_MS = 160
_KEYS = "0123456789*#ABCD"


def as_relay(request: SipRequest) -> None:
    """Turn an INFO with a plain key into one with a relayed key; anything else stays as it is."""
    if request.method != "INFO" or len(request.body) > 16:
        return
    kind = (request.first("content-type") or "").partition(";")[0].strip().lower()
    key = _key(request.body) if kind == PLAIN else ""
    if not key:
        return
    request.body = f"Signal={key}\r\nDuration={DEFAULT_DURATION_MS}\r\n".encode()
    request.replace("content-type", RELAY)
    request.remove("content-length")
    request.append("Content-Length", str(len(request.body)))


def _key(body: bytes) -> str:
    text = body.decode("ascii", errors="replace").strip().upper()
    if text.isdecimal() and text.isascii() and len(text) == 2:
        number = int(text)
        return _KEYS[number] if 10 <= number < len(_KEYS) else ""
    return text if len(text) == 1 and text in _KEYS else ""
