"""The scripted caller's mouth, tape and ear: clips out, both directions recorded, the bot's speech detected."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr

from voicebot.caller.echo import Echo
from voicebot.speech.types import BYTES_PER_SAMPLE

_SPEECH_LEVEL = 10 ** (-45 / 20) * 32768  # an RMS of -45 dBFS: synthesised speech is far above, comfort noise below


def load_clip(path: Path, rate_hz: int) -> bytes:
    """Read a mono 16-bit WAV file as PCM at ``rate_hz``."""
    with wave.open(str(path), "rb") as file:
        if file.getnchannels() != 1 or file.getsampwidth() != BYTES_PER_SAMPLE:
            raise ValueError(f"{path}: expected 16-bit mono")
        source_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    if source_hz != rate_hz:
        samples = soxr.resample(samples, source_hz, rate_hz)
    return samples.astype("<i2").tobytes()


def is_audible(pcm: bytes) -> bool:
    """Tell whether a frame holds speech rather than silence or the noise of a codec."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    return bool(samples.size) and float(np.sqrt(np.mean(samples**2))) > _SPEECH_LEVEL


class CallerTape:
    """The audio source of a scripted caller, which also keeps what was sent and what was received.

    The media clock asks for one frame and delivers one frame every 20 ms, so all directions are kept as
    rows of frames, lined up once at the first received frame: times between them are exact to a frame,
    however late the event loop gets to see a frame.

    Args:
        rate_hz: sample rate of the call.
        echo: sends back part of what is heard; None: nothing comes back.
    """

    def __init__(self, rate_hz: int, echo: Echo | None = None) -> None:
        self.rate_hz = rate_hz
        self.clip_start_sample = 0
        self._echo = echo
        self._spoken = bytearray()
        self._sent = bytearray()
        self._received = bytearray()
        self._clip = b""
        self._clip_position = 0

    @property
    def sent_samples(self) -> int:
        """Samples sent so far: the caller's clock."""
        return len(self._spoken) // BYTES_PER_SAMPLE

    @property
    def speaking(self) -> bool:
        """A clip is being spoken."""
        return self._clip_position < len(self._clip)

    def speak(self, pcm: bytes) -> None:
        """Speak a clip from the next frame on; ``clip_start_sample`` is where it began, once it has."""
        self._clip_position = 0
        self._clip = pcm

    def read(self, samples: int) -> bytes:
        """Return the next frame to send (called on the media clock's thread)."""
        wanted = samples * BYTES_PER_SAMPLE
        if self._clip_position == 0 and self._clip:
            self.clip_start_sample = self.sent_samples
        frame = self._clip[self._clip_position : self._clip_position + wanted]
        self._clip_position += len(frame)
        frame += bytes(wanted - len(frame))
        self._spoken += frame
        if self._echo is not None:
            frame = self._echo.add_to(frame, len(self._sent), self._received)
            self._sent += frame
        return frame

    def receive(self, pcm: bytes) -> None:
        """Keep a received frame beside the frames sent so far."""
        if not self._received:
            self._received += bytes(max(0, len(self._spoken) - len(pcm)))
        self._received += pcm

    def save(self, path: Path) -> None:
        """Write the recording as WAV: what the caller said left, the bot right, third what was sent if that differs."""
        tracks = [self._spoken, self._received, *([self._sent] if self._echo is not None else [])]
        length = min(map(len, tracks))
        length -= length % BYTES_PER_SAMPLE
        columns = [np.frombuffer(bytes(track[:length]), "<i2") for track in tracks]
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(len(columns))
            file.setsampwidth(BYTES_PER_SAMPLE)
            file.setframerate(self.rate_hz)
            file.writeframes(np.column_stack(columns).astype("<i2").tobytes())


class TalkDetector:
    """Tells when the bot begins and ceases to speak, by level, in audio time.

    Args:
        quiet_ms: silence after which it counts as having ceased.

    Attributes:
        talking_ms: how long it has been speaking; 0 while it does not.
        undisturbed_ms: the same, counted from the caller's last words at the earliest.
    """

    def __init__(self, quiet_ms: int) -> None:
        self._quiet_ms = quiet_ms
        self._silence_ms = 0
        self.talking_ms = 0
        self.undisturbed_ms = 0

    def disturb(self) -> None:
        """Count ``undisturbed_ms`` anew: the caller has said something."""
        self.undisturbed_ms = 0

    @property
    def talking(self) -> bool:
        """The bot is speaking, or paused for less than ``quiet_ms``."""
        return self.talking_ms > 0

    def feed(self, pcm: bytes, frame_ms: int) -> str:
        """Take a received frame; return "bot_starts", "bot_stops" or ""."""
        if is_audible(pcm):
            started = not self.talking
            self._count(frame_ms)
            self._silence_ms = 0
            return "bot_starts" if started else ""
        if not self.talking:
            return ""
        self._count(frame_ms)
        self._silence_ms += frame_ms
        if self._silence_ms < self._quiet_ms:
            return ""
        self.talking_ms = self.undisturbed_ms = self._silence_ms = 0
        return "bot_stops"

    def _count(self, frame_ms: int) -> None:
        self.talking_ms += frame_ms
        self.undisturbed_ms += frame_ms
