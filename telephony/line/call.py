"""A SIP call as a ``CallLeg``: the event loop's half of a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from telephony.line.beeps import beeps
from telephony.line.config import FRAME_MS, UserAgentConfig
from telephony.line.ending import CallEnd
from telephony.line.endpoint import SipThread
from telephony.line.library_call import StreamStats
from telephony.line.pump import FramePump, FrameStats
from telephony.line.recorder import Recorder
from telephony.line.sip_call import SipCall
from telephony.line.supervision import Joining, Standing
from telephony.line.tones import ToneDetector
from voicebot.conversation.leg import (
    AudioSource,
    CallInfo,
    HangupCause,
    LegListener,
    TransferRequest,
    TransferResult,
)
from voicebot.supervision.modes import Cause, Mode

logger = logging.getLogger(__name__)


class SipCallLeg:
    """One SIP call. All methods are for the event loop; ``LineAgent`` makes the objects.

    Attributes:
        status: SIP status the call ended with, 0 while it is not over.
        reason: the words beside it.
        stream_stats: figures of RTP, complete when the call is over.
        end: how it ended, None while it is not over.
        pump: the audio, shared with the SIP thread's half.
    """

    def __init__(self, sip: SipThread, loop: asyncio.AbstractEventLoop, config: UserAgentConfig) -> None:
        self.status = 0
        self.reason = ""
        self.stream_stats = StreamStats()
        self.end: CallEnd | None = None
        self._sip = sip
        self._loop = loop
        self._rate_hz = config.rate_hz
        self._tones = ToneDetector(config.rate_hz) if config.in_band_digits else None
        self.pump = FramePump(config.frame_samples, loop)
        self._info: CallInfo | None = None
        self._call: SipCall | None = None
        self._incoming = False
        self._listener: LegListener | None = None
        self._answered = False
        self._cause: HangupCause | None = None
        self._over = asyncio.Event()

    def attach(self, call: SipCall, info: CallInfo, incoming: bool) -> None:
        """Join the two halves; done once, by the agent."""
        self._call = call
        self._info = info
        self._incoming = incoming
        self.pump.name = info.call_id

    # --- CallLeg

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        if self._info is None:
            raise RuntimeError("the call was not attached")
        return self._info

    @property
    def rate_hz(self) -> int:
        """Sample rate of the audio in both directions."""
        return self._rate_hz

    def start(self, listener: LegListener, source: AudioSource) -> None:
        """Answer the call (an incoming one); from now on ``listener`` is told and ``source`` is heard.

        What happened before is told at once, but not from within this call: a call that ended meanwhile
        (CANCEL) still gets its ``on_hung_up``.
        """
        self._listener = listener
        self.pump.open(source, listener.on_audio if self._tones is None else self._hear)
        if self._cause is not None:
            self._loop.call_soon(listener.on_hung_up, self._cause)
        elif self._answered:
            self._loop.call_soon(listener.on_answered)
        elif self._incoming:
            self._do(SipCall.answer)

    def reject(self, status: int = 486) -> None:
        """Refuse an incoming call: 486 busy, 480 not now, 603 not at all, 404 nobody of that name."""
        self._do(lambda call: call.refuse(status))

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call. ``on_hung_up`` follows. Harmless when it is over already."""
        self._do(lambda call: call.hang_up(cause))

    def will_tell(self, q850: int) -> None:
        """Tell this cause of ITU-T Q.850 when the bot ends the call, and not that it ended as usual."""
        self._do(lambda call: call.will_tell(q850))

    def send_dtmf(self, digits: str) -> None:
        """Send digits to the far end: telephone-events (RFC 4733), or INFO where it takes none."""
        self._do(lambda call: call.send_dtmf(digits))

    def transfer(self, request: TransferRequest) -> None:
        """Start to hand the call over; ``on_transfer_done`` tells how it ended. One at a time."""
        self._do(lambda call: call.transfer(request))

    # --- beyond CallLeg

    @property
    def frame_stats(self) -> FrameStats:
        """Figures of the audio frames so far."""
        return self.pump.stats

    def record(self, path: Path) -> Recorder:
        """Record the call from now on (stereo WAV: the caller left, we right); finished when it ends.

        Raises:
            OSError: the file cannot be made.
        """
        recorder = self.pump.recorder = Recorder(path, self._rate_hz)
        if self._cause is not None:
            recorder.finish()
        return recorder

    def monitor(self, monitor: Callable[[bytes], None]) -> None:
        """Hand over what the caller hears, a frame right before each one of the caller; called on the loop."""
        self.pump.monitor = monitor

    def be_patient(self, can_wait: Callable[[bytes], bool]) -> None:
        """Hand on frames of the caller that can wait several at a time; asked on the media clock's thread."""
        self.pump.can_wait = can_wait

    def join(self, joining: Joining, tell: Callable[[Standing], None]) -> None:
        """Ring a supervisor; ``tell`` is told how the supervision stands, on the loop, whenever that changes."""

        def told(standing: Standing) -> None:
            self._loop.call_soon_threadsafe(tell, standing)

        self._do(lambda call: call.supervision.join(joining, told))

    def set_mode(self, supervisor: str, mode: Mode) -> None:
        """Change what a supervisor does."""
        self._do(lambda call: call.supervision.want(supervisor, mode))

    def dismiss(self, supervisor: str) -> None:
        """End a supervision."""
        self._do(lambda call: call.supervision.dismiss(supervisor, Cause.REMOVED))

    def hide(self, on: bool) -> None:
        """Let supervisors who only listen not hear the caller, or let them hear again."""
        self._do(lambda call: call.supervision.hide(on))

    def signal(self) -> None:
        """Let the caller hear a short tone, whatever else there is to hear."""
        self._do(lambda call: call.supervision.signal(beeps(self._rate_hz)))

    @property
    def answered_once(self) -> bool:
        """Whether the call was ever up."""
        return self._answered

    @property
    def incoming(self) -> bool:
        """Whether somebody has rung us."""
        return self._incoming

    async def wait_over(self) -> HangupCause:
        """Wait for the end of the call."""
        await self._over.wait()
        return self._cause or HangupCause.FAILED

    def _do(self, command: Callable[[SipCall], None]) -> None:
        call = self._call
        if call is not None and self._cause is None:
            self._sip.post(lambda: command(call))

    # --- told by SipCall on other threads (CallListener)

    def answered(self) -> None:
        """The call is up."""
        self._loop.call_soon_threadsafe(self._on_answered)

    def digit(self, digit: str) -> None:
        """A key was pressed."""
        self._loop.call_soon_threadsafe(self._tell, lambda listener: listener.on_dtmf(digit))

    def held(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        self._loop.call_soon_threadsafe(self._tell, lambda listener: listener.on_hold(held))

    def transfer_done(self, result: TransferResult) -> None:
        """A transfer ended."""
        self._loop.call_soon_threadsafe(self._tell, lambda listener: listener.on_transfer_done(result))

    def hung_up(self, end: CallEnd) -> None:
        """The call is over."""
        self._loop.call_soon_threadsafe(self._on_hung_up, end)

    # --- on the loop

    def _hear(self, pcm: bytes) -> None:
        """Pass a frame of the caller on, and the keys that are in it."""
        if self._listener is None:
            return
        self._listener.on_audio(pcm)
        if self._tones is not None:
            for digit in self._tones.feed(pcm):
                self._listener.on_dtmf(digit)

    def _tell(self, message: Callable[[LegListener], None]) -> None:
        if self._listener is not None and self._cause is None:
            message(self._listener)

    def _on_answered(self) -> None:
        self._answered = True
        self._tell(lambda listener: listener.on_answered())

    def _on_hung_up(self, end: CallEnd) -> None:
        if self._cause is not None:
            return
        self.end, self._cause = end, end.cause
        self.status, self.reason, self.stream_stats = end.status, end.reason, end.stats
        self._call = None
        self.pump.close()
        if self.pump.recorder is not None:
            self.pump.recorder.finish()
        self._log_end()
        self._over.set()
        if self._listener is not None:
            self._listener.on_hung_up(end.cause)

    def _log_end(self) -> None:
        rtp, frames = self.stream_stats, self.pump.stats
        logger.info(
            "call %s ended (%s, SIP %d%s): %s, %d packets in, %d lost, %d late, %d foreign, jitter %.1f ms; "
            "%d frames of %d ms out, longest gap %.0f ms, %d late",
            self.info.call_id,
            self._cause.value if self._cause else "",
            self.status,
            f", Q.850 {self.end.q850}" if self.end is not None and self.end.q850 else "",
            rtp.codec or "no audio",
            rtp.received,
            rtp.lost,
            rtp.discarded,
            rtp.foreign,
            rtp.jitter_ms,
            frames.played,
            FRAME_MS,
            frames.max_gap_ms,
            frames.late,
        )
