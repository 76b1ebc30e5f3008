"""All that an utterance may mean, from every source, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from pathlib import PurePath
from typing import NamedTuple

from voicebot.dialogue.bot import Bot, Transition
from voicebot.dialogue.builtin import NEAR_TO_MUCH
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents.extraction import answer_of
from voicebot.dialogue.documents.index import Hit, PassageIndex
from voicebot.dialogue.matching import Label, Match, Method, Said
from voicebot.dialogue.passages import Passage

# Near ties go to what the bot has just asked for, then to what is understood everywhere, then to answers somebody wrote
# for just this question.
_BONUS = {Kind.TRANSITION: 0.05, Kind.GLOBAL: 0.03, Kind.FAQ: 0.0, Kind.DOCUMENT: -0.04, Kind.CHITCHAT: -0.02}
_PASSAGES = 3
_MOST = 30
_SURER = 0.5
CLOSE = 0.08
"""How far below its threshold an answer is still looked at: another may be as near, and then the caller is asked."""


class Candidate(NamedTuple):
    """Something that an utterance may mean.

    Attributes:
        rank: its score, with a bonus for its source.
        counts: the score reaches the threshold.
        decision: what it would be taken for.
        clause: which clause of the utterance says it; None for all of it.
    """

    rank: float
    counts: bool
    decision: Decision
    clause: int | None


@dataclass(frozen=True, slots=True)
class Sources:
    """What the candidates of a bot come from.

    Attributes:
        bot: the bot.
        passages: its documents.
    """

    bot: Bot
    passages: PassageIndex | None = None

    def by_words(self, transitions: Sequence[Transition], matches: Mapping[Label, Match]) -> list[Candidate]:
        """Return what the intents, the FAQ and small talk make of an utterance, the best first."""
        local = {name: transition.goto for transition in reversed(transitions) for name in transition.when.intents}
        found = [self._candidate(label, match, local) for label, match in nlargest(_MOST, matches.items(), _score)]
        return sorted((each for each in found if each is not None), key=lambda each: -each.rank)

    def by_documents(self, said: Sequence[Said], text: str) -> list[Candidate]:
        """Return what the documents say to an utterance or its last clause, the best first."""
        if self.passages is None or not len(self.passages):
            return []
        hits: dict[str, tuple[Hit, int | None]] = {}
        for part in (said[0], said[-1]) if len(said) > 1 else said:
            if part.vector is None:
                continue
            for hit in self.passages.search(part.plain, part.vector, _PASSAGES):
                scored = replace(hit, score=hit.score * part.factor)
                known = hits.get(hit.chunk.id)
                if known is None or known[0].score < scored.score:
                    hits[hit.chunk.id] = (scored, part.clause)
        best = sorted(hits.values(), key=lambda pair: -pair[0].score)[:_PASSAGES]
        passages = tuple(self._passage(hit) for hit, _ in best)
        return [
            self._document(hit, (passage, *(other for other in passages if other is not passage)), clause)
            for (hit, clause), passage in zip(best, passages, strict=True)
        ]

    def _candidate(self, label: Label, match: Match, local: Mapping[str, str]) -> Candidate | None:
        bot, score = self.bot, match.score
        if label.faq >= 0:
            decision = Decision(Kind.FAQ, bot.faq[label.faq].question, score, match.method, faq=label.faq)
            threshold = bot.thresholds.faq
        elif label.chitchat >= 0:
            name = bot.chitchat[label.chitchat].name
            decision = Decision(Kind.CHITCHAT, name, score, match.method, chitchat=label.chitchat)
            threshold = bot.thresholds.chitchat
        elif label.intent in local:
            goto, threshold = local[label.intent], bot.thresholds.intent
            decision = Decision(Kind.TRANSITION, label.intent, score, match.method, goto, intent=label.intent)
        elif label.intent in bot.globals:
            goto, threshold = bot.globals[label.intent].goto, bot.thresholds.everywhere
            if match.method is Method.VECTOR and label.intent in NEAR_TO_MUCH:
                threshold += (1.0 - threshold) * _SURER
            decision = Decision(Kind.GLOBAL, label.intent, score, match.method, goto, intent=label.intent)
        else:
            return None
        return _candidate(decision, threshold, match.clause)

    def _document(self, hit: Hit, passages: tuple[Passage, ...], clause: int | None) -> Candidate:
        answer = answer_of(hit, self.bot.language)
        decision = Decision(
            Kind.DOCUMENT, PurePath(hit.chunk.document).stem, hit.score, Method.VECTOR, passages=passages, answer=answer
        )
        return _candidate(decision, self.bot.thresholds.documents, clause)

    def _passage(self, hit: Hit) -> Passage:
        chunk = hit.chunk
        return Passage(chunk.id, chunk.document, " > ".join(chunk.path), chunk.text(self.bot.language), hit.score)


def _score(pair: tuple[Label, Match]) -> float:
    return pair[1].score


def _candidate(decision: Decision, threshold: float, clause: int | None) -> Candidate:
    return Candidate(decision.score + _BONUS[decision.kind], decision.score >= threshold, decision, clause)
