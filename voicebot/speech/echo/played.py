"""What the caller hears, kept until the frame of the caller that belongs to it is judged."""

from __future__ import annotations

from voicebot.speech.types import BYTES_PER_SAMPLE

_MOST_FRAMES = 100


class PlayedAudio:
    """Pairs what was played (``note``) with the caller's frames (``take``).

    Each frame of the caller is to be noted right before it is handed to whoever judges it. He may wait for more of
    them; then he takes what belongs to all of them at once. So whatever is older was played with frames that he never
    got, and is thrown away.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._frame_bytes = 0

    def note(self, pcm: bytes) -> None:
        """Remember a frame that was played while a frame of the caller arrived."""
        self._frame_bytes = len(pcm)
        self._waiting += pcm
        # Nobody judges the caller while somebody else speaks with him.
        if len(self._waiting) > _MOST_FRAMES * self._frame_bytes:
            del self._waiting[: self._frame_bytes]

    def take(self, samples: int) -> bytes:
        """Return what was played with the caller's last ``samples`` samples; silence where nothing was."""
        size = samples * BYTES_PER_SAMPLE
        self._drop_surplus(size)
        pcm = bytes(self._waiting[:size])
        del self._waiting[:size]
        return pcm.ljust(size, b"\0")

    def _drop_surplus(self, wanted_bytes: int) -> None:
        """Forget frames that nobody will ask for; a part of one may be left, where frames are cut in another way."""
        behind = len(self._waiting) - wanted_bytes
        if self._frame_bytes and behind >= self._frame_bytes:
            del self._waiting[: behind // self._frame_bytes * self._frame_bytes]
