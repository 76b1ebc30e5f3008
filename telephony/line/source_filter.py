"""A filter in the operating system on who may send to a UDP socket, so that strangers' packets never reach the library.

The library follows whoever sends ten packets in a row: a flood takes a call's audio over. Linux runs a small program on
each datagram of a socket (classic BPF, socket(7) SO_ATTACH_FILTER, linux/filter.h); what it refuses costs us nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import socket
import struct
import sys
from dataclasses import dataclass

# asm-generic/socket.h; Python has no names for these.
_SO_ATTACH_FILTER = 26
_SO_DETACH_FILTER = 27
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")
_DROPS = 8
# linux/filter.h: where the IP header begins, seen from a UDP socket's program, which starts at the UDP header.
_NET = (1 << 32) - 0x100000
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_AND, _JUMP_IF_EQUAL, _RETURN = 0x54, 0x15, 0x06
_ALL = 0xFFFF_FFFF
_SOURCE_PORT = 0
_IPV4_SOURCE, _IPV6_SOURCE = 12, 8

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may send.

    Attributes:
        host: an IP address.
        port: 0: any port of it.
    """

    host: str
    port: int = 0


class SourceFilter:
    """The filter of one socket; ``open_filters`` makes them.

    Args:
        sock: a copy of the socket: its owner may close his own meanwhile.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._before = self._drops()

    def allow(self, allowed: Allowed | None) -> None:
        """Let only these send from now on; None: anybody.

        Raises:
            OSError: this system has no such filters.
        """
        if allowed is None:
            with contextlib.suppress(FileNotFoundError):
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
            return
        program = _program(allowed)
        code = ctypes.create_string_buffer(b"".join(program))
        # struct sock_fprog; the kernel copies the program, which must live only so long.
        self._socket.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code))
        )

    @property
    def refused(self) -> int:
        """Datagrams that were thrown away so far, by the filter or because the socket was full."""
        return (self._drops() - self._before) & _ALL

    def close(self) -> None:
        """Let go of the socket; its filter stays with it. Harmless when closed already."""
        self._socket.close()

    def _drops(self) -> int:
        return int(_MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])


def open_filters(*ports: int) -> list[SourceFilter]:
    """Return the filters of sockets of this process.

    Args:
        ports: UDP ports that they are bound to.

    Raises:
        OSError: there is no such socket, or this system has no such filters.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("filters on sockets are known of Linux only")
    found = _own_sockets(set(ports))
    missing = set(ports) - set(found)
    if missing:
        for sock in found.values():
            sock.close()
        raise OSError(f"no socket of this process is bound to UDP port {min(missing)}")
    return [SourceFilter(found[port]) for port in ports]


def _program(allowed: Allowed) -> list[bytes]:
    """Return the instructions: all of it if every comparison holds, else nothing."""
    address = ipaddress.ip_address(allowed.host)
    checks: list[tuple[list[bytes], int]] = [
        ([_load(_LOAD_BYTE, _NET), struct.pack("=HBBI", _AND, 0, 0, 0xF0)], address.version << 4)
    ]
    source = _NET + (_IPV4_SOURCE if address.version == 4 else _IPV6_SOURCE)
    words = struct.unpack(f"!{len(address.packed) // 4}I", address.packed)
    checks += [([_load(_LOAD_WORD, source + 4 * index)], word) for index, word in enumerate(words)]
    if allowed.port:
        checks.append(([_load(_LOAD_HALF, _SOURCE_PORT)], allowed.port))
    left = sum(len(loads) + 1 for loads, _ in checks)
    program: list[bytes] = []
    for loads, value in checks:
        program += loads
        left -= len(loads) + 1
        # Past what is left of the comparisons and the acceptance behind them.
        program.append(struct.pack("=HBBI", _JUMP_IF_EQUAL, 0, left + 1, value))
    return [*program, struct.pack("=HBBI", _RETURN, 0, 0, _ALL), struct.pack("=HBBI", _RETURN, 0, 0, 0)]


def _load(size: int, position: int) -> bytes:
    return struct.pack("=HBBI", size, 0, 0, position)


def _own_sockets(ports: set[int]) -> dict[int, socket.socket]:
    """Return copies of this process's UDP sockets that are bound to these ports, as far as there are any."""
    found: dict[int, socket.socket] = {}
    for name in os.listdir("/proc/self/fd"):
        if len(found) == len(ports):
            break
        port = _port_of(int(name))
        if port not in ports or port in found:
            continue
        copy = socket.socket(fileno=os.dup(int(name)))
        if copy.type == socket.SOCK_DGRAM and copy.getsockname()[1] == port:
            found[port] = copy
        else:
            copy.close()
    return found


def _port_of(descriptor: int) -> int:
    """Return the port that a descriptor is bound to, 0 if it is no such socket, or is closed by somebody meanwhile."""
    sock = None
    try:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 0, fileno=descriptor)
        place = sock.getsockname()
    except OSError:
        return 0
    finally:
        if sock is not None:
            sock.detach()
    return int(place[1]) if isinstance(place, tuple) else 0
