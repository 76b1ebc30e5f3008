"""What the caller hears, kept until the frame of the caller that belongs to it is judged."""

from __future__ import annotations

import threading

from voicebot.speech.types import BYTES_PER_SAMPLE

_SURPLUS_FRAMES = 2
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
        self._frame_bytes = 0
        self._least_behind: int | None = None
        self._taken = 0

    def note(self, pcm: bytes) -> None:
        """Remember a frame that was played while a frame of the caller arrived."""
        with self._lock:
            self._frame_bytes = len(pcm)
            self._waiting += pcm

    def take(self, samples: int) -> bytes:
        """Return what was played with the caller's next ``samples`` samples; silence where nothing was."""
        size = samples * BYTES_PER_SAMPLE
        with self._lock:
            self._drop_surplus(size)
            pcm = bytes(self._waiting[:size])
            del self._waiting[:size]
        return pcm.ljust(size, b"\0")

    def _drop_surplus(self, wanted_bytes: int) -> None:
        """Forget what has stayed behind for as long as ``_WATCHED_FRAMES`` were taken."""
        behind = max(0, len(self._waiting) - wanted_bytes)
        self._least_behind = behind if self._least_behind is None else min(self._least_behind, behind)
        self._taken += wanted_bytes
        if self._taken < _WATCHED_FRAMES * self._frame_bytes:
            return
        if self._least_behind > _SURPLUS_FRAMES * self._frame_bytes:
            del self._waiting[: self._least_behind]
        self._taken = 0
        self._least_behind = None
