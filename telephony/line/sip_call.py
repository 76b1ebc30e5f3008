"""The SIP thread's half of a call: dialog, audio port, watch over the media, transfer.

``call.SipCallLeg`` is the event loop's half; the two post to each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import pjsua2 as pj

from telephony.line.bridge import Side
from telephony.line.config import UserAgentConfig
from telephony.line.dialling import Dialling, DialOrder
from telephony.line.ending import CANCELLED, FAILURE, CallEnd, reason_of, refusal_of
from telephony.line.endpoint import SipThread, Timer
from telephony.line.library import explain
from telephony.line.library_call import LibraryCall, MediaState, StreamStats
from telephony.line.media_guard import MediaGuard
from telephony.line.media_port import MediaPort, PortPool
from telephony.line.pump import FramePump
from telephony.line.supervision import CallSupervision
from telephony.line.transactions import USUAL_S, waiting
from telephony.line.transfer_driver import TransferDriver
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferRequest, TransferResult

logger = logging.getLogger(__name__)


class CallListener(Protocol):
    """Told by ``SipCall``, on the SIP thread (digits: on a media thread)."""

    def answered(self) -> None:
        """The call is up."""
        ...

    def digit(self, digit: str) -> None:
        """A key was pressed."""
        ...

    def held(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        ...

    def transfer_done(self, result: TransferResult) -> None:
        """A transfer ended."""
        ...

    def hung_up(self, end: CallEnd) -> None:
        """The call is over."""
        ...


class LiveCall(Protocol):
    """Something that holds a place in the library."""

    def hang_up(self, cause: HangupCause = ...) -> None:
        """End the call."""
        ...

    def drop(self) -> None:
        """Free the library's objects, over or not."""
        ...


@dataclass(frozen=True, slots=True)
class CallContext:
    """What all calls of an agent share.

    Attributes:
        sip: the thread.
        config: settings.
        ports: audio ports to borrow.
        account_for: the account that calls to an address go out by.
        opened: told when a call gets a place in the library.
        released: told when its library objects are gone.
    """

    sip: SipThread
    config: UserAgentConfig
    ports: PortPool
    account_for: Callable[[str], pj.Account]
    opened: Callable[[LiveCall], None]
    released: Callable[[LiveCall], None]


class SipCall:
    """One call, incoming or outgoing; a ``CallHandler``. For the SIP thread only.

    Args:
        context: what all calls share.
        listener: who is told.
        pump: the call's audio.
        incoming: someone rings us.
    """

    def __init__(self, context: CallContext, listener: CallListener, pump: FramePump, incoming: bool) -> None:
        self._context = context
        self._listener = listener
        self._pump = pump
        self._incoming = incoming
        self._call: LibraryCall | None = None
        self._port: MediaPort | None = None
        self._media = MediaState()
        self._confirmed = False
        self._q850 = 0
        self._told_answered = False
        self._dialling: Dialling | None = None
        self._cause: HangupCause | None = None
        self._guard = MediaGuard(context.sip, context.config, self._silent)
        self._waiting: Timer | None = None
        self._transfer: TransferDriver | None = None
        self.supervision = CallSupervision(context, self._side, self._agent_side, pump)

    # --- doing

    def take(self, account: pj.Account, library_id: int) -> str:
        """Take an incoming call over from the library; returns its Call-ID."""
        self._call = LibraryCall(account, self, library_id)
        self._context.opened(self)
        self._call.learn_call_id()
        return self._call.call_id

    def dial(self, target: str, headers: Mapping[str, str], local_uri: str = "") -> str:
        """Ring somebody; returns the Call-ID.

        Args:
            target: a SIP URI.
            headers: further headers of the INVITE.
            local_uri: for From; "" for the account's own address.

        Raises:
            pj.Error: the library cannot send the INVITE (no free call, no such address).
        """
        self._dialling = Dialling(
            self._context, self, DialOrder(target, dict(headers), local_uri), self._dialled, self._finish
        )
        self._context.opened(self)
        try:
            return self._dialling.invite().call_id
        except pj.Error:
            self.drop()
            raise

    def _dialled(self, call: LibraryCall) -> None:
        self._call = call

    def ring(self) -> None:
        """Tell the caller that we ring (180)."""
        if self._call is not None:
            self._call.respond(180)

    def answer(self) -> None:
        """Take the call (200). If that is never acknowledged, the call ends (RFC 3261 section 13.3.1.4)."""
        if self._call is not None:
            self._call.respond(200)
            self._waiting = self._context.sip.call_later(self._context.config.ack_timeout_s, self._no_ack)

    def refuse(self, status: int) -> None:
        """Refuse the call, or end it if it is up."""
        self._end(HangupCause.BOT, status)

    def will_tell(self, q850: int) -> None:
        """Tell this cause of ITU-T Q.850 when the bot ends the call."""
        self._q850 = q850

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call."""
        self._end(cause, 0 if self._confirmed or not self._incoming else refusal_of(cause))

    def send_dtmf(self, digits: str) -> None:
        """Send digits."""
        if self._call is None or not self._media.active:
            return
        try:
            self._call.send_digits(digits, self._context.config.send_digits)
        except pj.Error as error:
            logger.warning("call %s: digits could not be sent: %s", self._call.call_id, explain(error))

    def transfer(self, request: TransferRequest) -> None:
        """Start a transfer."""
        if self._call is None or not self._confirmed or self._transfer is not None:
            reason = "a transfer is under way" if self._transfer is not None else "the call is not up"
            self._listener.transfer_done(TransferResult(TransferOutcome.FAILED, reason=reason))
            return
        self._transfer = TransferDriver(
            self._context,
            self._call,
            self._side,
            self._pump,
            request,
            self._transfer_done,
            lambda: self._end(HangupCause.TRANSFERRED, 0),
        )
        self._transfer.on_connected = self.supervision.mix
        self._transfer.begin()

    def _end(self, cause: HangupCause, status: int) -> None:
        if self._call is None:
            return
        self._cause = self._cause or cause
        self._stop_waiting()
        try:
            with waiting(self._context.config.bye_timeout_s if self._confirmed else USUAL_S):
                self._call.end(status, reason_of(cause, self._q850))
        except pj.Error as error:
            # Already ending from the other side: its report follows.
            logger.info("call %s: %s", self._call.call_id, explain(error))

    def _side(self) -> Side:
        return Side(self._call, self._media.index if self._media.active else -1, self._port)

    def _agent_side(self) -> Side | None:
        return self._transfer.target_side if self._transfer is not None else None

    def _transfer_done(self, result: TransferResult) -> None:
        if result.outcome is not TransferOutcome.BRIDGED:
            self._transfer = None
        self._listener.transfer_done(result)
        if result.outcome is TransferOutcome.ANSWERED:
            self._end(HangupCause.TRANSFERRED, 0)

    # --- told by the library (CallHandler)

    def on_confirmed(self) -> None:
        """The call is up: watch its media."""
        self._confirmed = True
        self._stop_waiting()
        self._tell_answered()
        self._guard.answered()

    def on_media(self, media: MediaState) -> None:
        """Connect the audio of a new or changed stream; tell of hold and its end."""
        was_held, self._media = self._media.held, media
        if self._call is not None:
            self._guard.negotiated(self._call, media)
        if media.active and self._call is not None:
            if self._port is None:
                self._port = self._context.ports.lend(self._pump)
            self._port.connect(self._call.getAudioMedia(media.index))
        if self._transfer is not None:
            self._transfer.media_changed()
        self.supervision.mix()
        self._tell_answered()
        if media.held != was_held and self._confirmed:
            self._listener.held(media.held)

    def on_stream_ended(self, stats: StreamStats) -> None:
        """Keep the figures of the stream."""
        self._guard.stream_ended(stats)

    def on_digit(self, digit: str) -> None:
        """Pass a key on: to us, or to whom the caller talks to by now."""
        transfer = self._transfer
        if transfer is not None and transfer.bridged:
            transfer.digit(digit, from_caller=True)
        else:
            self._listener.digit(digit)

    def on_refer(self, status: int, reason: str, final: bool) -> None:
        """Pass a report on to the transfer."""
        if self._transfer is not None:
            self._transfer.progress(status, reason, final)

    def on_disconnected(self, status: int, reason: str) -> None:
        """The call is over: tell it, and free the library's objects once its callback has returned."""
        if self._call is None or not self._call.call_id:
            # Told from within ``dial``, which fails and cleans up.
            return
        call, dialling = self._call, self._dialling
        attempts = dialling.count if dialling is not None else 1
        end = CallEnd(self._why(status), status, reason, self._guard.stats, call.far_reasons, call.call_id, attempts)
        final = end if dialling is None else dialling.ended(call, end)
        if final is not None:
            self._finish(final)

    def _finish(self, end: CallEnd) -> None:
        if self._transfer is not None:
            self._transfer.caller_gone()
        # It may have been given up between two attempts.
        self._listener.hung_up(replace(end, cause=self._cause or end.cause))
        self._context.sip.post(self.drop)

    def _why(self, status: int) -> HangupCause:
        if self._cause is not None:
            return self._cause
        # A call that was up ends by 200, one that rang here by 487; else something was not answered in time: an INVITE
        # that refreshes the session (RFC 4028), or our answer.
        if status >= FAILURE and status != CANCELLED:
            return HangupCause.FAILED
        if self._confirmed:
            return HangupCause.CALLER
        return HangupCause.CANCELLED if self._incoming else HangupCause.FAILED

    def _tell_answered(self) -> None:
        """The call counts as answered once it is acknowledged and has audio (late offers bring that with the ACK)."""
        if self._confirmed and self._media.index >= 0 and not self._told_answered:
            self._told_answered = True
            self._listener.answered()

    def drop(self) -> None:
        """Free the library's objects, over or not."""
        self._guard.close()
        self._stop_waiting()
        self.supervision.close()
        # A library object that only the garbage collector finds would be freed after the library.
        self._transfer = None
        if self._call is not None:
            self._call.release()
        if self._port is not None:
            self._context.ports.take_back(self._port)
        self._port = None
        self._call = None
        self._context.released(self)

    # --- time-outs

    def _stop_waiting(self) -> None:
        """The call was answered or acknowledged, or it ends."""
        if self._waiting is not None:
            self._waiting.cancel()
        if self._dialling is not None:
            self._dialling.stop()

    def _silent(self, quiet_s: float) -> None:
        logger.warning("call %s: no audio for %.0f s, hanging up", self._call.call_id if self._call else "", quiet_s)
        self._end(HangupCause.MEDIA_TIMEOUT, 0)

    def _no_ack(self) -> None:
        logger.warning("call %s: its answer was never acknowledged", self._call.call_id if self._call else "")
        self._end(HangupCause.FAILED, 0)
