"""The audio of one call between the media clock's thread and the event loop, and what is counted on the way."""

from __future__ import annotations

import contextlib
import logging
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from telephony.line.config import FRAME_MS
from telephony.line.gathering import gathering_of
from telephony.line.recorder import Recorder
from voicebot.conversation.leg import AudioSource

logger = logging.getLogger(__name__)

# A second of audio: a loop that lags more has lost the conversation anyway, old audio goes first.
MAX_WAITING_FRAMES = 50
LATE_MS = 10.0
PATIENT_FRAMES = 5
"""So many frames at most wait for others before the loop gets them: 100 ms."""

Tap = Callable[[bytes, bytes], None]
"""Gets each frame of the caller, with what the caller heard meanwhile."""


@dataclass(slots=True)
class FrameStats:
    """What happened to the frames of a call.

    Attributes:
        played: frames asked of the source.
        heard: frames of the caller handed to the loop's queue.
        dropped: frames of the caller thrown away because the loop lagged by more than MAX_WAITING_FRAMES.
        late: frames that the media clock asked for more than LATE_MS late.
        max_gap_ms: longest time between two frames (FRAME_MS is perfect).
        max_waiting: most frames that ever waited for the loop.
        source_errors: frames of silence because the source failed.
    """

    played: int = 0
    heard: int = 0
    dropped: int = 0
    late: int = 0
    max_gap_ms: float = 0.0
    max_waiting: int = 0
    source_errors: int = 0


class Overhearing(Protocol):
    """Somebody who is told what a pump's far side says."""

    def overhear(self, pcm: bytes) -> None:
        """Take a frame. Called on the media clock's thread."""
        ...


class FramePump:
    """Plays what a source gives and hands on what the caller says.

    Args:
        samples: samples in a frame.
        loop: the event loop that gets the caller's frames; None if nobody listens.
        clock: monotonic seconds.
        name: the call's id, for the log.
    """

    def __init__(
        self, samples: int, loop: AbstractEventLoop | None, clock: Callable[[], float] = time.monotonic, name: str = ""
    ) -> None:
        self.stats = FrameStats()
        self.name = name
        self.recorder: Recorder | None = None
        self.monitor: Callable[[bytes], None] | None = None
        self.can_wait: Callable[[bytes], bool] | None = None
        self.relay: Overhearing | None = None
        self.taps: tuple[Tap, ...] = ()
        self._samples = samples
        self._silence = bytes(2 * samples)
        self._gathering = None if loop is None else gathering_of(loop)
        self._clock = clock
        self._source: AudioSource | None = None
        self._sink: Callable[[bytes], None] | None = None
        self._inbox: deque[tuple[bytes, bytes]] = deque()  # of the caller, and what was played meanwhile
        self._scheduled = False
        self._last_s: float | None = None
        self._played = self._silence
        self._asides: dict[str, bytes] = {}
        self._over = memoryview(b"")

    # --- event loop

    def open(self, source: AudioSource, sink: Callable[[bytes], None]) -> None:
        """Start to play and to listen."""
        self._sink = sink
        self._source = source

    def play(self, source: AudioSource) -> None:
        """Play this from now on."""
        self._source = source

    def play_over(self, pcm: bytes) -> None:
        """Mix this into what is played from now on, once."""
        self._over = memoryview(pcm)

    def close(self) -> None:
        """Play silence and hand nothing on any more."""
        self._source = None
        self._sink = None
        self._inbox.clear()

    def _drain(self) -> None:
        # In this order: what the clock thread adds from here on has us called again.
        self._scheduled = False
        while self._inbox:
            try:
                pcm, played = self._inbox.popleft()
            except IndexError:
                return  # the clock thread has thrown the last one away
            if self._sink is not None:
                if self.monitor is not None:
                    self.monitor(played)
                self._sink(pcm)

    # --- media clock's thread

    def pause(self) -> None:
        """The stream stops (hold, re-INVITE): the time until the next frame is no gap."""
        self._last_s = None

    def pull(self) -> bytes:
        """Return the next frame for the caller; silence where the source has failed."""
        stats, now_s = self.stats, self._clock()
        if self._last_s is not None:
            gap_ms = (now_s - self._last_s) * 1000
            if gap_ms > stats.max_gap_ms:
                stats.max_gap_ms = gap_ms
            if gap_ms > FRAME_MS + LATE_MS:
                stats.late += 1
        self._last_s = now_s
        stats.played += 1
        source = self._source
        played = self._silence if source is None else self._read(source)
        if self._over:
            over, self._over = self._over[: len(played)], self._over[len(played) :]
            played = mixed([played, bytes(over).ljust(len(played), b"\0")])
        self._played = played
        return played

    def push(self, pcm: bytes) -> None:
        """Take a frame of the caller. An empty or short one (nothing was received) counts as silence."""
        if len(pcm) != len(self._silence):
            pcm = self._silence
        played = self._heard_by_caller()
        if self.recorder is not None:
            self.recorder.write(pcm, played)
        for tap in self.taps:
            tap(pcm, played)
        if self.relay is not None:
            self.relay.overhear(pcm)
        if self._sink is None:
            return
        self.stats.heard += 1
        self._hand_on(pcm, played)

    def _hand_on(self, pcm: bytes, played: bytes) -> None:
        """Put a frame into the inbox, and tell the loop if it does not know yet; no lock is needed (``_drain``).

        To wake the loop for a frame costs many times what is done with it, so those that can wait are gathered.
        """
        self._inbox.append((pcm, played))
        waiting = len(self._inbox)
        if waiting > self.stats.max_waiting:
            self.stats.max_waiting = waiting
        if waiting > MAX_WAITING_FRAMES:
            self._drop_oldest()
        if not self._scheduled and not (waiting < PATIENT_FRAMES and self.can_wait is not None and self.can_wait(pcm)):
            self._scheduled = True
            if self._gathering is not None:
                self._gathering.add(self._drain)

    def _drop_oldest(self) -> None:
        with contextlib.suppress(IndexError):  # the loop has just taken all
            self._inbox.popleft()
            self.stats.dropped += 1

    def overhear(self, pcm: bytes, speaker: str = "") -> None:
        """Somebody else speaks to our caller past us (a bridge, a supervisor): it belongs into the recording."""
        self._asides[speaker] = pcm

    def _heard_by_caller(self) -> bytes:
        """Return what the caller has heard since the last frame: from us, and from others past us."""
        frames, self._played = [self._played, *self._asides.values()], self._silence
        self._asides.clear()
        return mixed(frames) if len(frames) > 1 else frames[0]

    def _read(self, source: AudioSource) -> bytes:
        try:
            pcm = source.read(self._samples)
            if len(pcm) != len(self._silence):
                raise ValueError(f"the source gave {len(pcm)} bytes instead of {len(self._silence)}")
        except Exception:
            # The clock thread belongs to all calls: it must survive whatever one source does.
            if self.stats.source_errors == 0:
                logger.exception("call %s: the audio source failed, the caller hears silence", self.name)
            self.stats.source_errors += 1
            return self._silence
        return pcm


def mixed(frames: Iterable[bytes]) -> bytes:
    """Return frames of equal length as one, as loud as samples of 16 bits go."""
    total = sum(np.frombuffer(frame, "<i2").astype(np.int32) for frame in frames)
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()
