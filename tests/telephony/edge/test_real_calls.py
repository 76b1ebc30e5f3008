"""Calls of baresip through the edge to a line of ours, by each transport."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.tls import TlsConfig
from tests.support.certificates import make_certificate
from tests.support.sip_agent import Agent, running_agent
from tests.support.sip_peers import baresip, needs_baresip

pytestmark = [pytest.mark.sip, pytest.mark.timeout(60), needs_baresip]

HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def a_line(config: EdgeConfig, agent: dict[str, Any] | None = None) -> AsyncIterator[tuple[Edge, Agent]]:
    """An edge with one line worker behind it."""
    edge = Edge(config, Dispatcher())
    await edge.start()
    host, port = edge.public_address
    inner = edge.internal_address
    settings = {
        "public_host": host, "public_port": port, "contact_user": "w1",
        "outbound_proxy": f"sip:{inner[0]}:{inner[1]};lr", "codecs": ["PCMA"], **(agent or {}),
    }  # fmt: skip
    try:
        async with running_agent(settings, source="tone:440") as line:
            edge.add_worker("w1", line.port, 2)
            yield edge, line
    finally:
        await edge.close()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_call_from_a_softphone(tmp_path: Path, transport: str) -> None:
    certificate, key = make_certificate(tmp_path, "edge", HOST)
    async with a_line(EdgeConfig(port=0, tls=TlsConfig(0, certificate, key))) as (edge, line):
        place = f"{HOST}:{edge.ports[transport.upper()]}"  # type: ignore[index]
        own = f";transport={transport}"
        async with baresip(tmp_path, f"sip:bot@{place}", transport=own, settings=f"sip_cafile {certificate}") as phone:
            call = (await line.wait("call"))["call"]
            await line.wait("answered", call=call)
            ended = await line.wait("hung_up", call=call)
            text = await phone.ended()
        assert ended["cause"] == "caller", text
        assert ended["stream"]["received"] > 50, text


async def _answered(edge: Edge, responses: int) -> None:
    """Return when so many responses have passed: the phone's answer to the BYE is the last one."""
    while True:
        if edge.stats.responses >= responses:
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_the_bot_hangs_up_by_the_connection_of_the_caller(tmp_path: Path, transport: str) -> None:
    certificate, key = make_certificate(tmp_path, "edge", HOST)
    async with a_line(EdgeConfig(port=0, tls=TlsConfig(0, certificate, key))) as (edge, line):
        place = f"{HOST}:{edge.ports[transport.upper()]}"  # type: ignore[index]
        own = f";transport={transport}"
        async with baresip(
            tmp_path, f"sip:bot@{place}", seconds=30, transport=own, settings=f"sip_cafile {certificate}"
        ) as phone:
            call = (await line.wait("call"))["call"]
            await line.wait("answered", call=call)
            before = edge.stats.responses
            line.tell("hang_up", call=call)
            assert (await line.wait("hung_up", call=call))["cause"] == "bot"
            await asyncio.wait_for(_answered(edge, before + 1), 10)
            phone.process.terminate()
            await phone.ended()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_the_bot_rings_a_phone(tmp_path: Path, transport: str) -> None:
    certificate, key = make_certificate(tmp_path, "phone", HOST)
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    async with a_line(EdgeConfig(port=0, tls=TlsConfig(authorities=certificate))) as (_, line):
        own = f";transport={transport}"
        async with baresip(tmp_path, transport=own, settings=f"sip_certificate {both}", seconds=30) as phone:
            port = phone.port + (1 if transport == "tls" else 0)
            line.tell("dial", target=f"sip:peer@{HOST}:{port}{own}", source="tone:500")
            call = (await line.wait("answered"))["call"]
            line.tell("hang_up", call=call)
            await line.wait("hung_up", call=call)
            phone.process.terminate()
            assert "Call established" in await phone.ended()


@pytest.mark.parametrize("password", ["right-one", "wrong-one"])
async def test_a_softphone_with_a_password(tmp_path: Path, password: str) -> None:
    access = AccessConfig(allow=("192.0.2.1",), users={"ann": "right-one"})
    async with a_line(EdgeConfig(port=0, access=access)) as (edge, line):
        account = f";auth_user=ann;auth_pass={password}"
        async with baresip(tmp_path, f"sip:bot@{HOST}:{edge.ports['UDP']}", account=account) as phone:
            if password == "right-one":
                call = await line.wait("call")
                assert call["headers"] == {"X-Voicebot-Account": "ann"}
                await line.wait("hung_up", call=call["call"])
            else:
                await phone.ended()
                assert not line.seen("call")
                assert edge.stats.refused["password"] >= 1
