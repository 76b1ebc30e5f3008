"""The library's audio port of one call: 20 ms frames from and to a ``FramePump``."""

from __future__ import annotations

import logging

import pjsua2 as pj

from telephony.line.config import FRAME_MS
from telephony.line.frame_copy import make_copier
from telephony.line.pump import FramePump

logger = logging.getLogger(__name__)

_BITS = 16


class MediaPort(pj.AudioMediaPort):
    """Connects a call's stream with its pump. Made and freed on the SIP thread; called on the clock thread.

    Args:
        pump: what plays and listens.
        rate_hz: sample rate of the conference bridge.
    """

    def __init__(self, pump: FramePump, rate_hz: int) -> None:
        super().__init__()
        self._pump = pump
        self._failed = False
        samples = rate_hz * FRAME_MS // 1000
        self._silence = bytes(2 * samples)
        self._copier = make_copier(len(self._silence))
        wanted = pj.MediaFormatAudio()
        wanted.type = pj.PJMEDIA_TYPE_AUDIO
        wanted.clockRate = rate_hz
        wanted.channelCount = 1
        wanted.bitsPerSample = _BITS
        wanted.frameTimeUsec = FRAME_MS * 1000
        wanted.avgBps = wanted.maxBps = rate_hz * _BITS
        self.createPort("call", wanted)

    def connect(self, stream: pj.AudioMedia) -> None:
        """Let audio flow both ways."""
        self._pump.pause()
        stream.startTransmit(self)
        self.startTransmit(stream)

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        """Give the library the next frame for the caller."""
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        try:
            self._copier.write(frame, self._pump.pull())
        except Exception:
            self._report()
            self._copier.write(frame, self._silence)

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        """Take a frame of the caller."""
        try:
            self._pump.push(self._copier.read(frame))
        except Exception:
            self._report()

    def _report(self) -> None:
        """Log the first failure: at 50 frames a second one line says it all."""
        if not self._failed:
            self._failed = True
            logger.exception("call %s: audio frames are lost", self._pump.name)
