"""Telephones of a PBX: sipp scripts with a password, and people who are registered."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from tests.service.peers import Sipp, sipp
from tests.service.script import Script
from tests.support.asterisk import HOST

_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
_REGISTER = """REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
{via}
From: <sip:{name}@[remote_ip]:[remote_port]>;tag=[pid]t[call_number]
To: <sip:{name}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:{name}@{host}:{port}>
Max-Forwards: 70
Expires: {expires_s}
{credentials}Content-Length: 0
"""
# The called party's BYE: the caller's From is its To.
_BYE = """BYE sip:asterisk@[local_ip] SIP/2.0
{via}
From:[$own]
To:[$peer]
Call-ID: [call_id]
CSeq: 1 BYE
Contact: <sip:{name}@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0
"""


class Pbx(Protocol):
    """Where telephones are registered."""

    port: int


def password_of(extension: str) -> str:
    """The password that the sample gives an extension."""
    return f"change-me-{extension}"


class Phone(Script):
    """A script whose requests the PBX wants a password for."""

    def registers(self, port: int, expires_s: int) -> Phone:
        """REGISTER a contact on a port, with a password; 0 s takes it away."""
        credentials = ""
        for cseq, status in ((1, 401), (2, 200)):
            message = _REGISTER.format(
                via=_VIA, name=self.name, host=HOST, port=port, cseq=cseq, expires_s=expires_s, credentials=credentials
            )
            self._write(message, retransmit=True)
            self._receive(f'response="{status}"' + (' auth="true"' if status == 401 else ""))
            credentials = f"[authentication username={self.name} password={password_of(self.name)}]\n"
        return self

    def rings_with_password(self, challenge: int = 401) -> Phone:
        """INVITE, challenged; INVITE once more."""
        self.rings()
        self._receive('response="100" optional="true"')
        self._receive(f'response="{challenge}" auth="true"')
        self._send(f"{self._first_line('ACK')}\n[last_Via:]", "ACK", "Content-Length: 0\n", "[peer_tag_param]", False)
        self._cseq += 1
        # sipp writes the whole header.
        credentials = f"[authentication username={self.name} password={password_of(self.name)}]\n"
        self._send(f"{self._first_line('INVITE')}\n{_VIA}", "INVITE", credentials + self._sdp("sendrecv"), "")
        return self

    def takes_and_leaves(self, after_ms: int) -> Phone:
        """200 and the ACK; BYE after some time."""
        self.answers("200 OK", self._sdp("sendrecv"), new_dialog=True)
        sides = "".join(
            f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'
            for header, name in (("From", "peer"), ("To", "own"))
        )
        self._steps.append(f'<recv request="ACK"><action>{sides}</action></recv>\n')
        self.pauses(after_ms)
        self._write(_BYE.format(via=_VIA, name=self.name), retransmit=True)
        self._receive('response="200"')
        return self


@contextlib.asynccontextmanager
async def registered(pbx: Pbx, script: Script) -> AsyncIterator[Sipp]:
    """A person at the extension of the script's name: registered, and doing what the script says when rung."""
    async with sipp(script) as person:
        await _register(pbx, script.name, person.port, 60)
        try:
            yield person
        finally:
            await _register(pbx, script.name, person.port, 0)


async def _register(pbx: Pbx, name: str, port: int, expires_s: int) -> None:
    async with sipp(Phone(name).registers(port, expires_s), pbx.port) as phone:
        await phone.succeeds()
