"""What the callers of the query bench say: the bot's own wordings, and paraphrases that it has not heard before."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from voicebot.dialogue.bot import Bot

# None of these is a filler that matching takes off: with one of them a wording is no longer known word by word.
_OPENINGS = {
    "zh": (
        *("我想知道", "帮我看看", "我打听一下", "我要问", "跟我说说", "我家人问", "你知道", "我不清楚"),
        *("能告诉我", "再问一句", "顺便问问", "我关心", "老公让我问", "妈妈想问", "上次忘了问", "还有就是"),
        *("我得了解一下", "有人说过", "先问清楚", "请教"),
    ),
    "en": (
        *("can you tell me", "i would like to know", "i wonder", "my wife asks", "do you know", "tell me"),
        *("one question", "i need to know", "i am not sure", "another thing", "quick question"),
        *("my friend asks", "i was asking myself", "before i forget", "help me with this"),
        *("could you explain", "remind me", "is it clear", "last thing", "first"),
    ),
}  # fmt: skip
_CLOSINGS = {
    "zh": (
        *("", "这个", "到底", "现在", "我想想", "你看", "一般", "现在的话", "大概", "今天", "目前", "当天"),
        *("平时", "通常", "这几天", "下次", "到时候", "可能", "应该", "我记不清"),
    ),
    "en": (
        *("", "exactly", "right now", "today", "these days", "in general", "again", "at the moment"),
        *("this week", "for me", "roughly", "usually", "next time", "tomorrow", "normally", "if you know"),
        *("in your shop", "actually", "nowadays", "this month"),
    ),
}  # fmt: skip


def known_wordings(bot: Bot) -> list[str]:
    """Return every wording of the bot's FAQ."""
    return [wording for entry in bot.faq for wording in (entry.question, *entry.similar)]


def paraphrases(bot: Bot, seed: int = 0) -> Iterator[str]:
    """Yield questions to the bot's FAQ in other words, each of them once, in a mixed but fixed order.

    When those with one opening are used up, the ones with two follow, as people who ramble begin.
    """
    openings = _OPENINGS[bot.language]
    chance = random.Random(seed)
    yield from _mixed(bot, [(opening,) for opening in openings], chance)
    yield from _mixed(bot, list(itertools.permutations(openings, 2)), chance)


def _mixed(bot: Bot, openings: Sequence[tuple[str, ...]], chance: random.Random) -> Iterator[str]:
    blank = "" if bot.language == "zh" else " "
    wordings, closings = known_wordings(bot), _CLOSINGS[bot.language]
    total = len(openings) * len(wordings) * len(closings)
    for number in chance.sample(range(total), total):
        rest, closing = divmod(number, len(closings))
        opening, wording = divmod(rest, len(wordings))
        yield blank.join((*openings[opening], wordings[wording].rstrip("?"), closings[closing])).strip()
