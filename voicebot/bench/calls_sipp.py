"""SIPp as the callers of the calls bench: it makes and ends the calls, our phones (``calls_phones``) have the audio."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.bench.calls_native_process import free_port
from voicebot.errors import VoicebotError

_SCENARIO = """<?xml version="1.0" encoding="UTF-8"?>
<!-- A caller whose audio lies at a port of the injection file; it hangs up after -d. -->
<scenario name="calls">
  <send retrans="500" start_rtd="1"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:phone@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:phone@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [field0] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv

]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true" rtd="1"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
[routes]
From: <sip:phone@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Contact: <sip:phone@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
  <pause/>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
[routes]
From: <sip:phone@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"""
_CREATED, _GOOD, _BAD = "TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)"
_STATUS_DIGITS = 3
_FAILURES = "Failed"  # begins the names of the columns that say why


@dataclass(frozen=True, slots=True)
class Load:
    """Calls to make.

    Attributes:
        target: host and port.
        user: who is rung.
        ports: of the phones; each call takes the next one.
        calls: how many.
        per_s: new ones a second.
        at_once: at most so many at a time.
        hold_ms: from the answer to the BYE.
    """

    target: str
    user: str
    ports: Sequence[int]
    calls: int
    per_s: float
    at_once: int
    hold_ms: int


@dataclass(slots=True)
class Made:
    """What became of the calls.

    Attributes:
        asked: calls begun.
        good: went as they should from INVITE to the answer to BYE.
        bad: all others.
        setup_ms: from INVITE to 200, of each call that was answered.
        why: what went wrong, in SIPp's words or as a SIP status, and how often.
    """

    asked: int = 0
    good: int = 0
    bad: int = 0
    setup_ms: list[float] = field(default_factory=list)
    why: dict[str, int] = field(default_factory=dict)

    def add(self, other: Made) -> None:
        """Add the calls of another SIPp."""
        self.asked += other.asked
        self.good += other.good
        self.bad += other.bad
        self.setup_ms += other.setup_ms
        for reason, count in other.why.items():
            self.why[reason] = self.why.get(reason, 0) + count


async def make_calls(load: Load, folder: Path, name: str) -> Made:
    """Have SIPp make calls; returns when the last one is over.

    Args:
        load: which calls.
        folder: for SIPp's files.
        name: of this run, for the names of its files.

    Raises:
        VoicebotError: there is no SIPp, or it does not start.
    """
    program = shutil.which("sipp")
    if program is None:
        raise VoicebotError("sipp is needed to make calls: install the Debian package sip-tester")
    own = folder / name
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    (own / "calls.xml").write_text(_SCENARIO, encoding="utf-8")
    (own / "ports.csv").write_text("SEQUENTIAL\n" + "".join(f"{port};\n" for port in load.ports), encoding="ascii")
    process = await asyncio.create_subprocess_exec(
        program, *_arguments(load), cwd=own, env={**os.environ, "TERM": "dumb"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return read_made(own, errors.decode(errors="replace"))


def read_made(folder: Path, errors: str = "") -> Made:
    """Read what a SIPp has written.

    Raises:
        VoicebotError: it has written nothing: it did not start.
    """
    statistics = sorted(folder.glob("stat.csv"))
    rows = _rows(statistics[0].read_text(encoding="ascii", errors="replace")) if statistics else []
    if not rows:
        raise VoicebotError(f"sipp did not start: {errors.strip() or 'it says nothing'}")
    last = rows[-1]
    made = Made(int(last[_CREATED]), int(last[_GOOD]), int(last[_BAD]))
    made.why = {
        _words(name): int(value)
        for name, value in last.items()
        if name.startswith(_FAILURES) and name.endswith("(C)") and name != _BAD and value not in ("", "0")
    }
    for file in folder.glob("*_rtt.csv"):
        made.setup_ms += response_times_ms(file.read_text(encoding="ascii", errors="replace"))
    for file in folder.glob("*_error_codes.csv"):
        made.why.update(error_codes(file.read_text(encoding="ascii", errors="replace")))
    return made


def response_times_ms(text: str) -> list[float]:
    """Return the times of ``-trace_rtt``: a line for each answer, "date; milliseconds; number of the timer"."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split(";")
        if len(fields) >= 2 and fields[1].strip():
            found.append(float(fields[1]))
    return found


def error_codes(text: str) -> dict[str, int]:
    """Return how often an answer was not the expected one, by its status.

    The file of ``-trace_error_codes`` has a line for each second: "date;elapsed;486,486,".
    """
    found: dict[str, int] = {}
    for line in text.splitlines():
        codes = line.rpartition(";")[2].split(",")
        for code in codes:
            if code.strip().isdigit() and len(code.strip()) == _STATUS_DIGITS:
                found[f"SIP {code.strip()}"] = found.get(f"SIP {code.strip()}", 0) + 1
    return found


def _rows(text: str) -> list[dict[str, str]]:
    lines = [line for line in text.splitlines() if line.strip()]
    return list(csv.DictReader(lines, delimiter=";"))


def _words(name: str) -> str:
    """Return "FailedMaxUDPRetrans(C)" as "max udp retrans"."""
    bare = name.removeprefix(_FAILURES).removesuffix("(C)")
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", bare)).lower()


def _arguments(load: Load) -> Iterable[str]:
    return (
        load.target, "-sf", "calls.xml", "-inf", "ports.csv", "-s", load.user, "-i", "127.0.0.1",
        "-p", str(free_port()), "-nostdin",
        "-m", str(load.calls), "-r", f"{load.per_s:g}", "-l", str(load.at_once), "-d", str(load.hold_ms),
        "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1", "-trace_error_codes",
        "-trace_err",
    )  # fmt: skip
