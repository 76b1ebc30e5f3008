"""All that an utterance may mean at a node, from every source, as probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.bot import Bot, Transition
from voicebot.dialogue.builtin import ANSWERED_BY_SMALL_TALK, COUNTS_AS
from voicebot.dialogue.classifier import Likelihood
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents.extraction import answer_of
from voicebot.dialogue.documents.index import Hit, PassageIndex
from voicebot.dialogue.lessons import SOME_DOCUMENT, SOME_QUESTION
from voicebot.dialogue.matching import Label, Match, Method, Said
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.questions import QuestionIndex

# How much likelier things are than the examples alone say: what the bot has just asked for, what is understood
# everywhere, what stands in documents (nobody wrote questions for it), small talk.
_EXPECTED, _EVERYWHERE, _ASKED, _WRITTEN, _IDLE = 2.5, 1.5, 3.0, 4.0, 0.6
# Words that nothing speaks for more than this mean something that no example is like.
_UNKNOWN = 0.2
_PASSAGES, _SEARCHED = 3, 8
_LOOKED_AT = 3
_MANY_WORDINGS, _SCARCEST = 12, 3.0


class Candidate(NamedTuple):
    """Something that an utterance may mean.

    Attributes:
        counts: its probability reaches the threshold.
        decision: what it would be taken for; ``score`` is the probability.
    """

    counts: bool
    decision: Decision


@dataclass(frozen=True, slots=True)
class Sources:
    """What the candidates of a bot come from; made anew for each utterance, and remembers what it has looked up.

    Attributes:
        bot: the bot.
        questions: its FAQ if that is too large to be learnt.
        passages: its documents.
        twins: questions of the FAQ that stand for small talk, both by their place.
    """

    bot: Bot
    questions: QuestionIndex | None = None
    passages: PassageIndex | None = None
    twins: Mapping[int, int] = field(default_factory=dict)
    _hits: dict[str, list[Hit]] = field(default_factory=dict)
    _near: dict[str, Mapping[int, Match]] = field(default_factory=dict)

    def by_words(self, transitions: Sequence[Transition], matches: Mapping[Label, Match]) -> Decision | None:
        """Return the best of what word-by-word matches mean at a node."""
        local = _ways(transitions)
        found = [(self._decision(label, local), match) for label, match in matches.items()]
        known = [(decision, match) for decision, match in found if decision is not None]
        if not known:
            return None
        decision, match = max(known, key=lambda pair: (pair[1].score, _ORDER[pair[0].kind]))
        return _scored(decision, match.score, match.method)

    def by_meaning(self, transitions: Sequence[Transition], likelihood: Likelihood, said: Said) -> list[Candidate]:
        """Return what the words of an utterance, or of a part of it, may mean at a node, the likeliest first.

        Labels that lead to the same are one candidate. Those that mean nothing here take their share of the
        probability, but are no candidates.
        """
        local = _ways(transitions)
        shares = likelihood.weights() * self._expectation(likelihood.labels, local)
        shares /= shares.sum() + _UNKNOWN**likelihood.power
        groups: dict[tuple[Kind, str, int], list[tuple[float, Decision]]] = {}
        for place in np.flatnonzero(shares > _LEAST).tolist():
            decision = self._decision(likelihood.labels[place], local)
            if decision is not None:
                groups.setdefault(_effect(decision), []).append((float(shares[place]), decision))
        likeliest = nlargest(_LOOKED_AT, groups.values(), key=lambda group: sum(share for share, _ in group))
        candidates = []
        for group in likeliest:
            probability = min(1.0, sum(share for share, _ in group))
            decision = max(group, key=lambda pair: pair[0])[1]
            found = self._found(decision, probability, said)
            if found is not None:
                candidates.append(Candidate(found.score >= self._threshold(found), found))
        return sorted(candidates, key=lambda each: -each.decision.score)

    def _expectation(self, labels: Sequence[Label], local: Mapping[str, str]) -> NDArray[np.float64]:
        def expected(label: Label) -> float:
            if label.intent in local:
                return _EXPECTED
            if label.intent in self.bot.globals:
                return _EVERYWHERE
            if label.faq != -1:
                return _ASKED * _scarcity(self.bot, label.faq)
            return _WRITTEN if label.document else _IDLE if label.chitchat >= 0 else 1.0

        return np.array([expected(label) for label in labels])

    def _decision(self, label: Label, local: Mapping[str, str]) -> Decision | None:
        """Return what a label means at a node; None if nothing."""
        bot = self.bot
        if label.document:
            return Decision(Kind.DOCUMENT, label.document)
        if label == SOME_QUESTION:
            return Decision(Kind.FAQ)
        if label.faq >= 0:
            return Decision(Kind.FAQ, bot.faq[label.faq].question, faq=label.faq)
        if label.chitchat >= 0:
            return self._small_talk(label.chitchat)
        if label.intent in local:
            return Decision(Kind.TRANSITION, label.intent, goto=local[label.intent], intent=label.intent)
        if label.intent in bot.globals:
            goto = bot.globals[label.intent].goto
            return Decision(Kind.GLOBAL, label.intent, goto=goto, intent=label.intent)
        topic = ANSWERED_BY_SMALL_TALK.get(label.intent)
        place = next((place for place, talk in enumerate(bot.chitchat) if talk.name == topic), -1)
        return self._small_talk(place) if place >= 0 else None

    def _small_talk(self, place: int) -> Decision | None:
        """Return small talk, or the question of the FAQ that stands for the same words."""
        bot = self.bot
        if not bot.chitchat:
            return None
        faq = self.twins.get(place)
        if faq is not None:
            return Decision(Kind.FAQ, bot.faq[faq].question, faq=faq)
        return Decision(Kind.CHITCHAT, bot.chitchat[place].name, chitchat=place)

    def _found(self, decision: Decision, probability: float, said: Said) -> Decision | None:
        """Return a decision with all that belongs to it; None if there is nothing to look up."""
        if decision.kind is Kind.DOCUMENT:
            return self._document(decision.name, probability, said)
        if decision.kind is Kind.FAQ and decision.faq < 0:
            return self._question(probability, said)
        return _scored(decision, probability, Method.LEARNT)

    def _question(self, probability: float, said: Said) -> Decision | None:
        """Look up a question in a large FAQ."""
        if self.questions is None:
            return None
        if said.plain not in self._near:
            self._near[said.plain] = self.questions.near([said])
        near = self._near[said.plain]
        if not near:
            return None
        place, match = max(near.items(), key=lambda pair: pair[1].score)
        score = probability * match.score
        return Decision(Kind.FAQ, self.bot.faq[place].question, score, match.method, faq=place)

    def _document(self, name: str, probability: float, said: Said) -> Decision | None:
        """Look up the passages of a document, or of all, that fit best."""
        if self.passages is None or said.short:
            return None
        if said.plain not in self._hits:
            self._hits[said.plain] = self.passages.search(said.plain, said.vector, _SEARCHED)
        hits = self._hits[said.plain]
        if name == SOME_DOCUMENT.document:
            probability *= hits[0].score if hits else 0.0
        else:
            hits = [hit for hit in hits if PurePath(hit.chunk.document).stem == name]
        if not hits:
            return None
        return Decision(
            Kind.DOCUMENT,
            PurePath(hits[0].chunk.document).stem,
            probability,
            Method.LEARNT,
            passages=tuple(self._passage(hit) for hit in hits[:_PASSAGES]),
            answer=answer_of(hits[0], self.bot.language),
        )

    def _passage(self, hit: Hit) -> Passage:
        chunk = hit.chunk
        return Passage(chunk.id, chunk.document, " > ".join(chunk.path), chunk.text(self.bot.language), hit.score)

    def _threshold(self, decision: Decision) -> float:
        return _THRESHOLD[decision.kind](self.bot)


_LEAST = 0.01
# Where a wording stands under several labels.
_ORDER = {Kind.TRANSITION: 4, Kind.GLOBAL: 3, Kind.FAQ: 2, Kind.DOCUMENT: 1, Kind.CHITCHAT: 0}
_THRESHOLD: Mapping[Kind, Callable[[Bot], float]] = {
    Kind.TRANSITION: lambda bot: bot.thresholds.intent,
    Kind.GLOBAL: lambda bot: bot.thresholds.everywhere,
    Kind.FAQ: lambda bot: bot.thresholds.faq,
    Kind.DOCUMENT: lambda bot: bot.thresholds.documents,
    Kind.CHITCHAT: lambda bot: bot.thresholds.chitchat,
}


def _ways(transitions: Sequence[Transition]) -> Mapping[str, str]:
    """Return where the intents of transitions lead, the first one of each; special ones lead where general ones do."""
    ways = {name: transition.goto for transition in reversed(transitions) for name in transition.when.intents}
    for special, general in COUNTS_AS.items():
        if general in ways:
            ways.setdefault(special, ways[general])
    return ways


def _scarcity(bot: Bot, faq: int) -> float:
    """Return how much likelier a question is than its few wordings say: 1 where it has many."""
    wordings = 1 + len(bot.faq[faq].similar) if faq >= 0 else _MANY_WORDINGS
    return min(max(math.sqrt(_MANY_WORDINGS / wordings), 1.0), _SCARCEST)


def _effect(decision: Decision) -> tuple[Kind, str, int]:
    """Return what two decisions with the same effect have in common."""
    place = max(decision.faq, decision.chitchat)
    named = decision.kind in (Kind.DOCUMENT, Kind.GLOBAL) and not decision.goto
    if decision.goto:
        return Kind.TRANSITION, decision.goto, -1
    return decision.kind, decision.name if named else "", place


def _scored(decision: Decision, score: float, method: Method) -> Decision:
    return Decision(
        decision.kind,
        decision.name,
        score,
        method,
        decision.goto,
        decision.faq,
        intent=decision.intent,
        chitchat=decision.chitchat,
    )
