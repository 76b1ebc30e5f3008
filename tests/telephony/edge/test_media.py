"""Audio through the edge's workers: encryption, symmetric RTP, classes of service."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.sip import SipResponse, parse_message
from tests.support.sip_agent import start_agent
from tests.support.sip_peers import baresip, needs_baresip
from tests.telephony.edge.peers import Peer
from tests.telephony.edge.test_real_calls import HOST, a_line
from tests.telephony.messages import request

pytestmark = [pytest.mark.sip, pytest.mark.timeout(60)]

WAIT_S = 10.0


@needs_baresip
@pytest.mark.parametrize(
    ("ours", "theirs", "taken"),
    [
        ("required", "srtp-mand", True),
        ("optional", "srtp-mand", True),
        ("optional", "", True),
        ("required", "", False),
        ("off", "srtp-mand", False),
    ],
)
async def test_encrypted_audio(tmp_path: Path, ours: str, theirs: str, taken: bool) -> None:
    encryption = f";mediaenc={theirs}" if theirs else ""
    async with a_line(EdgeConfig(port=0), {"srtp": ours}) as (edge, line):
        dial = f"sip:bot@{HOST}:{edge.ports['UDP']}"
        async with baresip(tmp_path, dial, account=encryption, settings="module srtp.so") as phone:
            if not taken:
                assert "488 Not Acceptable Here" in await phone.ended()
                return
            call = (await line.wait("call"))["call"]
            ended = await line.wait("hung_up", call=call)
            await phone.ended()
        assert ended["stream"]["received"] > 50
        assert ended["frames"]["heard"] > 50


class Caller:
    """A caller by hand: one socket for SIP, one for audio; the SDP names a third."""

    def __init__(self, sip: Peer, audio: Peer, told_port: int) -> None:
        self.sip = sip
        self.audio = audio
        self._told_port = told_port

    async def call(self, edge: Edge) -> SipResponse:
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {self._told_port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        )
        headers = {
            "Via": f"SIP/2.0/UDP {HOST}:{self.sip.port};rport;branch=z9hG4bK1",
            "Contact": f"<sip:x@{HOST}:{self.sip.port}>",
            "Content-Type": "application/sdp",
        }
        self.sip.send(request(headers=headers, body=sdp.encode()), edge.public_address)
        while True:
            response = await self.sip.response()
            if response.status >= 200:
                break
        ack = {**headers, "Content-Type": None, "To": response.require("to"), "Via": headers["Via"] + "a"}
        self.sip.send(request("ACK", f"sip:w1@{HOST}", headers=ack), edge.public_address)
        return response

    async def close(self) -> None:
        await self.sip.close()
        await self.audio.close()


def sdp_of(response: SipResponse) -> dict[str, str]:
    return dict(line.split("=", 1) for line in response.body.decode().split("\r\n") if line)


def rtp(number: int) -> bytes:
    return struct.pack(">BBHII", 0x80, 8, number, 160 * number, 0x1234) + b"\xd5" * 160


async def test_audio_goes_where_audio_comes_from() -> None:
    caller = Caller(await Peer.open(), await Peer.open(), told_port=9)
    async with a_line(EdgeConfig(port=0)) as (edge, line):
        answer = sdp_of(await caller.call(edge))
        target = (answer["c"].split()[-1], int(answer["m"].split()[1]))
        await line.wait("answered")

        async def heard() -> bytes:
            number = 0
            while caller.audio.inbox.empty():
                caller.audio.send(rtp(number), target)
                number += 1
                await asyncio.sleep(0.02)
            return caller.audio.inbox.get_nowait()

        assert len(await asyncio.wait_for(heard(), WAIT_S)) == 172
    await caller.close()


def receiver_of_classes() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    sock.bind((HOST, 0))
    sock.settimeout(WAIT_S)
    return sock


def receive(sock: socket.socket) -> tuple[bytes, int]:
    data, ancillary, _, _ = sock.recvmsg(65536, socket.CMSG_SPACE(4))
    return data, ancillary[0][2][0] >> 2


async def test_classes_of_service() -> None:
    with receiver_of_classes() as audio, receiver_of_classes() as signalling:
        caller = Caller(await Peer.open(), await Peer.open(), audio.getsockname()[1])
        async with a_line(EdgeConfig(port=0, dscp=24), {"dscp": 46}) as (edge, _):
            await caller.call(edge)
            _, marked = await asyncio.to_thread(receive, audio)
            assert marked == 46
            via = {"Via": f"SIP/2.0/UDP {HOST}:{signalling.getsockname()[1]};branch=z9hG4bK2"}
            signalling.sendto(request("OPTIONS", headers=via, call_id="2"), edge.public_address)
            _, marked = await asyncio.to_thread(receive, signalling)
            assert marked == 24
        await caller.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [({"codecs": ["opus"]}, "none of the codecs opus"), ({"rtp_host": "::1"}, "without IPv6")],
)
async def test_what_the_library_does_not_have_is_told(config: dict[str, object], words: str) -> None:
    agent = await start_agent(config)
    failure = await agent.wait("failed")
    assert words in failure["message"]
    await agent.stop()


async def test_a_codec_that_the_library_does_not_have_is_left_out() -> None:
    caller = Caller(await Peer.open(), await Peer.open(), told_port=9)
    async with a_line(EdgeConfig(port=0), {"codecs": ["opus", "PCMA"], "rate_hz": 16000}) as (edge, line):
        answer = sdp_of(await caller.call(edge))
        assert answer["m"].split()[3] == "8"
        assert any("built without opus" in text for text in line.log)
    await caller.close()


async def test_no_common_codec_is_488() -> None:
    caller = Caller(await Peer.open(), await Peer.open(), told_port=9)
    async with a_line(EdgeConfig(port=0), {"codecs": ["G722"]}) as (edge, line):
        assert (await caller.call(edge)).status == 488
        assert edge.dispatcher.calls == 0
        assert not line.seen("call")
    await caller.close()


async def test_signalling_by_ipv6() -> None:
    edge = Edge(EdgeConfig(host="::1", port=0), Dispatcher())
    await edge.start()
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(Peer, local_addr=("::1", 0))
    peer.transport = transport
    via = {"Via": f"SIP/2.0/UDP [::1]:{peer.port};rport;branch=z9hG4bK1"}
    transport.sendto(request("OPTIONS", headers=via), edge.public_address)
    assert (await peer.response()).status == 200
    reader, writer = await asyncio.open_connection("::1", edge.ports["TCP"])
    writer.write(request("OPTIONS", headers={"Via": "SIP/2.0/TCP [::1];branch=z9hG4bK1"}))
    answer = parse_message(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S))
    assert isinstance(answer, SipResponse)
    assert answer.status == 200
    writer.close()
    await writer.wait_closed()
    transport.close()
    await edge.close()
