"""A crowd of people, machines and dead numbers behind one address: a sipp process that acts by the number dialled.

What a number does is in its sixth and seventh digit; each thing that it does is noted, for the report to be compared
with. Sounds are played over RTP, before the answer or after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.service.peers import LOOPBACK, _is_bound, _process
from tests.service.running import until
from tests.service.sounds import Samples, encode
from tests.support.sip_peers import free_port

_MOST_CALLS = 24
_HEAD = """SIP/2.0 {status}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]s[call_number]
[last_Call-ID:]
{cseq}
Contact: <sip:crowd@[local_ip]:[local_port]>
"""
_EMPTY = "Content-Length: 0\n"
_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=crowd 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
"""
_BYE = """BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[routes]
From:[$to];tag=[pid]s[call_number]
To:[$from]
Call-ID: [call_id]
CSeq: 1 BYE
Max-Forwards: 70
"""


@dataclass(frozen=True, slots=True)
class Act:
    """What happens to a number.

    Attributes:
        name: as it is noted.
        refusal: the final status, such as "486 Busy Here"; "" if there is none.
        refused_for: cause of ITU-T Q.850 that goes with it; 0: none.
        sound: name of what is played, before the answer or after it; "" for nothing.
        takes: it is answered; else it rings until the caller gives up.
        leaves_ms: hangs up so long after the answer; 0: waits for the caller's BYE.
    """

    name: str
    refusal: str = ""
    refused_for: int = 0
    sound: str = ""
    takes: bool = False
    leaves_ms: int = 0


class Crowd:
    """The crowd, and what it did."""

    def __init__(self, port: int, notes: Path) -> None:
        self.port = port
        self._notes = notes

    def did(self, number: str) -> list[str]:
        """Return what was done to a number so far, in order, but for that it was rung and let alone."""
        return [line for line in self._of(number) if not line.startswith(("rung", "cause"))]

    def callers(self, number: str) -> list[str]:
        """Return by whom a number was rung, call by call."""
        return [line.removeprefix("rung by ") for line in self._of(number) if line.startswith("rung")]

    def causes(self, number: str) -> list[str]:
        """Return the causes of ITU-T Q.850 that came with CANCEL or BYE, call by call."""
        return [line.removeprefix("cause ") for line in self._of(number) if line.startswith("cause")]

    @property
    def rung(self) -> int:
        """How often anybody was rung."""
        return self._text.count(" rung by ")

    @property
    def _text(self) -> str:
        return self._notes.read_text() if self._notes.is_file() else ""

    def _of(self, number: str) -> list[str]:
        return re.findall(rf"#{number} (.+)$", self._text, re.MULTILINE)


def numbers(place: int, count: int) -> list[str]:
    """Return some numbers that do what the act at a place of the list does."""
    return [f"13800{place:02d}{index:04d}" for index in range(count)]


@contextlib.asynccontextmanager
async def crowd(
    folder: Path, acts: Sequence[Act], sounds: Mapping[str, Samples], port: int = 0
) -> AsyncIterator[Crowd]:
    """Run it until the test is over.

    Args:
        folder: for its files; must not be there.
        acts: what numbers do, by their place.
        sounds: what can be played (8 kHz); each is repeated.
        port: where to listen; 0: anywhere.
    """
    notes = _prepare(folder, acts, sounds)
    port, first = port or free_port(), free_port(2 * _MOST_CALLS)
    arguments = ["-sf", "script.xml", "-i", LOOPBACK, "-mi", LOOPBACK, "-p", str(port), "-mp", str(first)]
    arguments += ["-nostdin", "-trace_logs", "-log_file", str(notes), "-trace_err", "-rtcheck", "loose"]
    async with _process("sipp", *arguments, cwd=folder) as process:
        reading = asyncio.create_task(_drain(process))
        try:
            await until(lambda: _is_bound(port) or process.returncode is not None, "a crowd that listens")
            assert process.returncode is None, f"sipp ended with {process.returncode}"
            yield Crowd(port, notes)
        finally:
            if process.returncode is None:
                process.kill()
            await reading


def _prepare(folder: Path, acts: Sequence[Act], sounds: Mapping[str, Samples]) -> Path:
    folder.mkdir()
    (folder / "script.xml").write_text(_scenario(acts))
    for name, samples in sounds.items():
        (folder / f"{name}.alaw").write_bytes(encode(samples, "PCMA"))
    return folder / "notes.log"


def _scenario(acts: Sequence[Act]) -> str:
    places = [f"act{place:02d}" for place in range(len(acts))]
    checks = "".join(
        f'<ereg regexp="sip:13800{place:02d}" search_in="hdr" header="To:" assign_to="{name}"/>'
        for place, name in enumerate(places)
    )
    steps = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="crowd">\n'
    steps += '<recv request="INVITE" crlf="true" rrs="true"><action>'
    steps += '<ereg regexp="sip:([0-9]+)@" search_in="hdr" header="To:" check_it="true" assign_to="whole,number"/>'
    steps += '<ereg regexp="sip:([0-9]*)" search_in="hdr" header="From:" assign_to="half,caller"/>'
    steps += '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>'
    steps += '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>'
    steps += '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq"/>'
    steps += f"{checks}</action></recv>\n"
    steps += f'<Reference variables="whole,number,half,caller,from,to,cseq,{",".join(places)}"/>\n'
    steps += _note("rung by [$caller]")
    for name in places:
        steps += f'<nop test="{name}" next="do_{name}"/>\n'
    for name, act in zip(places, acts, strict=True):
        steps += f'<label id="do_{name}"/>\n{_acted(act)}<nop next="end"/>\n'
    return f'{steps}<label id="end"/>\n<nop/>\n<Reference variables="reason"/>\n</scenario>\n'


def _acted(act: Act) -> str:
    play = f'<nop><action><exec rtp_stream="{act.sound}.alaw,-1,8"/></action></nop>\n' if act.sound else ""
    if act.refusal:
        why = f"Reason: Q.850;cause={act.refused_for}\n{_EMPTY}" if act.refused_for else _EMPTY
        return f'{_answer(act.refusal, why)}<recv request="ACK"/>\n{_note(act.name)}'
    if not act.takes:
        begin = _answer("183 Session Progress", _SDP) if act.sound else _answer("180 Ringing")
        given_up = _answer("487 Request Terminated", cseq="CSeq: [$cseq] INVITE")
        cancelled = f'{_ended("CANCEL")}{_answer("200 OK")}{given_up}<recv request="ACK"/>\n'
        return f"{begin}{play}{cancelled}{_note(act.name)}"
    taken = f'{_answer("180 Ringing")}{_answer("200 OK", _SDP)}<recv request="ACK"/>\n{play}{_note(act.name)}'
    if not act.leaves_ms:
        return f"{taken}{_ended('BYE')}{_answer('200 OK')}{_note('left alone')}"
    bye = f"<send><![CDATA[\n{_BYE}{_EMPTY}\n]]></send>\n"
    return f'{taken}<pause milliseconds="{act.leaves_ms}"/>\n{bye}<recv response="200"/>\n{_note("left")}'


def _answer(status: str, rest: str = _EMPTY, cseq: str = "[last_CSeq:]") -> str:
    return f"<send><![CDATA[\n{_HEAD.format(status=status, cseq=cseq)}{rest}\n]]></send>\n"


def _ended(request: str) -> str:
    """Return what waits for the caller to end the call, and notes why."""
    why = '<ereg regexp="Q.850;cause=([0-9]+)" search_in="hdr" header="Reason:" assign_to="reason,cause"/>'
    return f'<recv request="{request}"><action>{why}</action></recv>\n{_note("cause [$cause]")}'


def _note(text: str) -> str:
    return f'<nop><action><log message="#[$number] {text}"/></action></nop>\n'


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read away its screen: it must not fill the pipe."""
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass
