"""FreeSWITCH itself: the configuration it comes with, and our sample as it is committed put into that."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sip_peers import free_port

SAMPLE = Path(__file__).parents[2] / "config/pbx/freeswitch"
HOST = "127.0.0.1"
# The password of all telephones of the configuration that FreeSWITCH comes with.
PASSWORD = "change-me-1000"
START_TIMEOUT_S = 30.0
_RTP_PORTS = 200
_POLL_S = 0.1

FREESWITCH = shutil.which("freeswitch")


def _vanilla() -> Path | None:
    """Return the folder of the configuration that FreeSWITCH comes with: of a package, else of a build."""
    if FREESWITCH is None:
        return None
    own = Path(FREESWITCH).resolve().parents[1] / "etc/freeswitch"
    folders = (Path("/usr/share/freeswitch/conf/vanilla"), own, Path("/etc/freeswitch"))
    return next((folder for folder in folders if (folder / "dialplan/default.xml").is_file()), None)


VANILLA = _vanilla()
needs_freeswitch = pytest.mark.skipif(VANILLA is None, reason="no freeswitch on the PATH")

# What the sample and the telephones need of it, so that it starts where not all of it was built.
_MODULES = (
    "console logfile event_socket sofia loopback commands db dptools expr hash dialplan_xml spandsp sndfile"
    " native_file local_stream tone_stream"
)
_EVENT_SOCKET = """
<configuration name="event_socket.conf"><settings>
  <param name="listen-ip" value="{host}"/><param name="listen-port" value="{port}"/>
  <param name="password" value="{password}"/>
</settings></configuration>
"""


class FreeSwitch:
    """A running instance.

    Attributes:
        port: its UDP port for telephones and the bot.
        outside_port: its UDP port for calls from outside.
        host: its address as the bot's settings want it, with the port.
    """

    def __init__(self, home: Path) -> None:
        self.port, self.outside_port = free_port(), free_port()
        self.host = f"{HOST}:{self.port}"
        self.control_port = _free_tcp_port()
        self._home = home

    @property
    def log(self) -> str:
        """What it logged so far."""
        file = self._home / "log/freeswitch.log"
        return file.read_text(errors="replace") if file.is_file() else ""

    def console(self, command: str) -> list[str]:
        """Return the program call that gives a command of its console."""
        assert FREESWITCH is not None
        program = Path(FREESWITCH).resolve().with_name("fs_cli")
        return [str(program), "-H", HOST, "-P", str(self.control_port), "-p", PASSWORD, "-x", command]

    async def tell(self, command: str) -> str:
        """Give a command of its console; returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self.console(command), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output
        return output.decode(errors="replace")


@contextlib.contextmanager
def freeswitch_process(provider: int, bot: int = 0) -> Iterator[FreeSwitch]:
    """Run FreeSWITCH with the sample.

    Args:
        provider: port of outside lines.
        bot: port of a bot that is a trunk; 0: it registers.
    """
    assert FREESWITCH is not None
    with tempfile.TemporaryDirectory(prefix="freeswitch") as name:
        home = Path(name)
        running = FreeSwitch(home)
        _prepare(home, running, provider, bot)
        command = [FREESWITCH, "-nonat", "-nf", "-nc"]
        for folder in ("conf", "log", "db", "run", "storage", "cache", "recordings"):
            (home / folder).mkdir(exist_ok=True)
            command += [f"-{folder}", str(home / folder)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
            try:
                _wait_until_started(running, process)
                yield running
            finally:
                process.kill()  # it takes several seconds to end by itself


def _prepare(home: Path, running: FreeSwitch, provider: int, bot: int) -> None:
    assert VANILLA is not None
    conf = home / "conf"
    shutil.copytree(VANILLA, conf)
    shutil.copytree(SAMPLE / "conf", conf, dirs_exist_ok=True)
    for profile in (conf / "sip_profiles").glob("*-ipv6.xml"):
        profile.unlink()
    _set_addresses(conf, running)
    _change(conf / "sip_profiles/external/provider.xml", r"10\.0\.0\.7:5060", f"{HOST}:{provider}")
    modules = "".join(f'<load module="mod_{module}"/>' for module in _MODULES.split())
    control = _EVENT_SOCKET.format(host=HOST, port=running.control_port, password=PASSWORD)
    own = {
        "autoload_configs/modules.conf.xml": f'<configuration name="modules.conf"><modules>{modules}</modules>'
        "</configuration>",
        "autoload_configs/event_socket.conf.xml": control,
    }
    for file_name, text in own.items():
        (conf / file_name).write_text(text)
    if bot:
        shutil.copytree(SAMPLE / "trunk", conf, dirs_exist_ok=True)
        _change(conf / "sip_profiles/external/voicebot.xml", r"10\.0\.0\.9:5060", f"{HOST}:{bot}")
        _change(conf / "directory/default/voicebot.xml", r'10\.0\.0\.9/32"', f'{HOST}/32"')


def _set_addresses(conf: Path, running: FreeSwitch) -> None:
    values = {
        "default_password": PASSWORD,
        "external_rtp_ip": HOST,
        "external_sip_ip": HOST,
        "internal_sip_port": str(running.port),
        "external_sip_port": str(running.outside_port),
    }
    for name, value in values.items():
        _change(conf / "vars.xml", rf'cmd="[a-z-]*set" data="{name}=[^"]*"', f'cmd="set" data="{name}={value}"')
    _change(conf / "vars.xml", "<include>", f'<include>\n<X-PRE-PROCESS cmd="set" data="local_ip_v4={HOST}"/>')
    # Fixed ports for browsers.
    _change(conf / "sip_profiles/internal.xml", '<param name="ws-binding".*', "")
    _change(conf / "sip_profiles/internal.xml", '<param name="wss-binding".*', "")
    first = free_port(_RTP_PORTS)
    ports = {"rtp-start-port": first, "rtp-end-port": first + _RTP_PORTS - 1}
    settings = "".join(f'<param name="{name}" value="{port}"/>' for name, port in ports.items())
    _change(conf / "autoload_configs/switch.conf.xml", "<settings>", f"<settings>{settings}")


def _change(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, lambda _: replacement, file.read_text())
    assert count == 1, f"{file.name}: {pattern} is there {count} times"
    file.write_text(text)


def _free_tcp_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def _wait_until_started(running: FreeSwitch, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, f"freeswitch ended with {process.returncode}:\n{running.log[-3000:]}"
        shown = subprocess.run(running.console("sofia status"), capture_output=True, check=False).stdout
        if shown.count(b"RUNNING") == 2:  # the profiles internal and external
            return
        time.sleep(_POLL_S)  # its control port is not there yet
    raise AssertionError(f"freeswitch does not start:\n{running.log[-3000:]}")
