"""The edge as one hop of a route: its addresses, its Via, its Record-Route and its Routes."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from telephony.edge.dispatcher import Address
from telephony.edge.flow import UDP, Flow, Transport, read_flow, transport_of
from telephony.sip import SipMessage, SipRequest, SipUri, Via, parse_uri
from telephony.sip.uri import DEFAULT_PORT, SECURE_PORT
from telephony.sip.via import MAGIC_COOKIE

_MARK = MAGIC_COOKIE + "-edge-"
_LOOP_CHARS = 16


class Side(enum.Enum):
    """The two faces of the edge."""

    OUTSIDE = "outside"
    WORKERS = "workers"


@dataclass(frozen=True, slots=True)
class Send:
    """A datagram to be sent.

    Attributes:
        side: the socket it leaves by.
        host: where to: an address, or (for a request of a worker) a name that has yet to be looked up.
        port: where to.
        data: the message.
        request: the request in ``data``, so that its sender can be told when the name leads nowhere.
        worker: address of that sender.
        looked_up: the host may be a name though there is no request to tell about.
        name: what a certificate must be for, where the host is an address that was looked up; "" for the host.
        lookup: nothing to be sent yet: this domain's servers, by this transport or any, have to be looked up first,
            and then ``data``, the datagram as the worker sent it, is worked on again.
        flow: how it goes outside; a connection that is gone by now is replaced by a new one to host and port.
    """

    side: Side
    host: str
    port: int
    data: bytes
    request: SipRequest | None = None
    worker: Address | None = None
    flow: Flow = UDP
    looked_up: bool = False
    name: str = ""
    lookup: tuple[str, Transport | None] | None = None


class Hop:
    """Names and recognises the edge in messages.

    Args:
        public: address that peers are told.
        bound: address of the public socket.
        internal: address of the workers' socket.
        secret: key of the hashes in branches.
        ports: public port of each transport that calls may come by, if not UDP alone.
    """

    def __init__(
        self,
        public: Address,
        bound: Address,
        internal: Address,
        secret: bytes,
        ports: Mapping[Transport, int] | None = None,
    ) -> None:
        self.secret = secret
        self._ports: dict[Transport, int] = {"UDP": public[1], "TCP": public[1], "TLS": public[1], **(ports or {})}
        hosts = (public[0].lower(), bound[0].lower())
        self._public = {(host, port) for host in hosts for port in (bound[1], *self._ports.values())}
        self._internal = {(internal[0], internal[1])}
        self._loopback = bound if bound[0] not in ("0.0.0.0", "::") else (_LOOPBACK[bound[0]], bound[1])
        self._sent_by = {
            Side.OUTSIDE: (bracketed(public[0]).lower(), public[1]),
            Side.WORKERS: (internal[0], internal[1]),
        }

    def is_mine(self, uri: SipUri, side: Side | None = None) -> bool:
        """Whether a URI names the edge (one of its sides)."""
        secure = uri.scheme == "sips" or (uri.params.get("transport") or "").lower() == "tls"
        place = (uri.host, uri.port or (SECURE_PORT if secure else DEFAULT_PORT))
        return (side is not Side.WORKERS and place in self._public) or (
            side is not Side.OUTSIDE and place in self._internal
        )

    def is_own(self, source: Address) -> bool:
        """Whether a datagram comes from the edge's own public socket: a bot called a bot."""
        return source == self._loopback or source in self._public

    def shortcut(self, uri: SipUri) -> Address:
        """Where a request to ``uri`` is sent; one to the edge's own public address need not leave the machine."""
        return self._loopback if self.is_mine(uri, Side.OUTSIDE) else (uri.host, uri.target_port)

    def own_via(self, via: Via, side: Side) -> bool:
        """Whether the edge wrote this Via for requests that leave by ``side``."""
        host, port = self._sent_by[side]
        ports = set(self._ports.values()) if side is Side.OUTSIDE else {port}
        return via.host == host and (via.port or DEFAULT_PORT) in ports and via.branch.startswith(_MARK)

    def pop_routes(self, request: SipRequest) -> str:
        """Take out the Routes that name the edge (RFC 3261 section 16.4); returns the first user part in them.

        Raises:
            SipMessageError: a Route cannot be read.
        """
        self._undo_strict_router(request)
        user = ""
        for route in request.routes:
            uri = parse_uri(route.uri)
            if not self.is_mine(uri):
                break
            request.pop("route")
            user = user or uri.user
        return user

    def _undo_strict_router(self, request: SipRequest) -> None:
        """A strict router before us put our Record-Route in the request URI: take the real one back (16.4)."""
        if ";lr" not in request.uri.lower() or request.first("route") is None:
            return
        uri = parse_uri(request.uri)
        if "lr" in uri.params and self.is_mine(uri):
            request.uri = request.routes[-1].uri
            request.pop("route", last=True)

    def record_route(self, request: SipRequest, leaves_by: Side, token: str, flow: Flow = UDP) -> None:
        """Add both sides, the one it leaves by on top (RFC 5658): each party sees the address it can reach.

        The worker's side carries the connection that the other party is at, so that what the worker sends in the
        call goes back by it (RFC 5626 section 5.3).
        """
        host, port = self._sent_by[Side.WORKERS]
        inner = f"<sip:{flow.token}@{host}:{port};lr>" if flow.token else f"<sip:{host}:{port};lr>"
        outer = f"<sip:{token}@{self._outer_place(flow)};lr>"
        for value in (inner, outer) if leaves_by is Side.OUTSIDE else (outer, inner):
            request.push("Record-Route", value)

    def _outer_place(self, flow: Flow) -> str:
        transport = "" if flow.transport == "UDP" else f";transport={flow.transport.lower()}"
        return f"{self._sent_by[Side.OUTSIDE][0]}:{self._ports[flow.transport]}{transport}"

    def options(self, flow: Flow, host: str, port: int, domain: str, branch: str, user_agent: str) -> bytes:
        """An OPTIONS of our own, by which a peer shows that it lives."""
        place = f"{self._sent_by[Side.OUTSIDE][0]}:{self._ports[flow.transport]}"
        transport = "" if flow.transport == "UDP" else f";transport={flow.transport.lower()}"
        name = branch.removeprefix(MAGIC_COOKIE)
        lines = [
            f"OPTIONS sip:{domain or bracketed(host)}{'' if domain else f':{port}'}{transport} SIP/2.0",
            f"Via: SIP/2.0/{flow.transport} {place};rport;branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:voicebot@{place}>;tag={name}",
            f"To: <sip:{domain or bracketed(host)}>",
            f"Call-ID: {name}@{self._sent_by[Side.OUTSIDE][0]}",
            "CSeq: 1 OPTIONS",
            f"Contact: <sip:voicebot@{place}{transport}>",
            f"User-Agent: {user_agent}",
            "Accept: application/sdp",
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def push_via(self, request: SipRequest, came_from: Via, side: Side, flow: Flow = UDP) -> None:
        """Add the edge's Via on top.

        Args:
            request: what to add it to.
            came_from: the top Via as it was received.
            side: where the request leaves by.
            flow: how it travels outside: the one it came by, or the one it leaves by.
        """
        host, port = self._sent_by[side]
        branch = self._loop_part(request, side) + self._transaction_part(came_from)
        if side is Side.OUTSIDE:
            value = f"SIP/2.0/{flow.transport} {host}:{self._ports[flow.transport]};rport;branch={branch}"
        else:
            value = f"SIP/2.0/UDP {host}:{port};branch={branch}" + (f";flow={flow.token}" if flow.token else "")
        request.push("Via", value)

    def flow_of(self, via: Via) -> Flow:
        """The flow that a request came by, from the Via that the edge gave it."""
        return read_flow(via.params.get("flow") or "") or UDP

    def show_contact(self, message: SipMessage, flow: Flow) -> None:
        """Give a worker's Contact the transport that the other party is at."""
        if flow.transport == "UDP":
            return
        udp = f"@{self._outer_place(UDP)}"
        for index, header in enumerate(message.headers):
            if header.key == "contact" and udp in header.value and ";transport=" not in header.value:
                value = header.value.replace(udp, f"@{self._outer_place(flow)}", 1)
                message.headers[index] = header._replace(value=value)

    def next_flow(self, target: SipUri, named: str) -> Flow:
        """How a worker's request leaves: by the connection its route names, else as its target wants.

        Raises:
            SipMessageError: the target wants a transport that nobody here speaks.
        """
        flow = read_flow(named)
        if flow is not None:
            return flow
        if self.is_mine(target, Side.OUTSIDE):
            return UDP
        return Flow(transport_of(target))

    def is_loop(self, request: SipRequest, side: Side) -> bool:
        """Whether the request comes by once more unchanged (RFC 3261 section 16.3 item 4); a spiral is no loop."""
        if not any(_MARK in value for value in request.all("via")):
            return False
        part = self._loop_part(request, side)
        return any(self.own_via(via, side) and via.branch.startswith(part) for via in request.vias)

    def _loop_part(self, request: SipRequest, side: Side) -> str:
        """Section 16.6 item 8: what routes the request. No method and no To tag: CANCEL and ACK must match."""
        number = str(request.cseq[0])
        named = [side.value, request.uri, request.call_id, request.from_.tag, number, *request.all("route")]
        return _MARK + self._hash("\n".join(named), _LOOP_CHARS // 2) + "."

    def _transaction_part(self, came_from: Via) -> str:
        """Section 16.11: a hash of the received branch, so that repeats, CANCEL and ACK carry the same one.

        A sender without the magic cookie (RFC 2543) has nothing unique in there; the loop part makes up for it.
        """
        return self._hash(f"{came_from.branch}\n{came_from.host}\n{came_from.port}", 8)

    def _hash(self, text: str, size: int) -> str:
        data = text.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(data, digest_size=size, key=self.secret).hexdigest()


_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def bracketed(host: str) -> str:
    """An address as it stands in URIs and Vias: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
