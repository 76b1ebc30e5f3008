"""The detectors of a process: what is heavy is loaded once, what adapts to a line is made for each call."""

from __future__ import annotations

from voicebot.errors import ConfigError, ModelError
from voicebot.modelstore.store import ModelStore
from voicebot.settings.model import Settings, VadSettings
from voicebot.speech.echo import EchoGuard, PlayedAudio
from voicebot.speech.noise import SteadySound
from voicebot.speech.vad.detector import Veto, VoiceActivityDetector
from voicebot.speech.vad.silero import MODEL_FILE, MODEL_ID, NoVoice, SileroModel, SileroStream
from voicebot.speech.vad.vetoed import VetoedDetector
from voicebot.speech.vad.webrtc import WebRtcDetector

_CARRY_MS = 600
"""Speech goes on for so long without webrtcvad; more of it is another voice in the room."""


class Detectors:
    """Makes the detector of each call as the settings say.

    Args:
        settings: ``settings.speech.vad``.
        silero: the network, where the settings ask for it.
    """

    def __init__(self, settings: VadSettings, silero: SileroModel | None = None) -> None:
        self._settings = settings
        self._silero = silero

    @classmethod
    def load(cls, settings: Settings) -> Detectors:
        """Load what the settings ask for.

        Raises:
            ConfigError: they ask for Silero, and it is not here or not what it should be.
        """
        vad = settings.speech.vad
        if vad.engine != "silero":
            return cls(vad)
        try:
            directory = ModelStore(settings).path(MODEL_ID)
        except ModelError as error:
            raise ConfigError(f"speech.vad.engine is silero, but {error.message}; or set it to webrtc") from error
        return cls(vad, SileroModel(directory / MODEL_FILE))

    def for_call(self, rate_hz: int, played: PlayedAudio | None = None) -> VoiceActivityDetector:
        """Return the detector of a call.

        Args:
            rate_hz: sample rate of the call.
            played: what the caller hears; without it there is no echo guard.
        """
        settings = self._settings
        carry_ms = _CARRY_MS if self._silero is not None else 0
        detector = WebRtcDetector(rate_hz, settings.frame_ms, settings.aggressiveness, carry_ms=carry_ms)
        vetoes: list[Veto] = []
        if played is not None and settings.echo_guard:
            vetoes.append(EchoGuard(played, rate_hz, detector.frame_samples))
        if settings.music_guard:
            vetoes.append(SteadySound(rate_hz, settings.frame_ms))
        if self._silero is None:
            return VetoedDetector(detector, vetoes) if vetoes else detector
        voice = NoVoice(SileroStream(self._silero, rate_hz), settings.voice_probability)
        return VetoedDetector(detector, [*vetoes, voice], confirms=voice)
