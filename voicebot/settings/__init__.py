"""The settings of the service: one typed model, filled from defaults, a YAML file, environment and ``--set``."""

from voicebot.settings.load import load_settings
from voicebot.settings.model import LineSettings, Settings

__all__ = ["LineSettings", "Settings", "load_settings"]
