"""What is heard of a dialled call decides its outcome: tones and announcements before the answer, machines after it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from telephony.announcements.cadences import CADENCES
from tests.service.configured import config, line
from tests.service.peers import LOOPBACK, _is_bound, _process
from tests.service.running import ROOT, RunningService, until
from tests.service.sounds import QUEEN_OF_CLUBS, Samples, encode, tape
from tests.support.sip_peers import free_port, needs_sipp
from tests.telephony.announcements.sounds import rhythm, tone
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(240)]

SWITCHED_OFF = "Sorry, the subscriber you dialed is power off."
MAILBOX = "Hi, you have reached Mike. I can't take your call right now. Please leave a message after the tone."
EARLY, TAKEN = "183 Session Progress", "200 OK"
# Number: what is answered, what is heard then, and the outcome.
CALLEES = {
    "13800000001": (EARLY, "busy", "busy"),
    "13800000002": (EARLY, "switched_off", "unreachable"),
    "13800000003": (TAKEN, "mailbox", "voicemail"),
    "13800000004": (TAKEN, "person", "answered"),
}
_HEAD = """<send><![CDATA[
SIP/2.0 {status}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]s[call_number]
[last_Call-ID:]
{cseq}
Contact: <sip:callee@[local_ip]:[local_port]>
"""
_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=callee 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
"""
_EMPTY = "Content-Length: 0\n]]></send>\n"


def scenario() -> str:
    """Return what is done to each number."""
    steps = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="callees">\n<recv request="INVITE"><action>'
    steps += '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq"/>'
    for number in CALLEES:
        steps += f'<ereg regexp="sip:{number}@" search_in="hdr" header="To:" assign_to="n{number}"/>'
    steps += "</action></recv>\n"
    steps += f'<Reference variables="cseq,{",".join(f"n{number}" for number in CALLEES)}"/>\n'
    for number in CALLEES:
        steps += f'<nop test="n{number}" next="do_{number}"/>\n'
    for number, (status, sound, _) in CALLEES.items():
        steps += f'<label id="do_{number}"/>\n' + _HEAD.format(status=status, cseq="[last_CSeq:]") + _SDP
        play = f'<nop><action><exec rtp_stream="{sound}.alaw,-1,8"/></action></nop>\n'
        if status == EARLY:
            steps += play + '<recv request="CANCEL"/>\n' + _HEAD.format(status="200 OK", cseq="[last_CSeq:]") + _EMPTY
            steps += _HEAD.format(status="487 Request Terminated", cseq="CSeq: [$cseq] INVITE") + _EMPTY
            steps += '<recv request="ACK"/>\n'
        else:
            steps += f'<recv request="ACK"/>\n{play}<recv request="BYE"/>\n'
            steps += _HEAD.format(status="200 OK", cseq="[last_CSeq:]") + _EMPTY
        steps += '<nop next="end"/>\n'
    return f'{steps}<label id="end"/>\n<nop/>\n</scenario>\n'


async def spoken(folder: Path, text: str) -> Samples:
    """Return a text as our English voice speaks it."""
    settings = Settings()
    store = ModelStore(settings)
    voice = store.voice("en")
    own = settings.model_copy(update={"paths": settings.paths.model_copy(update={"data": folder})})
    mouth = SynthesisService(own, open_shelf(settings, store.path, {"en": voice}, [voice.partition("/")[0]]))
    try:
        pieces = [piece async for piece in mouth.synthesise(SpeechRequest(text, voice, 8000))]
    finally:
        await mouth.close()
    return np.frombuffer(b"".join(pieces), np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(8000 * seconds), np.int16)


def as_samples(audio: np.ndarray) -> Samples:
    return np.asarray(audio * 32767, np.int16)


async def write_sounds(folder: Path) -> None:
    """Write what the callees play, as A-law that repeats."""
    busy = next(cadence for cadence in CADENCES if cadence.name == "cn busy")
    beep = as_samples(tone([1000], 400))
    sounds = {
        "busy": as_samples(rhythm(busy.frequencies_hz, busy.pattern_ms, 7000)),
        "switched_off": np.concatenate((quiet(0.5), await spoken(folder, SWITCHED_OFF), quiet(1.0))),
        "mailbox": np.concatenate((quiet(0.5), await spoken(folder, MAILBOX), quiet(0.4), beep, quiet(30))),
        "person": tape(0.6, QUEEN_OF_CLUBS, 30.0),
    }
    for name, samples in sounds.items():
        (folder / f"{name}.alaw").write_bytes(encode(samples, "PCMA"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    callees = tmp_path / "callees"
    callees.mkdir()
    (callees / "script.xml").write_text(scenario())
    return callees


async def test_outcomes_are_what_was_heard(tmp_path: Path, folder: Path) -> None:
    await write_sounds(folder)
    port, media_port = free_port(), free_port(40)
    arguments = ["-sf", "script.xml", "-i", LOOPBACK, "-mi", LOOPBACK, "-p", str(port), "-mp", str(media_port)]
    arguments += ["-nostdin", "-trace_err"]
    dialling = {"target": f"sip:{{number}}@{LOOPBACK}:{port}", "ring_timeout_s": 40}
    async with _process("sipp", *arguments, cwd=folder) as process:
        reading = asyncio.create_task(drain(process))
        service = RunningService(tmp_path / "service", config(lines=[line("desk")], dialling=dialling))
        try:
            await until(lambda: _is_bound(port) or process.returncode is not None, "callees that listen")
            await asyncio.to_thread(service.until_ready)
            lines = await asyncio.gather(*(call(tmp_path, number) for number in CALLEES))
            told = dict(zip(CALLEES, lines, strict=True))
            assert {number: words.split()[0] for number, words in told.items()} == {
                number: outcome for number, (_, _, outcome) in CALLEES.items()
            }, service.log.text
            heard = {record["info"]["caller"]: record for record in service.records()}
            assert heard["13800000002"]["announcement"] == "powered_off"
            assert heard["13800000003"]["answered_by"] == "voicemail"
            assert heard["13800000003"]["cause"] == "bot"
            assert heard["13800000004"]["announcement"] == ""
        finally:
            service.destroy()
            if process.returncode is None:
                process.kill()
            await reading


async def call(folder: Path, number: str) -> str:
    """Let the service ring a number; the last line of what the command says."""
    file = folder / "service" / "voicebot.yaml"
    words = [sys.executable, "-m", "voicebot.cli.main", "call", number, "--bot", "desk", "--config", str(file)]
    done = await asyncio.to_thread(
        subprocess.run, words, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout, done.stderr
    return done.stdout.splitlines()[-1]


async def drain(process: asyncio.subprocess.Process) -> None:
    """Read away its screen: it must not fill the pipe."""
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass
