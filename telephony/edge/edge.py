"""The edge with its two sockets: the one public SIP address, and the one the line workers talk to."""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import socket
from collections.abc import Callable

from telephony.edge.config import EdgeConfig, EdgeStats
from telephony.edge.dispatcher import Address, Dispatcher
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.networks import Networks
from telephony.edge.resolver import Resolver, is_numeric
from telephony.edge.router import Router
from telephony.edge.sources import SourceLog
from voicebot.errors import PortInUseError, TelephonyError

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
WILDCARDS = frozenset({"0.0.0.0", "::", ""})
RECEIVE_BUFFER_BYTES = 1 << 20
MAX_LOOKUPS = 64
# How often the names of those who may call are looked up again.
NAMES_S = 60.0


class Edge:
    """A SIP proxy on one UDP port in front of line workers.

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
        self._protocols: list[_Socket] = []
        self._lookups: set[asyncio.Task[None]] = set()
        self._naming: asyncio.Task[None] | None = None
        self._public: Address | None = None
        self._internal: Address | None = None

    @property
    def public_address(self) -> Address:
        """Host and port that peers are told (Contact of the workers: ``<sip:token@host:port>``)."""
        return _started(self._public)

    @property
    def internal_address(self) -> Address:
        """The workers' outbound proxy."""
        return _started(self._internal)

    async def start(self) -> None:
        """Open the sockets.

        Raises:
            PortInUseError: another program has the port.
            TelephonyError: the address cannot be used.
        """
        host, port = self._config.host, self._config.port
        try:
            bound = await self._open(Side.OUTSIDE, host, port)
            self._internal = await self._open(Side.WORKERS, LOOPBACK, 0)
        except OSError as error:
            await self.close()
            raise _explain(error, host, port) from error
        self._public = (self._config.public_host or own_address(bound[0]), bound[1])
        hop = Hop(self._public, bound, self._internal, secrets.token_bytes(16))
        networks = Networks(self._config.access.allow)
        router = Router(self._config, hop, self.dispatcher, self.stats, self._sources, networks)
        if networks.names:
            self._naming = asyncio.create_task(_keep_names(networks), name="sip-access-names")
        family = socket.AF_INET6 if ":" in bound[0] else socket.AF_INET
        resolver = Resolver(family)
        outside, workers = self._protocols
        outside.listen(lambda data, source: self._send(router.from_outside(data, source), router, resolver))
        workers.listen(lambda data, source: self._send(router.from_worker(data, source), router, resolver))
        log.info("SIP edge on %s:%d, workers on %s:%d", *self._public, *self._internal)

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
        tasks = [*self._lookups, *([self._naming] if self._naming else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._naming = None
        for transport in self._sockets.values():
            transport.close()
        for protocol in self._protocols:
            await protocol.closed.wait()
        self._sockets.clear()
        self._protocols.clear()

    async def _open(self, side: Side, host: str, port: int) -> Address:
        loop = asyncio.get_running_loop()
        sock = await _bind(host or "0.0.0.0", port)
        transport, protocol = await loop.create_datagram_endpoint(lambda: _Socket(self.stats), sock=sock)
        self._sockets[side] = transport
        self._protocols.append(protocol)
        name = sock.getsockname()
        return (name[0], name[1])

    def _send(self, send: Send | None, router: Router, resolver: Resolver) -> None:
        if send is None:
            return
        if is_numeric(send.host):
            self._sockets[send.side].sendto(send.data, (send.host, send.port))
        elif send.request is None or len(self._lookups) >= MAX_LOOKUPS:
            self.stats.dropped["no address"] += 1
        else:
            task = asyncio.create_task(self._send_by_name(send, router, resolver))
            self._lookups.add(task)
            task.add_done_callback(self._lookups.discard)

    async def _send_by_name(self, send: Send, router: Router, resolver: Resolver) -> None:
        try:
            address = await resolver.resolve(send.host)
        except TelephonyError as error:
            log.warning("A request of a line worker cannot be sent: %s", error.message)
            if send.request is not None and send.worker is not None:
                self._send(router.unreachable(send.request, send.worker), router, resolver)
            return
        self._sockets[send.side].sendto(send.data, (address, send.port))


class _Socket(asyncio.DatagramProtocol):
    """Hands datagrams on, and knows when it is closed."""

    def __init__(self, stats: EdgeStats) -> None:
        self.closed = asyncio.Event()
        self._stats = stats
        self._handle: Callable[[bytes, Address], None] | None = None

    def listen(self, handle: Callable[[bytes, Address], None]) -> None:
        """Datagrams that came before this are lost, as if the socket had opened now."""
        self._handle = handle

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._handle is not None:
            self._handle(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        self._stats.send_errors += 1
        log.debug("A SIP datagram was not sent: %s", exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def _keep_names(networks: Networks) -> None:
    """Know what the names of those who may call stand for."""
    loop = asyncio.get_running_loop()
    while True:
        for name in networks.names:
            try:
                found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
            except (OSError, UnicodeError):
                log.warning("%s, which may call, has no address: what it was before stands", name)
                continue
            networks.learn(name, (str(entry[4][0]) for entry in found))
        await asyncio.sleep(NAMES_S)


async def _bind(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        # Room for a burst while the loop is busy; the system may grant less.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def own_address(bound: str) -> str:
    """The address that peers can be told for a bound one: itself, or for a wildcard the one the default route uses."""
    if bound not in WILDCARDS:
        return bound
    family, probe = (socket.AF_INET6, "2001:db8::1") if bound == "::" else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            # Connecting a UDP socket sends nothing; it only asks for the route (to an address for documentation).
            sock.connect((probe, 9))
        except OSError:
            log.warning("This machine has no route to the outside: SIP peers are told a loopback address")
            return "::1" if bound == "::" else LOOPBACK
        return str(sock.getsockname()[0])


def _started(address: Address | None) -> Address:
    if address is None:
        raise RuntimeError("the edge is not started")
    return address


def _explain(error: OSError, host: str, port: int) -> TelephonyError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(f"UDP port {port} on {host} is taken by another program: free it, or set sip.port")
    if error.errno == errno.EACCES:
        return TelephonyError(f"UDP port {port} on {host} needs more rights than this user has: set sip.port")
    return TelephonyError(f"UDP port {port} on {host} cannot be opened: {error.strerror or error}; check sip.host")
