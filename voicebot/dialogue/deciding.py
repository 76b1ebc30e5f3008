"""One decision a turn: what the caller's words are taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from voicebot.dialogue.bot import Bot, Node, Transition
from voicebot.dialogue.builtin import YES
from voicebot.dialogue.candidates import CLOSE, Candidate, Sources
from voicebot.dialogue.clarify import pick, question
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents.index import PassageIndex
from voicebot.dialogue.matching import Label, Match, Matcher, Method
from voicebot.dialogue.rules import Holding, by_rule

_ANSWERS = (Kind.FAQ, Kind.DOCUMENT)
# Two answers are nearly tied if they differ by less than this, unless the first one is sure anyway.
_TIE, _SURE = 0.025, 0.8
# Both a yes and the question after it are meant.
_BOTH = 0.7
# At a node that takes whatever is said, small talk has to be this near to be taken for that.
_CHITCHAT_BEFORE_ANY = 0.9


def decide(
    bot: Bot,
    matcher: Matcher,
    node: Node | None,
    text: str,
    variables: Mapping[str, str] | None = None,
    documents: PassageIndex | None = None,
    offered: Sequence[Decision] = (),
) -> Decision:
    """Decide what an utterance means at a node.

    Word-by-word matches come first: who says exactly "对" does not mean anything that merely lies close to it.
    Then the best of what the node asks for, what is understood everywhere, the FAQ, the documents and small talk; then
    "any"; then nothing. Transitions with a condition count only if it holds for the variables.

    Args:
        bot: the bot.
        matcher: all its examples.
        node: where the conversation stands.
        text: what the caller said.
        variables: of the conversation.
        documents: the bot's passages.
        offered: answers of which the caller was just asked to pick one.
    """
    transitions = node.transitions if node is not None else ()
    holding = Holding(variables or {}, bot.variables)
    allowed = tuple(transition for transition in transitions if holding(transition))
    sources = Sources(bot, documents)
    exact = matcher.match_words(text)
    found: Decision | None = None
    if exact:
        found = _first(sources.by_words(allowed, exact))
    found = found or by_rule(transitions, text, holding)
    matches: Mapping[Label, Match] = exact
    if found is None and not exact:
        matches = matcher.match(text)
        found = _nearest(bot, matcher, sources, node, allowed, text, matches, ask_back=not offered)
    decision = found or _rest(allowed)
    return pick(bot, offered, text, matches or matcher.match(text), decision) if offered else decision


def _nearest(
    bot: Bot,
    matcher: Matcher,
    sources: Sources,
    node: Node | None,
    transitions: Sequence[Transition],
    text: str,
    matches: Mapping[Label, Match],
    *,
    ask_back: bool,
) -> Decision | None:
    """Return the best of what lies near, or both of a yes and a question, or a question back."""
    candidates = [*sources.by_words(transitions, matches), *sources.by_documents(matcher.said(text), text)]
    if any(transition.when.any for transition in transitions):
        candidates = [each for each in candidates if not _is_idle(each)]
    candidates.sort(key=lambda each: -each.rank)
    best = next((each for each in candidates if each.counts), None)
    if best is not None and best.decision.kind in _ANSWERS:
        both = _with_answer_before(bot, node, best, candidates)
        if both is not None:
            return both
    if ask_back:
        choices = _tied(bot, best, candidates)
        if choices:
            return Decision(Kind.CLARIFY, " | ".join(each.name for each in choices), choices[0].score, choices=choices)
    return best.decision if best is not None else None


def _is_idle(candidate: Candidate) -> bool:
    decision = candidate.decision
    return decision.kind is Kind.CHITCHAT and decision.score < _CHITCHAT_BEFORE_ANY


def _with_answer_before(
    bot: Bot, node: Node | None, best: Candidate, candidates: Sequence[Candidate]
) -> Decision | None:
    """Return the way on for "行，那停车方便吗": both count, and the question is answered on the way.

    Not where the way ends the call, nor where the node has an ``after_answer`` or the way leads to an invitation
    ("您请说"): there questions were asked for, and here is one.
    """
    if node is None or node.after_answer or best.decision.score < _BOTH or best.clause == 0:
        return None
    for each in candidates:
        way = each.decision
        agreed = way.intent == YES and way.method is Method.RULE
        if way.kind is Kind.TRANSITION and each.clause == 0 and (agreed or (best.clause and way.score >= _SURE)):
            if all(_asks_yes_or_no(end) for end in bot.ends_of(bot.nodes[way.goto])):
                return replace(way, aside=best.decision)
            return None
    return None


def _asks_yes_or_no(node: Node) -> bool:
    return node.listen and any(YES in transition.when.intents for transition in node.transitions)


def _tied(bot: Bot, best: Candidate | None, candidates: Sequence[Candidate]) -> tuple[Decision, ...]:
    """Return the two answers between which nothing decides; none if one is better, or a short name is missing."""
    thresholds = {Kind.FAQ: bot.thresholds.faq, Kind.DOCUMENT: bot.thresholds.documents}
    if best is not None and (best.decision.kind not in _ANSWERS or best.decision.score >= _SURE):
        return ()
    near = [
        each
        for each in candidates
        if each.decision.kind in _ANSWERS and each.decision.score >= thresholds[each.decision.kind] - CLOSE
    ]
    if len(near) < 2 or near[0].rank - near[1].rank > _TIE or near[0].clause != near[1].clause:
        return ()
    choices = (near[0].decision, near[1].decision)
    return choices if question(bot, choices) else ()


def _first(candidates: Sequence[Candidate]) -> Decision | None:
    return next((each.decision for each in candidates if each.counts), None)


def _rest(transitions: Sequence[Transition]) -> Decision:
    for transition in transitions:
        if transition.when.any:
            return Decision(Kind.ANYTHING, "any", goto=transition.goto)
    return Decision(Kind.FALLBACK, score=0.0)
