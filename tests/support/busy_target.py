"""The target of a transfer that is busy, on a socket of its own: the test sees the INVITE as it came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from telephony.sip import SipRequest, make_reply, parse_message
from telephony.sip.reply import can_reply

_INVITE_TIMEOUT_S = 20.0


class BusyTarget(asyncio.DatagramProtocol):
    """Answers each INVITE with 486.

    Args:
        on_invite: called with an INVITE before it is answered.
    """

    def __init__(self, on_invite: Callable[[SipRequest], None] | None = None) -> None:
        self.sizes: list[int] = []
        self._on_invite = on_invite
        self._invites: asyncio.Queue[SipRequest] = asyncio.Queue()
        self._seen: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, port: int, on_invite: Callable[[SipRequest], None] | None) -> BusyTarget:
        """Listen on loopback, on any port if it is 0."""
        loop = asyncio.get_running_loop()
        transport, target = await loop.create_datagram_endpoint(lambda: cls(on_invite), local_addr=("127.0.0.1", port))
        target._transport = transport
        return target

    def close(self) -> None:
        """Free the port."""
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    async def invite(self) -> SipRequest:
        """Wait for the next INVITE; what is sent again counts once."""
        return await asyncio.wait_for(self._invites.get(), _INVITE_TIMEOUT_S)

    @property
    def rung(self) -> int:
        """How many calls came."""
        return len(self._seen)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse_message(data)
        if not isinstance(message, SipRequest) or message.method != "INVITE" or not can_reply(message):
            return
        if message.call_id not in self._seen:
            self._seen.add(message.call_id)
            self.sizes.append(len(data))
            if self._on_invite is not None:
                self._on_invite(message)
            self._invites.put_nowait(message)
        assert self._transport is not None
        self._transport.sendto(bytes(make_reply(message, 486, message.top_via)), addr)


@contextlib.asynccontextmanager
async def busy_target(
    port: int = 0, on_invite: Callable[[SipRequest], None] | None = None
) -> AsyncIterator[BusyTarget]:
    """Run a ``BusyTarget``."""
    target = await BusyTarget.open(port, on_invite)
    try:
        yield target
    finally:
        target.close()
