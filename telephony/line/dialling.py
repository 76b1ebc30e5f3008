"""A call out: its INVITE, and the next one where a peer does not carry it. For the SIP thread only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pjsua2 as pj

from telephony.line.attempts import TIMED_OUT, Attempts, may_have_others, nobody_left
from telephony.line.ending import CallEnd
from telephony.line.endpoint import Timer
from telephony.line.library import explain
from telephony.line.library_call import CallHandler, LibraryCall, StreamStats
from telephony.sip.again import AGAIN_HEADER
from voicebot.conversation.leg import HangupCause

if TYPE_CHECKING:
    from telephony.line.sip_call import CallContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialOrder:
    """Whom a call rings.

    Attributes:
        target: a SIP URI.
        headers: further headers of the INVITE.
        local_uri: for From; "" for the account's own address.
    """

    target: str
    headers: Mapping[str, str]
    local_uri: str


class Dialling:
    """Sends INVITEs until one of them is taken, or refused for good.

    Args:
        context: what all calls share.
        handler: told what happens to the library's call.
        order: whom to ring.
        use: told of the library's call of each attempt.
        finish: told that the call is over, where that turns out outside of the library's callbacks.
    """

    def __init__(
        self,
        context: CallContext,
        handler: CallHandler,
        order: DialOrder,
        use: Callable[[LibraryCall], None],
        finish: Callable[[CallEnd], None],
    ) -> None:
        self._context = context
        self._handler = handler
        self._order = order
        self._use = use
        self._finish = finish
        # Without the edge there is nobody who knows other peers.
        self._over = not context.config.outbound_proxy
        self._attempts = Attempts(context.config.failover, time.monotonic())
        self._failed: CallEnd | None = None
        self._call: LibraryCall | None = None
        self._timer: Timer | None = None

    @property
    def count(self) -> int:
        """INVITEs sent so far."""
        return self._attempts.count

    def invite(self, before: str = "") -> LibraryCall:
        """Send an INVITE; ``before`` is the Call-ID of the attempt before it.

        Raises:
            pj.Error: the library cannot send it.
        """
        order, failover = self._order, self._context.config.failover
        call = self._call = LibraryCall(self._context.account_for(order.target), self._handler)
        self._use(call)
        call.dial(order.target, {**order.headers, **({AGAIN_HEADER: before} if before else {})}, order.local_uri)
        self._attempts.count += 1
        if not self._over and may_have_others(order.target, failover.hosts):
            self._timer = self._context.sip.call_later(failover.silent_s, self._no_sound)
        return call

    def stop(self) -> None:
        """The call was answered, or we gave it up: no further attempts."""
        self._over = True
        self._cancel()
        self._call = None

    def ended(self, call: LibraryCall, end: CallEnd) -> CallEnd | None:
        """An attempt ended. Returns the end of the call; None: it goes on elsewhere."""
        if self._failed is not None and nobody_left(end.status, end.reason):
            return self._failed
        if not self._goes_on(call, end):
            return end
        self._leave(call, end)
        return None

    def _goes_on(self, call: LibraryCall, end: CallEnd) -> bool:
        now_s = time.monotonic()
        return not self._over and self._attempts.again(
            end.status, end.q850, heard=call.heard, rang=call.rang, now_s=now_s
        )

    def _leave(self, call: LibraryCall, end: CallEnd) -> None:
        """Give an attempt up; the library's object must not be let go of inside its own callback."""
        self._cancel()
        call.release()
        self._failed = end
        # Not the object itself: freed after the next INVITE, it would take that one's place in the library from it, if
        # that is the same place, and nothing would be heard of the call again.
        before = call.call_id
        self._context.sip.post(lambda: self._next(before, end))

    def _next(self, before: str, end: CallEnd) -> None:
        if self._over:
            self._finish(end)
            return
        try:
            call = self.invite(before)
        except pj.Error as error:
            logger.warning("call %s cannot be tried again: %s", before, explain(error))
            self._finish(end)
            return
        logger.info("call %s is tried again as %s: SIP %d", before, call.call_id, end.status)

    def _no_sound(self) -> None:
        """Not even a 100 has come from the peer. Should it speak up later, the library sends CANCEL, or ACK and BYE."""
        call = self._call
        if call is None or call.heard:
            return
        end = CallEnd(HangupCause.FAILED, TIMED_OUT, "No response", StreamStats(), (), call.call_id, self.count)
        if self._goes_on(call, end):
            self._leave(call, end)
            call.end()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
