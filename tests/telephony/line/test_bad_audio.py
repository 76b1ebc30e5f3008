"""Audio as it should not be: from strangers, broken, too much of it, or none any more."""

from __future__ import annotations

import asyncio
import math
import os
import struct
from typing import Any

import pytest

from tests.support.raw_sip import RawPeer, Socket, raw_peer, sdp, speaking
from tests.support.sip_agent import Agent, running_agent
from tests.support.spectrum import assert_tone

pytestmark = [pytest.mark.sip]

RATE_HZ = 8000


def alaw(sample: int) -> int:
    """Encode one sample (ITU-T G.711, by its definition)."""
    sign, magnitude = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    exponent = max(0, magnitude.bit_length() - 8)
    mantissa = (magnitude >> (4 if exponent == 0 else exponent + 3)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def tone(hertz: int, samples: int = RATE_HZ) -> bytes:
    """A second of a sine; it goes on without a step where the pieces divide it."""
    return bytes(alaw(round(8000 * math.sin(2 * math.pi * hertz * i / RATE_HZ))) for i in range(samples))


class Speaker:
    """Sends a tone in packets of some length."""

    def __init__(self, peer: RawPeer, hertz: int, packet_ms: int = 20) -> None:
        self._peer = peer
        self._sound = tone(hertz)
        self._samples = packet_ms * RATE_HZ // 1000
        self._at = 0
        self._number = 0
        self.ssrc = 0x5EED

    def packet(self, payload_type: int = 8) -> bytes:
        payload = (self._sound * 2)[self._at : self._at + self._samples]
        head = struct.pack(">BBHII", 0x80, payload_type, self._number & 0xFFFF, self._number * self._samples, self.ssrc)
        self._at = (self._at + self._samples) % len(self._sound)
        self._number += 1
        return head + payload

    async def speaks(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        start_s, packet_s = loop.time(), self._samples / RATE_HZ
        for number in range(round(seconds / packet_s)):
            self._peer.send_audio(self.packet())
            await asyncio.sleep(max(0.0, start_s + (number + 1) * packet_s - loop.time()))


async def heard(agent: Agent) -> tuple[bytes, int]:
    """The last second of what the line has heard."""
    call = (await agent.wait("answered"))["call"]
    agent.tell("heard", call=call)
    answer = await agent.wait("heard", call=call)
    return bytes.fromhex(answer["pcm"]), answer["rate_hz"]


async def ended(agent: Agent, **values: Any) -> dict[str, Any]:
    end = await agent.wait("hung_up", **values)
    left = (1, 1)
    while left != (0, 0):
        agent.tell("count")
        count = await agent.wait("count")
        left = (count["calls"], count["objects"])
    return end


# --- strangers


async def test_a_stranger_neither_disturbs_nor_takes_over_and_is_counted() -> None:
    async with running_agent(source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        stranger = await Socket.open()
        speaker = Speaker(caller, 700)
        await speaker.speaks(0.5)
        noise = Speaker(caller, 1900)

        async def disturb() -> None:
            for _ in range(60):
                for _ in range(20):  # more than the library wants to see in a row before it changes sides
                    stranger.send(noise.packet(), caller.far_audio)
                await asyncio.sleep(0.02)

        await asyncio.gather(disturb(), speaker.speaks(1.5))
        assert_tone(*await heard(agent), 700)
        assert stranger.inbox.empty()
        await stranger.close()
        await caller.hangs_up()
        end = await ended(agent, cause="caller")
        assert end["stream"]["foreign"] >= 1000
        assert 80 <= end["stream"]["received"] <= 101


async def test_a_stranger_who_begins_before_the_caller_has_no_chance() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        stranger = await Socket.open()
        noise = Speaker(caller, 1900)

        async def disturb() -> None:
            for _ in range(70):
                stranger.send(noise.packet(), caller.far_audio)
                await asyncio.sleep(0.02)

        async def speak() -> None:
            await asyncio.sleep(0.1)
            await Speaker(caller, 700).speaks(1.5)

        await asyncio.gather(disturb(), speak())
        assert_tone(*await heard(agent), 700)
        await stranger.close()
        await caller.hangs_up()
        await ended(agent)


async def test_audio_from_behind_a_translator_is_found_and_locked_in_its_turn() -> None:
    async with running_agent(source="tone:440") as agent, raw_peer() as caller:
        # What the SDP says is nowhere.
        await caller.calls(agent.port, sdp(9))
        stranger = await Socket.open()
        speaker = Speaker(caller, 700)
        await speaker.speaks(1.2)
        noise = Speaker(caller, 1900)

        async def disturb() -> None:
            for _ in range(1000):
                stranger.send(noise.packet(), caller.far_audio)
            await asyncio.sleep(0)

        await asyncio.gather(disturb(), speaker.speaks(1.3))
        assert_tone(*await heard(agent), 700)
        assert caller.audio.inbox.qsize() > 50, "our audio goes where his comes from"
        assert stranger.inbox.empty()
        await stranger.close()
        await caller.hangs_up()
        await ended(agent)


async def test_a_source_that_was_not_found_before_a_hold_is_found_after_it() -> None:
    async with running_agent(source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port, sdp(9))
        for direction in ("inactive", "sendrecv"):
            number = caller.invite(agent.port, sdp(9, extra=f"a=rtpmap:8 PCMA/8000\r\na={direction}\r\n"))
            assert (await caller.response(number)).status == 200
            caller.ack(number)
            await asyncio.sleep(0.3)
        await Speaker(caller, 700).speaks(2)
        assert_tone(*await heard(agent), 700)
        await caller.hangs_up()
        await ended(agent)


async def test_a_new_address_in_the_sdp_is_believed() -> None:
    async with running_agent(source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await Speaker(caller, 700).speaks(0.5)
        old, caller.audio = caller.audio, await Socket.open()
        number = caller.invite(agent.port)
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        await Speaker(caller, 900).speaks(1.6)
        assert_tone(*await heard(agent), 900)
        await old.close()
        await caller.hangs_up()
        await ended(agent)


# --- broken packets


async def test_packets_that_are_none_leave_the_call_as_it_was() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        speaker = Speaker(caller, 700)
        await speaker.speaks(0.4)
        good = speaker.packet()
        for data in (
            b"", b"\x80", good[:11], good[:12], b"\x00" * 172, b"\xff" * 172, os.urandom(1400), os.urandom(9000),
            struct.pack(">BBHII", 0x90, 8, 1, 1, 1) + b"\xbe\xde\xff\xff",  # a header extension longer than the packet
            struct.pack(">BBHII", 0xA0, 8, 1, 1, 1) + b"\xff" * 20,  # more padding than there is
            struct.pack(">BBHII", 0x8F, 8, 1, 1, 1),  # fifteen sources that are not there
        ):  # fmt: skip
            caller.audio.send(data, caller.far_audio)
        await speaker.speaks(1.3)
        assert_tone(*await heard(agent), 700)
        await caller.hangs_up()
        await ended(agent)


@pytest.mark.parametrize("payload_type", [0, 13, 19, 77, 96, 127])
async def test_payload_types_that_were_not_agreed_are_not_heard(payload_type: int) -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        speaker, odd = Speaker(caller, 700), Speaker(caller, 1900)
        await speaker.speaks(0.3)
        for _ in range(10):
            caller.send_audio(odd.packet(payload_type))
        await speaker.speaks(1.3)
        assert_tone(*await heard(agent), 700)
        await caller.hangs_up()
        await ended(agent)


async def test_a_new_source_in_the_middle_is_heard() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await Speaker(caller, 700).speaks(0.5)
        other = Speaker(caller, 900)
        other.ssrc = 0xBEEF
        await other.speaks(1.6)
        assert_tone(*await heard(agent), 900)
        await caller.hangs_up()
        await ended(agent)


@pytest.mark.parametrize("packet_ms", [10, 30, 40, 60])
async def test_packets_of_other_lengths(packet_ms: int) -> None:
    offer = f"a=rtpmap:8 PCMA/8000\r\na=ptime:{packet_ms}\r\n"
    async with running_agent(source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port, sdp(caller.audio.port, extra=offer))
        await Speaker(caller, 700, packet_ms).speaks(1.8)
        assert_tone(*await heard(agent), 700)
        assert caller.audio.inbox.qsize() > 15
        await caller.hangs_up()
        await ended(agent)


async def test_packets_longer_than_was_said() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await Speaker(caller, 700, 60).speaks(1.8)
        assert_tone(*await heard(agent), 700)
        await caller.hangs_up()
        await ended(agent)


async def test_a_storm_in_one_call_leaves_the_other_alone() -> None:
    async with running_agent(source="tone:440") as agent, raw_peer() as loud, raw_peer() as calm:
        await loud.calls(agent.port)
        await agent.wait("answered")
        await calm.calls(agent.port)
        flood = Speaker(loud, 1900)

        async def storm() -> None:
            for _ in range(90):
                for _ in range(40):  # 2,000 packets a second, all from the right place
                    loud.send_audio(flood.packet())
                await asyncio.sleep(0.02)

        await asyncio.gather(storm(), Speaker(calm, 700).speaks(1.8))
        assert_tone(*await heard(agent), 700)
        await calm.hangs_up()
        end = await agent.wait("hung_up", call=calm.call_id)
        assert end["stream"]["lost"] == 0
        assert end["frames"]["source_errors"] == 0
        await loud.hangs_up()
        await ended(agent, call=loud.call_id)


# --- none any more


SOON = {"first_media_timeout_s": 1.5, "media_timeout_s": 2.5}


async def test_a_call_without_a_first_packet_ends_with_a_reason() -> None:
    async with running_agent(SOON) as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        bye = await caller.is_hung_up_on()
        assert bye.require("reason").startswith("Q.850;cause=41;")
        end = await ended(agent, cause="media_timeout")
        assert end["stream"]["received"] == 0


async def test_audio_that_stops_ends_its_call_and_no_other() -> None:
    async with running_agent(SOON) as agent, raw_peer() as dead, raw_peer() as alive:
        await dead.calls(agent.port)
        await alive.calls(agent.port)
        async with speaking(alive):
            await dead.speaks(0.5)
            await dead.is_hung_up_on()
            await agent.wait("hung_up", call=dead.call_id, cause="media_timeout")
            await alive.hangs_up()
        await ended(agent, call=alive.call_id, cause="caller")


@pytest.mark.parametrize("direction", ["sendonly", "inactive", "recvonly"])
async def test_silence_on_hold_ends_nothing_and_after_it_counts_anew(direction: str) -> None:
    async with running_agent(SOON) as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await caller.speaks(0.3)
        number = caller.invite(agent.port, sdp(caller.audio.port, extra=f"a=rtpmap:8 PCMA/8000\r\na={direction}\r\n"))
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        with pytest.raises(asyncio.TimeoutError):
            await caller.get("BYE", 4)
        number = caller.invite(agent.port)
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        await caller.is_hung_up_on()
        await ended(agent, cause="media_timeout")


async def test_a_hold_of_old_phones_by_an_address_of_zeros() -> None:
    """RFC 2543; RFC 3264 section 8.4 wants it understood."""
    async with running_agent(SOON, source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await caller.speaks(0.3)
        number = caller.invite(agent.port, sdp(caller.audio.port, host="0.0.0.0"))
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        with pytest.raises(asyncio.TimeoutError):
            await caller.get("BYE", 3)
        number = caller.invite(agent.port)
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        await Speaker(caller, 700).speaks(1.5)
        assert_tone(*await heard(agent), 700)
        await caller.hangs_up()
        await ended(agent, cause="caller")


async def test_reports_alone_are_a_sign_of_life() -> None:
    """A sender that is silent while nobody speaks still reports what it receives (RFC 3550 section 6.4)."""
    async with running_agent(SOON, source="tone:440") as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        await caller.speaks(0.3)
        data, _ = await caller.audio.inbox.get()
        ssrc = struct.unpack(">I", data[8:12])[0]
        reports = await Socket.open()
        for number in range(20):
            report = struct.pack(">BBHIIIIIII", 0x81, 201, 7, 0x1234, ssrc, 0, number, 0, 0, 0)
            reports.send(report, (caller.far_audio[0], caller.far_audio[1] + 1))
            await asyncio.sleep(0.2)
        agent.tell("count")
        assert (await agent.wait("count"))["calls"] == 1
        await caller.is_hung_up_on()
        await reports.close()
        end = await ended(agent, cause="media_timeout")
        assert end["stream"]["reports"] >= 15


async def test_comfort_noise_is_a_sign_of_life() -> None:
    offer = "a=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n"
    async with running_agent(SOON) as agent, raw_peer() as caller:
        await caller.calls(agent.port, sdp(caller.audio.port, formats="8 13", extra=offer))
        await caller.speaks(0.3)
        for _ in range(8):
            caller.send_audio(caller.packet(b"\x40", payload_type=13))
            await asyncio.sleep(0.5)
        await caller.hangs_up()
        await ended(agent, cause="caller")


async def test_far_sides_that_are_gone_without_a_trace_block_nobody() -> None:
    """Their ports are closed: what we send comes back as ICMP, and nobody answers the BYE."""
    async with running_agent({**SOON, "bye_timeout_s": 1}, source="tone:440") as agent:
        for _ in range(4):  # all that the wheel of the library carries
            async with raw_peer() as gone:
                await gone.calls(agent.port)
                await gone.speaks(0.1)
        for _ in range(4):
            await agent.wait("hung_up", cause="media_timeout")
        async with raw_peer() as other:
            while True:
                # The last BYE has yet to be given up.
                number = other.invite(agent.port)
                response = await other.response(number)
                other.call_id += "+"
                if response.status == 200:
                    break
                assert response.status == 486
                await asyncio.sleep(0.2)
            other.call_id = response.call_id
            other.learn(response)
            other.ack(number)
            await other.hangs_up()
