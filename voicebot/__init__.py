"""Voicebot: a self-hosted voice-telephony bot runtime."""

__version__ = "0.1.0"
