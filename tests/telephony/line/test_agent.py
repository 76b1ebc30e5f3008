from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.support.sip_agent import running_agent, start_agent
from tests.support.sip_peers import needs_sipp, sipp

pytestmark = [pytest.mark.sip]

NO_SDP = (
    "INVITE sip:bot@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n}\r\n"
    "From: <sip:x@127.0.0.1>;tag={n}\r\nTo: <sip:bot@127.0.0.1>\r\nCall-ID: full-{n}\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:x@127.0.0.1:{port}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
MALFORMED = [
    b"",
    b"\r\n\r\n",
    b"\x00" * 400,
    b"INVITE\r\n\r\n",
    b"INVITE sip:bot@127.0.0.1 SIP/2.0\r\n\r\n" + b" " * 50,
    b"INVITE sip:bot@127.0.0.1 SIP/7.0\r\nVia: x\r\nFrom: <>\r\nTo: ;;;\r\nCSeq: 99999999999 \r\nCall-ID:\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnobody\r\nCSeq: 1 INVITE\r\n\r\n",
    NO_SDP.format(port=9, n=1).replace("Content-Length: 0", "Content-Length: 9999").encode(),
    NO_SDP.format(port=9, n=2).replace("From: <", 'From: "\xff <').encode("latin-1"),
    NO_SDP.format(port=9, n=3).replace("\r\n\r\n", "\r\nContent-Type: application/sdp\r\n\r\nv=nonsense").encode(),
]


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@needs_sipp
@pytest.mark.timeout(40)
async def test_a_hundred_calls_leave_nothing_behind() -> None:
    async with running_agent() as agent:
        files = open_files(agent.process.pid)
        async with sipp("short", agent.port, calls=100, at_once=4) as callers:
            await callers.succeeds(30)
        for _ in range(100):
            await agent.wait("hung_up", cause="caller")
        agent.tell("count")
        count = await agent.wait("count")
        assert (count["calls"], count["objects"]) == (0, 0)
        assert open_files(agent.process.pid) == files
        assert 1 <= count["ports"] <= 4, "ports are kept for the next calls, no more than were ever in use"


async def test_stops_with_calls_up_and_tells_the_other_side() -> None:
    async with running_agent(source="tone:440") as callee:
        caller = await start_agent()
        await caller.wait("ready")
        for _ in range(3):
            caller.tell("dial", target=callee.uri, source="tone:500")
        for _ in range(3):
            await asyncio.gather(caller.wait("answered"), callee.wait("answered"))
        assert await caller.stop() == 0
        for _ in range(3):
            assert (await callee.wait("hung_up"))["cause"] == "caller"
            assert (await caller.wait("hung_up"))["cause"] == "shutdown"
        assert (await caller.wait("stopped"))["threads"] == []


async def test_stops_with_a_call_that_still_rings() -> None:
    async with running_agent() as caller:
        callee = await start_agent(on_call="ring")
        caller.tell("dial", target=f"sip:bot@127.0.0.1:{(await callee.wait('ready'))['port']}")
        await callee.wait("call")
        assert await callee.stop() == 0
        assert (await caller.wait("hung_up"))["status"] == 503


async def test_a_port_in_use_is_one_clear_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        agent = await start_agent({"port": port})
        failed = await agent.wait("failed")
        assert failed["code"] == "telephony_port_in_use"
        assert str(port) in failed["message"]
        assert await agent.stop() == 1
        assert not any("Traceback" in line for line in agent.log)


async def test_one_call_too_many_hears_busy_and_malformed_messages_end_nothing() -> None:
    async with running_agent({"max_calls": 1}) as callee, running_agent() as caller:
        caller.tell("dial", target=callee.uri)
        call = (await caller.wait("answered"))["call"]
        caller.tell("dial", target=callee.uri)
        assert (await caller.wait("hung_up"))["status"] == 486
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            for data in MALFORMED:
                sock.sendto(data, ("127.0.0.1", callee.port))
        caller.tell("hang_up", call=call)
        await callee.wait("hung_up", call=call)


async def test_invites_without_sdp_when_the_library_is_full_get_busy() -> None:
    async with running_agent() as callee, running_agent() as caller:
        for _ in range(4):
            caller.tell("dial", target=callee.uri)
        for _ in range(4):
            await caller.wait("answered")
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            for n in range(3):
                text = NO_SDP.format(port=sock.getsockname()[1], n=n)
                sock.sendto(text.encode(), ("127.0.0.1", callee.port))
                answer = await asyncio.wait_for(loop.sock_recv(sock, 4096), 5)
                assert answer.startswith((b"SIP/2.0 486", b"SIP/2.0 100"))
        assert callee.process.returncode is None
