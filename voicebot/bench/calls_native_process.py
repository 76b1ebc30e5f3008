"""Runs native players: one made of pjsua2's own parts, or pjsip's ``pjsua`` program."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from voicebot.bench.query_process import BenchProcess
from voicebot.errors import VoicebotError

_START_S = 10.0


@dataclass(frozen=True, slots=True)
class NativeProcess:
    """A player that takes calls.

    Attributes:
        pid: its process.
        port: its SIP port on 127.0.0.1.
    """

    pid: int
    port: int


@asynccontextmanager
async def native_process(command: str, file: Path, rate_hz: int, calls: int) -> AsyncIterator[NativeProcess]:
    """Run a player.

    Args:
        command: a ``pjsua`` program; "" for the player of ``calls_native``.
        file: the WAV file that it plays.
        rate_hz: sample rate of its conference bridge.
        calls: how many it must carry.

    Raises:
        VoicebotError: it does not start.
    """
    if command:
        async with _pjsua(command, file, rate_hz, calls) as player:
            yield player
        return
    process = BenchProcess("native player", "voicebot.bench.calls_native")
    await process.start()
    try:
        ready = await process.order({"file": str(file), "rate_hz": rate_hz, "max_calls": calls})
        yield NativeProcess(process.pid, int(ready["sip_port"]))
    finally:
        await process.stop()


@asynccontextmanager
async def _pjsua(command: str, file: Path, rate_hz: int, calls: int) -> AsyncIterator[NativeProcess]:
    port, rtp_port = free_port(), free_port()
    try:
        process = await asyncio.create_subprocess_exec(
            command, "--null-audio", "--no-tcp", "--no-vad", "--ec-tail=0", "--app-log-level=0", "--log-level=0",
            f"--local-port={port}", f"--rtp-port={rtp_port}", "--bound-addr=127.0.0.1", "--auto-answer=200",
            f"--play-file={file}", "--auto-play", f"--clock-rate={rate_hz}", f"--max-calls={calls}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise VoicebotError(f"--native: it cannot be run: {error}") from error
    try:
        await _bound(port, process)
        yield NativeProcess(process.pid, port)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _bound(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until the program has its SIP port."""
    for _ in range(int(_START_S / 0.05)):
        if process.returncode is not None:
            break
        if _is_bound(port):
            return
        await asyncio.sleep(0.05)
    raise VoicebotError("--native: the program does not open its SIP port")


def _is_bound(port: int) -> bool:
    sockets = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    return any(f":{port:04X}" in line.split()[1] for line in sockets)


def free_port() -> int:
    """Return a UDP port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
