"""Models: what there is, where it comes from, and whether what lies on disk is what it should be."""

from voicebot.modelstore.manifest import Manifest, Model, load_manifest
from voicebot.modelstore.progress import Reporter, SilentReporter, console_reporter
from voicebot.modelstore.store import AUTO_VOICE, ModelStore

__all__ = [
    "AUTO_VOICE",
    "Manifest",
    "Model",
    "ModelStore",
    "Reporter",
    "SilentReporter",
    "console_reporter",
    "load_manifest",
]
