"""The library's audio port of one call: 20 ms frames from and to a ``FramePump``."""

from __future__ import annotations

import logging

import pjsua2 as pj

from telephony.line.config import FRAME_MS
from telephony.line.frame_copy import make_copier
from telephony.line.pump import FramePump
from telephony.line.thread_state import keep_thread_state

logger = logging.getLogger(__name__)

_BITS = 16


class MediaPort(pj.AudioMediaPort):
    """Connects a call's stream with its pump. Made and freed on the SIP thread; called on the clock thread.

    Args:
        rate_hz: sample rate of the conference bridge.
    """

    def __init__(self, rate_hz: int) -> None:
        super().__init__()
        self._pump: FramePump | None = None
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

    def attach(self, pump: FramePump | None) -> None:
        """Work for a call from now on, or for none."""
        self._pump = pump
        self._failed = False

    def connect(self, stream: pj.AudioMedia) -> None:
        """Let audio flow both ways."""
        if self._pump is not None:
            self._pump.pause()
        stream.startTransmit(self)
        self.startTransmit(stream)

    def only_listen(self, stream: pj.AudioMedia) -> None:
        """Let audio flow from the stream to us alone: somebody else speaks into it now."""
        stream.startTransmit(self)
        try:
            self.stopTransmit(stream)
        except pj.Error:
            # It was not connected: a stream that is new since then.
            logger.debug("there was nothing to disconnect")

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        """Give the library the next frame for the caller."""
        keep_thread_state()
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        pump = self._pump
        try:
            self._copier.write(frame, self._silence if pump is None else pump.pull())
        except Exception:
            self._report(pump)
            self._copier.write(frame, self._silence)

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        """Take a frame of the caller."""
        pump = self._pump
        if pump is None:
            return
        try:
            pump.push(self._copier.read(frame))
        except Exception:
            self._report(pump)

    def _report(self, pump: FramePump | None) -> None:
        """Log the first failure: at 50 frames a second one line says it all."""
        if not self._failed:
            self._failed = True
            logger.exception("call %s: audio frames are lost", pump.name if pump is not None else "-")


class PortPool:
    """Lends audio ports to calls and keeps them for the next ones.

    A port cannot be freed while the media clock runs: the bridge forgets it some ticks later, and a frame that
    the clock asks of a half-freed Python object corrupts the heap (seen as a crash after 100 to 200 calls).

    Args:
        rate_hz: sample rate of the conference bridge.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._free: list[MediaPort] = []

    def lend(self, pump: FramePump) -> MediaPort:
        """Return a port that works for this pump."""
        port = self._free.pop() if self._free else MediaPort(self._rate_hz)
        port.attach(pump)
        return port

    def take_back(self, port: MediaPort) -> None:
        """Keep the port of a call that is over; its stream, and so its connections, are gone."""
        port.attach(None)
        self._free.append(port)

    def clear(self) -> None:
        """Free all ports. The media clock must stand still."""
        self._free.clear()
