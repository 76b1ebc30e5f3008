"""Cut a stream of audio of any piece length into frames of one exact length."""

from __future__ import annotations

from voicebot.speech.types import BYTES_PER_SAMPLE


class Framer:
    """Re-frame PCM: pieces of any length in, frames of ``frame_samples`` out, the leftover kept.

    Pieces may even end in the middle of a sample, as bytes from a socket do.
    """

    def __init__(self, frame_samples: int) -> None:
        if frame_samples < 1:
            raise ValueError(f"frame_samples must be at least 1, got {frame_samples}")
        self.frame_samples = frame_samples
        self._frame_bytes = frame_samples * BYTES_PER_SAMPLE
        self._rest = b""

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._rest)

    def feed(self, pcm: bytes) -> list[bytes]:
        """Take a piece of any length and return the frames it completes."""
        size = self._frame_bytes
        # The usual case: the line's frames already have the right length. Do not copy them.
        if not self._rest and len(pcm) == size:
            return [pcm]
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        return [data[at : at + size] for at in range(0, whole, size)]

    def flush(self) -> bytes:
        """Return the leftover filled up with silence to a whole frame, or b"" if nothing is left."""
        if not self._rest:
            return b""
        frame = self._rest.ljust(self._frame_bytes, b"\0")
        self._rest = b""
        return frame
