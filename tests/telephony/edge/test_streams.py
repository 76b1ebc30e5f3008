"""TCP and TLS connections of a real edge: framing, keep-alive, limits, certificates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.connection import StreamLimits
from telephony.edge.tls import Certificates, TlsConfig
from telephony.sip import SipRequest, SipResponse, parse_message
from telephony.sip.framing import StreamFramer
from tests.support.certificates import make_certificate
from tests.telephony.edge.bench import reply
from tests.telephony.edge.peers import Peer
from tests.telephony.messages import SDP, request
from voicebot.errors import PortInUseError, TelephonyError

HOST = "127.0.0.1"
WAIT_S = 5.0


def free_tcp_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


class Client:
    """The peer's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._framer = StreamFramer(65536)
        self._messages: list[bytes] = []

    async def receive(self) -> SipRequest | SipResponse:
        while not self._messages:
            data = await asyncio.wait_for(self.reader.read(4096), WAIT_S)
            assert data, "the connection was closed"
            self._messages += self._framer.feed(data)
        return parse_message(self._messages.pop(0))

    async def status(self) -> int:
        message = await self.receive()
        assert isinstance(message, SipResponse)
        return message.status

    async def closed(self) -> bool:
        """Whether the edge closes the connection, without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(4096), WAIT_S) == b""
        except ConnectionResetError:
            return True


@contextlib.asynccontextmanager
async def connected(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(HOST, port, ssl=context)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def an_edge(**more: object) -> AsyncIterator[Edge]:
    edge = Edge(EdgeConfig(port=0, **more), Dispatcher())  # type: ignore[arg-type]
    await edge.start()
    try:
        yield edge
    finally:
        await edge.close()


@contextlib.asynccontextmanager
async def a_worker(edge: Edge) -> AsyncIterator[Peer]:
    worker = await Peer.open()
    edge.add_worker("w1", worker.port, 4)
    try:
        yield worker
    finally:
        await worker.close()


def by_tcp(method: str = "INVITE", **more: object) -> bytes:
    via = {"Via": "SIP/2.0/TCP 192.0.2.7:5060;branch=z9hG4bK1"}
    return request(method, headers=via, **more)  # type: ignore[arg-type]


async def test_a_call_by_tcp_goes_through_and_back() -> None:
    async with an_edge() as edge, a_worker(edge) as worker, connected(edge.ports["TCP"]) as caller:
        for piece in (by_tcp(body=SDP)[:30], by_tcp(body=SDP)[30:] + by_tcp("OPTIONS", call_id="2", cseq=9)):
            caller.writer.write(piece)
        invite = await worker.request()
        assert invite.body == SDP
        assert await caller.status() == 200
        worker.send(reply(invite, 180), edge.internal_address)
        worker.send(reply(invite, 200), edge.internal_address)
        assert [await caller.status(), await caller.status()] == [180, 200]
        routes = "".join(f"Route: {value}\r\n" for value in invite.all("record-route"))
        headers = {"Via": f"SIP/2.0/UDP 127.0.0.1:{worker.port};branch=z9hG4bKw"}
        bye = request("BYE", "sip:bob@10.9.9.9;transport=tcp", headers=headers, extra=routes, to_tag="far")
        worker.send(bye, edge.internal_address)
        assert (await caller.receive()).start_line == "BYE sip:bob@10.9.9.9;transport=tcp SIP/2.0"


async def test_keep_alive_is_answered() -> None:
    async with an_edge() as edge, connected(edge.ports["TCP"]) as caller:
        caller.writer.write(b"\r\n\r\n")
        assert await asyncio.wait_for(caller.reader.readexactly(2), WAIT_S) == b"\r\n"


async def test_a_message_without_length_is_answered_and_the_connection_closed() -> None:
    async with an_edge() as edge, connected(edge.ports["TCP"]) as caller:
        broken = by_tcp("OPTIONS").replace(b"Content-Length: 0\r\n", b"Content-Length: many\r\n")
        caller.writer.write(broken + by_tcp("OPTIONS"))
        assert await caller.status() == 400
        assert await caller.closed()
        assert edge.stats.dropped["connection"] == 1


@pytest.mark.parametrize("data", [b"INVITE sip:x SIP/2.0\r\n" + b"X: y\r\n" * 9000, b"GET / HTTP/1.1\r\n\r\n"])
async def test_what_is_no_sip_costs_the_connection(data: bytes) -> None:
    async with an_edge() as edge, connected(edge.ports["TCP"]) as caller:
        with contextlib.suppress(ConnectionError):
            caller.writer.write(data)
            await caller.writer.drain()
        assert await caller.closed()


async def test_a_slow_sender_is_cut_off_and_an_idle_peer_is_not() -> None:
    limits = StreamLimits(message_s=0.5)
    async with (
        an_edge(streams=limits) as edge,
        connected(edge.ports["TCP"]) as slow,
        connected(edge.ports["TCP"]) as idle,
    ):
        slow.writer.write(b"OPTIONS sip:x SIP/2.0\r\n")
        assert await slow.closed()
        idle.writer.write(by_tcp("OPTIONS"))
        assert await idle.status() == 200


async def test_connections_are_limited_and_strangers_get_none() -> None:
    limits = StreamLimits(per_source=1)
    async with an_edge(streams=limits) as edge, connected(edge.ports["TCP"]) as first:
        first.writer.write(by_tcp("OPTIONS"))
        assert await first.status() == 200
        async with connected(edge.ports["TCP"]) as second:
            assert await second.closed()
        assert edge.stats.refused["connections"] == 1
    async with an_edge(access=AccessConfig(allow=("192.0.2.1",))) as edge, connected(edge.ports["TCP"]) as stranger:
        assert await stranger.closed()
        assert edge.stats.refused["stranger"] == 1


async def test_a_workers_requests_share_a_connection_and_a_failure_is_told() -> None:
    accepted: list[Client] = []
    arrived = asyncio.Event()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(Client(reader, writer))
        arrived.set()

    server = await asyncio.start_server(accept, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with an_edge() as edge, a_worker(edge) as worker:
        headers = {"Via": f"SIP/2.0/UDP 127.0.0.1:{worker.port};rport;branch=z9hG4bKw"}
        for number in range(3):
            register = request("REGISTER", f"sip:{HOST}:{port};transport=tcp", headers=headers, call_id=str(number))
            worker.send(register, edge.internal_address)
        await asyncio.wait_for(arrived.wait(), WAIT_S)
        pbx = accepted[0]
        for _ in range(3):
            asked = await pbx.receive()
            assert isinstance(asked, SipRequest)
            pbx.writer.write(reply(asked, 200))
        assert [(await worker.response()).status for _ in range(3)] == [200] * 3
        assert len(accepted) == 1
        nobody = request("REGISTER", f"sip:{HOST}:{free_tcp_port()};transport=tcp", headers=headers, call_id="nobody")
        worker.send(nobody, edge.internal_address)
        assert (await worker.response()).status == 503
        pbx.writer.close()
    server.close()
    await server.wait_closed()


def trusting(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    return context


async def test_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "edge", HOST)
    async with an_edge(tls=TlsConfig(0, certificate, key)) as edge:
        async with connected(edge.ports["TLS"], trusting(certificate)) as caller:
            caller.writer.write(request("OPTIONS", headers={"Via": "SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1"}))
            assert await caller.status() == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connected(edge.ports["TLS"], ssl.create_default_context()):
                pytest.fail("a certificate that nobody signed was taken")


async def test_callers_may_need_a_certificate(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "edge", HOST)
    mine, my_key = make_certificate(tmp_path, "caller", "caller.example.com")
    options = request("OPTIONS", headers={"Via": "SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1"})
    config = TlsConfig(0, certificate, key, authorities=mine, verify_callers=True)
    async with an_edge(tls=config) as edge:
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            async with connected(edge.ports["TLS"], trusting(certificate)) as nobody:
                nobody.writer.write(options)
                assert await nobody.closed()
        assert not edge.stats.requests
        context = trusting(certificate)
        context.load_cert_chain(mine, my_key)
        async with connected(edge.ports["TLS"], context) as caller:
            caller.writer.write(options)
            assert await caller.status() == 200


@pytest.mark.parametrize(("host", "authority", "verify", "status"), [
    (HOST, True, True, 200),
    (HOST, False, True, 503),
    ("other.example.com", True, True, 503),
    ("other.example.com", False, False, 200),
])  # fmt: skip
async def test_a_server_must_be_who_we_call(
    tmp_path: Path, host: str, authority: bool, verify: bool, status: int
) -> None:
    certificate, key = make_certificate(tmp_path, "pbx", host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(reader, writer)
        register = await client.receive()
        assert isinstance(register, SipRequest)
        writer.write(reply(register, 200))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0, ssl=context)
    tls = TlsConfig(authorities=certificate if authority else None, verify_servers=verify)
    async with an_edge(tls=tls) as edge, a_worker(edge) as worker:
        port = server.sockets[0].getsockname()[1]
        headers = {"Via": f"SIP/2.0/UDP 127.0.0.1:{worker.port};rport;branch=z9hG4bKw"}
        worker.send(request("REGISTER", f"sips:{HOST}:{port}", headers=headers), edge.internal_address)
        assert (await worker.response()).status == status
    server.close()
    await server.wait_closed()


def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "edge", HOST)
    certificates = Certificates(TlsConfig(0, certificate, key))
    assert not certificates.renew()
    make_certificate(tmp_path, "edge", HOST)
    for path in (certificate, key):
        os.utime(path, (1, 1))
    assert certificates.renew()
    certificate.write_text("nothing")
    assert not certificates.renew()


@pytest.mark.parametrize("broken", ["missing", "empty"])
def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "edge.pem"
    if broken == "empty":
        path.touch()
    with pytest.raises(TelephonyError, match=r"sip\.tls\.certificate.*edge\.pem"):
        Certificates(TlsConfig(0, path))
    with pytest.raises(TelephonyError, match=r"sip\.tls\.authorities"):
        Certificates(TlsConfig(authorities=tmp_path / "missing.pem"))


async def test_a_tcp_port_in_use_is_told() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(PortInUseError, match=f"TCP port {port}"):
        await Edge(EdgeConfig(port=port), Dispatcher()).start()
    server.close()
    await server.wait_closed()
