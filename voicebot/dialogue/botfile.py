"""Read ``bot.yaml`` and what lies beside it: every mistake is told with file, line, key and what is allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voicebot.dialogue import builtin
from voicebot.dialogue.bot import Bot, Fallback, FaqEntry, GlobalIntent, Interruptible, Node, Thresholds
from voicebot.dialogue.botcheck import check_bot
from voicebot.dialogue.chitchat import builtin_chitchat
from voicebot.dialogue.faqfile import read_entry, read_faq_files
from voicebot.dialogue.intentfile import read_intents
from voicebot.dialogue.mcpfile import declared_skills, read_mcp_servers
from voicebot.dialogue.memoryuse import read_memory_use
from voicebot.dialogue.modelfile import read_model_use
from voicebot.dialogue.nodefile import read_interruptible, read_node, read_silence
from voicebot.dialogue.skillfile import read_remote_skills
from voicebot.dialogue.yamltree import Item, read_yaml
from voicebot.errors import ConfigError
from voicebot.skills.source import read_skills
from voicebot.skills.spec import SkillSpec

FILE_NAME = "bot.yaml"
SKILL_FOLDER = "skills"
DOCUMENT_FOLDER = "documents"
LANGUAGES = ("zh", "en")
_KEYS = (
    *(
        "name",
        "language",
        "voice",
        "start",
        "end_of_speech_ms",
        "silence_s",
        "interruptible",
        "variables",
        "thresholds",
        "silence",
    ),
    *("fallback", "intents", "globals", "faq", "nodes", "on_transfer_failed", "on_transfer_busy"),
    *("skills", "chitchat", "mcp", "language_model", "memory"),
)
_THRESHOLDS = ("intent", "everywhere", "faq", "documents", "chitchat")
_REQUIRED = ("language", "start", "nodes", "silence", "fallback")


def load_bots(directory: Path) -> dict[str, Bot]:
    """Read all bots of a directory: each of its folders that holds a ``bot.yaml``.

    Raises:
        ConfigError: there is none, or one is wrong.
    """
    files = sorted(directory.glob(f"*/{FILE_NAME}"))
    if not files:
        raise ConfigError(f"{directory}: there is no bot here (expected <name>/{FILE_NAME})")
    return {file.parent.name: load_bot(file) for file in files}


def load_bot(file: Path) -> Bot:
    """Read one bot.

    Raises:
        ConfigError: the file is wrong; names the line, the key and what is allowed.
    """
    bot, entries = read_bot(file)
    check_bot(bot, entries)
    return bot


def read_bot(file: Path) -> tuple[Bot, Mapping[str, Item]]:
    """Read one bot, and return with it the sections of its file. What its parts say of each other is not looked at.

    Raises:
        ConfigError: a part is wrong; names the line, the key and what is allowed.
    """
    root = read_yaml(file)
    entries = root.map(_KEYS)
    for key in _REQUIRED:
        if key not in entries:
            root.fail(f"'{key}' is missing")
    language = entries["language"].choice(LANGUAGES)
    servers = read_mcp_servers(entries.get("mcp"))
    bot = Bot(
        name=entries["name"].text() if "name" in entries else file.parent.name,
        language=language,
        voice=entries["voice"].text_or_empty() if "voice" in entries else "",
        start=entries["start"].text(),
        end_of_speech_ms=entries["end_of_speech_ms"].integer(200, 3000) if "end_of_speech_ms" in entries else 800,
        silence_s=entries["silence_s"].integer(1, 120) if "silence_s" in entries else 8,
        interruptible=read_interruptible(entries["interruptible"])
        if "interruptible" in entries
        else Interruptible.SEMANTIC,
        variables=_texts_by_name(entries.get("variables")),
        thresholds=_thresholds(entries.get("thresholds")),
        silence=read_silence(entries["silence"]),
        fallback=_fallback(entries["fallback"]),
        intents=read_intents(entries.get("intents"), file.parent, language),
        globals=_globals(entries.get("globals")),
        faq=_faq(entries.get("faq"), file.parent),
        chitchat=builtin_chitchat(language) if "chitchat" not in entries or entries["chitchat"].flag() else (),
        documents=file.parent / DOCUMENT_FOLDER if (file.parent / DOCUMENT_FOLDER).is_dir() else None,
        skills={**declared_skills(servers), **_skills(entries.get("skills"), file.parent / SKILL_FOLDER)},
        mcp=servers,
        language_model=read_model_use(entries.get("language_model"), language),
        memory=read_memory_use(entries.get("memory")),
        nodes=_nodes(entries["nodes"]),
        on_transfer_failed=entries["on_transfer_failed"].text() if "on_transfer_failed" in entries else "",
        on_transfer_busy=entries["on_transfer_busy"].text() if "on_transfer_busy" in entries else "",
    )
    return bot, entries


def _texts_by_name(item: Item | None) -> Mapping[str, str]:
    return {} if item is None else {name: value.text_or_empty() for name, value in item.map().items()}


def _thresholds(item: Item | None) -> Thresholds:
    if item is None:
        return Thresholds()
    values = {name: value.number(0, 1) for name, value in item.map(_THRESHOLDS).items()}
    return Thresholds(**values)


def _fallback(item: Item) -> Fallback:
    entries = item.map(("texts", "limit", "goto"))
    for key in ("texts", "goto"):
        if key not in entries:
            item.fail(f"'{key}' is missing")
    texts = entries["texts"].texts()
    limit = entries["limit"].integer(1, 20) if "limit" in entries else len(texts)
    return Fallback(texts, limit, entries["goto"].text())


def _globals(item: Item | None) -> Mapping[str, GlobalIntent]:
    found = {name: GlobalIntent(repeat=True) for name in builtin.REPEATING}
    for name, value in (item.map() if item is not None else {}).items():
        entries = value.map(("say", "repeat", "goto"))
        found[name] = GlobalIntent(
            say=entries["say"].texts() if "say" in entries else (),
            repeat=entries["repeat"].flag() if "repeat" in entries else False,
            goto=entries["goto"].text() if "goto" in entries else "",
        )
        if not entries:
            value.fail("expected at least one of say, repeat, goto")
    return found


def _faq(item: Item | None, folder: Path) -> tuple[FaqEntry, ...]:
    """Return the questions of ``bot.yaml`` and of the FAQ files beside it."""
    placed = [(entry.where, read_entry(entry)) for entry in (item.list() if item is not None else [])]
    placed += read_faq_files(folder)
    places: dict[str, str] = {}
    for where, entry in placed:
        for name, kind in ((entry.question, "question"), (entry.id, "id")):
            key = f"{kind} '{name}'"
            if name and key in places:
                raise ConfigError(f"{where}: the {key} stands in {places[key]} already")
            places[key] = where
    return tuple(entry for _, entry in placed)


def _skills(item: Item | None, folder: Path) -> Mapping[str, SkillSpec]:
    local = read_skills(folder)
    remote = read_remote_skills(item) if item is not None else {}
    for name in remote:
        if item is not None and name in local:
            item.map()[name].fail(f"there is a skill of this name in {local[name].file} already")
    return {**local, **remote}


def _nodes(item: Item) -> Mapping[str, Node]:
    nodes = {name: read_node(name, value) for name, value in item.map().items()}
    if not nodes:
        item.fail("expected at least one node")
    return nodes
