"""What the server knows of a bot."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.connectors.base import Brain
from voicebot.dialogue.engine import Engine


@dataclass(frozen=True, slots=True)
class HostedBot:
    """A brain with a name in the URL.

    Attributes:
        name: its name in ``/bots/{name}/stream/query``.
        brain: what answers.
        voice: voice of its audio files: a voice id, or "zh", "en" for the default one of the language.
    """

    name: str
    brain: Brain
    voice: str

    @classmethod
    def of(cls, engine: Engine, name: str = "") -> HostedBot:
        """Host a bot of ours."""
        bot = engine.bot
        return cls(name or bot.name, engine, bot.voice or bot.language)
