"""People who are rung: one sipp process that does to each number what its last digits say, and notes what it did."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

from tests.service.peers import LOOPBACK, _is_bound, _process
from tests.service.running import until
from tests.support.sip_peers import free_port

# By the last but one digit of the number.
DOES = {"0": "answer", "1": "busy", "2": "ring", "3": "fail", "4": "unknown", "5": "away", "6": "decline"}
_REFUSALS = {
    "busy": "486 Busy Here",
    "fail": "500 Server Internal Error",
    "unknown": "404 Not Found",
    "away": "480 Temporarily Unavailable",
    "decline": "603 Decline",
}
_HEAD = """SIP/2.0 {status}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]s[call_number]
[last_Call-ID:]
"""
_CONTACT = "Contact: <sip:callee@[local_ip]:[local_port]>\n"
_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=callee 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""


def _send(status: str, rest: str = "Content-Length: 0\n", cseq: str = "[last_CSeq:]") -> str:
    message = f"{_HEAD.format(status=status)}{cseq}\n{_CONTACT}{rest}"
    return f"<send><![CDATA[\n{message}\n]]></send>\n"


def _log(text: str) -> str:
    return f'<nop><action><log message="[$number] {text}"/></action></nop>\n'


def _scenario() -> str:
    checks = "".join(
        f'<ereg regexp="sip:[0-9]*{digit}[0-9]@" search_in="hdr" header="To:" assign_to="{name}"/>'
        for digit, name in DOES.items()
    )
    steps = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="callees">\n'
    steps += '<recv request="INVITE" crlf="true"><action>'
    steps += '<ereg regexp="sip:([0-9]+)@" search_in="hdr" header="To:" check_it="true" assign_to="whole,number"/>'
    steps += '<ereg regexp="sip:([0-9]+)@" search_in="hdr" header="From:" assign_to="from,caller"/>'
    steps += '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq"/>'
    steps += f"{checks}</action></recv>\n"
    steps += f'<Reference variables="whole,number,from,caller,cseq,{",".join(DOES.values())}"/>\n'
    steps += '<nop><action><log message="[$number] rung by [$caller]"/></action></nop>\n'
    for name in DOES.values():
        steps += f'<nop test="{name}" next="do_{name}"/>\n'
    for name, status in _REFUSALS.items():
        steps += f'<label id="do_{name}"/>\n{_send(status)}<recv request="ACK"/>\n{_log(name)}<nop next="end"/>\n'
    steps += f'<label id="do_ring"/>\n{_send("180 Ringing")}<recv request="CANCEL"/>\n{_send("200 OK")}'
    steps += _send("487 Request Terminated", cseq="CSeq: [$cseq] INVITE")
    steps += f'<recv request="ACK"/>\n{_log("ring")}<nop next="end"/>\n'
    steps += f'<label id="do_answer"/>\n{_taken("answer")}<recv request="BYE"/>\n{_send("200 OK")}{_log("left")}'
    return f'{steps}<label id="end"/>\n<nop/>\n</scenario>\n'


def _taken(name: str) -> str:
    return f'{_send("180 Ringing")}{_send("200 OK", _SDP)}<recv request="ACK"/>\n{_log(name)}'


class Callees:
    """The people, and what they did."""

    def __init__(self, port: int, notes: Path) -> None:
        self.port = port
        self._notes = notes

    def did(self, number: str) -> list[str]:
        """Return what was done to a number so far, in order."""
        lines = self._notes.read_text().splitlines() if self._notes.is_file() else []
        return [match[1] for line in lines if (match := re.match(rf".*\b{number} (.+)$", line))]

    @property
    def rung(self) -> int:
        """How often anybody was rung."""
        text = self._notes.read_text() if self._notes.is_file() else ""
        return text.count(" rung by ")


@contextlib.asynccontextmanager
async def callees(folder: Path, port: int = 0) -> AsyncIterator[Callees]:
    """Run them on a port (0: a free one), until the test is over."""
    notes = _prepare(folder)
    port, media_port = port or free_port(), free_port(4)
    arguments = ["-sf", "script.xml", "-i", LOOPBACK, "-mi", LOOPBACK, "-p", str(port), "-mp", str(media_port)]
    arguments += ["-nostdin", "-trace_logs", "-log_file", str(notes), "-trace_err", "-rtcheck", "loose"]
    async with _process("sipp", *arguments, cwd=folder) as process:
        # Its screen must not fill the pipe.
        reading = asyncio.create_task(_drain(process))
        try:
            await until(lambda: _is_bound(port) or process.returncode is not None, "callees that listen")
            yield Callees(port, notes)
        finally:
            if process.returncode is None:
                process.kill()
            await reading


def _prepare(folder: Path) -> Path:
    folder.mkdir()
    (folder / "script.xml").write_text(_scenario())
    return folder / "notes.log"


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass
