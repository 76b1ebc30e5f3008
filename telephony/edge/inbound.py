"""Requests from outside, and the workers' responses to them."""

from __future__ import annotations

from telephony.edge.config import EdgeConfig, EdgeStats
from telephony.edge.dispatcher import Dispatcher, Worker
from telephony.edge.flow import UDP, Flow
from telephony.edge.forward import RECORDED, count_hop
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.screening import Verdict, screen
from telephony.sip import SipRequest, SipResponse, SipUri, Via, parse_uri
from telephony.sip.dtmf_info import as_relay
from telephony.sip.grammar import parse_params
from voicebot.errors import SipMessageError


class Inbound:
    """Brings requests from outside to the worker they belong to. Without state of its own."""

    def __init__(self, config: EdgeConfig, hop: Hop, dispatcher: Dispatcher, stats: EdgeStats) -> None:
        self._config = config
        self._hop = hop
        self._dispatcher = dispatcher
        self._stats = stats

    def request(
        self, request: SipRequest, uri: SipUri, came_from: Via, reply_to: Via, flow: Flow = UDP
    ) -> Send | Verdict | None:
        """Handle a well-formed request.

        Args:
            request: it has passed ``check_request``; it is changed.
            uri: its request URI.
            came_from: its top Via as received.
            reply_to: the same with received and rport noted.
            flow: how it came.

        Returns:
            The datagram for a worker, or what the edge answers, or None for an ACK that leads nowhere.
        """
        to_tag = request.to.tag
        verdict = screen(request, bool(to_tag))
        if verdict is None:
            named = self._hop.pop_routes(request)
            if self._hop.is_loop(request, Side.WORKERS):
                verdict = Verdict(482)
        if verdict is None:
            worker = self._find(request, uri, to_tag, named)
            if isinstance(worker, Worker):
                return self._forward(request, worker, came_from, reply_to, flow)
            verdict = worker
        if request.method == "ACK":
            self._stats.dropped["stray ack"] += 1
            return None
        return verdict

    def knows(self, request: SipRequest, uri: SipUri) -> bool:
        """Whether a request belongs to a call that a worker has: it may come from anywhere, calls go anywhere.

        Raises:
            SipMessageError: a Route cannot be read.
        """
        to_tag = request.to.tag
        if not to_tag and request.method == "INVITE":
            return False
        if self._dispatcher.find(request.call_id, request.from_.tag, to_tag) is not None:
            return True
        users = (uri.user, *(parse_uri(route.uri).user for route in request.routes[:2]))
        return bool(to_tag) and any(self._dispatcher.worker(user) is not None for user in users)

    def _find(self, request: SipRequest, uri: SipUri, to_tag: str, named: str) -> Worker | Verdict:
        """The worker for a request.

        The table of calls comes first and the token second: for CANCEL and for the ACK of a refusal the request
        URI is that of the INVITE, which may be the registered Contact of another worker.
        """
        call_id, from_tag, method = request.call_id, request.from_.tag, request.method
        if method == "INVITE" and not to_tag:
            return self._first_invite(request, call_id, from_tag)
        worker = self._dispatcher.find(call_id, from_tag, to_tag)
        if worker is None and to_tag:
            worker = self._dispatcher.worker(uri.user) or self._dispatcher.worker(named)
        return worker or Verdict(481)

    def _first_invite(self, request: SipRequest, call_id: str, from_tag: str) -> Worker | Verdict:
        cseq = request.cseq[0]
        replaced = self._replaced(request)
        if replaced is not None:
            self._dispatcher.join(replaced, call_id, from_tag, cseq)
            return replaced
        worker = self._dispatcher.choose(call_id, from_tag, cseq)
        return worker or Verdict(486, (("Retry-After", str(self._config.busy_retry_after_s)),))

    def _replaced(self, request: SipRequest) -> Worker | None:
        """The worker of the dialog that Replaces names (RFC 3891): only it can match that dialog."""
        value = request.first("replaces")
        if value is None:
            return None
        call_id, mark, rest = value.partition(";")
        params = parse_params(mark + rest)
        near_tag, far_tag = params.get("to-tag") or "", params.get("from-tag") or ""
        return self._dispatcher.find(call_id.strip(), far_tag, near_tag)

    def _forward(self, request: SipRequest, worker: Worker, came_from: Via, reply_to: Via, flow: Flow) -> Send:
        request.replace("via", str(reply_to))
        count_hop(request)
        as_relay(request)
        if request.method in RECORDED and not request.to.tag:
            self._hop.record_route(request, Side.WORKERS, worker.token, flow)
        if request.uri[:5].lower() == "sips:":
            # The last hop is this machine's own (RFC 3261 section 26.2.2), and the library has no TLS of its own.
            request.uri = "sip:" + request.uri[5:]
        self._hop.push_via(request, came_from, Side.WORKERS, flow)
        self._stats.to_workers += 1
        return Send(Side.WORKERS, *worker.address, bytes(request))

    def response(self, response: SipResponse, worker: Worker) -> Send | None:
        """Pass a worker's response on; None drops it. ``response`` has passed ``check_response``."""
        if not self._hop.own_via(response.top_via, Side.WORKERS):
            self._stats.dropped["stray response"] += 1
            return None
        flow = self._hop.flow_of(response.top_via)
        response.pop("via")
        self._count(response, worker)
        try:
            host, port = response.top_via.reply_address
        except SipMessageError:
            self._stats.dropped["stray response"] += 1
            return None
        self._stats.responses += 1
        self._hop.show_contact(response, flow)
        return Send(Side.OUTSIDE, host, port, bytes(response), flow=flow)

    def _count(self, response: SipResponse, worker: Worker) -> None:
        number, method = response.cseq
        call_id, from_tag = response.call_id, response.from_.tag
        if response.status < 200:
            return
        if method == "BYE":
            self._dispatcher.ended(worker, call_id, from_tag)
        elif method == "INVITE" and response.status < 300:
            self._dispatcher.answered(worker, call_id, from_tag)
        elif method == "INVITE":
            self._dispatcher.failed(worker, call_id, from_tag, number)
