"""Loads our own bots, ready to answer."""

from __future__ import annotations

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.botfile import load_bots
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.session import SessionStore
from voicebot.dialogue.sessionids import SessionIds
from voicebot.dialogue.vectors import UseEncoder
from voicebot.errors import ConfigError
from voicebot.server.secrets import session_secret
from voicebot.settings.model import Settings
from voicebot.skills.runner import BotSkills

SKILL_HOMES = "skills"
"""Folder in ``paths.data`` with a folder for each bot, which its skills work in."""


def load_engines(settings: Settings) -> list[Engine]:
    """Load every bot in ``bots.directory``.

    Raises:
        ConfigError: a bot file is wrong, a line names a bot that is not there, or a secret cannot be kept.
        ModelError: the sentence vectors are missing.
    """
    bots = load_bots(settings.bots.directory)
    for line in settings.lines:
        if not line.brain_url and line.bot not in bots:
            known = ", ".join(sorted(bots)) or "none"
            raise ConfigError(f"lines: line '{line.name}' wants the bot '{line.bot}'; known bots: {known}")
    encoder = UseEncoder(settings.paths.models)
    ids = SessionIds(session_secret(settings))
    return [
        Engine(bot, encoder, SessionStore(ids=ids), skills=skills_of(bot, settings, tell_messages=settings.log.content))
        for bot in bots.values()
    ]


def skills_of(bot: Bot, settings: Settings, *, tell_messages: bool) -> BotSkills | None:
    """Return what runs the skills of a bot; None if it has none.

    Args:
        bot: the bot.
        settings: say where its skills may keep files.
        tell_messages: put the messages of a skill's exceptions into the log; they may quote what a caller said.
    """
    if not bot.skills:
        return None
    return BotSkills(bot.skills, settings.paths.data / SKILL_HOMES / bot.name, tell_messages=tell_messages)
