"""Carries out a transfer with the library: the I/O around ``transfer.Transfer``. For the SIP thread only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from telephony.line.endpoint import Timer
from telephony.line.library import explain
from telephony.line.library_call import LibraryCall, MediaState, StreamStats
from telephony.line.media_port import MediaPort
from telephony.line.pump import FramePump
from telephony.line.transfer import (
    Action,
    Begin,
    CallerGone,
    Event,
    Finish,
    HangUpCaller,
    HangUpTarget,
    Progress,
    ReferFailed,
    RingTarget,
    SendRefer,
    TargetAnswered,
    TargetGone,
    Tick,
    Transfer,
)
from voicebot.conversation.leg import HangupCause, TransferMode, TransferRequest, TransferResult

if TYPE_CHECKING:
    from telephony.line.sip_call import CallContext

logger = logging.getLogger(__name__)

NOT_SENT = 500


class TransferDriver:
    """One transfer under way.

    Args:
        context: what all calls share.
        caller: the call to hand over.
        request: where to.
        on_done: told the result once.
    """

    def __init__(
        self,
        context: CallContext,
        caller: LibraryCall,
        request: TransferRequest,
        on_done: Callable[[TransferResult], None],
    ) -> None:
        self._context = context
        self._caller: LibraryCall | None = caller
        self._request = request
        self._on_done = on_done
        self._machine = Transfer(request.mode, request.ring_timeout_s, context.config.notify_timeout_s)
        self._target: Consultation | None = None
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Start."""
        self._feed(Begin())

    def progress(self, status: int, reason: str, final: bool) -> None:
        """The caller's side answered the REFER or sent a NOTIFY."""
        self._feed(Progress(status, reason, final))

    def caller_gone(self) -> None:
        """The caller's side hung up."""
        self._feed(CallerGone())

    def _feed(self, event: Event) -> None:
        for action in self._machine.feed(event, time.monotonic()):
            self._perform(action)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_s = self._machine.deadline_s
        if deadline_s is not None:
            delay_s = max(0.0, deadline_s - time.monotonic())
            self._timer = self._context.sip.call_later(delay_s, lambda: self._feed(Tick()))

    def _perform(self, action: Action) -> None:
        match action:
            case RingTarget():
                self._ring()
            case SendRefer():
                self._refer()
            case HangUpTarget():
                if self._target is not None:
                    self._target.hang_up()
            case HangUpCaller():
                # Done by the owner of the call, after it has told the result.
                pass
            case Finish(result):
                self._caller = None
                self._on_done(result)

    def _ring(self) -> None:
        self._target = Consultation(self._context, self._request, self._feed)
        try:
            self._target.dial()
        except pj.Error as error:
            self._later(TargetGone(NOT_SENT, explain(error)))

    def _refer(self) -> None:
        if self._caller is None:
            return
        try:
            if self._request.mode is TransferMode.BLIND:
                self._caller.refer(self._request.target, self._request.headers)
            elif self._target is not None and self._target.call is not None:
                self._caller.refer_to(self._target.call, self._request.headers)
        except pj.Error as error:
            self._later(ReferFailed(explain(error)))

    def _later(self, event: Event) -> None:
        """Feed an event that came up while actions are being carried out."""
        self._context.sip.post(lambda: self._feed(event))


class Consultation:
    """Our call with the target of a transfer; a ``CallHandler``. It plays silence and hears nothing.

    Args:
        context: what all calls share.
        request: whom to ring.
        tell: gets what happens.
    """

    def __init__(self, context: CallContext, request: TransferRequest, tell: Callable[[Event], None]) -> None:
        self._context = context
        self._request = request
        self._tell = tell
        self._port: MediaPort | None = None
        self.call: LibraryCall | None = None

    def dial(self) -> None:
        """Ring the target.

        Raises:
            pj.Error: the library cannot send the INVITE.
        """
        self.call = LibraryCall(self._context.account_for(self._request.target), self)
        self._context.opened(self)
        try:
            self.call.dial(self._request.target, self._request.headers)
        except pj.Error:
            self.drop()
            raise

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call, in whatever state it is."""
        if self.call is None:
            return
        try:
            self.call.end()
        except pj.Error as error:
            logger.info("consultation %s: %s", self.call.call_id, explain(error))

    def on_confirmed(self) -> None:
        """The target answered."""
        self._tell(TargetAnswered())

    def on_disconnected(self, status: int, reason: str) -> None:
        """The target refused, hung up, or was hung up on."""
        if self.call is None or not self.call.call_id:
            # Told from within ``dial``, which fails and cleans up.
            return
        self._tell(TargetGone(status, reason))
        self._context.sip.post(self.drop)

    def on_media(self, media: MediaState) -> None:
        """Send silence: some gateways drop a call without packets."""
        if media.active and self.call is not None:
            if self._port is None:
                self._port = self._context.ports.lend(FramePump(self._context.config.frame_samples, None))
            self._port.connect(self.call.getAudioMedia(media.index))

    def on_stream_ended(self, stats: StreamStats) -> None:
        """Nobody asks for the figures of a consultation."""

    def on_digit(self, digit: str) -> None:
        """Keys of the target mean nothing to us."""

    def on_refer(self, status: int, reason: str, final: bool) -> None:
        """No REFER is ever sent on this call."""

    def drop(self) -> None:
        """Free the library's objects, over or not."""
        if self.call is not None:
            self.call.release()
        if self._port is not None:
            self._context.ports.take_back(self._port)
        self._port = None
        self.call = None
        self._context.released(self)
