"""All checks of one bot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from voicebot.dialogue.botcheck import problems_of
from voicebot.dialogue.botfile import SKILL_FOLDER
from voicebot.dialogue.checking.documents import check_documents
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.graph import check_graph
from voicebot.dialogue.checking.meanings import check_meanings
from voicebot.dialogue.checking.skills import import_problems
from voicebot.dialogue.checking.source import BotSource, read_source
from voicebot.dialogue.checking.variables import check_variables
from voicebot.dialogue.checking.wording import Unspoken, check_wording
from voicebot.dialogue.faqfile import read_faq_files
from voicebot.dialogue.hotwords import FILE_NAME as HOT_WORDS_FILE
from voicebot.dialogue.hotwords import read_hot_words
from voicebot.dialogue.intentfile import FILE_NAME as INTENT_FILE
from voicebot.dialogue.nodefile import read_node
from voicebot.dialogue.vectors import Encoder
from voicebot.dialogue.yamltree import Item, read_yaml
from voicebot.errors import ConfigError
from voicebot.skills.source import skill_problems

_PLACE = re.compile(r"(?P<where>.+?:\d+): (?P<problem>.*)", re.DOTALL)


def check_bot_file(file: Path, unspoken: Unspoken, encoder: Encoder | None = None) -> list[Finding]:
    """Return all that can be told of a bot without calling it, in the order of its lines.

    Args:
        file: its ``bot.yaml``.
        unspoken: tells what of a text a voice does not say.
        encoder: compares examples by meaning; None: only by their words.
    """
    try:
        source = read_source(file)
    except ConfigError as error:
        return _in_order(_load_errors(file, error.message))
    messages = [
        *problems_of(source.bot, source.entries),
        *_messages_of([lambda: _hot_words(file)]),
        *import_problems(file.parent / SKILL_FOLDER),
    ]
    broken = [_error(message, file) for message in dict.fromkeys(messages)]
    return _in_order(broken or _findings(source, unspoken, encoder))


def _findings(source: BotSource, unspoken: Unspoken, encoder: Encoder | None) -> list[Finding]:
    return [
        *check_graph(source),
        *check_variables(source),
        *check_meanings(source, encoder),
        *check_wording(source, unspoken),
        *check_documents(source.bot),
    ]


def _load_errors(file: Path, first: str) -> list[Finding]:
    """Return more than the one error that the loader stops at: one of each file, and one of each node."""
    messages = [first, *_messages_of(_attempts(file)), *skill_problems(file.parent / SKILL_FOLDER)]
    return [_error(message, file) for message in dict.fromkeys(messages)]


def _messages_of(attempts: Iterable[Callable[[], object]]) -> Iterator[str]:
    for attempt in attempts:
        try:
            attempt()
        except ConfigError as error:
            yield error.message


def _hot_words(file: Path) -> object:
    return read_hot_words(file.with_name(HOT_WORDS_FILE))


def _attempts(file: Path) -> Iterator[Callable[[], object]]:
    folder = file.parent
    yield lambda: read_faq_files(folder)
    yield lambda: _hot_words(file)
    intents = folder / INTENT_FILE
    if intents.is_file():
        yield lambda: [item.texts() for item in read_yaml(intents).map().values()]
    for name, item in _nodes(file).items():
        yield lambda name=name, item=item: read_node(name, item)  # type: ignore[misc]


def _nodes(file: Path) -> Mapping[str, Item]:
    try:
        return read_yaml(file).map()["nodes"].map()
    except (ConfigError, KeyError):
        return {}


def _error(message: str, file: Path) -> Finding:
    found = _PLACE.fullmatch(message)
    where, problem = (found["where"], found["problem"]) if found else (str(file), message.removeprefix(f"{file}: "))
    return Finding(Severity.ERROR, "load", where, problem)


def _in_order(findings: list[Finding]) -> list[Finding]:
    def key(finding: Finding) -> tuple[str, int]:
        name, _, line = finding.where.rpartition(":")
        return (name, int(line)) if line.isdecimal() else (finding.where, 0)

    return sorted(dict.fromkeys(findings), key=key)
