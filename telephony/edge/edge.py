"""The edge with its sockets: the one public SIP address, and the one the line workers talk to."""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import socket
from collections.abc import Coroutine, Sequence
from typing import Any

from telephony.edge.config import EdgeConfig, EdgeStats
from telephony.edge.dispatcher import Address, Dispatcher
from telephony.edge.flow import UDP, Transport
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.networks import Networks
from telephony.edge.pings import Pings
from telephony.edge.resolver import Resolver, is_numeric
from telephony.edge.router import Router
from telephony.edge.services import Services
from telephony.edge.sockets import LOOPBACK, DatagramSocket, bind_tcp, bind_udp, explain, mark, own_address, place_of
from telephony.edge.sources import SourceLog
from telephony.edge.streams import Streams
from telephony.edge.stun import ask_stun
from telephony.edge.tls import Certificates
from voicebot.errors import TelephonyError

log = logging.getLogger(__name__)

MAX_UNSENT = 64
# Where any port will do, the first one that is free for UDP may be taken for TCP.
PORT_TRIES = 20
# How often the names of those who may call are looked up again.
NAMES_S = 60.0


class Edge:
    """A SIP proxy on one public port in front of line workers.

    Args:
        config: where to listen.
        dispatcher: spreads the calls.
    """

    def __init__(self, config: EdgeConfig, dispatcher: Dispatcher) -> None:
        self.stats = EdgeStats()
        self.dispatcher = dispatcher
        self._config = config
        self._sources = SourceLog()
        self._sockets: dict[Side, asyncio.DatagramTransport] = {}
        self._protocols: list[DatagramSocket] = []
        self._streams: Streams | None = None
        self._resolver: Resolver | None = None
        self._services: Services | None = None
        self._router: Router | None = None
        self._unsent: set[asyncio.Task[None]] = set()
        self._ipv6 = False
        self._naming: asyncio.Task[None] | None = None
        self._pings: Pings | None = None
        self._public: Address | None = None
        self._internal: Address | None = None
        self._ports: dict[Transport, int] = {}

    @property
    def public_address(self) -> Address:
        """Host and port that peers are told (Contact of the workers: ``<sip:token@host:port>``)."""
        return _started(self._public)

    @property
    def internal_address(self) -> Address:
        """The workers' outbound proxy."""
        return _started(self._internal)

    @property
    def ports(self) -> dict[Transport, int]:
        """The public port of each transport that calls may come by."""
        return dict(self._ports)

    async def start(self) -> None:
        """Open the sockets.

        Raises:
            PortInUseError: another program has the port.
            TelephonyError: the address or a certificate cannot be used.
        """
        certificates = Certificates(self._config.tls)
        try:
            sockets = await self._bind_public()
            bound = place_of(sockets["UDP"])
            await self._open(Side.OUTSIDE, sockets.pop("UDP"))
            self._internal = await self._open(Side.WORKERS, await bind_udp(LOOPBACK, 0))
        except TelephonyError:
            await self.close()
            raise
        self._public = (await self._public_host(bound[0]), bound[1])
        self._ports = {"UDP": bound[1], **{transport: place_of(sock)[1] for transport, sock in sockets.items()}}
        hop = Hop(self._public, bound, self._internal, secrets.token_bytes(16), self._ports)
        self._router = router = Router(self._config, hop, self.dispatcher, self.stats, self._sources)
        self._ipv6 = ":" in bound[0]
        self._resolver = Resolver(socket.AF_INET6 if self._ipv6 else socket.AF_INET)
        self._services = Services(self._resolver, self._config.dns)
        router.look_up_by(self._services.known)
        if router.known.names:
            lists = [router.known, *router.names.networks.values()]
            self._naming = asyncio.create_task(_keep_names(lists, self._services), name="sip-access-names")
        self._pings = Pings(router.peers, router.destinations, self._services, hop, self._send, self._config.user_agent)
        router.take_pong = self._pings.answer
        self._streams = Streams(
            self._config.streams,
            certificates,
            self.stats,
            self._sources,
            router.access.opens,
            lambda data, source, flow: self._send(router.from_outside(data, source, flow)),
        )
        self._streams.start()
        for transport, sock in sockets.items():
            await self._streams.listen(transport, sock)
        outside, workers = self._protocols
        outside.listen(lambda data, source: self._send(router.from_outside(data, source)))
        workers.listen(lambda data, source: self._send(router.from_worker(data, source)))
        self._pings.start()
        ports = ", ".join(f"{transport} {port}" for transport, port in self._ports.items())
        log.info("SIP edge on %s (%s), workers on %s:%d", self._public[0], ports, *self._internal)

    def add_worker(self, token: str, sip_port: int, capacity: int) -> None:
        """Make a line worker known that listens on a loopback port.

        Args:
            token: user part of its Contact; a new one for each process.
            sip_port: its UDP port on 127.0.0.1.
            capacity: calls from outside it may have at a time.
        """
        self.dispatcher.add_worker(token, (LOOPBACK, sip_port), capacity)

    def remove_worker(self, token: str) -> None:
        """Forget a worker: what belongs to its calls gets 481 from now on."""
        self.dispatcher.remove_worker(token)

    def drain(self, token: str) -> None:
        """Give a worker no new calls; it keeps those it has."""
        self.dispatcher.drain(token)

    async def close(self) -> None:
        """Close the sockets and end what is under way. Harmless when closed already."""
        tasks = [*self._unsent, *([self._naming] if self._naming else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._naming = None
        if self._pings is not None:
            await self._pings.close()
        if self._services is not None:
            await self._services.close()
        if self._streams is not None:
            await self._streams.close()
        for transport in self._sockets.values():
            transport.close()
        for protocol in self._protocols:
            await protocol.closed.wait()
        self._sockets.clear()
        self._protocols.clear()

    async def _public_host(self, bound: str) -> str:
        if self._config.public_host:
            return self._config.public_host
        if self._config.stun_server:
            try:
                return await ask_stun(self._config.stun_server)
            except TelephonyError as error:
                log.warning("The public address is not known: %s", error.message)
        return own_address(bound)

    async def _bind_public(self) -> dict[Transport, socket.socket]:
        """Open all public sockets, or none.

        Raises:
            TelephonyError: one of them cannot be opened.
        """
        config = self._config
        for tries_left in reversed(range(PORT_TRIES)):
            sockets: dict[Transport, socket.socket] = {}
            wanted: Transport = "UDP"
            port, setting = config.port, "sip.port"
            try:
                sockets["UDP"] = await bind_udp(config.host, port)
                if config.tcp:
                    wanted, port = "TCP", place_of(sockets["UDP"])[1]
                    sockets["TCP"] = await bind_tcp(config.host, port)
                if config.tls.certificate is not None:
                    wanted, port, setting = "TLS", config.tls.port, "sip.tls.port"
                    sockets["TLS"] = await bind_tcp(config.host, port)
            except OSError as error:
                for sock in sockets.values():
                    sock.close()
                again = error.errno == errno.EADDRINUSE and wanted == "TCP" and not config.port
                if again and tries_left:
                    continue
                raise explain(error, wanted, config.host, port, setting) from error
            for sock in sockets.values():
                mark(sock, config.dscp)
            return sockets
        raise RuntimeError("the last try returns or raises")

    async def _open(self, side: Side, sock: socket.socket) -> Address:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(lambda: DatagramSocket(self.stats), sock=sock)
        self._sockets[side] = transport
        self._protocols.append(protocol)
        return place_of(sock)

    def _send(self, send: Send | None) -> None:
        if send is None:
            return
        if send.lookup is not None:
            self._soon(self._look_up(send))
        elif send.flow != UDP:
            self._send_by_stream(send)
        elif is_numeric(send.host):
            self._sockets[send.side].sendto(send.data, (self._mapped(send.host, send.side), send.port))
        elif send.request is None and not send.looked_up:
            self.stats.dropped["no address"] += 1
        else:
            self._soon(self._send_far(send))

    def _mapped(self, host: str, side: Side) -> str:
        """An IPv4 address as a socket of IPv6 wants it."""
        return f"::ffff:{host}" if self._ipv6 and side is Side.OUTSIDE and ":" not in host else host

    def _send_by_stream(self, send: Send) -> None:
        if self._streams is not None and self._streams.send(send.data, send.flow):
            return
        if send.request is None and not send.looked_up and not is_numeric(send.host):
            # A response: whoever asked is gone, and a name that it gave is not looked up for it.
            self.stats.dropped["no address"] += 1
            return
        self._soon(self._send_far(send))

    def _soon(self, sending: Coroutine[Any, Any, None]) -> None:
        if len(self._unsent) >= MAX_UNSENT:
            sending.close()
            self.stats.dropped["no address"] += 1
            return
        task = asyncio.create_task(sending)
        self._unsent.add(task)
        task.add_done_callback(self._unsent.discard)

    async def _look_up(self, send: Send) -> None:
        """Look up the servers of a domain, and work on a worker's request again."""
        if self._services is None or self._router is None or send.lookup is None or send.worker is None:
            raise RuntimeError("the edge is not started")
        await self._services.look_up(*send.lookup)
        again = self._router.from_worker(send.data, send.worker)
        if again is not None and again.lookup is None:
            self._send(again)

    async def _send_far(self, send: Send) -> None:
        """Send what needs a name looked up, or a connection opened."""
        if self._resolver is None or self._streams is None or self._router is None:
            raise RuntimeError("the edge is not started")
        try:
            if send.flow.transport == "UDP":
                address = await self._resolver.resolve(send.host)
                self._sockets[send.side].sendto(send.data, (address, send.port))
            else:
                await self._streams.send_to(send.data, send.flow.transport, send.host, send.port, send.name)
        except TelephonyError as error:
            if send.request is None:
                self.stats.dropped["no address"] += 1
                return
            log.warning("A request of a line worker cannot be sent: %s", error.message)
            if send.worker is not None:
                self._send(self._router.unreachable(send.request, send.worker))


async def _keep_names(lists: Sequence[Networks], services: Services) -> None:
    """Know what the names of those who may call stand for: their own addresses, and those of their servers."""
    loop = asyncio.get_running_loop()
    while True:
        for name in lists[0].names:
            addresses = await _addresses_of_servers(name, services)
            try:
                found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
                addresses += [str(entry[4][0]) for entry in found]
            except (OSError, UnicodeError):
                if not addresses:
                    log.warning("%s, which may call, has no address: what it was before stands", name)
                    continue
            for networks in lists:
                networks.learn(name, addresses)
        await asyncio.sleep(NAMES_S)


async def _addresses_of_servers(domain: str, services: Services) -> list[str]:
    if "." not in domain:
        return []
    transports: tuple[Transport | None, ...] = (None, "UDP", "TCP", "TLS")
    found = await asyncio.gather(*(services.look_up(domain, transport) for transport in transports))
    return [service.host for servers in found for service in servers]


def _started(address: Address | None) -> Address:
    if address is None:
        raise RuntimeError("the edge is not started")
    return address
