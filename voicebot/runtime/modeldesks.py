"""The language model of the settings, for the bots that want one."""

from __future__ import annotations

import logging

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.modeldesk import ModelDesk
from voicebot.llm.client import OpenAIModel
from voicebot.llm.load import ModelLoad
from voicebot.settings.languagemodel import LanguageModelSettings
from voicebot.settings.model import Settings
from voicebot.skills.runner import BotSkills

logger = logging.getLogger(__name__)


def model_load(settings: LanguageModelSettings) -> ModelLoad:
    """Return what bounds requests on trial; all bots of a process share one."""
    return ModelLoad(settings.max_trials if settings.on_trial else 0, settings.busy_requests)


def model_desk_of(
    bot: Bot, settings: Settings, skills: BotSkills | None, load: ModelLoad | None = None
) -> ModelDesk | None:
    """Return what takes a bot's questions to the language model; None if it wants none, or there is none.

    Each bot has connections of its own: it closes them when it is closed, whatever the others do.

    Args:
        bot: the bot.
        settings: say where the model is.
        skills: run the bot's skills, which are the model's tools.
        load: bounds what is asked on trial; without it nothing is.
    """
    if bot.language_model is None:
        return None
    if not settings.language_model.base_url:
        logger.info("bot %s answers without a language model: language_model.base_url is not set", bot.name)
        return None
    model = OpenAIModel(settings.language_model, log_content=settings.log.content)
    specs = (lambda: skills.specs) if skills is not None else None
    return ModelDesk(bot, bot.language_model, model, settings.language_model, skills, specs, load)
