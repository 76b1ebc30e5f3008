"""A network that hears from intonation and rhythm whether a caller has finished: Smart Turn v3.

What it takes and gives: https://github.com/pipecat-ai/smart-turn (``inference.py``), BSD-2-Clause; the model files are
at https://huggingface.co/pipecat-ai/smart-turn-v3. An encoder like Whisper tiny's for eight seconds, and a head:

* ``input_features``, float32 (batch, 80, 800): Whisper's log-mel of the last 8 s at 16 kHz. Less audio is filled up
  with zeros in front. The waveform is brought to mean 0 and variance 1 first (``do_normalize`` of Hugging Face's
  ``WhisperFeatureExtractor``), fill included;
* one output, a probability already.
"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import numpy as np
import onnxruntime

from voicebot.errors import ConfigError, SpeechError
from voicebot.speech.pool import UrgencyPool
from voicebot.speech.recognition.features import HOP_SAMPLES, RATE_HZ, Array, LogMel, pcm_to_float
from voicebot.speech.types import TurnEndRequest

WINDOW_S = 8
"""Audio that the network sees."""
_INPUT = "input_features"
_SETTING = "conversation.turn_model"
_BANDS = 80
_SAMPLES = WINDOW_S * RATE_HZ
_FRAMES = _SAMPLES // HOP_SAMPLES
_VARIANCE_FLOOR = 1e-7
_ONLY_ERRORS = 3


class SmartTurn:
    """The network, loaded and tried out.

    Args:
        path: the model file.

    Raises:
        ConfigError: there is no such file, or it is not a model of this kind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session = self._open()
        self._log_mel = LogMel(_BANDS)
        try:
            self.probability(np.linspace(-1, 1, RATE_HZ, dtype=np.float32))
        except SpeechError as error:
            raise ConfigError(f"{_SETTING}: {path} is not a Smart Turn v3 model: {error.message}") from error

    def probability(self, audio: Array) -> float:
        """Return how probable it is that whoever speaks has finished, 0..1.

        Args:
            audio: 16 kHz floats up to the pause; what lies before the last 8 s is not looked at.

        Raises:
            SpeechError: the network failed.
        """
        try:
            results = self._session.run(None, {_INPUT: self.features(audio)})
            value = float(np.asarray(results[0], np.float64).reshape(()))
        except Exception as error:  # onnxruntime's errors have no common base but this
            raise SpeechError(f"it cannot be asked: {error}") from error
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise SpeechError(f"what it answers is no probability: {value}")
        return value

    def features(self, audio: Array) -> Array:
        """Return what the network is given for some audio, shape (1, 80, 800)."""
        window = np.zeros(_SAMPLES, np.float32)
        last = audio[-_SAMPLES:]
        window[_SAMPLES - len(last) :] = last
        normal = (window - window.mean()) / np.sqrt(window.var() + _VARIANCE_FLOOR)
        return self._log_mel.window(normal.astype(np.float32), _FRAMES, reflect_end=True)

    def _open(self) -> onnxruntime.InferenceSession:
        if not self._path.is_file():
            raise ConfigError(f"{_SETTING}: there is no file {self._path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        try:
            session = onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base but this
            raise ConfigError(f"{_SETTING}: {self._path} cannot be loaded as an ONNX model") from error
        names = [each.name for each in session.get_inputs()]
        if names != [_INPUT]:
            raise ConfigError(
                f"{_SETTING}: {self._path} is not a Smart Turn v3 model: its inputs are {', '.join(names) or 'none'}, "
                f"expected {_INPUT}"
            )
        return session


class SmartTurnService:
    """Implements ``TurnEndModel``: one question at a time, in a thread of its own."""

    def __init__(self, network: SmartTurn) -> None:
        self._network = network
        self._pool: UrgencyPool[float] = UrgencyPool(1, "turn-end")

    @classmethod
    async def load(cls, path: Path) -> SmartTurnService:
        """Load the model file.

        Raises:
            ConfigError: there is no such file, or it is not a model of this kind.
        """
        return cls(await asyncio.to_thread(SmartTurn, path))

    async def turn_end(self, request: TurnEndRequest) -> float:
        """Return how probable it is that the caller has finished. Cancelling gives up a question that still waits.

        Raises:
            SpeechError: the network failed.
        """
        return await self._pool.run(lambda: self._judge(request), urgency=0)

    async def close(self) -> None:
        """Give up what waits and wait for what runs."""
        await self._pool.close()

    def _judge(self, request: TurnEndRequest) -> float:
        return self._network.probability(pcm_to_float(request.pcm, request.rate_hz))
