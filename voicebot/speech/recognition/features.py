"""Whisper's log-mel features, computed for the audio alone and not for the silence that fills the window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

RATE_HZ = 16000
HOP_SAMPLES = 160
FRAMES_PER_S = RATE_HZ // HOP_SAMPLES
MAX_FRAMES = 3000
_FFT_SAMPLES = 400
_FLOOR = 1e-10
_DYNAMIC_RANGE = 8.0  # decades below the loudest cell that are kept

Array = npt.NDArray[np.float32]


def pcm_to_float(pcm: bytes, rate_hz: int) -> Array:
    """Return s16le PCM as floats in -1..1 at 16 kHz."""
    samples: Array = np.frombuffer(pcm[: len(pcm) & ~1], dtype=np.int16).astype(np.float32) / np.float32(32768)
    if rate_hz == RATE_HZ:
        return samples
    resampled: Array = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ, quality="MQ"), dtype=np.float32)
    return resampled


def mel_filters(bands: int) -> Array:
    """Return the Slaney-style mel filter bank Whisper was trained with, shape (bands, 201).

    Triangles between ``bands + 2`` points equally spaced on Slaney's mel scale (linear up to 1 kHz, logarithmic
    above: Auditory Toolbox, 1998), each normalised to constant area.
    """
    # 15 mel at 1 kHz, 27 mel for each further factor of 6.4; 8 kHz is the Nyquist frequency.
    top = 15 + 27 * np.log(8) / np.log(6.4)
    mels = np.linspace(0, top, bands + 2)
    edges_hz = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))
    bins_hz = np.arange(_FFT_SAMPLES // 2 + 1) * RATE_HZ / _FFT_SAMPLES
    low, middle, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - low) / (middle - low)
    falling = (high - bins_hz) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return np.ascontiguousarray(triangles, dtype=np.float32)


class LogMel:
    """Computes log-mel windows for a model with ``bands`` mel bands."""

    def __init__(self, bands: int = 80) -> None:
        self._filters = mel_filters(bands)
        # Whisper uses the periodic Hann window.
        self._window = np.hanning(_FFT_SAMPLES + 1)[:-1].astype(np.float32)

    def window(self, audio: Array, frames: int, *, reflect_end: bool = False) -> Array:
        """Return the features of ``audio`` followed by silence, shape (1, bands, ``frames``).

        Args:
            audio: 16 kHz floats; what lies beyond the window is cut off.
            frames: length of the window, 100 a second.
            reflect_end: no silence follows but a reflection, as at the start; the audio must fill the window.
        """
        audio = audio[: frames * HOP_SAMPLES]
        # Frames are centred: the last one that touches the audio starts half an FFT before its end.
        used = min(frames, (len(audio) + _FFT_SAMPLES // 2) // HOP_SAMPLES + 1)
        half = _FFT_SAMPLES // 2
        padded = np.zeros(used * HOP_SAMPLES + _FFT_SAMPLES, dtype=np.float32)
        padded[half : half + len(audio)] = audio
        padded[:half] = padded[2 * half : half : -1]  # torch.stft's reflection at the start
        if reflect_end:
            padded[half + len(audio) :] = audio[-2 : -half - 2 : -1]
        pieces = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SAMPLES)[::HOP_SAMPLES][:used]
        spectrum = np.fft.rfft(pieces * self._window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        logs = np.log10(np.maximum(self._filters @ power.T, _FLOOR))
        floor = logs.max(initial=-10.0) - _DYNAMIC_RANGE
        result = np.full((1, len(self._filters), frames), max(floor, np.log10(_FLOOR)), dtype=np.float32)
        result[0, :, :used] = np.maximum(logs, floor)
        result += 4
        result /= 4
        return result
