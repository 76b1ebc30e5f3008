"""Calls over IPv6: signalling with any build of the SIP library, audio with one that has IPv6."""

from __future__ import annotations

import asyncio

import pytest

from telephony.edge import EdgeConfig
from tests.support.raw_sip import HOST, Socket, raw_peer, sdp, speaking
from tests.telephony.edge.test_real_calls import a_line

pytestmark = [pytest.mark.sip]

HOST6 = "::1"
BOTH = EdgeConfig(host="::", port=0, public_host=HOST6)


async def test_a_call_with_audio_over_ipv6() -> None:
    async with a_line(BOTH, {"rtp_host": "::"}) as (edge, line), raw_peer(HOST6) as caller:
        number = caller.invite(edge.public_address[1], sdp(caller.audio.port, host=HOST6))
        response = await caller.response(number)
        if any("built without IPv6" in text for text in line.log):
            # The caller is told, and nothing is left over.
            assert response.status == 488
            calls = 1
            while calls:
                line.tell("count")
                calls = (await line.wait("count"))["calls"]
            return
        assert response.status == 200
        caller.learn(response)
        caller.ack(number)
        call = (await line.wait("answered"))["call"]
        assert ":" in caller.far_audio[0]
        stranger = await Socket.open(HOST6)
        async with speaking(caller):
            await caller.audio.inbox.get()
            for _ in range(200):
                stranger.send(caller.packet(), caller.far_audio)
            await asyncio.sleep(1)
        assert stranger.inbox.empty()
        await stranger.close()
        line.tell("hang_up", call=call)
        bye = await caller.is_hung_up_on()
        assert bye.require("reason").startswith("Q.850;cause=16")
        end = await line.wait("hung_up", cause="bot")
        assert 20 < end["stream"]["received"] < 150
        assert end["stream"]["foreign"] >= 100


async def test_signalling_over_ipv6_with_audio_over_ipv4() -> None:
    """As a caller on two networks may have it; the same port takes callers of IPv4."""
    async with a_line(BOTH, {"rtp_host": "::", "public_host": ""}) as (edge, line):
        for host in (HOST6, HOST):
            async with raw_peer(host) as caller:
                audio = await Socket.open()
                caller.audio, own = audio, caller.audio
                await own.close()
                number = caller.invite(edge.public_address[1], sdp(audio.port))
                response = caller.learn(await caller.response(number))
                assert response.status == 200
                caller.ack(number)
                call = (await line.wait("answered"))["call"]
                async with speaking(caller):
                    await audio.inbox.get()
                    await asyncio.sleep(0.5)
                line.tell("hang_up", call=call)
                await caller.is_hung_up_on()
                assert (await line.wait("hung_up"))["stream"]["received"] > 10
