"""Opening the edge's sockets, and saying plainly why one cannot be opened."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable

from telephony.edge.config import EdgeStats
from telephony.edge.dispatcher import Address
from telephony.edge.flow import Transport
from voicebot.errors import PortInUseError, TelephonyError

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
WILDCARDS = frozenset({"0.0.0.0", "::", ""})
RECEIVE_BUFFER_BYTES = 1 << 20
BACKLOG = 256


class DatagramSocket(asyncio.DatagramProtocol):
    """Hands datagrams on, and knows when it is closed."""

    def __init__(self, stats: EdgeStats) -> None:
        self.closed = asyncio.Event()
        self._stats = stats
        self._handle: Callable[[bytes, Address], None] | None = None

    def listen(self, handle: Callable[[bytes, Address], None]) -> None:
        """Datagrams that came before this are lost, as if the socket had opened now."""
        self._handle = handle

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand a datagram on."""
        if self._handle is not None:
            self._handle(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """Count what the system would not send."""
        self._stats.send_errors += 1
        log.debug("A SIP datagram was not sent: %s", exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self.closed.set()


async def bind_udp(host: str, port: int) -> socket.socket:
    """Open a UDP socket.

    Raises:
        OSError: the address cannot be used.
    """
    sock = await _bind(host, port, socket.SOCK_DGRAM)
    # Room for a burst while the loop is busy; the system may grant less.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


async def bind_tcp(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket.

    Raises:
        OSError: the address cannot be used.
    """
    sock = await _bind(host, port, socket.SOCK_STREAM)
    sock.listen(BACKLOG)
    return sock


async def _bind(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(host or "0.0.0.0", port, type=kind))[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        if kind is socket.SOCK_STREAM:
            # Connections of an edge that has just stopped must not keep the next one from starting.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            # The wildcard takes calls of both families.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
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


def mark(sock: socket.socket, dscp: int) -> None:
    """Give what a socket sends a class of service (RFC 2474)."""
    if sock.family is socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        if hasattr(socket, "IP_TOS"):
            # For IPv4 by way of the same socket; refused where it is of IPv6 alone.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)


def place_of(sock: socket.socket) -> Address:
    """The address a socket is bound to."""
    name = sock.getsockname()
    return (str(name[0]), int(name[1]))


def explain(error: OSError, kind: Transport, host: str, port: int, setting: str) -> TelephonyError:
    """Return what to tell about a socket that could not be opened."""
    what = f"{'UDP' if kind == 'UDP' else 'TCP'} port {port} on {host}"
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(f"{what} is taken by another program: free it, or set {setting}")
    if error.errno == errno.EACCES:
        return TelephonyError(f"{what} needs more rights than this user has: set {setting}")
    return TelephonyError(f"{what} cannot be opened: {error.strerror or error}; check sip.host")
