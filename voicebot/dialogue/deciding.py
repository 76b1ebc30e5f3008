"""One decision a turn: what the caller's words are taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from voicebot.dialogue.bot import Bot, Node, Transition
from voicebot.dialogue.builtin import HELLO, YES
from voicebot.dialogue.candidates import Candidate, Sources
from voicebot.dialogue.clarify import pick, question
from voicebot.dialogue.classifier import Classifier, Likelihood
from voicebot.dialogue.clauses import clauses
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents.index import PassageIndex
from voicebot.dialogue.matching import Label, Matcher, Said
from voicebot.dialogue.questions import QuestionIndex
from voicebot.dialogue.rules import Holding, by_rule

_ANSWERS = (Kind.FAQ, Kind.DOCUMENT)
# Two answers are offered if neither counts, both are at least so likely, and no third thing is.
_OFFERED, _TOGETHER = 0.2, 0.6
# Both a yes and the question after it are meant.
_AGREED, _ASKED = 0.6, 0.5
# What a part of an utterance says weighs a little less than the same said by itself.
_LAST_WEIGHT, _PART_WEIGHT, _SHORT_WEIGHT, _HUM_WEIGHT = 0.88, 0.65, 0.5, 0.25
# At a node that takes whatever is said, small talk has to be this likely to be taken for that.
_CHITCHAT_BEFORE_ANY = 0.9
_MARKS = " ,.!?;:，。！？；：、"


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What a bot's decisions come from.

    Attributes:
        bot: the bot.
        matcher: its examples word by word.
        classifier: what it has learnt from them.
        questions: its FAQ if that is too large to be learnt.
        documents: its passages.
        twins: questions of the FAQ that stand for small talk, both by their place.
    """

    bot: Bot
    matcher: Matcher
    classifier: Classifier
    questions: QuestionIndex | None = None
    documents: PassageIndex | None = None
    twins: Mapping[int, int] = field(default_factory=dict)

    def decide(
        self,
        node: Node | None,
        text: str,
        variables: Mapping[str, str] | None = None,
        offered: Sequence[Decision] = (),
    ) -> Decision:
        """Decide what an utterance means at a node.

        The rules of the node come first. Then word-by-word matches: who says exactly "对" does not mean anything that
        merely lies close to it. Then what is likeliest of what the node asks for, what is understood everywhere, the
        FAQ, the documents and small talk; then "any"; then nothing.

        Args:
            node: where the conversation stands.
            text: what the caller said.
            variables: of the conversation.
            offered: answers of which the caller was just asked to pick one.
        """
        text = self._without_greeting(text)
        transitions = node.transitions if node is not None else ()
        holding = Holding(variables or {}, self.bot.variables)
        allowed = tuple(transition for transition in transitions if holding(transition))
        sources = Sources(self.bot, self.questions, self.documents, self.twins)
        exact = self.matcher.match_words(text)
        found = by_rule(transitions, text, holding) or sources.by_words(allowed, exact)
        if found is None and not exact:
            found = self._likeliest(sources, node, allowed, text, ask_back=not offered)
        decision = found or _rest(allowed)
        return pick(self.bot, offered, text, exact, self._leaning(offered, text), decision) if offered else decision

    def _without_greeting(self, text: str) -> str:
        """Return what is said after a "hello": that is what is meant. All of it if there is nothing else."""
        first, *others = clauses(text, self.bot.language)
        if others and any(label.intent == HELLO for label in self.matcher.match_words(first)):
            return text[text.index(first) + len(first) :].lstrip(_MARKS) or text
        return text

    def _likeliest(
        self, sources: Sources, node: Node | None, transitions: Sequence[Transition], text: str, *, ask_back: bool
    ) -> Decision | None:
        """Return what is likeliest meant, or both of a yes and a question, or a question back."""
        parts = self.matcher.said(text)
        likelihoods = self._heard(parts)
        together = self._together(parts, likelihoods)
        candidates = sources.by_meaning(transitions, together, parts[0])
        if any(transition.when.any for transition in transitions):
            candidates = [each for each in candidates if not _is_idle(each)]
        if len(parts) > 1:
            both = self._with_answer_before(sources, node, transitions, parts, likelihoods)
            if both is not None:
                return both
        best = candidates[0] if candidates else None
        if best is not None and best.counts:
            return best.decision
        choices = self._choices(candidates) if ask_back else ()
        if choices:
            return Decision(Kind.CLARIFY, " | ".join(each.name for each in choices), choices[0].score, choices=choices)
        return None

    def _with_answer_before(
        self,
        sources: Sources,
        node: Node | None,
        transitions: Sequence[Transition],
        parts: Sequence[Said],
        likelihoods: Sequence[Likelihood],
    ) -> Decision | None:
        """Return the way on for "行，那停车方便吗": both count, and the question is answered on the way.

        Not where the way ends the call, nor where the node has an ``after_answer`` or the way leads to an invitation
        ("您请说"): there questions were asked for, and here is one.
        """
        if node is None or node.after_answer or parts[1].clause != 0:
            return None
        if parts[-1].clause == 0:
            return None
        first = self._best(sources, transitions, parts[1], likelihoods[1])
        if first is None or first.kind is not Kind.TRANSITION or first.score < _AGREED:
            return None
        last = self._best(sources, transitions, parts[-1], likelihoods[-1])
        if last is None or last.kind not in _ANSWERS or last.score < _ASKED:
            return None
        if all(_asks_yes_or_no(end) for end in self.bot.ends_of(self.bot.nodes[first.goto])):
            return replace(first, aside=last)
        return None

    def _best(
        self, sources: Sources, transitions: Sequence[Transition], part: Said, likelihood: Likelihood
    ) -> Decision | None:
        exact = sources.by_words(transitions, self.matcher.match_words(part.plain))
        if exact is not None:
            return exact
        candidates = sources.by_meaning(transitions, likelihood, part)
        return candidates[0].decision if candidates else None

    def _heard(self, parts: Sequence[Said]) -> list[Likelihood]:
        return self.classifier([part.plain for part in parts], np.stack([part.vector for part in parts]))

    def _together(self, parts: Sequence[Said], likelihoods: Sequence[Likelihood]) -> Likelihood:
        """Return what an utterance may mean by all of it or by one of its parts."""
        outcomes = likelihoods[0].outcomes
        for part, likelihood in zip(parts[1:], likelihoods[1:], strict=True):
            outcomes = np.maximum(outcomes, likelihood.outcomes * self._weight(part, last=part is parts[-1]))
        return likelihoods[0]._replace(outcomes=outcomes)

    def _weight(self, part: Said, *, last: bool) -> float:
        if part.short:
            return _SHORT_WEIGHT if self.matcher.match_words(part.plain) else _HUM_WEIGHT
        return _LAST_WEIGHT if last else _PART_WEIGHT

    def _leaning(self, offered: Sequence[Decision], text: str) -> list[float]:
        """Return how likely each of some answers is by the words of an utterance."""
        parts = self.matcher.said(text)
        if self.questions is not None:
            near = self.questions.near(parts)
            return [near[each.faq].score if each.faq in near else 0.0 for each in offered]
        whole = self._heard(parts[:1])[0]
        weights = whole.weights()
        shares = dict(zip(whole.labels, weights / weights.sum(), strict=True))
        return [float(shares.get(Label(faq=each.faq), 0.0)) for each in offered]

    def _choices(self, candidates: Sequence[Candidate]) -> tuple[Decision, ...]:
        """Return the two answers of which one is meant; none if something else is as likely, or a name is missing."""
        choices = tuple(each.decision for each in candidates[:2])
        if len(choices) < 2 or any(each.kind not in _ANSWERS or each.score < _OFFERED for each in choices):
            return ()
        if choices[0].score + choices[1].score < _TOGETHER:
            return ()
        return choices if question(self.bot, choices) else ()


def _is_idle(candidate: Candidate) -> bool:
    decision = candidate.decision
    return decision.kind is Kind.CHITCHAT and decision.score < _CHITCHAT_BEFORE_ANY


def _asks_yes_or_no(node: Node) -> bool:
    return node.listen and any(YES in transition.when.intents for transition in node.transitions)


def _rest(transitions: Sequence[Transition]) -> Decision:
    for transition in transitions:
        if transition.when.any:
            return Decision(Kind.ANYTHING, "any", goto=transition.goto)
    return Decision(Kind.FALLBACK, score=0.0)
