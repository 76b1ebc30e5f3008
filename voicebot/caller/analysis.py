"""What a stereo recording of a scripted call tells: when the caller fell silent, when the bot spoke, and how soon.

All times are taken from the two channels of one recording, so no clock but the caller's own media
clock is involved. The caller's first and last sound are found by Silero VAD, which neither the bot nor
the line uses: recorded clips have breath and room noise around the words, and a mere level would count it.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.caller.script import CallOutcome, Mark
from voicebot.caller.words import speech_span

WINDOW_MS = 5
"""Times are told in steps of this length."""
AUDIBLE_DBFS = -50.0
"""A louder window holds sound."""
_QUIET_MS = 200  # a pause this long is the end of what was being said

Levels = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing the caller said and what the bot did.

    Attributes:
        step: index of the caller's step.
        clip: what the caller said.
        speech_start_ms, speech_end_ms: first and last sound of the caller's words, from the start of the recording.
        answer_ms: first sound of the bot after that, None if it stayed silent.
        stop_ms: for a caller who interrupted: when the bot had fallen silent, None if it went on.
        interrupting: the bot was speaking when the caller began.
    """

    step: int
    clip: str
    speech_start_ms: float
    speech_end_ms: float
    answer_ms: float | None
    stop_ms: float | None
    interrupting: bool

    @property
    def gap_ms(self) -> float | None:
        """From the caller's last sound to the bot's first."""
        return None if self.answer_ms is None else self.answer_ms - self.speech_end_ms

    @property
    def stop_after_ms(self) -> float | None:
        """From the caller's first sound to the bot's silence."""
        return None if self.stop_ms is None else self.stop_ms - self.speech_start_ms


def exchanges(outcome: CallOutcome) -> list[Exchange]:
    """Measure every "say" and "interrupt" of a recorded call."""
    samples, rate_hz = read_recording(Path(outcome.recording))
    caller, bot = samples[:, 0], levels(samples[:, 1], rate_hz)
    says = [mark for mark in outcome.marks if mark.what == "say"]
    ends = [mark.sample for mark in says[1:]] + [len(caller)]
    found = (_exchange(mark, end, caller, bot, rate_hz) for mark, end in zip(says, ends, strict=True))
    return [item for item in found if item is not None]


def read_recording(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    """Read a recording: a column for each channel, and the rate."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return samples, file.getframerate()


def levels(channel: npt.NDArray[np.int16], rate_hz: int) -> Levels:
    """Return the level in dBFS, one value per ``WINDOW_MS``."""
    window = rate_hz * WINDOW_MS // 1000
    whole = channel[: len(channel) // window * window].astype(np.float64).reshape(-1, window)
    rms = np.sqrt(np.mean(whole**2, axis=1)) / 32768
    levels: Levels = 20 * np.log10(np.maximum(rms, 1e-6))
    return levels


def _words(channel: npt.NDArray[np.int16], rate_hz: int) -> tuple[float, float] | None:
    """Return the first and last moment of speech in ms, None if there is none."""
    span = speech_span(channel, rate_hz)
    if span is not None:
        return span
    loud = np.flatnonzero(levels(channel, rate_hz) > AUDIBLE_DBFS)  # a word too short for the detector
    return (float(loud[0]) * WINDOW_MS, float(loud[-1] + 1) * WINDOW_MS) if loud.size else None


def _exchange(mark: Mark, end_sample: int, caller: npt.NDArray[np.int16], bot: Levels, rate_hz: int) -> Exchange | None:
    words = _words(caller[mark.sample : end_sample], rate_hz)
    if words is None:
        return None
    begin_ms = mark.sample * 1000 / rate_hz
    speech_start_ms, speech_end_ms = begin_ms + words[0], begin_ms + words[1]
    start, last, end = (
        int(time_ms / WINDOW_MS) for time_ms in (speech_start_ms, speech_end_ms, end_sample * 1000 / rate_hz)
    )
    interrupting = bool((bot[max(0, start - _QUIET_MS // WINDOW_MS) : start] > AUDIBLE_DBFS).any())
    stop = _fell_silent(bot, start, end) if interrupting else None
    search = max(last, stop) if stop is not None else last
    answer = np.flatnonzero(bot[search:end] > AUDIBLE_DBFS)
    return Exchange(
        step=mark.step,
        clip=mark.detail,
        speech_start_ms=speech_start_ms,
        speech_end_ms=speech_end_ms,
        answer_ms=(search + int(answer[0])) * WINDOW_MS if answer.size else None,
        stop_ms=None if stop is None else stop * WINDOW_MS,
        interrupting=interrupting,
    )


def _fell_silent(bot: Levels, start: int, end: int) -> int | None:
    """Return the window after the bot's last sound before a pause of at least ``_QUIET_MS``."""
    quiet = _QUIET_MS // WINDOW_MS
    last = start
    for window in range(start, min(end, len(bot))):
        if bot[window] > AUDIBLE_DBFS:
            last = window + 1
        elif window - last + 1 >= quiet:
            return last
    return None
