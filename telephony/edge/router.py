"""The edge without its sockets: a datagram in, at most one datagram out.

A record-routing, transaction-stateless proxy (RFC 3261 section 16.11) between the world and the line workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from telephony.edge.access import Access
from telephony.edge.config import EdgeConfig, EdgeStats
from telephony.edge.destinations import Destinations
from telephony.edge.dispatcher import Address, Dispatcher, Worker
from telephony.edge.flow import UDP, Flow
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.inbound import Inbound
from telephony.edge.networks import Names, Networks
from telephony.edge.outbound import Known, Outbound
from telephony.edge.peers import Peers
from telephony.edge.screening import KNOWN_METHODS, Verdict
from telephony.edge.sources import SourceLog
from telephony.sip import (
    SipRequest,
    SipResponse,
    Via,
    can_reply,
    check_request,
    check_response,
    make_reply,
    parse_message,
)
from voicebot.errors import SipMessageError

ACCOUNT_HEADER = "X-Voicebot-Account"
"""Header that tells a worker which user or peer a call is from."""


class Router:
    """Decides on every datagram of the edge.

    Args:
        config: the edge's settings.
        hop: the edge's addresses.
        dispatcher: knows the workers and their calls.
        stats: counted into.
        sources: told of peers that misbehave.
    """

    def __init__(
        self,
        config: EdgeConfig,
        hop: Hop,
        dispatcher: Dispatcher,
        stats: EdgeStats,
        sources: SourceLog,
    ) -> None:
        self._config = config
        self._hop = hop
        self._dispatcher = dispatcher
        self._stats = stats
        self._sources = sources
        named = (entry for entries in config.sources.values() for entry in entries)
        self.known = Networks((*config.access.allow, *named))
        self.names = Names(config.sources)
        self.access = Access(config.access, self.known, stats, sources, hop.secret)
        self._inbound = Inbound(config, hop, dispatcher, stats)
        self.peers = Peers(config.peers)
        self.destinations = Destinations()
        self._outbound = Outbound(hop, dispatcher, stats, self.peers, self.destinations)
        self.take_pong: Callable[[SipResponse], bool] = lambda _: False

    def from_outside(self, data: bytes, source: Address, flow: Flow = UDP) -> Send | None:
        """Handle a message from outside. Any bytes will do; nothing is raised."""
        if not self._hop.is_own(source) and not self.access.hears(source[0]):
            return None
        message = self._parse(data, source)
        if isinstance(message, SipRequest):
            return self._request_from_outside(message, source, flow)
        if message is not None and self._fit(message, source) and not self.take_pong(message):
            return self._outbound.response(message)
        return None

    def from_worker(self, data: bytes, source: Address) -> Send | None:
        """Handle a datagram of the workers' socket. Any bytes will do; nothing is raised."""
        worker = self._dispatcher.worker_at(source)
        if worker is None:
            self._stats.dropped["not a worker"] += 1
            return None
        message = self._parse(data, source)
        if isinstance(message, SipRequest):
            send = self._request_from_worker(message, worker)
            if send is not None and send.lookup is not None:
                return replace(send, data=data, worker=source)
            return send
        if message is not None and self._fit(message, source):
            return self._inbound.response(message, worker)
        return None

    def unreachable(self, request: SipRequest, address: Address) -> Send | None:
        """Tell the worker at ``address`` that its request found no way out (section 16.9: as if a 503 had come)."""
        self._outbound.unreachable(request)
        request.pop("via")
        if request.method == "ACK":
            return None
        worker = self._dispatcher.worker_at(address)
        return None if worker is None else self._answer_worker(request, worker, Verdict(503))

    def look_up_by(self, known: Known) -> None:
        """Let the servers of domains be looked up in ``known`` from now on."""
        self._outbound.known = known

    def _parse(self, data: bytes, source: Address) -> SipRequest | SipResponse | None:
        if not data.strip(b"\r\n\x00"):
            self._stats.keep_alives += 1
            return None
        try:
            return parse_message(data, self._config.max_message_bytes)
        except SipMessageError as error:
            self._drop("not sip", error.message, source)
            return None

    def _fit(self, response: SipResponse, source: Address) -> bool:
        try:
            check_response(response)
        except SipMessageError as error:
            self._drop("malformed response", error.message, source)
            return False
        return True

    def _request_from_outside(self, request: SipRequest, source: Address, flow: Flow) -> Send | None:
        self._stats.requests[request.method if request.method in KNOWN_METHODS else "OTHER"] += 1
        own = self._hop.is_own(source)
        try:
            uri = check_request(request)
            came_from = request.top_via
            reply_to = came_from.seen_from(*source)
            in_call = own or self._inbound.knows(request, uri)
            outcome: Send | Verdict | str | None = self.access.judge(request, source[0], in_call)
            if isinstance(outcome, str):
                self._name_account(request, outcome, "" if own else self.names.of(source[0]))
                outcome = self._inbound.request(request, uri, came_from, reply_to, flow)
        except SipMessageError as error:
            if not own and self.access.silent_about(error, source[0]):
                return None
            if not can_reply(request):
                self._drop("malformed request", error.message, source)
                return None
            self._sources.note(source[0], error.message)
            reply_to = request.top_via.seen_from(*source)
            outcome = Verdict(error.status, reason=error.message)
        if isinstance(outcome, Verdict):
            data = self._answer(request, reply_to, outcome)
            return Send(Side.OUTSIDE, *reply_to.reply_address, data, flow=flow)
        return outcome

    def _name_account(self, request: SipRequest, user: str, peer: str) -> None:
        """Tell the worker whose call it is; nobody outside may say so."""
        request.remove(ACCOUNT_HEADER.lower())
        if user:
            request.remove("authorization")
        if user or peer:
            request.append(ACCOUNT_HEADER, user or peer)

    def _request_from_worker(self, request: SipRequest, worker: Worker) -> Send | None:
        try:
            uri = check_request(request)
            outcome = self._outbound.request(request, uri, request.top_via, worker)
        except SipMessageError as error:
            if not can_reply(request):
                self._drop("malformed request", error.message, worker.address)
                return None
            outcome = Verdict(error.status, reason=error.message)
        if isinstance(outcome, Send):
            return outcome
        if request.method == "ACK":
            return None
        return self._answer_worker(request, worker, outcome)

    def _answer_worker(self, request: SipRequest, worker: Worker, verdict: Verdict) -> Send:
        return Send(Side.WORKERS, *worker.address, self._answer(request, request.top_via, verdict))

    def _answer(self, request: SipRequest, reply_to: Via, verdict: Verdict) -> bytes:
        self._stats.answered[verdict.status] += 1
        extra = [*verdict.extra, ("Server", self._config.user_agent)]
        reply = make_reply(
            request, verdict.status, reply_to, reason=verdict.reason, extra=extra, secret=self._hop.secret
        )
        return bytes(reply)

    def _drop(self, reason: str, detail: str, source: Address) -> None:
        self._stats.dropped[reason] += 1
        self._sources.note(source[0], f"dropped, {detail}")
