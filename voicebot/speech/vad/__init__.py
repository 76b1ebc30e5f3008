"""Voice activity detection: which frames of a call are the caller's speech."""

from voicebot.speech.vad.detector import FRAMES_MS, RATES_HZ, Veto, VoiceActivityDetector
from voicebot.speech.vad.vetoed import VetoedDetector
from voicebot.speech.vad.webrtc import WebRtcDetector

__all__ = ["FRAMES_MS", "RATES_HZ", "Veto", "VetoedDetector", "VoiceActivityDetector", "WebRtcDetector"]
