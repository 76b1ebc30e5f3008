"""What the callers of each line are likely to say, from the bots in their folders."""

from __future__ import annotations

from pathlib import Path

from voicebot.dialogue.hotwords import FILE_NAME, hot_words, read_hot_words
from voicebot.runtime.bots import OurBots
from voicebot.settings.model import Settings


def hot_words_of_lines(settings: Settings, bots: OurBots) -> dict[str, list[str]]:
    """Return the hot words of the lines that a bot of ours answers, by the line's name.

    Raises:
        ConfigError: the list in a bot's folder is wrong.
    """
    if settings.speech.recogniser.hot_words == "off":
        return {}
    return {
        line.name: hot_words(bots.by_folder[line.bot].bot, listed=read_hot_words(list_file(settings, line.bot)))
        for line in settings.lines
        if not line.brain_url
    }


def list_file(settings: Settings, folder: str) -> Path:
    """Return where the author of a bot lists its hot words."""
    return settings.bots.directory / folder / FILE_NAME
