"""Looks hosts up for the HTTP client and hands it only addresses that passed the guard."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from voicebot.errors import AudioBlockedError
from voicebot.speech.fetching.guard import AddressGuard


class GuardedResolver(AbstractResolver):
    """The HTTP client connects to exactly what this returns: there is no second look-up that could say otherwise.

    Args:
        guard: judges each address.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be connected to.

        Raises:
            AudioBlockedError: it has internal addresses only.
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)
        results = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in found
            if self._guard.permits(host, port, ipaddress.ip_address(address[0]))
        ]
        if not results:
            raise AudioBlockedError("the host of the audio file has an internal address")
        return results

    async def close(self) -> None:
        """Nothing is kept open."""
