"""Writes sipp scenarios: what a caller, or the target of a transfer, does step by step.

Every message the far side owes is demanded: sipp ends with a failure if anything else comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

PATIENCE_MS = 30_000

_CALLER = """
From: <sip:{name}@[local_ip]:[local_port]>;tag=[pid]t[call_number]
To: <sip:{number}@[remote_ip]:[remote_port]>{to_tag}
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:{name}@[local_ip]:[local_port]>
Max-Forwards: 70
"""
_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=peer 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio {port} RTP/AVP {payload_type} 101
a=rtpmap:{payload_type} {codec}/8000
a=rtpmap:101 telephone-event/8000
a={direction}
"""
_ANSWER = """
SIP/2.0 {status}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:]{to_tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:{name}@[local_ip]:[local_port]>
{rest}
"""
_EMPTY = "Content-Length: 0\n"
_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9}


class Script:
    """A scenario in the making.

    Args:
        name: user part of our own address; as a caller's number it also finds the call's record.
        number: user part of the address to ring.
        codec: the one audio codec that is offered or taken.
        media_port: where our audio is wanted, if sipp itself is not to get it.
    """

    def __init__(self, name: str, number: str = "bot", codec: str = "PCMA", media_port: int | None = None) -> None:
        self.name = name
        self._number = number
        self.codec = codec
        self._media_port = media_port
        self._cseq = 0
        self._steps: list[str] = []

    @property
    def xml(self) -> str:
        """The scenario."""
        steps = "".join(self._steps)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="{self.name}">\n{steps}</scenario>\n'

    # --- a caller

    def rings(self, headers: Mapping[str, str] | None = None, *, sdp: bool = True) -> Script:
        """INVITE."""
        self._cseq += 1
        extra = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
        body = self._sdp("sendrecv") if sdp else _EMPTY
        return self._send(f"{self._first_line('INVITE')}\n{_VIA}", "INVITE", extra + body, "")

    def is_answered(self, *, with_offer: bool = False) -> Script:
        """180, 200, ACK; with an offer in the 200 the ACK has our answer."""
        self._receive('response="100" optional="true"')
        self._receive('response="180"')
        self._receive('response="200" rrs="true"', search="m=audio")
        return self._acknowledge(self._sdp("sendrecv") if with_offer else _EMPTY)

    def is_refused(self, status: int) -> Script:
        """A final failure, and its ACK."""
        self._receive('response="100" optional="true"')
        self._receive(f'response="{status}"')
        return self._send(f"{self._first_line('ACK')}\n[last_Via:]", "ACK", _EMPTY, "[peer_tag_param]", False)

    def asks_for_options(self) -> Script:
        """OPTIONS outside of a call, and the answer."""
        self._cseq += 1
        self._send(f"{self._first_line('OPTIONS')}\n{_VIA}", "OPTIONS", f"Accept: application/sdp\n{_EMPTY}", "")
        return self._receive('response="200"', search="INVITE", header="Allow:")

    def waits_for_cue(self) -> Script:
        """Go on when the test says so (see ``Sipp.cue``)."""
        return self._receive('request="INFO"')

    def pauses(self, milliseconds: int) -> Script:
        """Let time pass."""
        self._steps.append(f'<pause milliseconds="{milliseconds}"/>\n')
        return self

    def says(self, file: str, milliseconds: int) -> Script:
        """Send a file of encoded audio, and wait as long as that takes."""
        payload_type = _PAYLOAD_TYPES[self.codec]
        self._steps.append(f'<nop><action><exec rtp_stream="{file},1,{payload_type}"/></action></nop>\n')
        return self.pauses(milliseconds)

    def changes_direction(self, direction: str, answer: str) -> Script:
        """Send a re-INVITE: "sendonly" puts the far side on hold, "sendrecv" takes it back."""
        self._request("INVITE", self._sdp(direction))
        self._receive('response="100" optional="true"')
        self._receive('response="200" rrs="true"', search=f"a={answer}")
        return self._acknowledge()

    def hangs_up(self, status: int = 200) -> Script:
        """BYE and the answer to it."""
        self._request("BYE", _EMPTY)
        return self._receive(f'response="{status}"')

    def is_hung_up_on(self) -> Script:
        """The far side's BYE."""
        return self._receive('request="BYE"').answers("200 OK")

    def sends_info(self, content_type: str, body: str, status: int = 200) -> Script:
        """INFO with a body, such as a digit (application/dtmf-relay), and the answer."""
        self._request("INFO", f"Content-Type: {content_type}\nContent-Length: [len]\n\n{body}")
        return self._receive(f'response="{status}"')

    def gets_refer(
        self, *, replaces: bool, then: str = "202 Accepted", to: str = "", told: Mapping[str, str] | None = None
    ) -> Script:
        """A REFER, with or without Replaces in it, and our answer; ``told`` are more headers it must have."""
        inside = "Replaces=" if replaces else to or "^[^?]*$"
        return self._receive('request="REFER"', search=inside, header="Refer-To:", told=told).answers(then)

    def reports(self, fragments: Iterable[str]) -> Script:
        """NOTIFY what became of the REFER; the last one ends the subscription."""
        lines = list(fragments)
        for number, line in enumerate(lines, start=1):
            state = "terminated;reason=noresource" if number == len(lines) else "active;expires=60"
            kind = "Content-Type: message/sipfrag;version=2.0\nContent-Length: [len]\n"
            self._request("NOTIFY", f"Event: refer\nSubscription-State: {state}\n{kind}\nSIP/2.0 {line}\n")
            self._receive('response="200"')
        return self

    # --- the target of a transfer

    def is_rung(self, told: Mapping[str, str] | None = None) -> Script:
        """The far side's INVITE, answered with 180; ``told`` are headers it must have."""
        self._receive('request="INVITE"', search="[0-9]+", header="CSeq:", keep="cseq", told=told)
        return self.answers("180 Ringing", new_dialog=True)

    def refuses(self, status: str) -> Script:
        """Answer with a final failure."""
        return self.answers(status, new_dialog=True)._receive('request="ACK"')

    def takes_the_call(self) -> Script:
        """200 and the ACK to it."""
        return self.answers("200 OK", self._sdp("sendrecv"), new_dialog=True)._receive('request="ACK"')

    def is_cancelled(self) -> Script:
        """CANCEL, answered; the INVITE ends with 487."""
        self._receive('request="CANCEL"').answers("200 OK")
        lines = "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]s[call_number]\n"
        self._write(f"{lines}[last_Call-ID:]\nCSeq: [$cseq] INVITE\n{_EMPTY}", retransmit=True)
        return self._receive('request="ACK"')

    def answers(self, status: str, rest: str = _EMPTY, *, new_dialog: bool = False) -> Script:
        """Respond to the last request."""
        to_tag = ";tag=[pid]s[call_number]" if new_dialog else ""
        self._write(_ANSWER.format(status=status, name=self.name, rest=rest, to_tag=to_tag), retransmit=False)
        return self

    # --- a registrar

    def gets_register(self, search: str = "REGISTER") -> Script:
        """A REGISTER with some text in it."""
        return self._receive('request="REGISTER"', search=search)

    def refuses_register(self) -> Script:
        """403."""
        return self.answers("403 Forbidden", new_dialog=True)

    def challenges(self, username: str, password: str) -> Script:
        """Ask for credentials and check them; 200 if they are right, else 403."""
        nonce = f'WWW-Authenticate: Digest realm="pbx", nonce="{"5ca1ab1e" * 4}", algorithm=MD5\n'
        self.answers("401 Unauthorized", nonce + _EMPTY, new_dialog=True)
        check = f'<verifyauth assign_to="valid" username="{username}" password="{password}"/>'
        self._steps.append(f'<recv request="REGISTER" timeout="{PATIENCE_MS}"><action>{check}</action></recv>\n')
        self._steps.append('<nop test="valid" next="good"/>\n')
        self.answers("403 Forbidden", new_dialog=True)
        self._steps.append('<nop next="judged"/>\n<label id="good"/>\n')
        self.answers("200 OK", f"[last_Contact:]\nExpires: 300\n{_EMPTY}", new_dialog=True)
        self._steps.append('<label id="judged"/>\n')
        return self

    # --- the XML

    def _first_line(self, method: str) -> str:
        return f"{method} sip:{self._number}@[remote_ip]:[remote_port] SIP/2.0"

    def _sdp(self, direction: str) -> str:
        return _SDP.format(
            version=self._cseq,
            port=self._media_port or "[rtpstream_audio_port]",
            payload_type=_PAYLOAD_TYPES[self.codec],
            codec=self.codec,
            direction=direction,
        )

    def _acknowledge(self, body: str = _EMPTY) -> Script:
        return self._send(f"ACK [next_url] SIP/2.0\n{_VIA}\n[routes]", "ACK", body, "[peer_tag_param]", False)

    def _request(self, method: str, rest: str) -> Script:
        self._cseq += 1
        return self._send(f"{method} [next_url] SIP/2.0\n{_VIA}\n[routes]", method, rest, "[peer_tag_param]")

    def _send(self, head: str, method: str, rest: str, to_tag: str, retransmit: bool = True) -> Script:
        middle = _CALLER.format(name=self.name, number=self._number, cseq=self._cseq, method=method, to_tag=to_tag)
        return self._write(f"{head}{middle}{rest}", retransmit)

    def _write(self, message: str, retransmit: bool) -> Script:
        start = '<send retrans="500">' if retransmit else "<send>"
        self._steps.append(f"{start}<![CDATA[\n{message.strip()}\n\n]]></send>\n")
        return self

    def _receive(
        self, what: str, *, search: str = "", header: str = "", keep: str = "", told: Mapping[str, str] | None = None
    ) -> Script:
        timeout = "" if "optional" in what else f' timeout="{PATIENCE_MS}"'
        if not search:
            self._steps.append(f"<recv {what}{timeout}/>\n")
            return self
        prefix = f"found{len(self._steps)}"
        checks = {keep or prefix: (header, search)}
        checks |= {f"{prefix}x{n}": (f"{key}:", f"^ *{value}$") for n, (key, value) in enumerate((told or {}).items())}
        actions = "".join(_check(name, place, pattern) for name, (place, pattern) in checks.items())
        self._steps.append(f"<recv {what}{timeout}><action>{actions}</action></recv>\n")
        self._steps.append(f'<Reference variables="{",".join(checks)}"/>\n')
        return self


def _check(name: str, header: str, pattern: str) -> str:
    place = f'search_in="hdr" header="{header}"' if header else 'search_in="msg"'
    return f'<ereg regexp={quoteattr(pattern)} {place} check_it="true" assign_to="{name}"/>'
