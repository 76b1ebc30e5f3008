"""sipp and baresip around a running service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.service.running import until
from tests.service.script import Script
from tests.service.sounds import Samples, encode, write_wav
from tests.support.sip_peers import free_port

PEER_TIMEOUT_S = 60.0
_SIPP_MEDIA_PORTS = 4
LOOPBACK = "127.0.0.1"


class Sipp:
    """A sipp process that carries out one script."""

    def __init__(self, process: asyncio.subprocess.Process, script: Script, port: int, folder: Path) -> None:
        self.script = script
        self.port = port
        self._process = process
        self._folder = folder
        self._cues = 0

    @property
    def uri(self) -> str:
        """The address it listens on."""
        return f"sip:{self.script.name}@{LOOPBACK}:{self.port}"

    @property
    def call_id(self) -> str:
        """Call-ID of the call it makes."""
        return f"{self.script.name}-{self._process.pid}"

    def cue(self) -> None:
        """Let it go on from ``waits_for_cue``: by an INFO, the one message that nobody else sends."""
        self._cues += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((LOOPBACK, 0))
            lines = [
                f"INFO {self.uri} SIP/2.0",
                f"Via: SIP/2.0/UDP {LOOPBACK}:{sock.getsockname()[1]};branch=z9hG4bKcue{self._cues}",
                "From: <sip:test@localhost>;tag=test",
                f"To: <{self.uri}>",
                f"Call-ID: {self.call_id}",
                f"CSeq: {1000 + self._cues} INFO",
                "Content-Length: 0",
            ]
            sock.sendto("\r\n".join([*lines, "", ""]).encode(), (LOOPBACK, self.port))

    async def succeeds(self) -> None:
        """Wait for its end; all that its script demands must have happened."""
        output, _ = await asyncio.wait_for(self._process.communicate(), PEER_TIMEOUT_S)
        errors = "".join(path.read_text(errors="replace") for path in self._folder.glob("*errors.log"))
        status = self._process.returncode
        assert status == 0, f"{self.script.name}: sipp ended with {status}\n{errors or output.decode()[-2000:]}"


@contextlib.asynccontextmanager
async def sipp(
    script: Script, target_port: int | None = None, sound: Samples | None = None, times: int = 1, port: int = 0
) -> AsyncIterator[Sipp]:
    """Run a script, as caller (with ``target_port``) or as called party (without).

    Args:
        script: what to do.
        target_port: whom to call.
        sound: what the script's "sound" is (8 kHz).
        times: how often to carry it out; each Call-ID is a new time.
        port: where to listen; 0: anywhere.
    """
    port, media_port = port or free_port(), free_port(_SIPP_MEDIA_PORTS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.xml").write_text(script.xml)
        if sound is not None:
            (folder / "sound").write_bytes(encode(sound, script.codec))
        arguments = ["-sf", "script.xml", "-i", LOOPBACK, "-mi", LOOPBACK, "-p", str(port), "-mp", str(media_port)]
        arguments += ["-m", str(times), "-nostdin", "-trace_err"]
        arguments += ["-timeout", f"{PEER_TIMEOUT_S:.0f}s", "-timeout_error"]
        arguments += ["-cid_str", f"{script.name}-%p"]
        arguments += [f"{LOOPBACK}:{target_port}"] if target_port is not None else []
        async with _process("sipp", *arguments, cwd=folder) as process:
            peer = Sipp(process, script, port, folder)
            if target_port is None:
                await until(lambda: _is_bound(port), "a peer that listens")
            yield peer


def _is_bound(port: int) -> bool:
    # Looked up, not tried: a try could take the port from the peer that is about to bind it.
    sockets = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(f":{port:04X}" in line.split()[1] for line in sockets)


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


_STARTS = 3
_BARESIP_CONFIG = """
sip_listen {host}:{port}
net_interface {host}
module_path {modules}
module g711.so
module g722.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control_port}
audio_source aufile,{folder}/tape.wav
snd_path {folder}
rtp_ports {rtp_port}-{rtp_end}
"""


class Baresip:
    """A baresip process, told what to do over its control port; it dumps what it hears."""

    def __init__(self, folder: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.folder = folder
        self._reader = reader
        self._writer = writer

    async def tell(self, command: str, parameters: str = "") -> None:
        """Give a command (baresip's menu, without the slash)."""
        message = json.dumps({"command": command, "params": parameters}).encode()
        self._writer.write(b"%d:%b," % (len(message), message))
        await self._writer.drain()

    async def event(self, kind: str, timeout_s: float = PEER_TIMEOUT_S) -> dict[str, Any]:
        """Wait for an event, such as CALL_ESTABLISHED or CALL_CLOSED."""

        async def wait() -> dict[str, Any]:
            while True:
                length = await self._reader.readuntil(b":")
                message: dict[str, Any] = json.loads(await self._reader.readexactly(int(length[:-1])))
                await self._reader.readexactly(1)
                if message.get("type") == kind:
                    return message
                assert message.get("type") != "CALL_CLOSED", f"the call ended before {kind}: {message}"

        return await asyncio.wait_for(wait(), timeout_s)

    @property
    def dumps(self) -> tuple[Path, Path]:
        """WAV files of what it sent and what it received in its one call."""
        (sent,), (received,) = self.folder.glob("dump-*-enc.wav"), self.folder.glob("dump-*-dec.wav")
        return sent, received


@contextlib.asynccontextmanager
async def baresip(
    folder: Path, name: str, tape: Samples, codec: str = "PCMA", rate_hz: int = 8000
) -> AsyncIterator[Baresip]:
    """Run baresip.

    Args:
        folder: an empty one.
        name: its number.
        tape: what it plays from the answer on; at the end of it, it hangs up.
        codec: the one it offers.
        rate_hz: sample rate of the tape; the codec's.
    """
    _record(folder, tape, rate_hz)
    async with contextlib.AsyncExitStack() as stack:
        reader, writer = await _started(stack, folder, f"<sip:{name}@{LOOPBACK}:{{port}}>", f"{codec}/{rate_hz}/1")
        stack.callback(writer.close)
        yield Baresip(folder, reader, writer)


def _record(folder: Path, tape: Samples, rate_hz: int) -> None:
    folder.mkdir(parents=True)
    write_wav(folder / "tape.wav", tape, rate_hz)


async def _started(
    stack: contextlib.AsyncExitStack, folder: Path, address: str, codec: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Start baresip; once more with other ports if somebody took one of its ports while it started."""
    for _ in range(_STARTS):
        control_port = _free_tcp_port()
        _set_up(folder, f"{address};regint=0;audio_codecs={codec}\n", control_port)
        process = await stack.enter_async_context(_process("baresip", "-f", str(folder), cwd=folder))
        streams = await _connect(control_port, process)
        if streams is not None:
            return streams
    raise AssertionError(f"baresip ended: {(await process.communicate())[0].decode(errors='replace')[-2000:]}")


def _set_up(folder: Path, account: str, control_port: int) -> None:
    port, rtp_port = free_port(), free_port(_SIPP_MEDIA_PORTS)
    config = _BARESIP_CONFIG.format(
        host=LOOPBACK, port=port, modules=_modules(), folder=folder, control_port=control_port,
        rtp_port=rtp_port, rtp_end=rtp_port + _SIPP_MEDIA_PORTS - 1,
    )  # fmt: skip
    (folder / "config").write_text(config)
    (folder / "accounts").write_text(account.format(port=port))
    (folder / "contacts").touch()


def _modules() -> Path:
    found = next((path for path in Path("/usr/lib").glob("**/baresip/modules") if path.is_dir()), None)
    return found or Path("/usr/local/lib/baresip/modules")


def _free_tcp_port() -> int:
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


async def _connect(
    port: int, process: asyncio.subprocess.Process
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Connect to the control port; None if the process ended before it listened."""
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def connect() -> None:
        while process.returncode is None and not streams:
            try:
                streams.append(await asyncio.open_connection(LOOPBACK, port))
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)

    await asyncio.wait_for(connect(), PEER_TIMEOUT_S)
    return streams[0] if streams else None
