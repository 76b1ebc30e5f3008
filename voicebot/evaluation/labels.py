"""Whether a decision is one of those that a turn's labels allow."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.builtin import NOT_SURE, WAIT
from voicebot.dialogue.decision import Decision, Kind
from voicebot.errors import ConfigError
from voicebot.evaluation.turns import Turn

FALLBACK = "fallback"
_NO_QUESTION = ("document:", "chitchat", "global:")
_WITHOUT_ANSWER = (FALLBACK, "global:human")
_ENGLISH_DIGITS = {
    **{"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"},
    **{"seven": "7", "eight": "8", "nine": "9"},
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Outcome(enum.Enum):
    """What became of a turn.

    * RIGHT: one of its labels.
    * WRONG: something else was done; the bot acted as if it had understood.
    * MISSED: the bot asked again where it should have understood.
    """

    RIGHT = "right"
    WRONG = "wrong"
    MISSED = "missed"


class Judge:
    """Compares decisions with the labels of one bot's turns.

    Labels: ``goto:<node>`` and ``global:<intent>`` for anything that has that effect, ``intent:<intent>`` for what the
    node does on an intent, ``slot:<digits>`` for digits picked out of the words, ``fills:<slot>`` for words that a slot
    takes, ``faq:<topic>`` and ``document:<topic>`` for an answer, ``chitchat``, and ``fallback``. A topic that the bot
    has nothing for has to lead to the fallback or to a person.
    """

    def __init__(self, bot: Bot, topics: Mapping[str, Sequence[str]]) -> None:
        """Take the names each topic stands for: questions of the FAQ, "document:<file>" or "chitchat".

        Raises:
            ConfigError: a topic names a question that the bot does not have.
        """
        self._bot = bot
        self._topics = topics
        questions = {entry.question for entry in bot.faq}
        for topic, names in topics.items():
            unknown = [name for name in names if name not in questions and not name.startswith(_NO_QUESTION)]
            if unknown:
                raise ConfigError(f"topics: the bot '{bot.name}' has no question '{unknown[0]}' ({topic})")

    def check(self, turns: Sequence[Turn]) -> None:
        """Check that nodes and topics of turns are known.

        Raises:
            ConfigError: one is not.
        """
        for turn in turns:
            if turn.node not in self._bot.nodes:
                raise ConfigError(f"{turn.id}: the bot '{self._bot.name}' has no node '{turn.node}'")
            for label in turn.expect:
                if not self._is_known(label):
                    raise ConfigError(f"{turn.id}: '{label}' means nothing to the bot '{self._bot.name}'")

    def outcome(self, turn: Turn, decision: Decision) -> Outcome:
        """Tell what became of a turn."""
        if any(self._fits(label, turn, decision) for label in self.labels(turn)):
            return Outcome.RIGHT
        if decision.aside is not None and any(self._fits(label, turn, decision.aside) for label in self.labels(turn)):
            return Outcome.RIGHT  # the question was answered, and the yes before it taken
        # Who is asked what he means is not told anything wrong.
        return Outcome.MISSED if decision.kind in (Kind.FALLBACK, Kind.CLARIFY) else Outcome.WRONG

    def labels(self, turn: Turn) -> list[str]:
        """Return a turn's labels; for topics that the bot has nothing for, what has to happen instead."""
        labels: list[str] = []
        for label in turn.expect:
            labels += [label] if self._topics.get(label) != [] else _WITHOUT_ANSWER
        return list(dict.fromkeys(labels))

    def has_answer(self, turn: Turn) -> bool:
        """Tell whether the bot is meant to understand a turn."""
        return FALLBACK not in self.labels(turn)

    def _is_known(self, label: str) -> bool:
        kind, _, name = label.partition(":")
        if kind in ("goto", "global", "intent"):
            return name in {"goto": self._bot.nodes, "global": self._bot.globals, "intent": self._bot.intents}[kind]
        if kind == "fills":
            return any(slot.name == name for node in self._bot.nodes.values() for slot in node.slots)
        return kind == "slot" or label == FALLBACK or label in self._topics

    def _fits(self, label: str, turn: Turn, decision: Decision) -> bool:
        kind, _, name = label.partition(":")
        if kind == FALLBACK:
            return decision.kind is Kind.FALLBACK or _only_waits(decision)
        if kind == "goto":
            return decision.goto == name or _fills_as_meant(turn, decision)
        if kind == "global":
            return decision.name == name or _same(decision.goto, self._bot.globals[name].goto)
        if kind == "intent":
            ways = [way.goto for way in self._bot.nodes[turn.node].transitions if name in way.when.intents]
            return decision.name == name or any(_same(decision.goto, way) for way in ways)
        if kind == "fills":
            return decision.kind is Kind.SLOT and name in decision.filling.values
        if kind == "slot":
            return any(digits_of(value) == name for value in _values(decision))
        return any(name in self._topics[label] for name in _names(decision))


def digits_of(text: str) -> str:
    """Return the digits of an English dictation: "double seven, one" is "771"."""
    digits, times = "", 1
    for word in re.findall(r"[0-9]|[a-z]+", text.lower()):
        digit = _ENGLISH_DIGITS.get(word, word if word.isdigit() else "")
        digits += digit * times
        times = {"double": 2, "triple": 3}.get(word, 1)
    return digits


def time_read(turn: Turn, decision: Decision) -> bool | None:
    """Tell whether the time that a turn means was found in it; None if the turn means none."""
    if not turn.slot:
        return None
    found = " ".join([*decision.variables.values(), *(entity.value for entity in decision.entities)])
    return all(piece in found for piece in _pieces(turn.slot))


def _only_waits(decision: Decision) -> bool:
    """Tell whether the bot just gives the caller time ("no rush") and puts its question again."""
    return decision.kind is Kind.GLOBAL and not decision.goto and decision.name in (NOT_SURE, WAIT)


def _names(decision: Decision) -> tuple[str, ...]:
    """Return what a topic may call a decision: a question, "document:<its file>", "chitchat"."""
    kind = decision.kind.value
    return decision.name, f"{kind}:{decision.name}", kind


def _fills_as_meant(turn: Turn, decision: Decision) -> bool:
    """Tell whether slots take what a turn means: no other day, no other time, and no time that was not said."""
    if decision.kind is not Kind.SLOT or not turn.slot:
        return False
    meant = _pieces(turn.slot)
    for value in decision.filling.values.values():
        for piece in _pieces(value.value):
            assumed_day = bool(_DAY.fullmatch(piece)) and not any(_DAY.fullmatch(one) for one in meant)
            if piece not in meant and not assumed_day:
                return False
    return decision.filling.answers


def _pieces(moment: str) -> list[str]:
    """Return day, time and part of the day of a moment."""
    return re.split("[T ]", moment)


def _values(decision: Decision) -> list[str]:
    return [*decision.variables.values(), *(value.value for value in decision.filling.values.values())]


def _same(one: str, other: str) -> bool:
    return bool(one) and one == other
