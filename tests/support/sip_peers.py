"""SIP programs that nobody here wrote, as peers on loopback: sipp with our scenarios, and baresip."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import socket
import tempfile
import wave
from array import array
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).parents[1] / "telephony" / "line" / "scenarios"
PEER_TIMEOUT_S = 20.0
# The RTP ports of a sipp process: audio and, two higher, video, each with its RTCP.
_SIPP_MEDIA_PORTS = 4

needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed (package sip-tester)")
needs_baresip = pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed (baresip-core)")


def free_port(count: int = 1) -> int:
    """Return the first of ``count`` UDP ports in a row that are free right now."""
    while True:
        with contextlib.ExitStack() as stack:
            first = _bind(stack, 0)
            try:
                for port in range(first + 1, first + count):
                    _bind(stack, port)
            except (OSError, OverflowError):
                continue
            return first


def _bind(stack: contextlib.ExitStack, port: int) -> int:
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.bind(("127.0.0.1", port))
    return int(sock.getsockname()[1])


class Sipp:
    """A sipp process that runs one scenario."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self._folder = folder

    @property
    def uri(self) -> str:
        """The address it listens on."""
        return f"sip:target@127.0.0.1:{self.port}"

    async def succeeds(self, timeout_s: float = PEER_TIMEOUT_S) -> None:
        """Wait for its end; all that its scenario demands must have happened."""
        output, _ = await asyncio.wait_for(self.process.communicate(), timeout_s)
        errors = "".join(path.read_text(errors="replace") for path in self._folder.glob("*errors.log"))
        assert self.process.returncode == 0, (
            f"sipp: status {self.process.returncode}\n{errors or output.decode()[-2000:]}"
        )


@contextlib.asynccontextmanager
async def sipp(
    scenario: str,
    target_port: int | None = None,
    *,
    calls: int = 1,
    at_once: int = 1,
    echo: bool = False,
    keys: Mapping[str, str] | None = None,
) -> AsyncIterator[Sipp]:
    """Run a scenario as caller (with ``target_port``) or as called party (without).

    Args:
        scenario: name of a file in ``SCENARIOS``.
        target_port: whom to call.
        calls: how many calls to make or take.
        at_once: how many of them at a time.
        echo: send back the audio that comes in.
        keys: words that replace ``[key]`` in the scenario.
    """
    media_port = free_port(_SIPP_MEDIA_PORTS)
    port = free_port()
    arguments = ["-sf", "scenario.xml", "-i", "127.0.0.1", "-mi", "127.0.0.1"]
    arguments += ["-p", str(port), "-mp", str(media_port), "-m", str(calls), "-l", str(at_once), "-nostdin"]
    arguments += ["-r", "20", "-timeout", "20s", "-timeout_error", "-trace_err", "-s", "bot"]
    arguments += ["-rtp_echo"] if echo else []
    if target_port is not None:
        arguments.append(f"127.0.0.1:{target_port}")
    # sipp's own -key reaches neither status lines nor attributes.
    text = (SCENARIOS / f"{scenario}.xml").read_text()
    for key, value in (keys or {}).items():
        text = text.replace(f"[{key}]", value)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scenario.xml").write_text(text)
        async with _process("sipp", *arguments, cwd=Path(folder)) as process:
            if target_port is None:
                await _listening(port)
            yield Sipp(process, port, Path(folder))


async def _listening(port: int) -> None:
    """Wait until somebody has bound the port."""
    for _ in range(200):
        try:
            with contextlib.ExitStack() as stack:
                _bind(stack, port)
        except OSError:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the peer does not listen")


@contextlib.asynccontextmanager
async def _process(program: str, *arguments: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, "TERM": "dumb"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


BARESIP_CONFIG = """
sip_listen {host}:{port}
net_interface {interface}
module_path {modules}
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
audio_source aufile,{folder}/tone.wav
ausrc_srate 8000
auplay_srate 8000
snd_path {folder}
rtp_ports {rtp_port}-{rtp_end}
{settings}
"""


def _baresip_modules() -> Path:
    found = next((path for path in Path("/usr/lib").glob("**/baresip/modules") if path.is_dir()), None)
    return found or Path("/usr/local/lib/baresip/modules")


def write_tone(path: Path, tone_hz: int, seconds: int, rate_hz: int = 8000) -> None:
    """Write a sine as a mono WAV file."""
    samples = (round(8000 * math.sin(2 * math.pi * tone_hz * i / rate_hz)) for i in range(seconds * rate_hz))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(array("h", samples).tobytes())


class Baresip:
    """A baresip process; what it hears is dumped as WAV files."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, port: int, host: str) -> None:
        self.process = process
        self.port = port
        self.uri = f"sip:peer@{host}:{port}"
        self.folder = folder

    async def ended(self) -> str:
        """Wait for its end and return what it printed."""
        output, _ = await asyncio.wait_for(self.process.communicate(), PEER_TIMEOUT_S)
        return output.decode(errors="replace")

    @property
    def heard(self) -> Path:
        """The WAV file of what it received."""
        return next(self.folder.glob("dump-*-dec.wav"))


@contextlib.asynccontextmanager
async def baresip(
    folder: Path,
    dial: str = "",
    tone_hz: int = 700,
    seconds: int = 3,
    *,
    host: str = "127.0.0.1",
    transport: str = "",
    account: str = "",
    settings: str = "",
) -> AsyncIterator[Baresip]:
    """Run baresip: it rings ``dial`` and plays a tone, or waits for a call and takes it.

    Args:
        folder: for its configuration and recordings.
        dial: SIP URI to ring; "" waits.
        tone_hz: what it plays.
        seconds: after which it hangs up and ends.
        host: its address, as it stands in URIs.
        transport: further parameters of its address (";transport=tls").
        account: further parameters of its account.
        settings: further lines of its configuration.
    """
    port, rtp_port = free_port(), free_port(_SIPP_MEDIA_PORTS)
    registration = "" if "regint" in account else ";regint=0"
    modules = _baresip_modules()
    (folder / "config").write_text(
        BARESIP_CONFIG.format(
            port=port,
            modules=modules,
            folder=folder,
            rtp_port=rtp_port,
            rtp_end=rtp_port + 3,
            host=host,
            settings=settings,
            interface=host.strip("[]"),
        )
    )
    # baresip hangs up when its file ends.
    write_tone(folder / "tone.wav", tone_hz, seconds + 5)
    (folder / "accounts").write_text(
        f"<sip:peer@{host}:{port}{transport}>;answermode=auto;audio_codecs=pcma{registration}{account}\n"
    )
    (folder / "contacts").touch()
    arguments = ["-f", str(folder), "-t", str(seconds)]
    if dial:
        arguments += ["-e", f"/dial {dial}"]
    async with _process("baresip", *arguments, cwd=folder) as process:
        if not dial:
            await _listening(port)
        yield Baresip(process, folder, port, host)
