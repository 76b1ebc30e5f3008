"""Carries out a transfer with the library: the I/O around ``transfer.Transfer``. For the SIP thread only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from telephony.line.bridge import Bridge, Side
from telephony.line.consultation import Consultation
from telephony.line.endpoint import Timer
from telephony.line.library import explain
from telephony.line.library_call import LibraryCall
from telephony.line.pump import FramePump
from telephony.line.transfer import (
    Action,
    Begin,
    BriefTarget,
    CallerGone,
    Event,
    Finish,
    HangUpCaller,
    HangUpTarget,
    JoinCalls,
    Progress,
    ReferFailed,
    RingTarget,
    SendRefer,
    TargetGone,
    Tick,
    Transfer,
)
from voicebot.conversation.leg import TransferMode, TransferOutcome, TransferRequest, TransferResult

if TYPE_CHECKING:
    from telephony.line.sip_call import CallContext

logger = logging.getLogger(__name__)

NOT_SENT = 500


class TransferDriver:
    """One transfer under way, and the bridge that may come of it.

    Args:
        context: what all calls share.
        caller: the call to hand over.
        caller_side: what a bridge needs of it, as it is when asked.
        pump: the caller's audio.
        request: where to.
        on_done: told the result once.
        on_target_left: told when the target of a bridge has hung up.
    """

    def __init__(
        self,
        context: CallContext,
        caller: LibraryCall,
        caller_side: Callable[[], Side],
        pump: FramePump,
        request: TransferRequest,
        on_done: Callable[[TransferResult], None],
        on_target_left: Callable[[], None],
    ) -> None:
        self._context = context
        self._caller: LibraryCall | None = caller
        self._request = request
        self._caller_side = caller_side
        self._pump = pump
        self._on_done = on_done
        self._on_target_left = on_target_left
        briefing_s = len(request.briefing_pcm) / 2 / context.config.rate_hz
        self._machine = Transfer(
            request.mode, request.ring_timeout_s, context.config.notify_timeout_s, request.bridge_on, briefing_s
        )
        self._bridge: Bridge | None = None
        self._target: Consultation | None = None
        self._timer: Timer | None = None
        self.on_connected: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Start."""
        self._feed(Begin())

    def progress(self, status: int, reason: str, final: bool) -> None:
        """The caller's side answered the REFER or sent a NOTIFY."""
        self._feed(Progress(status, reason, final))

    def caller_gone(self) -> None:
        """The caller's side hung up."""
        if self._bridge is not None and self._target is not None:
            self._bridge = None
            self._caller = None
            self._target.hang_up()
        self._feed(CallerGone())

    @property
    def bridged(self) -> bool:
        """The caller and the target talk to each other through us."""
        return self._bridge is not None

    @property
    def target_side(self) -> Side | None:
        """What there is of a target that the caller talks to through us."""
        return self._target.side if self._bridge is not None and self._target is not None else None

    def media_changed(self) -> None:
        """The caller or the target has a new stream."""
        if self._bridge is not None:
            self._bridge.connect()
            self.on_connected()

    def digit(self, digit: str, *, from_caller: bool) -> None:
        """A key was pressed while the two talk to each other. Called on a media thread."""
        self._context.sip.post(lambda: self._forward(digit, from_caller))

    def _forward(self, digit: str, from_caller: bool) -> None:
        if self._bridge is not None:
            self._bridge.forward(digit, from_caller=from_caller)

    def _feed(self, event: Event) -> None:
        if self._bridge is not None and isinstance(event, TargetGone):
            self._bridge = None
            self._caller = None
            self._on_target_left()
            return
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
            case HangUpTarget() | BriefTarget() | JoinCalls():
                if self._target is not None:
                    self._perform_on_target(action, self._target)
            case HangUpCaller():
                # Done by the owner of the call, after it has told the result.
                pass
            case Finish(result):
                if result.outcome is not TransferOutcome.BRIDGED:
                    self._caller = None
                self._on_done(result)

    def _ring(self) -> None:
        self._target = Consultation(
            self._context,
            self._request,
            self._feed,
            self.media_changed,
            lambda digit: self.digit(digit, from_caller=False),
        )
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

    def _perform_on_target(self, action: HangUpTarget | BriefTarget | JoinCalls, target: Consultation) -> None:
        match action:
            case HangUpTarget():
                target.hang_up()
            case BriefTarget():
                target.brief()
            case JoinCalls():
                way = self._context.config.send_digits
                self._bridge = Bridge(self._caller_side, lambda: target.side, self._pump, target.pump, way)
                self._bridge.connect()
                self.on_connected()
                target.watch(target.hang_up)

    def _later(self, event: Event) -> None:
        """Feed an event that came up while actions are being carried out."""
        self._context.sip.post(lambda: self._feed(event))
