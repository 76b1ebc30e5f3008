"""Hot words: what callers of a bot are likely to say and a recogniser is likely to mishear."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from voicebot.dialogue.bot import Bot
from voicebot.errors import ConfigError
from voicebot.hotwords import ENGLISH_WORDS, HAN_WORD, variable_words

FILE_NAME = "hotwords.txt"
MOST_WORDS = 200
LONGEST_WORD = 20

# What may stand behind a word in other systems' lists: its weight.
_WEIGHT = re.compile(r"[\s:|]+-?\d+(?:\.\d+)?$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NAME = re.compile(rf"[\u3400-\u9fff·]{{2,{LONGEST_WORD}}}")
# Words of questions: what is left between them is what is asked about.
_QUESTION_WORDS_ZH = re.compile(
    "请问|你们|我们|他们|您们|咱们|这个|那个|这里|那里|这边|那边|哪里|哪儿|哪个|哪位|哪条|哪些|什么时候|什么|怎么样|怎么办|怎么|如何|"
    "为什么|多少钱|多少|多久|多长时间|多长|几点|几个|几天|是不是|能不能|可不可以|可以|要不要|有没有|会不会|需要|需不需要|一下|一点|"
    "是否|能够|应该|想要|想|能|会|要|有|是|在|到|去|来|用|给|把|被|让|跟|和|与|或|的|地|得|了|着|过|吗|呢|吧|啊|呀|么|嘛|不|没|我|"
    "你|您|他|她|它|吗|就|都|也|还|再|又|很|太|最|更|只|才|从|对|向|为|以|上|下|里|外|后|前|时|走|看|说|做|行|好"
)
_COMMON_EN = frozenset(
    {
        *("have", "many", "much", "should", "some", "tell", "that", "their", "there", "they", "this", "what", "when"),
        *("where", "which", "will", "with", "would", "your", "does", "from", "could", "want", "something", "back"),
        *("another", "please", "about", "after", "before", "under", "until", "more", "need", "take", "takes", "time"),
    }
)


def hot_words(bot: Bot, session_variables: Mapping[str, str] | None = None, listed: Iterable[str] = ()) -> list[str]:
    """Return the words to expect of a bot's callers, those that matter most first.

    Names of this call, the author's own list, names among the bot's defaults, the names that slots take, the ways to
    ask for a person, and what its FAQ is about.

    Args:
        bot: the bot.
        session_variables: what is known of the call (the caller's name, a product).
        listed: the author's list, see ``read_hot_words``.
    """
    words = [
        *variable_words(session_variables or {}),
        *listed,
        *variable_words(bot.variables),
        *_slot_names(bot),
        *_asking_for_a_person(bot),
        *_faq_words(bot),
    ]
    return list(dict.fromkeys(words))[:MOST_WORDS]


def read_hot_words(file: Path) -> list[str]:
    """Read ``hotwords.txt``: a word or short phrase a line, a comment after ``#``; [] if there is no such file.

    A number behind a word, its weight in other systems' lists, is not looked at.

    Raises:
        ConfigError: the file cannot be read as UTF-8 text, or a line is no word.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    words = []
    for number, line in enumerate(lines, start=1):
        word = _WEIGHT.sub("", line.partition("#")[0].strip()).strip()
        if not word:
            continue
        if len(word) > LONGEST_WORD and not ENGLISH_WORDS.fullmatch(word):
            raise ConfigError(f"{file}:{number}: a hot word has at most {LONGEST_WORD} characters: '{word[:30]}'")
        words.append(word)
    return list(dict.fromkeys(words))


def _slot_names(bot: Bot) -> list[str]:
    """Return the names that slots take, with the other ways to say each, where they are as short as hot words are.

    Those of one node after those of the other, first the names and then the other ways.
    """
    names = [slot.names for node in bot.nodes.values() for slot in node.slots]
    words = [name for each in names for name in each]
    words += [other for each in names for others in each.values() for other in others]
    return [word for word in words if _HAN_NAME.fullmatch(word) or (len(word) > 2 and ENGLISH_WORDS.fullmatch(word))]


def _asking_for_a_person(bot: Bot) -> list[str]:
    examples = [
        example for example in bot.intents.get("human", ()) if len(example) >= (3 if bot.language == "zh" else 6)
    ]
    return examples[:3]


def _faq_words(bot: Bot) -> list[str]:
    """Return what the entries are about: their topics, and what callers ask for in more than one wording."""
    words: list[str] = []
    topics: list[str] = []
    for entry in bot.faq:
        topics += _nouns(entry.topic)
        words += [word for text in (entry.question, *entry.similar) for word in dict.fromkeys(_nouns(text))]
    counted = Counter(words)
    return [*topics, *(word for word, count in counted.most_common() if count > 1)]


def _nouns(text: str) -> list[str]:
    return _nouns_zh(text) if _HAN.search(text) else _nouns_en(text)


def _nouns_zh(text: str) -> list[str]:
    return [part for part in _QUESTION_WORDS_ZH.sub(" ", text).split() if HAN_WORD.fullmatch(part)]


def _nouns_en(text: str) -> list[str]:
    """Return the longer words, in lower case at the beginning of a sentence."""
    return [
        match.group().lower() if not match.start() and match.group().istitle() else match.group()
        for match in re.finditer(r"[A-Za-z][A-Za-z'’-]{3,}", text)
        if match.group().lower() not in _COMMON_EN
    ]
