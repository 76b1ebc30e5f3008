"""A bot as values: its nodes, intents, FAQ and texts. What the keys mean to an author stands in docs and examples."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.memoryuse import MemoryUse
from voicebot.dialogue.modeluse import ModelUse
from voicebot.dialogue.slots import DEFAULT_TRIES, Slot
from voicebot.protocol.instruction import Instruction, ToCustomerService
from voicebot.skills.served import McpServer
from voicebot.skills.spec import SkillSpec

DEFAULT_WAIT_S, LONGEST_WAIT_S = 4.0, 9.0
"""How long a skill may take that the caller waits for: who asks us waits 5 s for the first words, and 10 s for more."""
DEFAULT_JOB_S, LONGEST_JOB_S = 60.0, 600.0
"""The same for a skill in the background."""


class Interruptible(enum.Enum):
    """What a caller's speech does to a text that is being said."""

    NO = "no"
    ANY = "any"
    """Any speech stops it."""
    SEMANTIC = "semantic"
    """Words that mean something stop it; "mhm" does not."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a transition is taken: any of its parts is enough.

    Attributes:
        intents: names of intents.
        contains: words or phrases anywhere in what the caller said.
        patterns: regular expressions; their named groups become variables.
        any: whatever the caller said, if nothing else understood it.
    """

    intents: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    any: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from a node to another.

    Attributes:
        when: what the caller has to say.
        goto: the other node.
        only_if: what has to hold besides; it sees what a pattern has just picked out, too.
    """

    when: Condition
    goto: str
    only_if: Expression | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A way from a node that does not listen to another, taken if something holds."""

    only_if: Expression
    goto: str


@dataclass(frozen=True, slots=True)
class SkillUse:
    """What a node has a skill do.

    Attributes:
        name: of the skill.
        arguments: its parameters with their values; variables are filled in.
        save: variables that the result is put into, each with the field of the result; "" for all of it.
        timeout_s: how long it may take; None for what the skill itself says.
        wait: the node goes on when the result is there; otherwise at once.
        on_error: the node after a failure; "" for where the bot's fallback leads.
    """

    name: str
    arguments: Mapping[str, str]
    save: Mapping[str, str]
    timeout_s: float | None = None
    wait: bool = True
    on_error: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when the caller says nothing.

    Attributes:
        seconds: how long the caller may be silent; None for the bot's own ``silence_s``.
        prompts: said one after the other, silence after silence.
        limit: silences in a row that are answered with a prompt.
        goto: the node after that.
    """

    prompts: tuple[str, ...]
    limit: int
    goto: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a conversation.

    Attributes:
        id: its name in the file.
        assignments: variables that are set first, in this order; their values are templates.
        say: variants of its text; a second visit says the second one.
        again: the short form of its question, said after an answer from the FAQ.
        after_answer: the node to go to after an answer from the FAQ; "" to stay and ask again.
        listen: wait for the caller; otherwise ``goto`` follows at once, or the call ends.
        interruptible: whether the caller may talk over it; None for the bot's own.
        transitions: where to go on from here, the first match wins.
        skill: what is run after the text.
        branches: the next node if this one does not listen: the first one that holds.
        goto: the next node if this one does not listen and no branch holds.
        instructions: what to do once the text was heard.
        silence: what happens when the caller says nothing here; None for the bot's own.
        end_of_speech_ms: silence that ends an utterance here; None for the bot's own.
        on_transfer_failed: the node after a failed transfer from here; "" for the bot's own.
        on_transfer_busy: the same when the person was busy.
        slots: what the node wants to know from the caller; it listens until all are filled.
        filled: the node after that.
        tries: how often a slot is asked for again.
        give_up: the node after that; "" for where the bot's fallback leads.
        corrects: the node with slots whose values may be changed here.
        max_visits: how often the node is entered; None for as often as it comes.
        then: the node that is entered in its place after that.
    """

    id: str
    assignments: tuple[tuple[str, str], ...] = ()
    say: tuple[str, ...] = ()
    again: str = ""
    after_answer: str = ""
    listen: bool = True
    interruptible: Interruptible | None = None
    transitions: tuple[Transition, ...] = ()
    skill: SkillUse | None = None
    branches: tuple[Branch, ...] = ()
    goto: str = ""
    instructions: tuple[Instruction, ...] = ()
    silence: Silence | None = None
    end_of_speech_ms: int | None = None
    on_transfer_failed: str = ""
    on_transfer_busy: str = ""
    slots: tuple[Slot, ...] = ()
    filled: str = ""
    tries: int = DEFAULT_TRIES
    give_up: str = ""
    corrects: str = ""
    max_visits: int | None = None
    then: str = ""

    @property
    def wants(self) -> bool:
        """Words of the caller may fill or change slots here."""
        return bool(self.slots or self.corrects)

    @property
    def waits_for_skill(self) -> bool:
        """The node goes on only when its skill is done."""
        return self.skill is not None and self.skill.wait

    @property
    def transfers(self) -> bool:
        """The node hands the call over."""
        return any(isinstance(instruction, ToCustomerService) for instruction in self.instructions)


@dataclass(frozen=True, slots=True)
class GlobalIntent:
    """What an intent does wherever the conversation stands.

    Attributes:
        say: said first; "" for nothing.
        repeat: say the bot's last words again.
        goto: go to this node; "" to stay and ask the node's question again.
    """

    say: tuple[str, ...] = ()
    repeat: bool = False
    goto: str = ""


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """A question callers ask, and the answer.

    Attributes:
        question: its usual wording.
        answer: variants of the answer, said in turn.
        similar: other ways to ask it.
        topic: what it is about in a word or two ("parking"), for asking back; "" to name the question itself.
        id: of the bot's author; "" for none.
        tags: of the bot's author.
    """

    question: str
    answer: tuple[str, ...]
    similar: tuple[str, ...] = ()
    topic: str = ""
    id: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """Something callers say that has nothing to do with the matter, and what is answered."""

    name: str
    heard: tuple[str, ...]
    say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is said when nothing was understood, and where that leads after ``limit`` times in a row."""

    texts: tuple[str, ...]
    limit: int
    goto: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities (0..1) from which a match counts.

    Attributes:
        intent: an intent that the current node asks for.
        everywhere: a global intent; these cut a conversation short, so be surer.
        faq: a question of the FAQ.
        documents: a passage of a document.
        chitchat: small talk.
    """

    intent: float = 0.45
    everywhere: float = 0.5
    faq: float = 0.45
    documents: float = 0.4
    chitchat: float = 0.5


@dataclass(frozen=True, slots=True)
class Bot:
    """A whole bot.

    Attributes:
        name: the name of its folder.
        language: "zh" or "en".
        voice: voice id; "" for the default of the language.
        start: the node of the greeting.
        end_of_speech_ms: silence that ends an utterance (``identifyDuration``).
        silence_s: silence until the bot asks again (``nodeSilentDurationSeconds``).
        interruptible: what a caller's speech does to what is said where a node says nothing else of it.
        variables: defaults for ``{{name}}`` in texts.
        intents: examples of each intent, the built-in ones included.
        globals: intents that are understood everywhere.
        chitchat: small talk that it masters.
        documents: folder of the documents that it answers from; None if there is none.
        skills: all that it can run, by name.
        mcp: servers that bring more skills along.
        language_model: what it wants of a language model; None if it wants none.
        memory: what it remembers of callers; None if it wants to remember nothing.
    """

    name: str
    language: str
    start: str
    nodes: Mapping[str, Node]
    silence: Silence
    fallback: Fallback
    voice: str = ""
    end_of_speech_ms: int = 800
    silence_s: int = 8
    interruptible: Interruptible = Interruptible.SEMANTIC
    variables: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = Thresholds()
    intents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    globals: Mapping[str, GlobalIntent] = field(default_factory=dict)
    faq: tuple[FaqEntry, ...] = ()
    chitchat: tuple[SmallTalk, ...] = ()
    documents: Path | None = None
    skills: Mapping[str, SkillSpec] = field(default_factory=dict)
    mcp: tuple[McpServer, ...] = ()
    language_model: ModelUse | None = None
    memory: MemoryUse | None = None
    on_transfer_failed: str = ""
    on_transfer_busy: str = ""

    def next_nodes(self, node: Node) -> list[str]:
        """Return the nodes that a node may go on to without listening, whatever holds and whatever fails."""
        if node.listen or not node.goto:
            return []
        targets = [*(branch.goto for branch in node.branches), node.goto]
        if node.skill is not None and node.skill.wait:
            targets.append(node.skill.on_error or self.fallback.goto)
        return targets

    def ends_of(self, node: Node) -> list[Node]:
        """Return the nodes at which an answer may end that has come to a node: itself, if it goes nowhere."""
        reached = [node]
        for one in reached:
            known = {other.id for other in reached}
            reached += [self.nodes[name] for name in dict.fromkeys(self.next_nodes(one)) if name not in known]
        return [one for one in reached if not self.next_nodes(one)]
