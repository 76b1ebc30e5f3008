"""What a turn was taken for, as a value."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.entities import Entity
from voicebot.dialogue.matching import Label, Method
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.slots import Filling


class Kind(enum.Enum):
    """What a turn was taken for."""

    GREETING = "greeting"
    TRANSITION = "transition"
    GLOBAL = "global"
    FAQ = "faq"
    DOCUMENT = "document"
    CHITCHAT = "chitchat"
    CLARIFY = "clarify"
    ANYTHING = "anything"
    SLOT = "slot"
    FALLBACK = "fallback"
    SILENCE = "silence"
    NOTHING_HEARD = "nothing_heard"
    TRANSFER_FAILED = "transfer_failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a turn was taken for, and why.

    Attributes:
        kind: see Kind.
        name: the intent, the question of the FAQ, the file of the document without its ending, small talk, or the node.
        score: 0..1.
        method: how it was found; None where nothing was compared.
        goto: the node a transition leads to.
        faq: place of the question in the FAQ.
        variables: what a pattern picked out of the words.
        intent: the intent that was understood; "" where something else decided.
        filling: what the words give to the slots that were wanted.
        entities: what was found in the words.
        passages: of documents that answer the question, the best first.
        answer: what these say to it.
        chitchat: place of the small talk among the bot's.
        choices: answers that fit equally well; the caller is asked which he means.
        aside: a question that was asked besides; its answer is said first.
    """

    kind: Kind
    name: str = ""
    score: float = 1.0
    method: Method | None = None
    goto: str = ""
    faq: int = -1
    variables: Mapping[str, str] = field(default_factory=dict)
    intent: str = ""
    filling: Filling = field(default_factory=Filling)
    entities: Sequence[Entity] = ()
    passages: tuple[Passage, ...] = ()
    answer: str = ""
    chitchat: int = -1
    choices: tuple[Decision, ...] = ()
    aside: Decision | None = None


def build_matcher_examples(bot: Bot) -> list[tuple[Label, str]]:
    """Return all examples of a bot that utterances are compared with."""
    examples = [(Label(intent=name), text) for name, texts in bot.intents.items() for text in texts]
    for place, entry in enumerate(bot.faq):
        examples += [(Label(faq=place), text) for text in (entry.question, *entry.similar)]
    for place, talk in enumerate(bot.chitchat):
        examples += [(Label(chitchat=place), text) for text in talk.heard]
    return examples
