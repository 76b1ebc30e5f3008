"""What a stereo recording of a scripted call tells: when the caller fell silent, when the bot spoke, and how soon.

All times are taken from the two channels of one recording, so no clock but the caller's own media
clock is involved.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.caller.script import CallOutcome, Mark

_WINDOW_MS = 5
_AUDIBLE_DBFS = -50.0
# A recording has breath, room and the noise of its codec before and after the words. The caller's own words are
# what comes within this of their loudest moment: a listener's ear and a hand label end there, too.
_WORDS_BELOW_PEAK_DB = 30.0
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
    caller, bot = _levels(Path(outcome.recording))
    says = [mark for mark in outcome.marks if mark.what == "say"]
    ends = [mark.sample for mark in says[1:]] + [len(caller) * _WINDOW_MS * outcome.rate_hz // 1000]
    found = (_exchange(mark, end, caller, bot, outcome.rate_hz) for mark, end in zip(says, ends, strict=True))
    return [item for item in found if item is not None]


def _levels(path: Path) -> tuple[Levels, Levels]:
    """Return the level of both channels, in dBFS, one value per window."""
    with wave.open(str(path), "rb") as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    window = rate_hz * _WINDOW_MS // 1000
    whole = samples[: len(samples) // window * window].astype(np.float64).reshape(-1, window, 2)
    rms = np.sqrt(np.mean(whole**2, axis=1)) / 32768
    levels = 20 * np.log10(np.maximum(rms, 1e-6))
    return levels[:, 0], levels[:, 1]


def _exchange(mark: Mark, end_sample: int, caller: Levels, bot: Levels, rate_hz: int) -> Exchange | None:
    begin, end = (sample * 1000 // rate_hz // _WINDOW_MS for sample in (mark.sample, end_sample))
    said = caller[begin:end]
    if not said.size or said.max() <= _AUDIBLE_DBFS:
        return None
    loud = np.flatnonzero(said > max(_AUDIBLE_DBFS, said.max() - _WORDS_BELOW_PEAK_DB))
    start, last = begin + int(loud[0]), begin + int(loud[-1]) + 1
    interrupting = bool((bot[max(0, start - _QUIET_MS // _WINDOW_MS) : start] > _AUDIBLE_DBFS).any())
    stop = _fell_silent(bot, start, end) if interrupting else None
    search = max(last, stop) if stop is not None else last
    answer = np.flatnonzero(bot[search:end] > _AUDIBLE_DBFS)
    return Exchange(
        step=mark.step,
        clip=mark.detail,
        speech_start_ms=start * _WINDOW_MS,
        speech_end_ms=last * _WINDOW_MS,
        answer_ms=(search + int(answer[0])) * _WINDOW_MS if answer.size else None,
        stop_ms=None if stop is None else stop * _WINDOW_MS,
        interrupting=interrupting,
    )


def _fell_silent(bot: Levels, start: int, end: int) -> int | None:
    """Return the window after the bot's last sound before a pause of at least ``_QUIET_MS``."""
    quiet = _QUIET_MS // _WINDOW_MS
    last = start
    for window in range(start, min(end, len(bot))):
        if bot[window] > _AUDIBLE_DBFS:
            last = window + 1
        elif window - last + 1 >= quiet:
            return last
    return None
