"""Requests of the workers, and the responses that come back for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from telephony.edge.config import EdgeStats
from telephony.edge.destinations import Attempt, Destinations
from telephony.edge.dispatcher import Dispatcher, Worker
from telephony.edge.flow import Flow, Transport, target_port, wanted_transport
from telephony.edge.forward import RECORDED, count_hop, read_target
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.peers import UNAVAILABLE, Peer, Peers
from telephony.edge.resolver import is_numeric
from telephony.edge.screening import Verdict
from telephony.edge.services import Service
from telephony.sip import SipRequest, SipResponse, SipUri, Via
from telephony.sip.again import AGAIN_HEADER, NO_OTHER
from voicebot.errors import SipMessageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a request leaves.

    Attributes:
        peer: the PBX or trunk, None for an address that is none.
        flow: by which transport.
        domain: whose records say where; "" for nobody's.
        wanted: the transport whose records count, None for any.
        service: the server that they name.
        lookup: they have to be looked up first.
    """

    peer: Peer | None
    flow: Flow
    domain: str = ""
    wanted: Transport | None = None
    service: Service | None = None
    lookup: tuple[str, Transport | None] | None = None


Known = Callable[[str, "Transport | None"], "tuple[Service, ...] | None"]


class Outbound:
    """Sends workers' requests to where they are addressed, and the responses back. Without state of its own.

    Args:
        hop: the edge's addresses.
        dispatcher: knows the workers.
        stats: counted into.
        peers: PBXs and trunks.
        destinations: chooses among the servers of a domain.
        known: the servers of a domain as far as they are known, None if nobody has looked.
    """

    def __init__(
        self,
        hop: Hop,
        dispatcher: Dispatcher,
        stats: EdgeStats,
        peers: Peers,
        destinations: Destinations,
        known: Known = lambda domain, transport: (),
    ) -> None:
        self._peers = peers
        self._destinations = destinations
        self.known = known
        self._hop = hop
        self._dispatcher = dispatcher
        self._stats = stats

    def request(self, request: SipRequest, uri: SipUri, came_from: Via, worker: Worker) -> Send | Verdict:
        """Handle a well-formed request of a worker; the datagram to send, or what the edge answers.

        Raises:
            SipMessageError: a Route cannot be read, or the target is no sip URI.
        """
        if request.method == "OPTIONS" and self._hop.is_mine(uri, Side.WORKERS):
            return Verdict(200)
        if request.max_forwards == 0:
            return Verdict(483)
        named = self._hop.pop_routes(request)
        if self._hop.is_loop(request, Side.OUTSIDE):
            return Verdict(482)
        target = read_target(request)
        if self._hop.is_mine(target, Side.WORKERS):
            return Verdict(482)
        again = request.pop(AGAIN_HEADER.lower()) or ""
        starts = not request.to.tag and request.method not in ("ACK", "CANCEL")
        way = self._way(request, target, named, again if starts else "", starts)
        if isinstance(way, Verdict):
            return way
        if way.lookup is not None:
            return Send(Side.OUTSIDE, way.lookup[0], 0, b"", lookup=way.lookup)
        if starts and again:
            self._stats.again += 1
            self._note_silence(again)
        if starts:
            name = way.peer.config.name if way.peer is not None else ""
            attempt = Attempt(name, way.domain, way.wanted, way.service, request.cseq[0])
            self._destinations.note(request.call_id, attempt, again)
        return self._forward(request, target, came_from, worker, way)

    def _way(self, request: SipRequest, target: SipUri, named: str, again: str, starts: bool) -> _Way | Verdict:
        """Choose peer, server and transport.

        Raises:
            SipMessageError: the target wants a transport that nobody here speaks.
        """
        tried, _ = self._destinations.tried(again) if again else (set(), set())
        used_up = {peer.config.name for peer in self._peers.serving(target) if self._is_used_up(peer, again, tried)}
        peer = self._peers.choose(
            target, request.call_id, request.from_.tag, not request.to.tag, request.method != "REGISTER", used_up
        )
        if again and peer is None and used_up:
            return Verdict(503, reason=NO_OTHER)
        if peer is not None:
            flow = Flow(peer.config.transport)
            domain, wanted = (peer.config.host, peer.config.wanted) if peer.config.looked_up else ("", None)
        else:
            flow = self._hop.next_flow(target, named)
            domain, wanted = (target.host, wanted_transport(target)) if self._has_records(target, flow) else ("", None)
        services = self.known(domain, wanted) if domain else ()
        if services is None:
            return _Way(peer, flow, lookup=(domain, wanted))
        service = self._server(request, domain, services, again, starts)
        if again and service is None and peer is None:
            return Verdict(503, reason=NO_OTHER)
        return _Way(peer, flow if service is None else Flow(service.transport), domain, wanted, service)

    def _note_silence(self, call_id: str) -> None:
        """A call is tried again: if nothing came back the first time, its peer may be dead."""
        attempt = self._destinations.attempt(call_id)
        if attempt is None or attempt.heard or attempt.service is not None:
            return
        peer = next((peer for peer in self._peers.all if peer.config.name == attempt.peer), None)
        if peer is not None and self._peers.failed(peer):
            log.warning("peer %s does not answer", peer.config.name)

    def _is_used_up(self, peer: Peer, again: str, tried: Collection[str]) -> bool:
        """Whether an attempt before has been at all of a peer's servers."""
        if peer.config.name not in tried:
            return False
        if not peer.config.looked_up:
            return True
        servers = self.known(peer.config.host, peer.config.wanted) or ()
        return set(servers) <= self._destinations.tried(again)[1]

    def _has_records(self, target: SipUri, flow: Flow) -> bool:
        """Whether servers are to be looked up: a name without a port (RFC 3263, 4.2), and no connection open."""
        is_name = "." in target.host and not is_numeric(target.host)
        return is_name and target.port is None and not flow.connection and not self._hop.is_mine(target)

    def _server(
        self, request: SipRequest, domain: str, services: Collection[Service], again: str, starts: bool
    ) -> Service | None:
        if starts:
            return self._destinations.server(request.call_id, request.cseq[0], domain, services, again)
        attempt = self._destinations.attempt(request.call_id)
        if attempt is not None and attempt.domain == domain:
            return attempt.service
        return self._destinations.best(services)

    def _forward(self, request: SipRequest, target: SipUri, came_from: Via, worker: Worker, way: _Way) -> Send:
        flow, peer, service = way.flow, way.peer, way.service
        count_hop(request)
        if request.method in RECORDED and not request.to.tag:
            self._dispatcher.remember_outbound(worker, request.call_id, request.from_.tag)
            self._hop.record_route(request, Side.OUTSIDE, worker.token, flow)
        self._hop.show_contact(request, flow)
        self._hop.push_via(request, came_from, Side.OUTSIDE, flow)
        self._stats.to_outside += 1
        if service is not None:
            place = (service.host, service.port)
        elif peer is not None:
            place = (peer.config.host, peer.config.port)
        elif flow.transport == "UDP":
            place = self._hop.shortcut(target)
        else:
            place = (target.host, target_port(target))
        name = way.domain if service is not None else ""
        return Send(Side.OUTSIDE, *place, bytes(request), request, worker.address, flow, name=name)

    def response(self, response: SipResponse) -> Send | None:
        """Pass a response to the worker that asked; None drops it.

        It goes to workers only: a stray response must not make the edge send to an address of its sender's choice.
        """
        vias = response.vias
        if len(vias) < 2 or not self._hop.own_via(vias[0], Side.OUTSIDE):
            self._stats.dropped["stray response"] += 1
            return None
        try:
            worker = self._dispatcher.worker_at(vias[1].reply_address)
        except SipMessageError:
            worker = None
        if worker is None:
            self._stats.dropped["stray response"] += 1
            return None
        self._destinations.heard(response.call_id)
        if response.status >= 200 and response.cseq[1] == "BYE":
            # A worker's BYE: the party outside is in its To.
            self._dispatcher.ended(worker, response.call_id, response.to.tag)
        if response.status >= 200:
            self._learn(response)
        response.pop("via")
        self._stats.responses += 1
        return Send(Side.WORKERS, *worker.address, bytes(response))

    def unreachable(self, request: SipRequest) -> None:
        """A request found no way to where it should go: if that was a peer, the next call goes to another."""
        attempt = self._destinations.attempt(request.call_id)
        if attempt is not None and attempt.service is not None:
            self._destinations.failed(attempt.service)
            others = self.known(attempt.domain, attempt.wanted) or ()
            if any(self._destinations.lives(service) for service in others):
                return
        peer = self._peers.chosen(request.call_id, request.from_.tag)
        if peer is not None and self._peers.failed(peer, at_once=True):
            log.warning("peer %s cannot be reached", peer.config.name)

    def _learn(self, response: SipResponse) -> None:
        method = response.cseq[1]
        # PBXs answer a call with 503 when the called party cannot be reached; they mean themselves where they say
        # when to come again (RFC 3261 section 21.5.4).
        overloaded = response.status == UNAVAILABLE and response.first("retry-after") is not None
        if method != "REGISTER" and not (method == "INVITE" and overloaded):
            return
        attempt = self._destinations.attempt(response.call_id)
        if attempt is not None and attempt.service is not None:
            if response.status == UNAVAILABLE:
                self._destinations.failed(attempt.service)
            return
        peer = self._peers.chosen(response.call_id, response.from_.tag)
        if peer is not None and self._peers.answered(peer, response.status):
            log.warning("peer %s answered a call with %d", peer.config.name, response.status)
