"""From a voice's samples to telephone audio: trimmed, levelled, resampled, without clicks or clipping."""

from __future__ import annotations

import numpy as np
import soxr

from voicebot.speech.synthesis.engine import Samples

LEAD_MS = 15
"""Silence kept in front of a clip. Each further millisecond would be delay that the caller hears."""
TARGET_DBFS = -20.0
"""Loudness of the speech in a clip (RMS where there is speech): usual for the telephone, the same for all voices."""
PEAK = 0.89
"""No sample goes beyond this part of full scale (-1 dBFS): resampling and companding overshoot a little."""

_FRAME_MS = 5
_FADE_MS = 4
# A frame this far below the loudest one is silence: both engines render theirs below -60 dB, and the
# softest onsets (n, l, f) lie around -35 dB.
_SILENCE_DB = -46.0
_SPEECH_DB = -30.0
_MAX_GAIN = 8.0
_NOTHING = 1e-4
_INT16 = 32767.0


def telephone_audio(samples: Samples, rate_hz: int, to_rate_hz: int, gap_ms: int) -> bytes:
    """Make a clause that was rendered in one piece ready for the line; see ``ClauseAudio``."""
    audio = ClauseAudio(rate_hz, to_rate_hz, gap_ms)
    return audio.feed(samples) + audio.finish()


class ClauseAudio:
    """Makes the pieces of one rendered clause ready for the line.

    Silence is taken off both ends, but for a short lead and the gap asked for. What may be the silence of the
    end is held back until it is known.

    Args:
        rate_hz: sample rate of the pieces.
        to_rate_hz: sample rate of the line.
        gap_ms: silence to leave at the end.
        loudness: RMS of the voice's speech, which is brought to the level of the line; 0 to measure it on the
            first piece.
    """

    def __init__(self, rate_hz: int, to_rate_hz: int, gap_ms: int, loudness: float = 0.0) -> None:
        self._rate_hz = rate_hz
        self._to_rate_hz = to_rate_hz
        self._gap_samples = rate_hz * max(gap_ms, _FADE_MS) // 1000
        self._frame = rate_hz * _FRAME_MS // 1000
        self._fade = rate_hz * _FADE_MS // 1000
        self._loudness = loudness
        self._loudest = 0.0
        self._gain = 0.0
        self._sending = False
        self._trimmed = 0
        self._held = np.zeros(0, np.float32)
        self._resampler = soxr.ResampleStream(rate_hz, to_rate_hz, 1, dtype="float32", quality="HQ")

    @property
    def trimmed_samples(self) -> int:
        """Silence taken off the beginning, in samples of the voice."""
        return self._trimmed

    def feed(self, samples: Samples) -> bytes:
        """Take a piece and return what can go out: s16le mono, b"" while there is silence only."""
        level = _frame_rms(samples, self._frame)
        if not np.isfinite(level).all():
            return b""
        self._loudest = max(self._loudest, float(level.max(initial=0.0)))
        span = speech_span(samples, self._rate_hz, self._loudest)
        clip = np.concatenate([self._held, samples.astype(np.float32)])
        if span is None:
            self._held = clip if self._gain else self._held
            self._trimmed += 0 if self._gain else len(samples)
            return b""
        end = len(self._held) + span[1]
        if not self._gain:
            lead = max(0, span[0] - self._rate_hz * LEAD_MS // 1000)
            self._trimmed += lead
            clip = _faded_in(clip[lead:], self._fade)
            end = len(clip) - (len(samples) - span[1])
            self._gain = self._measured_gain(level)
        # The last moment of speech is held back too: if nothing follows, it is faded out.
        end = max(0, end - self._fade)
        self._held = clip[end:]
        return self._sent(clip[:end])

    def finish(self) -> bytes:
        """Return what is left: the gap."""
        if not self._gain:
            return b""
        # Faded before the gap is filled up, since some clips end in the middle of a sound.
        wanted = self._fade + self._gap_samples
        rest = _faded_in(self._held[:wanted][::-1].copy(), self._fade)[::-1]
        return self._sent(np.pad(rest, (0, wanted - len(rest))), last=True)

    def _measured_gain(self, level: Samples) -> float:
        """Bring the speech to the target loudness."""
        speech = level[level > level.max() * 10 ** (_SPEECH_DB / 20)]
        loudness = self._loudness or float(np.sqrt(np.mean(speech**2)))
        return min(10 ** (TARGET_DBFS / 20) / loudness, _MAX_GAIN)

    def _sent(self, clip: Samples, last: bool = False) -> bytes:
        if self._rate_hz != self._to_rate_hz:
            clip = self._resampler.resample_chunk(np.ascontiguousarray(clip), last=last)
        peak = float(np.abs(clip).max(initial=0.0))
        gain = min(self._gain, PEAK / peak) if peak else self._gain
        # A piece that would clip is made softer, and those behind it too; the step is spread over a few ms.
        fade = min(len(clip), self._to_rate_hz * _FADE_MS // 1000) if self._sending else 0
        clip = np.concatenate([clip[:fade] * np.linspace(self._gain, gain, fade, dtype=np.float32), clip[fade:] * gain])
        self._gain, self._sending = gain, True
        return np.round(np.clip(clip, -PEAK, PEAK) * _INT16).astype("<i2").tobytes()


def speech_span(samples: Samples, rate_hz: int, loudest: float = 0.0) -> tuple[int, int] | None:
    """Return the first sample of speech and the one behind the last, None when all is silence.

    Args:
        samples: a clip, or a piece of one.
        rate_hz: its sample rate.
        loudest: level of the loudest 5 ms of the whole clip so far; 0 for that of the samples.
    """
    frame = rate_hz * _FRAME_MS // 1000
    level = _frame_rms(samples, frame)
    if not len(level) or not np.isfinite(level).all():
        return None
    loudest = loudest or float(level.max())
    loud = np.flatnonzero(level > max(loudest * 10 ** (_SILENCE_DB / 20), _NOTHING))
    if not len(loud):
        return None
    return int(loud[0]) * frame, min(len(samples), (int(loud[-1]) + 1) * frame)


def _frame_rms(samples: Samples, frame: int) -> Samples:
    padded = np.pad(samples, (0, -len(samples) % frame))
    power: Samples = np.sqrt(np.mean(padded.reshape(-1, frame) ** 2, axis=1))
    return power


def _faded_in(clip: Samples, fade: int) -> Samples:
    fade = min(fade, len(clip))
    clip[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
    return clip
