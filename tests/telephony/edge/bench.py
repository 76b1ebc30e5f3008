"""The edge without its sockets, and short words for what tests do with it."""

from __future__ import annotations

from collections.abc import Mapping

from telephony.edge import Dispatcher, EdgeConfig, EdgeStats
from telephony.edge.flow import Transport
from telephony.edge.hop import Hop, Send, Side
from telephony.edge.router import Router
from telephony.edge.sources import SourceLog
from telephony.sip import SipMessage, SipRequest, SipResponse, parse_message

PUBLIC = ("192.0.2.4", 5060)
INTERNAL = ("127.0.0.1", 7000)
WORKER = ("127.0.0.1", 7001)
CALLER = ("192.0.2.1", 5060)


class Bench:
    """A router between a caller at CALLER and workers from WORKER's port upwards."""

    def __init__(
        self,
        public: tuple[str, int] = PUBLIC,
        config: EdgeConfig | None = None,
        ports: Mapping[Transport, int] | None = None,
    ) -> None:
        self.stats = EdgeStats()
        self.dispatcher = Dispatcher()
        self.hop = Hop(public, ("0.0.0.0", public[1]), INTERNAL, b"secret", ports)
        self.router = Router(config or EdgeConfig(), self.hop, self.dispatcher, self.stats, SourceLog())
        self.dispatcher.add_worker("w1", WORKER, 2)

    def ask(self, data: bytes, source: tuple[str, int] = CALLER) -> SipResponse:
        """Send a request from outside that the edge itself answers."""
        send = self.router.from_outside(data, source)
        assert send is not None
        assert (send.side, send.host, send.port) == (Side.OUTSIDE, *source)
        message = parse_message(send.data)
        assert isinstance(message, SipResponse)
        return message

    def inward(self, data: bytes, source: tuple[str, int] = CALLER, worker: tuple[str, int] = WORKER) -> SipRequest:
        """Send a request from outside that goes to a worker."""
        message = arrived(self.router.from_outside(data, source), Side.WORKERS, worker)
        assert isinstance(message, SipRequest)
        return message

    def outward(self, data: bytes, target: tuple[str, int], worker: tuple[str, int] = WORKER) -> SipRequest:
        """Send a request of a worker that leaves for ``target``."""
        message = arrived(self.router.from_worker(data, worker), Side.OUTSIDE, target)
        assert isinstance(message, SipRequest)
        return message

    def reply_outward(self, request: SipRequest, status: int, tag: str = "near") -> SipResponse:
        """Let the worker answer a request; what the caller gets."""
        message = arrived(self.router.from_worker(reply(request, status, tag), WORKER), Side.OUTSIDE, CALLER)
        assert isinstance(message, SipResponse)
        return message


def arrived(send: Send | None, side: Side, place: tuple[str, int]) -> SipMessage:
    """Check where a datagram goes, and read it."""
    assert send is not None
    assert (send.side, send.host, send.port) == (side, *place)
    message = parse_message(send.data)
    assert message.defect is None
    return message


def reply(request: SipRequest, status: int, tag: str = "near") -> bytes:
    """What a user agent answers: Via, From, To, Call-ID, CSeq and Record-Route copied, a To tag added."""
    copied = [header for header in request.headers if header.key in ("via", "from", "call-id", "cseq", "record-route")]
    response = SipResponse(status, "Any", copied)
    to = request.require("to")
    response.append("To", to if request.to.tag else f"{to};tag={tag}")
    response.append("Content-Length", "0")
    return bytes(response)
