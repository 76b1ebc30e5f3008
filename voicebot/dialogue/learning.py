"""Makes of a bot's files what its decisions come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.classifier import Classifier, background_of, is_learnt
from voicebot.dialogue.classifier.store import LearntStore
from voicebot.dialogue.deciding import Knowledge
from voicebot.dialogue.decision import build_matcher_examples
from voicebot.dialogue.documents.index import PassageIndex
from voicebot.dialogue.lessons import is_large, lessons, twins
from voicebot.dialogue.matching import Matcher
from voicebot.dialogue.questions import QuestionIndex
from voicebot.dialogue.vectors import LearntEncoder, UseEncoder, derived_of, identity_of
from voicebot.errors import ModelError

LANGUAGES = ("en", "zh")


def learn_languages(models: Path) -> None:
    """Learn what every bot knows, and keep it beside the model, unless that is done: then bots start more quickly.

    Args:
        models: folder of the models; without the one of the sentence vectors nothing is learnt.
    """
    try:
        identity = identity_of(models)
    except ModelError:
        return
    store = LearntStore(derived_of(models))
    languages = [language for language in LANGUAGES if not is_learnt(language, identity, store)]
    if languages:
        encoder = UseEncoder(models)
        for language in languages:
            background_of(language, encoder)


def learn(bot: Bot, encoder: LearntEncoder, documents: PassageIndex | None) -> Knowledge:
    """Return what a bot knows. Takes seconds the first time, a fraction of one if it was learnt before.

    Args:
        bot: the bot.
        encoder: makes the vectors.
        documents: its passages, if there are any.
    """
    return Knowledge(
        bot,
        Matcher(build_matcher_examples(bot), bot.language, encoder),
        _classifier(bot, encoder, documents),
        QuestionIndex(bot.faq, bot.language, encoder) if is_large(bot.faq) else None,
        documents,
        twins(bot),
    )


def with_documents(knowledge: Knowledge, encoder: LearntEncoder, documents: PassageIndex | None) -> Knowledge:
    """Return what a bot knows with other passages."""
    return replace(knowledge, classifier=_classifier(knowledge.bot, encoder, documents), documents=documents)


def _classifier(bot: Bot, encoder: LearntEncoder, documents: PassageIndex | None) -> Classifier:
    own = lessons(bot, documents.chunks if documents is not None else ())
    return Classifier(background_of(bot.language, encoder), own, encoder)
