"""Asterisk itself, with the sample configuration as it is committed: an instance of its own for whoever asks."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.sip_peers import free_port

ASTERISK = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
SAMPLE = Path(__file__).parents[2] / "config/pbx/asterisk"
HOST = "127.0.0.1"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_RTP_PORTS = 200
_COMPLAINT = re.compile(
    r"(?:WARNING|ERROR)\S* (?:func_\w+|pbx\w*|ast_expr2|res_sorcery_config|config|app_stack)\.c(?!.*pjproject)"
)
_POLL_S = 0.1

needs_asterisk = pytest.mark.skipif(ASTERISK is None, reason="no asterisk on the PATH")

# What a distribution's package brings and the sample does not: where files are, what is loaded, what is logged.
_ASTERISK_CONF = """
[directories]
astetcdir => {etc}
astdbdir => {home}
astspooldir => {home}/spool
astrundir => {home}
astlogdir => {home}
[options]
nocolor = yes
"""
_MODULES_CONF = "[modules]\nautoload=yes\n"
_LOGGER_CONF = "[general]\n[logfiles]\nfull => notice,warning,error,verbose(4)\n"
_RTP_CONF = "[general]\nrtpstart={first}\nrtpend={last}\n"
# pjsip_addresses.conf is the one file of the sample that everybody has to write for himself.
_ADDRESSES = """
[asterisk-address](!)
bind={host}:{port}
[bot-contact](!)
contact=sip:{host}:{bot}
[bot-source](!)
match={host}:{bot}
[provider-contact](!)
contact=sip:{host}:{provider}
[provider-source](!)
match={host}:{provider_source}
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Ports on 127.0.0.1; those of nobody are not used.

    Attributes:
        port: where Asterisk listens.
        bot: where a bot listens that does not register.
        provider: where calls to outside lines go.
        provider_source: where calls from outside come from; 0: from ``provider``.
    """

    port: int
    bot: int = 9
    provider: int = 9
    provider_source: int = 0

    def write(self) -> str:
        """Return ``pjsip_addresses.conf``."""
        return _ADDRESSES.format(
            host=HOST,
            port=self.port,
            bot=self.bot,
            provider=self.provider,
            provider_source=self.provider_source or self.provider,
        )


class Asterisk:
    """A running instance.

    Attributes:
        port: its UDP port for SIP.
        host: its address as the bot's settings want it, with the port.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.port = port
        self.host = f"{HOST}:{port}"
        self._home = home

    @property
    def log(self) -> str:
        """What it logged so far."""
        file = self._home / "full"
        return file.read_text(errors="replace") if file.is_file() else ""

    @property
    def complaints(self) -> list[str]:
        """What it did not understand of its configuration and its dialplan, so far."""
        return [line for line in self.log.splitlines() if _COMPLAINT.search(line)]

    def console(self, command: str) -> list[str]:
        """Return the program call that gives a command of its console."""
        assert ASTERISK is not None
        return [ASTERISK, "-C", str(self._home / "etc/asterisk.conf"), "-rx", command]

    async def tell(self, command: str) -> str:
        """Give a command of its console; returns what it printed.

        Raises:
            AssertionError: it is not (yet) there.
        """
        process = await asyncio.create_subprocess_exec(
            *self.console(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        text = output.decode(errors="replace")
        assert process.returncode == 0, text
        return text

    async def change(self, local: str) -> None:
        """Give it another ``pjsip_local.conf``; calls from now on go by it."""
        (self._home / "etc/pjsip_local.conf").write_text(local)
        await self.tell("module reload res_pjsip.so")

    async def until(self, command: str, text: str, timeout_s: float = 15.0) -> None:
        """Wait until a command prints a text."""
        shown = ""

        async def look() -> None:
            nonlocal shown
            while text not in shown:
                shown = await self.tell(command)
                await asyncio.sleep(_POLL_S)

        looking = asyncio.create_task(look())
        done, _ = await asyncio.wait([looking], timeout=timeout_s)
        if not done:
            looking.cancel()
        assert done, f"{command!r} never said {text!r}, but\n{shown}"
        looking.result()


@contextlib.contextmanager
def asterisk_process(addresses: Addresses, local: str = "") -> Iterator[Asterisk]:
    """Run Asterisk with the sample.

    Args:
        addresses: what stands in ``pjsip_addresses.conf``.
        local: ``pjsip_local.conf``, for what is to be different.
    """
    assert ASTERISK is not None
    # Short: the path of its control socket is limited to 107 bytes.
    with tempfile.TemporaryDirectory(prefix="asterisk") as name:
        home = Path(name)
        _prepare(home, addresses, local)
        command = [ASTERISK, "-f", "-C", str(home / "etc/asterisk.conf")]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
            running = Asterisk(home, addresses.port)
            try:
                _wait_until_booted(running, process)
                yield running
            finally:
                _stop(process)


@contextlib.asynccontextmanager
async def asterisk(addresses: Addresses, local: str = "") -> AsyncIterator[Asterisk]:
    """Run Asterisk for one test; see ``asterisk_process``."""
    with asterisk_process(addresses, local) as running:
        yield running


def _prepare(home: Path, addresses: Addresses, local: str) -> None:
    etc = home / "etc"
    etc.mkdir()
    (home / "spool").mkdir()
    for file in SAMPLE.glob("*.conf"):
        shutil.copy(file, etc)
    first = free_port(_RTP_PORTS)
    own = {
        "asterisk.conf": _ASTERISK_CONF.format(etc=etc, home=home),
        "modules.conf": _MODULES_CONF,
        "logger.conf": _LOGGER_CONF,
        "rtp.conf": _RTP_CONF.format(first=first, last=first + _RTP_PORTS - 1),
        "pjsip_addresses.conf": addresses.write(),
    }
    for file_name, text in own.items():
        (etc / file_name).write_text(text)
    if local:
        (etc / "pjsip_local.conf").write_text(local)


def _wait_until_booted(running: Asterisk, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, f"asterisk ended with {process.returncode}:\n{running.log[-3000:]}"
        done = subprocess.run(running.console("core waitfullybooted"), capture_output=True, check=False)
        if b"fully booted" in done.stdout:
            return
        time.sleep(_POLL_S)  # its control socket is not there yet
    raise AssertionError(f"asterisk does not start:\n{running.log[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
