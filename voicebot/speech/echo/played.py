"""What the caller hears, kept until the frame of the caller that belongs to it is judged."""

from __future__ import annotations

import threading

from voicebot.speech.types import BYTES_PER_SAMPLE

_SURPLUS_FRAMES = 3
_WATCHED_FRAMES = 50


class PlayedAudio:
    """Hands what was played from the media clock's thread (``note``) to whoever judges the caller's frames (``take``).

    A call's media clock asks for a frame and hands over one of the caller's in the same tick, so the oldest frame not
    yet taken belongs to the caller's next one, however late that is judged. Where more stays behind than ever
    catches up (frames of the caller were lost), the surplus is thrown away.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._least_waiting: int | None = None
        self._taken = 0

    def note(self, pcm: bytes) -> None:
        """Remember a frame that was played while a frame of the caller arrived."""
        with self._lock:
            self._waiting += pcm

    def take(self, samples: int) -> bytes:
        """Return what was played with the caller's next ``samples`` samples; silence where nothing was."""
        size = samples * BYTES_PER_SAMPLE
        with self._lock:
            self._drop_surplus(size)
            pcm = bytes(self._waiting[:size])
            del self._waiting[:size]
        return pcm.ljust(size, b"\0")

    def _drop_surplus(self, frame_bytes: int) -> None:
        """Forget what has stayed behind for as long as ``_WATCHED_FRAMES`` were taken."""
        waiting = len(self._waiting)
        self._least_waiting = waiting if self._least_waiting is None else min(self._least_waiting, waiting)
        self._taken += 1
        if self._taken < _WATCHED_FRAMES:
            return
        if self._least_waiting > _SURPLUS_FRAMES * frame_bytes:
            del self._waiting[: self._least_waiting - frame_bytes]
        self._taken = 0
        self._least_waiting = None
