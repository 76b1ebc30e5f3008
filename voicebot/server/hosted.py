"""What the server knows of a bot."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from voicebot.connectors.base import Brain
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.versions import EngineVersions
from voicebot.settings.section import Language


def _new_session() -> str:
    return f"3_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class HostedBot:
    """A brain with a name in the URL.

    Attributes:
        name: its name in ``/bots/{name}/stream/query``.
        brain: what answers.
        voice: voice of its audio files: a voice id, or "zh", "en" for the default one of the language.
        language: of what the server itself has to say in its place.
        new_session: makes a session for a query that names none, and returns its id. So every answer has an id
            before the brain has said anything.
        end_of_speech_ms: ``identifyDuration`` where the brain has not told it yet; None to leave it out.
        silence_s: ``nodeSilentDurationSeconds``, likewise.
    """

    name: str
    brain: Brain
    voice: str
    language: Language = "zh"
    new_session: Callable[[], str] = _new_session
    end_of_speech_ms: int | None = None
    silence_s: int | None = None

    @classmethod
    def of(cls, engine: Engine | EngineVersions, name: str = "") -> HostedBot:
        """Host a bot of ours."""
        versions = engine if isinstance(engine, EngineVersions) else EngineVersions(engine)
        bot = versions.bot
        return cls(
            name=name or bot.name,
            brain=versions,
            voice=bot.voice or bot.language,
            language=cast(Language, bot.language),
            new_session=versions.new_session,
            end_of_speech_ms=bot.end_of_speech_ms,
            silence_s=bot.silence_s,
        )
