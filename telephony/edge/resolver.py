"""Look up host names without stopping the loop, and remember the answers for a while."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections import OrderedDict
from functools import lru_cache

from voicebot.errors import TelephonyError

FOUND_FOR_S = 60.0
NOT_FOUND_FOR_S = 5.0
MAX_NAMES = 256


@lru_cache(maxsize=4096)
def is_numeric(host: str) -> bool:
    """Whether ``host`` is an IP address: a socket must never be given a name, it would block to look it up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Resolver:
    """Turns names into addresses of one family.

    Args:
        family: socket.AF_INET or socket.AF_INET6.
    """

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    @property
    def ipv6(self) -> bool:
        """Whether it looks for addresses of IPv6."""
        return self._family == socket.AF_INET6

    async def resolve(self, host: str) -> str:
        """The address of a host.

        Raises:
            TelephonyError: no such host. The failure is remembered too, for a shorter time.
        """
        known = self._known.get(host)
        if known is None or time.monotonic() > known[1]:
            address = await self._look_up(host)
            keep_s = FOUND_FOR_S if address else NOT_FOUND_FOR_S
            self._known[host] = known = (address, time.monotonic() + keep_s)
            self._known.move_to_end(host)
            if len(self._known) > MAX_NAMES:
                self._known.popitem(last=False)
        if not known[0]:
            raise TelephonyError(f"no address found for host {host}")
        return known[0]

    async def _look_up(self, host: str) -> str:
        loop = asyncio.get_running_loop()
        try:
            # A socket of IPv6 reaches hosts of IPv4 by their mapped addresses.
            mapped = socket.AI_V4MAPPED if self._family == socket.AF_INET6 else 0
            found = await loop.getaddrinfo(host, None, family=self._family, type=socket.SOCK_DGRAM, flags=mapped)
        except (OSError, UnicodeError):
            # gaierror, or a label that IDNA refuses: both mean "no such host".
            return ""
        return str(found[0][4][0])
