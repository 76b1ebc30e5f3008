"""What a node does with the answers to its slots: which it asks for next, what it says, and where that leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.session import Session
from voicebot.dialogue.slotentry import fill_on_entry
from voicebot.dialogue.slotfill import fill
from voicebot.dialogue.slots import PLAINLY, Filling, Rule, Slot, SlotKind, SlotValue, Wanted
from voicebot.dialogue.texts import variables_in

Clock = Callable[[], datetime]
"""Gives the time of the callers, without a zone."""

_ECHO = {"zh": "\u597d\uff0c{{%s}}\u3002", "en": "{{%s}}, all right."}
_QUESTION_MARKS = ("?", "\uff1f")


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next: texts to say, and the node to go to; "" to listen."""

    texts: tuple[str, ...] = ()
    goto: str = ""


class SlotFlow:
    """Asks for the slots of one bot. Holds no state of its own: values are variables, tries are visits."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock

    def fill(self, node: Node, variables: Mapping[str, str], words: str) -> Filling:
        """Return what words of the caller give to the slots that are wanted at a node."""
        owner = self.owner(node)
        wanted = Wanted(owner.slots, variables, self._clock(), correcting=owner is not node)
        return fill(wanted, words, self._bot.language)

    def owner(self, node: Node) -> Node:
        """Return the node whose slots are wanted at a node: itself, or the one that it corrects."""
        return self._bot.nodes[node.corrects] if node.corrects and not node.slots else node

    def open(self, session: Session, node: Node, words: str, again: bool) -> Step:
        """Begin to ask. What is known already is not asked for, unless the node has been entered before."""
        for slot in node.slots:
            session.visits.pop(_tries(node, slot), None)
            if again:
                _forget(session, slot)
        self._adopt(session, node)
        filling = Filling()
        if words:
            wanted = Wanted(node.slots, session.variables, self._clock())
            filling = fill_on_entry(wanted, words, self._bot.language)
        if filling.answers or any(_is_filled(session, slot) for slot in node.slots):
            return self.take(session, node, filling)
        return Step(self._first_words(session, node))

    def take(self, session: Session, node: Node, filling: Filling) -> Step:
        """Put values into their slots; ask for what is missing, or go on."""
        self._adopt(session, node)
        for slot in node.slots:
            if slot.name in filling.values:
                self._put(session, node, slot, filling.values[slot.name])
            if slot.name in (filling.rejected.keys() | filling.vague.keys()):
                _forget(session, slot)
            if slot.name in filling.parts:
                session.set_variable(slot.part_name, filling.parts[slot.name])
            if slot.name in filling.vague:
                session.set_variable(slot.vague_name, filling.vague[slot.name])
        missing = self.missing(session, node)
        refused = next((slot for slot in missing if slot.name in filling.rejected), None)
        if refused is not None:
            return self._refuse(session, node, refused, filling.rejected[refused.name])
        if not missing:
            return Step(self._echoes(node, filling, self._bot.nodes[node.filled].say), node.filled)
        first = missing[0]
        if first.name in filling.vague:
            step = self._again(session, node, first, first.vague)
        else:
            step = Step((self._ask(session, node, first),))
        return Step((*self._echoes(node, filling, step.texts), *step.texts), step.goto)

    def miss(self, session: Session, node: Node, texts: tuple[str, ...]) -> Step:
        """Answer words that gave nothing to the slots: say some texts and ask again, or give up."""
        self._adopt(session, node)
        missing = self.missing(session, node)
        if not missing:
            return Step(goto=node.filled)
        if self._gives_up(session, node, missing[0]):
            return Step(goto=self._way_out(node))
        return Step((*texts, self.question(session, node)))

    def missing(self, session: Session, node: Node) -> list[Slot]:
        """Return the slots of a node that have no value, in their order."""
        return [slot for slot in node.slots if not _is_filled(session, slot)]

    def begun(self, session: Session, node: Node) -> bool:
        """Tell whether some slots are filled and others are not."""
        return 0 < len(self.missing(session, node)) < len(node.slots)

    def question(self, session: Session, node: Node) -> str:
        """Return the question for what is missing: the node's own one as long as nothing is filled."""
        missing = self.missing(session, node)
        if node.again and len(missing) == len(node.slots):
            return node.again
        return self._ask(session, node, (missing or list(node.slots))[0])

    def patience_ms(self, session: Session, node: Node) -> int | None:
        """Return the silence that ends an answer to a node with slots; None for the bot's own."""
        missing = self.missing(session, node) or node.slots
        own = [slot.end_of_speech_ms for slot in missing if slot.end_of_speech_ms is not None]
        if own or node.end_of_speech_ms:
            return max([*own, node.end_of_speech_ms or 0])
        return max((slot.patience_ms or 0 for slot in missing), default=0) or None

    def _first_words(self, session: Session, node: Node) -> tuple[str, ...]:
        if node.say:
            return (session.take_turn(f"node:{node.id}", node.say),)
        return (self._ask(session, node, node.slots[0]),)

    def _ask(self, session: Session, node: Node, slot: Slot) -> str:
        return session.take_turn(f"ask:{node.id}.{slot.name}", slot.ask)

    def _put(self, session: Session, node: Node, slot: Slot, found: SlotValue) -> None:
        _forget(session, slot)
        session.set_variable(slot.name, found.spoken)
        session.set_variable(slot.value_name, found.value)
        session.visits.pop(_tries(node, slot), None)

    def _adopt(self, session: Session, node: Node) -> None:
        """Take values that came with the call, with this query, or from another node, if they are ones."""
        for slot in node.slots:
            self._adopt_one(session, slot)

    def _adopt_one(self, session: Session, slot: Slot) -> None:
        words = session.variables.get(slot.name, "").strip()
        if not words or session.variables.get(slot.value_name, "").strip():
            return
        if slot.kind is SlotKind.TEXT:
            session.set_variable(slot.value_name, words)
            return
        found = fill(Wanted((slot,), {}, self._clock()), words, self._bot.language).values.get(slot.name)
        if found is None:
            _forget(session, slot)
        else:
            session.set_variable(slot.value_name, found.value)

    def _refuse(self, session: Session, node: Node, slot: Slot, rule: Rule) -> Step:
        reasons = slot.invalid.get(rule) or slot.invalid.get(Rule.OTHER) or ()
        return self._again(session, node, slot, reasons, f"{slot.name}.{rule.value}")

    def _again(self, session: Session, node: Node, slot: Slot, texts: tuple[str, ...], key: str = "") -> Step:
        """Ask once more, with a reason; a reason that is a question itself needs no other."""
        if self._gives_up(session, node, slot):
            return Step(goto=self._way_out(node))
        if not texts:
            return Step((self._ask(session, node, slot),))
        reason = session.take_turn(f"again:{node.id}.{key or slot.name}", texts)
        if reason.endswith(_QUESTION_MARKS):
            return Step((reason,))
        return Step((reason, self._ask(session, node, slot)))

    def _gives_up(self, session: Session, node: Node, slot: Slot) -> bool:
        count = session.visits.get(_tries(node, slot), 0) + 1
        session.visits[_tries(node, slot)] = count
        return count > node.tries

    def _way_out(self, node: Node) -> str:
        return node.give_up or self._bot.fallback.goto

    def _echoes(self, node: Node, filling: Filling, following: tuple[str, ...]) -> tuple[str, ...]:
        """Say back what was understood: as the author wants it, and what is not certain unless it follows anyway."""
        said_anyway = {name for text in following for name in variables_in(text)}
        echoes = []
        for slot in node.slots:
            found = filling.values.get(slot.name)
            if found is None or slot.name in said_anyway:
                continue
            if slot.echo:
                echoes.append(slot.echo[0])
            elif found.confidence < PLAINLY and slot.kind not in (SlotKind.YES_NO, SlotKind.TEXT):
                echoes.append(_ECHO[self._bot.language] % slot.name)
        return tuple(echoes)


def _tries(node: Node, slot: Slot) -> str:
    return f"tries:{node.id}.{slot.name}"


def _is_filled(session: Session, slot: Slot) -> bool:
    return bool(session.variables.get(slot.name, "").strip())


def _forget(session: Session, slot: Slot) -> None:
    for name in slot.variables:
        if name in session.variables:
            session.set_variable(name, "")
