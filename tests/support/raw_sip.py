"""A SIP peer by hand: it sends what a test wants, rightly or wrongly, and keeps what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import struct
from collections.abc import AsyncIterator, Mapping

from telephony.sip import SipMessage, SipRequest, SipResponse, parse_message, parse_uri

HOST = "127.0.0.1"
WAIT_S = 8.0
PACKET_S = 0.02
_numbers = itertools.count(1)


class Socket(asyncio.DatagramProtocol):
    """A UDP socket on loopback."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self._closed = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, host: str = HOST) -> Socket:
        loop = asyncio.get_running_loop()
        transport, sock = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        sock._transport = transport
        return sock

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.inbox.put_nowait((data, addr[:2]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(data, address)

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self._closed.wait()


def sdp(port: int, *, formats: str = "8", extra: str = "a=rtpmap:8 PCMA/8000\r\n", host: str = HOST) -> bytes:
    family = "IP6" if ":" in host else "IP4"
    return (
        f"v=0\r\no=- 1 {next(_numbers)} IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {formats}\r\n{extra}"
    ).encode()


def audio_of(message: SipMessage) -> tuple[str, int]:
    """Where the SDP in a message wants audio."""
    lines = dict(line.split("=", 1) for line in message.body.decode().split("\r\n") if line)
    return lines["c"].split()[-1], int(lines["m"].split()[1])


class RawPeer:
    """One party of one call, as caller or as called.

    Attributes:
        sip: socket for SIP.
        audio: socket for RTP.
    """

    def __init__(self, sip: Socket, audio: Socket, host: str) -> None:
        self.sip = sip
        self.audio = audio
        self.host = f"[{host}]" if ":" in host else host
        self._name = f"raw{next(_numbers)}"
        self.call_id = f"{self._name}@{host}"
        self.near = f"<sip:{self._name}@{self.host}>;tag={self._name}"
        self.far = "<sip:bot@localhost>"
        self._contact = ""
        self._routes: list[str] = []
        self._cseq = itertools.count(1)
        self._target = (host, 0)
        self.far_audio = (host, 0)
        self._sequence = itertools.count(1)
        self.invite_branch = ""

    @property
    def uri(self) -> str:
        """The address that rings it."""
        return f"sip:{self._name}@{self.host}:{self.sip.port}"

    # --- as caller

    def invite(
        self, port: int, body: bytes | None = None, headers: Mapping[str, str] | None = None, cseq: int = 0
    ) -> int:
        """Send an INVITE: a first one, or one in the call; returns its number."""
        if not self._contact:
            self._target = (self._target[0], port)
        return self.request("INVITE", sdp(self.audio.port) if body is None else body, headers, cseq)

    def request(
        self, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None, cseq: int = 0, branch: str = ""
    ) -> int:
        """Send a request of the call; returns its number."""
        number = cseq or next(self._cseq)
        branch = branch or f"z9hG4bK{self._name}{method}{number}"
        if method == "INVITE":
            self.invite_branch = branch
        uri = self._contact or f"sip:bot@{self.host}:{self._target[1]}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.sip.port};rport;branch={branch}",
            *(f"Route: {route}" for route in self._routes),
            "Max-Forwards: 70",
            f"From: {self.near}",
            f"To: {self.far}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <{self.uri}>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.sip.send("\r\n".join([*lines, "", ""]).encode() + body, self._next_hop())
        return number

    def _next_hop(self) -> tuple[str, int]:
        return self._target

    def learn(self, message: SipResponse) -> SipResponse:
        """Take the dialog from a response."""
        self.far = message.require("to")
        if message.contacts:
            self._contact = message.contacts[0].uri
        self._routes = list(reversed(message.all("record-route")))
        if not self._routes and self._contact:
            uri = parse_uri(self._contact)
            self._target = (uri.host, uri.target_port)
        if message.body:
            self.far_audio = audio_of(message)
        return message

    async def response(self, number: int = 0, at_least: int = 200, timeout_s: float = WAIT_S) -> SipResponse:
        """Wait for a response, to the request of that number if it is given; others are dropped."""
        while True:
            message = await self.message(timeout_s)
            if not isinstance(message, SipResponse) or message.status < at_least:
                continue
            if number in (0, message.cseq[0]):
                return message

    async def get(self, method: str, timeout_s: float = WAIT_S) -> SipRequest:
        """Wait for a request; other messages are dropped."""
        while True:
            message = await self.message(timeout_s)
            if isinstance(message, SipRequest) and message.method == method:
                return message

    async def message(self, timeout_s: float = WAIT_S) -> SipMessage:
        data, _ = await asyncio.wait_for(self.sip.inbox.get(), timeout_s)
        return parse_message(data)

    def ack(self, number: int) -> None:
        """Acknowledge a 200."""
        self.request("ACK", cseq=number, branch=f"z9hG4bK{self._name}ack{number}")

    async def calls(self, port: int, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> int:
        """Ring, and get through; returns the number of the INVITE."""
        number = self.invite(port, body, headers)
        response = self.learn(await self.response(number))
        assert response.status == 200, bytes(response).decode()
        self.ack(number)
        return number

    async def hangs_up(self) -> None:
        """BYE, answered."""
        assert (await self.response(self.request("BYE"))).status == 200

    async def is_hung_up_on(self, timeout_s: float = WAIT_S) -> SipRequest:
        """Wait for the BYE, and answer it."""
        bye = await self.get("BYE", timeout_s)
        self.respond(bye, 200)
        return bye

    # --- as called party

    async def rung(self, timeout_s: float = WAIT_S) -> SipRequest:
        """Wait for an INVITE; the dialog is known from then on."""
        invite = await self.get("INVITE", timeout_s)
        self.call_id = invite.call_id
        self.near = f"{invite.require('to')};tag={self._name}"
        self.far = invite.require("from")
        self._contact = invite.contacts[0].uri
        self._routes = invite.all("record-route")
        via = invite.top_via
        self._target = (via.host, via.port or 5060)
        if invite.body:
            self.far_audio = audio_of(invite)
        return invite

    def respond(
        self,
        request: SipRequest,
        status: int,
        body: bytes = b"",
        *,
        tag: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer a request."""
        to = request.require("to")
        if ";tag=" not in to and status > 100:
            to += f";tag={tag or self._name}"
        lines = [
            f"SIP/2.0 {status} Test",
            *(f"Via: {via}" for via in request.all("via")),
            *(f"Record-Route: {route}" for route in request.all("record-route")),
            f"From: {request.require('from')}",
            f"To: {to}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.require('cseq')}",
            f"Contact: <{self.uri}>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        via = request.top_via
        self.sip.send("\r\n".join([*lines, "", ""]).encode() + body, (via.host, via.port or 5060))

    # --- audio

    def packet(self, payload: bytes = b"\xd5" * 160, *, payload_type: int = 8, ssrc: int = 0x1234) -> bytes:
        """The next RTP packet (RFC 3550 section 5.1)."""
        number = next(self._sequence) & 0xFFFF
        return struct.pack(">BBHII", 0x80, payload_type, number, 160 * number, ssrc) + payload

    def send_audio(self, data: bytes | None = None) -> None:
        """Send one packet."""
        self.audio.send(self.packet() if data is None else data, self.far_audio)

    async def speaks(self, seconds: float, payload: bytes = b"\xd5" * 160, packet_s: float = PACKET_S) -> None:
        """Send audio for a while."""
        for _ in range(max(1, round(seconds / packet_s))):
            self.send_audio(self.packet(payload))
            await asyncio.sleep(packet_s)

    async def close(self) -> None:
        await self.sip.close()
        await self.audio.close()


@contextlib.asynccontextmanager
async def raw_peer(host: str = HOST) -> AsyncIterator[RawPeer]:
    """A peer, closed after the test."""
    peer = RawPeer(await Socket.open(host), await Socket.open(host), host)
    try:
        yield peer
    finally:
        await peer.close()


@contextlib.asynccontextmanager
async def speaking(peer: RawPeer, payload: bytes = b"\xd5" * 160, packet_s: float = PACKET_S) -> AsyncIterator[None]:
    """Send audio all the time."""

    async def speak() -> None:
        while True:
            peer.send_audio(peer.packet(payload))
            await asyncio.sleep(packet_s)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
