"""From a decision to an answer: moves the session through the nodes and collects what is to be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.dialogue.bot import Bot, Interruptible, Node, Silence
from voicebot.dialogue.clarify import question
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.expecting import expectation_of, in_common, is_dictated
from voicebot.dialogue.session import Session
from voicebot.dialogue.skillcall import SkillCall, prepare_call
from voicebot.dialogue.slotflow import Clock, SlotFlow, Step
from voicebot.dialogue.slots import Filling, Slot
from voicebot.dialogue.texts import render, split_sentences, value_of
from voicebot.protocol.expectation import Expectation
from voicebot.protocol.instruction import Instruction, ShortMessage, ToCustomerService
from voicebot.protocol.query import SilenceType, TransferState
from voicebot.protocol.reply import ReplySource

Instructions = tuple[Instruction, ...]
TRAILING_OFF_MS, DICTATION_PAUSE_MS = 1200, 2000
"""The longest wait for who ends turns by their words: for a caller who has to think, and between groups of digits."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer."""

    text: str
    source: ReplySource
    interruptible: Interruptible


@dataclass(slots=True)
class Answer:
    """An answer, or what of it can be said before a skill has run.

    Attributes:
        sentences: what is said, in order.
        instructions: what is done after that.
        end_of_speech_ms: silence that ends the caller's next utterance.
        silence_s: silence after which the bot asks again.
        repeats: the caller has heard it before.
        jobs: skills that are to run in the background.
        waits_for: the skill whose result the rest of the answer needs: ``Flow.resume`` gives that; None: this is all.
        words: of the caller, as long as no node has looked for values in them.
        expects: what the caller is asked for.
        longest_pause_ms: ``end_of_speech_ms`` for who ends turns by their words: for an answer that trails off.
    """

    sentences: list[Sentence] = field(default_factory=list)
    instructions: Instructions = ()
    end_of_speech_ms: int = 0
    silence_s: int = 0
    repeats: bool = False
    jobs: tuple[SkillCall, ...] = ()
    waits_for: SkillCall | None = None
    words: str = ""
    expects: Expectation = field(default_factory=Expectation)
    longest_pause_ms: int = 0


class Flow:
    """The flow of one bot. Holds no state of its own: that is the session's."""

    def __init__(self, bot: Bot, clock: Clock = datetime.now) -> None:
        self._bot = bot
        self._slots = SlotFlow(bot, clock)

    def fill(self, node: Node, variables: Mapping[str, str], words: str) -> Filling:
        """Return what words of the caller give to the slots that are wanted at a node."""
        return self._slots.fill(node, variables, words) if node.wants else Filling()

    def missing(self, session: Session) -> list[Slot]:
        """Return the slots without a value where the conversation stands."""
        node = self._node(session)
        return self._slots.missing(session, node) if node is not None else []

    def respond(self, session: Session, decision: Decision, words: str = "") -> Answer:
        """Answer words of the caller, or the first turn."""
        answer = Answer(words=words)
        session.silences = 0
        session.transferring = False
        session.citations = ()
        for name, value in decision.variables.items():
            session.set_variable(name, value)
        if decision.kind is not Kind.FALLBACK:
            session.misses = 0
        if decision.kind in (Kind.FAQ, Kind.DOCUMENT):
            self._say_answer(session, decision, answer)
            self._after_faq(session, answer)
        elif decision.kind is Kind.CHITCHAT:
            talk = self._bot.chitchat[decision.chitchat]
            text = session.take_turn(f"chitchat:{talk.name}", talk.say)
            self._say(session, text, answer, ReplySource.CHITCHAT)
            self._ask_again(session, answer)
        elif decision.kind is Kind.CLARIFY:
            self._say(session, question(self._bot, decision.choices), answer)
        else:
            self._move(session, decision, answer)
        return self._finish(session, answer)

    def _move(self, session: Session, decision: Decision, answer: Answer) -> None:
        """Answer what is no question of the caller's."""
        if decision.kind is Kind.GREETING:
            self._enter(session, self._bot.start, answer)
        elif decision.kind in (Kind.TRANSITION, Kind.ANYTHING):
            if decision.aside is not None:
                self._say_answer(session, decision.aside, answer)
            self._enter(session, decision.goto, answer)
        elif decision.kind is Kind.GLOBAL:
            self._global(session, decision.name, answer)
        elif decision.kind is Kind.SLOT:
            self._take(session, decision.filling, answer)
        elif decision.kind is Kind.NOTHING_HEARD:
            self._ask_again(session, answer)
        else:
            self._fallback(session, answer)

    def respond_to_silence(self, session: Session, silence_type: SilenceType) -> Answer:
        """Answer a caller who says nothing: the node's prompts if it has any, else the bot's."""
        answer = Answer()
        node = self._node(session)
        # Type 1 on a node without prompts of its own is the client's mistake; the bot's own prompts serve as well.
        own = node.silence if node is not None and silence_type is SilenceType.NODE else None
        silence: Silence = own or self._bot.silence
        session.silences += 1
        if node is not None and node.waits_for_skill:
            self._run(session, node, answer)
        elif session.silences > silence.limit:
            session.silences = 0
            self._enter(session, silence.goto or self._bot.silence.goto, answer)
        else:
            self._prompt(session, node, silence, answer)
        return self._finish(session, answer)

    def respond_to_transfer(self, session: Session, state: TransferState) -> Answer:
        """Answer a caller who could not be handed over and is still on the line."""
        answer = Answer()
        session.transferring = False
        session.silences = 0
        node, bot = self._node(session), self._bot
        if state is TransferState.BUSY:
            target = (node.on_transfer_busy if node is not None else "") or bot.on_transfer_busy
        else:
            target = ""
        target = target or (node.on_transfer_failed if node is not None else "") or bot.on_transfer_failed
        if target:
            self._enter(session, target, answer)
        else:
            self._fallback(session, answer)
        return self._finish(session, answer)

    def resume(
        self, session: Session, call: SkillCall, result: Mapping[str, str] | None, instructions: Instructions = ()
    ) -> Answer:
        """Go on with an answer that waited for a skill.

        Args:
            session: the conversation.
            call: what the answer waited for.
            result: variables that its result makes; None if it failed: then go where the node goes on an error.
            instructions: of the part before, which are carried out after this one.
        """
        answer = Answer(instructions=instructions)
        node = self._bot.nodes[call.node]
        if result is not None:
            for name, value in result.items():
                session.set_variable(name, value)
            self._go_on(session, node, answer)
        else:
            use = node.skill
            self._enter(session, (use.on_error if use is not None else "") or self._bot.fallback.goto, answer)
        return self._finish(session, answer)

    def say(self, session: Session, text: str, source: ReplySource) -> Answer:
        """Return a part of an answer that says something as it stands: words that the bot's file does not hold."""
        session.silences = 0
        session.transferring = False
        return self._finish(session, Answer([Sentence(text, source, self._interruptible(session))]))

    def go_on(self, session: Session, goto: str, *, ask_again: bool) -> Answer:
        """Return the rest of an answer after ``say``: what a node says, or the current node's question if wanted."""
        answer = Answer()
        session.silences = 0
        session.transferring = False
        if goto:
            self._enter(session, goto, answer)
        elif ask_again:
            self._after_faq(session, answer)
        return self._finish(session, answer)

    def _node(self, session: Session) -> Node | None:
        return self._bot.nodes.get(session.node)

    def _prompt(self, session: Session, node: Node | None, silence: Silence, answer: Answer) -> None:
        """Say the prompt for a silence; at a node with slots what is missing is asked for besides."""
        own = node is not None and silence is node.silence
        if node is not None and own and self._slots.begun(session, node):
            silence, own = self._bot.silence, False  # its own prompts ask for everything
        self._say(session, silence.prompts[min(session.silences, len(silence.prompts)) - 1], answer)
        if node is not None and node.slots and not own:
            self._say(session, self._slots.question(session, node), answer)

    def _enter(self, session: Session, name: str, answer: Answer) -> None:
        """Go to a node, and on from it as long as nodes do not listen.

        Ends: circles are refused at load, and a node with slots that is entered again asks for all of them anew.
        """
        node = self._bot.nodes[name]
        visits = session.visits.get(f"enter:{name}", 0)
        if node.max_visits is not None and visits >= node.max_visits:
            self._enter(session, node.then, answer)
            return
        session.visits[f"enter:{name}"] = visits + 1
        session.node = name
        for variable, value in node.assignments:
            session.set_variable(variable, render(value, session.variables, self._bot.variables))
        if node.slots:
            words, answer.words = answer.words, ""
            self._follow(session, self._slots.open(session, node, words, again=visits > 0), answer)
            return
        self._run(session, node, answer)

    def _take(self, session: Session, filling: Filling, answer: Answer) -> None:
        """Put what the caller said into the slots; a correction leads back to the node that asks for them."""
        node = self._node(session)
        assert node is not None, "no node, no slots"
        answer.words = ""
        owner = self._slots.owner(node)
        session.node = owner.id
        self._follow(session, self._slots.take(session, owner, filling), answer)

    def _follow(self, session: Session, step: Step, answer: Answer) -> None:
        for text in step.texts:
            self._say(session, text, answer)
        if step.goto:
            self._enter(session, step.goto, answer)

    def _run(self, session: Session, node: Node, answer: Answer) -> None:
        """Say the text of a node, have its skill run, and do the rest."""
        name = node.id
        if node.say:
            self._say(session, session.take_turn(f"node:{name}", node.say), answer)
        if node.skill is not None:
            call = prepare_call(self._bot, node, session)
            if node.skill.wait:
                answer.waits_for = call
                return
            answer.jobs += (call,)
        self._go_on(session, node, answer)

    def _go_on(self, session: Session, node: Node, answer: Answer) -> None:
        """Do what a node does after its text and its skill."""
        answer.instructions += tuple(self._filled(session, instruction) for instruction in node.instructions)
        if not node.listen and node.goto:
            self._enter(session, self._next(session, node), answer)

    def _next(self, session: Session, node: Node) -> str:
        for branch in node.branches:
            if branch.only_if.holds(lambda name: value_of(name, session.variables, self._bot.variables)):
                return branch.goto
        return node.goto

    def _global(self, session: Session, name: str, answer: Answer) -> None:
        effect = self._bot.globals[name]
        last_words = session.last_words
        if effect.say:
            self._say(session, session.take_turn(f"global:{name}", effect.say), answer)
        if effect.goto:
            self._enter(session, effect.goto, answer)
        elif effect.repeat and last_words:
            interruptible = self._interruptible(session)
            answer.sentences += [Sentence(text, source, interruptible) for text, source in last_words]
            answer.repeats = True
        else:
            self._ask_again(session, answer)

    def _fallback(self, session: Session, answer: Answer) -> None:
        node = self._node(session)
        if node is not None and node.waits_for_skill:
            # Nothing was asked, so nothing was misunderstood: "mhm" while the bot looks something up.
            self._ask_again(session, answer)
            return
        session.misses += 1
        texts = self._bot.fallback.texts
        sorry = texts[min(session.misses, len(texts)) - 1]
        if node is not None and node.slots:
            self._follow(session, self._slots.miss(session, node, (sorry,)), answer)
            return
        if session.misses > self._bot.fallback.limit:
            session.misses = 0
            self._enter(session, self._bot.fallback.goto, answer)
            return
        self._say(session, sorry, answer)
        self._ask_again(session, answer)

    def _say_answer(self, session: Session, decision: Decision, answer: Answer) -> None:
        """Say what the FAQ or a document answers."""
        if decision.kind is Kind.DOCUMENT:
            session.citations = decision.passages[:1]
            self._say(session, decision.answer, answer, ReplySource.RAG)
        else:
            text = session.take_turn(f"faq:{decision.faq}", self._bot.faq[decision.faq].answer)
            self._say(session, text, answer, ReplySource.FAQ)

    def _after_faq(self, session: Session, answer: Answer) -> None:
        node = self._node(session)
        if node is not None and node.after_answer:
            self._enter(session, node.after_answer, answer)
        else:
            self._ask_again(session, answer)

    def _ask_again(self, session: Session, answer: Answer) -> None:
        node = self._node(session)
        if node is None:
            self._enter(session, self._bot.start, answer)
        elif node.waits_for_skill:
            # The skill was given up because the caller spoke, and what he said is dealt with: once more, then.
            self._run(session, node, answer)
        elif node.slots:
            self._say(session, self._slots.question(session, node), answer)
        elif node.listen:
            self._say(session, question_of(node), answer)

    def _say(self, session: Session, text: str, answer: Answer, source: ReplySource = ReplySource.TEXT_REPLY) -> None:
        interruptible = self._interruptible(session)
        for sentence in split_sentences(text):
            spoken = render(sentence, session.variables, self._bot.variables).strip()
            if spoken:
                answer.sentences.append(Sentence(spoken, source, interruptible))

    def _interruptible(self, session: Session) -> Interruptible:
        node = self._node(session)
        return (node.interruptible if node is not None else None) or self._bot.interruptible

    def _filled(self, session: Session, instruction: Instruction) -> Instruction:
        """Fill variables into the parameters of an instruction."""

        def fill(text: str) -> str:
            return render(text, session.variables, self._bot.variables)

        if isinstance(instruction, ShortMessage):
            return ShortMessage(fill(instruction.mobile), fill(instruction.signature_id), fill(instruction.template_id))
        if isinstance(instruction, ToCustomerService):
            address, value = fill(instruction.trans_addr), fill(instruction.trans_value)
            return ToCustomerService(address, instruction.trans_type, value, fill(instruction.reason))
        return instruction

    def _finish(self, session: Session, answer: Answer) -> Answer:
        node, bot = self._node(session), self._bot
        # Where an answer ends that waits for a skill is not known yet. The first chunk has to say how long the caller
        # may pause, so it says the longest of what is possible: better slow than to cut somebody off.
        ends = bot.ends_of(node) if node is not None else [Node("")]
        answer.end_of_speech_ms = max(self._patience_ms(session, end) for end in ends)
        expected = [expectation_of(end, self._slots.missing(session, end)) for end in ends if end.listen]
        answer.expects = in_common(expected)
        answer.longest_pause_ms = max(self._longest_pause_ms(session, end, answer.expects) for end in ends)
        answer.silence_s = max(self._silence_s(session, end) for end in ends)
        return answer

    def asks_secretly(self, session: Session) -> bool:
        """Tell whether the caller is being asked for something that nobody is to see."""
        node = self._node(session)
        return node is not None and any(slot.keys and slot.keys.masked for slot in self._slots.missing(session, node))

    def _silence_s(self, session: Session, node: Node) -> int:
        missing = self._slots.missing(session, node)
        typed = missing[0].first_key_s if missing else None
        return typed or (node.silence and node.silence.seconds) or self._bot.silence_s

    def _longest_pause_ms(self, session: Session, node: Node, expects: Expectation) -> int:
        patience_ms = self._patience_ms(session, node)
        if node.end_of_speech_ms or any(slot.end_of_speech_ms for slot in self._slots.missing(session, node)):
            return patience_ms  # that is how the author wants it here
        return max(patience_ms, DICTATION_PAUSE_MS if is_dictated(expects) else TRAILING_OFF_MS)

    def _patience_ms(self, session: Session, node: Node) -> int:
        own = self._slots.patience_ms(session, node) if node.slots else node.end_of_speech_ms
        return own or self._bot.end_of_speech_ms


def question_of(node: Node) -> str:
    """Return the short form of a node's question: ``again``, or the last sentence of what it says."""
    if node.again:
        return node.again
    sentences = split_sentences(node.say[0]) if node.say else []
    return sentences[-1] if sentences else ""
