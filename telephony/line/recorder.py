"""Stereo recording of a call, written while it goes on: the caller left, the bot right."""

from __future__ import annotations

import fcntl
import logging
import queue
import struct
import threading
import time
from array import array
from pathlib import Path
from typing import BinaryIO

from telephony.line.config import FRAME_MS

logger = logging.getLogger(__name__)

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_BYTES = _HEADER.size
_FRAMES_PER_HEADER = 50
# Ten seconds: a disk that hangs longer loses audio rather than filling the memory.
_MAX_WAITING_FRAMES = 500
_GATHER_S = 0.2
"""Frames are written together: a thread that wakes for each of them takes the interpreter from the media clock's."""


def wav_header(rate_hz: int, data_bytes: int) -> bytes:
    """Return the header of a stereo 16-bit WAV file (RIFF, 44 bytes)."""
    return _HEADER.pack(
        b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, 1, 2, rate_hz, rate_hz * 4, 4, 16, b"data", data_bytes
    )


def interleave(left: bytes, right: bytes) -> bytes:
    """Return two mono signals of equal length as one stereo signal."""
    both = array("h", bytes(2 * len(left)))
    both[0::2] = array("h", left)
    both[1::2] = array("h", right)
    return both.tobytes()


class Recorder:
    """Writes a recording on a thread of its own: the media clock never waits for a disk.

    The header is brought up to date every second, so that a crash leaves a file that plays. The file is locked
    (flock) until it is complete or its writer dead.

    Args:
        path: the file; its folder is made.
        rate_hz: sample rate of the frames.

    Attributes:
        hidden_ms: from where to where there is silence instead of what was said (``hide``).
        dropped: frames that are missing because the disk was too slow.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self.dropped = 0
        self.hidden_ms: list[tuple[int, int]] = []
        self._hidden_from_ms: int | None = None
        self._rate_hz = rate_hz
        self._taken = (0, 0.0)  # frames so far, and when the last one came; replaced as one for whoever reads it
        self._frames: queue.SimpleQueue[tuple[bytes, bytes] | None] = queue.SimpleQueue()
        self._finished = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(wav_header(rate_hz, 0))
        self._thread = threading.Thread(target=self._main, args=(file,), name="recorder", daemon=True)
        self._thread.start()

    def write(self, caller: bytes, bot: bytes) -> None:
        """Add a frame of each side. Never blocks."""
        if self._hidden_from_ms is not None:
            caller = bot = bytes(len(caller))
        if self._frames.qsize() < _MAX_WAITING_FRAMES:
            self._frames.put((caller, bot))
            self._taken = (self._taken[0] + 1, time.monotonic())
        else:
            self.dropped += 1

    @property
    def position_ms(self) -> float:
        """Length of the recording by now; stands still where no frames come."""
        frames, last_s = self._taken
        since_ms = (time.monotonic() - last_s) * 1000 if frames else 0.0
        return frames * FRAME_MS + min(since_ms, FRAME_MS)

    def hide(self, on: bool) -> None:
        """Write silence from now on, or no longer: a card number is nobody's business."""
        at_ms = self._taken[0] * FRAME_MS
        if on and self._hidden_from_ms is None:
            self._hidden_from_ms = at_ms
        elif not on and self._hidden_from_ms is not None:
            self.hidden_ms.append((self._hidden_from_ms, at_ms))
            self._hidden_from_ms = None

    def finish(self) -> None:
        """Nothing follows: the file is completed. Never blocks."""
        self.hide(False)
        self._frames.put(None)
        self._finished.set()

    def join(self, timeout_s: float = 5.0) -> None:
        """Wait until the file is complete. Blocks: not for an event loop."""
        self._thread.join(timeout_s)

    def _main(self, file: BinaryIO) -> None:
        try:
            with file:
                self._write_frames(file)
        except OSError as error:
            logger.error("The recording %s stops: %s", self.path.name, error)
        if self.dropped:
            logger.warning("The recording %s lacks %d frames: the disk was too slow", self.path.name, self.dropped)

    def _write_frames(self, file: BinaryIO) -> None:
        data_bytes = unheaded = 0
        complete = False
        while not complete:
            pairs, complete = self._gather()
            data_bytes += file.write(
                interleave(b"".join(pair[0] for pair in pairs), b"".join(pair[1] for pair in pairs))
            )
            unheaded += len(pairs)
            if unheaded >= _FRAMES_PER_HEADER:
                self._fix_header(file, data_bytes)
                unheaded = 0
        self._fix_header(file, data_bytes)

    def _gather(self) -> tuple[list[tuple[bytes, bytes]], bool]:
        """Return the frames of the next moment, and whether they are the last ones."""
        pairs: list[tuple[bytes, bytes]] = []
        pair = self._frames.get()
        self._finished.wait(_GATHER_S)
        while pair is not None:
            pairs.append(pair)
            if self._frames.empty():
                return pairs, False
            pair = self._frames.get()
        return pairs, True

    def _fix_header(self, file: BinaryIO, data_bytes: int) -> None:
        file.seek(0)
        file.write(wav_header(self._rate_hz, data_bytes))
        file.seek(0, 2)
        file.flush()
