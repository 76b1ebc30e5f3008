"""The playout: clips in, 20 ms frames out, and an exact account of what left for the caller.

Filled on the event loop, read on the media clock's thread, hence the lock; what happens inside it
is a few slices, so that a frame is never late because of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from voicebot.conversation.actions import RESUME_BACK_MS
from voicebot.conversation.events import ClipFinished, ClipPaused, ClipStarted, ClipStopped
from voicebot.conversation.ringback import ringback_period
from voicebot.speech.types import BYTES_PER_SAMPLE

PlayoutEvent = ClipStarted | ClipFinished
_FADE_MS = 20


@dataclass(slots=True)
class _Clip:
    """A clip, its lengths in bytes.

    Attributes:
        position: what is read next.
        heard: the furthest position ever read, which is more than ``position`` after a pause.
        ramp: how much of the fade-in after a pause is still to come.
    """

    clip_id: int
    pcm: bytearray = field(default_factory=bytearray)
    position: int = 0
    heard: int = 0
    ramp: int = 0
    complete: bool = False


class Playout:
    """The queue of clips that a caller hears; an ``AudioSource``.

    Args:
        rate_hz: sample rate of the audio in and out.
        notify: told when a clip starts and finishes; called on the reader's thread, must not block.
        waiting: what a caller hears while somebody is rung (s16le), over and over; empty: the ringing tone.
    """

    def __init__(self, rate_hz: int, notify: Callable[[PlayoutEvent], None], waiting: bytes = b"") -> None:
        self.rate_hz = rate_hz
        self._waiting = waiting
        self.underrun_frames = 0
        self._notify = notify
        self._lock = threading.Lock()
        self._clips: deque[_Clip] = deque()
        self._fade: bytes = b""
        self._paused = False
        self._ringback: bytes = b""
        self._ringback_position = 0

    def begin(self, clip_id: int) -> None:
        """Add an empty clip at the end of the queue."""
        with self._lock:
            self._clips.append(_Clip(clip_id))

    def append(self, clip_id: int, pcm: bytes) -> bool:
        """Add audio to a clip; return False if the clip is gone (stopped): synthesis can stop too."""
        with self._lock:
            clip = self._find(clip_id)
            if clip is None:
                return False
            clip.pcm += pcm
            return True

    def finish(self, clip_id: int) -> None:
        """Say that a clip has all its audio. An empty clip counts as heard at once."""
        with self._lock:
            clip = self._find(clip_id)
            if clip is not None:
                clip.complete = True

    def drop(self, clip_id: int) -> None:
        """Take a clip out of the queue without a report: it could not be synthesised."""
        with self._lock:
            self._clips = deque(clip for clip in self._clips if clip.clip_id != clip_id)

    def stop(self) -> list[ClipStopped]:
        """Empty the queue with a short fade; return what was heard of each clip that had begun."""
        with self._lock:
            stopped = [self._stopped(clip) for clip in self._clips if clip.heard]
            self._fall_silent()
            self._clips.clear()
            self._paused = False
            return stopped

    def pause(self) -> list[ClipPaused]:
        """Fall silent with a short fade and keep the queue; return what was heard of the clip that had begun."""
        with self._lock:
            if self._paused:
                return []
            self._fall_silent()
            self._paused = True
            return [
                ClipPaused(clip.clip_id, self._ms(clip.heard), self._total_ms(clip))
                for clip in self._clips
                if clip.heard
            ]

    def resume(self, *, from_start: bool = False) -> None:
        """Go on after a pause, fading in: a little before the place it was at, or at the beginning of the clip."""
        with self._lock:
            if not self._paused:
                return
            self._paused = False
            clip = self._clips[0] if self._clips else None
            if clip is not None and clip.heard:
                back = clip.position if from_start else self._bytes(RESUME_BACK_MS)
                clip.position = max(0, clip.position - back)
                clip.ramp = self._bytes(_FADE_MS)

    def set_ringback(self, on: bool) -> None:
        """Play a ringing tone, or the music there is instead, whenever the queue is empty."""
        with self._lock:
            self._ringback = (self._waiting or ringback_period(self.rate_hz)) if on else b""
            self._ringback_position = 0

    def read(self, samples: int) -> bytes:
        """Return the next ``samples`` samples: clips, else the ringing tone, else silence."""
        wanted = samples * BYTES_PER_SAMPLE
        events: list[PlayoutEvent] = []
        with self._lock:
            frame = self._take_middle(wanted)
            if frame:
                return frame
            frame = self._take_fade(wanted)
            frame += self._take_clips(wanted - len(frame), events)
            frame += self._take_ringback(wanted - len(frame))
        for event in events:
            self._notify(event)
        return frame

    def _take_middle(self, wanted: int) -> bytes:
        """Return a frame out of the middle of a clip, as nearly all are; b"" for all others, which take more care."""
        if not self._clips or self._paused or self._fade:
            return b""
        clip = self._clips[0]
        end = clip.position + wanted
        if not clip.heard or clip.ramp or end >= len(clip.pcm):
            return b""
        frame = bytes(clip.pcm[clip.position : end])
        clip.position = end
        if end > clip.heard:
            clip.heard = end
        return frame

    def _take_fade(self, wanted: int) -> bytes:
        taken, self._fade = self._fade[:wanted], self._fade[wanted:]
        return taken

    def _take_clips(self, wanted: int, events: list[PlayoutEvent]) -> bytes:
        taken = b""
        while self._clips and not self._paused and len(taken) < wanted:
            clip = self._clips[0]
            piece = bytes(clip.pcm[clip.position : clip.position + wanted - len(taken)])
            if piece and not clip.heard:
                events.append(ClipStarted(clip.clip_id))
            clip.position += len(piece)
            clip.heard = max(clip.heard, clip.position)
            taken += self._faded_in(clip, piece)
            if clip.position < len(clip.pcm):
                continue
            if not clip.complete:
                self.underrun_frames += bool(clip.heard) and len(taken) < wanted
                break
            self._clips.popleft()
            events.append(ClipFinished(clip.clip_id, self._ms(clip.heard)))
        return taken

    def _take_ringback(self, wanted: int) -> bytes:
        if not self._ringback or self._clips:
            return bytes(wanted)
        start = self._ringback_position
        doubled = self._ringback[start : start + wanted]
        doubled += self._ringback[: wanted - len(doubled)]
        self._ringback_position = (start + wanted) % len(self._ringback)
        return doubled

    def _fall_silent(self) -> None:
        """Fade out what plays; silence, and a fade that has begun, stay as they are."""
        if self._clips and self._clips[0].heard and not self._paused and not self._fade:
            clip = self._clips[0]
            tail = bytes(clip.pcm[clip.position : clip.position + self._bytes(_FADE_MS)])
            self._fade = _scaled(self._faded_in(clip, tail), 1.0, 0.0)

    def _faded_in(self, clip: _Clip, piece: bytes) -> bytes:
        if not clip.ramp:
            return piece
        whole = self._bytes(_FADE_MS)
        louder, clip.ramp = piece[: clip.ramp], max(0, clip.ramp - len(piece))
        begin = 1.0 - (clip.ramp + len(louder)) / whole
        return _scaled(louder, begin, 1.0 - clip.ramp / whole) + piece[len(louder) :]

    def _stopped(self, clip: _Clip) -> ClipStopped:
        return ClipStopped(clip.clip_id, self._ms(clip.heard), self._total_ms(clip))

    def _total_ms(self, clip: _Clip) -> int | None:
        return self._ms(len(clip.pcm)) if clip.complete else None

    def _bytes(self, duration_ms: int) -> int:
        return self.rate_hz * duration_ms // 1000 * BYTES_PER_SAMPLE

    def _ms(self, byte_count: int) -> int:
        return byte_count * 1000 // (self.rate_hz * BYTES_PER_SAMPLE)

    def _find(self, clip_id: int) -> _Clip | None:
        return next((clip for clip in self._clips if clip.clip_id == clip_id), None)


def _scaled(pcm: bytes, begin: float, end: float) -> bytes:
    """Return audio with its loudness going from one factor to another."""
    samples = np.frombuffer(pcm, "<i2")
    return (samples * np.linspace(begin, end, samples.size)).astype("<i2").tobytes()
