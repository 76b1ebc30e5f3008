"""Loads our own bots, ready to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.botfile import FILE_NAME, load_bot, load_bots
from voicebot.dialogue.documents import DocumentLibrary
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.hotwords import FILE_NAME as HOT_WORDS_FILE
from voicebot.dialogue.hotwords import read_hot_words
from voicebot.dialogue.session import SessionStore
from voicebot.dialogue.sessionids import SessionIds
from voicebot.dialogue.vectors import Encoder, UseEncoder
from voicebot.dialogue.versions import EngineVersions
from voicebot.errors import ConfigError
from voicebot.runtime.folders import fingerprints
from voicebot.runtime.memory import StoredMemory
from voicebot.runtime.modeldesks import model_desk_of, model_load
from voicebot.runtime.together import together
from voicebot.server.secrets import session_secret
from voicebot.settings.model import Settings
from voicebot.skills.runner import BotSkills

DOCUMENT_CACHES = "documents"
"""Folder in ``paths.data`` with a folder for each bot, where its encoded documents are kept."""
SKILL_HOMES = "skills"
"""Folder in ``paths.data`` with a folder for each bot, which its skills work in."""


class OurBots:
    """All bots in ``bots.directory``, each in the versions that are in use.

    Attributes:
        directory: where they are.
        fingerprints: their files when they were first loaded.
        by_folder: the bots by the names of their folders.
    """

    def __init__(self, settings: Settings) -> None:
        """Load them.

        Raises:
            ConfigError: a bot file is wrong, a line names a bot that is not there, or a secret cannot be kept.
            ModelError: the sentence vectors are missing.
        """
        self._settings = settings
        self.directory = settings.bots.directory
        self.fingerprints = fingerprints(self.directory)  # first: what changes meanwhile is a change
        bots = load_bots(self.directory)
        for line in settings.lines:
            if not line.brain_url and line.bot not in bots:
                known = ", ".join(sorted(bots)) or "none"
                raise ConfigError(f"lines: line '{line.name}' wants the bot '{line.bot}'; known bots: {known}")
        self._encoder = UseEncoder(settings.paths.models)
        self._ids = SessionIds(session_secret(settings))
        self._memory = StoredMemory.of(settings)
        self._model_load = model_load(settings.language_model)
        self.by_folder = {folder: EngineVersions(self._engine(bot), self._memory) for folder, bot in bots.items()}

    def __iter__(self) -> Iterator[EngineVersions]:
        return iter(self.by_folder.values())

    @property
    def facts(self) -> dict[str, object]:
        """What ``/healthz`` tells of the language model, if there is one."""
        if not self._settings.language_model.base_url:
            return {}
        counts = self._model_load.counts
        return {
            "model_requests": counts.asked,
            "model_trials": counts.trials,
            "model_trials_taken_over": counts.taken_over,
        }

    async def start(self) -> None:
        """Get all skills ready, and begin to keep what is to be remembered.

        Raises:
            ConfigError: a skill file cannot be run.
        """
        self._memory.start()
        await together(*(versions.current.start() for versions in self))

    async def close(self) -> None:
        """Close all versions of all bots."""
        await asyncio.gather(*(versions.close() for versions in self))
        await self._memory.stop()

    def end_session(self, session_id: str) -> None:
        """Forget a conversation whose call is over, whichever bot had it; one of another engine is ignored."""
        if self._ids.made(session_id):
            any(versions.end(session_id) for versions in self)

    async def take_over(self, folder: str) -> EngineVersions:
        """Load a bot anew and let it answer new conversations.

        Raises:
            VoicebotError: it is wrong; the version that was there goes on.
        """
        engine = await asyncio.to_thread(self._load, folder)
        try:
            await engine.start()
        except BaseException:
            await engine.close()
            raise
        versions = self.by_folder.get(folder)
        if versions is None:
            versions = self.by_folder[folder] = EngineVersions(engine, self._memory)
        else:
            versions.replace(engine)
        return versions

    def _load(self, folder: str) -> Engine:
        file = self.directory / folder / FILE_NAME
        bot = load_bot(file)
        read_hot_words(file.with_name(HOT_WORDS_FILE))  # a mistake in it counts as one of the bot
        known = self.by_folder.get(folder)
        if known is not None and known.bot.name != bot.name:
            raise ConfigError(f"{file}: name: another name ('{bot.name}') needs a restart of the service")
        if known is None and any(versions.bot.name == bot.name for versions in self):
            raise ConfigError(f"{file}: name: there is a bot '{bot.name}' already")
        return self._engine(bot)

    def _engine(self, bot: Bot) -> Engine:
        skills = skills_of(bot, self._settings, tell_messages=self._settings.log.content)
        model = model_desk_of(bot, self._settings, skills, self._model_load)
        library = library_of(bot, self._encoder, self._settings)
        return Engine(bot, self._encoder, SessionStore(ids=self._ids), skills=skills, model=model, library=library)


def library_of(bot: Bot, encoder: Encoder, settings: Settings) -> DocumentLibrary | None:
    """Return the documents of a bot, encoded ones kept under ``paths.data``; None if it has none."""
    if bot.documents is None:
        return None
    return DocumentLibrary(bot.documents, encoder, bot.language, settings.paths.data / DOCUMENT_CACHES / bot.name)


def skills_of(bot: Bot, settings: Settings, *, tell_messages: bool) -> BotSkills | None:
    """Return what runs the skills of a bot; None if it has none.

    Args:
        bot: the bot.
        settings: say where its skills may keep files.
        tell_messages: put the messages of a skill's exceptions into the log; they may quote what a caller said.
    """
    if not bot.skills and not bot.mcp:
        return None
    home = settings.paths.data / SKILL_HOMES / bot.name
    return BotSkills(bot.skills, home, tell_messages=tell_messages, servers=bot.mcp)
