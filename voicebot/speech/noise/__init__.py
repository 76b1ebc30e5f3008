"""Sounds that are no speech though they are loud and voiced: music on hold, ring-back, busy and other tones."""

from voicebot.speech.noise.steady import SteadyConfig, SteadySound

__all__ = ["SteadyConfig", "SteadySound"]
