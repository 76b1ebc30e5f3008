"""Requests of the workers, and the responses that come back for them."""

from __future__ import annotations

import logging

from telephony.edge.config import EdgeStats
from telephony.edge.dispatcher import Dispatcher, Worker
from telephony.edge.flow import Flow, target_port
from telephony.edge.forward import RECORDED, count_hop, read_target
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.peers import UNAVAILABLE, Peers
from telephony.edge.screening import Verdict
from telephony.sip import SipRequest, SipResponse, SipUri, Via
from voicebot.errors import SipMessageError

log = logging.getLogger(__name__)


class Outbound:
    """Sends workers' requests to where they are addressed, and the responses back. Without state of its own."""

    def __init__(self, hop: Hop, dispatcher: Dispatcher, stats: EdgeStats, peers: Peers) -> None:
        self._peers = peers
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
        peer = self._peers.choose(
            target, request.call_id, request.from_.tag, not request.to.tag, request.method != "REGISTER"
        )
        flow = Flow(peer.config.transport) if peer is not None else self._hop.next_flow(target, named)
        count_hop(request)
        if request.method in RECORDED and not request.to.tag:
            self._dispatcher.remember_outbound(worker, request.call_id, request.from_.tag)
            self._hop.record_route(request, Side.OUTSIDE, worker.token, flow)
        self._hop.show_contact(request, flow)
        self._hop.push_via(request, came_from, Side.OUTSIDE, flow)
        self._stats.to_outside += 1
        if peer is not None:
            place = (peer.config.host, peer.config.port)
        elif flow.transport == "UDP":
            place = self._hop.shortcut(target)
        else:
            place = (target.host, target_port(target))
        return Send(Side.OUTSIDE, *place, bytes(request), request, worker.address, flow)

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
        peer = self._peers.chosen(response.call_id, response.from_.tag)
        if peer is not None and self._peers.answered(peer, response.status):
            log.warning("peer %s answered a call with %d", peer.config.name, response.status)
