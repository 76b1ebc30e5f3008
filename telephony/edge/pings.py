"""Asks the peers whether they live, by OPTIONS (RFC 3261 section 11), as PBXs do with us."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable

from telephony.edge.destinations import Destinations
from telephony.edge.flow import Flow
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.peers import Peer, PeerConfig, Peers
from telephony.edge.services import Service, Services
from telephony.sip import SipResponse
from telephony.sip.via import MAGIC_COOKIE

log = logging.getLogger(__name__)

PING_MARK = MAGIC_COOKIE + "-ping-"
# An unanswered OPTIONS is repeated, as UDP demands, and then given up: less than timer F, calls are waiting.
REPEAT_S = (0.5, 1.0, 2.0)


class Pings:
    """Keeps asking all peers that want it.

    Args:
        peers: the peers.
        destinations: told which servers of a peer's domain are silent.
        services: the servers of domains.
        hop: our own address in the requests.
        send: sends a message.
        user_agent: value of User-Agent.
    """

    def __init__(
        self,
        peers: Peers,
        destinations: Destinations,
        services: Services,
        hop: Hop,
        send: Callable[[Send], None],
        user_agent: str,
    ) -> None:
        self._peers = peers
        self._destinations = destinations
        self._services = services
        self._hop = hop
        self._send = send
        self._user_agent = user_agent
        self._numbers = itertools.count(1)
        self._secret = secrets.token_hex(8)
        self._waiting: dict[str, asyncio.Future[int]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Ask from now on."""
        self._tasks = [
            asyncio.create_task(self._keep_asking(peer), name=f"sip-ping-{peer.config.name}")
            for peer in self._peers.all
            if peer.config.options_s
        ]

    async def close(self) -> None:
        """Stop asking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def answer(self, response: SipResponse) -> bool:
        """Take a response; whether it was to one of our questions."""
        waiting = self._waiting.get(response.top_via.branch)
        if waiting is None:
            return False
        if response.status >= 200 and not waiting.done():
            waiting.set_result(response.status)
        return True

    async def _keep_asking(self, peer: Peer) -> None:
        while True:
            alive, status = await self._look_after(peer)
            changed = self._peers.answered(peer, status) if alive else self._peers.failed(peer)
            if changed:
                log.warning("peer %s %s", peer.config.name, "is back" if alive else "does not answer any more")
            await asyncio.sleep(peer.config.options_s)

    async def _look_after(self, peer: Peer) -> tuple[bool, int]:
        """Ask a peer, or one of its servers after the other until one answers; whether it did, and how."""
        config = peer.config
        servers = await self._services.look_up(config.host, config.wanted) if config.looked_up else ()
        for _ in range(max(1, len(servers))):
            service = self._destinations.best(servers)
            status = await self._ask(peer.config, service)
            if status:
                if service is not None:
                    self._destinations.worked(service)
                return True, status
            if service is not None:
                self._destinations.failed(service)
        return False, 0

    async def _ask(self, config: PeerConfig, service: Service | None) -> int:
        """Ask once; the status that came, 0 for none."""
        branch = f"{PING_MARK}{self._secret}{next(self._numbers)}"
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = waiting
        flow = Flow(config.transport if service is None else service.transport)
        domain = config.domain or (config.host if service is not None else "")
        host, port = (config.host, config.port) if service is None else (service.host, service.port)
        data = self._hop.options(flow, host, port, domain, branch, self._user_agent)
        name = config.host if service is not None else ""
        try:
            for wait_s in REPEAT_S:
                self._send(Send(Side.OUTSIDE, host, port, data, flow=flow, looked_up=True, name=name))
                await asyncio.wait([waiting], timeout=wait_s)
                if waiting.done():
                    return waiting.result()
            return 0
        finally:
            del self._waiting[branch]
