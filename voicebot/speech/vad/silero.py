"""Silero VAD, a small neural network that tells voices from all other sounds, as a veto.

On single short words it is unsure: at its own threshold of 0.5 it misses 19 of 103 Mandarin words that come over a
telephone. At 0.08 they pass, and music, offices and street noise mostly still do not. So it does not find speech here,
it denies what is no voice, and confirms that speech goes on where a quicker detector has lost it; beginning and end of
speech are told by that detector.

The network and how it wants to be fed: https://github.com/snakers4/silero-vad (MIT), release 6.2, ``OnnxWrapper``.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from voicebot.speech.types import BYTES_PER_SAMPLE
from voicebot.speech.vad.detector import RATES_HZ

MODEL_ID = "silero-vad"
MODEL_FILE = "silero_vad.onnx"
DEFAULT_PROBABILITY = 0.08
_SURE = 0.5
"""What the network's authors take for speech."""
_LAG_MS = 100
"""The network remembers: it goes on hearing a voice for about as long when only a room's noise is left."""

Samples = npt.NDArray[np.float32]
_STATE_SHAPE = (2, 1, 128)
_CHUNK_MS = 32
_CONTEXT_SHARE = 8  # the network sees the last eighth of the chunk before as well
_RECENT_CHUNKS = 3
_SETTLED_MS = 1000
_ONLY_ERRORS = 3


class SileroModel:
    """The network, loaded once per process and shared by its calls.

    Args:
        path: the model file.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        self._rates = {rate_hz: np.array(rate_hz, np.int64) for rate_hz in RATES_HZ}
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, samples: Samples, state: Samples, rate_hz: int) -> tuple[float, Samples]:
        """Judge a chunk with its context; return the probability of a voice, and the new state."""
        inputs = {"input": samples[np.newaxis], "state": state, "sr": self._rates[rate_hz]}
        probability, state = self._session.run(None, inputs)
        return float(probability[0, 0]), state


class SileroStream:
    """The audio of one call, chunk by chunk through the network.

    Args:
        model: the network.
        rate_hz: 8000 or 16000, both are its own.

    Attributes:
        probability: that there was a voice in the last chunk.
    """

    def __init__(self, model: SileroModel, rate_hz: int) -> None:
        self.probability = 0.0
        self._model = model
        self.rate_hz = rate_hz
        self._chunk = rate_hz * _CHUNK_MS // 1000
        self._context = self._chunk // _CONTEXT_SHARE
        self._samples: Samples = np.zeros(self._context, np.float32)
        self._state: Samples = np.zeros(_STATE_SHAPE, np.float32)

    def feed(self, pcm: bytes) -> list[float]:
        """Take s16le audio of any length; return the probabilities of the chunks that it completes."""
        found = []
        piece = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        self._samples = np.concatenate((self._samples, piece))
        needed = self._context + self._chunk
        while len(self._samples) >= needed:
            self.probability, self._state = self._model.run(self._samples[:needed], self._state, self.rate_hz)
            self._samples = self._samples[self._chunk :]
            found.append(self.probability)
        return found


class NoVoice:
    """Denies frames without a voice near them; a ``Veto``.

    It hears what is no speech as well: with gaps in what it has heard it takes more noise for a voice. Only where
    nothing could be speech for a while it need not hear all: that is the same from one second to the next.

    Args:
        stream: the call's audio.
        least_probability: what a chunk needs to count as a voice.
    """

    name = "noise"
    lag_ms = _LAG_MS

    def __init__(self, stream: SileroStream, least_probability: float = DEFAULT_PROBABILITY) -> None:
        self._stream = stream
        self._least = least_probability
        self._recent: deque[float] = deque([0.0], maxlen=_RECENT_CHUNKS)
        self._ms_bytes = stream.rate_hz // 1000 * BYTES_PER_SAMPLE
        self._faint_ms = 0

    def denies(self, frames: bytes) -> bool:
        """Tell whether neither the last of these frames nor the 100 ms before it had a voice in them."""
        self._faint_ms = 0
        self._recent.extend(self._stream.feed(frames))
        return max(self._recent) < self._least

    def is_voice(self) -> bool:
        """Tell whether the last chunk was surely a voice, as its authors judge."""
        return self._stream.probability >= _SURE

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        """Take frames that nobody asks about."""
        self._faint_ms = self._faint_ms + len(frames) // self._ms_bytes if faint else 0
        if self._faint_ms <= _SETTLED_MS:
            self._recent.extend(self._stream.feed(frames))
