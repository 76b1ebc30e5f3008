"""The sample configuration for Kamailio, as it is committed, with the real program, real phones and a real line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telephony.edge import EdgeConfig
from telephony.edge.config import AccessConfig
from tests.support.sip_agent import Agent
from tests.support.sip_peers import baresip, free_port, needs_baresip
from tests.telephony.edge.test_real_calls import HOST, a_line

KAMAILIO = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin")
SAMPLE = Path(__file__).parents[3] / "config/pbx/kamailio"

pytestmark = [
    pytest.mark.sip,
    pytest.mark.timeout(60),
    needs_baresip,
    pytest.mark.skipif(KAMAILIO is None, reason="kamailio is not installed"),
]


@contextlib.asynccontextmanager
async def kamailio(folder: Path, *bots: int) -> AsyncIterator[int]:
    """Run Kamailio with the sample's configuration and these bots; its port."""
    port = free_port()
    sample = (SAMPLE / "dispatcher.list").read_text()
    assert "sip:127.0.0.1:5060" in sample
    line = next(line for line in sample.splitlines() if not line.startswith("#"))
    (folder / "dispatcher.list").write_text("\n".join(line.replace("5060", str(bot)) for bot in bots) + "\n")
    assert KAMAILIO is not None
    log = folder / "kamailio.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            KAMAILIO, "-DD", "-E", "-m", "16", "-M", "4", "-f", str(SAMPLE / "kamailio.cfg"),
            "-l", f"udp:{HOST}:{port}", "-A", f'DISPATCHERS="{folder / "dispatcher.list"}"',
            "-Y", str(folder), "-P", str(folder / "pid"),
            stdout=asyncio.subprocess.DEVNULL, stderr=out, start_new_session=True,
        )  # fmt: skip
    taken = asyncio.create_task(_listening(port))
    try:
        await asyncio.wait([taken], timeout=10)
        assert taken.done(), f"kamailio does not listen: {log.read_text()}"
        yield port
    finally:
        taken.cancel()
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End it, and after some seconds its children with it: once a test hung here."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    done = asyncio.create_task(process.wait())
    await asyncio.wait([done], timeout=5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await done


def _is_bound(port: int) -> bool:
    return any(f":{port:04X}" in line.split()[1] for line in Path("/proc/net/udp").read_text().splitlines()[1:])


async def _listening(port: int) -> None:
    while True:
        if _is_bound(port):
            return
        await asyncio.sleep(0.05)


async def test_a_call_to_the_bots_number_reaches_a_bot(tmp_path: Path) -> None:
    edge_config = EdgeConfig(port=0, access=AccessConfig(allow=("local",)))
    async with a_line(edge_config) as (edge, line), kamailio(tmp_path, edge.ports["UDP"]) as port:
        async with baresip(tmp_path, f"sip:8001@{HOST}:{port}") as phone:
            call = await line.wait("call")
            assert call["called"] == "8001"
            ended = await line.wait("hung_up", call=call["call"])
            await phone.ended()
        assert ended["cause"] == "caller"
        assert ended["stream"]["received"] > 50


async def test_a_dead_bot_is_passed_over(tmp_path: Path) -> None:
    async with (
        a_line(EdgeConfig(port=0)) as (edge, line),
        kamailio(tmp_path, free_port(), edge.ports["UDP"]) as port,
        baresip(tmp_path, f"sip:8001@{HOST}:{port}", seconds=40) as phone,
    ):
        call = (await line.wait("call", timeout_s=30))["call"]
        await line.wait("answered", call=call)
        phone.process.terminate()
        assert (await line.wait("hung_up", call=call))["cause"] == "caller"
        await phone.ended()


async def test_the_bot_rings_a_registered_phone(tmp_path: Path) -> None:
    async with a_line(EdgeConfig(port=0)) as (edge, line), kamailio(tmp_path, edge.ports["UDP"]) as port:
        account = f';outbound="sip:{HOST}:{port}";regint=60'
        async with baresip(tmp_path, account=account, seconds=20) as phone:
            await _rung(line, port)
            phone.process.terminate()
            assert "Call established" in await phone.ended()


async def _rung(line: Agent, port: int) -> None:
    """Ring until the phone has registered and takes the call."""
    while True:
        line.tell("dial", target=f"sip:peer@{HOST}:{port}", source="tone:500")
        call = (await line.wait("dialled"))["call"]
        ends = [asyncio.create_task(line.wait(event, call=call)) for event in ("answered", "hung_up")]
        done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if ends[0] in done:
            line.tell("hang_up", call=call)
            await line.wait("hung_up", call=call)
            return
        assert ends[1].result()["status"] == 404
