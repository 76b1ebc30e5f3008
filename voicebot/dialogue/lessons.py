"""What the classifier of a bot learns from: its intents, its FAQ and its documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from voicebot.dialogue.bot import Bot, FaqEntry
from voicebot.dialogue.documents.chunking import Chunk
from voicebot.dialogue.matching import Label
from voicebot.dialogue.wording import normalise

MAX_QUESTIONS, MAX_SENTENCES = 1200, 800
"""Wordings of the FAQ, and sentences of documents, up to which each is learnt for itself."""
SOME_QUESTION = Label(faq=-2)
"""Some question of a FAQ that is too large to be learnt; which one has to be looked up."""
SOME_DOCUMENT = Label(document="*")
"""Some passage of documents that are too many to be learnt."""
_HEADINGS = 2


def lessons(bot: Bot, chunks: Sequence[Chunk]) -> list[tuple[Label, str]]:
    """Return the examples of a bot with what they stand for.

    Args:
        bot: the bot.
        chunks: the passages of its documents.
    """
    intents = [(Label(intent=name), text) for name, texts in bot.intents.items() for text in texts]
    return [*intents, *_questions(bot), *_sentences(chunks)]


def twins(bot: Bot) -> dict[int, int]:
    """Return the small talk that shares a wording with a question of the FAQ, with that question, both by place.

    "Are you a robot?" is small talk until a bot has its own answer.
    """
    questions = {
        normalise(text): place for place, entry in enumerate(bot.faq) for text in (entry.question, *entry.similar)
    }
    shared = [
        (place, questions[normalise(text)])
        for place, talk in enumerate(bot.chitchat)
        for text in talk.heard
        if normalise(text) in questions
    ]
    return dict(reversed(shared))


def is_large(faq: Sequence[FaqEntry]) -> bool:
    """Tell whether a FAQ is too large to be learnt question by question."""
    return sum(1 + len(entry.similar) for entry in faq) > MAX_QUESTIONS


def _questions(bot: Bot) -> list[tuple[Label, str]]:
    questions = [
        (Label(faq=place), text)
        for place, entry in enumerate(bot.faq)
        for text in dict.fromkeys((entry.question, *entry.similar))
    ]
    return _some(questions, MAX_QUESTIONS, SOME_QUESTION) if is_large(bot.faq) else questions


def _sentences(chunks: Sequence[Chunk]) -> list[tuple[Label, str]]:
    sentences = [
        (document_label(chunk), text)
        for chunk in chunks
        for text in dict.fromkeys((" ".join(dict.fromkeys(chunk.path[-_HEADINGS:])), *chunk.sentences))
        if text
    ]
    return _some(sentences, MAX_SENTENCES, SOME_DOCUMENT)


def document_label(chunk: Chunk) -> Label:
    """Return what the sentences of a passage stand for: its document."""
    return Label(document=PurePath(chunk.document).stem)


def _some(examples: list[tuple[Label, str]], most: int, together: Label) -> list[tuple[Label, str]]:
    """Return the examples, or, if they are too many, some from all over, which stand for one thing."""
    if len(examples) <= most:
        return examples
    return [(together, examples[place * len(examples) // most][1]) for place in range(most)]
