"""SIP messages for tests: a complete one, with the parts under test replaced."""

from __future__ import annotations

from collections.abc import Mapping

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


def request(
    method: str = "INVITE",
    uri: str = "sip:1000@192.0.2.4",
    *,
    headers: Mapping[str, str | None] | None = None,
    extra: str = "",
    body: bytes = b"",
    to_tag: str = "",
    call_id: str = "call-1@192.0.2.1",
    cseq: int = 1,
    branch: str = "z9hG4bK776asdhds",
) -> bytes:
    """A well-formed request.

    Args:
        headers: values that replace the usual ones; None leaves a header out.
        extra: more header lines, each ended by CRLF.
    """
    fields: dict[str, str | None] = {
        "Via": f"SIP/2.0/UDP 192.0.2.1:5060;rport;branch={branch}",
        "Max-Forwards": "70",
        "From": '"Bob" <sip:bob@192.0.2.1>;tag=far',
        "To": "<sip:1000@192.0.2.4>" + (f";tag={to_tag}" if to_tag else ""),
        "Call-ID": call_id,
        "CSeq": f"{cseq} {method}",
        "Contact": "<sip:bob@192.0.2.1:5060>",
        "Content-Length": str(len(body)),
    }
    fields.update(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    head = f"{method} {uri} SIP/2.0\r\n{lines}{extra}\r\n"
    return head.encode("utf-8", "surrogateescape") + body
