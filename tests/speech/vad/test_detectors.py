from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.settings.model import PathSettings, SpeechSettings, VadSettings
from voicebot.speech.echo import PlayedAudio
from voicebot.speech.vad import VetoedDetector, WebRtcDetector
from voicebot.speech.vad.detectors import Detectors
from voicebot.speech.vad.silero import MODEL_ID, SileroModel


def settings_in(folder: Path, vad: VadSettings) -> Settings:
    return Settings(paths=PathSettings(data=folder), speech=SpeechSettings(vad=vad))


def test_silero_without_its_model_is_a_mistake_in_the_settings_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"speech\.vad\.engine is silero, .* voicebot models pull silero-vad"):
        Detectors.load(settings_in(tmp_path, VadSettings()))


def test_webrtc_needs_no_model(tmp_path: Path) -> None:
    detectors = Detectors.load(settings_in(tmp_path, VadSettings(engine="webrtc")))
    assert isinstance(detectors.for_call(8000, PlayedAudio()), VetoedDetector)


def test_nothing_but_webrtcvad_if_all_else_is_off() -> None:
    detectors = Detectors(VadSettings(engine="webrtc", echo_guard=False, music_guard=False))
    assert isinstance(detectors.for_call(8000, PlayedAudio()), WebRtcDetector)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("frame_ms", [10, 20, 30])
def test_frames_of_every_length_are_judged(silero: SileroModel, rate_hz: int, frame_ms: int) -> None:
    played = PlayedAudio()
    settings = VadSettings.model_validate({"frame_ms": frame_ms})
    detector = Detectors(settings, silero).for_call(rate_hz, played)
    silence = bytes(2 * detector.frame_samples)
    for _ in range(100):
        played.note(b"\x00\x10" * detector.frame_samples)
        assert not detector.is_speech(silence)


@pytest.mark.parametrize(("engine", "wanted"), [("silero", True), ("webrtc", False)])
def test_the_model_is_fetched_with_the_others_if_it_is_used(engine: str, wanted: bool) -> None:
    vad = VadSettings.model_validate({"engine": engine})
    assert ([MODEL_ID] in ModelStore(Settings(speech=SpeechSettings(vad=vad))).wanted()) == wanted
