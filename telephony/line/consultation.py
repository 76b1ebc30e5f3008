"""The call with the target of a transfer. For the SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from telephony.line.bridge import Side
from telephony.line.endpoint import Timer
from telephony.line.library import explain
from telephony.line.library_call import LibraryCall, MediaState, StreamStats
from telephony.line.media_port import MediaPort
from telephony.line.pump import FramePump
from telephony.line.transfer import Event, TargetAnswered, TargetGone
from voicebot.conversation.leg import HangupCause, TransferRequest

if TYPE_CHECKING:
    from telephony.line.sip_call import CallContext

logger = logging.getLogger(__name__)

WATCH_S = 1.0


class Once:
    """Plays some audio once, then silence; an ``AudioSource``."""

    def __init__(self, pcm: bytes) -> None:
        self._pcm = memoryview(pcm)

    def read(self, samples: int) -> bytes:
        """Return the next samples."""
        taken, self._pcm = self._pcm[: 2 * samples], self._pcm[2 * samples :]
        return bytes(taken).ljust(2 * samples, b"\0")


class Consultation:
    """Our call with the target of a transfer; a ``CallHandler``. It plays the briefing, else silence.

    Args:
        context: what all calls share.
        request: whom to ring.
        tell: gets what happens.
        on_media: told that its audio is new.
        on_digit: told what the target presses.
    """

    def __init__(
        self,
        context: CallContext,
        request: TransferRequest,
        tell: Callable[[Event], None],
        on_media: Callable[[], None],
        on_digit: Callable[[str], None],
    ) -> None:
        self._context = context
        self._request = request
        self._tell = tell
        self._on_media = on_media
        self._on_digit = on_digit
        self._port: MediaPort | None = None
        self._media = MediaState()
        self.pump = FramePump(context.config.frame_samples, None)
        self.call: LibraryCall | None = None
        self._on_quiet: Callable[[], None] | None = None
        self._timer: Timer | None = None
        self._quiet_s = 0.0
        self._received = 0

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

    @property
    def side(self) -> Side:
        """What a bridge needs of it."""
        return Side(self.call, self._media.index if self._media.active else -1, self._port)

    def brief(self) -> None:
        """Play the briefing."""
        self.pump.play(Once(self._request.briefing_pcm))

    def watch(self, on_quiet: Callable[[], None]) -> None:
        """From now on say once if no audio packet came for too long: the far side may be gone without a BYE."""
        self._on_quiet = on_quiet
        self._timer = self._context.sip.call_later(WATCH_S, self._check_media)

    def _check_media(self) -> None:
        if self.call is None or self._on_quiet is None:
            return
        limit_s = self._context.config.media_timeout_s
        self._timer = self._context.sip.call_later(WATCH_S, self._check_media)
        if self._media.index < 0 or self._media.held or not limit_s:
            return
        stats = self.call.stream_stats(self._media.index)
        # Reports are a sign of life of agents who send nothing while they listen.
        received = stats.received + stats.reports
        self._quiet_s = 0.0 if received != self._received else self._quiet_s + WATCH_S
        self._received = received
        if self._quiet_s >= limit_s:
            logger.warning("call %s: no audio for %.0f s", self.call.call_id, self._quiet_s)
            on_quiet, self._on_quiet = self._on_quiet, None
            on_quiet()

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
        """Send at least silence: some gateways drop a call without packets."""
        self._media = media
        if media.active and self.call is not None:
            if self._port is None:
                self._port = self._context.ports.lend(self.pump)
            self._port.connect(self.call.getAudioMedia(media.index))
        self._quiet_s = 0.0
        self._on_media()

    def on_stream_ended(self, stats: StreamStats) -> None:
        """Nobody asks for the figures of a consultation."""

    def on_digit(self, digit: str) -> None:
        """Pass a key of the target on."""
        self._on_digit(digit)

    def on_refer(self, status: int, reason: str, final: bool) -> None:
        """No REFER is ever sent on this call."""

    def drop(self) -> None:
        """Free the library's objects, over or not."""
        self._on_quiet = None
        if self._timer is not None:
            self._timer.cancel()
        if self.call is not None:
            self.call.release()
        if self._port is not None:
            self._context.ports.take_back(self._port)
        self._port = None
        self.call = None
        self._context.released(self)
