"""Music and tones, told from speech by pitch that stands still."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.types import BYTES_PER_SAMPLE

_WINDOW_MS = 64
_LOWEST_HZ, _HIGHEST_HZ = 250.0, 3500.0
_LAG_MS = 100
_SMOOTH_BINS = 13  # 200 Hz: the formants, which do not count
_PEAK_BINS = 2  # on each side of a peak: what the window makes of a pure tone

Spectrum = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SteadyConfig:
    """What counts as music or a tone. Tried out on music on hold against words and sentences.

    Attributes:
        music: mean likeness of spectra 100 ms apart above which it is music: that of speech stays below,
            that of music lies between 0.4 and 0.9.
        no_longer: ... and at which it is none any more.
        remember_s: the time over which that is the mean.
        just_now_s: in music, a frame is denied only while the mean over this time is above ``no_longer``, too:
            somebody who speaks over music or a hum changes the spectrum.
        tone: part of the power in one or two narrow peaks that makes a frame a tone ...
        tone_ms: ... if that has lasted for so long ...
        tone_drift_hz: ... and its middle moved less than this meanwhile: no voice can hold a note like that.
        quiet_dbfs: below this nothing is learnt.
    """

    music: float = 0.5
    no_longer: float = 0.4
    remember_s: float = 1.5
    just_now_s: float = 0.1
    tone: float = 0.97
    tone_ms: int = 120
    tone_drift_hz: float = 1.5
    quiet_dbfs: float = -60.0


class SteadySound:
    """Denies frames of music and of tones; a ``Veto``.

    A voice glides: its harmonics move from one tenth of a second to the next. Notes and tones stay. Music is noticed
    within about a second, a pure tone or a pair of them (ring-back, busy, dial tone, beeps) sooner. Singing is a voice.

    Args:
        rate_hz: sample rate of the call.
        frame_ms: length of the frames.
    """

    name = "music"

    def __init__(self, rate_hz: int, frame_ms: int, config: SteadyConfig | None = None) -> None:
        self._config = config or SteadyConfig()
        size = rate_hz * _WINDOW_MS // 1000
        self._samples: Spectrum = np.zeros(size, np.float32)
        window = np.hanning(size + 2)[1:-1]
        self._frame_bytes = rate_hz * frame_ms // 1000 * BYTES_PER_SAMPLE
        self._window_frames = -(-_WINDOW_MS // frame_ms)
        self._most_power = float(1.0 / ((window**2).sum() * 32768.0**2))  # of a sample (Parseval)
        self._window = (window / np.sqrt((window**2).sum() * size / 2) / 32768).astype(np.float32)
        self._first, self._end = (round(edge_hz * _WINDOW_MS / 1000) for edge_hz in (_LOWEST_HZ, _HIGHEST_HZ))
        self._bins = np.arange(self._end - self._first, dtype=np.float32)
        self._quiet = 10 ** (self._config.quiet_dbfs / 10)
        self._smooth = np.full(_SMOOTH_BINS, 1.0 / _SMOOTH_BINS, np.float32)
        self._shapes: deque[Spectrum] = deque(maxlen=max(1, _LAG_MS // frame_ms))
        self._weight = frame_ms / 1000 / self._config.remember_s
        self._weight_now = min(1.0, frame_ms / 1000 / self._config.just_now_s)
        self._likeness = 0.0
        self._likeness_now = 0.0
        self._music = False
        self._pitches: deque[float] = deque(maxlen=max(2, self._config.tone_ms // frame_ms))

    @property
    def likeness(self) -> float:
        """How alike spectra 100 ms apart were lately, 0 to 1."""
        return self._likeness

    def denies(self, frames: bytes) -> bool:
        """Tell whether the last of the next frames belongs to music or a tone."""
        denied = False
        for at in range(0, len(frames), self._frame_bytes):
            denied = self._denies(np.frombuffer(frames[at : at + self._frame_bytes], "<i2"))
        return denied

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        """Learn from frames that are no speech in any case."""
        if faint:
            frames = self._forget(frames)
        self.denies(frames)

    def _forget(self, frames: bytes) -> bytes:
        """Take frames too quiet to learn from; return the last ones, which the next window will have in it."""
        self._shapes.clear()
        self._pitches.clear()
        return frames[-self._window_frames * self._frame_bytes :]

    def _denies(self, frame: npt.NDArray[np.int16]) -> bool:
        powers, total = self._powers(frame)
        if powers is None or total < self._quiet:
            self._shapes.clear()
            self._pitches.clear()
            return self._music
        self._compare(powers)
        music = self._music and self._likeness_now > self._config.no_longer
        return self._is_tone(powers, total) or music

    def _powers(self, frame: npt.NDArray[np.int16]) -> tuple[Spectrum | None, float]:
        """Return the powers by frequency, and all of them together; none where all is sure to be too quiet."""
        self._samples[: -len(frame)] = self._samples[len(frame) :]
        self._samples[-len(frame) :] = frame
        if float(self._samples @ self._samples) * self._most_power < self._quiet:
            return None, 0.0
        spectrum = np.fft.rfft(self._samples * self._window)[self._first : self._end]
        powers: Spectrum = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        return powers, float(powers.sum())

    def _compare(self, powers: Spectrum) -> None:
        levels = 10.0 * np.log10(powers + 1e-8)
        shape = np.clip(levels - np.convolve(levels, self._smooth, "same"), -6.0, 15.0)
        shape -= shape.mean()
        shape /= np.sqrt(float(shape @ shape)) + 1.0
        if len(self._shapes) == self._shapes.maxlen:
            likeness = float(shape @ self._shapes[0])
            self._likeness += self._weight * (likeness - self._likeness)
            self._likeness_now += self._weight_now * (likeness - self._likeness_now)
            self._music = self._likeness > (self._config.no_longer if self._music else self._config.music)
        self._shapes.append(shape.astype(np.float32))

    def _is_tone(self, powers: Spectrum, total: float) -> bool:
        """Tell whether nearly all power has been in one or two peaks for a while, and its middle did not move."""
        rest = powers.copy()
        power = sum(_take_peak(rest, int(rest.argmax())) for _ in range(2))
        if power < self._config.tone * total:
            self._pitches.clear()
            return False
        peaks = powers - rest
        self._pitches.append(float(peaks @ self._bins) / power)
        drift_hz = (max(self._pitches) - min(self._pitches)) * 1000 / _WINDOW_MS
        return len(self._pitches) == self._pitches.maxlen and drift_hz < self._config.tone_drift_hz


def _take_peak(powers: Spectrum, peak: int) -> float:
    """Return the power around a bin, and remove it."""
    around = slice(max(0, peak - _PEAK_BINS), peak + _PEAK_BINS + 1)
    power = float(powers[around].sum())
    powers[around] = 0.0
    return power
